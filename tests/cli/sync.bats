#!/usr/bin/env bats
# itrack sync and status: what is pending, and its delivery.

load runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
    journals=$XDG_STATE_HOME/itrack/runs
}

# A whole attempt of which no tracker has anything; its name in `attempt`.
pending_run() {
    wrap -q --record-only --track "${track:-local}" "$write_run" --from "$from" --to "$to" "$@" \
        >/dev/null 3>&-
    attempt=$(ls -t "$journals" | head -1)
}

@test "nothing pending: sync does nothing, status is empty" {
    run -0 itrack sync
    run -0 itrack status --json
    python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
    [ ! -e "$journals" ] || [ -z "$(ls "$journals")" ]
}

@test "status names pending and delivered attempts" {
    pending_run
    run -0 itrack status
    [[ $output == *"$id"*local* ]]
    run -0 itrack status --json
    python3 -c 'import json, sys; json.loads(sys.argv[1])' "$output"
    [[ $output == *"$attempt"* ]]
    itrack sync
    run -0 itrack status
    [[ $output == *"$id"* ]]
}

@test "sync of one attempt leaves the others" {
    pending_run
    first=$attempt
    to=$to-2
    pending_run
    [ "$first" != "$attempt" ]
    itrack sync "$attempt"
    python3 "$check_local" "$to" "$local"
    [ "$(ls "$journals")" = "$first" ]
}

@test "sync of an attempt that does not exist" {
    run ! itrack sync 20200101T000000Z-000000000000
    [[ $output == *20200101T000000Z-000000000000* ]]
    run ! itrack sync ../../etc
}

@test "sync --mlflow-uri: for runs that are nowhere yet, no others" {
    track=mlflow
    MLFLOW_TRACKING_URI=sqlite:///mlflow.db pending_run
    run ! itrack sync
    [[ $output == *"--mlflow-uri"* ]]
    mkdir moved && : >moved/file
    run ! itrack sync --mlflow-uri "file:$PWD/moved/file/x"
    # The place is kept: nothing has to be said again.
    rm moved/file
    itrack sync
    [ "$(ls moved/file/x/*/*/metrics/total_count | wc -l)" -eq 1 ]
    to=$to-2
    MLFLOW_TRACKING_URI=sqlite:///mlflow.db pending_run
    echo '{"version":1,"metrics":0,"files":0,"delivered":0,"rejected":0,
        "opened":true,"finished":false,"place":"file:/first","state":{}}' |
        tr -d '\n ' >"$journals/$attempt/cursor.mlflow"
    run ! itrack sync --mlflow-uri "file:$PWD/other"
    [[ $output == *"already: --mlflow-uri can't move it"* ]]
    [ ! -e other ]
}

@test "sync --drop gives one up" {
    pending_run
    itrack sync --drop "$attempt"
    [ -z "$(ls "$journals")" ]
    itrack sync
    [ ! -e "$runs/tracking" ]
}

@test "two syncs at once: everything once" {
    for name in a b c; do
        to=$runs/$name
        pending_run
    done
    itrack sync 3>&- &
    first=$!
    itrack sync 3>&- || :
    wait $first || :
    itrack sync
    for local in "$tracking/$id" "$tracking/$id-2" "$tracking/$id-3"; do
        to=$(field "$local/params.json" 'd["run_dir"]')
        python3 "$check_local" "$to" "$local"
    done
    [ "$(find "$tracking" -mindepth 1 -maxdepth 1 | wc -l)" -eq 3 ]
}

@test "sync and import beside a live tracking change nothing" {
    start_gated wrap "$write_run" --gate gate --from "$from" --to "$to"
    turn 5
    wait_until has_step "$local/metrics.json" 4
    itrack sync 7>&- || :
    itrack import "$to" 7>&- || :
    finish
    [ "$status" -eq 0 ]
    python3 "$check_local" "$to" "$local"
    [ "$(ls "$tracking")" = "$id" ]
}

@test "a torn last line of the journal is cut off" {
    pending_run
    printf '{"entry":"metr' >>"$journals/$attempt/journal.jsonl"
    itrack sync
    python3 "$check_local" "$to" "$local"
}

@test "a journal cut in its middle: import completes it" {
    pending_run
    size=$(stat -c %s "$journals/$attempt/journal.jsonl")
    for part in 4 3 2; do
        rm -rf "$runs/tracking" "$PWD/state-$part"
        cp -r "$XDG_STATE_HOME" "$PWD/state-$part"
        truncate -s $((size * 3 / part / 4)) \
            "state-$part/itrack/runs/$attempt/journal.jsonl"
        XDG_STATE_HOME=$PWD/state-$part itrack import "$to"
        python3 "$check_local" --child "$to" "$local"
        [ "$(ls "$tracking")" = "$id" ]
        [ -z "$(ls "state-$part/itrack/runs")" ]
    done
}

# The points of each TensorBoard run of an experiment, MODEL/PROBE below the run.
experiments_points() {
    local run
    for run in "$tracking_board/"*/*/*/; do
        echo "run $run"
        python3 "$top/tests/faults/content.py" tensorboard "$run" |
            grep '^\["point"'
    done
}

@test "a journal of a harness that was cut: each experiment keeps its own steps" {
    f=harness_two_by_two from=$fixtures/$f/run to=$runs/$f track=tensorboard
    tracking_board=$runs/tracking/tensorboard/insidellms
    pending_run --mode harness
    journal=$journals/$attempt/journal.jsonl
    entries=$(wc -l <"$journal")
    cp -r "$XDG_STATE_HOME" "$PWD/state-cut"
    itrack sync
    experiments_points >whole
    # Four of nine records each.
    [ "$(grep -c ^run whole)" -eq 4 ]
    [ "$(grep -c '"total_count", 9, 9.0' whole)" -eq 4 ]
    [ "$(grep -c '"total_count"' whole)" -eq "$(grep -cE \
        '"total_count", ([1-9]), \1\.0' whole)" ]
    for line in 20 60 $((entries - 4)); do
        rm -rf "$runs/tracking" "$PWD/state"
        cp -r "$PWD/state-cut" "$PWD/state"
        sed -i "$line,\$d" "$journal"
        itrack import "$to"
        experiments_points | diff whole -
    done
}

@test "a journal of another version is refused, the others are delivered" {
    pending_run
    bad=$attempt
    to=$to-2
    pending_run
    sed -i '1s/"version":1/"version":99/' "$journals/$bad/journal.jsonl"
    run ! itrack sync
    [[ $output == *version* ]]
    python3 "$check_local" "$to" "$local"
    [ "$(ls "$journals")" = "$bad" ]
}

@test "a journal of garbage harms nobody" {
    mkdir -p "$journals/20200101T000000Z-000000000000"
    head -c 5000 /dev/urandom \
        >"$journals/20200101T000000Z-000000000000/journal.jsonl"
    pending_run
    itrack sync || :
    python3 "$check_local" "$to" "$local"
    itrack status >/dev/null || :
}

# `damage ATTEMPT KIND EXPRESSION`: of the first entry of that kind.
damage() {
    sed -i "/\"entry\":\"$2\"/$3" "$journals/$1/journal.jsonl"
}

@test "damaged members: each is named, and the others are delivered" {
    set -- 's#"run_dir":"[^"]*"#"run_dir":"\\u0000"#' \
        's#"cwd":"[^"]*"#"cwd":"/a\\u0000"#' \
        's#"tracker":"local"#"tracker":"../local"#' \
        's#"options":{}#"options":{"local-dir":"\\u0000"}#' \
        's#"pid":[0-9]*#"pid":-7#'
    for expression; do
        pending_run
        damage "$attempt" start "$expression"
        to=$to-
    done
    pending_run
    damage "$attempt" artifact 's#"size":[0-9]*#"size":-1#'
    to=$to-
    pending_run
    damage "$attempt" experiment 's#"index":0#"index":123456789012#'
    to=$to-
    pending_run
    good=$attempt
    run -1 itrack status
    for member in run_dir cwd targets pid size index; do
        [[ $output == *": $member: "* ]]
    done
    [[ $output == *"$good  pending"* ]]
    run -1 itrack sync
    for member in run_dir cwd targets pid size index; do
        [[ $output == *": $member: "* ]]
    done
    [ ! -e "$journals/$good" ]
    [ "$(ls "$journals" | wc -l)" -eq 7 ]
    grep -q "$good" "$XDG_STATE_HOME/itrack/index.jsonl"
    # What can't be read can be given up.
    for attempt in "$journals"/*; do
        itrack sync --drop "${attempt##*/}"
    done
    itrack sync
}

@test "records that changed since: what they were is delivered" {
    pending_run
    echo '{}' >>"$to/records.jsonl"
    itrack sync
    cmp "$from/records.jsonl" "$local/artifacts/records.jsonl"
    [ -z "$(ls "$journals")" ]
}

@test "records too large to be kept that changed since are not delivered in silence" {
    pending_run --big 70000000
    echo '{}' >>"$to/records.jsonl"
    run itrack sync
    [[ $output == *records.jsonl*changed* ]]
    is_json "$local/artifacts.json"
    [ -e "$local/artifacts/manifest.json" ]
    [ ! -e "$local/artifacts/records.jsonl" ]
}

worker_of() {
    worker=$(pgrep -P "$1" -x itrack-worker)
}

@test "sync while the command goes on without its itrack: left alone" {
    to=$runs/$f
    start_gated "$BUILD/bin/itrack-wrap" -q "$write_run" --gate gate \
        --from "$from" --to "$to"
    turn 3
    wait_until has_step "$local/metrics.json" 2
    worker_of "$job"
    command=$(pgrep -P "$job" -x write_run)
    kill -KILL "$job"
    kill -KILL "$worker"
    wait_until test ! -e "/proc/$worker"
    run -0 itrack sync
    [[ $output == *"its command is still at work"* ]]
    run -0 itrack import "$to"
    [[ $output == *"still at work"* ]]
    [ ! -e "$local/final_state.json" ]
    finish
    wait_until test ! -e "/proc/$command"
    itrack sync
    python3 "$check_local" --child "$to" "$local"
    [ "$(ls "$tracking")" = "$id" ]
    [ -z "$(ls "$journals")" ]
}
