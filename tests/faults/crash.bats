#!/usr/bin/env bats
# Every crash point: a loss of power loses no run and doubles none (crash.py).

bats_require_minimum_version 1.5.0

load ../cli/runs

# crashing SAMPLE LONG_SAMPLE [option]...
crashing() {
    local sample=$1
    [ -z "${ITRACK_TORTURE:-}" ] || sample=$2
    shift 2
    strace -o /dev/null true 2>/dev/null || skip "no strace here"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer has calls of its own"
    ulimit -c 0
    run env TMPDIR="$BATS_TEST_TMPDIR" \
        python3 "$BATS_TEST_DIRNAME/crash.py" --sample "$sample" "$@" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    echo "# ${lines[-1]#\# }" >&3
}

@test "a loss of power during an import" {
    crashing 12 1500 --way import --tracker local --tracker mlflow \
        --tracker tensorboard --tracker wandb
}

@test "a loss of power during an import of several" {
    crashing 16 1500 --way imports
}

@test "a loss of power during a sync and a log" {
    crashing 12 1500 --way sync --way log
    [ -n "${ITRACK_TORTURE:-}" ] || return 0
    crashing 0 1500 --way sync --way log --tracker mlflow \
        --tracker tensorboard --tracker wandb
}

@test "a loss of power during a tracked command" {
    crashing 16 1500 --way wrap --tracker local
    [ -n "${ITRACK_TORTURE:-}" ] || return 0
    crashing 0 1500 --way wrap --tracker mlflow --tracker tensorboard \
        --tracker wandb
}
