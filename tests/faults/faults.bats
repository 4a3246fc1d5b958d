#!/usr/bin/env bats
# What goes wrong around a run that is not the trackers' own doing. The long
# form (ITRACK_TORTURE=1) has more of the same.

load ../cli/runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
    content=$BATS_TEST_DIRNAME/content.py
}

long_or() {
    if [ -n "${ITRACK_TORTURE:-}" ]; then echo "$1"; else echo "$2"; fi
}

# The worker's process ID.
worker_of() {
    pgrep -P "$1" -x itrack-worker
}

to_all_four() {
    wrap -q --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "file:$PWD/d/mlflow" "$@"
}

@test "the worker is stopped while the command runs, and goes on later" {
    start_gated "$BUILD/bin/itrack-wrap" -q "$write_run" --gate gate \
        --from "$from" --to "$to" --copies 50
    turn 5
    wait_until has_step "$local/metrics.json" 3
    worker=$(worker_of $job)
    kill -STOP "$worker"
    # More messages than the socket holds; the command never waits for us.
    run_free
    wait_until test -e "$to/manifest.json"
    began=$SECONDS
    long=${ITRACK_TORTURE:+60}
    while [ $((SECONDS - began)) -lt "${long:-1}" ]; do
        read -r -t 1 <> <(:) || :
    done
    kill -CONT "$worker"
    finish
    [ "$status" -eq 0 ]
    python3 "$check_local" --last-points "$to" "$local"
}

@test "a worker that stays stopped holds the exit for a bounded time" {
    start_gated "$BUILD/bin/itrack-wrap" --drain 1 "$write_run" --gate gate \
        --from "$from" --to "$to"
    turn 5
    wait_until has_step "$local/metrics.json" 3
    worker=$(worker_of $job)
    kill -STOP "$worker"
    SECONDS=0
    finish
    [ "$status" -eq 0 ]
    # The drain that was given, not that of others.
    [ "$SECONDS" -lt 25 ]
    # It finishes the job when it is let go, or what it left is delivered.
    kill -CONT "$worker" 2>/dev/null || :
    wait_until test ! -e "/proc/$worker"
    itrack sync
    python3 "$check_local" --child "$to" "$local"
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "two wrappers on one run directory: no loss, nothing mixed" {
    start_gated "$BUILD/bin/itrack-wrap" -q "$write_run" --gate gate \
        --from "$from" --to "$to"
    turn 5
    wait_until has_step "$local/metrics.json" 3
    # The second one only watches; the first goes on.
    wrap -q --run-dir "$to" --drain 1 sh -c 'exit 3' 7>&- 3>&- || second=$?
    [ "$second" -eq 3 ]
    finish
    [ "$status" -eq 0 ]
    itrack sync
    python3 "$check_local" "$to" "$local"
    for other in "$tracking"/*; do
        is_json "$other/metrics.json"
    done
    # Nested: the inner one tracks, once.
    wrap -q "$BUILD/bin/itrack-wrap" -q "$write_run" --from "$from" \
        --to "$runs/nested" 3>&-
    [ "$(grep -l "$runs/nested\"" "$tracking"/*/params.json | wc -l)" -eq 1 ]
}

@test "the same run ID in several places at once: a directory for each" {
    pids=
    for n in 1 2 3 4 5 6; do
        to_all_four --local-dir d/local "$write_run" --from "$from" \
            --to "$runs/place-$n" >/dev/null 3>&- &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid"; done
    [ "$(ls d/local/insidellms | wc -l)" -eq 6 ]
    [ "$(ls d/tensorboard/insidellms | wc -l)" -eq 6 ]
    [ "$(ls -d d/mlflow/[1-9]*/*/ | wc -l)" -eq 6 ]
    [ "$(ls -d d/wandb/wandb/offline-run-* | wc -l)" -eq 6 ]
    for one in "$PWD"/d/local/insidellms/*; do
        python3 "$check_local" "$(field "$one/params.json" 'd["run_dir"]')" \
            "$one"
    done
    [ "$(field_of_all | sort -u | wc -l)" -eq 6 ]
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

field_of_all() {
    cat d/local/insidellms/*/params.json | grep '"run_dir"'
}

@test "many commands at once: each whole, the index too" {
    count=${ITRACK_TORTURE:+200}
    count=${count:-50}
    pids=
    for ((n = 0; n < count; n++)); do
        wrap -q --local-dir d "$write_run" --from "$from" \
            --to "$runs/r$n" >/dev/null 2>>err 3>&- &
        pids="$pids $!"
    done
    for pid in $pids; do wait "$pid"; done
    cat err
    itrack sync
    [ "$(wc -l <"$XDG_STATE_HOME/itrack/index.jsonl")" -eq "$count" ]
    python3 -c 'import json, sys
rows = [json.loads(l) for l in open(sys.argv[1])]
assert len({r["run_dir"] for r in rows}) == len(rows)' \
        "$XDG_STATE_HOME/itrack/index.jsonl"
    [ "$(ls d/insidellms | wc -l)" -eq "$count" ]
    for one in "$PWD"/d/insidellms/*[0-9]0 "$PWD/d/insidellms/$id"; do
        python3 "$check_local" "$(field "$one/params.json" 'd["run_dir"]')" \
            "$one"
    done
    [ "$(cat d/insidellms/*/final_state.json | grep -c '"total_steps": 12')" \
        -eq "$count" ]
}

@test "the clock is set back while a run goes on" {
    if grep -q __asan_init "$BUILD/bin/itrack"; then
        skip "ASan wants to be the first of the preloaded"
    fi
    cc -shared -fPIC -o clock.so "$BATS_TEST_DIRNAME/clock_back.c" ||
        skip "no C compiler"
    "$BATS_TEST_DIRNAME/with_worker" "$PWD/tree" \
        LD_PRELOAD="$PWD/clock.so" CLOCK_BACK="$PWD/back"
    start_gated "$PWD/tree/bin/itrack-wrap" -q --track local,tensorboard,mlflow,wandb \
        --local-dir "$PWD/d/local" --tensorboard-dir "$PWD/d/tensorboard" \
        --wandb-mode offline --wandb-dir "$PWD/d/wandb" \
        --mlflow-uri "file:$PWD/d/mlflow" "$write_run" --gate gate \
        --from "$from" --to "$to"
    turn 6
    wait_until has_step "d/local/insidellms/$id/metrics.json" 4
    : >back
    turn 3
    wait_until has_step "d/local/insidellms/$id/metrics.json" 7
    rm back
    finish
    [ "$status" -eq 0 ]
    for t in local tensorboard mlflow wandb; do
        python3 "$content" $t d/$t >got.$t
    done
    [ "$(field "d/local/insidellms/$id/metrics.json" \
        'any(b["timestamp"] < a["timestamp"] for a, b in zip(d, d[1:]))')" = \
        True ]
    mv d with
    rm -r "$to"
    to_all_four "$write_run" --from "$from" --to "$to" 3>&-
    for t in local tensorboard mlflow wandb; do
        python3 "$content" $t d/$t | diff - got.$t
    done
}

@test "--strict: nothing is rejected of a run that takes its time" {
    start_gated to_all_four --strict --report report.json "$write_run" \
        --gate gate --from "$from" --to "$to"
    # Records that are seen one at a time, however busy the machine is.
    # The next one is let go when the one before is in the journal.
    turn 2
    for step in 1 2 3; do
        wait_until grep -rq "\"step\":$step," "$XDG_STATE_HOME/itrack/runs"
        turn
    done
    finish
    [ "$status" -eq 0 ]
    [ "$(jq '[.runs[0].trackers[].rejected] | add' report.json)" -eq 0 ]
    grep -q 'observed/latency_ms"' d/local/*/*/metrics.json
}

@test "--strict and several trackers: one that lacks something is enough" {
    mkdir d
    : >d/tensorboard
    status=0
    to_all_four --strict "$write_run" --from "$from" --to "$to" 3>&- ||
        status=$?
    [ "$status" -eq 123 ]
    rm d/tensorboard
    status=0
    to_all_four --strict "$write_run" --from "$from" --to "$to-2" 3>&- ||
        status=$?
    [ "$status" -eq 0 ]
    itrack sync
    [ "$(python3 "$content" tensorboard d/tensorboard | grep -c total_count)" \
        -eq 24 ]
}

# with_small_disks DIR... -- COMMAND...: a disk of 12 kB at each, in a mount
# namespace of its own.
with_small_disks() {
    local dirs=()
    while [ "$1" != -- ]; do
        mkdir -p "$1"
        dirs+=("$1")
        shift
    done
    shift
    unshare --map-root-user --mount true || return 99
    # shellcheck disable=SC2016
    unshare --map-root-user --mount bash -c '
        read -ra dirs <<<"$0"
        for dir in "${dirs[@]}"; do
            mount -t tmpfs -o size=12k none "$dir" 2>/dev/null || exit 99
        done
        "$@"' "${dirs[*]}" "$@"
}

@test "a full disk in each place, and in all of them: sync completes it" {
    to_all_four "$write_run" --from "$from" --to "$to" --copies 8 3>&-
    python3 "$content" --all d local tensorboard mlflow wandb >want
    for full in local tensorboard mlflow wandb "local tensorboard mlflow wandb"
    do
        rm -rf d got "$to" "$XDG_STATE_HOME"
        places=()
        for t in $full; do places+=("$PWD/d/$t"); done
        export BUILD write_run from to full
        run with_small_disks "${places[@]}" -- bash -c '
            "$BUILD/bin/itrack-wrap" --track local,tensorboard,mlflow,wandb \
                --local-dir d/local --tensorboard-dir d/tensorboard \
                --wandb-mode offline --wandb-dir "$PWD/d/wandb" \
                --mlflow-uri "file:$PWD/d/mlflow" --report report.json \
                "$write_run" --from "$from" --to "$to" --copies 8 || exit
            for t in $full; do mount -o remount,size=8M "d/$t"; done
            "$BUILD/bin/itrack" sync || exit
            cp -a d got' 3>&-
        [ "$status" -ne 99 ] || skip "no mount namespace"
        echo "$full: $output" | cut -c1-300
        [ "$status" -eq 0 ]
        # Those on a full disk, and no others, are not complete.
        [ "$(jq -r '.runs[0].trackers[] | select(.state != "complete") |
            .tracker' report.json | paste -sd' ')" = "$full" ]
        diff want <(python3 "$content" --all got local tensorboard mlflow wandb)
        [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    done
}
