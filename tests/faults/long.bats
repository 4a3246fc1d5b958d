#!/usr/bin/env bats
# Long runs: memory, descriptors and the journal stay within their bounds. The
# long form has ten million records and a day in two minutes.

load ../cli/runs

setup() {
    if grep -q __asan_init "$BUILD/bin/itrack"; then
        skip "a sanitizer's memory is its own, and it wants to be the first"
    fi
}

# long WHAT N LONG_N
long() {
    local n=$2
    [ -z "${ITRACK_TORTURE:-}" ] || n=$3
    run env TMPDIR="$BATS_TEST_TMPDIR" \
        python3 "$BATS_TEST_DIRNAME/long.py" "$1" "$n" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    echo "$output" >&3
}

@test "many records to four trackers" {
    long records 120000 10000000
}

@test "a run of 24 hours, in fast-forward" {
    command -v cc >/dev/null || skip "no C compiler"
    long day 6 120
}
