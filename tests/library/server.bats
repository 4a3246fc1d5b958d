#!/usr/bin/env bats
# Models and nested runs of the library at a real MLflow server.

bats_require_minimum_version 1.5.0
load ../trackers/mlflow.bash

setup_file() {
    clean_environment
    export venv=
    [ -n "${SANITIZE:-}" ] || start_file_server
}

teardown_file() {
    stop_file_server
}

setup() {
    [ -z "${SANITIZE:-}" ] || skip "Python is not built with sanitizers"
    [ -n "$venv" ] || skip "no mlflow package"
    clean_environment
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export ITRACK=$BUILD/bin/itrack PYTHONDONTWRITEBYTECODE=1
    export ITRACK_LIBRARY=$BUILD/lib/libitrack.so.0
    export PYTHONPATH=$BATS_TEST_DIRNAME/../../lib/python
    cd "$BATS_TEST_TMPDIR" || return
}

check_server() { # test class
    "$venv/bin/python" "$BATS_TEST_DIRNAME/check_server.py" "$url" "$@"
}

@test "a server: models uploaded and registered, nested runs" {
    run -0 check_server Server
    echo "$output"
    [[ $output == *OK* ]]
}

@test "a file store: the same" {
    run -0 check_server FileStore
    echo "$output"
    [[ $output == *OK* ]]
}
