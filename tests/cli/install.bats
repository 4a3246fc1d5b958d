#!/usr/bin/env bats
# make install: the installed tree works, from wherever it was moved to, and
# make uninstall takes everything away again.

bats_require_minimum_version 1.5.0

setup() {
    top=$BATS_TEST_DIRNAME/../..
    stage=$BATS_TEST_TMPDIR/stage
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME MAKEFLAGS MFLAGS MAKELEVEL ITRACK_TRACK
}

make_it() {
    make -s -C "$top" "BUILD=$BUILD" "DESTDIR=$stage" PREFIX=/opt/itrack "$@"
}

@test "an installed tree tracks a run from another place" {
    make_it install
    mv "$stage/opt/itrack" "$BATS_TEST_TMPDIR/moved"
    cd /
    run -0 --separate-stderr "$BATS_TEST_TMPDIR/moved/bin/itrack-wrap" -- \
        "$top/demo/run.sh" "$BATS_TEST_TMPDIR/runs/one" 3
    [ "$output" = "Run written to: $BATS_TEST_TMPDIR/runs/one" ]
    cd "$BATS_TEST_TMPDIR/runs/tracking/insidellms"
    [ "$(jq .status ./*/final_state.json)" = '"finished"' ]
    cmp ./*/artifacts/records.jsonl "$BATS_TEST_TMPDIR/runs/one/records.jsonl"
    [ -f "$BATS_TEST_TMPDIR/moved/share/man/man1/itrack-wrap.1" ]
}

@test "make uninstall leaves no file" {
    make_it install
    [ "$(find "$stage" -type f | wc -l)" -ge 6 ]
    make_it uninstall
    run -0 find "$stage" ! -type d
    [ -z "$output" ]
}
