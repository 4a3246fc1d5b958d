#!/usr/bin/env bats
# The OTLP tracker with the programs that teams run: a Collector, VictoriaMetrics,
# Prometheus, MLflow behind a Collector, Phoenix. scripts/test-receiver builds the
# first three
# in minutes: `make check` takes what is there, `make torture` builds.

load ../cli/runs
load otlp

# shellcheck disable=SC2154,SC2153 # of runs.bash and otlp.bash

# receiver NAME: its path, or nothing.
receiver() {
    if [ -n "$ITRACK_TORTURE" ]; then
        "$BATS_TEST_DIRNAME/../../scripts/test-receiver" "$1" || true
    else
        "$BATS_TEST_DIRNAME/../../scripts/test-receiver" --there "$1" || true
    fi
}

answers() {
    curl -s -o "$BATS_TEST_TMPDIR/answer" "$1"
}

setup_file() {
    export collector victoria prometheus venv rx=$BATS_FILE_TMPDIR/rx
    collector=$(receiver collector)
    victoria=$(receiver victoria-metrics)
    prometheus=$(receiver prometheus)
    venv=$(otlp_venv) || venv=
    mkdir -p "$rx"
}

setup() {
    use_clean_home
    otlp_clean
    export ITRACK_DRAIN=60
    pids=()
}

teardown() {
    show_last
    [ "${#pids[@]}" = 0 ] || kill "${pids[@]}" 2>/dev/null || true
}

# start_collector: what it gets stands in $rx/collected; its page has the metrics.
start_collector() {
    local port page
    [ -n "$collector" ] || skip "no Collector"
    port=${1:-$(free_port)}
    page=$(free_port)
    url=http://127.0.0.1:$port
    metrics=http://127.0.0.1:$page/metrics
    OTLP_ADDRESS=127.0.0.1:$port PROMETHEUS_ADDRESS=127.0.0.1:$page \
        RECEIVED=$rx/collected "$collector" \
        --config "$top/tests/receivers/collector.yaml" >"$rx/log" 2>&1 3>&- &
    pids+=($!)
    wait_until answers "$url/v1/traces"
}

collected() {
    python3 "$top/tests/trackers/otlp_collected.py" "$rx/collected" "$rx" &&
        check_otlp "$@"
}

start_victoria() {
    local port
    [ -n "$victoria" ] || skip "no VictoriaMetrics"
    port=$(free_port)
    url=http://127.0.0.1:$port
    "$victoria" -storageDataPath="$BATS_TEST_TMPDIR/data" -retentionPeriod=100y \
        -httpListenAddr="127.0.0.1:$port" >"$rx/log" 2>&1 3>&- &
    pids+=($!)
    wait_until answers "$url/health"
}

# has URL QUERY TIME VALUE: the sum there.
has() {
    local found
    found=$(curl -sf "$1/api/v1/query" --data-urlencode "query=$2" --data-urlencode "time=$3" |
        jq -r '.data.result[0].value[1]')
    [ "$found" = "$4" ]
}

@test "a Collector: every fixture and a live run, with records and scores" {
    start_collector
    for name in latencies run_errors harness_two_by_two; do
        cp -r "$fixtures/$name/run" "$runs/$name"
        itrack import -q --track otlp --otlp-endpoint "$url" --records "$runs/$name"
        wait_until collected "$runs/$name" --records
    done
    wrap -q --track otlp --otlp-endpoint "$url" --records=text -- "$write_run" \
        --from "$fixtures/run_plain/run" --to "$runs/l"
    wait_until collected "$runs/l" --records=text
    curl -s "$metrics" | grep -q '^insidellms_records_total{.*job="insidellms".*} 12$'
    curl -s "$metrics" | grep -q '^insidellms_success_rate_ratio{'
}

@test "a Collector that is down at first, and one that is killed in between" {
    port=$(free_port)
    [ -n "$collector" ] || skip "no Collector"
    cp -r "$fixtures/run_scored/run" "$runs/x"
    run -1 itrack import --track otlp --otlp-endpoint "http://127.0.0.1:$port" \
        --records "$runs/x"
    start_collector "$port"
    kill -KILL "${pids[0]}"
    run -1 itrack sync
    pids=()
    start_collector "$port"
    itrack sync
    wait_until collected "$runs/x" --records
}

@test "Prometheus directly: values of a live run; what is too old is named" {
    [ -n "$prometheus" ] || skip "no Prometheus"
    url=http://127.0.0.1:$(free_port)
    printf 'storage: {tsdb: {out_of_order_time_window: 30m}}\n' >"$rx/prometheus.yaml"
    "$prometheus" --config.file="$rx/prometheus.yaml" --web.enable-otlp-receiver \
        --storage.tsdb.path="$BATS_TEST_TMPDIR/data" \
        --web.listen-address="${url#http://}" >"$rx/log" 2>&1 3>&- &
    pids+=($!)
    wait_until answers "$url/-/ready"
    run -0 itrack doctor --track otlp --otlp-endpoint "$url/api/v1/otlp"
    [[ $output == *"$url/api/v1/otlp/v1/metrics answers"*"nothing takes traces there"* ]]
    run -0 wrap --track otlp --otlp-endpoint "$url/api/v1/otlp" -- "$write_run" \
        --from "$fixtures/harness_two_by_two/run" --to "$runs/h"
    [[ $output == *": $url/api/v1/otlp/v1/metrics"* && $output != *", trace "* ]]
    now=$(($(date +%s) + 1))
    wait_until has "$url" 'sum(insidellms_records_total)' "$now" 36
    has "$url" 'sum(insidellms_records_total{status="success", job="insidellms"})' "$now" 31
    has "$url" insidellms_run_status_ratio "$now" 0
    cp -r "$fixtures/run_scored/run" "$runs/x"
    find "$runs/x" -exec touch -d '5 hours ago' {} +
    run -1 itrack import --track otlp --otlp-endpoint "$url/api/v1/otlp" \
        --otlp-old-points "$runs/x"
    [[ $output == *"points of metrics too old for the receiver: "*"too old sample"* ]]
}

@test "VictoriaMetrics directly: values, also of a run of last year" {
    start_victoria
    cp -r "$fixtures/harness_two_by_two/run" "$runs/h"
    find "$runs/h" -exec touch -d '400 days ago' {} +
    then=$(stat -c %Y "$runs/h/records.jsonl")
    run -0 itrack import --track otlp --otlp-endpoint "$url/opentelemetry" \
        --otlp-old-points "$runs/h"
    [[ $output == *"no traces are sent: nothing takes them there"* ]]
    answers "$url/internal/force_flush"
    wait_until has "$url" 'sum({__name__="insidellms.records"})' "$((then + 10))" 36
    wait_until has "$url" 'sum({__name__="insidellms.records", status="success"})' \
        "$((then + 10))" 31
    wait_until has "$url" '{__name__="insidellms.run.status"}' "$((then + 10))" 0
}

@test "the configurations of docs/otlp are valid for a Collector" {
    [ -n "$collector" ] || skip "no Collector"
    "$collector" validate --config "$top/docs/otlp/collector.yaml"
    QUEUE=$BATS_TEST_TMPDIR "$collector" validate \
        --config "$top/docs/otlp/collector-kafka.yaml"
}

# What MLflow has: spans by name, and inputs and outputs of one.
in_mlflow() {
    MLFLOW_TRACKING_URI=$1 "$venv/bin/python" - <<'PY'
import mlflow
traces = mlflow.search_traces(locations=["0"], return_type="list", max_results=10)
assert len(traces) == 1, len(traces)
spans = traces[0].data.spans
assert len(spans) == 13, len(spans)
assert sum(span.name == "chat sleepy-v1" for span in spans) == 12
root, = [span for span in spans if span.parent_id is None]
assert root.name.startswith("evaluation "), root.name
PY
}

@test "a Collector between itrack, MLflow and Prometheus, by docs/otlp/collector.yaml" {
    [ -n "$ITRACK_TORTURE" ] || skip "make torture"
    [ -n "$collector" ] && [ -n "$venv" ] || skip "no Collector, or no MLflow"
    mlflow=$(free_port) port=$(free_port) page=$(free_port)
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false "$venv/bin/mlflow" server --port "$mlflow" \
        --workers 1 --backend-store-uri "sqlite:///$BATS_TEST_TMPDIR/mlflow.db" \
        >"$BATS_TEST_TMPDIR/mlflow.log" 2>&1 3>&- &
    pids+=($!)
    wait_until answers "http://127.0.0.1:$mlflow/health"
    MLFLOW_URL=http://127.0.0.1:$mlflow OTLP_ADDRESS=127.0.0.1:$port \
        PROMETHEUS_ADDRESS=127.0.0.1:$page "$collector" \
        --config "$top/docs/otlp/collector.yaml" >"$rx/log" 2>&1 3>&- &
    pids+=($!)
    wait_until answers "http://127.0.0.1:$port/v1/traces"
    wrap -q --track otlp --otlp-endpoint "http://127.0.0.1:$port" --records=text \
        -- "$write_run" --from "$fixtures/run_scored/run" --to "$runs/l"
    wait_until in_mlflow "http://127.0.0.1:$mlflow"
    curl -s "http://127.0.0.1:$page/metrics" |
        grep -q '^insidellms_records_total{.*insidellms_run_id="e4447c.*status="success".*} 12$'
}

# in_phoenix URL: the spans of the project.
in_phoenix() {
    curl -s "$1/v1/projects/default/spans?limit=100" >"$BATS_TEST_TMPDIR/spans"
    jq -e '.data | length == 13 and (map(select(.name == "chat sleepy-v1")) | length == 12
        and all(.span_kind == "LLM" and .attributes["input.value"] != null))' \
        "$BATS_TEST_TMPDIR/spans"
}

@test "Phoenix, for the traces" {
    [ -n "$ITRACK_TORTURE" ] || skip "make torture"
    phoenix=$("$top/scripts/test-venv" phoenix arize-phoenix==20.26.0) || skip "no Phoenix"
    port=$(free_port)
    PHOENIX_WORKING_DIR=$BATS_TEST_TMPDIR/phoenix PHOENIX_PORT=$port PHOENIX_GRPC_PORT=$(free_port) \
        "$phoenix/bin/phoenix" serve >"$BATS_TEST_TMPDIR/phoenix.log" 2>&1 3>&- &
    pids+=($!)
    # It takes its time to load.
    wait_until answers "http://127.0.0.1:$port/healthz" ||
        wait_until answers "http://127.0.0.1:$port/healthz"
    run -0 wrap --track otlp --otlp-endpoint "http://127.0.0.1:$port" --records=text \
        -- "$write_run" --from "$fixtures/run_scored/run" --to "$runs/l"
    [[ $output == *"no metrics are sent: nothing takes them at"* ]]
    wait_until in_phoenix "http://127.0.0.1:$port"
}
