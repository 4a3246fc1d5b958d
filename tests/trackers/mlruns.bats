#!/usr/bin/env bats
# The MLflow file store, read back with MLflow's own client and moved into a
# database with its own command.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup_file() {
    clean_environment
    export venv
    venv=$("$top/scripts/test-venv" mlflow 'mlflow[auth]==3.17.2') ||
        skip "no mlflow package"
    echo percent >"$BATS_FILE_TMPDIR/p%20c#.txt"
}

setup() {
    clean_environment
    state=$BATS_TEST_TMPDIR/state
    e=$BATS_TEST_TMPDIR/entries.jsonl
    root="$BATS_TEST_TMPDIR/st ore#%41"
}

odd() {
    "$here/odd_entries.py" "$@" >"$e"
}

@test "written, read back, moved into a database, read back again" {
    odd 20261123T130842Z-000000000001 20 3 "$BATS_FILE_TMPDIR"/p*
    cp "$e" "$e.2"
    run -0 "$deliver" "$state" "$e" mlflow "mlflow-uri=$root"
    [[ $output == *"MLFLOW_ALLOW_FILE_STORE=true mlflow ui"* ]]
    odd 20261123T130842Z-000000000002 20 3
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$root" nested=1
    check "$root" "$e.2"
    check --nested "$root" "$e"
    "$venv/bin/mlflow" migrate-filestore --source "$root" \
        --target "sqlite:///$BATS_TEST_TMPDIR/new.db" 3>&-
    check "sqlite:///$BATS_TEST_TMPDIR/new.db" "$e.2"
    check --nested "sqlite:///$BATS_TEST_TMPDIR/new.db" "$e"
}

@test "killed again and again: no line lost, twice or torn" {
    local kills=0 wanted=30 status=1 n=10
    [ -z "${ITRACK_TORTURE:-}" ] || wanted=100
    odd 20261123T130842Z-000000000010 400 3 "$BATS_FILE_TMPDIR"/p*
    cp "$e" "$e.$n"
    while [ "$kills" -lt "$wanted" ] || [ "$status" != 0 ]; do
        "$deliver" -p 1 "$state" "$e" mlflow "mlflow-uri=$root" nested=1 \
            >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
        local pid=$!
        if [ "$kills" -lt "$wanted" ]; then
            read -r -t "0.$((RANDOM % 3))$((RANDOM % 1000))" <> <(:) || true
            kill -KILL "$pid" 2>/dev/null || true
        fi
        status=0
        wait "$pid" || status=$?
        [ "$status" != 137 ] || kills=$((kills + 1))
        if [ "$status" = 0 ] && [ "$kills" -lt "$wanted" ]; then
            n=$((n + 1))
            odd "20261123T130842Z-0000000000$n" 400 3
            cp "$e" "$e.$n"
        fi
    done
    cat "$BATS_TEST_TMPDIR/out"
    check --nested "$root" "$e".*
}

@test "an experiment that Python made is found, a deleted one is named" {
    odd 20261123T130842Z-000000000003 5 0
    sed -i 's/"project": "[^"]*"/"project": "a: \\"long\\" name, longer than the eighty columns at which Python folds a line of YAML \\u00e9"/' "$e"
    "$venv/bin/python" - "$root" "$e" <<'PY'
import json, pathlib, sys
from mlflow import MlflowClient
client = MlflowClient(pathlib.Path(sys.argv[1]).as_uri())
name = json.loads(open(sys.argv[2]).readline())["project"]
client.create_experiment(name)
client.delete_experiment(client.create_experiment("gone"))
PY
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$root"
    check "$root" "$e"
    odd 20261123T130842Z-000000000004 5 0
    run -1 "$deliver" "$state" "$e" mlflow "mlflow-uri=$root" \
        mlflow-experiment=gone
    [[ $output == *"was deleted"*"restore"* ]]
}

@test "a place that can't be written: blocked, delivered when it can" {
    odd 20261123T130842Z-000000000005 5 0
    : >"$root"
    run -1 "$deliver" "$state" "$e" mlflow "mlflow-uri=$root"
    [[ $output == *"state blocked"* ]]
    rm "$root"
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$root"
    check "$root" "$e"
}
