#!/usr/bin/env bats
# -v: what is done is said while it is done, and no secret is.

bats_require_minimum_version 1.5.0

setup() {
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK ITRACK_PROJECT MLFLOW_TRACKING_URI
    PATH=$BUILD/bin:$PATH
    fixtures=$BATS_TEST_DIRNAME/../fixtures
    cd "$BATS_TEST_TMPDIR"
    cp -r "$fixtures/run_plain/run" x
}

@test "each command says where its state is and which options are set, by whom" {
    mkdir -p .config/itrack
    echo 'points = 64' >.config/itrack/config
    for command in "import x" sync status "show x" "check x" doctor; do
        # shellcheck disable=SC2086
        set -- $command
        run --separate-stderr env ITRACK_PROJECT=named itrack "$1" -v ${2:-}
        [[ $stderr == *"itrack: itrack "*", state in $XDG_STATE_HOME/itrack"* ]]
    done
    run --separate-stderr env ITRACK_PROJECT=named itrack import -v --again x
    [[ $stderr == *"itrack: config file: points = 64"* ]]
    [[ $stderr == *"itrack: environment: ITRACK_PROJECT=named"* ]]
    [[ $stderr == *"itrack: command line: --again"* ]]
}

@test "import and sync: the attempt, each phase, each request, each retry and why" {
    run -1 --separate-stderr itrack import -v --track local,mlflow \
        --mlflow-uri http://127.0.0.1:9 --drain 1 x
    for line in ": a new attempt, of $PWD/x" ": the run has ended" \
        "local: opening the run" "local: the run is open: $PWD/tracking/" \
        "entries of metrics taken, 0 of them refused" "local: everything is there" \
        "mlflow: opening the run" "GET http://127.0.0.1:9/" \
        "mlflow: failed (1 in a row): " "; again in " \
        "mlflow: no more time; "; do
        [[ $stderr == *"$line"* ]] || {
            echo "no line with: $line"
            false
        }
    done
    run --separate-stderr itrack sync -v --mlflow-uri "$PWD/m"
    [[ $stderr == *": taken up again, of $PWD/x"*"mlflow: everything is there"* ]]
}

@test "itrack-wrap says what it launched and what it found" {
    run -0 --separate-stderr itrack-wrap -v -- \
        sh "$BATS_TEST_DIRNAME/../../demo/run.sh" live 3
    [[ $stderr == *"itrack: launched sh as process "*"run directory $PWD/live"* ]]
    [[ $stderr == *": a new attempt, of $PWD/live"*"local: everything is there"* ]]
}

@test "no login, no query and no key is said" {
    run itrack import -v --track mlflow,wandb --wandb-mode online \
        --wandb-base-url http://127.0.0.1:9 --drain 0.1 \
        --mlflow-uri 'http://me:HUSH@127.0.0.1:9/?token=HUSH' x
    [[ $output == *"itrack: command line: --mlflow-uri=http://127.0.0.1:9/"* ]]
    [[ $output != *HUSH* ]]
    MLFLOW_TRACKING_URI='http://me:HUSH@127.0.0.1:9/?token=HUSH' \
        WANDB_API_KEY=HUSH5678901234567890123456789012345678901234 \
        run itrack import -v --again --track mlflow,wandb --drain 0.1 \
        --wandb-base-url http://127.0.0.1:9 x
    [[ $output == *"environment: MLFLOW_TRACKING_URI=http://127.0.0.1:9/"* ]]
    [[ $output != *HUSH* ]]
}

@test "without -v none of it" {
    run -0 --separate-stderr itrack import -q x
    [ -z "$stderr" ]
}
