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

@test "others can read it all, whatever the umask; stripped on request" {
    umask 077
    make_it install
    run -0 find "$stage/opt" ! -type l ! -perm -044
    [ -z "$output" ]
    large=$(stat -c %s "$stage/opt/itrack/libexec/itrack/itrack-worker")
    make_it install-strip
    [ "$(stat -c %s "$stage/opt/itrack/libexec/itrack/itrack-worker")" -lt "$large" ]
    "$stage/opt/itrack/bin/itrack" --version
    [ -f "$stage/opt/itrack/share/bash-completion/completions/itrack-wrap" ]
    [ -f "$stage/opt/itrack/share/zsh/site-functions/_itrack" ]
    [ -f "$stage/opt/itrack/share/fish/vendor_completions.d/itrack.fish" ]
}

@test "what the C example needs is said, and is enough" {
    [ -z "${SANITIZE:-}" ] || skip "another library"
    local to="$BATS_TEST_TMPDIR/to"
    unset PKG_CONFIG_PATH
    run -0 make -s -C "$top" "BUILD=$BUILD" PREFIX="$to" install
    [[ $output == *"the loader does not look in $to/lib"* ]]
    [[ $output == *"PKG_CONFIG_PATH=$to/lib/pkgconfig"* ]]
    printf '#include <itrack.h>\n#include <stdio.h>\nint main(void) {%s}\n' \
        ' return puts(itrack_version()) < 0; ' >"$BATS_TEST_TMPDIR/example.c"
    # shellcheck disable=SC2046
    cc -o "$BATS_TEST_TMPDIR/example" "$BATS_TEST_TMPDIR/example.c" \
        $(PKG_CONFIG_PATH=$to/lib/pkgconfig pkg-config --cflags --libs itrack) \
        "-Wl,-rpath,$to/lib"
    run -0 "$BATS_TEST_TMPDIR/example"
    [ "$output" = "$(cat "$top/VERSION")" ]
}

@test "a place with a blank is one place" {
    [ -z "${SANITIZE:-}" ] || skip "another library"
    local to="$BATS_TEST_TMPDIR/a blank"
    mkdir -p "$BATS_TEST_TMPDIR/a/libexec/itrack"
    touch "$BATS_TEST_TMPDIR/a/kept"
    umask 027
    make -s -C "$top" "BUILD=$BUILD" PREFIX="$to" install
    [ "$(cd "$BATS_TEST_TMPDIR" && echo *)" = "a a blank" ]
    run -0 find "$to" ! -type l ! -perm -044
    [ -z "$output" ]
    printf '#include <itrack.h>\n#include <stdio.h>\nint main(void) {%s}\n' \
        ' return puts(itrack_version()) < 0; ' >"$BATS_TEST_TMPDIR/example.c"
    eval "cc -o '$BATS_TEST_TMPDIR/example' '$BATS_TEST_TMPDIR/example.c' \
        $(PKG_CONFIG_PATH=$to/lib/pkgconfig pkg-config --cflags --libs itrack)"
    LD_LIBRARY_PATH=$to/lib run -0 "$BATS_TEST_TMPDIR/example"
    [ "$output" = "$(cat "$top/VERSION")" ]
    make -s -C "$top" "BUILD=$BUILD" PREFIX="$to" uninstall
    run -0 find "$to" ! -type d
    [ -z "$output" ]
    [ -e "$BATS_TEST_TMPDIR/a/kept" ]
}

# loads_curl COMMAND...: does the program load libcurl? glibc's loader tells.
loads_curl() {
    LD_DEBUG=files "$@" 2>&1 | grep -q 'calling init: .*libcurl'
}

@test "libcurl is loaded when the first request is made, and not before" {
    [[ $(LD_DEBUG=files env true 2>&1) == *"calling init"* ]] ||
        skip "the loader says nothing"
    make_it install
    local home="$BATS_TEST_TMPDIR/a blank"
    mv "$stage/opt/itrack" "$home"
    run=$top/tests/fixtures/run_plain/run
    run -1 loads_curl "$home/bin/itrack" status
    run -1 loads_curl "$home/bin/itrack" show "$run"
    run -1 loads_curl "$home/bin/itrack" import --track local \
        --local-dir "$BATS_TEST_TMPDIR/tracking" "$run"
    run -1 loads_curl env WANDB_MODE=offline "$home/bin/itrack" import \
        --track wandb --wandb-dir "$BATS_TEST_TMPDIR" "$run"
    [ -n "$(ls "$BATS_TEST_TMPDIR/wandb")" ]
    loads_curl "$home/bin/itrack" import --track mlflow \
        --mlflow-uri http://127.0.0.1:1 "$run"
    # The worker, too, finds it from there.
    run -0 "$home/bin/itrack-wrap" --drain 60 --track mlflow --mlflow-uri \
        http://127.0.0.1:1 -- cp -r "$run" "$BATS_TEST_TMPDIR/copy"
    [[ $output == *"127.0.0.1:1: Failed to connect"* ]]
}
