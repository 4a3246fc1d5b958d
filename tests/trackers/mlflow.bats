#!/usr/bin/env bats
# The MLflow tracker against a real server, read back with MLflow's own client.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup_file() {
    clean_environment
    start_file_server
    head -c 300000 /dev/urandom >"$BATS_FILE_TMPDIR/a b+ü;=.bin"
    : >"$BATS_FILE_TMPDIR/empty.txt"
    echo percent >"$BATS_FILE_TMPDIR/p%20c#.txt"
}

teardown_file() {
    stop_file_server
}

setup() {
    [ -n "$venv" ] || skip "no mlflow package"
    clean_environment
    state=$BATS_TEST_TMPDIR/state
    e=$BATS_TEST_TMPDIR/entries.jsonl
}

odd() {
    "$here/odd_entries.py" "$@" >"$e"
}

@test "every fixture, read back: params, points, files, status, times, names" {
    local name mode files=()
    for name in "$top"/tests/fixtures/*/run; do
        name=$(basename "$(dirname "$name")")
        mode=run
        [[ $name != harness* ]] || mode=harness
        entries "$name" "$mode" "$BATS_FILE_TMPDIR/$name.jsonl"
        files+=("$BATS_FILE_TMPDIR/$name.jsonl")
        "$deliver" "$state" "$BATS_FILE_TMPDIR/$name.jsonl" mlflow \
            "mlflow-uri=$url/"
    done
    [ "${#files[@]}" -ge 9 ]
    check "$url" "${files[@]}"
}

@test "names, texts and numbers that MLflow does not take as they are" {
    odd 20261123T130842Z-000000000001 60 0 "$BATS_FILE_TMPDIR"/{a*,e*.txt,p*}
    run -0 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    [[ $output == *"entries "*" 0 0"* ]]
    [[ $output == *"note long: the value was cut to 6000 characters"* ]]
    check "$url" "$e"
}

@test "a param that the server refuses costs no other, nor does a tag" {
    local log=("$BUILD/bin/itrack" log) id
    export XDG_STATE_HOME=$state
    id=$("${log[@]}" --start -t mlflow --mlflow-uri "$url" -p refused \
        --tag mlflow.user=bob --tag t=1 --tag t=2 --tag mlflow.runName=mine --param a=1)
    wait_for 60 opened_at "$state/itrack"
    run -1 --separate-stderr "${log[@]}" --run "$id" --end --param a=2 --param b=2 --param c=3
    [[ $stderr == *"param a: refused by the server"* ]]
    "$venv/bin/python" - "$url" <<'PY'
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run, = client.search_runs([client.get_experiment_by_name("refused").experiment_id])
assert run.data.params == {"a": "1", "b": "2", "c": "3"}, run.data.params
assert run.info.status == "FINISHED" and run.info.run_name == "mine"
assert run.data.tags["mlflow.user"] == "bob" and run.data.tags["t"] == "2"
PY
}

# A param has arrived: the next one of its name comes too late.
opened_at() {
    grep -qsE '"delivered": ?[1-9]' "$1"/runs/*/cursor.mlflow
}

@test "several experiments: child runs, or prefixes with --nested=no" {
    odd 20261123T130842Z-000000000002 30 6
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$url" nested=no
    check --one-run "$url" "$e"
    odd 20261123T130842Z-000000000003 30 6
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    mv "$e" "$e.several"
    entries run_plain run "$e"
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    check "$url" "$e.several" "$e"
    [ "$(grep -c '"entry":"experiment"' "$e")" = 1 ]
    run ! grep -q '"run_id.0"' \
        "$state/runs/$(head -1 "$e" | jq -r .attempt)/cursor.mlflow"
}

@test "more experiments than 50 share one run, and the report says so" {
    odd 20261123T130842Z-000000000016 2 51
    run -0 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    [[ $output == *"note more than 50 experiments: they share one run"* ]]
    mv "$e" "$e.51"
    odd 20261123T130842Z-000000000017 2 50
    run -0 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    [[ $output != *"more than 50 experiments"* ]]
    check "$url" "$e.51" "$e"
}

@test "a harness: a run for each model and probe, below the one with the totals" {
    local harness=("$top/tests/fixtures/harness_two_by_two/run")
    export XDG_STATE_HOME=$state MLFLOW_TRACKING_URI=$url
    "$BUILD/bin/itrack" import -t mlflow -p harness "${harness[@]}"
    "$BUILD/bin/itrack" import -t mlflow -p one-run --nested=no "${harness[@]}"
    "$venv/bin/python" - "$url" "${harness[0]}/summary.json" <<'PY'
import json, sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
said = json.load(open(sys.argv[2]))["summary"]
def runs_of(name):
    return client.search_runs([client.get_experiment_by_name(name).experiment_id])
runs = runs_of("harness")
parent, = [r for r in runs if "mlflow.parentRunId" not in r.data.tags]
children = {r.info.run_name: r for r in runs if r is not parent}
assert len(children) == 4, children.keys()
for name, child in children.items():
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    params = child.data.params
    assert name == params["model_name"] + "/" + params["probe_name"]
    assert child.info.status == "FINISHED"
    assert child.info.end_time == parent.info.end_time
    assert not client.list_artifacts(child.info.run_id)
    steps = [m.step for m in client.get_metric_history(child.info.run_id, "total_count")]
    assert steps[-1] == child.data.metrics["total_count"] == 9, steps
    for part, name, value in (("model", params["model_name"], "success_rate"),
                              ("probe", params["probe_name"], "accuracy")):
        group = said["by_" + part][name]
        key = part + "/" + value
        assert child.data.metrics[key] == group[value]["mean"], key
        for end in "lower", "upper":
            assert child.data.metrics[f"{key}_{end}"] == group[value + "_ci"][end]
assert client.list_artifacts(parent.info.run_id)
assert parent.data.metrics["total_count"] == 36
one, = runs_of("one-run")
for name, child in children.items():
    for key, value in child.data.metrics.items():
        assert one.data.metrics[f"{name}/{key}"] == value, key
PY
}

@test "live, through itrack-wrap: delivered whole, the report says where" {
    run -0 --separate-stderr env XDG_STATE_HOME="$state" \
        MLFLOW_TRACKING_URI="$url" "$BUILD/bin/itrack-wrap" --track mlflow \
        -- "$BUILD/tests/programs/write_run" --quiet --pace 20 \
        --mode run --from "$top/tests/fixtures/run_plain/run" \
        --to "$BATS_TEST_TMPDIR/runs/one"
    echo "$stderr"
    [[ $stderr == *"mlflow: delivered "*": $url/#/experiments/"*"/runs/"* ]]
}

@test "imported again: nothing without --again, with it an equal run" {
    local dir=$BATS_TEST_TMPDIR/runs/one
    "$BUILD/tests/programs/write_run" --quiet --mode run \
        --from "$top/tests/fixtures/run_plain/run" --to "$dir"
    export XDG_STATE_HOME=$state MLFLOW_TRACKING_URI=$url
    "$BUILD/bin/itrack" import -t mlflow -p again "$dir"
    run -0 "$BUILD/bin/itrack" import -t mlflow -p again "$dir"
    [[ $output == *"already tracked by mlflow"* ]]
    "$BUILD/bin/itrack" import -t mlflow -p again --again "$dir"
    "$venv/bin/python" - "$url" <<'PY'
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name("again").experiment_id
one, two = client.search_runs([experiment])
assert one.data.params == two.data.params
assert (one.info.start_time, one.info.end_time) == (
    two.info.start_time, two.info.end_time)
for run in (one, two):
    attempt = run.data.tags["itrack.id"]
    assert run.info.run_name == "one-" + attempt[-4:], run.info.run_name
for key in set(one.data.metrics) | set(two.data.metrics):
    points = [
        sorted((m.step, m.value, m.timestamp)
               for m in client.get_metric_history(run.info.run_id, key))
        for run in (one, two)
    ]
    assert points[0] == points[1] != [], key
PY
}

@test "killed again and again, at any point: nothing lost, nothing twice" {
    local kills=0 wanted=15 status=137
    [ -z "${ITRACK_TORTURE:-}" ] || wanted=100
    odd 20261123T130842Z-000000000004 300 3 "$BATS_FILE_TMPDIR"/{a*,e*.txt}
    while [ "$status" = 137 ]; do
        "$deliver" -p 10 -d 60000 "$state" "$e" mlflow "mlflow-uri=$url" \
            >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
        local pid=$!
        if [ "$kills" -lt "$wanted" ]; then
            read -r -t "$((RANDOM % 2)).$((RANDOM % 1000))" <> <(:) || true
            kill -KILL "$pid" 2>/dev/null || true
        fi
        status=0
        wait "$pid" || status=$?
        [ "$status" != 137 ] || kills=$((kills + 1))
        if [ "$status" = 0 ] && [ "$kills" -lt "$wanted" ]; then
            check "$url" "$e"
            odd "20261123T130842Z-0000000004$(printf %02d "$kills")" 300 3
            status=137
        fi
    done
    echo "$kills kills"
    cat "$BATS_TEST_TMPDIR/out"
    [ "$status" = 0 ]
    check "$url" "$e"
}

@test "the server ends in the middle and comes back" {
    odd 20261123T130842Z-000000000005 200 0 "$BATS_FILE_TMPDIR"/a*
    "$deliver" -p 40 -d 600000 "$state" "$e" mlflow "mlflow-uri=$url" \
        >"$BATS_TEST_TMPDIR/out" 3>&- &
    local pid=$!
    wait_for 120 opened
    stop_server "$BATS_FILE_TMPDIR/server"
    start_server "$BATS_FILE_TMPDIR/server" "$port"
    wait "$pid" || { cat "$BATS_TEST_TMPDIR/out"; false; }
    check "$url" "$e"
}

@test "a deleted experiment is named; another one is no reason to stop" {
    odd 20261123T130842Z-000000000006 5 0
    sed -i 's/"project": "[^"]*"/"project": "gone"/' "$e"
    "$venv/bin/python" - "$url" <<'PY'
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
client.delete_experiment(client.create_experiment("gone"))
PY
    run -1 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    [[ $output == *"state blocked"*"was deleted there: restore it"* ]]
    run -0 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url" \
        mlflow-experiment=other
}

@test "a database: said, nothing lost, delivered to a URI later" {
    odd 20261123T130842Z-000000000007 5 0
    run -1 "$deliver" "$state" "$e" mlflow mlflow-uri=sqlite:///x.db
    [[ $output == *"state blocked"*"mlflow server --backend-store-uri"* ]]
    [[ $output == *"needs --mlflow-uri URI"* ]]
    run -1 "$deliver" "$state" "$e" mlflow \
        mlflow-uri=postgresql://me:secret@h/db
    [[ $output == *"postgresql://h/db is a database"* ]]
    [[ $output != *secret* ]]
    "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    check "$url" "$e"
}

# runs_of NAME: run ID, status, name and itrack.id of the runs of an experiment.
runs_of() {
    "$venv/bin/python" - "$url" "$1" <<'PY'
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
experiment = client.get_experiment_by_name(sys.argv[2]).experiment_id
for run in client.search_runs([experiment], order_by=["attribute.start_time"]):
    print(run.info.run_id, run.info.status, run.info.run_name,
          run.data.tags.get("itrack.id"), run.data.params.get("mine"),
          run.data.metrics.get("success_rate"))
PY
}

@test "a run is joined in the experiment that is chosen, whatever its name" {
    local id
    "$BUILD/tests/programs/write_run" --quiet --mode run \
        --from "$top/tests/fixtures/run_plain/run" \
        --to "$BATS_TEST_TMPDIR/runs/one"
    id=$("$venv/bin/python" - "$url" <<'PY' | tail -n 1
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
print(client.create_run(client.create_experiment("caf\u00e9 \U0001f600"),
                        run_name="theirs").info.run_id)
PY
    )
    export XDG_STATE_HOME=$state MLFLOW_TRACKING_URI=$url
    MLFLOW_RUN_ID=$id run "$BUILD/bin/itrack" import -t mlflow \
        --mlflow-experiment $'caf\xc3\xa9 \xf0\x9f\x98\x80' "$BATS_TEST_TMPDIR/runs/one"
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"/runs/$id"* ]]
}

@test "a run that was named is joined, by one attempt alone" {
    local dir id
    for dir in one two three; do
        "$BUILD/tests/programs/write_run" --quiet --mode run \
            --from "$top/tests/fixtures/run_plain/run" \
            --to "$BATS_TEST_TMPDIR/runs/$dir"
    done
    # set_terminated says where the run is, too.
    id=$("$venv/bin/python" - "$url" <<'PY' | tail -n 1
import sys
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run = client.create_run(client.create_experiment("joined"), run_name="theirs",
                        start_time=1)
client.log_param(run.info.run_id, "mine", "kept")
client.log_param(run.info.run_id, "model_name", "another")
client.set_terminated(run.info.run_id, "FAILED")
print(run.info.run_id)
PY
    )
    export XDG_STATE_HOME=$state MLFLOW_TRACKING_URI=$url
    # Another experiment than the one that is chosen: nothing is touched.
    run -1 env MLFLOW_RUN_ID="$id" "$BUILD/bin/itrack" import -t mlflow \
        --mlflow-experiment other "$BATS_TEST_TMPDIR/runs/one"
    [[ $output == *"is in another experiment"* ]]
    run -1 env MLFLOW_RUN_ID="$id" MLFLOW_EXPERIMENT_ID=0 "$BUILD/bin/itrack" \
        import -t mlflow --again "$BATS_TEST_TMPDIR/runs/one"
    [[ $output == *"is in another experiment"* ]]
    run -1 env MLFLOW_RUN_ID=0123 "$BUILD/bin/itrack" import -t mlflow --again \
        "$BATS_TEST_TMPDIR/runs/one"
    [[ $output == *"MLFLOW_RUN_ID"*"0123"* ]]
    rm -r "$state"
    [ "$(runs_of joined)" = "$id FAILED theirs None kept None" ]
    # One param stands there already with another value: counted, not written.
    run -1 env MLFLOW_RUN_ID="$id" "$BUILD/bin/itrack" import -t mlflow \
        -p joined "$BATS_TEST_TMPDIR/runs/one" "$BATS_TEST_TMPDIR/runs/two"
    [[ $output == *"1 rejected"* ]]
    [[ $output == *"a param keeps its first value"* ]]
    [[ $output == *"$id has another attempt already"* ]]
    MLFLOW_RUN_ID=$id "$BUILD/bin/itrack" import -t mlflow -p joined \
        "$BATS_TEST_TMPDIR/runs/three"
    runs_of joined
    [ "$(runs_of joined | wc -l)" = 3 ]
    [ "$(runs_of joined | grep -c "^$id FINISHED theirs .* kept 1.0")" = 1 ]
    [ "$(runs_of joined | grep -c "FINISHED .* None 1.0")" = 2 ]
}

@test "system metrics are on MLflow's own page: names, numbers of samples" {
    mkfifo "$BATS_TEST_TMPDIR/gate"
    XDG_STATE_HOME=$state "$BUILD/bin/itrack-wrap" --record-only -t mlflow \
        --mlflow-uri "$url" -p system --system-metrics=0.1 -- \
        "$BUILD/tests/programs/write_run" --quiet \
        --gate "$BATS_TEST_TMPDIR/gate" --from \
        "$top/tests/fixtures/run_plain/run" --to "$BATS_TEST_TMPDIR/x" 3>&- &
    local job=$!
    open_gate 7 "$BATS_TEST_TMPDIR/gate" "$job"
    printf '\n\n\n' >&7
    wait_for 60 grep -rqs '"sample":3' "$state/itrack/runs"
    exec 7>&-
    wait "$job"
    XDG_STATE_HOME=$state "$BUILD/bin/itrack" sync
    "$venv/bin/python" - "$url" <<'PY'
import sys
from pathlib import Path
import mlflow
from mlflow import MlflowClient
client = MlflowClient(sys.argv[1])
run, = client.search_runs([client.get_experiment_by_name("system").experiment_id])
theirs = (Path(mlflow.__file__).parent /
          "system_metrics/metrics/cpu_monitor.py").read_text()
for name in ("cpu_utilization_percentage", "system_memory_usage_megabytes",
             "system_memory_usage_percentage"):
    assert name in theirs
    history = client.get_metric_history(run.info.run_id, "system/" + name)
    steps = sorted(m.step for m in history)
    assert len(steps) >= 3 and steps == list(range(1, len(steps) + 1)), steps
PY
}
