#!/usr/bin/env bats
# kill -9 of anything at random moments: no record lost, none twice. The short
# form is part of `make check`, the long one of `make torture`. A failing round
# prints its seed: tests/kill/kill.py --rounds 1 --seed SEED WHO repeats it.

setup() {
    export TMPDIR=$BATS_TEST_TMPDIR
    ulimit -c 0
}

rounds() {
    if [ -n "${ITRACK_TORTURE:-}" ]; then
        echo "$2"
    else
        echo "$1"
    fi
}

killing() {
    python3 "$BATS_TEST_DIRNAME/kill.py" --rounds "$(rounds "$2" "$3")" "$1" \
        3>&-
}

@test "kill -9 of the launcher" {
    killing launcher 10 120
}

@test "kill -9 of the worker" {
    killing worker 10 120
}

@test "kill -9 of both" {
    killing both 10 120
}

@test "kill -9 of the command" {
    killing command 10 120
}

@test "kill -9 of command, launcher and worker" {
    killing all 10 120
}

@test "kill -9 of itrack sync" {
    killing sync 5 60
}

@test "kill -9 of itrack import" {
    killing import 5 60
}
