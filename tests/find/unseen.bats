#!/usr/bin/env bats
# A place that the search for runs could not look at is named; one that cannot
# hold a run of the command is not.

# shellcheck disable=SC2154,SC2016 # of runs.bash; for the inner shell
load ../cli/runs
load ../others

MISSED="a run may have been missed, because the search could not look everywhere"

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    static=$BUILD/tests/programs/write_run_static
}

# `fails CALL TEXT ERRNO COMMAND...`: every such call of the worker fails.
fails() {
    local call=$1 text=$2 code=$3

    shift 3
    [ "$(uname -m)" = x86_64 ] || skip "registers are known of x86-64 alone"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer has calls of its own"
    [ -e fail_call ] || cc -D_GNU_SOURCE -std=c11 -O1 -o fail_call \
        "$top/tests/faults/fail_call.c" || skip "no compiler"
    no_leak_search
    run -0 --separate-stderr ./fail_call -o log -p itrack-worker -c "$call" \
        -w "$text" -n 1 -a -e "$code" "$BUILD/bin/itrack-wrap" "$@" 3>&-
    echo "$stderr"
    grep ^failed log
}

@test "a run directory that is named" {
    fails newfstatat .insidellms_run 5 --no-preload --run-dir "$runs/x" \
        "$static" --quiet --from "$from" --to "$runs/x"
    [[ $stderr == *"$MISSED; itrack import tracks it: $runs/x: Input/output"* ]]
    [ ! -e "$tracking" ]
    itrack import -q "$runs/x"
    is_json "$tracking/$id/final_state.json"
}

@test "a run root" {
    mkdir bin
    printf '#!/bin/sh\nexec "%s" --quiet --from "%s" --to "%s"\n' \
        "$static" "$from" "$runs/x" >bin/insidellms
    chmod +x bin/insidellms
    PATH=$PWD/bin:$PATH INSIDELLMS_RUN_ROOT=$runs fails openat "$runs" 116 \
        --no-preload insidellms run exp.yaml
    [[ $stderr == *"$MISSED"*" $runs: Stale file handle"* ]]
}

@test "a folder below the place where the command stood" {
    mkdir -p sub/deep
    fails openat "$PWD/sub/deep" 24 --no-preload sh -c '"$@"; :' - "$static" \
        --quiet --from "$from" --to sub/deep/x
    [[ $stderr == *"$MISSED"*"$PWD/sub/deep: Too many open files"* ]]
    [[ $stderr == *"nothing was tracked"* ]]
}

@test "the processes of the command" {
    fails openat /proc 23 --no-preload sh -c 'sleep 0.2; :'
    [[ $stderr == *"$MISSED"*"/proc: Too many open files in system"* ]]
}

@test "of many places three are named, and how many more there are" {
    mkdir -p runs/{a,b,c,d,e}
    fails openat "$PWD/runs/" 5 --no-preload sh -c ':'
    [[ $stderr == *"$PWD/runs/"*"$PWD/runs/"*"$PWD/runs/"*"; and 2 more"* ]]
}

@test "what fails once, and not at the last look, is no news" {
    [ "$(uname -m)" = x86_64 ] || skip "registers are known of x86-64 alone"
    cc -D_GNU_SOURCE -std=c11 -O1 -o fail_call \
        "$top/tests/faults/fail_call.c" || skip "no compiler"
    no_leak_search
    run -0 --separate-stderr ./fail_call -o log -p itrack-worker \
        -c newfstatat -w .insidellms_run -n 1 -e 5 "$BUILD/bin/itrack-wrap" \
        --no-preload --run-dir "$runs/x" "$static" --quiet --from "$from" \
        --to "$runs/x" 3>&-
    grep ^failed log
    [[ $stderr != *"$MISSED"* ]]
    is_json "$tracking/$id/final_state.json"
}

@test "a run directory of ours that was closed behind the run" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    command -v setpriv >/dev/null || skip "no setpriv"
    open_to_others
    mkdir -m 777 open
    as_other test -x "$PWD/open" || skip "the other user can't come here"
    cd open
    run -0 --separate-stderr as_other env HOME="$PWD" XDG_STATE_HOME="$PWD/s" \
        "$BUILD/bin/itrack-wrap" --no-preload sh -c '"$@"; chmod 0 y' - \
        "$static" --quiet --from "$from" --to y/x 3>&-
    [[ $stderr == *"$MISSED"*"$PWD/y: Permission denied"* ]]
}

@test "folders that are closed to us and the command alike are no news" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    command -v setpriv >/dev/null || skip "no setpriv"
    open_to_others
    mkdir -m 777 open
    mkdir -m 700 open/theirs
    as_other test -x "$PWD/open" || skip "the other user can't come here"
    cd open
    as_other mkdir -m 0 old
    as_other mkdir -p root/x
    mkdir -m 700 root/theirs
    run -0 --separate-stderr as_other env HOME="$PWD" XDG_STATE_HOME="$PWD/s" \
        "$BUILD/bin/itrack-wrap" --no-preload sh -c ': insidellms run' 3>&-
    [[ $stderr != *"$MISSED"* ]]
    printf '#!/bin/sh\nsleep 0.1\n' >insidellms
    chmod +x insidellms
    run -0 --separate-stderr as_other env HOME="$PWD" XDG_STATE_HOME="$PWD/s" \
        "$BUILD/bin/itrack-wrap" --no-preload ./insidellms run exp.yaml \
        --run-root "$PWD/root" 3>&-
    [[ $stderr == *"nothing was tracked"* ]]
    [[ $stderr != *"$MISSED"* ]]
}
