#!/usr/bin/env bats
# Whole runs under itrack-wrap into the local tracker, as a user sees them:
# every fixture, written in every mode of insideLLMs.

load runs

setup() {
    use_clean_home
}

# tracked FIXTURE STATUS CHECKS... -- COMMAND...: wraps the command, which writes
# $runs/FIXTURE, and looks at what was tracked.
tracked() {
    local fixture=$1 want=$2 checks=()
    shift 2
    while [ "$1" != -- ]; do
        checks+=("$1")
        shift
    done
    shift
    status=0
    wrap "$@" >out 2>err 3>&- || status=$?
    echo "# $fixture: status $status: $*"
    cat err
    [ "$status" -eq "$want" ]
    python3 "$check_local" "${checks[@]}" "$runs/$fixture" \
        "$tracking/$(run_id "$fixture")"
    [ ! -e "$tracking/$(run_id "$fixture")-2" ]
}

like() {
    if [ -d "$fixtures/$1/tracking_local" ]; then
        echo "--like=$fixtures/$1/tracking_local"
    else
        echo "--project=insidellms"
    fi
}

@test "the tests' own mapping is insideLLMs'" {
    for fixture in "$fixtures"/*/; do
        python3 "$top/tests/cli/rundirs.py" "$fixture/run" |
            diff - "$fixture/expected.json"
    done
}

@test "run: every record, every point, artifacts, end" {
    for f in run_plain run_errors run_scored run_schema_1_0_0 latencies; do
        tracked $f 0 "$(like $f)" -- \
            "$write_run" --from "$fixtures/$f/run" --to "$runs/$f"
        diff -r "$fixtures/$f/run" "$runs/$f"
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "run by Python's own calls" {
    tracked run_scored 0 -- "$top/tests/programs/write_run.py" run \
        "$fixtures/run_scored/run" "$runs/run_scored"
}

@test "async: records in bursts" {
    for f in run_errors run_scored; do
        tracked $f 0 "$(like $f)" -- "$write_run" --mode async \
            --from "$fixtures/$f/run" --to "$runs/$f"
    done
}

@test "batch: an empty file, then all records" {
    for f in run_errors run_scored; do
        tracked $f 0 "$(like $f)" -- "$write_run" --mode batch \
            --from "$fixtures/$f/run" --to "$runs/$f"
    done
}

@test "harness: everything at the end, with its link as symlink, hard link, copy" {
    for link in symlink hard copy; do
        tracked harness_two_by_two 0 \
            --like "$fixtures/harness_two_by_two/tracking_local" -- \
            "$write_run" --mode harness --explain --skip-report --link $link \
            --from "$fixtures/harness_two_by_two/run" \
            --to "$runs/harness_two_by_two"
        rm -r "$runs" && mkdir "$runs"
    done
    f=harness_one_model
    tracked $f 0 -- "$write_run" --mode harness \
        --from "$fixtures/$f/run" --to "$runs/$f"
}

@test "harness by Python's own calls" {
    f=harness_one_model
    tracked $f 0 -- "$top/tests/programs/write_run.py" harness \
        "$fixtures/$f/run" "$runs/$f"
}

@test "harness: two experiments have prefixes, one has none" {
    f=harness_two_by_two
    mkdir -p one
    head -9 "$fixtures/$f/run/records.jsonl" >one/records.jsonl
    cp "$fixtures/$f/run/"{config.resolved.yaml,summary.json} one/
    cp "$fixtures/$f/run/manifest.json" one/
    tracked $f 0 -- "$write_run" --mode harness --from one --to "$runs/$f"
    python3 - "$tracking/$(run_id $f)/params.json" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
assert d["model_name"] == "Alpha", d
assert not any("/" in name for name in d), d
END
}

@test "async stop on error: the rest is skipped, failed, status 1" {
    tracked run_errors 1 --status failed -- "$write_run" --mode stop-async \
        --from "$fixtures/run_errors/run" --to "$runs/run_errors"
    lines_are "$runs/run_errors/records.jsonl" 12
}

@test "stop on error: the failing record is the last, failed, status 1" {
    tracked run_errors 1 --status failed -- "$write_run" --mode stop \
        --from "$fixtures/run_errors/run" --to "$runs/run_errors"
    [ "$(field "$tracking/$(run_id run_errors)/params.json" 'd["exit_code"]')" \
        -eq 1 ]
}

@test "validation: a record turned into an error; async stops at it" {
    tracked run_plain 0 -- "$write_run" --mode validate \
        --from "$fixtures/run_plain/run" --to "$runs/run_plain"
    tracked run_errors 1 --status failed -- "$write_run" \
        --mode validate-async --from "$fixtures/run_errors/run" \
        --to "$runs/run_errors"
}

@test "a directory with marker, config and no record: failed, no rate" {
    run -1 wrap "$write_run" --mode no-pydantic \
        --from "$fixtures/run_plain/run" --to "$runs/none" 3>&-
    python3 "$check_local" --status failed "$runs/none" "$tracking/none"
    run ! grep success_rate "$tracking/none/metrics.json"
}

@test "a harness that stops: only the marker, failed" {
    run -1 wrap "$write_run" --mode harness-stop \
        --from "$fixtures/harness_one_model/run" --to "$runs/none" 3>&-
    [ "$(field "$tracking/none/final_state.json" 'd["status"]')" = failed ]
}

@test "interrupted: dies by SIGINT, killed, the cut line is no record" {
    ulimit -c 0
    for signal in 2 15 9; do
        tracked run_errors $((128 + signal)) --status killed -- "$write_run" \
            --from "$fixtures/run_errors/run" --to "$runs/run_errors" \
            --stop-after 7 --torn 400 --die-by $signal
        local=$tracking/$(run_id run_errors)
        [ "$(field "$local/params.json" 'd["exit_signal"]')" = $signal ]
        [ "$(field "$local/final_state.json" 'd["total_steps"]')" -eq 7 ]
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "killed where the marker was just made, before any word of it: killed" {
    for how in "" fork; do
        rm -rf "$runs" "$XDG_STATE_HOME" && mkdir "$runs"
        status=0
        wrap -q "$write_run" --die-at-marker ${how:+--how $how} \
            --from "$fixtures/run_plain/run" --to "$runs/x" >out 2>err 3>&- ||
            status=$?
        echo "# status $status: $(cat err)"
        [ "$status" -ne 77 ] || skip "no F_NOTIFY here"
        [ "$status" -eq 137 ]
        [ "$(ls -A "$runs/x")" = .insidellms_run ]
        # How a child ended is known to nobody but its parent.
        want=${how:+failed}
        [ "$(field "$tracking/x/final_state.json" 'd["status"]')" = \
            "${want:-killed}" ]
        [ "$(field "$tracking/x/final_state.json" 'd["total_steps"]')" -eq 0 ]
        [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    done
}

@test "the fixture of an interrupted run" {
    tracked interrupted 130 --status killed -- "$write_run" --die-by 2 \
        --from "$fixtures/interrupted/run" --to "$runs/interrupted"
    diff -r "$fixtures/interrupted/run" "$runs/interrupted"
}

@test "resume: a new attempt that holds all records and names the old one" {
    f=run_errors id=$(run_id run_errors)
    wrap -q "$write_run" --from "$fixtures/$f/run" --to "$runs/$f" \
        --stop-after 7 --torn 400 --die-by 2 3>&- || [ $? -eq 130 ]
    wrap "$write_run" --mode resume --from "$fixtures/$f/run" \
        --to "$runs/$f" 3>&-
    diff -r "$fixtures/$f/run" "$runs/$f"
    python3 "$check_local" "$runs/$f" "$tracking/$id-2"
    [ -n "$(field "$tracking/$id-2/params.json" 'd["resumed_from"]')" ]
    [ "$(field "$tracking/$id/final_state.json" 'd["total_steps"]')" -eq 7 ]
    [ "$(field "$tracking/$id/final_state.json" 'd["status"]')" = killed ]
}

# insideLLMs writes the file again to cut off the line: for a moment it is empty.
@test "resume: the old attempt is found though its records are being written again" {
    f=run_errors id=$(run_id run_errors)
    wrap -q "$write_run" --from "$fixtures/$f/run" --to "$runs/$f" \
        --stop-after 7 --torn 400 --die-by 2 3>&- || [ $? -eq 130 ]
    start_gated "$BUILD/bin/itrack-wrap" --track local -- "$write_run" \
        --gate "$BATS_TEST_TMPDIR/gate" --mode resume \
        --from "$fixtures/$f/run" --to "$runs/$f"
    turn
    wait_until sh -c 'cd "$XDG_STATE_HOME/itrack/runs" && ls */journal.jsonl'
    [ ! -s "$runs/$f/records.jsonl" ]
    finish
    python3 "$check_local" "$runs/$f" "$tracking/$id-2"
    [ -n "$(field "$tracking/$id-2/params.json" 'd["resumed_from"]')" ]
}

# Starts a run of $f, and kills itrack and the command behind its fourth record.
kill_all_in_the_middle() {
    start_gated "$BUILD/bin/itrack-wrap" "$write_run" --gate gate \
        --from "$fixtures/$f/run" --to "$runs/$f"
    turn 6
    wait_until has_step "$tracking/$id/metrics.json" 4
    # shellcheck disable=SC2046
    kill -9 "$job" $(pgrep -P "$job")
    wait "$job" || :
    run_free
    rm gate
    wait_until sh -c 'itrack status | grep interrupted'
}

@test "killed, all of it, and the directory overwritten: two runs, each its own" {
    f=run_errors id=$(run_id run_errors)
    PATH=$BUILD/bin:$PATH
    kill_all_in_the_middle
    wrap "$write_run" --overwrite --from "$fixtures/$f/run" \
        --to "$runs/$f" 3>&-
    run -0 itrack sync
    run -0 itrack import "$runs/$f"
    [ "$(ls "$tracking" | paste -sd ' ')" = "$id $id-2" ]
    [ "$(field "$tracking/$id/final_state.json" 'd["status"]')" = killed ]
    python3 "$check_local" "$runs/$f" "$tracking/$id-2"
}

@test "killed, all of it, and found while its records are gone for a moment: not doubled" {
    f=run_errors id=$(run_id run_errors)
    PATH=$BUILD/bin:$PATH
    kill_all_in_the_middle
    : >"$runs/$f/records.jsonl"
    # shellcheck disable=SC2016
    start_gated "$BUILD/bin/itrack-wrap" sh -c 'cd "$2" && exec 3<gate
        cat "$0/.insidellms_run" >"$1/.insidellms_run" && read -r _ <&3
        cat "$0/records.jsonl" >"$1/records.jsonl" && read -r _ <&3
        cp "$0/manifest.json" "$1/tmp" && mv "$1/tmp" "$1/manifest.json"' \
        "$fixtures/$f/run" "$runs/$f" "$PWD"
    wait_until sh -c '[ "$(ls "$XDG_STATE_HOME/itrack/runs" | wc -l)" -eq 2 ]'
    turn
    wait_until has_step "$tracking/$id-2/metrics.json" 12
    finish
    run -0 itrack sync
    [ "$(field "$tracking/$id/final_state.json" 'd["status"]')" = killed ]
    has_step "$tracking/$id-2/metrics.json" 12
    [ "$(field "$tracking/$id-2/final_state.json" 'd["status"]')" = finished ]
    [ -n "$(field "$tracking/$id-2/params.json" 'd["resumed_from"]')" ]
}

@test "resume of an untracked run" {
    f=run_errors id=$(run_id run_errors)
    "$write_run" --from "$fixtures/$f/run" --to "$runs/$f" --stop-after 7 \
        --torn 400 --die-by 2 || [ $? -eq 130 ]
    tracked $f 0 -- "$write_run" --mode resume --from "$fixtures/$f/run" \
        --to "$runs/$f"
}

@test "resume of a finished run: nothing is appended, it is tracked" {
    f=run_errors
    cp -r "$fixtures/$f/run" "$runs/$f"
    tracked $f 0 -- "$write_run" --mode resume --from "$fixtures/$f/run" \
        --to "$runs/$f"
}

@test "overwrite: another run in the place of an old one" {
    for mode in run harness; do
        cp -r "$fixtures/interrupted/run" "$runs/harness_one_model"
        tracked harness_one_model 0 -- "$write_run" --mode $mode --overwrite \
            --from "$fixtures/harness_one_model/run" \
            --to "$runs/harness_one_model"
        [ "$(ls "$tracking")" = "$(run_id harness_one_model)" ]
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "a second attempt gets -2, a third -3, the first is untouched" {
    f=run_plain id=$(run_id run_plain)
    for attempt in 1 2 3; do
        run -0 --separate-stderr wrap "$write_run" --overwrite \
            --from "$fixtures/$f/run" --to "$runs/$f" 3>&-
        [ $attempt -gt 1 ] || (cd "$tracking/$id" && sha256sum -- *.json) >sums
    done
    (cd "$tracking/$id" && sha256sum --quiet -c) <sums
    [ "$(ls "$tracking")" = "$id
$id-2
$id-3" ]
    python3 "$check_local" "$runs/$f" "$tracking/$id-3"
    [[ $stderr == *"$id-3"* ]]
}

@test "dry run, wrong option, directory not empty: no run, status unchanged" {
    run -0 --separate-stderr wrap "$write_run" --mode dry-run \
        --from "$fixtures/run_plain/run" --to "$runs/x" 3>&-
    [ -n "$stderr" ]
    [ "$output" = "" ]
    run -2 wrap "$write_run" --no-such-option 3>&-
    cp -r "$fixtures/run_plain/run" "$runs/x"
    run -1 wrap "$write_run" --from "$fixtures/run_plain/run" \
        --to "$runs/x" 3>&-
    [ ! -e "$runs/tracking" ]
}

@test "insideLLMs' own local tracker beside ours: ours takes -2" {
    f=run_plain id=$(run_id run_plain)
    wrap "$write_run" --from "$fixtures/$f/run" --to "$runs/$f" \
        --track-local insidellms 3>&-
    [ "$(<"$tracking/$id/params.json")" = '[]' ]
    python3 "$check_local" "$runs/$f" "$tracking/$id-2"
    [ "$(ls "$tracking")" = "$id
$id-2" ]
}

@test "insideLLMs' own local tracker with another project: its copies are no run" {
    f=harness_one_model
    tracked $f 0 -- "$write_run" --mode harness --track-local demo \
        --from "$fixtures/$f/run" --to "$runs/$f"
    [ "$(ls "$runs/tracking")" = "demo
insidellms" ]
    [ "$(ls "$tracking" | wc -l)" -eq 1 ]
}

@test "insidellms report changes nothing that is tracked" {
    cp -r "$fixtures/run_reported/run" "$runs/x"
    run -0 --separate-stderr wrap "$write_run" --mode report \
        --from "$fixtures/run_reported/run" --to "$runs/x" 3>&-
    [ ! -e "$runs/tracking" ]
}

@test "several runs in one process" {
    wrap "$write_run" --from "$fixtures/run_plain/run" \
        --to "$runs/a" --then --mode harness \
        --from "$fixtures/harness_one_model/run" --to "$runs/b" --then \
        --from "$fixtures/run_errors/run" --to "$runs/deep/er/c" 3>&-
    # The exit belongs to the run that was going on then.
    python3 "$check_local" --child "$runs/a" "$tracking/$(run_id run_plain)"
    python3 "$check_local" --child "$runs/b" \
        "$tracking/$(run_id harness_one_model)"
    python3 "$check_local" "$runs/deep/er/c" \
        "$runs/deep/er/tracking/insidellms/$(run_id run_errors)"
}

# The parents differ, so each is found by its own messages alone.
@test "many runs in one process within milliseconds: none is lost" {
    local n options=()
    for ((n = 1; n <= 40; n++)); do
        options+=(--from "$fixtures/run_plain/run" --to "$runs/p$n/run" --then)
    done
    unset "options[-1]"
    wrap -q "$write_run" "${options[@]}" 3>&-
    for ((n = 1; n <= 40; n++)); do
        known=--child
        [ "$n" -lt 40 ] || known=
        python3 "$check_local" $known "$runs/p$n/run" \
            "$runs/p$n/tracking/insidellms/$(run_id run_plain)"
    done
}

@test "several runs by several children at once" {
    wrap "$write_run" --pace 2 --from "$fixtures/run_plain/run" \
        --to "$runs/a" --and --mode harness \
        --from "$fixtures/harness_one_model/run" --to "$runs/b" --and \
        --pace 3 --from "$fixtures/run_errors/run" --to "$runs/c" 3>&-
    # A child's exit code is its parent's affair: only the command's is known.
    python3 "$check_local" --child "$runs/a" "$tracking/$(run_id run_plain)"
    python3 "$check_local" --child "$runs/b" \
        "$tracking/$(run_id harness_one_model)"
    python3 "$check_local" --child "$runs/c" "$tracking/$(run_id run_errors)"
}

# In a network namespace of its own, where the kernel queues next to nothing.
# The worker stands still from the time that it has the first run until all is over
# but the command's own end.
@test "more messages than are queued: a run beside one that is seen is not lost" {
    unshare -rn sh -c 'echo 8 >/proc/sys/net/core/somaxconn' ||
        skip "no network namespace"
    # shellcheck disable=SC2016
    unshare -rn sh -c 'echo 8 >/proc/sys/net/core/somaxconn; exec "$@"' - \
        "$BUILD/bin/itrack-wrap" -q sh -c '
        "$0" --from "$1" --to "$2/r1"
        timeout 60 sh -c "until [ -d \"\$0\" ]; do :; done" "$2/tracking"
        worker=$(pgrep -P $PPID -x itrack-worker)
        kill -STOP "$worker"
        for n in 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do
            "$0" --from "$1" --to "$2/r$n" & done; wait $(jobs -p)
        kill -CONT "$worker"' "$write_run" "$fixtures/run_plain/run" "$runs" \
        3>&-
    for ((n = 1; n <= 18; n++)); do
        grep -lF "\"$runs/r$n\"" "$tracking"/*/params.json
    done
    [ "$(ls "$tracking" | wc -l)" -eq 18 ]
    [ "$(cat "$tracking"/*/final_state.json | grep -c finished)" -eq 18 ]
}

# The second run has its marker among what is queued, then words of no run, and is
# over when the worker hears of it: as a copy would be. The first one is heard as it
# is written.
@test "more messages than are queued: a run whose others were lost is no copy" {
    unshare -rn sh -c 'echo 8 >/proc/sys/net/core/somaxconn' ||
        skip "no network namespace"
    # shellcheck disable=SC2016
    unshare -rn sh -c 'echo 8 >/proc/sys/net/core/somaxconn; exec "$@"' - \
        "$BUILD/bin/itrack-wrap" sh -c '
        "$0" --pace 50 --from "$1" --to "$2/r1"
        timeout 60 sh -c "until [ -e \"\$0\" ]; do :; done" "$3/final_state.json"
        worker=$(pgrep -P $PPID -x itrack-worker)
        kill -STOP "$worker"
        mkdir "$2/r2"
        sh -c ": >\"\$1/.insidellms_run\"
            for n in 1 2 3 4 5 6 7 8 9; do env true; done
            cp \"\$0\"/* \"\$1\"" "$1" "$2/r2"
        kill -CONT "$worker"
        timeout 60 sh -c "until [ -e \"\$0\" ]; do :; done" "$3-2/final_state.json"
        ' "$write_run" "$fixtures/run_plain/run" "$runs" "$tracking/$(run_id run_plain)" \
        >out 2>err 3>&-
    [ "$(ls "$tracking" | wc -l)" -eq 2 ]
    run ! grep "a copy" err
}

@test "a sweep: the same directory written again and again" {
    f=run_plain id=$(run_id run_plain)
    start_gated wrap sh -c 'for n in 1 2 3; do "$@"; read -r _ <&5; done \
        5<gate' - "$write_run" --overwrite --from "$fixtures/$f/run" \
        --to "$runs/$f"
    for name in "$id" "$id-2" "$id-3"; do
        wait_until test -e "$tracking/$name/artifacts/manifest.json" ||
            wait_until has_step "$tracking/$name/metrics.json" 12
        turn
    done
    finish
    for name in "$id" "$id-2" "$id-3"; do
        python3 "$check_local" --child --artifacts any "$runs/$f" \
            "$tracking/$name"
    done
}

# Which manifest belongs to which run can't be told here.
@test "a sweep too fast to be seen: the last run has all records" {
    f=run_plain
    set -- --overwrite --from "$fixtures/$f/run" --to "$runs/$f"
    wrap "$write_run" "$@" --then "$@" --then "$@" 3>&-
    last=$(jq -rs 'max_by(.started_at).run_id' "$tracking"/*/metadata.json)
    status=$(field "$tracking/$last/final_state.json" 'd["status"]')
    # Its messages may come behind those of its end: then how it ended is not
    # known, as of a child.
    known=--child
    ! grep -q '"exit_code"' "$tracking/$last/params.json" || known=
    python3 "$check_local" --status "$status" --artifacts any $known \
        "$runs/$f" "$tracking/$last"
}

@test "a run in a thread, in a child, behind a closed descriptor, without environment" {
    for how in "--how thread" "--how fork" --close-fds --clear-env \
        --ignore-term; do
        # shellcheck disable=SC2086
        tracked run_errors 0 --child -- "$write_run" $how \
            --from "$fixtures/run_errors/run" --to "$runs/run_errors"
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "a daemon that outlives the command: the exit is not held up, its run is whole" {
    f=run_plain id=$(run_id run_plain)
    mkfifo end
    start_gated wrap sh -c '"$@"; read -r _ <end' - "$write_run" \
        --how daemon --gate gate --from "$fixtures/$f/run" --to "$runs/$f"
    turn 4
    wait_until has_step "$tracking/$id/metrics.json" 3
    let_go end
    status=0
    wait "$job" || status=$?
    [ "$status" -eq 0 ]
    grep -q "going on: 3 records" err
    grep -q "still being written, by process [0-9]* (write_run)" err
    [ ! -e "$tracking/$id/final_state.json" ]
    run_free
    wait_until test -e "$tracking/$id/final_state.json"
    python3 "$check_local" --child "$runs/$f" "$tracking/$id"
    wait_until eval '[ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]'
    itrack import "$runs/$f"
    [ "$(ls "$tracking")" = "$id" ]
}

@test "observed: window and whole run live, nothing in an import" {
    f=run_plain id=$(run_id run_plain)
    start_gated wrap "$write_run" --gate gate --from "$fixtures/$f/run" \
        --to "$runs/$f"
    turn 2
    for n in 1 2 3 4 5; do
        wait_until has_step "$tracking/$id/metrics.json" $n
        turn
    done
    finish
    [ "$status" -eq 0 ]
    python3 - "$tracking/$id/metrics.json" <<'EOF'
import json, sys
points = json.load(open(sys.argv[1]))
rates = [p["metrics"]["observed/records_per_second"] for p in points
         if "observed/records_per_second" in p["metrics"]]
end = [p["metrics"] for p in points if "wall_time_seconds" in p["metrics"]]
assert len(rates) >= 4 and min(rates) > 0, rates
assert len(end) == 1
end = end[0]
assert rates[-1] == end["observed/records_per_second"]
ms = [end[f"observed/latency_{name}ms"] for name in ("", "p50_", "p95_", "p99_")]
assert ms[0] == ms[1] <= ms[2] <= ms[3], ms
EOF
    itrack import --again --local-dir again "$runs/$f"
    [ "$(grep -c observed/ again/insidellms/*/metrics.json)" -eq 0 ]
}
