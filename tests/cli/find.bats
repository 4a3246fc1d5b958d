#!/usr/bin/env bats
# Finding the run directory without the preload shim: --run-dir, insideLLMs'
# own rules, inotify on the run root.

load runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    # A stand-in for insideLLMs: its arguments, then a run into $to.
    mkdir -p bin
    cat >bin/insidellms <<'END'
#!/bin/sh
exec "$WRITE_RUN" --from "$FROM" --to "$TO" --pace "${PACE:-1}" \
    ${GATE:+--gate "$GATE"}
END
    chmod +x bin/insidellms
    PATH=$PWD/bin:$PATH
    export WRITE_RUN=$BUILD/tests/programs/write_run_static FROM=$from
}

tracked_as() {
    cat err 2>/dev/null || :
    python3 "$check_local" --child "$1" "$2"
}

@test "--run-dir, with a program that loads no shim" {
    wrap --run-dir "$runs/x" "$WRITE_RUN" --from "$from" --to "$runs/x" \
        2>err 3>&-
    tracked_as "$runs/x" "$tracking/$id"
}

@test "--run-dir with --no-preload: the command's environment has no shim" {
    wrap --no-preload --run-dir runs/x sh -c '[ -z "$LD_PRELOAD" ] && "$@"' - \
        "$write_run" --from "$from" --to "$runs/x" 2>err 3>&-
    tracked_as "$runs/x" "$tracking/$id"
}

@test "--run-dir: a run that is over before the clock of file times goes on" {
    if grep -q __asan_init "$BUILD/bin/itrack-wrap"; then
        skip "ASan wants to be the first of the preloaded"
    fi
    cc -shared -fPIC -o tick.so "$BATS_TEST_DIRNAME/clock_tick.c" ||
        skip "no C compiler"
    for i in 1 2 3 4 5 6 7 8 9 10; do
        LD_PRELOAD=$PWD/tick.so wrap -q --run-dir "runs/$i/x" "$WRITE_RUN" \
            --from "$from" --to "$runs/$i/x" 3>&-
        [ -e "$runs/$i/tracking/insidellms/$id/final_state.json" ]
    done
}

@test "--run-dir wins over what else the command writes" {
    wrap --run-dir "$runs/x" "$write_run" --from "$from" --to "$runs/x" \
        --then --from "$fixtures/run_plain/run" --to "$runs/y" 2>err 3>&-
    tracked_as "$runs/x" "$tracking/$id"
}

@test "a static program: run --run-dir among its arguments" {
    TO=$runs/x
    export TO
    wrap --no-preload insidellms run exp.yaml --run-dir "$TO" 2>err 3>&-
    tracked_as "$TO" "$tracking/$id"
    TO=$runs/y
    wrap --no-preload insidellms run exp.yaml --run-dir=runs/y 2>err 3>&-
    tracked_as "$TO" "$tracking/$id-2"
}

@test "a static program: --run-root, INSIDELLMS_RUN_ROOT, the home directory" {
    export TO=$runs/root/some-id
    wrap --no-preload insidellms run exp.yaml --run-root runs/root 2>err 3>&-
    tracked_as "$TO" "$runs/root/tracking/insidellms/$id"
    export TO=$runs/env/$id
    INSIDELLMS_RUN_ROOT=$runs/env \
        wrap --no-preload insidellms run exp.yaml 2>err 3>&-
    tracked_as "$TO" "$runs/env/tracking/insidellms/$id"
    export TO=$HOME/.insidellms/runs/$id
    wrap --no-preload insidellms run exp.yaml 2>err 3>&-
    tracked_as "$TO" "$HOME/.insidellms/runs/tracking/insidellms/$id"
}

@test "a static program: harness with output_dir in its configuration" {
    mkdir -p configs
    printf 'output_dir: ../out\n' >configs/h.yaml
    export TO=$PWD/configs/../out
    wrap --no-preload insidellms harness configs/h.yaml 2>err 3>&-
    tracked_as "$TO" "$PWD/configs/../tracking/insidellms/$id"
}

# Without inotify /proc is always first, which knows a directory by another name
# than the arguments.
@test "a run is called as the arguments call it, whoever finds it first" {
    mkdir -p configs "$runs/real"
    ln -s real "$runs/link"
    printf 'output_dir: ../out\n' >configs/h.yaml
    without_inotify() {
        with_none max_inotify_instances \
            "$BUILD/bin/itrack-wrap" --no-preload "$@"
        [[ $output == *"no inotify instance is left"* ]]
    }
    export PACE=150 TO=$PWD/configs/../out
    without_inotify insidellms harness configs/h.yaml
    tracked_as "$TO" "$PWD/configs/../tracking/insidellms/$id"
    export TO=$runs/link/x
    without_inotify insidellms run exp.yaml --run-root "$runs/link"
    tracked_as "$TO" "$runs/link/tracking/insidellms/$id"
    export TO=$runs/link/y
    without_inotify --run-dir "$TO" sh -c insidellms
    tracked_as "$TO" "$runs/link/tracking/insidellms/$id-2"
}

@test "the exit status of the command is the run's if the command is insideLLMs" {
    export TO=$runs/x
    wrap --no-preload insidellms run exp.yaml --run-dir "$TO" 3>&-
    grep -q '"exit_code": 0' "$tracking/$id/params.json"
    grep -q '"process/max_rss_bytes"' "$tracking/$id/metrics.json"
    # The one that waits for it is another program.
    export TO=$runs/y/y
    export GATE=$PWD/gate
    start_gated "$BUILD/bin/itrack-wrap" -q --no-preload timeout 60 \
        insidellms run exp.yaml --run-dir "$TO"
    local=$runs/y/tracking/insidellms/$id
    turn 4
    wait_until has_step "$local/metrics.json" 2
    finish
    grep -q '"finished"' "$local/final_state.json"
    [ "$(grep -c '"exit_code"' "$local/params.json")" -eq 0 ]
}

@test "a shared run root: other people's runs are not ours" {
    export TO=$runs/root/mine PACE=20
    mkdir "$runs/root"
    cp -r "$fixtures/run_plain/run" "$runs/root/old"
    start_gated "$write_run" --from "$fixtures/run_scored/run" \
        --to "$runs/root/theirs" --gate gate
    turn 3
    wait_until lines_are "$runs/root/theirs/records.jsonl" 2
    wrap --no-preload insidellms run exp.yaml --run-root "$runs/root" \
        2>err.mine 3>&- 7>&-
    finish
    tracked_as "$TO" "$runs/root/tracking/insidellms/$id"
    [ "$(ls "$runs/root/tracking/insidellms")" = "$id" ]
}

@test "a cleared environment" {
    export TO=$runs/x
    wrap env -i PATH="$PATH" WRITE_RUN="$write_run" FROM="$FROM" TO="$TO" \
        insidellms run exp.yaml --run-dir "$TO" 2>err 3>&-
    tracked_as "$TO" "$tracking/$id"
}

@test "a command without a run: said, status unchanged" {
    run -0 --separate-stderr wrap --no-preload sh -c 'exit 0' 3>&-
    [[ $stderr == *"no run directory"* ]]
    [ ! -e "$runs/tracking" ]
}

@test "relative and unresolved paths, as the program names them" {
    mkdir -p sub
    cd sub
    wrap "$write_run" --from "$from" --to ../runs/./x 2>../err 3>&-
    python3 "$check_local" "$PWD/../runs/./x" \
        "$PWD/../runs/./tracking/insidellms/$id"
}

@test "a preload of the user's own stays in place" {
    run -0 --separate-stderr env LD_PRELOAD=/nonexistent/first.so \
        "$BUILD/bin/itrack-wrap" -q sh -c 'echo "$LD_PRELOAD"' 3>&-
    [[ $output == /nonexistent/first.so* ]]
}

@test "nested: one of the two tracks" {
    wrap "$BUILD/bin/itrack-wrap" "$write_run" --from "$from" \
        --to "$runs/x" 2>err 3>&-
    python3 "$check_local" --child "$runs/x" "$tracking/$id"
    [ "$(ls "$tracking")" = "$id" ]
}

@test "installed where the loader takes no library from" {
    export XDG_RUNTIME_DIR=$PWD/runtime
    mkdir "a b:c"
    mkdir -m 711 runtime
    cp -r "$BUILD/bin" "$BUILD/libexec" "a b:c"
    run --separate-stderr "a b:c/bin/itrack-wrap" "$write_run" --from "$from" \
        --to "$runs/x"
    [ "$status" -eq 0 ]
    [[ $stderr != *"cannot be preloaded"* ]]
    echo "$stderr" >err
    tracked_as "$runs/x" "$tracking/$id"
}
