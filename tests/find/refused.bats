#!/usr/bin/env bats
# Newer system calls that a filter or an old kernel refuses: each has its
# fallback.

load ../cli/runs

# shellcheck disable=SC2154,SC2016 # of runs.bash; for the inner shell

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    refuse=$BUILD/tests/programs/find_refuse
    "$refuse" EPERM statx -- true || skip "no filters"
}

is_finished() {
    grep -q '"finished"' "$1/final_state.json"
}

@test "each of them, with EPERM and with ENOSYS" {
    for code in EPERM ENOSYS; do
        for call in statx pidfd_open close_range signalfd4 memfd_create clone3 \
            copy_file_range renameat2 inotify_init1 epoll_create1 epoll_ctl \
            epoll_pwait getrandom; do
            to=$runs/$code/$call
            run -3 --separate-stderr "$refuse" "$code" "$call" -- \
                "$BUILD/bin/itrack-wrap" sh -c '"$@"; exit 3' - \
                "$write_run" --quiet --from "$from" --to "$to/x" 3>&-
            echo "$code $call: $stderr"
            [[ $stderr != *"tracking is off"* && $stderr != *died* ]]
            python3 "$check_local" --child "$to/x" "$to/tracking/insidellms/$id"
        done
    done
}

@test "all of them at once" {
    "$refuse" EPERM statx pidfd_open close_range signalfd4 memfd_create clone3 \
        copy_file_range renameat2 inotify_init1 epoll_create1 epoll_ctl \
        epoll_pwait getrandom -- \
        "$BUILD/bin/itrack-wrap" -q "$write_run" --quiet --from "$from" \
        --to "$runs/x" 3>&-
    is_finished "$tracking/$id"
}

@test "without epoll: what waits for descriptors does the same" {
    for call in epoll_create1 epoll_ctl epoll_pwait; do
        "$refuse" EPERM "$call" -- "$BUILD/tests/unit/test_loop"
    done
}

@test "what a program logs by the library is delivered" {
    "$refuse" EPERM statx pidfd_open close_range signalfd4 memfd_create clone3 \
        copy_file_range renameat2 inotify_init1 epoll_create1 epoll_ctl \
        epoll_pwait getrandom -- "$BUILD/bin/itrack" log --run-name x \
        --metric a=1
    is_finished experiments/insidellms/*
}

@test "without /proc, too, a program that logs is not taken for dead" {
    local -a without=(unshare --mount --propagation private
        sh -c 'mount -t tmpfs none /proc && exec "$@"' sh)
    "${without[@]}" true || skip "/proc can't be taken away here"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer needs /proc"
    "${without[@]}" "$refuse" EPERM pidfd_open -- "$BUILD/bin/itrack" log \
        --run-name x --metric a=1
    is_finished experiments/insidellms/*
}

@test "without signalfd: signals reach the command, its end is seen" {
    run -143 "$refuse" EPERM signalfd4 -- "$BUILD/bin/itrack-wrap" -q sh -c '
        trap "echo got; exit 5" USR1
        kill -TERM $$' 3>&-
    # A shell that comes to a `read` behind its trap's signal would read for ever.
    "$refuse" EPERM signalfd4 -- "$BUILD/bin/itrack-wrap" -q sh -c '
        trap "echo got >>got; exit 5" USR1
        echo ready >ready
        while :; do sleep 0.02; done' 3>&- &
    job=$!
    wait_until test -s ready
    kill -USR1 "$job"
    status=0
    wait "$job" || status=$?
    [ "$status" -eq 5 ]
    [ "$(cat got)" = got ]
    run -0 "$refuse" EPERM signalfd4 -- "$BUILD/bin/itrack-wrap" -q \
        --metrics-from-stdout sh -c "echo '{\"a\": 1}'" 3>&-
    [ "$output" = '{"a": 1}' ]
}

@test "without pidfd_open: what outlives the command is followed to its end" {
    mkfifo gate
    "$refuse" EPERM pidfd_open -- "$BUILD/bin/itrack-wrap" -q sh -c '
        "$@" <&- >/dev/null 2>&1 &
        for i in $(seq 3000); do [ ! -e "$0" ] || break; sleep 0.02; done' \
        "$runs/x/records.jsonl" "$write_run" --quiet --gate gate \
        --from "$from" --to "$runs/x" 3>&- &
    job=$!
    open_gate 7 gate "$job"
    turn 3
    wait "$job"
    exec 7>&-
    wait_until is_finished "$tracking/$id"
}

@test "without clone3: the name of a server is looked up" {
    name=$(uname -n)
    # libcurl knows localhost without a look.
    [ "$name" != localhost ] && getent hosts "$name" >/dev/null ||
        skip "this machine's own name leads nowhere"
    for code in EPERM ENOSYS; do
        run --separate-stderr "$refuse" "$code" clone3 -- "$BUILD/bin/itrack" \
            doctor --track mlflow --mlflow-uri "http://$name:1" 3>&-
        echo "$output $stderr"
        [[ $output$stderr = *"port 1"* ]]
        [[ $output$stderr != *thread* ]]
    done
}
