#!/usr/bin/env bats
# kill -9 of anything with four trackers at once: each has every value, once.
# The long form (make torture) kills more than a thousand times.

bats_require_minimum_version 1.5.0

# killing WHO ROUNDS LONG_ROUNDS [option]...
killing() {
    local who=$1 rounds=$2
    [ -z "${ITRACK_TORTURE:-}" ] || rounds=$3
    shift 3
    ulimit -c 0
    run env TMPDIR="$BATS_TEST_TMPDIR" \
        python3 "$BATS_TEST_DIRNAME/kill_all.py" --rounds "$rounds" "$@" \
        "$who" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    echo "# $output" >&3
}

@test "kill -9 of the launcher" {
    killing launcher 3 150
}

@test "kill -9 of the worker" {
    killing worker 3 150
}

@test "kill -9 of both" {
    killing both 3 100
}

@test "kill -9 of the command" {
    killing command 3 200
}

@test "kill -9 of one sync after another" {
    killing sync 3 100
}

@test "kill -9 of MLflow's server" {
    venv=$("$BATS_TEST_DIRNAME/../../scripts/test-venv" mlflow) || skip "no mlflow package"
    killing mlflow 2 100 --venv "$venv"
}

@test "kill -9 of the server of W&B" {
    killing wandb 2 100
}
