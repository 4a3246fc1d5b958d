#!/usr/bin/env bats
# --stop-if: rules that stop the command while its run goes on.
# shellcheck disable=SC2154

load runs

setup() {
    use_clean_home
}

# What the report's JSON has of its first run.
reported() {
    jq -c ".runs[0]$1" report.json
}

stopped() {
    [ "$(jq -r .status "$(tracking_of)/final_state.json")" = killed ]
}

tracking_of() {
    echo "$tracking"/*
}

# `stoppable N WORD...`: itrack-wrap with these options and a command that writes N
# records and waits at its gate for more; back when it is over, with its status in
# `status`. Who is not stopped is let go after a while. A job in the background of a
# script has SIGINT ignored.
stoppable() {
    local records=$1
    shift
    start_gated env --default-signal=INT "$BUILD/bin/itrack-wrap" --report report.json "$@"
    turn $((records + 1))
    wait_until ended "$job" || :
    finish
    cat err
}

@test "a rule that holds stops the command: SIGINT, killed, the reason" {
    stoppable 5 --stop-if 'error_rate > 0.3 after 5' -- "$write_run" --gate gate \
        --from "$fixtures/run_errors/run" --to "$runs/r"
    [ "$status" -eq 130 ]
    why="error_rate > 0.3 after 5: error_rate was 0.4 after 5 records"
    [[ $(<err) == *"itrack: run r-"????" killed: "*"itrack: stopped by --stop-if $why"* ]]
    [ "$(reported .status)" = '"killed"' ]
    [ "$(reported .stopped_by)" = "\"$why\"" ]
    [ "$(reported .params.stop_reason)" = "\"$why\"" ]
    [ "$(reported .params.exit_signal)" = 2 ]
    lines_are "$runs/r/records.jsonl" 5
    stopped
    [ "$(jq -r .stop_reason "$(tracking_of)/params.json")" = "$why" ]
}

@test "without a rule, and with one that does not hold, all is as ever" {
    wrap -q --stop-if 'error_rate > 0.9' --stop-if 'stalled > 300' \
        --report report.json -- "$write_run" \
        --from "$fixtures/run_errors/run" --to "$runs/r"
    [ "$(reported .status)" = '"finished"' ]
    [ "$(reported .stopped_by)" = null ]
    [ "$(reported .params.stop_reason)" = null ]
}

@test "the first of several rules counts; =no takes those of the file back" {
    mkdir -p "$XDG_CONFIG_HOME/itrack"
    echo 'stop-if = total_count >= 3' >"$XDG_CONFIG_HOME/itrack/config"
    stoppable 3 -- "$write_run" --gate gate --from "$fixtures/run_plain/run" --to "$runs/a"
    [ "$status" -eq 130 ]
    [[ $(reported .stopped_by) == *"total_count >= 3: "* ]]
    stoppable 5 --stop-if 'success_count > 98' --stop-if 'total_count>4' -- "$write_run" \
        --gate gate --from "$fixtures/run_plain/run" --to "$runs/b"
    [ "$status" -eq 130 ]
    [[ $(reported .stopped_by) == *"total_count>4: total_count was 5 after 5"* ]]
    wrap -q --report report.json --stop-if no -- "$write_run" \
        --from "$fixtures/run_plain/run" --to "$runs/c"
    [ "$(reported .status)" = '"finished"' ]
}

@test "a stall is seen by the clock, once records come one by one" {
    stoppable 2 --stop-if 'stalled > 0.2' -- "$write_run" --gate gate \
        --from "$fixtures/run_plain/run" --to "$runs/r"
    [ "$status" -eq 130 ]
    [[ $(reported .stopped_by) =~ "stalled > 0.2: stalled was "([0-9.]+)" after " ]]
    # What was waited for, and not a moment long ago.
    jq -en "${BASH_REMATCH[1]} > 0.2"
}

@test "the signal goes to the command alone, and its status is passed on" {
    cat >both <<'SH'
trap 'echo command >>heard; exit 7' INT
(trap 'echo other >>heard' INT; echo "$BASHPID" >other; read -rt 300 _ <>never) &
"$write_run" --gate gate --from "$fixtures/run_errors/run" --to "$runs/r" &
wait $!
SH
    export write_run fixtures runs
    mkfifo never
    stoppable 6 --stop-if 'error_count > 1' -- bash -c '. ./both; '
    kill "$(cat other)"
    [ "$status" -eq 7 ]
    [ "$(cat heard)" = command ]
    # The writer stood at its gate.
    [[ $(<err) == *"a rule held, and its writer goes on: --stop-if error_count > 1: "* ]]
    [[ $(<err) == *"still being written"* ]]
    wait_until grep -rq '"finished"' "$tracking"
}

@test "a run that came to its end before the signal has finished" {
    # The rule holds with the last record, and the writer takes no notice.
    wrap --report report.json --stop-if 'total_count >= 12' -- sh -c \
        'trap "" INT; exec "$@"' sh "$write_run" \
        --from "$fixtures/run_plain/run" --to "$runs/r" 2>err
    [ "$(reported .status)" = '"finished"' ]
}

@test "a harness and probe batches are warned of, and never stopped" {
    for words in 'harness h.yaml' 'run b.yaml'; do
        printf 'runner: {use_probe_batch: true}\n' >b.yaml
        # shellcheck disable=SC2086
        run -0 wrap --stop-if 'error_rate > 0' -- echo insidellms $words
        [[ ${lines[0]} == "itrack: --stop-if: a "*" the records when all is over, so no rule can stop it" ]]
    done
    run -0 wrap --stop-if 'error_rate > 0' -- echo insidellms run c.yaml
    [[ $output != *--stop-if* ]]
    run -0 wrap --report report.json --stop-if 'error_rate > 0' \
        -- "$write_run" --mode harness --from \
        "$fixtures/harness_two_by_two/run" --to "$runs/h"
    [[ $output == *"--stop-if: a harness writes"* ]]
    [ "$(reported .status)" = '"finished"' ]
    [ "$(reported .stopped_by)" = null ]
}

@test "a name that no record had is said" {
    run -0 wrap --stop-if 'scores/exact_mach < 0.1' -- "$write_run" \
        --from "$fixtures/run_scored/run" --to "$runs/r"
    [[ $output == *"--stop-if scores/exact_mach < 0.1: no record had a value for scores/exact_mach"* ]]
}

@test "a rule that is none is refused before the launch" {
    while IFS='|' read -r rule says; do
        run -125 wrap --stop-if "$rule" -- touch started
        [[ $output == "itrack-wrap: --stop-if"*"$says"* ]]
        [ "${#lines[@]}" -eq 1 ]
    done <<'RULES'
error_rate|without a comparison: write NAME > NUMBER
error_rate > half|no number
eror_rate > 0.5|did you mean error_rate?
speed > 1|known: error_rate
stalled < 3|write 'stalled > 3'
success_rate drops 0.1|a comparison that is not known here
error_rate > 0.5 after lunch|a count of records
|without a comparison
RULES
    [ ! -e started ]
}

@test "a worker that is killed after the signal does not send it twice" {
    cat >patient <<'SH'
trap 'echo heard >>heard' INT
"$write_run" --gate gate --from "$fixtures/run_errors/run" --to "$runs/r" &
writer=$!
while kill -0 $writer 2>/dev/null; do wait $writer; done
SH
    export write_run fixtures runs
    start_gated env --default-signal=INT "$BUILD/bin/itrack-wrap" --report report.json \
        --stop-if 'error_count > 0' -- bash patient
    turn 6
    wait_until test -s heard
    worker_of_job
    kill -9 "$worker"
    finish
    [ "$(cat heard)" = heard ]
    [[ $(reported .stopped_by) == *"error_count > 0: "* ]]
}

@test "a worker whose launcher is killed stops the command itself" {
    start_gated env --default-signal=INT "$BUILD/bin/itrack-wrap" \
        --stop-if 'total_count >= 4' -- "$write_run" --gate gate \
        --from "$fixtures/run_plain/run" --to "$runs/r"
    turn 4
    wait_until has_step "$tracking/$(run_id run_plain)/metrics.json" 3
    kill -9 "$job"
    turn
    wait_until stopped
    finish
    lines_are "$runs/r/records.jsonl" 4
    [[ $(jq -r .stop_reason "$(tracking_of)/params.json") == "total_count >= 4: "* ]]
}
