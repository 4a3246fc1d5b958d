#!/usr/bin/env bats
# Every system call fails once: no run is lost, doubled or wrong (syscalls.py).

bats_require_minimum_version 1.5.0

# failing [option]...
failing() {
    "${CC:-cc}" --version >/dev/null 2>&1 || skip "no compiler"
    [ "$(uname -m)" = x86_64 ] || skip "registers are known of x86-64 alone"
    if readelf -d "$BUILD/bin/itrack" | grep -q 'NEEDED.*lib[a-z]*san'; then
        skip "a sanitizer has calls of its own"
    fi
    ulimit -c 0
    run env TMPDIR="$BATS_TEST_TMPDIR" \
        python3 "$BATS_TEST_DIRNAME/syscalls.py" "$@" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    echo "# ${lines[-1]#\# }" >&3
}

@test "calls whose failure was not borne well once" {
    failing --cases "$BATS_TEST_DIRNAME/syscalls.cases"
}
