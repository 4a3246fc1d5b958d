#!/usr/bin/env bats
# System metrics of the command and of what it starts.

load runs

# shellcheck disable=SC2154 # of runs.bash

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
}

# of_journal PYTHON...: runs it with `samples`, the entries of system metrics in
# the journal of a run that was recorded only or is still written.
of_journal() {
    python3 - "$1" "$XDG_STATE_HOME"/itrack/runs/*/journal.jsonl <<'EOF'
import json, sys
samples = []
for line in open(sys.argv[2]):
    e = json.loads(line) if line.endswith("\n") else {}
    if e.get("sample"):
        samples.append(e)
exec(sys.argv[1])
EOF
}

sampled_up_to() {
    of_journal "assert samples[-1]['sample'] >= $1"
}

@test "a short command: one sample of all its time" {
    # However long it takes here, no sample is due before its end.
    wrap --record-only --system-metrics=3600 sh -c 'exec "$@"' - python3 -c '
import os, sys
x = b"x" * 100_000_000
for i in range(3_000_000): pass
os.execv(sys.argv[1], sys.argv[1:])' "$write_run" --from "$from" \
        --to "$runs/x" 3>&-
    of_journal '
e, = samples
assert e["entry"] == "metrics" and e["sample"] == 1 and e["step"] == 12
m = e["metrics"]
assert 0 < m["system/cpu_utilization_percentage"] <= 100, m
assert m["system/system_memory_usage_megabytes"] > 100, m
assert 0 < m["system/system_memory_usage_percentage"] < 100, m
assert m["system/disk_read_megabytes"] >= 0
assert m["system/disk_written_megabytes"] >= 0'
    itrack sync
    python3 "$check_local" "$runs/x" "$tracking/$id"
    grep -c system/cpu "$tracking/$id/metrics.json"
    # Nobody has to ask for them.
    wrap "$write_run" --from "$from" --to "$runs/y" 3>&-
    grep -q system/cpu "$tracking/$id-2/metrics.json"
}

@test "no, and not in an import" {
    wrap --system-metrics=no "$write_run" --from "$from" --to "$runs/x" 3>&-
    ITRACK_SYSTEM_METRICS=off wrap "$write_run" --from "$from" \
        --to "$runs/y" 3>&-
    itrack import --again --local-dir again "$runs/x"
    run ! grep -r system/ "$tracking" again
    [ "$(ls "$tracking")" = "$id
$id-2" ]
    run -125 wrap --system-metrics=often true
    [[ $output == *"--system-metrics is \"often\", not seconds"* ]]
    run -125 wrap --system-metrics=0.01 true
}

@test "a command without a run has none, and no process is left" {
    run -0 --separate-stderr wrap --system-metrics 0.1 true 3>&-
    [ ! -e "$XDG_STATE_HOME/itrack/runs" ] ||
        [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "samples while the run is written, of what the command has started" {
    mkfifo end
    start_gated wrap --record-only --system-metrics=0.1 sh -c '
        python3 -c "x = b\"x\" * 90_000_000; input()" <end &
        "$@"; wait' - "$write_run" --gate gate \
        --from "$from" --to "$runs/x"
    exec 6<>end
    turn 3
    wait_until of_journal '
assert samples[-1]["metrics"]["system/system_memory_usage_megabytes"] > 90'
    sampled_up_to 1
    last=$(of_journal 'print(samples[-1]["sample"])')
    wait_until sampled_up_to $((last + 2))
    echo >&6
    finish
    exec 6>&-
    [ "$status" -eq 0 ]
    of_journal '
numbers = [e["sample"] for e in samples]
assert numbers == list(range(1, len(samples) + 1)), numbers
steps = [e["step"] for e in samples]
assert steps == sorted(steps), steps
times = [e["time_us"] for e in samples]
assert times == sorted(times)'
    itrack sync
    [ -e "$tracking/$id/final_state.json" ]
}

@test "a worker that is killed: no record is lost or twice, samples count on" {
    start_gated "$BUILD/bin/itrack-wrap" --record-only --system-metrics=0.1 \
        "$write_run" --gate gate --from "$from" --to "$runs/x"
    turn 5
    wait_until sampled_up_to 2
    kill -9 "$(pgrep -x itrack-worker -P "$job")"
    finish
    [ "$status" -eq 0 ]
    of_journal '
numbers = [e["sample"] for e in samples]
assert numbers == list(range(1, len(samples) + 1)), numbers'
    itrack sync
    python3 "$check_local" --child "$runs/x" "$tracking/$id"
}

# fake_gpu: a library in NVIDIA's place.
fake_gpu() {
    cc -shared -fPIC -o libnvidia-ml.so.1 "$top/tests/cli/nvml.c" ||
        skip "no C compiler"
    export ITRACK_NVML=$PWD/libnvidia-ml.so.1
}

# None of this test's processes asks the GPUs; those of other tests may.
none_asks() {
    local pid
    for pid in $(pgrep -x itrack-gpu); do
        ! grep -qszFx "XDG_STATE_HOME=$XDG_STATE_HOME" "/proc/$pid/environ" || return 1
    done
}

has_gpu() {
    of_journal 'assert any("system/gpu_1_memory_usage_megabytes" in
        e["metrics"] for e in samples)'
}

@test "GPUs: each by its number, in the sample that asked" {
    fake_gpu
    start_gated wrap --record-only --system-metrics=0.1 "$write_run" \
        --gate gate --from "$from" --to "$runs/x"
    turn 3
    wait_until has_gpu
    finish
    of_journal '
gpus = [e for e in samples if "system/gpu_0_utilization_percentage" in e["metrics"]]
assert gpus[0]["metrics"] == {
    "system/gpu_0_utilization_percentage": 40,
    "system/gpu_0_memory_usage_megabytes": 20000,
    "system/gpu_0_memory_usage_percentage": 25,
    "system/gpu_0_power_usage_watts": 71.5,
    "system/gpu_1_utilization_percentage": 41,
    "system/gpu_1_memory_usage_megabytes": 20000.000001,
    "system/gpu_1_memory_usage_percentage": 25.00000000125,
    "system/gpu_1_power_usage_watts": 71.5}, gpus[0]
assert any("system/cpu_utilization_percentage" in e["metrics"] for e in samples
           if e["sample"] == gpus[0]["sample"])'
}

@test "a GPU without a sensor, no GPU, no driver, one that never answers" {
    fake_gpu
    for ITRACK_NVML_FAKE in partly none fail hang; do
        export ITRACK_NVML_FAKE
        rm -rf "$runs/x" "$XDG_STATE_HOME"
        start_gated wrap --record-only --system-metrics=0.1 "$write_run" \
            --gate gate --from "$from" --to "$runs/x"
        turn 3
        wait_until sampled_up_to 3
        # Who looks for it can find it.
        [ $ITRACK_NVML_FAKE != hang ] || run ! none_asks
        [ $ITRACK_NVML_FAKE != partly ] || wait_until has_gpu
        finish
        [ "$status" -eq 0 ]
        of_journal "
names = {n for e in samples for n in e['metrics'] if '_1_' in n}
assert names == ({'system/gpu_1_memory_usage_megabytes',
                  'system/gpu_1_memory_usage_percentage'}
                 if '$ITRACK_NVML_FAKE' == 'partly' else set()), names"
    done
    wait_until none_asks
}

@test "without /proc: said once, and nothing more" {
    unshare -rm true 2>/dev/null || skip "no mount namespaces"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer needs /proc"
    mkfifo gate
    unshare -rm sh -c 'mount -t tmpfs none /proc && "$@"' - \
        "$BUILD/bin/itrack-wrap" --system-metrics=0.1 --track local \
        "$write_run" --gate gate --from "$from" --to "$runs/x" \
        >out 2>err 3>&- &
    job=$!
    open_gate 7 gate "$job"
    turn 3
    wait_until has_step "$tracking/$id/metrics.json" 2
    # Longer than an interval: a line that comes each time came twice.
    for i in 1 2 3 4 5; do read -rt 0.1 <> <(:) || :; done
    finish
    cat err
    [ "$status" -eq 0 ]
    [ "$(grep -c "no system metrics" err)" -eq 1 ]
}
