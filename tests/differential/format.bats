#!/usr/bin/env bats
# lib/format against Python 3.11, on inputs that are the same every time.

setup() {
    python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
        skip 'other versions of Python differ from 3.11'
}

compare() {
    run python3 "$BATS_TEST_DIRNAME/format.py" \
        "$BUILD/tests/drivers/format_driver" "$1"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "JSON: accepted and refused as json.loads does, the same values" {
    compare json
}

@test "times as datetime.fromisoformat" {
    compare iso
}

@test "doubles as repr" {
    compare float
}

@test "bytes to text as errors=replace and errors=surrogateescape" {
    compare text
}
