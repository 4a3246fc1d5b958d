#!/usr/bin/env bats
# Programs that a preload library may harm: each comes to what it comes to bare.

bats_require_minimum_version 1.5.0

setup() {
    harm=$BUILD/tests/programs/shim_harm
    wrap=$BUILD/bin/itrack-wrap
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
    unset LD_PRELOAD ITRACK_SOCKET
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return 1
}

# Calls of which a program may be killed if it makes them.
forbidden="socket connect sendmsg getpid prctl getcwd readlinkat rt_sigprocmask
    read only"

@test "paths that point nowhere: EFAULT" {
    "$harm" unmapped >../bare 3>&-
    rm -r x
    "$wrap" -q "$harm" unmapped >../wrapped 3>&-
    diff ../bare ../wrapped
    [ "$(grep -c 'errno 14$' ../wrapped)" -gt 60 ]
    grep -q '^open [0-9]* errno 77$' ../wrapped
}

@test "the stack of a signal handler: some hundred bytes more" {
    deep=$PWD/$(printf '%0200d' 1)/$(printf '%0200d' 2)
    mkdir -p "$deep"
    for place in "$PWD" "$deep"; do
        cd "$place"
        for path in records.jsonl "$PWD/records.jsonl" .insidellms_run; do
            bare=$("$harm" stack "$path" 3>&-)
            wrapped=$("$wrap" -q "$harm" stack "$path" 3>&-)
            echo "$path: $bare bare, $wrapped wrapped"
            [ "$bare" -gt 0 ]
            [ $((wrapped - bare)) -le 1024 ]
        done
    done
}

@test "prctl and syscall: every argument, clone" {
    "$harm" forward >../bare 3>&-
    "$wrap" -q "$harm" forward >../wrapped 3>&-
    diff ../bare ../wrapped
    grep -qx second ../wrapped
    grep -qx 'child 7' ../wrapped
}

@test "locked up by seccomp, from within" {
    for how in prctl syscall; do
        for call in $forbidden; do
            "$harm" lock $how "$call" 3>&- ||
                skip "no seccomp here (status $?)"
            echo "$how $call"
            "$wrap" -q "$harm" lock $how "$call" 3>&-
        done
    done
}

# Where nobody stands before the function that does it, the library has to ask;
# it takes openat, read and close for that.
@test "locked up by seccomp, unseen" {
    for call in socket connect sendmsg getpid prctl getcwd readlinkat; do
        "$harm" lock libc "$call" 3>&- || skip "no seccomp here (status $?)"
        echo "$call"
        "$wrap" -q "$harm" lock libc "$call" 3>&-
    done
}

@test "locked up by seccomp, then executed: what was locked up keeps silent" {
    "$harm" lock prctl socket touch records.jsonl 3>&- ||
        skip "no seccomp here (status $?)"
    for how in prctl libc; do
        for call in socket connect sendmsg getpid getcwd; do
            echo "$how $call"
            "$wrap" -q "$harm" lock $how "$call" touch records.jsonl \
                .insidellms_run 3>&-
        done
    done
}

@test "locked up by seccomp: the report says what it could not hear" {
    "$harm" lock prctl socket 3>&- || skip "no seccomp here (status $?)"
    # What it made is gone before anybody looks for it.
    lock_and_remove='"$1" lock prctl socket; rm .insidellms_run'
    run -0 --separate-stderr "$wrap" sh -c "$lock_and_remove" - "$harm"
    [ "$stderr" = "itrack: no run directory seen; a program locked itself up \
(seccomp) and could not be heard (--run-dir names its directory); nothing was \
tracked" ]
    # The same by the worker.
    run -0 --separate-stderr "$wrap" --report ../report \
        sh -c "$lock_and_remove" - "$harm"
    [[ $stderr = *"a program locked itself up"* ]]
    # Who only asks what the kernel can is heard.
    run -0 --separate-stderr "$wrap" "$harm" lock none socket
    [[ $stderr != *"no run directory seen"* ]]
    # Nor does it count what itrack-wrap itself is held by.
    rm .insidellms_run
    run -0 --separate-stderr "$harm" lock prctl swapoff "$wrap" "$harm" lock \
        none socket
    [[ $stderr != *"no run directory seen"* ]]
}

@test "locked up by seccomp: a run that is looked for is found" {
    "$harm" lock prctl socket 3>&- || skip "no seccomp here (status $?)"
    # Another run is heard of before, beside it.
    from=$BATS_TEST_DIRNAME/../fixtures/run_plain/run
    mkdir runs
    "$wrap" -q sh -c '"$1" --quiet --from "$2" --to runs/heard &&
        "$3" lock prctl socket "$1" --quiet --from "$2" --to runs/silent' - \
        "$BUILD/tests/programs/write_run" "$from" "$harm" 3>&-
    [ "$(find runs/tracking -name final_state.json | wc -l)" -eq 2 ]
}
