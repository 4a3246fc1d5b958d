#!/usr/bin/env bats
# itrack log: one run in one call, or in several.

bats_require_minimum_version 1.5.0
load ../common

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK ITRACK_PROJECT ITRACK_LOCAL_DIR
    unset MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME ITRACK_WORKER
    itrack=$BUILD/bin/itrack
}

@test "metrics, params and an artifact, in two trackers" {
    echo '{}' >results.json
    run -0 --separate-stderr "$itrack" log --track local,mlflow \
        --mlflow-uri ./mlruns -p p --run-name nightly --tag t \
        --metric accuracy=0.93 --metric loss=1e-5 --param model=gpt-4 \
        --param formula=a=b --artifact results.json
    [ "$output" = nightly ]
    # shellcheck disable=SC2154
    [ -z "$stderr" ]
    run=experiments/p/nightly
    jq -e '.[0].metrics == {"accuracy": 0.93, "loss": 1e-5}' $run/metrics.json
    [ "$(jq -c . $run/params.json)" = '{"model":"gpt-4","formula":"a=b"}' ]
    [ "$(jq -r .status $run/final_state.json)" = finished ]
    cmp results.json $run/artifacts/results.json
    compgen -G 'mlruns/*/*/artifacts/results.json'
    [ -z "$(ls state/itrack/runs)" ]
}

@test "--status, and a name that is taken" {
    run -0 "$itrack" log --run-name x --status failed
    run -0 "$itrack" log --run-name x
    [ "$output" = x-2 ]
    [ "$(jq -r .status experiments/insidellms/x/final_state.json)" = failed ]
}

@test "what is wrong is said, and nothing begun" {
    run -125 "$itrack" log --metric accuracy
    [[ $output == *'--metric is "accuracy", not NAME=VALUE'* ]]
    run -125 "$itrack" log --metric accuracy=high
    [[ $output == *'--metric is "accuracy=high", not NAME=NUMBER'* ]]
    run -125 "$itrack" log --status "done"
    run -125 "$itrack" log results.json
    [ ! -e experiments ]
    run -1 "$itrack" log --run-name y --artifact missing
    [[ $output == *missing* ]]
    [ -e experiments/insidellms/y/final_state.json ]
}

@test "several calls: --start, --run, --end" {
    echo '{}' >results.json
    run -0 --separate-stderr "$itrack" log --start --track local,mlflow \
        --mlflow-uri ./mlruns --run-name nightly --param model=gpt-4
    id=$output
    [ -z "$stderr" ]
    run=experiments/insidellms/nightly
    [ -d $run ]
    run -0 "$itrack" status
    [[ $output == *"open"*"nightly"* ]]
    for value in 0.1 0.2 0.3; do
        run -0 "$itrack" log --run "$id" --metric accuracy=$value
        [ -z "$output" ]
    done
    # What was logged is delivered though nobody ends the run.
    wait_until eval 'jq -e "length == 3" $run/metrics.json'
    [ ! -e $run/final_state.json ]
    # All at once: each has its turn.
    for i in 1 2 3 4 5 6; do
        "$itrack" log --run "$id" --metric n=$i 3>&- &
    done
    wait
    # Others keep away from it, also when no worker is there any more.
    wait_until eval '"$itrack" sync 2>&1 | grep "is open: itrack log --run $id --end"'
    [ ! -e $run/final_state.json ]
    run --separate-stderr "$itrack" log --run "$id" --end --status failed \
        --artifact results.json --metric last=1
    echo "$stderr"
    [ "$status" = 0 ]
    [ "$output" = nightly ]
    [ -z "$stderr" ]
    [ "$(jq -r .status $run/final_state.json)" = failed ]
    jq -e '[.[].step] == [range(10)]' $run/metrics.json
    jq -e '[.[].metrics.n // empty] | sort == [1, 2, 3, 4, 5, 6]' \
        $run/metrics.json
    [ "$(jq -c . $run/params.json)" = '{"model":"gpt-4"}' ]
    cmp results.json $run/artifacts/results.json
    sort -u "$(compgen -G 'mlruns/*/*/metrics/n')" >points
    [ "$(wc -l <points)" = 6 ]
    grep -x 'status: 4' mlruns/*/*/meta.yaml
    [ -z "$(ls state/itrack/runs)" ]
    run -1 "$itrack" log --run "$id" --metric x=1
    [[ $output == *"no open run of this name"* ]]
}

@test "an open run outlives the kill of whoever works on it" {
    id=$("$itrack" log --start --run-name killed --track local)
    attempt=$(ls state/itrack/runs)
    for i in $(seq 20); do
        "$itrack" log --run "$id" --metric n=$i 3>&- &
        pid=$!
        # Before, within or behind what it has to do.
        read -rt "0.00$((RANDOM % 10))" <> <(:) || true
        kill -KILL $pid 2>/dev/null || true
        pkill -KILL -f -- "--[a-z]* $XDG_STATE_HOME/itrack $attempt" || true
        wait $pid || true
    done 2>/dev/null
    # A line that was cut, as by a kill in the middle of a write.
    printf '{"entry":"metr' >>"state/itrack/runs/$attempt/journal.jsonl"
    run -0 "$itrack" log --run "$id" --metric last=1 --end
    run=experiments/insidellms/killed
    [ "$(jq -r .status $run/final_state.json)" = finished ]
    # Each value at most once, each step once, nothing behind the end.
    jq -e '[.[].metrics.n // empty] | . == unique' $run/metrics.json
    jq -e '[.[].step] | . == [range(length)]' $run/metrics.json
    jq -e '.[-1].metrics == {"last": 1}' $run/metrics.json
    [ -z "$(ls state/itrack/runs)" ]
}

@test "options that don't go together" {
    run -125 "$itrack" log --end
    [[ $output == *"--end of which run?"* ]]
    run -125 "$itrack" log --start --run x
    run -125 "$itrack" log --run x --tag t
    [[ $output == *"--tag is for --start"* ]]
    run -125 "$itrack" log --run x --status failed
    run -125 "$itrack" log --start --status failed
    run -1 "$itrack" log --run x --end
    [ ! -e experiments ]
}
