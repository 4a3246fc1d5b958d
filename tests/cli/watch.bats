#!/usr/bin/env bats
# itrack watch: stays, and tracks what appears or grows in directories.

load runs

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    local=$tracking/$id
    journals=$XDG_STATE_HOME/itrack/runs
    index=$XDG_STATE_HOME/itrack/index.jsonl
    watcher=
}

teardown() {
    show_last
    if [ -n "$watcher" ]; then kill -KILL "$watcher" 2>/dev/null || :; fi
}

# `watch WORD...`, and waits until it says what it looks at.
watch() {
    ticks_go_by
    "$BUILD/bin/itrack" watch "$@" >watch.out 2>watch.err 3>&- 7>&- &
    watcher=$!
    wait_until grep -q watching watch.err
}

# Its status in `status`.
stop_watch() {
    kill -"${1:-TERM}" "$watcher"
    status=0
    wait "$watcher" || status=$?
    watcher=
}

lines_are() {
    [ -e "$1" ] && [ "$(wc -l <"$1")" -eq "$2" ]
}

tracked_are() {
    [ -e "$index" ] && [ "$(wc -l <"$index")" -eq "$1" ] &&
        [ -z "$(ls "$journals")" ]
}

# `write DIR [WORD...]`: a whole run in a moment.
write() {
    local to=$1
    shift
    "$write_run" --quiet --from "$from" --to "$to" "$@" >/dev/null 3>&- 7>&-
}

@test "a run that appears in a folder is followed to its end, and the next one" {
    watch "$runs"
    grep -q "^itrack: watching $runs: no run directory is there yet$" watch.err
    start_gated "$write_run" --from "$from" --to "$runs/a" --gate gate
    turn 4
    wait_until lines_are "$runs/a/records.jsonl" 3
    wait_until has_step "$local/metrics.json" 3
    turn 2
    wait_until has_step "$local/metrics.json" 5
    [ ! -e "$local/final_state.json" ]
    finish
    wait_until tracked_are 1
    python3 "$check_local" --child "$runs/a" "$local"
    write "$runs/deep/er/b"
    wait_until tracked_are 2
    python3 "$check_local" --import "$runs/deep/er/b" \
        "$runs/deep/er/tracking/insidellms/$id"
    stop_watch
    [ "$status" -eq 0 ]
    [ "$(grep -Ec "^itrack: run [ab]-.{4} finished" watch.err)" -eq 2 ]
    [ ! -s watch.out ]
}

@test "what was finished before is left alone until it changes, and said" {
    cp -r "$from" "$runs/old"
    cp -r "$fixtures/run_errors/run" "$runs/older"
    touch -d "3 days ago" "$runs/older"/* "$runs/older/.insidellms_run"
    watch "$runs"
    grep -q "2 run directories are there, of which 2 are left alone" watch.err
    write "$runs/new"
    wait_until tracked_are 1
    grep -q '"run_dir":"'"$runs/new"'"' "$index"
    write "$runs/old" --overwrite
    wait_until tracked_are 2
    stop_watch INT
    [ "$status" -eq 0 ]
    watch --since 1d "$runs"
    stop_watch
    tracked_are 2
    watch --since "$(date -d "4 days ago" +%Y-%m-%dT%H:%M)" "$runs"
    wait_until tracked_are 3
    stop_watch
    run -125 itrack watch --since 7 "$runs"
    [[ $output == *"neither a duration"* ]]
}

@test "a run that is copied here, and one that goes on behind its manifest" {
    local manifest first rest
    manifest=$(cat "$from/manifest.json")
    first=$(head -n 3 "$from/records.jsonl")
    rest=$(tail -n +4 "$from/records.jsonl")
    watch "$runs"
    mkdir "$runs/a"
    # By the shell itself: two quiet seconds in between would be an end.
    echo "$manifest" >"$runs/a/manifest.json"
    echo "$first" >"$runs/a/records.jsonl"
    echo "$rest" >>"$runs/a/records.jsonl"
    wait_until tracked_are 1
    python3 "$check_local" --import "$runs/a" "$local"
    head -n 1 "$from/records.jsonl" >>"$runs/a/records.jsonl"
    wait_until has_step "$local-2/metrics.json" 13
    [ ! -e "$local-2/final_state.json" ]
    tail -n 1 "$from/records.jsonl" >>"$runs/a/records.jsonl"
    wait_until has_step "$local-2/metrics.json" 14
    sed 's/"record_count": 12/"record_count": 14/' "$from/manifest.json" \
        >"$runs/a/new"
    mv "$runs/a/new" "$runs/a/manifest.json"
    wait_until tracked_are 2
    stop_watch
    [ "$(ls "$tracking")" = "$id"$'\n'"$id-2" ]
}

@test "a directory that is not there yet, goes, and comes back" {
    watch "$runs/later" "$PWD/run"
    grep -q "watching $runs/later, which is not there yet" watch.err
    write "$runs/later/a"
    write "$PWD/run"
    wait_until tracked_are 2
    mv "$runs/later" "$runs/away"
    write "$runs/later/b"
    wait_until tracked_are 3
    rm -rf "$runs/later" "$PWD/run"
    mv "$runs/away" "$runs/later"
    write "$runs/later/c"
    write "$PWD/run"
    wait_until grep -q later/c "$index"
    kill -0 "$watcher"
    stop_watch
    [ "$status" -eq 0 ]
    # What came back was tracked before.
    [ "$(grep -c later/a "$index")" -eq 1 ]
    [ "$(grep -cF "\"run_dir\":\"$PWD/run\"" "$index")" -eq 1 ]
}

@test "a run in a directory that is removed while it goes on" {
    watch "$runs"
    start_gated "$write_run" --from "$from" --to "$runs/a" --gate gate
    turn 4
    wait_until has_step "$local/metrics.json" 3
    rm -rf "$runs/a"
    wait_until tracked_are 1
    grep -q '"status": "failed"' "$local/final_state.json"
    finish
    stop_watch
    [ "$status" -eq 0 ]
}

@test "a stop leaves a run without an end, and the next watch goes on with it" {
    watch "$runs"
    start_gated "$write_run" --from "$from" --to "$runs/a" --gate gate
    turn 4
    wait_until has_step "$local/metrics.json" 3
    turn 1
    wait_until lines_are "$runs/a/records.jsonl" 4
    stop_watch
    [ "$status" -eq 0 ]
    [ ! -e "$local/final_state.json" ]
    watch "$runs"
    turn 2
    wait_until has_step "$local/metrics.json" 6
    finish
    wait_until tracked_are 1
    [ "$(ls "$tracking")" = "$id" ]
    python3 "$check_local" --child "$runs/a" "$local"
    stop_watch
}

@test "a stop finishes what is complete" {
    watch "$runs"
    write "$runs/a"
    write "$runs/new/b"
    stop_watch
    [ "$status" -eq 0 ]
    tracked_are 2
    python3 "$check_local" --import "$runs/a" "$local"
}

@test "wrapped runs in a watched folder are tracked once" {
    watch "$runs"
    for i in 1 2 3 4 5 6; do
        wrap -q "$write_run" --quiet --from "$from" --to "$runs/$i" \
            >/dev/null 3>&- 7>&- &
        jobs[i]=$!
    done
    wait "${jobs[@]}"
    write "$runs/last"
    wait_until tracked_are 7
    stop_watch
    [ "$(grep -o '"run_dir":"[^"]*"' "$index" | sort -u | wc -l)" -eq 7 ]
    [ "$(ls "$tracking" | wc -l)" -eq 7 ]
}

@test "a run with which watch has begun is left to it by a worker that comes late" {
    watch "$runs"
    start_gated "$BUILD/bin/itrack-wrap" "$write_run" --from "$from" \
        --to "$runs/a" --gate gate
    wait_until pgrep -P "$job" write_run
    kill -STOP "$job"
    turn 4
    wait_until has_step "$local/metrics.json" 3
    kill -CONT "$job"
    finish
    [ "$status" -eq 0 ]
    wait_until tracked_are 1
    stop_watch
    python3 "$check_local" --child "$runs/a" "$local"
    [ "$(ls "$tracking")" = "$id" ]
}

@test "a server that is down: tried again, and nothing is tracked twice" {
    watch --track mlflow --mlflow-uri http://127.0.0.1:1 --drain 1 "$runs"
    write "$runs/a"
    wait_until grep -q "pending" watch.err
    stop_watch
    [ "$status" -eq 0 ]
    [ "$(ls "$journals" | wc -l)" -eq 1 ]
    itrack sync -q --mlflow-uri "$PWD/mlruns"
    tracked_are 1
}

@test "import --follow is no more, and says what is" {
    run -125 itrack import --follow "$runs"
    [[ $output == *"does not take --follow"*"itrack watch"* ]]
}

@test "among many finished runs a change costs little, and all are seen" {
    mkdir "$runs/many"
    for i in {1..2000}; do
        mkdir "$runs/many/$i"
        : >"$runs/many/$i/.insidellms_run"
    done
    watch "$runs"
    wait_until grep -q "2000 run directories are there, of which 2000 are left" watch.err
    write "$runs/many/new"
    write "$runs/many/7" --overwrite
    wait_until tracked_are 2
    stop_watch
    [ "$status" -eq 0 ]
}
