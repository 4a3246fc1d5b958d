#!/usr/bin/env bats
# Random run directories, imported, against the mapping in Python.

setup() {
    python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
        skip 'other versions of Python differ from 3.11'
    export TMPDIR=$BATS_TEST_TMPDIR
    BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
}

@test "random directories have exactly the mapping's metrics and params" {
    count=100
    [ -z "${ITRACK_TORTURE:-}" ] || count=3000
    python3 "$BATS_TEST_DIRNAME/directories.py" "$BUILD" $count
}
