#!/usr/bin/env bats
# What happens between the end of the command and the end of itrack-wrap. The
# null tracker fails on demand (lib/tracker/null/null.c).

load runs.bash

setup() {
    use_clean_home
    run_of_12=("$write_run" --mode run --from "$fixtures/run_errors/run" --to "$runs/x")
    # The same by a command that stays until local has the run, or fails after a
    # minute: however slow the worker is, nothing but the other tracker is left to the
    # drain.
    cat >stays <<-'END'
	#!/bin/sh
	ends() { ls runs/tracking/insidellms/*/final_state.json 2>/dev/null | wc -l; }
	before=$(ends)
	"$@"
	for _ in $(seq 3000); do
	    [ "$(ends)" -eq "$before" ] || exit 0
	    sleep 0.02
	done
	exit 1
END
    chmod +x stays
}

# A run of 12 records, tracked by local and null; null behaves as told.
tracked() {
    local script=$1
    shift
    ITRACK_NULL=$script wrap --track local,null "$@" -- "${run_of_12[@]}"
}

# By a command that stays. An exit that is too late comes after 30 s, the drain that
# nobody has set, or 60.
tracked_before_the_end() {
    local script=$1
    shift
    ITRACK_NULL=$script wrap --track local,null "$@" -- ./stays "${run_of_12[@]}"
}

pending() {
    itrack status --json | python3 -c '
import json, sys
rows = json.load(sys.stdin)["attempts"]
print(" ".join(t["state"] for r in rows for t in r["trackers"]))'
}

pending_is() {
    local got
    got=$(pending)
    [ "$got" = "$1" ] || { echo "the trackers are $got"; return 1; }
}

@test "a tracker that hangs holds the exit for the drain time at most" {
    SECONDS=0
    run --separate-stderr tracked_before_the_end done,hang,... --drain 2
    [ "$status" -eq 0 ]
    [ "$SECONDS" -lt 25 ]
    [[ "$stderr" == *"null: nothing delivered, all is pending: no answer in time; to finish: itrack sync "* ]]
    [[ "$stderr" == *"local: delivered "*": $tracking/"* ]]
    pending_is "delivered started"
}

@test "a worker whose last words a busy machine makes slow is waited for" {
    strace -o /dev/null true 2>/dev/null || skip "no strace here"
    no_leak_search
    # The words take three times as long as an end without any is waited for.
    : >"$BATS_TEST_TMPDIR/words"
    run -0 env ITRACK_NULL=done,hang,... ITRACK_TRACK=local,null \
        strace -f --seccomp-bpf -o /dev/null -P "$BATS_TEST_TMPDIR/words" -e trace=write \
        -e inject=write:delay_enter=300000 sh -c '
            words=$1 && shift && exec "$@" 2>>"$words"' sh \
        "$BATS_TEST_TMPDIR/words" "$BUILD/bin/itrack-wrap" --drain 3 -- \
        ./stays "${run_of_12[@]}"
    run -0 cat "$BATS_TEST_TMPDIR/words"
    [[ "$output" != *"does not answer"* ]]
    [[ "$output" == *"null: nothing delivered, all is pending: no answer in time; to finish: itrack sync "* ]]
}

@test "where no connection comes about the exit waits a second, not the drain" {
    SECONDS=0
    run --separate-stderr tracked away,... --drain 60
    [ "$status" -eq 0 ]
    [ "$SECONDS" -lt 30 ]
    pending_is "delivered waiting"
    rm -r "$runs/x"
    # Nobody listens there.
    SECONDS=0
    run -0 --separate-stderr wrap --drain 60 --track mlflow --mlflow-uri \
        http://127.0.0.1:1 -- "$write_run" --mode run \
        --from "$fixtures/run_errors/run" --to "$runs/x"
    [ "$SECONDS" -lt 30 ]
    [[ "$stderr" == *"mlflow: nothing delivered, all is pending"* ]]
}

# --- against a server of our own ----------------------------------------------

# serve RULE...: an MLflow server, but for the rules.
serve() {
    local IFS=, first
    first="$*"
    fake=$BATS_TEST_TMPDIR/fake
    mkdir -p "$fake"
    cat >"$fake/rules.json" <<JSON
[$first${first:+,}
 {"match": "experiments/get-by-name",
  "body": {"experiment": {"experiment_id": "7", "name": "x"}}},
 {"match": "runs/create", "body": {"run": {"info": {"run_id": "abc",
  "artifact_uri": "mlflow-artifacts:/7/abc/artifacts"}}}}]
JSON
    python3 "$top/tests/servers/fake_http.py" "$fake" 3>&- &
    server=$!
    wait_until test -s "$fake/url"
}

teardown() {
    show_last
    [ -z "${server:-}" ] || kill "$server"
}

to_server() {
    wrap -v --track mlflow --mlflow-uri "$(cat "$fake/url")" --artifacts none \
        "$@" -- "$write_run" --mode run --from "$fixtures/run_errors/run" \
        --to "$runs/x"
}

@test "a slow server is waited for until the drain is over" {
    serve '{"match": "get-by-name", "stall": 4, "times": 1,
            "body": {"experiment": {"experiment_id": "7"}}}'
    run -0 --separate-stderr to_server --drain 60
    [[ "$stderr" == *"mlflow: delivered "*": http"* ]]
    [[ "$stderr" != *"pending"* ]]
}

@test "so is one that has no time: it gets the calls when it asks for them" {
    serve '{"match": "get-by-name", "status": 503, "times": 3}' \
        '{"match": "log-batch", "status": 429, "times": 2,
          "headers": {"Retry-After": "2"}}'
    run -0 --separate-stderr to_server --drain 60
    [[ "$stderr" != *"pending"* ]]
    [ "$(grep -c 'again in [2-9]\.[0-9] s' <<<"$stderr")" -ge 2 ]
}

@test "who is asked to come after the drain does not wait for its end" {
    serve '{"match": "get-by-name", "status": 503,
            "headers": {"Retry-After": "600"}}'
    SECONDS=0
    run -0 --separate-stderr to_server --drain 60
    [ "$SECONDS" -lt 30 ]
    [[ "$stderr" == *"HTTP 503"* ]]
    # Nor does the end of the command make it come earlier.
    [ "$(grep -c get-by-name "$fake/log")" -eq 1 ]
}

@test "in a job array the first calls after the commands are spread" {
    serve
    run -0 --separate-stderr to_server --drain 60
    [[ "$stderr" != *"one of many"* ]]
    local name
    for name in SLURM_ARRAY_TASK_ID PBS_ARRAY_INDEX JOB_COMPLETION_INDEX; do
        rm -r "$runs/x"
        run -0 --separate-stderr env "$name=7" "$BUILD/bin/itrack-wrap" -v \
            --track mlflow,local --mlflow-uri "$(cat "$fake/url")" \
            --artifacts none --drain 60 -- "${run_of_12[@]}"
        [ "$(grep -c 'one of many' <<<"$stderr")" -eq 1 ]
        [[ "$stderr" =~ "itrack: one of many: the next request in "([01].[0-9]|2.0)" s" ]]
        [[ "$stderr" != *"pending"* ]]
    done
    # What Grid Engine says of a job that is no array.
    rm -r "$runs/x"
    SGE_TASK_ID=undefined run -0 --separate-stderr to_server --drain 60
    [[ "$stderr" != *"one of many"* ]]
}

@test "--drain 0 leaves at once, with the rest in the journal" {
    SECONDS=0
    run --separate-stderr tracked_before_the_end done,hang,... --drain 0
    [ "$status" -eq 0 ]
    [ "$SECONDS" -lt 25 ]
    [[ "$stderr" == *"itrack sync "* ]]
    # As long as the worker is there, sync leaves its run to it.
    wait_until eval 'itrack sync; pending_is "delivered delivered"'
}

@test "a long drain says so once in a log, and not with -q" {
    run --separate-stderr tracked_before_the_end done,hang,... --drain 2
    [ "$(grep -c 'delivering the rest (null: ' <<<"$stderr")" -eq 1 ]
    [[ "$stderr" != *$'\033'* ]]
    rm -rf "$runs/x"
    run --separate-stderr tracked_before_the_end done,hang,... --drain 2 -q
    echo "$stderr"
    [ -z "$stderr" ]
}

@test "on a terminal a countdown comes and goes" {
    command -v script >/dev/null || skip "no script(1)"
    export ITRACK_NULL=done,hang,... TERM=xterm
    run script -qec "$BUILD/bin/itrack-wrap --track local,null --drain 2 -- \
        ./stays ${run_of_12[*]}" /dev/null
    [[ "$output" == *$'\r\033[K'"itrack: delivering the rest (null: "* ]]
    [[ "$output" == *$'\r\033[K'"itrack: run "* ]]
    rm -r "$runs/x"
    NO_COLOR=1 run script -qec "$BUILD/bin/itrack-wrap --track local,null --drain 2 \
        -- ./stays ${run_of_12[*]}" /dev/null
    [[ "$output" != *$'\033'* ]]
}

# on_terminal KEYS COMMAND...: types KEYS when the countdown is there; prints
# what came, and the status.
on_terminal() {
    python3 - "$@" <<'PY'
import os, pty, select, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
text, typed, end = b"", False, time.monotonic() + 50
while time.monotonic() < end:
    if select.select([terminal], [], [], 0.1)[0]:
        try:
            text += os.read(terminal, 4096)
        except OSError:
            break
    if not typed and b"delivering the rest" in text:
        os.write(terminal, sys.argv[1].encode())
        typed = True
sys.stdout.write(text.decode(errors="replace"))
if time.monotonic() >= end:
    os.kill(pid, 9)
print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
}

@test "Ctrl-C on the terminal while draining ends at once and keeps the rest" {
    export ITRACK_NULL=done,hang,... TERM=xterm
    SECONDS=0
    run on_terminal $'\003' "$BUILD/bin/itrack-wrap" --track local,null \
        --drain 60 -- ./stays "${run_of_12[@]}"
    [[ $output == *"status 0" ]]
    [ "$SECONDS" -lt 50 ]
    [[ $output == *"null: nothing delivered, all is pending: "*"itrack sync "* ]]
    pending_is "delivered started"
    ITRACK_NULL=done itrack sync
    pending_is "delivered delivered"
}

@test "SIGTERM while draining ends at once and keeps the rest" {
    ITRACK_NULL=done,hang,... "$BUILD/bin/itrack-wrap" --track local,null \
        --drain 60 -- ./stays "${run_of_12[@]}" 2>err 3>&- &
    job=$!
    wait_until grep -q "delivering the rest" err
    SECONDS=0
    kill -TERM "$job"
    wait "$job" || true
    [ "$SECONDS" -lt 25 ]
    pending_is "delivered started"
    itrack sync
    pending_is "delivered delivered"
}

@test "a worker that stands still is reported, with what finishes it" {
    start_gated "$BUILD/bin/itrack-wrap" -q --track local --drain 0.5 -- \
        "$write_run" --gate "$BATS_TEST_TMPDIR/gate" --mode run \
        --from "$fixtures/run_errors/run" --to "$runs/x"
    turn 8
    wait_until pgrep -x itrack-worker -P "$job"
    worker=$(pgrep -x itrack-worker -P "$job")
    wait_until eval 'grep -q "\"step\":" state/itrack/runs/*/journal.jsonl'
    # The worker tells the launcher of a journal before it takes what comes next.
    steps=$(grep -c '"step":' state/itrack/runs/*/journal.jsonl)
    turn 2
    wait_until eval '[ "$(grep -c "\"step\":" state/itrack/runs/*/journal.jsonl)" -gt "$steps" ]'
    kill -STOP "$worker"
    finish
    [ "$status" -eq 0 ]
    said=$(cat "$BATS_TEST_TMPDIR/err")
    echo "$said"
    [[ $said == "itrack: tracking does not answer (process $worker): once that \
process has ended, \`itrack sync "*"\` delivers what the journal has" ]]
    kill -KILL "$worker"
    [[ $said =~ \`itrack\ (sync\ [^\`]*)\` ]]
    command=${BASH_REMATCH[1]}
    # As long as the dying worker is there, sync leaves its run to it.
    wait_until eval "itrack $command; pending_is delivered"
}

@test "a rejected item is counted and named, the next goes on" {
    run --separate-stderr tracked done,rejected
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"null: delivered "*" of "*", 1 rejected"* ]]
    [[ "$stderr" == *"null: rejected: null: asked to reject"* ]]
}

@test "a blocked tracker ends nothing but itself" {
    run --separate-stderr tracked blocked --strict
    [ "$status" -eq 123 ]
    [[ "$stderr" == *"pending: null: asked to block"* ]]
    pending_is "delivered waiting"
}

@test "--strict says nothing where everything arrived" {
    run tracked retry,done,late --strict
    [ "$status" -eq 0 ]
}

@test "--record-only delivers nothing and says how to" {
    run --separate-stderr tracked done --record-only
    [ "$status" -eq 0 ]
    [[ "$stderr" == *"recorded, not delivered: itrack sync "* ]]
    [ ! -e "$tracking" ]
    itrack sync
    [ -e "$tracking" ]
    pending_is "delivered delivered"
}
