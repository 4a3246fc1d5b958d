# For tests of the launcher: itrack-wrap and the shim in a tree of their own,
# with a worker that only writes down what it is told (tests/programs/
# launch_worker.c). `load ../launch`, then launch_setup in setup().

load ../common

# shellcheck disable=SC2034 # for the tests
launch_setup() {
    programs=$BUILD/tests/programs
    tree=$BATS_TEST_TMPDIR/tree
    mkdir -p "$tree/bin" "$tree/libexec/itrack"
    cp "$BUILD/bin/itrack-wrap" "$tree/bin/"
    cp "$BUILD/libexec/itrack/itrack-preload.so" "$tree/libexec/itrack/"
    cp "$programs/launch_worker" "$tree/libexec/itrack/itrack-worker"
    wrap=$tree/bin/itrack-wrap
    shim=$tree/libexec/itrack/itrack-preload.so
    export ITRACK_FAKE_LOG=$BATS_TEST_TMPDIR/worker.log
    export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset ITRACK_FAKE_WORKER ITRACK_SOCKET LD_PRELOAD
    cd "$BATS_TEST_TMPDIR" || return 1
}

# A program built with a sanitizer takes no preload library before its own and
# needs memory and descriptors.
needs_plain_launcher() {
    if readelf -d "$wrap" | grep -q 'NEEDED.*lib[a-z]*san'; then
        skip "the launcher is sanitized"
    fi
}

logged() {
    grep -qxF -- "$1" "$ITRACK_FAKE_LOG"
}

# Runs a command bare and by itrack-wrap, with the shim and without; output,
# errors and status must be the same. Each goes to the same files, since a
# program can see which they are.
same_as_bare() {
    local bare=0 wrapped
    "$@" >same.out 2>same.err 3>&- </dev/null || bare=$?
    cp same.out bare.out
    cp same.err bare.err
    for option in --track=local --no-preload; do
        wrapped=0
        "$wrap" -q "$option" -- "$@" >same.out 2>same.err 3>&- \
            </dev/null || wrapped=$?
        if [ "$bare" -ne "$wrapped" ]; then
            echo "$option: status $wrapped, bare $bare: $*" >&2
            cat same.err
            return 1
        fi
        diff bare.out same.out || return 1
        diff bare.err same.err || return 1
    done
}
