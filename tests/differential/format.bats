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

@test "files of insideLLMs' own tracker, written again: the same bytes" {
    local file count=0
    for file in "$BATS_TEST_DIRNAME"/../fixtures/*/tracking_local/*.json; do
        tr -d '\n' <"$file" |
            "$BUILD/tests/drivers/format_driver" indent >"$BATS_TEST_TMPDIR/got"
        # The driver ends each line, Python's file has no newline at its end.
        { cat "$file" && echo; } | cmp - "$BATS_TEST_TMPDIR/got"
        count=$((count + 1))
    done
    [ "$count" -ge 5 ]
}
