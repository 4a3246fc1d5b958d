#!/usr/bin/env bats
# Runs that are found by the processes below the command, and what must not be
# taken for one.

# shellcheck disable=SC2154,SC2016 # of runs.bash; for the inner shell
load ../cli/runs
load ../others

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    static=$BUILD/tests/programs/write_run_static
}

is_finished() {
    grep -q '"finished"' "$1/final_state.json"
}

@test "a run is followed while a program without the shim writes it" {
    start_gated "$BUILD/bin/itrack-wrap" -q sh -c \
        'env -i "$@"; exit 3' - "$write_run" --from "$from" --to "$runs/x" \
        --gate "$BATS_TEST_TMPDIR/gate"
    turn 4
    wait_until has_step "$tracking/$id/metrics.json" 1
    finish
    [ "$status" -eq 3 ]
    is_finished "$tracking/$id"
    python3 "$check_local" --child "$runs/x" "$tracking/$id"
}

@test "a quick run is found when the command is over, below where it stood" {
    mkdir -p a/b
    # What is written in the tick of the launch has the time of older files.
    wrap -q --no-preload sh -c 'cd a/b && sleep 0.01 && "$@"' - "$static" --quiet \
        --from "$from" --to 1/2/x 2>err 3>&-
    is_finished "a/b/1/2/tracking/insidellms/$id"
}

@test "what lies deeper or comes too late is not found, and that is said" {
    deep=1/2/3/4/5/6/7/8/9
    mkdir -p "$deep/x"
    run --separate-stderr wrap --no-preload "$static" --quiet --from "$from" \
        --to "$deep/x" 3>&-
    [[ $stderr = *"the search for run directories was cut off"* ]]
    [[ $stderr = *"nothing was tracked"* ]]
}

@test "a run of somebody else in the same directory is not ours" {
    start_gated "$write_run" --from "$from" --to "$runs/theirs" \
        --gate "$BATS_TEST_TMPDIR/gate"
    cp -r "$fixtures/run_errors/run" "$runs/old"
    find "$runs/old" -exec touch -d '1 hour ago' {} +
    turn 3
    wait_until lines_are "$runs/theirs/records.jsonl" 2
    run --separate-stderr wrap --no-preload sh -c 'sleep 0.2; :' 3>&- 7>&-
    [[ $stderr = *"nothing was tracked"* ]]
    [ ! -e "$tracking" ]
    finish
}

@test "a run that was written just before the launch is not ours" {
    for _ in {1..10}; do
        rm -rf "$runs/x"
        cp -r "$from" "$runs/x"
        "$BUILD/bin/itrack-wrap" -q --no-preload true 3>&-
        [ ! -e "$tracking" ]
    done
}

@test "a run that another itrack-wrap tracks is not tracked twice" {
    # The inner one can't say that it is there.
    wrap sh -c 'env -i HOME="$HOME" XDG_STATE_HOME="$XDG_STATE_HOME" "$@"' - \
        "$BUILD/bin/itrack-wrap" -q --no-preload "$static" --quiet --pace 20 \
        --from "$from" --to "$runs/x" 2>err 3>&-
    [ "$(ls "$tracking")" = "$id" ]
    is_finished "$tracking/$id"
}

@test "several that search one folder at the same moment have each run once" {
    # Something that no wrapper knows writes them, as a container does.
    mkfifo go1 go2
    for n in 1 2; do
        "$BUILD/bin/itrack-wrap" -q --no-preload -t local \
            sh -c "read -r _ <go$n" 2>"err$n" 3>&- 5>&- 6>&- &
        wrappers[n]=$!
    done
    open_gate 5 go1 "${wrappers[1]}"
    open_gate 6 go2 "${wrappers[2]}"
    ticks_go_by
    for n in 1 2 3; do
        "$static" --quiet --from "$from" --to "$runs/x$n"
    done
    echo >&5 && exec 5>&-
    echo >&6 && exec 6>&-
    wait "${wrappers[1]}"
    wait "${wrappers[2]}"
    [ "$(wc -l <"$XDG_STATE_HOME/itrack/index.jsonl")" -eq 3 ]
    [ "$(ls "$tracking" | wc -l)" -eq 3 ]
}

@test "a run that begins behind the command's end is tracked" {
    mkfifo gate
    wrap sh -c 'env -i "$@" <gate >/dev/null 2>&1 & sleep 0.1' - sh -c '
        read -r _; "$0" "$@"' "$write_run" --quiet --pace 20 --from "$from" \
        --to "$runs/x" 2>err 3>&-
    grep -q 'left processes behind, .*; itrack stays to see' err
    let_go gate
    wait_until is_finished "$tracking/$id"
}

@test "a run of a process that has executed nothing when the command is over" {
    mkfifo gate
    wrap sh -c '(read -r _ <gate; exec "$@") >/dev/null 2>&1 &' - \
        "$write_run" --quiet --pace 20 --from "$from" --to "$runs/x" 2>err 3>&-
    grep -q 'left processes behind, .*; itrack stays to see' err
    let_go gate
    wait_until is_finished "$tracking/$id"
}

@test "what the command leaves behind is not waited for by the launcher" {
    wrap sh -c 'sleep 300 >/dev/null 2>&1 & echo $! >pid; sleep 0.1' \
        2>err 3>&-
    grep -q 'left processes behind' err
    kill "$(cat pid)"
}

@test "another mount namespace: the run that was written, not one of its name" {
    [ "$(id -u)" -eq 0 ] || skip "not root: nothing can be mounted"
    unshare -m true || skip "no mount namespaces"
    mkdir host other
    cp -r "$fixtures/run_errors/run" host/x
    # The same name out here is another run; what is mounted has a place here.
    wrap -q --no-preload unshare -m sh -c \
        'mount --bind other host && shift && "$@"; :' - - "$write_run" \
        --quiet --pace 30 --overwrite --from "$from" --to host/x 3>&-
    is_finished "other/tracking/insidellms/$id"
    [ ! -e host/tracking ]
    rm -r other/*
    wrap -q unshare -m sh -c \
        'mount --bind other host && shift && "$@"; :' - - "$write_run" \
        --quiet --pace 30 --overwrite --from "$from" --to host/x 3>&-
    is_finished "other/tracking/insidellms/$id"
    [ ! -e host/tracking ]
}

@test "another user below root" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    command -v setpriv >/dev/null || skip "no setpriv"
    open_to_others
    mkdir -m 777 "$runs/open"
    as_other test -x "$runs/open" || skip "the other user can't come here"
    export -f as_other
    wrap -q bash -c 'as_other "$@"; :' - "$write_run" --quiet --pace 20 \
        --from "$from" --to "$runs/open/x" 3>&-
    is_finished "$runs/open/tracking/insidellms/$id"
}

@test "another user can't pass for a process of root's command" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    command -v setpriv >/dev/null || skip "no setpriv"
    open_to_others
    mkdir -m 777 "$runs/theirs"
    as_other test -x "$runs/theirs" || skip "the other user can't come here"
    mkfifo -m 666 gate
    mkfifo go
    wrap --no-preload sh -c 'echo "$ITRACK_SOCKET" >socket; read -r _ <go' \
        2>err 3>&- &
    job=$!
    wait_until test -s socket
    as_other env ITRACK_SOCKET="$(cat socket)" "$static" --quiet --from "$from" \
        --to "$runs/theirs/x" --gate "$PWD/gate" 3>&- &
    open_gate 7 gate $!
    turn 3
    wait_until test -s "$runs/theirs/x/records.jsonl"
    let_go go
    wait "$job"
    grep -q 'nothing was tracked' err
    [ ! -e "$runs/theirs/tracking" ]
    run_free
    wait
}

@test "the run of another user in a shared root is not ours" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    command -v setpriv >/dev/null || skip "no setpriv"
    open_to_others
    mkdir -m 777 shared user
    chown 12345 shared
    as_other test -x "$PWD/shared" || skip "the other user can't come here"
    printf '#!/bin/sh\n"%s" --quiet --from "%s" --to "%s"\nread -r _ <"%s"\n' \
        "$static" "$fixtures/run_errors/run" "$PWD/shared/mine" "$PWD/gate" \
        >insidellms
    chmod 755 insidellms
    mkfifo -m 666 gate
    as_other env HOME="$PWD/user" XDG_STATE_HOME="$PWD/user/state" \
        "$BUILD/bin/itrack-wrap" --no-preload "$PWD/insidellms" run exp.yaml \
        --run-root "$PWD/shared" 2>err 3>&- &
    job=$!
    wait_until test -s shared/mine/manifest.json
    "$static" --quiet --from "$from" --to shared/theirs 3>&-
    let_go gate
    wait "$job"
    cat err
    [ "$(ls shared/tracking/insidellms)" = "$(run_id run_errors)" ]
}

@test "no /proc: said, where nothing is found" {
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer needs /proc"
    [ "$(id -u)" -eq 0 ] || skip "not root: /proc can't be taken away"
    unshare -m true || skip "no mount namespaces"
    cat >no-proc <<'END'
#!/bin/sh
umount -l /proc && exec "$@"
END
    chmod +x no-proc
    run --separate-stderr unshare -m ./no-proc "$BUILD/bin/itrack-wrap" \
        sh -c 'sleep 0.2'
    [[ $stderr = *"without /proc programs that don't load the preload library \
can't be seen; nothing was tracked" ]]
}
