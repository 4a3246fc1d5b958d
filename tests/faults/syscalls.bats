#!/usr/bin/env bats
# Every system call fails once: no run is lost, doubled or wrong (syscalls.py).

bats_require_minimum_version 1.5.0

load ../cli/runs

# failing [option]...
failing() {
    cc --version >/dev/null 2>&1 || skip "no compiler"
    [ "$(uname -m)" = x86_64 ] || skip "registers are known of x86-64 alone"
    if readelf -d "$BUILD/bin/itrack" | grep -q 'NEEDED.*lib[a-z]*san'; then
        skip "a sanitizer has calls of its own"
    fi
    ulimit -c 0
    run env TMPDIR="$BATS_TEST_TMPDIR" \
        python3 "$BATS_TEST_DIRNAME/syscalls.py" "$@" 3>&-
    echo "$output"
    [ "$status" -eq 0 ]
    echo "# ${lines[-1]#\# }" >&3
}

# whole_or_sample N [option]...
whole_or_sample() {
    local sample=$1
    shift
    if [ -n "${ITRACK_TORTURE:-}" ]; then
        failing "$@"
    else
        failing "$@" --sample "$sample"
    fi
}

@test "calls whose failure was not borne well once" {
    failing --cases "$BATS_TEST_DIRNAME/syscalls.cases"
}

@test "each call of an import and a sync fails once" {
    whole_or_sample 30 --way import --way sync
}

@test "each call of an import of what is tracked already fails once" {
    whole_or_sample 30 --way again --way known
}

@test "each call of a tracked command fails once" {
    whole_or_sample 12 --way wrap
}

@test "each call of a delivery to the other trackers fails once" {
    sample=6
    [ -z "${ITRACK_TORTURE:-}" ] || sample=400
    for tracker in tensorboard mlflow wandb wandb-server; do
        failing --way import --way sync --tracker "$tracker" \
            --sample "$sample"
    done
}

@test "each call of a delivery to a server of MLflow fails once" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "the long form has it"
    venv=$("$BATS_TEST_DIRNAME/../../scripts/test-venv" mlflow) || skip "no mlflow package"
    failing --way import --way sync --way wrap --tracker mlflow-server \
        --venv "$venv" --sample 400
}

@test "an experiment that can't be read in a file store is not made again" {
    use_clean_home
    [ "$(uname -m)" = x86_64 ] || skip "registers are known of x86-64 alone"
    cc -D_GNU_SOURCE -std=c11 -O1 -o fail_call \
        "$BATS_TEST_DIRNAME/fail_call.c" || skip "no compiler"
    to=(--track mlflow --mlflow-uri "file:$PWD/m")
    cp -r "$fixtures/run_errors/run" "$runs/x"
    itrack import -q "${to[@]}" "$runs/x"
    for n in 1 2 3; do
        status=0
        ./fail_call -o log -p itrack -c openat -w "$PWD/m/" -n "$n" -e 5 \
            "$BUILD/bin/itrack" import -q --again "${to[@]}" "$runs/x" ||
            status=$?
        grep ^failed log
        [ "$status" -eq 1 ]
        itrack sync -q
        [ "$(grep -l insidellms m/*/meta.yaml | wc -l)" -eq 1 ]
    done
}

@test "a model's version that can't be looked at is not registered again" {
    [ "$(uname -m)" = x86_64 ] || skip "registers are known of x86-64 alone"
    cc -D_GNU_SOURCE -std=c11 -O1 -o "$BATS_TEST_TMPDIR/fail_call" \
        "$BATS_TEST_DIRNAME/fail_call.c" || skip "no compiler"
    cd "$BATS_TEST_TMPDIR"
    cat >entries <<'END'
{"entry":"start","time_us":1,"version":1,"attempt":"20261123T130842Z-000000000001","source":"library","run_dir":"/none/x","project":"p","prefix":"","no_run":true,"tags":[],"targets":[],"host":"h","boot_id":"b","pid":1,"pid_start":1,"artifacts":"all","points":512}
{"entry":"register","time_us":2,"uri":"s3://bucket/model","name":"classifier","id":"0123456789ab"}
{"entry":"end","time_us":3,"status":"finished","last_step":0}
END
    deliver=("$BUILD/tests/drivers/deliver" state entries mlflow
        "mlflow-uri=$PWD/m")
    "${deliver[@]}"
    failed=0
    for call in openat newfstatat getdents64; do
        for n in 1 2 3; do
            rm -r state
            ./fail_call -o log -p deliver -c "$call" -w models/classifier \
                -n "$n" -e 5 "${deliver[@]}" || failed=$((failed + 1))
            [ "$(ls -d m/models/classifier/version-* | wc -l)" -eq 1 ]
        done
    done
    [ "$failed" -ge 5 ]
    rm -r state
    "${deliver[@]}"
    [ "$(ls -d m/models/classifier/version-* | wc -l)" -eq 1 ]
}
