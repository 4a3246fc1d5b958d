#!/usr/bin/env bats
# itrack log: one run in one call.

bats_require_minimum_version 1.5.0

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
        --mlflow-uri mlruns -p p --run-name nightly --tag t \
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
