#!/usr/bin/env bats
# --records at servers of earlier days (make torture): MLflow 2.22, which has no
# traces of this kind, and 3.4, which knows spans but shows none.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup() {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "make torture tries old servers"
    clean_environment
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
    show_last
    [ ! -e "$BATS_TEST_TMPDIR/server/pid" ] ||
        stop_server "$BATS_TEST_TMPDIR/server"
}

# serve NAME PACKAGE...: sets venv and url.
serve() {
    local port
    venv=$("$top/scripts/test-venv" "$@") || skip "no $2"
    port=$(free_port)
    url=http://127.0.0.1:$port
    start_server "$BATS_TEST_TMPDIR/server" "$port"
}

import() { # EXPERIMENT FIXTURE
    "$BUILD/bin/itrack" import -t mlflow --mlflow-uri "$url" -p "$1" \
        --records=text "$top/tests/fixtures/$2/run"
}

# old NAME PACKAGE...: one note, the run is whole, its records are a table.
old() {
    local version=${2#mlflow==}
    serve "$@"
    run -0 import old harness_two_by_two
    [ "$(grep -c "takes no traces" <<<"$output")" = 1 ]
    [[ $output == *"delivered"*"/runs/"* ]]
    run -0 "$BUILD/bin/itrack" doctor -t mlflow --mlflow-uri "$url"
    [[ $output == *"answers, MLflow $version"* ]]
    [[ $output == *"it takes no traces"* ]]
    "$venv/bin/python" - "$url" <<'PY'
import sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
experiment = mlflow.set_experiment("old").experiment_id
runs = mlflow.search_runs([experiment])
assert len(runs) == 5 and set(runs["status"]) == {"FINISHED"}, runs
table = mlflow.load_table("records.json", extra_columns=["run_id"])
assert table["run_id"].nunique() == 4 and len(table) == 36, len(table)
for run_id in runs["run_id"]:
    inputs = mlflow.get_run(run_id).inputs.dataset_inputs
    assert [d.dataset.name for d in inputs] == ["harness.jsonl"], inputs
PY
}

@test "MLflow 2.22: one note, the run is whole, its records are a table" {
    old mlflow-2.22 'mlflow==2.22.1' 'setuptools<81' 'sqlalchemy<2.1'
}

@test "MLflow 3.4, too" {
    old mlflow-3.4 'mlflow==3.4.0' 'setuptools<81' 'sqlalchemy<2.1'
}
