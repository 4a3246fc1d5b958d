#!/usr/bin/env bats
# What must not grow: memory with the records, descriptors and memory with the
# runs of one command. The long forms are part of `make torture`.

load runs

PEAK_KIB=16384

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
}

long_or() {
    if [ -n "${ITRACK_TORTURE:-}" ]; then
        echo "$1"
    else
        echo "$2"
    fi
}

sanitized() {
    grep -q __asan_init "$BUILD/bin/itrack"
}

# The worker below the launcher $job.
holds_at_most() {
    [ "$(ls "/proc/$worker/fd" | wc -l)" -le "$1" ]
}

peak_kib() {
    sed -n 's/^VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

@test "itrack show: memory is independent of the records" {
    ! sanitized || skip "a sanitizer's memory is its own"
    # 18 kB a copy.
    "$write_run" --from "$from" --to "$to" --copies "$(long_or 56000 6000)" \
        >/dev/null
    python3 - "$BUILD/bin/itrack" "$to" $PEAK_KIB <<'END'
import resource, subprocess, sys
subprocess.run([sys.argv[1], "show", sys.argv[2]], check=True)
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print("#", peak, "KiB")
assert peak <= int(sys.argv[3]), peak
END
}

# A run has begun, and strace can be attached to its `worker`.
begin_for_strace() {
    strace -o /dev/null true 2>/dev/null || skip "no strace here"
    start_gated "$BUILD/bin/itrack-wrap" -q "$write_run" --gate gate \
        --from "$from" --to "$to"
    turn 4
    wait_until has_step "$tracking/$id/metrics.json" 1
    wait_until worker_of_job
}

@test "live: what changes without a pause in a run directory holds nothing up" {
    begin_for_strace
    # Each read of the worker changes the trace, which lies where it watches.
    strace -q -o "$to/trace" -e trace=read -p "$worker" 3>&- 7>&- &
    wait_until [ -s "$to/trace" ]
    finish
    [ "$status" -eq 0 ]
    grep -q '"finished"' "$tracking/$id/final_state.json"
}

@test "live: a file that grows while it is kept is kept as far as it went" {
    begin_for_strace
    # Each call that copies the report makes it longer.
    strace -q -o "$to/report.html" -e trace=copy_file_range -p "$worker" \
        3>&- 7>&- &
    wait_until grep -q "^TracerPid:.*[1-9]" "/proc/$worker/status"
    finish
    [ "$status" -eq 0 ]
    grep -q copy_file_range "$to/report.html"
    grep -q '"finished"' "$tracking/$id/final_state.json"
}

@test "live: memory is independent of the records" {
    ! sanitized || skip "a sanitizer's memory is its own"
    copies=$(long_or 56000 3000)
    start_gated "$BUILD/bin/itrack-wrap" -q "$write_run" --gate gate \
        --from "$from" --to "$to" --copies "$copies"
    yes '' | head -n $((copies * 12 + 1)) >&7
    wait_until worker_of_job
    wait_until has_step "$tracking/$id/metrics.json" $((copies * 12 / 4096 * 4096))
    peak=$(peak_kib "$worker")
    echo "# $peak KiB"
    [ "$peak" -le $PEAK_KIB ]
    finish
    python3 "$check_local" --last-points "$to" "$tracking/$id"
}

# Has the command written run N, and are all but 20 of its runs put away?
keeps_up() {
    [ -e "$runs/r$1/manifest.json" ] &&
        [ "$(ls "$XDG_STATE_HOME/itrack/runs" | wc -l)" -le 20 ]
}

# Runs FIRST to LAST, no faster than a slow disk lets the worker put them away:
# how many overlap is no matter of the machine.
write_runs() {
    local n
    for ((n = $1; n <= $2; n++)); do
        echo "$n" >&7
        [ $((n % 10)) -ne 0 ] || wait_until keeps_up "$n"
    done
    wait_until keeps_up "$2"
}

@test "many runs in one command: descriptors and memory don't grow" {
    count=$(long_or 1000 60)
    mkfifo "$BATS_TEST_TMPDIR/gate"
    "$BUILD/bin/itrack-wrap" -q --drain 1200 \
        sh -c 'while read -r n <&5; do
        "$0" --from "$1" --to "$2/r$n" >/dev/null; done 5<"$3"' \
        "$write_run" "$from" "$runs" "$PWD/gate" 3>&- &
    job=$!
    open_gate 7 "$BATS_TEST_TMPDIR/gate" "$job"
    # What a run leaves behind shows between half of them and all: the first
    # ones only fill the allocator's pools.
    half=$((count / 2))
    write_runs 1 $half
    worker_of_job
    early=$(ls "/proc/$worker/fd" | wc -l)
    early_kib=$(peak_kib "$worker")
    write_runs $((half + 1)) "$count"
    # Those of the last runs are given back in a moment.
    wait_until holds_at_most $((early + 4))
    late_kib=$(peak_kib "$worker")
    echo "# descriptors $early, KiB $early_kib $late_kib"
    exec 7>&-
    wait $job
    # The report has a few lines for each. In the short form the runs that
    # happen to overlap weigh more than what 30 could leave behind: there only
    # the budget is looked at.
    if [ "$count" -ge 1000 ]; then
        [ "$late_kib" -le $((early_kib + 2048 + 2 * count)) ] || sanitized
    fi
    [ "$late_kib" -le $PEAK_KIB ] || sanitized
    [ "$(ls "$tracking" | wc -l)" -eq "$count" ]
}

tracked_are() {
    [ "$(ls "$tracking"/*/final_state.json | wc -l)" -eq "$1" ]
}

# `counted_runs`: in the place of this shell a command that writes a run, then
# as many as a line of the FIFO gate says, and ends when there is another line.
counted_runs() {
    exec "$BUILD/bin/itrack-wrap" -q --drain 1200 sh -c '
        "$0" --from "$1" --to "$2/r0" >/dev/null
        read -r n <"$3"
        while [ "$n" -gt 0 ]; do
            "$0" --from "$1" --to "$2/r$n" >/dev/null
            n=$((n - 1))
        done
        read -r n <"$3"' "$write_run" "$from" "$runs" "$PWD/gate"
}

@test "more runs than descriptors while the worker hears nothing" {
    count=$(long_or 1000 120)
    mkfifo gate
    (
        ulimit -n 64
        counted_runs
    ) 3>&- &
    job=$!
    wait_until tracked_are 1
    worker_of_job
    kill -STOP "$worker"
    let_go gate "$count"
    for ((n = count; n > 100; n -= 100)); do
        wait_until test -e "$runs/r$n/manifest.json"
    done
    wait_until test -e "$runs/r1/manifest.json"
    kill -CONT "$worker"
    let_go gate
    wait $job
    [ "$(ls "$tracking" | wc -l)" -eq $((count + 1)) ]
    tracked_are $((count + 1))
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    for n in 1 $count; do
        one=$(dirname "$(grep -l "/r$n\"" "$tracking"/*/params.json)")
        python3 "$check_local" --child "$runs/r$n" "$one"
    done
}

@test "runs that end together are put away together" {
    strace -o /dev/null true 2>/dev/null || skip "no strace here"
    no_leak_search
    count=40
    mkfifo gate
    (counted_runs) 3>&- &
    job=$!
    wait_until tracked_are 1
    worker_of_job
    kill -STOP "$worker"
    let_go gate $count
    wait_until test -e "$runs/r1/manifest.json"
    strace -q -y -o trace -e trace=fdatasync -p "$worker" 3>&- 7>&- &
    tracer=$!
    wait_until grep -q "^TracerPid:.*[1-9]" "/proc/$worker/status"
    kill -CONT "$worker"
    let_go gate
    wait $job
    wait $tracer
    tracked_are $((count + 1))
    [ "$(wc -l <"$XDG_STATE_HOME/itrack/index.jsonl")" -eq $((count + 1)) ]
    syncs=$(grep -c 'fdatasync(.*index.jsonl' trace)
    echo "# $syncs syncs of the index"
    [ "$syncs" -le $((count / 2)) ]
}

# `limited LIMIT REMARK`
limited() {
    with_none "$1" "$BUILD/bin/itrack-wrap" "$write_run" --from "$from" \
        --to "$to" --pace 150
    [[ $output == *"$2"*"looked every second instead"* ]]
    python3 "$check_local" "$to" "$tracking/$id"
}

@test "no inotify instance left: looked every second, and said" {
    limited max_inotify_instances "no inotify instance is left"
}

@test "no inotify watch left: looked every second, and said" {
    limited max_inotify_watches "no inotify watch is left"
}

@test "a run directory on another file system" {
    run unshare -Urm sh -c '
        mkdir -p "$1" && mount -t tmpfs tmpfs "$1" || exit 99
        shift
        "$@" && cp -a '"'$runs'"'/other/. '"'$runs'"'/copy' - "$runs/other" \
        "$BUILD/bin/itrack-wrap" "$write_run" --from "$from" \
        --to "$runs/other/$f"
    [ "$status" -ne 99 ] || skip "no mount namespace"
    [ "$status" -eq 0 ]
    [ -s "$runs/copy/tracking/insidellms/$id/final_state.json" ]
}
