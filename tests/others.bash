# For tests with another user: `load ../others`.

# What bats has made for this test lets nobody else in.
open_to_others() {
    local dir=$BATS_TEST_TMPDIR

    while [ "$dir" != "${BATS_RUN_TMPDIR%/*}" ]; do
        chmod a+x "$dir"
        dir=${dir%/*}
    done
}

# Runs a command as a user that is nobody else here.
as_other() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
