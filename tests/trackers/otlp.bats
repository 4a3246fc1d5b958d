#!/usr/bin/env bats
# The OTLP tracker against a strict receiver: what arrives, and what becomes of
# it when the receiver is away, refuses, or takes a part.

load ../cli/runs
load otlp

# shellcheck disable=SC2154 # of runs.bash

setup_file() {
    export venv rx=$BATS_FILE_TMPDIR/rx url
    venv=$(otlp_venv) || { venv=; return 0; }
    start_receiver "$rx"
    url=$(<"$rx/url")
}

teardown_file() {
    [ ! -e "$rx/pid" ] || kill "$(<"$rx/pid")"
}

setup() {
    [ -n "$venv" ] || skip "no opentelemetry-proto"
    use_clean_home
    otlp_clean
    f=run_scored
    cp -r "$fixtures/$f/run" "$runs/x"
}

# `import`: the run directory x, to the receiver.
import() {
    itrack import --track otlp --otlp-endpoint "$url" "$@"
}

@test "every fixture, imported: counts, scores, tokens, latencies, the run's span" {
    for name in "$fixtures"/*/run; do
        name=$(basename "$(dirname "$name")")
        otlp_clean
        cp -r "$fixtures/$name/run" "$runs/$name"
        itrack import -q --track otlp --otlp-endpoint "$url" "$runs/$name"
        check_otlp "$runs/$name"
    done
    run ! jq -e 'select(.resource["host.name"])' "$rx/metrics.jsonl"
    [ "$(ls "$XDG_STATE_HOME/itrack/runs")" = "" ]
}

@test "every fixture, live: the same, with the host and the tags" {
    for name in run_plain run_errors latencies; do
        wrap -q --track otlp --otlp-endpoint "$url/" --tag nightly \
            --tag team=a=b -p "p $name" -- "$write_run" \
            --from "$fixtures/$name/run" --to "$runs/$name"
        check_otlp "$runs/$name"
    done
    jq -se --arg host "$(hostname)" 'all(.resource
        | .["host.name"] == $host and .["insidellms.tag.nightly"] == "true"
        and .["insidellms.tag.team"] == "a=b" and .["service.name"] == "insidellms"
        and (.["insidellms.project"] | startswith("p ")))' "$rx/metrics.jsonl"
    wrap -q --track otlp --otlp-endpoint "$url" -- "$write_run" --mode harness \
        --from "$fixtures/harness_two_by_two/run" --to "$runs/h"
    check_otlp "$runs/h"
}

# What was asked, answered and said of errors, and where it stands.
canaries() {
    grep -aoE "capital of France|f France\?'|What is 2\+2|planned failure" "$rx/plain" | sort -u
}

@test "--records: a span for each record, an event for each score, no texts" {
    for name in run_scored run_errors latencies harness_two_by_two; do
        otlp_clean
        cp -r "$fixtures/$name/run" "$runs/$name"
        itrack import -q --track otlp --otlp-endpoint "$url" --records "$runs/$name"
        check_otlp "$runs/$name" --records
        [ "$(canaries)" = "" ]
    done
    [ "$(ls "$XDG_STATE_HOME/itrack/runs")" = "" ]
}

@test "--records=text: with prompts, answers and errors" {
    for name in run_scored run_errors; do
        otlp_clean
        cp -r "$fixtures/$name/run" "$runs/$name"
        itrack import -q --track otlp --otlp-endpoint "$url" --records=text "$runs/$name"
        check_otlp "$runs/$name" --records=text
        [ "$(canaries)" != "" ]
    done
}

@test "--records, live: observed times, each span in its run's" {
    wrap -q --track otlp --otlp-endpoint "$url" --records -- "$write_run" \
        --from "$fixtures/run_scored/run" --to "$runs/l"
    check_otlp "$runs/l" --records
    jq -se '(map(select(.parent == ""))[0]) as $root
        | all(.start >= $root.start - 1e9 and .end <= $root.end + 1e9)' "$rx/traces.jsonl"
}

@test "records that are refused: in halves, each that is refused alone named" {
    export OTEL_EXPORTER_OTLP_COMPRESSION=none
    rules '[{"match": "traces|logs", "over": 2000, "status": 413}]'
    import --records "$runs/x"
    check_otlp "$runs/x" --records
    rm -rf "$XDG_STATE_HOME"
    rules '[{"match": "traces", "over": 900, "status": 413, "body": "too long"}]'
    run -1 import --records=text "$runs/x"
    [[ $output == *"spans of record 1: $url/v1/traces: HTTP 413: too long"* ]]
    otlp_clean
    rm -rf "$XDG_STATE_HOME"
    export OTEL_EXPORTER_OTLP_COMPRESSION=none
    rules '[{"match": "logs", "status": 400, "body": "no events"}]'
    run -1 import --records "$runs/x"
    for i in {1..12}; do
        [[ $output == *"score events of record $i: $url/v1/logs: HTTP 400: no events"* ]]
    done
    otlp_clean
    rm -rf "$XDG_STATE_HOME"
    rules '[{"match": "logs", "status": 404}]'
    run -0 import --records "$runs/x"
    [[ $output == *"no logs are sent: nothing takes them there"* ]]
}

@test "one record of a request is refused, by any status: the others arrive" {
    for code in 400 408 500; do
        otlp_clean
        rm -rf "$XDG_STATE_HOME"
        export OTEL_EXPORTER_OTLP_COMPRESSION=none
        rules "[{\"match\": \"logs\", \"times\": 5, \"status\": $code, \"body\": \"bad\"}]"
        run -1 import --records "$runs/x"
        # 12, 6, 3, 1 and the next one.
        [[ $output == *"score events of record 1: $url/v1/logs: HTTP $code: bad"* ]]
        [[ $output == *"score events of record 2: $url/v1/logs: HTTP $code: bad"* ]]
        [[ $output != *"records 1 to"* ]]
        jq -se 'map(.attributes) | (map(.["insidellms.record"]) | unique) == [range(3; 13)]
            and (group_by(.) | all(length == 1))' "$rx/logs.jsonl"
        # Requests grow again: 1, 2, 4, and what is left.
        [ "$(grep -c 'logs 200' "$rx/log")" -le 4 ]
    done
}

@test "one record at which a receiver fails for good holds up no other, and is named" {
    sed -i '5s/"question":"/&POISON /; 9s/"example_id":"/&POISON/
        3s/"label":"/&POISON/g' "$runs/x/records.jsonl"
    # A gateway's words; a connection that breaks, before which the receiver has
    # taken all.
    for how in '"status": 502' ${ITRACK_TORTURE:+'"cut": 0'}; do
        otlp_clean
        rm -rf "$XDG_STATE_HOME"
        rules "[{\"match\": \"traces|logs\", \"body_match\": \"POISON\", $how}]"
        run -1 import --records=text "$runs/x"
        [[ $output == *"the texts of record 5: $url/v1/traces: "* ]]
        [[ $output == *"all but the state of record 9: $url/v1/traces: "* ]]
        [[ $output == *"score events of record 3: $url/v1/logs: "* ]]
        [[ $output != *pending* ]]
        # All are there, each once where the failure took nothing.
        jq -se --argjson once "$([[ $how == *cut* ]] || echo 1)0" \
            'map(select(.parent != "") | .attributes["insidellms.record"])
            | unique == [range(1; 13)] and (length == 12 or $once == 0)' "$rx/traces.jsonl"
        jq -se 'map(.attributes["insidellms.record"]) | unique
            == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]' "$rx/logs.jsonl"
    done
}

@test "a receiver that fails at all records: the run is there, they are pending" {
    rules '[{"match": "traces|logs", "body_match": "insidellms.record\u0012", "status": 502}]'
    run -1 import --records "$runs/x"
    [[ $output == *pending*"record 1: $url/v1/traces: HTTP 502"* ]]
    jq -se 'map(select(.parent == "")) | length == 1' "$rx/traces.jsonl"
    rules '[]'
    run -0 itrack sync
    check_otlp "$runs/x" --records
}

@test "values at the end of what a number holds, and scores that are none" {
    python3 - "$runs/x/records.jsonl" <<'PY'
import json, sys
records = [json.loads(line) for line in open(sys.argv[1])]
for r in records:
    r["scores"] = {"f1": float("nan"), "up": float("inf")}
records[0]["scores"] = {"": 1, "big": 1e308, "list": [1, None]}
for r, ms in zip(records, (1e308, -1e300, 0.0, 5e-324, 12.0, 1e21)):
    r["latency_ms"] = ms
open(sys.argv[1], "w").writelines(json.dumps(r) + "\n" for r in records)
PY
    run -0 import --records=text --otlp-old-points "$runs/x"
    [ ! -e "$rx/violations" ]
    [[ $output == *"scores that are NaN or infinite have no events"* ]]
    jq -se 'map(.attributes | [.["gen_ai.evaluation.name"],
        .["gen_ai.evaluation.score.value"], .["gen_ai.evaluation.score.label"]]) == [
        ["", 1, null], ["big", 1e308, null], ["list", null, "[1, None]"]]' "$rx/logs.jsonl"
}

@test "a run that is killed: status -1, a span with an error" {
    wrap -q --track otlp --otlp-endpoint "$url" -- "$write_run" --mode stop --die-by 9 \
        --from "$fixtures/run_plain/run" --to "$runs/k" || true
    [ "$(values insidellms.run.status | tail -1)" = -1 ]
    jq -e 'select(.parent == "") | .status == 2 and .message == "killed"
        and .attributes["insidellms.status"] == "killed"' "$rx/traces.jsonl"
    [ ! -e "$rx/violations" ]
}

@test "429, 502, 503, 504 and cut connections are tried again" {
    rules '[{"times": 1, "status": 429, "headers": {"Retry-After": "1"}},
        {"times": 1, "status": 502}, {"times": 1, "status": 503},
        {"times": 1, "status": 504}, {"times": 1, "cut": 0}, {"times": 1, "cut": 30}]'
    import "$runs/x" || wait_until itrack sync
    run ! grep -vE ' (200|429|502|503|504|cut) ' "$rx/log"
    check_otlp "$runs/x"
}

@test "other errors are final, named and counted" {
    rules '[{"match": "metrics", "status": 500, "body": "no\u001b[31m disk"}]'
    run -1 import "$runs/x"
    [[ $output =~ [1-9][0-9]*\ points\ of\ metrics:\ "$url/v1/metrics: HTTP 500: " ]]
    [[ $output == *"metrics: $url/v1/metrics: HTTP 500: "*"x1b[31m disk"* ]]
    [[ $output == *rejected* ]]
    # Halves look for what is to blame, and give up soon.
    [ "$(grep -c 'metrics 500' "$rx/log")" -le 30 ]
    [ -s "$rx/traces.jsonl" ]
    [ "$(ls "$XDG_STATE_HOME/itrack/runs")" = "" ]
}

@test "401 and 403: pending and named, and a sync with the key delivers" {
    for code in 401 403; do
        otlp_clean
        rules "[{\"status\": $code}]"
        run -1 import "$runs/x"
        [[ $output == *"HTTP $code: the login is refused: set OTEL_EXPORTER_OTLP_HEADERS=NAME=VALUE"* ]]
        [[ $output == *"nothing delivered, all is pending"* ]]
        rm "$rx/rules.json"
        export OTEL_EXPORTER_OTLP_HEADERS='api-key=geheim%2C%3D1 , x-b=2'
        itrack sync
        unset OTEL_EXPORTER_OTLP_HEADERS
        check_otlp "$runs/x"
        grep -aq '^api-key: geheim,=1' "$rx"/requests/*.head
        grep -aq '^x-b: 2' "$rx"/requests/*.head
        run ! grep -r geheim "$XDG_STATE_HOME"
        rm -rf "$XDG_STATE_HOME"
    done
}

@test "413: halves; what is too large alone is named, and the others arrive" {
    export OTEL_EXPORTER_OTLP_COMPRESSION=none
    rules '[{"match": "metrics", "over": 1500, "status": 413}]'
    cp -r "$fixtures/harness_two_by_two/run" "$runs/h"
    import "$runs/h"
    check_otlp "$runs/h"
    [ "$(grep -c ' 413 ' "$rx/log")" -ge 2 ]
    # A few points of one step are tried alone.
    rules '[{"match": "metrics", "over": 700, "status": 413}]'
    import "$runs/x"
    check_otlp "$runs/x"
    rules '[{"match": "metrics", "body_match": "insidellms.score", "status": 413}]'
    rm -rf "$XDG_STATE_HOME"
    run -1 import "$runs/x"
    [[ $output == *"one point of insidellms."*" bytes is too large"*"HTTP 413"* ]]
    [ "$(values insidellms.run.status | tail -1)" = 0 ]
}

@test "one metric that is refused, by any status: named, and the others arrive" {
    for code in 400 408 500; do
        otlp_clean
        rm -rf "$XDG_STATE_HOME"
        export OTEL_EXPORTER_OTLP_COMPRESSION=none
        rules "[{\"match\": \"metrics\", \"body_match\": \"insidellms.tokens\",
            \"status\": $code, \"body\": \"bad unit\"}]"
        run -1 import "$runs/x"
        [[ $output == *"points of insidellms.tokens: $url/v1/metrics: HTTP $code: bad unit"* ]]
        [[ $output != *"points of metrics"* ]]
        # Whatever stood in a request with them, to the last.
        [ "$(values insidellms.records | wc -l)" = 12 ]
        [ "$(values insidellms.score | wc -l)" = 8 ]
        [ -z "$(values insidellms.tokens)" ]
        [ "$(values insidellms.run.status | tail -1)" = 0 ]
        [ "$(grep -c "metrics $code" "$rx/log")" -le 10 ]
    done
}

@test "one series of a metric that is refused: the others of the metric arrive" {
    export OTEL_EXPORTER_OTLP_COMPRESSION=none
    rules '[{"match": "metrics", "body_match": "exact_match", "status": 400, "body": "no"}]'
    run -1 import "$runs/x"
    [[ $output == *"points of insidellms.score {"*"gen_ai.evaluation.name=exact_match}: $url"* ]]
    [ "$(values insidellms.records | wc -l)" = 12 ]
    jq -se 'map(select(.name == "insidellms.score")
        | .attributes["gen_ai.evaluation.name"]) | unique == ["f1"]' "$rx/metrics.jsonl"
    [ "$(values insidellms.score | wc -l)" = 4 ]
}

@test "413: what comes afterwards is tried in full again" {
    for _ in {1..19}; do
        cat "$fixtures/$f/run/records.jsonl" >>"$runs/x/records.jsonl"
    done
    export OTEL_EXPORTER_OTLP_COMPRESSION=none
    rules '[{"match": "traces", "times": 1, "over": 20000, "status": 413}]'
    import --records "$runs/x"
    # 240 records in entries of 100: two halves, two entries, and the run's span.
    [ "$(grep -c 'traces 200' "$rx/log")" = 5 ]
}

@test "partial success: counted, named, not repeated; a warning is a note" {
    rules '[{"match": "traces", "partial": {"rejected": 0, "message": "soon full"}},
        {"match": "metrics", "times": 2, "partial": {"rejected": 3, "message": "too many"}}]'
    run -1 import "$runs/x"
    [[ $output == *"3 points: too many"* ]]
    [[ $output == *"the receiver warns: soon full"* ]]
    [[ $output == *rejected* ]]
    [ "$(grep -c metrics "$rx/log")" = 3 ]
}

@test "too old for the receiver: final and named" {
    rules '[{"match": "metrics", "status": 400, "body": "too old sample"}]'
    run -1 import "$runs/x"
    [[ $output == *"metrics too old for the receiver: "*"too old sample"* ]]
    [ -s "$rx/traces.jsonl" ]
    [ "$(ls "$XDG_STATE_HOME/itrack/runs")" = "" ]
}

@test "an old import: the span, and metrics with --otlp-old-points" {
    find "$runs/x" -exec touch -d '5 hours ago' {} +
    run -0 import "$runs/x"
    [[ $output == *"metrics older than an hour are not sent"*--otlp-old-points* ]]
    [ ! -s "$rx/metrics.jsonl" ]
    jq -e '(now - .end / 1e9) > 17000' "$rx/traces.jsonl"
    rm -rf "$XDG_STATE_HOME"
    otlp_clean
    import --otlp-old-points "$runs/x"
    check_otlp "$runs/x"
    jq -se 'all((now - .time / 1e9) > 17000)' "$rx/metrics.jsonl"
    rm -rf "$XDG_STATE_HOME"
    otlp_clean
    rules '[{"status": 403}]'
    run -1 import "$runs/x"
    rm "$rx/rules.json"
    itrack sync --otlp-old-points
    check_otlp "$runs/x"
}

@test "nobody there: all is pending; a login page is no receiver" {
    run -1 itrack import --track otlp --otlp-endpoint http://127.0.0.1:9 "$runs/x"
    [[ $output == *"nothing delivered, all is pending"*"127.0.0.1:9"* ]]
    itrack sync --otlp-endpoint "$url"
    check_otlp "$runs/x"
    rm -rf "$XDG_STATE_HOME"
    rules '[{"body": "<html>log in</html>", "headers": {"Content-Type": "text/html"}}]'
    run -1 import "$runs/x"
    [[ $output == *"a web page, no receiver of OTLP"* ]]
}

@test "a signal that nothing takes is left out; a wrong address is not" {
    rules '[{"match": "metrics", "status": 404}, {"match": "traces", "times": 1, "status": 400}]'
    run -0 import "$runs/x"
    [[ $output == *"no metrics are sent: nothing takes them at $url/v1/metrics"* ]]
    [ -s "$rx/traces.jsonl" ]
    rm -rf "$XDG_STATE_HOME"
    rules '[{"status": 404}]'
    run -1 import "$runs/x"
    [[ $output == *"no receiver of OTLP is there"* ]]
    [[ $output == *"nothing delivered, all is pending"* ]]
}

@test "what was sent before a kill is sent again with the same IDs and times" {
    rules '[{"match": "traces", "stall": true}]'
    "$BUILD/bin/itrack" import --track otlp --otlp-endpoint "$url" "$runs/x" \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    job=$!
    wait_until grep -q 'traces stall' "$rx/log"
    kill -KILL $job
    wait $job || true
    rm "$rx/rules.json"
    itrack sync
    check_otlp "$runs/x"
    [ "$(values insidellms.run.status | grep -cx 0)" -le 2 ]
}

@test "params that are too long to be kept: left out by the next process, and said" {
    long=$(printf '🙂%.0s' {1..500})
    for i in {1..250}; do
        printf 'long_%s: %s\n' "$i" "$long"
    done >>"$runs/x/config.resolved.yaml"
    rules '[{"match": "traces", "status": 403}]'
    run -1 import "$runs/x"
    [[ $output == *"the params are longer than the 256 KiB that are kept"* ]]
    rm "$rx/rules.json"
    run -0 itrack sync
    [[ $output == *"the run's span lacks params that were too long"* ]]
    jq -e '.attributes | with_entries(select(.key | test("long_")))
        | length > 10 and length < 30 and all(length == 500)' "$rx/traces.jsonl"
    otlp_clean
    rm -rf "$XDG_STATE_HOME"
    import "$runs/x"
    jq -e '.attributes | with_entries(select(.key | test("long_"))) | length == 250' \
        "$rx/traces.jsonl"
}

@test "a long text goes whole" {
    long=$(printf 'é%.0s' {1..40000})
    itrack log --track otlp --otlp-endpoint "$url" --run-name long --param "text=$long"
    jq -e '.attributes | to_entries[] | select(.key | endswith("text"))
        | .value | length == 40000' "$rx/traces.jsonl"
}

@test "the variables of OpenTelemetry" {
    export OTEL_EXPORTER_OTLP_ENDPOINT=$url/base/ OTEL_SERVICE_NAME=mine
    export OTEL_RESOURCE_ATTRIBUTES='a.b=c%20d, service.instance.id=x,service.name=other'
    export OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="$url/own/v1/traces"
    export OTEL_EXPORTER_OTLP_COMPRESSION=none OTEL_EXPORTER_OTLP_PROTOCOL=grpc
    export OTEL_EXPORTER_OTLP_HEADERS='x-all=1,=bad' OTEL_EXPORTER_OTLP_TRACES_HEADERS=x-own=2
    run -0 itrack import --track otlp "$runs/x"
    [[ $output == *"OTEL_EXPORTER_OTLP_PROTOCOL=grpc: itrack speaks http/protobuf alone"* ]]
    [[ $output == *"service.instance.id is the attempt's name"* ]]
    [[ $output == *"OTEL_EXPORTER_OTLP_HEADERS: what is not NAME=VALUE"* ]]
    grep -q 'POST /base/v1/metrics 200' "$rx/log"
    grep -q 'POST /own/v1/traces 200' "$rx/log"
    run ! grep -ali '^content-encoding' "$rx"/requests/*.head
    [ "$(grep -al '^x-own: 2' "$rx"/requests/*.head | wc -l)" = 1 ]
    [ "$(grep -al '^x-all: 1' "$rx"/requests/*.head | wc -l)" = "$(grep -c metrics "$rx/log")" ]
    jq -se 'all(.resource | .["service.name"] == "mine" and .["a.b"] == "c d"
        and (.["service.instance.id"] | startswith("20")))' "$rx/metrics.jsonl"
    check_otlp "$runs/x"
}

# certificate NAME SUBJECT ARG...: NAME.pem and NAME.key
certificate() {
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" \
        -out "$1.pem" -subj "/CN=$2" -days 2 -x509 "${@:3}" 2>/dev/null
}

@test "https: the receiver's certificate, and one of ours where it wants one" {
    cd "$BATS_TEST_TMPDIR"
    certificate ca ca
    certificate server 127.0.0.1 -addext subjectAltName=IP:127.0.0.1
    certificate client me -CA ca.pem -CAkey ca.key
    cat server.key server.pem >both.pem
    start_receiver "$PWD/tls" --tls both.pem ca.pem
    rx=$PWD/tls url=$(<tls/url)
    # Time for a second handshake where the first is too slow.
    export OTEL_EXPORTER_OTLP_ENDPOINT=$url ITRACK_DRAIN=120
    run -1 import "$runs/x"
    [[ $output == *"all is pending"*certificate* ]]
    export OTEL_EXPORTER_OTLP_CERTIFICATE=$PWD/server.pem
    OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=$PWD/none.pem run -1 itrack sync
    [[ $output == *"all is pending"*none.pem* ]]
    run -1 itrack sync
    [[ $output == *"all is pending"*"may want a client certificate"* ]]
    [[ $output == *"set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and "* ]]
    run -1 itrack doctor --track otlp
    [[ $output == *"may want a client certificate"* ]]
    [ ! -s tls/log ]
    # One signal has its own; the key is in no journal.
    export OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE=$PWD/client.pem
    export OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY=$PWD/client.key
    export OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY=$PWD/client.key
    export OTEL_EXPORTER_OTLP_LOGS_CLIENT_KEY=$PWD/client.key
    run -0 itrack doctor --track otlp
    itrack sync
    check_otlp "$runs/x"
    kill "$(<tls/pid)"
}

@test "off: OTEL_SDK_DISABLED sends nothing, OTEL_METRICS_EXPORTER=none no metrics" {
    OTEL_SDK_DISABLED=true run -0 import "$runs/x"
    [[ $output == *"OTEL_SDK_DISABLED is set: nothing is sent"* ]]
    [ ! -e "$rx/log" ]
    OTEL_METRICS_EXPORTER=none run -0 import "$runs/x"
    [[ $output == *"OTEL_METRICS_EXPORTER=none: no metrics are sent"* ]]
    [ -s "$rx/traces.jsonl" ]
    [ ! -s "$rx/metrics.jsonl" ]
}

@test "OTEL_EXPORTER_OTLP_TIMEOUT bounds a request" {
    rules '[{"match": "metrics", "times": 1, "stall": true}]'
    OTEL_EXPORTER_OTLP_TIMEOUT=2000 import "$runs/x"
    check_otlp "$runs/x"
}

@test "where a run goes is kept for sync: addresses of one signal, too" {
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://127.0.0.1:9/m \
        run -1 import "$runs/x"
    run -1 itrack sync
    [[ $output == *"http://127.0.0.1:9/m"* ]]
    run -125 itrack import --track otlp --otlp-endpoint http://127.0.0.1:9 \
        --otlp-metrics-endpoint ftp://x "$runs/x"
}

@test "doctor: the address, the signals, the login, the port of gRPC" {
    run -0 itrack doctor --track otlp --otlp-endpoint "$url"
    [[ $output == *"$url/v1/metrics answers"*"$url/v1/traces answers"* ]]
    [ ! -s "$rx/metrics.jsonl" ]
    rules '[{"match": "logs", "status": 404}, {"match": "traces", "status": 401}]'
    OTEL_EXPORTER_OTLP_HEADERS=api-key=geheim run -1 itrack doctor \
        --track otlp --otlp-endpoint "$url"
    [[ $output == *"nothing takes logs there"*OTEL_LOGS_EXPORTER=none* ]]
    [[ $output == *"the login is refused"* ]]
    [[ $output != *geheim* ]]
    run -1 itrack doctor --track otlp --otlp-endpoint http://127.0.0.1:4317
    [[ $output == *"4317 is the port for gRPC"* ]]
}

@test "records whose answer is lost are sent again, with the same IDs" {
    rules '[{"match": "traces", "times": 1, "cut": 0}]'
    import --records "$runs/x" || wait_until itrack sync
    jq -s 'map(select(.parent != "")) | group_by(.span)' "$rx/traces.jsonl" >spans
    jq -e 'length == 12 and all(unique | length == 1)' spans
    # What a request brought is known afterwards, in another process, too.
    otlp_clean
    rm -rf "$XDG_STATE_HOME"
    rules '[{"match": "logs", "times": 1, "stall": true}]'
    "$BUILD/bin/itrack" import --track otlp --otlp-endpoint "$url" --records "$runs/x" \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    job=$!
    wait_until grep -q 'logs stall' "$rx/log"
    kill -KILL $job
    wait $job || true
    rm "$rx/rules.json"
    itrack sync
    check_otlp "$runs/x" --records
}

@test "the library, in Python and in C" {
    [ -z "${SANITIZE:-}" ] || skip "Python is not built with sanitizers"
    export ITRACK_LIBRARY=$BUILD/lib/libitrack.so.0 PYTHONDONTWRITEBYTECODE=1
    OTEL_EXPORTER_OTLP_HEADERS=k=geheim PYTHONPATH=$top/lib/python python3 - "$url" <<'PY'
import sys
from itrack import OTLPTracker, TrackingConfig, create_tracker
config = TrackingConfig(project="mine", tags=["a=b"])
tracker = create_tracker("otlp", endpoint=sys.argv[1], config=config)
assert isinstance(tracker, OTLPTracker)
with tracker:
    tracker.log_params({"model": "gpt-4", "temperature": 0.5, "run_id": "x", "n": 3})
    tracker.log_metrics({"loss": 0.25, "α/é": 1.0, "success_rate": 0.5})
    tracker.log_metrics({"loss": 0.125})
    tracker.log_histogram("lengths", [1, 2, 3])
PY
    [ ! -e "$rx/violations" ]
    [ "$(values insidellms.loss | tail -1)" = 0.125 ]
    [ "$(values insidellms.success_rate)" = 0.5 ]
    jq -se 'any(.name | test("^insidellms[.]_/_-[a-f][0-9a-f]{7}$"))' "$rx/metrics.jsonl"
    jq -se 'any(.name == "insidellms.lengths" and .count == 3 and .sum == 6)' "$rx/metrics.jsonl"
    jq -e '.attributes | .["insidellms.model"] == "gpt-4" and .["insidellms.temperature"] == 0.5
        and .["insidellms.n"] == 3 and .["insidellms.param.run_id"] == "x"' "$rx/traces.jsonl"
    jq -e '.resource | .["insidellms.tag.a"] == "b" and .["insidellms.project"] == "mine"' \
        "$rx/traces.jsonl"
    run ! grep -r geheim "$XDG_STATE_HOME"
    otlp_clean
    cat >c.c <<'C'
#include <stdio.h>
#include <itrack.h>
int
main(int argc, char **argv)
{
	struct itrack_option options[] = {{"endpoint", argv[argc - 1]}};
	struct itrack_metric metric = {"loss", 0.75};
	struct itrack_error err;
	struct itrack_tracker *t;

	if (itrack_create_tracker(&t, "otlp", NULL, options, 1, &err) < 0 ||
	    itrack_start_run(t, "r", NULL, 0, &err) < 0 ||
	    itrack_log_metrics(t, &metric, 1, ITRACK_STEP_AUTO, &err) < 0 ||
	    itrack_end_run(t, "finished", &err) < 0) {
		puts(err.message);
		return 1;
	}
	itrack_free(t);
	return 0;
}
C
    cc -I"$top/lib" -o c c.c "$BUILD/lib/libitrack.so.0" -Wl,-rpath,"$BUILD/lib"
    ./c "$url"
    [ "$(values insidellms.loss)" = 0.75 ]
}
