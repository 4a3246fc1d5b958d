# What tests of several folders use: `load ../common` (cli/runs.bash and launch.bash
# do it).

# How many seconds a condition may take, and how many a process that is to end. What
# waits here waits no longer: what would hang fails.
come_s=120 end_s=600

# Waits until the command succeeds.
wait_until() {
    local end=$((SECONDS + come_s))
    while [ "$SECONDS" -lt "$end" ]; do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        read -rt 0.02 <> <(:) || :
    done
    echo "# waited in vain: $*"
    return 1
}

# As the shell's own; who does not end is shown and killed.
wait() {
    local pid pids=("$@")
    [ $# -gt 0 ] || mapfile -t pids < <(jobs -p)
    for pid in "${pids[@]}"; do
        kill -0 "$pid" 2>/dev/null || continue
        timeout "$end_s" tail -s 0.05 -f --pid="$pid" /dev/null && continue
        echo "# process $pid does not end"
        ps -e -o pid,ppid,stat,wchan:20,args | cut -c1-200
        kill -KILL "$pid" 2>/dev/null || :
    done
    builtin wait "$@"
}

# `let_go FIFO [LINE]`: writes the line for who reads the FIFO, or is about to.
let_go() {
    timeout "$come_s" sh -c 'echo "$2" >"$1"' - "$1" "${2:-}" || {
        echo "# nobody reads $1"
        return 1
    }
}

# `open_gate DESCRIPTOR FIFO PROCESS`: opens it to write as soon as somebody reads it.
# It fails if the process ends before that: then nobody ever would.
open_gate() {
    local watch alone=$2.alone
    rm -f "$alone"
    # Who has the FIFO open for reading, for a moment, lets us open it. A shell that
    # the kill below misses, because it comes before its exec, must not make a file
    # of that name when the FIFO is gone.
    setsid sh -c 'timeout "$4" tail -s 0.1 -f --pid="$2" /dev/null
        [ -p "$1" ] && : >"$3" && : <>"$1"' - "$2" "$3" "$alone" "$come_s" >/dev/null 2>&1 3>&- &
    watch=$!
    disown "$watch"
    eval "exec $1>\"\$2\""
    kill -- "-$watch" 2>/dev/null || kill "$watch" 2>/dev/null || :
    [ ! -e "$alone" ] || {
        echo "# process $3 has not come to $2"
        return 1
    }
}

# The sanitizer would look for leaks by tracing the program at its end, which it can't
# where something else traces it.
no_leak_search() {
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

# A server that does not answer does not hold up a test.
curl() {
    command curl --max-time 60 "$@"
}

free_port() {
    "$BATS_TEST_DIRNAME/../servers/free_port.py"
}

# Of a test that fails: what the last command of `run` said, and what is in the files
# `out` and `err`. A file with a teardown of its own calls it there. Then it ends what
# the test has left in the background: a shell of it that waits or loops holds copies of
# Bats's output, whatever it was started with, and Bats would wait for it.
show_last() {
    local name left
    [ -z "${BATS_TEST_COMPLETED:-}" ] || return 0
    for name in status output stderr; do
        [ -z "${!name:-}" ] || printf '%s: %s\n' "$name" "${!name}"
    done | head -n 60
    for name in out err; do
        [ ! -s "$BATS_TEST_TMPDIR/$name" ] || tail -n 20 "$BATS_TEST_TMPDIR/$name"
    done
    left=$(jobs -p)
    while [ -n "$left" ]; do
        name=$(pgrep -P "$(paste -sd, <<<"$left")") || :
        # shellcheck disable=SC2086 # a list
        kill -KILL $left 2>/dev/null || :
        left=$name
    done
}

teardown() {
    show_last
}
