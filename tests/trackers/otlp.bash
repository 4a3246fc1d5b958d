# What the OTLP tests share: a strict receiver of our own, whose decoder is
# opentelemetry-proto's.
# shellcheck shell=bash disable=SC2154,SC2034

# start_receiver DIR [ARG...]: its URL is in DIR/url.
start_receiver() {
    mkdir -p "$1"
    "$venv/bin/python" "$top/tests/servers/otlp_receiver.py" "$@" 3>&- 4>&- &
    echo $! >"$1/pid"
    wait_until test -s "$1/url"
}

# MLflow brings opentelemetry-proto.
otlp_venv() {
    "$BATS_TEST_DIRNAME/../../scripts/test-venv" mlflow
}

# Nothing of the caller's settings, nothing received yet.
otlp_clean() {
    unset "${!OTEL_@}" http_proxy HTTP_PROXY all_proxy ALL_PROXY
    rm -rf "$rx"/{requests,log,plain,violations,rules.json} "$rx"/*.jsonl
    mkdir -p "$rx/requests"
}

# rules JSON: what the receiver answers from now on.
rules() {
    printf '%s\n' "$1" >"$rx/rules.new"
    mv "$rx/rules.new" "$rx/rules.json"
}

check_otlp() {
    "$venv/bin/python" "$top/tests/trackers/check_otlp.py" "$rx" "$@"
}

# values NAME: all values of a metric, in the order of their coming.
values() {
    jq -r --arg name "$1" 'select(.name == $name) | .value' "$rx/metrics.jsonl"
}
