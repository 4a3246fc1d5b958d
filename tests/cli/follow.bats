#!/usr/bin/env bats
# Following a run directory while it is written: what a watcher can trip over.

load runs

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
}

teardown() {
    show_last
    exec 7>&-
}

# The writer under itrack-wrap, a turn at a time.
start() {
    start_gated "$BUILD/bin/itrack-wrap" "${wrap_options[@]}" "$write_run" \
        --gate "$BATS_TEST_TMPDIR/gate" --from "$from" --to "$to" "$@"
}

# All there, and nothing more than that.
complete() {
    [ "$status" -eq 0 ]
    cat err
    python3 "$check_local" "$@" "$to" "$local"
    [ "$(ls "$tracking")" = "$id" ]
}

@test "points appear while the run goes on, as valid JSON" {
    start
    turn 2
    for n in 1 2 3 4 5 6; do
        wait_until has_step "$local/metrics.json" $n
        is_json "$local/metrics.json"
        is_json "$local/metadata.json"
        is_json "$local/params.json"
        [ ! -e "$local/final_state.json" ]
        turn
    done
    finish
    complete
}

@test "metrics.json is valid at every instant of a fast run" {
    start --copies 400
    run_free
    looks=0
    while kill -0 "$job" 2>/dev/null; do
        if [ -e "$local/metrics.json" ]; then
            is_json "$local/metrics.json"
            looks=$((looks + 1))
        fi
    done
    finish
    complete --last-points
}

@test "a half-visible record counts when its newline is there" {
    start --split --big 3000000
    turn 2
    wait_until test -s "$to/records.jsonl"
    turn 1
    wait_until has_step "$local/metrics.json" 1
    run ! has_step "$local/metrics.json" 2
    finish
    complete
}

@test "lines of 12 MB, of 40 MB" {
    for bytes in 12000000 40000000; do
        start --big $bytes
        finish
        complete
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "the last lines are written just before the exit" {
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        run ! wrap -q "$write_run" --from "$from" --to "$to" --copies 20 \
            --stop-after 239 3>&-
        python3 "$check_local" --status failed "$to" "$local"
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "a directory that appears late and deep" {
    to=$runs/a/b/c/d/e/$f
    tracking=$runs/a/b/c/d/e/tracking/insidellms local=$tracking/$id
    start
    turn
    finish
    complete
}

@test "a directory under a symlink, with .., under its other name" {
    mkdir real
    ln -s ../real "$runs/link"
    to=$runs/link/../link/x
    start
    finish
    [ "$status" -eq 0 ]
    python3 "$check_local" "$to" "$runs/link/../link/tracking/insidellms/$id"
}

@test "hostile names: blanks, newline, UTF-8, escape sequence, leading dash" {
    for name in "a b" $'new\nline' "ümlaut β" $'\e[31mred' "-dash" "%s" \
        '$(x)' "a'b\"c\\"; do
        to=$runs/$name/$name
        tracking=$runs/$name/tracking/insidellms local=$tracking/$id
        start
        finish
        complete
        run ! grep -q $'\e' err
    done
}

@test "a name that is not UTF-8" {
    to=$runs/$'bad\xff'
    start
    finish
    [ "$status" -eq 0 ]
    is_json "$local/params.json"
    [ "$(field "$local/final_state.json" 'd["total_steps"]')" -eq 12 ]
}

@test "resume: truncated and written again in place, then appended" {
    from=$fixtures/run_errors/run to=$runs/run_errors
    id=$(run_id run_errors) local=$tracking/$(run_id run_errors)
    "$write_run" --from "$from" --to "$to" --stop-after 5 --torn 700 \
        --die-by 2 || [ $? -eq 130 ]
    cp "$from/manifest.json" "$to/"
    start --mode resume
    turn
    wait_until test ! -s "$to/records.jsonl"
    turn
    wait_until has_step "$local/metrics.json" 5
    turn
    wait_until has_step "$local/metrics.json" 6
    [ ! -e "$local/final_state.json" ]
    finish
    complete
}

@test "overwrite: the old content is no news, the new inode is found" {
    cp -r "$fixtures/run_errors/run" "$to"
    start --overwrite
    turn 3
    wait_until has_step "$local/metrics.json" 2
    finish
    complete
}

@test "overwrite that fails early: the old manifest is not this run's" {
    cp -r "$fixtures/$f/run" "$to"
    start --overwrite --stop-after 2
    finish
    [ "$status" -eq 1 ]
    python3 "$check_local" --status failed "$to" "$local"
}

@test "the directory is removed in the middle" {
    start
    turn 5
    wait_until has_step "$local/metrics.json" 4
    rm -r "$to"
    mkdir "$to"
    finish
    [ "$status" -eq 0 ]
    is_json "$local/metrics.json"
    is_json "$local/final_state.json"
    run ! has_step "$local/metrics.json" 13
}

@test "records are replaced by a rename in the middle" {
    start
    turn 5
    wait_until has_step "$local/metrics.json" 4
    cp "$to/records.jsonl" "$to/records.new"
    sed -n 5p "$from/records.jsonl" >>"$to/records.new"
    mv "$to/records.new" "$to/records.jsonl"
    wait_until has_step "$local/metrics.json" 5
    finish
    [ "$status" -eq 0 ]
    is_json "$local/metrics.json"
    python3 - "$local/metrics.json" <<'END'
import json, sys
points = json.load(open(sys.argv[1]))
# Behind the values of the last seconds stand those of the whole run.
seen, twice = set(), {(points[-1]["step"], "observed/" + name)
                      for name in ("records_per_second", "latency_ms")}
for point in points:
    for key in point["metrics"]:
        place = point["step"], key
        # A sample of the machine has the step of the last record.
        assert place not in seen or place in twice or key.startswith("system/"), place
        seen.add(place)
END
}

@test "FIFO, socket, device, directory in the place of a file" {
    for kind in fifo socket device directory; do
        for file in manifest.json records.jsonl summary.json; do
            start
            turn 3
            wait_until has_step "$local/metrics.json" 2
            rm -f "$to/$file"
            case $kind in
            fifo) mkfifo "$to/$file" ;;
            socket) python3 -c 'import socket, sys
socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$to/$file" ;;
            device) ln -s /dev/zero "$to/$file" ;;
            directory) mkdir "$to/$file" ;;
            esac
            echo "# $kind $file"
            run_free
            wait_until bash -c '! kill -0 '"$job"
            finish
            # Records that can't be read to their end have no end.
            if [ "$file" = records.jsonl ]; then
                [ ! -e "$local/final_state.json" ]
                grep "not read to its end" err
                grep "^itrack: records.jsonl: not a regular file$" err
            else
                is_json "$local/final_state.json"
            fi
            is_json "$local/metrics.json"
            rm -r "$runs" "$XDG_STATE_HOME" && mkdir "$runs"
        done
    done
}

@test "a symlink out of the run directory is not followed" {
    echo secret >secret
    start
    turn 3
    wait_until lines_are "$to/records.jsonl" 2
    ln -s "$PWD/secret" "$to/summary.json"
    finish
    [ ! -e "$local/artifacts/summary.json" ] ||
        run ! grep -rq secret "$local/artifacts"
}

@test "an unreadable record file: said, the command unaffected" {
    [ "$(id -u)" -ne 0 ] || skip "root reads everything"
    start
    turn 3
    chmod 000 "$to/records.jsonl"
    finish
    [ "$status" -eq 0 ]
    grep -q records.jsonl err
}

@test "more events than inotify's queue holds" {
    limit=$(cat /proc/sys/fs/inotify/max_queued_events)
    [ "$limit" -le 20000 ] || skip "a queue of $limit events"
    start --copies 2500 --split
    run_free
    finish
    complete --last-points
}

@test "--points thins, --points all does not" {
    for points in 2 16 all; do
        wrap -q --points $points "$write_run" --from "$from" --to "$to" \
            --copies 10 3>&-
        python3 "$check_local" --points $points "$to" "$local"
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "a run that starts long after the command" {
    mkfifo start
    wrap -q sh -c 'read -r _ <start; exec "$@"' - "$write_run" \
        --from "$from" --to "$to" >/dev/null 3>&- &
    job=$!
    # The worker is started after 100 ms if no message came.
    wait_until pgrep -P $job
    sleep 0.3
    let_go start
    wait $job
    python3 "$check_local" "$to" "$local"
}
