#!/usr/bin/env bats
# Numbers that no run has: times at the ends of what a file system or a journal
# can hold (the years 1 to 9999), steps at the ends of an integer, and what is
# beyond. `make check-san` sees more of it.

load runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    journals=$XDG_STATE_HOME/itrack/runs
}

all_four() {
    echo --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "file:$PWD/d/mlflow"
}

# Each tracker has the run, under a name of the usual form, and its points.
check_all_four() {
    find d/wandb/wandb -printf '%f\n' |
        grep -xE 'offline-run-[0-9]{8}_[0-9]{6}-[0-9a-zA-Z-]+'
    python3 -c 'import json, sys, datetime
for name in "metadata", "metrics", "final_state":
    json.load(open(f"{sys.argv[1]}/{name}.json"))
start = json.load(open(f"{sys.argv[1]}/metadata.json"))["started_at"]
datetime.datetime.fromisoformat(start)' d/local/insidellms/"$id"
    [ -n "$(ls d/tensorboard/insidellms/"$id")" ]
    [ -n "$(ls d/mlflow/*/*/metrics)" ]
}

# What no entry can have: the member is named, and the journal is kept.
check_refused() {
    run -1 itrack sync
    [[ $output == *": $1: "* ]]
    [ "$(ls "$journals")" = "$(ls kept/itrack/runs)" ]
}

@test "a journal's times and steps at the ends of their ranges, and beyond" {
    # shellcheck disable=SC2046 # words
    wrap -q --record-only $(all_four) "$write_run" --from "$from" --to "$to" \
        >/dev/null 3>&-
    cp -r "$XDG_STATE_HOME" kept
    first=-62135510400000000
    last=253402214399999999
    for numbers in "$last 9223372036854775807" "$first -9223372036854775808" \
        "-1 -1"; do
        rm -rf d "$XDG_STATE_HOME"
        cp -r kept "$XDG_STATE_HOME"
        sed -i -E "s/\"time_us\":[0-9]+/\"time_us\":${numbers% *}/
            s/\"(step|last_step)\":[0-9]+/\"\1\":${numbers#* }/" \
            "$journals"/*/journal.jsonl
        run -0 itrack sync
        check_all_four
        # Some times far, the others of today: the differences are far, too.
        rm -rf d "$XDG_STATE_HOME"
        cp -r kept "$XDG_STATE_HOME"
        sed -i -E "2,\$s/\"time_us\":[0-9]+/\"time_us\":${numbers% *}/" \
            "$journals"/*/journal.jsonl
        run -0 itrack sync
        check_all_four
    done
    for number in $((last + 1)) $((first - 1)) 9223372036854775807 \
        -9223372036854775808; do
        for lines in '1,$' '2,$'; do
            rm -rf d "$XDG_STATE_HOME"
            cp -r kept "$XDG_STATE_HOME"
            sed -i -E "${lines}s/\"time_us\":[0-9]+/\"time_us\":$number/" \
                "$journals"/*/journal.jsonl
            check_refused time_us
        done
    done
}

# Leaves the journal of a run with four experiments, and a copy in kept.
record_harness() {
    from=$fixtures/harness_two_by_two/run
    id=$(run_id harness_two_by_two)
    # shellcheck disable=SC2046 # words
    wrap -q --record-only $(all_four) "$write_run" --mode harness \
        --from "$from" --to "$to" >/dev/null 3>&-
    cp -r "$XDG_STATE_HOME" kept
}

@test "an experiment's own steps at the end of their range, and beyond" {
    record_harness
    for number in 9223372036854775807 9223372036854775808 -1; do
        rm -rf d "$XDG_STATE_HOME"
        cp -r kept "$XDG_STATE_HOME"
        sed -i "s/\"experiment_step\":9/\"experiment_step\":$number/" \
            "$journals"/*/journal.jsonl
        grep -q "\"experiment_step\":$number" "$journals"/*/journal.jsonl
        if [ "$number" != 9223372036854775807 ]; then
            check_refused experiment_step
            continue
        fi
        run -0 itrack sync
        check_all_four
        grep -qrx "[0-9]* 9 $number" d/mlflow/*/*/metrics/total_count
        # The run itself is none of theirs.
        grep -qrx "[0-9]* 36 36" d/mlflow/*/*/metrics/total_count
    done
}

@test "an experiment's index at the end of its range, and beyond" {
    record_harness
    for number in 1000000 1000001 9223372036854775807; do
        rm -rf d "$XDG_STATE_HOME"
        cp -r kept "$XDG_STATE_HOME"
        sed -i -E "s/\"(experiment|index)\":[0-9]+/\"\1\":$number/" \
            "$journals"/*/journal.jsonl
        if [ "$number" -gt 1000000 ]; then
            check_refused index
            continue
        fi
        # Two of one index: what stands there twice may be refused.
        run itrack sync
        [ "$status" -le 1 ]
        check_all_four
    done
}

@test "files with times as far as the file system has them" {
    for time in 9223372036854775807 -9223372036854775808 99999999999 \
        -99999999999 15032385535; do
        rm -rf d "$to"
        cp -r "$from" "$to"
        touch -d "@$time" "$to"/* "$to"/.insidellms_run
        # shellcheck disable=SC2046 # words
        run -0 itrack import --again $(all_four) "$to"
        check_all_four
        # shellcheck disable=SC2046 # words
        run -0 itrack import $(all_four) "$to"
        run -0 itrack show "$to"
        run -0 itrack status
    done
}
