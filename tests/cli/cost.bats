#!/usr/bin/env bats
# What a run directory costs must not depend on how many others there are.

@test "among many a directory takes the calls and bytes that it takes among few, and no sync of its own" {
    command -v strace >/dev/null || skip "no strace"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer has calls of its own"
    SIZES="40 400" run scripts/bench.d/many --counts
    echo "$output"
    [ "$status" -eq 0 ]
}
