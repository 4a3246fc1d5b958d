#!/usr/bin/env bats
# What a person sees: MLflow's and TensorBoard's own pages in a real browser. The
# names, params and values are read from the page's text. The pictures go to
# $BUILD/pages; look at them.

bats_require_minimum_version 1.5.0
load ../trackers/mlflow.bash

setup_file() {
    clean_environment
    export browser='' venv='' board='' url port
    [ -n "${ITRACK_TORTURE:-}" ] || return 0
    export XDG_STATE_HOME=$BATS_FILE_TMPDIR/state
    "$top/scripts/install-deps" -- chromium || return 0
    browser=$("$top/scripts/test-venv" pages)/bin/python ||
        { browser=; return 0; }
    mkdir -p "$BUILD/pages"
    venv=$("$top/scripts/test-venv" mlflow) || venv=
    board=$("$top/scripts/test-venv" tensorboard) || board=
    cd "$BATS_FILE_TMPDIR" || return
    make_runs
    if [ -n "$venv" ]; then
        port=$(free_port)
        url=http://127.0.0.1:$port
        start_server "$BATS_FILE_TMPDIR/server" "$port"
        track mlflow --mlflow-uri "$url" >mlflow.said 2>&1
    fi
}

teardown_file() {
    [ ! -e "$BATS_FILE_TMPDIR/server/pid" ] ||
        stop_server "$BATS_FILE_TMPDIR/server"
    [ ! -e "$BATS_FILE_TMPDIR/board.pid" ] ||
        kill "$(cat "$BATS_FILE_TMPDIR/board.pid")"
}

setup() {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "make torture looks at the pages"
    [ -n "$browser" ] || skip "no browser"
    cd "$BATS_FILE_TMPDIR" || return
}

# Two runs of one evaluation that differ in a model's argument, and a harness.
make_runs() {
    local name
    for name in warm cold; do
        cp -r "$top/tests/fixtures/run_scored/run" "$name"
        chmod -R u+w "$name"
    done
    cp -r "$top/tests/fixtures/harness_two_by_two/run" four-models
    sed -i 's/delay_s:.*/delay_s: 0\n    temperature: 0.7/' warm/config.resolved.yaml
    sed -i 's/delay_s:.*/delay_s: 0\n    temperature: 0.2/' cold/config.resolved.yaml
}

track() { # tracker [option]...
    "$BUILD/bin/itrack" import -t "$@" -p pages warm cold four-models
}

# The name that the report has for the run in a directory.
name_of() {
    sed -n "s/^itrack: run \($1-....\) .*/\1/p" mlflow.said
}

# The MLflow ID of a run by the name of its directory.
id_of() {
    awk -v name="run $1-" 'index($0, name) { on = 1 }
        on && /mlflow: delivered/ { sub(".*/", ""); print; exit }' mlflow.said
}

page() { # address picture [option of page.py]...
    local address=$1 picture=$BUILD/pages/$2.png
    shift 2
    "$browser" "$BATS_TEST_DIRNAME/page.py" "$address" "$picture" "$@" >text ||
        { cat text; return 1; }
}

# A name and its value stand one below the other on the page.
shows() { # name value
    grep -qFzx -- "$(printf '%s\n%s' "$1" "$2")" text ||
        grep -Fx -A1 -- "$1" text | grep -qFx -- "$2" || {
        echo "not on the page: $1, $2"
        return 1
    }
}

@test "MLflow: the page of a run says what ran, with what, and how it went" {
    [ -n "$venv" ] || skip "no mlflow package"
    page "$url/#/experiments/1/runs/$(id_of warm)" mlflow-run \
        --see success_rate --see config.model.args.temperature --click Close
    grep -qFx -- "$(name_of warm)" text
    shows success_rate 1
    shows record_count 12
    shows config.model.args.temperature 0.7
    shows model_name SleepyModel
    grep -qFx Finished text
}

@test "MLflow: the list has runs by names that a person chose" {
    [ -n "$venv" ] || skip "no mlflow package"
    page "$url/#/experiments/1/runs" mlflow-list --click Close \
        --see "$(name_of warm)"
    grep -qFx -- "$(name_of warm)" text
    grep -qFx -- "$(name_of cold)" text
    grep -qFx -- "$(name_of four-models)" text
    page "$url/#/experiments/1/runs?compareRunsMode=CHART" mlflow-charts \
        --click Close --see "scores/f1" --size 1500x1000
}

@test "MLflow: each record in a row, two runs joined by equal questions" {
    [ -n "$venv" ] || skip "no mlflow package"
    local ids
    sed '3s/"exact_match":1.0/"exact_match":0.0/g' cold/records.jsonl >cold.new
    mv cold.new cold/records.jsonl
    "$BUILD/bin/itrack" import -t mlflow --mlflow-uri "$url" -p rows \
        --records=text warm cold >rows.said 2>&1
    mapfile -t ids < <(grep -o 'selectedRunUuid=.*' rows.said | cut -d= -f2)
    page "$(grep -o "$url/.*/evaluation-runs" rows.said | head -1)?selectedRunUuid=${ids[0]}&compareToRunUuid=${ids[1]}" \
        mlflow-records --see "Is 17 prime?" --click Close --size 2000x1240
    # The question, two traces, two answers, two reference answers, two scores.
    [ "$(grep -cF 'Is 17 prime?" }' text)" = 1 ]
    grep -FA12 'Is 17 prime?" }' text >row
    [ "$(grep -c '^tr-' row)" = 2 ]
    [ "$(grep -cx yes row)" = 2 ]
    grep -qx 0 row
    grep -qx 1 row
    grep -qFx "Expected output" text
    grep -qFx exact_match text
}

@test "MLflow: two runs beside each other differ in what differs" {
    [ -n "$venv" ] || skip "no mlflow package"
    page "$url/#/compare-runs?runs=[\"$(id_of warm)\",\"$(id_of cold)\"]&experiments=[\"1\"]" \
        mlflow-compare --see config.model.args.temperature
    grep -q "^config.model.args.temperature[[:space:]]0.[27][[:space:]]0.[27]" text
    grep -qFx scores/f1 text
}

@test "MLflow: the experiments of a harness are runs below it, and comparable" {
    [ -n "$venv" ] || skip "no mlflow package"
    local child children
    children=$(curl -sf "$url/api/2.0/mlflow/runs/search" -H 'content-type: application/json' \
        -d '{"experiment_ids": ["1"], "filter": "tags.mlflow.parentRunId = '"'$(id_of four-models)'"'"}' |
        jq -c '[.runs[].info.run_id]')
    [ "$(jq length <<<"$children")" = 4 ]
    child=$(jq -r '.[0]' <<<"$children")
    page "$url/#/experiments/1/runs/$child" mlflow-child --see success_rate
    grep -q "Alpha\|Beta" text
    page "$url/#/compare-runs?runs=$children&experiments=[\"1\"]" \
        mlflow-harness --see "Show diff only"
    grep -qFx success_rate text
    grep -q "^model_name[[:space:]].*Alpha.*Beta\|^model_name[[:space:]].*Beta.*Alpha" text
}

@test "TensorBoard: curves of the runs, and a row of each in HParams" {
    [ -n "$board" ] || skip "no tensorboard package"
    local at
    track tensorboard --tensorboard-dir boards >board.said 2>&1
    at=$(free_port)
    "$board/bin/tensorboard" --logdir boards --port "$at" --host 127.0.0.1 \
        >board.log 2>&1 3>&- &
    echo $! >board.pid
    wait_for 120 curl -sf -o board.html "http://127.0.0.1:$at/"
    page "http://127.0.0.1:$at/?darkMode=false#timeseries" tensorboard-scalars \
        --see success_rate
    grep -q "pages/" text
    page "http://127.0.0.1:$at/#hparams" tensorboard-hparams \
        --see config.model.args.temperature --see 0.70000 --see 0.20000
}
