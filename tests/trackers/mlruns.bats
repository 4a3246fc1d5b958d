#!/usr/bin/env bats
# The MLflow file store, read back with MLflow's own client and moved into a
# database with its own command.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup_file() {
    clean_environment
    export venv
    venv=$("$top/scripts/test-venv" mlflow) ||
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
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$root"
    check "$root" "$e.2"
    check "$root" "$e"
    "$venv/bin/mlflow" migrate-filestore --source "$root" \
        --target "sqlite:///$BATS_TEST_TMPDIR/new.db" 3>&-
    check "sqlite:///$BATS_TEST_TMPDIR/new.db" "$e.2"
    check "sqlite:///$BATS_TEST_TMPDIR/new.db" "$e"
}

# A line of a metric's file is "timestamp value step".
@test "a child run of a harness counts its own records" {
    entries harness_two_by_two harness "$e"
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$root"
    check "$root" "$e"
    files=("$root"/*/*/metrics/total_count)
    [ "${#files[@]}" = 5 ]
    [ -z "$(awk '$2 != $3' "${files[@]}")" ]
    # The last step is 36 in the run itself, 9 in each of the four below it.
    steps=$(for f in "${files[@]}"; do tail -n 1 "$f"; done | cut -d ' ' -f 3)
    [ "$(sort -n <<<"$steps" | paste -sd ' ')" = "9 9 9 9 36" ]
    files=("$root"/*/*/metrics/duration_seconds)
    [ "${#files[@]}" = 4 ]
    [ "$(cut -d ' ' -f 3 "${files[@]}" | sort -u)" = 9 ]
}

# Name, last value and steps of each metric, as MLflow's client has them; params
# and tags.
read_all() {
    "$venv/bin/python" - "$1" <<'PY'
import pathlib, sys
from mlflow import MlflowClient
client = MlflowClient(pathlib.Path(sys.argv[1]).as_uri())
for experiment in client.search_experiments():
    for run in client.search_runs([experiment.experiment_id]):
        for key in sorted(run.data.metrics):
            points = client.get_metric_history(run.info.run_id, key)
            print("metric", key, *(int(p.value) for p in points))
        for key, value in sorted(run.data.params.items()):
            print("param", key, value)
        for key, value in sorted(run.data.tags.items()):
            if key.startswith("t"):
                print("tag", key, value)
PY
}

@test "a name and a folder of that name, and what looks like their names" {
    local log=("$BUILD/bin/itrack" log) id
    export XDG_STATE_HOME=$state
    id=$("${log[@]}" --start -t mlflow --mlflow-uri "$root" --tag t/u=1 --tag t=2 \
        --metric a=1 --metric a/b=2 --metric a.b.value=3 --metric c/d/e=4)
    "${log[@]}" --run "$id" --metric a_-c40c292c/b=5 --metric a_-c40c292c=6 \
        --metric c/d=7 --metric c=8 --metric a/b=9 --param p/q=1 --param p=2
    "${log[@]}" --run "$id" --end --metric a/b/x=10 --metric a=11 --metric c=12
    run -0 --separate-stderr "${log[@]}" -t mlflow --metric a/b=2 --metric a=1 \
        --mlflow-uri "$BATS_TEST_TMPDIR/other"
    [[ $stderr == *"itrack log: a: stored as a_-c40c292c, because"* ]]
    run -0 read_all "$root"
    echo "$output"
    [ "$(grep -c ^metric <<<"$output")" = 9 ]
    [ "$(sort <<<"$output" | sed 's/-[a-f][0-9a-f]*/-#/g')" = "$(sort <<'END'
metric a 1 11
metric a_-#/b 2 9
metric a.b.value 3
metric c/d/e 4
metric a_-#-#-# 6
metric a_-#-#/b 5
metric c/d_-# 7
metric c_-# 8 12
metric a_-#/b_-#/x 10
param p/q 1
param p_-# 2
tag t/u 1
tag t_-# 2
END
    )" ]
}

@test "killed again and again: no line lost, twice or torn" {
    local kills=0 wanted=30 status=1 n=10
    [ -z "${ITRACK_TORTURE:-}" ] || wanted=100
    odd 20261123T130842Z-000000000010 400 3 "$BATS_FILE_TMPDIR"/p*
    cp "$e" "$e.$n"
    while [ "$kills" -lt "$wanted" ] || [ "$status" != 0 ]; do
        "$deliver" -p 1 "$state" "$e" mlflow "mlflow-uri=$root" \
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
    check "$root" "$e".*
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
