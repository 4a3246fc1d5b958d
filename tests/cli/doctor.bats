#!/usr/bin/env bats
# itrack doctor: what it finds before a run depends on it.

bats_require_minimum_version 1.5.0
load ../trackers/mlflow.bash

setup() {
    clean_environment
    fake=$BATS_TEST_TMPDIR/fake
}

teardown() {
    show_last
    [ ! -e "$fake/pid" ] || kill "$(cat "$fake/pid")"
}

doctor() {
    "$BUILD/bin/itrack" doctor "$@"
}

rules() {
    printf '%s' "$1" >"$fake/rules.json"
}

@test "directories: writable, not writable, beside the run" {
    run -0 doctor
    [[ $output == *$'\n'"local: ok: files go to tracking/PROJECT/RUN-ID, beside"* ]]
    run -0 doctor --local-dir "$BATS_TEST_TMPDIR/a/b"
    [[ $output == *$'\n'"local: ok: files go below $BATS_TEST_TMPDIR/a/b" ]]
    run -1 doctor --local-dir /proc/self/maps/x
    [[ $output == *$'\n'"local: problem: "*"is no directory" ]]
}

@test "JSON: a version, and for each finding tracker, verdict and text" {
    run -1 doctor --json --track local,mlflow --mlflow-uri sqlite:///x
    jq -e '.version == 1 and ([.findings[] | [.tracker, .verdict]] ==
        [["local", "ok"], ["mlflow", "problem"]]) and
        (.findings[1].text | contains("is a database"))' \
        <<<"$output"
    run -0 doctor --json --local-dir "$BATS_TEST_TMPDIR/$(printf 'a\377"')"
    jq -e '.findings[0].text | endswith("/a\ufffd\"")' <<<"$output"
}

# An installed tree of this test's own.
copy_tree() {
    rm -rf tree
    mkdir tree
    cp -rL "$BUILD/bin" "$BUILD/libexec" tree/
}

@test "an installation below a path with a blank" {
    cd "$BATS_TEST_TMPDIR"
    copy_tree
    mkdir "a blank"
    mv tree "a blank"
    run -0 "a blank/tree/bin/itrack" doctor
    [[ $output == *"preload library: ok: $PWD/a blank/tree/"*" loads"* ]]
}

@test "the installation: launcher, worker, preload library" {
    cd "$BATS_TEST_TMPDIR"
    copy_tree
    run -0 tree/bin/itrack doctor
    [[ ${lines[0]} == "launcher: ok: $PWD/tree/bin/itrack-wrap, version "* ]]
    [[ ${lines[1]} == "worker: ok: $PWD/tree/libexec/itrack/itrack-worker starts" ]]
    [[ ${lines[2]} == "preload library: ok: $PWD/tree/"*" loads" ]]
    printf '#!/bin/sh\necho "lib.so: not found" >&2\nexit 127\n' \
        >tree/libexec/itrack/itrack-worker
    : >tree/libexec/itrack/itrack-preload.so
    rm tree/bin/itrack-wrap
    run -1 tree/bin/itrack doctor
    [[ $output == *"launcher: problem: $PWD/tree/bin/itrack-wrap: No such file or directory: "* ]]
    [[ $output == *"worker: problem: "*" does not start: lib.so: not found"* ]]
    [[ $output == *"preload library: problem: "*" does not load: "* ]]
    rm tree/libexec/itrack/*
    run -1 tree/bin/itrack doctor --json
    jq -e '[.installation[] | [.part, .verdict]] == [["launcher", "problem"],
        ["worker", "problem"], ["preload library", "problem"],
        ["state", "ok"]]' <<<"$output"
}

@test "a worker that does not end is not waited for" {
    cd "$BATS_TEST_TMPDIR"
    copy_tree
    printf '#!/bin/sh\nexec sleep 100\n' >tree/libexec/itrack/itrack-worker
    run -1 timeout 60 tree/bin/itrack doctor
    [[ $output == *"worker: problem: "*" does not start: it does not end; "* ]]
    [[ $output == *"preload library: ok: "* ]]
}

@test "the state directory: its place, its disk, what is pending" {
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    run -0 doctor
    [[ $output == *"state: ok: journals are in $XDG_STATE_HOME/itrack, "*" MiB are free there"* ]]
    [ ! -e "$XDG_STATE_HOME" ]
    "$BUILD/bin/itrack" import -q --record-only \
        "$BATS_TEST_DIRNAME/../fixtures/run_plain/run"
    run -0 doctor
    [[ $output == *"state: note: 1 attempt is not delivered (itrack status)"* ]]
    XDG_STATE_HOME=/proc/self/maps/x run -1 doctor
    [[ $output == *"state: problem: "* ]]
    XDG_STATE_HOME='' HOME='' run -1 doctor
    [[ $output == *"state: problem: neither XDG_STATE_HOME nor HOME"* ]]
}

@test "no argument is taken" {
    run -125 doctor x
}

@test "mlflow: no URI, a database, a directory" {
    run -0 doctor --track mlflow
    [[ $output == *"mlflow: note: no server is named "* ]]
    [[ $output == *"ok: runs (MLflow's file store) go below "*"/mlruns"* ]]
    [ ! -e mlruns ]
    run -1 doctor --track mlflow --mlflow-uri mysql://u:secret@h/d
    [[ $output == *"mysql://h/d is a database"* ]]
    run -0 doctor --track mlflow --mlflow-uri "$BATS_TEST_TMPDIR/store"
    [[ $output == *"go below $BATS_TEST_TMPDIR/store"* ]]
    [ ! -e "$BATS_TEST_TMPDIR/store" ]
}

@test "mlflow: a server, its version, the experiment, the files" {
    start_fake "$fake"
    url=$(cat "$fake/url")
    rules '[{"match": "/version", "body": "3.17.2"},
        {"match": "get-by-name", "body": {"experiment": {"experiment_id": "1",
         "artifact_location": "mlflow-artifacts:/1"}}}]'
    run -0 doctor --track mlflow --mlflow-uri "$url"
    [ "$(grep ^mlflow: <<<"$output")" = "mlflow: ok: $url answers, MLflow 3.17.2
mlflow: ok: no login is configured, and none is asked for
mlflow: ok: experiment insidellms exists
mlflow: ok: files go through the server
mlflow: ok: it takes records as traces (--records)" ]
    rules '[{"match": "get-by-name", "status": 404,
             "body": {"error_code": "RESOURCE_DOES_NOT_EXIST"}}]'
    MLFLOW_TRACKING_USERNAME=ana MLFLOW_TRACKING_PASSWORD=hunter2 \
        run -0 doctor --track mlflow --mlflow-uri "$url" -p new
    [[ $output == *"login as ana"*"experiment new will be created"* ]]
    [[ $output != *hunter2* ]]
    # Nothing is made: the one request that is no question has nothing in it.
    grep POST "$fake/log" | grep -v "/v1/traces" && return 1
    [ -s "$fake/log" ]
    rules '[{"match": "get-by-name", "body": {"experiment":
        {"experiment_id": "1", "artifact_location": "s3://bucket/x"}}}]'
    run -0 doctor --track mlflow --mlflow-uri "$url"
    [[ $output == *"note: files are kept at s3://bucket/x"* ]]
}

@test "mlflow: each failure says what to do" {
    start_fake "$fake"
    url=$(cat "$fake/url")
    rules '[{"match": "get-by-name", "status": 401, "body": "no"}]'
    run -1 doctor --track mlflow --mlflow-uri "$url"
    [[ $output == *"problem: "*MLFLOW_TRACKING_USERNAME* ]]
    rules '[{"match": "get-by-name", "status": 403,
             "body": "Invalid Host header"}]'
    run -1 doctor --track mlflow --mlflow-uri "$url"
    [[ $output == *"problem: "*--allowed-hosts* ]]
    rules '[{"status": 404, "body": "<html>"}]'
    run -1 doctor --track mlflow --mlflow-uri "$url"
    [[ $output == *"problem: "*"path prefix"* ]]
    kill "$(cat "$fake/pid")"
    wait "$(cat "$fake/pid")" || :
    rm "$fake/pid"
    run -1 doctor --track mlflow --mlflow-uri "$url"
    [[ $output == *"problem: $url: "*"mlflow server"* ]]
}
