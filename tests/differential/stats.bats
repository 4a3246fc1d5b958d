#!/usr/bin/env bats
# lib/stats against scipy and numpy, on pairs that are the same every time.

setup_file() {
    export venv
    # MLflow brings numpy and scipy.
    venv=$("$BATS_TEST_DIRNAME/../../scripts/test-venv" mlflow) || venv=
}

setup() {
    [ -n "$venv" ] || skip "no scipy"
}

compare() {
    run "$venv/bin/python" "$BATS_TEST_DIRNAME/stats.py" \
        "$BUILD/tests/drivers/stats_driver" "$1"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "McNemar, Newcombe, Wilson, Holm, sign-flips: as scipy, to 1e-9" {
    compare exact
}

@test "the bootstrap: the samples that its seed says, and scipy's intervals" {
    compare bootstrap
}

@test "comparisons of equals give at most 5 % false alarms" {
    compare null
}
