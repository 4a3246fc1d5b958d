# What the tests of whole runs share: load it, call `use_clean_home` in setup.
# shellcheck disable=SC2034
bats_require_minimum_version 1.5.0
load ../common

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
BUILD=${BUILD:-$top/build}
fixtures=$top/tests/fixtures
write_run=$BUILD/tests/programs/write_run
check_local=$top/tests/cli/check_local.py

# A home, a state directory and a working directory of this test's own; nothing
# of the caller's configuration is left.
use_clean_home() {
    local torture=${ITRACK_TORTURE:-}
    unset "${!ITRACK_@}" "${!WANDB_@}" "${!MLFLOW_@}" "${!INSIDELLMS_@}"
    [ -z "$torture" ] || export ITRACK_TORTURE=$torture
    export HOME=$BATS_TEST_TMPDIR/home
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export XDG_CONFIG_HOME=$BATS_TEST_TMPDIR/config
    mkdir -p "$HOME" "$BATS_TEST_TMPDIR/runs"
    cd "$BATS_TEST_TMPDIR" || return
    runs=$BATS_TEST_TMPDIR/runs
    tracking=$runs/tracking/insidellms
}

itrack() {
    "$BUILD/bin/itrack" "$@"
}

wrap() {
    "$BUILD/bin/itrack-wrap" "$@"
}

# Some ticks of the clock of file times: what was written within the last one may
# have come behind the start of `watch`, which takes it for new.
ticks_go_by() {
    for _ in 1 2 3 4; do
        touch tick
        until touch tock && [ tock -nt tick ]; do :; done
    done
}

# The run ID of a fixture.
run_id() {
    sed -n '/"run_ids"/{n;s/[ ",]//g;p}' "$fixtures/$1/expected.json"
}

# --- a background run that goes on a line at a time --------------------------

# `start_gated WORD...`: starts the command with a FIFO as "gate"; `turn N`
# lets it go N turns further, `run_free` to its end, `finish` waits for it.
start_gated() {
    mkfifo "$BATS_TEST_TMPDIR/gate"
    "$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
    job=$!
    open_gate 7 "$BATS_TEST_TMPDIR/gate" "$job"
}

# `with_none LIMIT COMMAND...`: runs the command in a user namespace of its own, in
# which this limit of /proc/sys/user is 0: nobody else's inotify is touched.
with_none() {
    unshare -Ur true 2>/dev/null || skip "no user namespace"
    run unshare -Ur sh -c '
        echo 0 >"/proc/sys/user/$1" || exit 99
        shift
        exec "$@"' - "$@" 3>&-
    [ "$status" -ne 99 ] || skip "the limit can't be set"
    [ "$status" -eq 0 ]
}

# The worker of the job's itrack-wrap, in `worker`.
worker_of_job() {
    worker=$(pgrep -P "$job" -x itrack-worker)
    [ -n "$worker" ]
}

turn() {
    local i
    for ((i = 0; i < ${1:-1}; i++)); do
        echo >&7
    done
}

# `turn_unheard CONDITION...`: the job has a turn while its worker hears nothing, and
# when the condition holds another one, while it hears all of it.
turn_unheard() {
    wait_until worker_of_job
    kill -STOP "$worker"
    turn
    wait_until "$@"
    kill -CONT "$worker"
    turn
}

run_free() {
    exec 7>&-
}

ended() {
    ! kill -0 "$1"
}

# The job's status in `status`.
finish() {
    run_free
    status=0
    wait "$job" || status=$?
    rm -f "$BATS_TEST_TMPDIR/gate"
}

# Journals are removed behind the last word to a tracker.
no_journals() {
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

# `has_step FILE N`: the metrics of a local run have reached step N.
has_step() {
    grep -q "\"step\": $2," "$1"
}

lines_are() {
    [ "$(wc -l <"$1")" -eq "$2" ]
}

is_json() {
    python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1"
}

# `field FILE EXPRESSION`: prints a Python expression of the document d.
field() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}
