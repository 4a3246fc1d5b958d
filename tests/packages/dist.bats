#!/usr/bin/env bats
# scripts/dist: a tarball whose programs run where nothing else is, from any path.

bats_require_minimum_version 1.5.0

setup_file() {
    load packages
    of_embed x86_64-linux-musl || return 0
    clean_home
    tarball=$("$top/scripts/dist" 2>"$BATS_FILE_TMPDIR/log") || {
        cat "$BATS_FILE_TMPDIR/log"
        return 1
    }
    export tarball
}

setup() {
    load packages
    [ -z "$missing" ] || skip "$missing"
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    cd "$BATS_TEST_TMPDIR"
    tar -xf "$tarball"
    tree=$(echo "$PWD"/itrack-*)
}

@test "its programs are static" {
    for file in "$tree"/bin/* "$tree/libexec/itrack/itrack-worker"; do
        readelf -ld "$file" >headers
        run -1 grep -E 'NEEDED|INTERP' headers
    done
    grep -q '^mbedtls ' "$tree/share/doc/itrack/EMBEDDED"
}

@test "in an empty root, from a path with a blank" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other root directory"
    mkdir -p "root/opt/a place"
    mv "$tree" "root/opt/a place/itrack"
    cp "$BUILD/tests/programs/write_run_static" root/write_run
    cp -r "$top/tests/fixtures/run_plain/run" root/from
    unset XDG_STATE_HOME
    run -0 env -i HOME=/ "$(command -v chroot)" root "/opt/a place/itrack/bin/itrack-wrap" -- \
        /write_run --quiet --from /from --to /runs/x
    [[ $output == *"local: delivered "* ]]
    [ "$(jq -r .status root/runs/tracking/insidellms/*/final_state.json)" = finished ]
    run -0 env -i HOME=/ "$(command -v chroot)" root "/opt/a place/itrack/bin/itrack" status
    [[ $output == *"/runs/x"* ]]
    run -0 env -i HOME=/ "$(command -v chroot)" root "/opt/a place/itrack/bin/itrack" doctor
    [[ $output != *problem* ]]
}

@test "commands with glibc load its preload library, from a path with a blank" {
    mkdir "a place"
    mv "$tree" "a place"
    run -0 --separate-stderr "a place"/*/bin/itrack-wrap -v -- \
        "$top/demo/run.sh" "$PWD/runs/x" 2
    [[ $stderr == *"with the preload library"* ]]
    [ "$(jq -r .status runs/tracking/insidellms/*/final_state.json)" = finished ]
}

@test "two builds are the same, byte for byte" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    cp "$tarball" first.tar.gz
    rm -rf "$top"/build/embed/x86_64-linux-musl/{build,obj,lib}
    cmp "$("$top/scripts/dist")" first.tar.gz
}
