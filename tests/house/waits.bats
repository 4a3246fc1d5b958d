#!/usr/bin/env bats
# What the tests wait with (common.bash) ends, whoever never comes.
# shellcheck disable=SC2034 # for common.bash

bats_require_minimum_version 1.5.0
load ../common

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    come_s=1 end_s=1
}

@test "a gate is open when its command reads it" {
    mkfifo gate
    sh -c 'read -r line <gate && echo "$line" >got && exit 5' 3>&- &
    job=$!
    open_gate 7 gate "$job"
    echo word >&7
    status=0
    wait "$job" || status=$?
    exec 7>&-
    [ "$status" -eq 5 ]
    [ "$(cat got)" = word ]
}

@test "a gate whose command ends before, or never comes, is an error" {
    mkfifo gate
    for seconds in 0 0.3 60; do
        sleep $seconds 3>&- &
        job=$!
        run ! open_gate 7 gate "$job"
        [[ $output == *"process $job has not come to gate" ]]
        kill "$job" 2>/dev/null || :
    done
}

@test "a line for who reads a FIFO, now or soon, or never" {
    mkfifo go
    (read -r line <go && echo "$line" >got) 3>&- &
    let_go go word
    wait
    [ "$(cat got)" = word ]
    run ! let_go go
    [ "${lines[-1]}" = "# nobody reads go" ]
}

@test "a process that ends has its status, one that does not is shown and killed" {
    (exit 3) 3>&- &
    status=0
    wait $! || status=$?
    [ "$status" -eq 3 ]
    sleep 60 3>&- &
    status=0
    wait $! >said || status=$?
    [ "$status" -eq 137 ]
    grep -q "process $! does not end" said
    grep -q "sleep 60" said
    sleep 61 3>&- &
    sleep 0.1 3>&- &
    wait >said
    grep -q "sleep 61" said
    [ -z "$(jobs -p)" ]
}

is_dead() {
    [ ! -e "/proc/$1" ] || grep -q "^State:.Z" "/proc/$1/status"
}

@test "what a failing test leaves running ends with it, and so does its file" {
    # Not a test of this file.
    sed 's/^a test/@test/' >inner.bats <<END
load $BATS_TEST_DIRNAME/../common
endless() {
    sleep 600
}
a test "it loops, waits and calls a function" {
    (while :; do sleep 600; done) 3>&- &
    mkfifo "\$BATS_TEST_TMPDIR/fifo"
    (read -r line <"\$BATS_TEST_TMPDIR/fifo") 3>&- &
    endless 3>&- &
    job=\$!
    jobs -p >left
    # This changes \$!, when it waits.
    wait_until pgrep -P \$job
    pgrep -P \$job >>left
    false
}
END
    run -1 timeout 60 bats --tap inner.bats
    [[ $output == *"not ok 1 it loops"* ]]
    [ "$(wc -l <left)" -eq 4 ]
    while read -r pid; do
        wait_until is_dead "$pid"
    done <left
}
