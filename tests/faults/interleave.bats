#!/usr/bin/env bats
# Several of itrack at once on the same directories, and kills (interleave.py).

bats_require_minimum_version 1.5.0

load ../cli/runs

@test "wrap, import and sync at once, with kills: each run once" {
    rounds=(--rounds 4 --seed 1)
    [ -z "${ITRACK_TORTURE:-}" ] || rounds=(--rounds 300)
    ulimit -c 0
    run env TMPDIR="$BATS_TEST_TMPDIR" \
        python3 "$BATS_TEST_DIRNAME/interleave.py" "${rounds[@]}" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    echo "# ${lines[-1]#\# }" >&3
}
