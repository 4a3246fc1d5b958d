#!/usr/bin/env bats
# docs/new-tracker.md, done to the letter in a copy of the tree: the tracker that
# it adds is known everywhere.

bats_require_minimum_version 1.5.0

setup_file() {
    [ -z "${SANITIZE:-}" ] || return 0
    top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    export COPY=$BATS_FILE_TMPDIR/tree
    mkdir "$COPY"
    (cd "$top" && tar -c --exclude=./build --exclude=./.git --exclude=./tests .) |
        tar -x -C "$COPY"
    mkdir "$COPY/tests" "$COPY/lib/tracker/csv"
    awk -v top="$COPY" '
        /^```c file=/ { file = top "/" substr($0, index($0, "=") + 1); next }
        /^```$/ { file = "" }
        file { print >file }' "$top/docs/new-tracker.md"
    echo 'TRACKER(csv)' >>"$COPY/lib/tracker/list.h"
    # What is built already is not built again; its rules have the names of this
    # folder.
    if [ "$BUILD" = "$(realpath "$top")/build" ]; then
        mkdir "$COPY/build"
        cp -a "$BUILD"/obj* "$COPY/build/"
    fi
    make_copy all >&2
}

make_copy() {
    env -u BUILD -u MAKEFLAGS make -s -C "$COPY" -j2 BUILD=build WERROR=1 \
        CFLAGS=-O0 HARDENING= "$@"
}

setup() {
    [ -z "${SANITIZE:-}" ] || skip "the copy is not built with sanitizers"
    itrack=$COPY/build/bin/itrack
    fixture=$BATS_TEST_DIRNAME/../fixtures/run_scored/run
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK
    cd "$BATS_TEST_TMPDIR"
}

@test "--help has the tracker and its option" {
    run -0 "$itrack" import --help
    [[ $output == *"Options of csv:"*"--csv-dir DIR"*"Trackers: "*", csv"* ]]
    run -0 "$COPY/build/bin/itrack-wrap" --help
    [[ $output == *"--csv-dir DIR"* ]]
}

@test "import tracks a run there once" {
    run -0 "$itrack" import --track csv --csv-dir out "$fixture"
    grep -q '^[0-9]*,success_rate,' out/*/*/metrics.csv
    run -0 "$itrack" import --track csv --csv-dir out "$fixture"
    [[ $output == *"already tracked"* ]]
    [ "$(ls out/*)" = "$(ls out/* | head -1)" ]
}

@test "itrack-wrap tracks a run there" {
    run -0 "$COPY/build/bin/itrack-wrap" --track csv --csv-dir out -- \
        sh "$BATS_TEST_DIRNAME/../../demo/run.sh" demo 20
    grep -q '^20,success_rate,' out/*/*/metrics.csv
}

@test "doctor examines it" {
    run -0 "$itrack" doctor --track csv --csv-dir out
    [[ $output == *"csv: ok: files go below "* ]]
}

@test "log and the library know it by its own option names" {
    run -0 "$itrack" log --track csv --csv-dir out --metric accuracy=0.5
    grep -q '^[0-9]*,accuracy,0.5$' out/*/metrics.csv
}

@test "the config file takes its option" {
    mkdir -p .config/itrack
    printf 'track = csv\ncsv-dir = ~/there\n' >.config/itrack/config
    run -0 "$itrack" import "$fixture"
    ls there/insidellms/*/metrics.csv
}

@test "of a source that is removed nothing stays in an archive" {
    echo 'extern int nobody_asks; int nobody_asks;' >"$COPY/lib/base/removed.c"
    make_copy build/libitrack-core.a
    ar t "$COPY/build/libitrack-core.a" | grep -qx removed.o
    rm "$COPY/lib/base/removed.c"
    make_copy build/libitrack-core.a
    run ! grep -x removed.o <(ar t "$COPY/build/libitrack-core.a")
}
