# For a setup_file that finds that its file can't run here: `load ../not_here`.
# Bats 1.8 takes a skip there for a failure, so each test's setup skips.

# not_here REASON: for setup_file, which then returns.
not_here() {
    printf '%s\n' "$1" >"$BATS_FILE_TMPDIR/not_here"
}

# For setup.
skip_what_is_not_here() {
    [ ! -e "$BATS_FILE_TMPDIR/not_here" ] || skip "$(cat "$BATS_FILE_TMPDIR/not_here")"
}
