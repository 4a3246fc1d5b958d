#!/usr/bin/env bats
# The MLflow tracker against a server of our own that stalls, cuts, refuses, and
# keeps every request byte for byte.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup() {
    clean_environment
    state=$BATS_TEST_TMPDIR/state
    e=$BATS_TEST_TMPDIR/entries.jsonl
    fake=$BATS_TEST_TMPDIR/fake
    "$here/odd_entries.py" 20261123T130842Z-0000000000ff 20 0 \
        "$top/tests/fixtures/run_plain/run/manifest.json" >"$e"
    start_fake "$fake"
    url=$(cat "$fake/url")
}

teardown() {
    show_last
    kill "$(cat "$fake/pid")"
}

# rules RULE...: these before those of a server without faults.
rules() {
    local IFS=, first
    first="$*"
    cat >"$fake/rules.json.new" <<JSON
[$first${first:+,}
 {"match": "experiments/get-by-name",
  "body": {"experiment": {"experiment_id": "7", "name": "x"}}},
 {"match": "runs/search", "body": {}},
 {"match": "runs/create", "body": {"run": {"info": {"run_id": "abc",
  "artifact_uri": "mlflow-artifacts:/7/abc/artifacts"}}}}]
JSON
    mv "$fake/rules.json.new" "$fake/rules.json"
}

deliver() {
    local options=("$@")
    [ "${1:-}" = -d ] || options=()
    "$deliver" -d 30000 "${options[@]}" "$state" "$e" mlflow \
        "mlflow-uri=$url" "${@:${#options[@]}+1}"
}

# bodies PATTERN: the bodies of the requests that match.
bodies() {
    grep -E "$1" "$fake/log" | while read -r number _; do
        cat "$fake/requests/$number.body"
        echo
    done
}

count() {
    grep -cE "$1" "$fake/log" || true
}

@test "requests: what stands in them, and what must not" {
    rules
    deliver
    [ "$(bodies runs/create | jq -r '.tags[] | select(.key == "itrack.id").value')" = \
        20261123T130842Z-0000000000ff ]
    [ "$(bodies runs/create | jq .start_time)" = 1764000001234 ]
    [ "$(bodies runs/create | jq -r '.tags[] | select(.key == "team").value')" = red ]
    [ "$(bodies runs/update | jq -c 'select(.status)')" = \
        "$(jq -c 'select(.entry == "end") | {run_id: "abc", status: "KILLED",
            end_time: (.time_us / 1000 | floor)}' "$e")" ]
    run ! grep -lqi '^expect\|^origin\|^authorization' "$fake"/requests/*.head
    # Nothing that a server would answer with 200 and drop.
    bodies runs/log-batch | jq -e 'all(.metrics[]?;
        (.value | type == "number" or . == "NaN" or . == "Infinity" or
        . == "-Infinity") and (.timestamp | floor == .) and (.key | length <= 250))'
    bodies runs/log-batch | jq -e 'all(.params[]?; .value | type == "string")'
    cmp "$fake"/requests/"$(grep PUT "$fake/log" | cut -d' ' -f1)".body \
        "$top/tests/fixtures/run_plain/run/manifest.json"
}

# A store that only MLflow's own client can write: the server's page takes what
# is small.
@test "small files of a foreign store go through the page, others are named" {
    local created='{"match": "runs/create", "body": {"run": {"info":
        {"run_id": "abc", "artifact_uri": "s3://bucket/7/abc/artifacts"}}}}'
    local manifest=$top/tests/fixtures/run_plain/run/manifest.json
    rules "$created"
    deliver
    grep -q "POST /ajax-api/2.0/mlflow/upload-artifact?run_uuid=abc&path=manifest.json 200" "$fake/log"
    cmp "$fake"/requests/"$(grep upload-artifact "$fake/log" | cut -d' ' -f1)".body \
        "$manifest"
    # An old server, and one that has no login to the store: said, once.
    for status in 404 500; do
        state=$BATS_TEST_TMPDIR/state$status
        : >"$fake/log"
        "$here/odd_entries.py" 20261123T130842Z-0000000000ff 20 0 "$manifest" \
            "$top"/tests/fixtures/run_plain/run/config.resolved.yaml >"$e"
        rules "$created" '{"match": "upload-artifact", "status": '$status'}'
        run -0 deliver
        [ "$(count upload-artifact)" = 1 ]
        [[ $output == *" 2 0"*"s3://bucket/7/abc/artifacts"*"mlflow artifacts log-artifacts --run-id abc"* ]]
    done
    # Too large, and empty: not sent.
    : >"$fake/log"
    state=$BATS_TEST_TMPDIR/large
    truncate -s 10485761 "$BATS_TEST_TMPDIR/large.bin"
    : >"$BATS_TEST_TMPDIR/empty.bin"
    "$here/odd_entries.py" 20261123T130842Z-0000000000ff 20 0 \
        "$BATS_TEST_TMPDIR"/{large,empty}.bin >"$e"
    rules "$created"
    run -0 deliver
    [ "$(count upload-artifact)" = 0 ]
    [[ $output == *" 2 0"*"log-artifacts"* ]]
}

@test "429 and 500 are repeated with the same bytes, after Retry-After" {
    rules '{"match": "log-batch", "times": 1, "status": 429,
            "headers": {"Retry-After": "2"}}' \
        '{"match": "log-batch", "times": 2, "status": 500, "body": "oops"}'
    local began=$SECONDS
    deliver
    [ $((SECONDS - began)) -ge 2 ]
    [ "$(bodies 'log-batch 429')" = "$(bodies 'log-batch 500' | head -1)" ]
    [ "$(bodies 'log-batch 429')" = "$(bodies 'log-batch 200' | head -1)" ]
}

@test "an import whose server fails twice before it answers delivers" {
    rules '{"match": "get-by-name", "times": 1, "status": 500, "body": "oops"}' \
        '{"match": "get-by-name", "times": 1, "cut": 0}'
    XDG_STATE_HOME=$state run -0 "$BUILD/bin/itrack" import -t mlflow \
        --mlflow-uri "$url" "$top/tests/fixtures/run_plain/run"
    [ "$(count get-by-name)" -ge 3 ]
}

@test "MLflow's words on repetitions count" {
    rules '{"match": "log-batch", "status": 503, "body": "oops",
            "headers": {"Retry-After": "3600"}}'
    export MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER=false
    export MLFLOW_HTTP_REQUEST_MAX_RETRIES=2
    export MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR=0
    run -1 deliver
    [[ $output == *"state blocked"*"HTTP 503 (tried 3 times)"* ]]
    [ "$(count log-batch)" = 3 ]
    rules
    MLFLOW_HTTP_REQUEST_MAX_RETRIES=0 deliver
    state=$BATS_TEST_TMPDIR/other
    MLFLOW_HTTP_REQUEST_MAX_RETRIES=many run -1 deliver
    [[ $output == *"state blocked"*"MLFLOW_HTTP_REQUEST_MAX_RETRIES=many is invalid"* ]]
}

@test "a cut answer: sent again; runs/create is looked for first" {
    rules '{"match": "log-batch", "times": 1, "cut": 20}' \
        '{"match": "runs/create", "times": 1, "cut": 0}'
    deliver
    [ "$(bodies 'log-batch cut')" = "$(bodies 'log-batch 200' | head -1)" ]
    # search, create (cut), search, search again, create
    [ "$(grep -oE 'runs/(create|search)' "$fake/log" | tr '\n' ' ')" = \
        "runs/search runs/search runs/create runs/search runs/search runs/create " ]
}

@test "a run that a cut create made is adopted, not made twice" {
    rules '{"match": "runs/create", "times": 1, "cut": 0}'
    deliver -d 1000 || true
    rules '{"match": "runs/search", "body": {"runs": [{"info":
        {"run_id": "found", "artifact_uri": "/x"}}]}}'
    deliver || true
    [ "$(count runs/create)" -le 1 ]
    bodies 'log-batch 200' | jq -e '.run_id == "found"'
}

@test "one bad item of a batch is counted, the others arrive" {
    rules '{"match": "log-batch", "body_match": "\"yes\"", "status": 400,
            "body": {"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}}'
    run -0 deliver
    [[ $output == *" 1 0"* ]]
    [[ $output == *"param yes: refused by the server"*"INVALID_PARAMETER_VALUE: no"* ]]
    [ "$(grep -c "refused by the server" <<<"$output")" = 1 ]
    local want got
    want=$(jq -r 'select(.entry == "params").params | keys[]' "$e" | wc -l)
    got=$(bodies 'log-batch 200' | jq -r '.params[]?.key' | sort -u | wc -l)
    # All but `yes`, and `int`, which two entries have.
    [ "$got" = $((want - 2)) ]
}

# with_tags TAG...: the entries with these tags of the user's.
with_tags() {
    local tags
    tags=$(printf '%s\n' "$@" | jq -R . | jq -sc .)
    sed -i "1s/\"tags\": \[[^]]*\]/\"tags\": $tags/" "$e"
    head -1 "$e" | jq -e ".tags == $tags"
}

@test "params alone in a request: the refused one is named, the others arrive" {
    rules '{"match": "log-batch", "body_match": "\"p2\"", "status": 400,
            "body": {"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}}'
    jq -c 'select(.entry == "start" or .entry == "end"),
        (select(.entry == "run_id") | {entry: "params", time_us,
            params: {p1: "1", p2: "2", p3: "3"}})' "$e" >"$e.new"
    mv "$e.new" "$e"
    run -0 deliver
    [[ $output == *"note param p2: refused by the server"* ]]
    [[ $output == *"entries 0 1 0"* ]]
    [ "$(bodies 'log-batch 200' | jq -r '.params[]?.key' | sort)" = $'p1\np3' ]
}

@test "a tag twice, or one of ours: each name once, the user's value stands" {
    with_tags team=red mlflow.user=bob team=blue mlflow.runName=mine \
        itrack.id=other mlflow.source.git.commit=none mlflow.parentRunId=p
    rules
    export MLFLOW_RUN_CONTEXT='{"team": "green", "team": "white", "host": "h", "mlflow.source.type": "JOB"}'
    run -0 deliver
    [[ $output == *"tag team: given more than once"* ]]
    [[ $output == *"tag itrack.id: itrack finds the run by it"* ]]
    [ "$(bodies runs/create | jq -r .run_name)" = mine ]
    bodies runs/create | jq -e '.tags | map(.key) | length == (unique | length)'
    bodies runs/create | jq -e '.tags | from_entries |
        .team == "blue" and .["mlflow.user"] == "bob" and .host == "h" and
        .["mlflow.source.type"] == "JOB" and .["mlflow.parentRunId"] == "p" and
        .["mlflow.source.git.commit"] == "none" and
        (has("mlflow.runName") | not) and
        .["itrack.id"] == "20261123T130842Z-0000000000ff"'
    # The run ID that comes later does not take the name away.
    bodies runs/update | jq -se 'all(.run_name == null)'
}

@test "a tag that the server refuses is named, and costs neither run nor tags" {
    local no='"status": 400, "body": {"error_code": "INVALID_PARAMETER_VALUE", "message": "no tag"}'
    with_tags one=1 team=red two=2
    rules '{"match": "runs/create|log-batch", "body_match": "\"team\"", '"$no"'}'
    run -0 deliver
    [[ $output == *"state finished"*"note tag team: refused by the server"*"no tag"* ]]
    [ "$(bodies 'runs/create 200' | jq -c '.tags | map(.key)')" = '["itrack.id"]' ]
    [ "$(bodies 'log-batch 200' | jq -r '.tags[]? | select(.key | test("^[ot]")) | .key' |
        sort)" = $'one\ntwo' ]
    # The same in a run that is joined.
    : >"$fake/log"
    state=$BATS_TEST_TMPDIR/joined
    rules '{"match": "log-batch", "body_match": "\"team\"", '"$no"'}' \
        '{"match": "runs/get", "body": {"run": {"info": {"run_id": "abc",
        "experiment_id": "7", "artifact_uri": "mlflow-artifacts:/7/abc/artifacts"}}}}'
    run -0 deliver mlflow-run-id=abc
    [[ $output == *"state finished"*"note tag team: refused by the server"* ]]
    [ "$(bodies 'log-batch 200' | jq -r '.tags[]? | select(.key | test("^[ot]")) | .key' |
        sort)" = $'one\ntwo' ]
}

# Between the run and its tags: what comes then knows that they are missing.
@test "tags that are to come later come also after a kill" {
    local no='"status": 400, "body": {"error_code": "INVALID_PARAMETER_VALUE", "message": "no tag"}'
    with_tags one=1 team=red
    rules '{"match": "runs/create", "body_match": "\"team\"", '"$no"'}' \
        '{"match": "log-batch", "body_match": "\"tags\"", "stall": true}'
    "$deliver" -d 30000 "$state" "$e" mlflow "mlflow-uri=$url" 3>&- &
    local pid=$!
    wait_for 120 grep -q "log-batch stall" "$fake/log"
    kill -KILL "$pid"
    wait "$pid" || true
    rules '{"match": "runs/search", "body": {"runs": [{"info":
        {"run_id": "abc", "artifact_uri": "mlflow-artifacts:/7/abc/artifacts"}}]}}'
    deliver
    bodies 'log-batch 200' | jq -se '[.[].tags[]?.key] | contains(["one", "team"])'
}

# Its name is known early, and that it has no hash only at the end.
@test "the dataset of a run whose metrics came long before its end" {
    entries run_plain run "$e.all"
    sed -i 's/[a-z_.]*dataset_hash/other_hash/g' "$e.all"
    rules
    head -n -1 "$e.all" >"$e"
    "$deliver" -d 30000 "$state" "$e" mlflow "mlflow-uri=$url" 3>&- &
    local pid=$!
    wait_for 120 grep -rqs --include=cursor.mlflow '"delivered":26,' "$state"
    kill -KILL "$pid"
    wait "$pid" || true
    [ "$(count log-inputs)" = 0 ]
    mv "$e.all" "$e"
    deliver
    [ "$(bodies 'log-inputs 200' | jq -r '.datasets[].dataset.name')" = questions.jsonl ]
    [ "$(count log-inputs)" = 1 ]
}

@test "401, 403: blocked, the message says what to do, the key never shows" {
    rules '{"status": 401, "body": "You are not authenticated"}'
    export MLFLOW_TRACKING_USERNAME=ana MLFLOW_TRACKING_PASSWORD=hunter2
    run -1 deliver
    [[ $output == *"state blocked"*MLFLOW_TRACKING_USERNAME* ]]
    [[ $output != *hunter2* ]]
    grep -q "Basic YW5hOmh1bnRlcjI=" "$fake/requests/0001.head"
    run ! grep -rq 'hunter2\|YW5hOmh1bnRlcjI' "$state"
    rules '{"status": 403, "body": "Invalid Host header - possible attack"}'
    run -1 deliver
    [[ $output == *"--allowed-hosts"* ]]
    rules
    deliver
}

@test "credentials do not follow a redirect to another host" {
    start_fake "$BATS_TEST_TMPDIR/other"
    local other
    other=$(sed 's/127.0.0.1/localhost/' "$BATS_TEST_TMPDIR/other/url")
    rules '{"status": 307, "headers": {"Location": "'"$other"'/x"}}'
    MLFLOW_TRACKING_TOKEN=hunter2 "$deliver" -d 60000 "$state" "$e" mlflow \
        "mlflow-uri=$url" 3>&- &
    local pid=$!
    wait_for 120 test -e "$BATS_TEST_TMPDIR/other/log"
    kill -KILL "$pid" "$(cat "$BATS_TEST_TMPDIR/other/pid")"
    grep -q "Bearer hunter2" "$fake/requests/0001.head"
    [ -e "$BATS_TEST_TMPDIR/other/requests/0001.head" ]
    run ! grep -rqi 'hunter2\|authorization' "$BATS_TEST_TMPDIR/other"
}

# created URI [ID]: what the server says of the run that it makes.
created() {
    echo '{"match": "runs/create", "body": {"run": {"info": {"run_id":
        "'"${2:-$id}"'", "artifact_uri": "'"$1"'"}}}}'
}

id=0123456789abcdef0123456789abcdef

@test "files at another server: the login stays, this one's page takes them" {
    start_fake "$BATS_TEST_TMPDIR/other"
    local other
    other=$(cat "$BATS_TEST_TMPDIR/other/url")
    export MLFLOW_TRACKING_USERNAME=ana MLFLOW_TRACKING_PASSWORD=hunter2
    for uri in "mlflow-artifacts://${other#*//}/7" "$other/x"; do
        rules "$(created "$uri")"
        deliver
        rm -r "$state"
        rules "$(created "$uri")" '{"match": "upload-artifact", "status": 404}'
        run -0 deliver
        [[ $output == *" 1 0"*"kept at $uri"*"log-artifacts"* ]]
        rm -r "$state"
    done
    kill "$(cat "$BATS_TEST_TMPDIR/other/pid")"
    [ "$(count 'upload-artifact.* 200')" = 2 ]
    [ ! -e "$BATS_TEST_TMPDIR/other/log" ]
}

@test "its own address by name is its own server" {
    rules "$(created "mlflow-artifacts://${url#*//}/7/abc")"
    deliver
    [ "$(count 'PUT /api/2.0/mlflow-artifacts/artifacts/7/abc/manifest.json 200')" = 1 ]
}

@test "a place with parts that lead elsewhere is refused, and said" {
    for path in ../../other 7/%2e%2e/x '7/.%252e/x' 7/./x; do
        rules "$(created "mlflow-artifacts:/$path")"
        run -0 deliver
        [[ $output == *" 1 0"*"lead elsewhere"* ]]
        rm -r "$state"
    done
    rules "$(created "$BATS_TEST_TMPDIR/x/../y/$id/artifacts")"
    run -0 deliver
    [[ $output == *" 1 0"*"lead elsewhere"* ]]
    [ "$(count 'PUT|upload-artifact')" = 0 ]
    [ ! -e "$BATS_TEST_TMPDIR/x" ] && [ ! -e "$BATS_TEST_TMPDIR/y" ]
}

@test "a directory that only the server has is not made here" {
    local there=$BATS_TEST_TMPDIR/there own=$BATS_TEST_TMPDIR/own
    mkdir -p "$own/artifacts" "$there/1"
    rules "$(created "file://$there/1/$id/artifacts")" \
        '{"match": "upload-artifact", "status": 404}'
    run -0 deliver
    [[ $output == *" 1 0"*"kept at file://$there/1/$id/artifacts of the server's machine"* ]]
    [ ! -e "$there/1/$id" ]
    # Nor one that is there, but is no run's own.
    rm -r "$state"
    rules "$(created "$own/artifacts")"
    deliver
    [ "$(count 'upload-artifact.* 200')" = 1 ]
    [ -z "$(ls "$own/artifacts")" ]
    # Nor through a link.
    rm -r "$state"
    mkdir "$there/1/$id"
    ln -s "$own/artifacts" "$there/1/$id/artifacts"
    rules "$(created "$there/1/$id/artifacts")"
    deliver
    [ "$(count 'upload-artifact.* 200')" = 2 ]
    [ -z "$(ls "$own/artifacts")" ]
    # The run's own folder shows that the two share it.
    rm -r "$state" "$there/1/$id/artifacts"
    mkdir "$there/1/$id/artifacts"
    deliver
    [ "$(count 'upload-artifact.* 200')" = 2 ]
    cmp "$there/1/$id/artifacts/manifest.json" \
        "$top/tests/fixtures/run_plain/run/manifest.json"
}

@test "an ID that MLflow would not make: blocked" {
    for bad in ../../x 'a b' 'a?b' 'a%2Fb' "$(printf %0300d 0)"; do
        rules "$(created mlflow-artifacts:/7 "$bad")"
        run -1 deliver
        [[ $output == *"state blocked"*"a run without an ID"* ]]
        rm -r "$state"
    done
    rules '{"match": "get-by-name", "body": {"experiment": {"experiment_id":
        "../7", "name": "x"}}}'
    run -1 deliver
    [[ $output == *"state blocked"*"an experiment without an ID"* ]]
}

@test "https is not left for http; the report says where that leads" {
    local plain=$url
    start_tls
    rules '{"status": 308, "headers": {"Location": "'"$plain"'/x?token=hunter2"}}'
    MLFLOW_TRACKING_SERVER_CERT_PATH=$BATS_TEST_TMPDIR/cert.pem run -1 deliver
    [[ $output == *"state blocked"*"plain http"*"$plain/x"* ]]
    [[ $output != *hunter2* ]]
    run -1 grep -rl 'GET /x\|POST /x' "$fake/requests"
}

@test "a page that is no MLflow: blocked, nothing counts as delivered" {
    rules '{"match": "log-batch", "body": "<html>Please log in</html>"}'
    run -1 deliver
    [[ $output == *"state blocked"*"entries "[01]" 0 2"* ]]
    [[ $output == *"no MLflow server"* ]]
}

# start_tls: the fake server anew, with a certificate that nobody knows.
start_tls() {
    kill "$(cat "$fake/pid")"
    rm "$fake/url"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$BATS_TEST_TMPDIR/key" \
        -out "$BATS_TEST_TMPDIR/cert.pem" 2>/dev/null
    cat "$BATS_TEST_TMPDIR/key" "$BATS_TEST_TMPDIR/cert.pem" \
        >"$BATS_TEST_TMPDIR/both.pem"
    start_fake "$fake" --tls "$BATS_TEST_TMPDIR/both.pem"
    url=$(cat "$fake/url")
}

@test "a page is no answer to a file either" {
    rules '{"match": "PUT", "body": "<!doctype html><p>Sign in",
            "headers": {"Content-Type": "text/html"}}'
    run -1 deliver
    [[ $output == *"no MLflow server, but a web page: a login page or"* ]]
    rules
    deliver
}

@test "a server that takes small requests only gets small ones" {
    rules '{"match": "log-batch", "over": 700, "status": 413,
            "body": "<html>413 Request Entity Too Large</html>"}' \
        '{"match": "PUT", "status": 413, "body": "<html>413"}'
    run -0 deliver
    [[ $output == *"manifest.json"*"HTTP 413"* ]]
    # No point is lost; a param of 6000 characters is named.
    [[ $output == *"log-batch"*"413"* || $output == *"HTTP 413"* ]]
    local items='.metrics[]? | "\(.key) \(.step)"'
    [ "$(bodies 'log-batch 200' | jq -r "$items" | sort -u)" = \
        "$(bodies 'log-batch' | jq -r "$items" | sort -u)" ]
}

@test "a server that has no connection left for its database is asked again" {
    rules '{"match": "log-batch|runs/create", "times": 3, "status": 400, "body":
            {"error_code": "BAD_REQUEST", "message": "QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00"}}'
    run -0 deliver
    [[ $output == *"entries "*" 0 0"* ]]
}

@test "the usual variables name whose certificates are trusted" {
    start_tls
    rules
    local name n=0
    mkdir "$BATS_TEST_TMPDIR/certs"
    cp "$BATS_TEST_TMPDIR/cert.pem" "$BATS_TEST_TMPDIR/certs/company.pem"
    for name in REQUESTS_CA_BUNDLE CURL_CA_BUNDLE SSL_CERT_FILE; do
        state=$BATS_TEST_TMPDIR/state.$name
        export "$name=$BATS_TEST_TMPDIR/cert.pem"
        deliver
        unset "$name"
    done
    state=$BATS_TEST_TMPDIR/state.dir
    SSL_CERT_DIR=/nonexistent:$BATS_TEST_TMPDIR/certs deliver
    state=$BATS_TEST_TMPDIR/state.bundle
    REQUESTS_CA_BUNDLE=$BATS_TEST_TMPDIR/certs deliver
    # One that is gone is named where a certificate is not trusted; beside
    # another that has it, it is no matter.
    state=$BATS_TEST_TMPDIR/state.gone
    SSL_CERT_FILE=/nonexistent/ca.pem run -1 deliver
    [[ $output == *certificate*"SSL_CERT_FILE: /nonexistent/ca.pem: No such"* ]]
    SSL_CERT_FILE=/nonexistent/ca.pem \
        CURL_CA_BUNDLE=$BATS_TEST_TMPDIR/cert.pem deliver
}

@test "a certificate file that is gone is no matter for plain http" {
    rules
    MLFLOW_TRACKING_SERVER_CERT_PATH=/nonexistent/ca.pem deliver
    state=$BATS_TEST_TMPDIR/state.client
    MLFLOW_TRACKING_CLIENT_CERT_PATH=/nonexistent/client.pem \
        REQUESTS_CA_BUNDLE=/nonexistent/ca.pem deliver
}

@test "a certificate that nobody knows: blocked; with its CA: delivered" {
    start_tls
    rules
    run -1 deliver
    [[ $output == *"state blocked"*certificate* ]]
    MLFLOW_TRACKING_SERVER_CERT_PATH=$BATS_TEST_TMPDIR/cert.pem deliver
}

# curl repeats what fails on a connection that was used before, without a word.
@test "https: a create that is cut is looked for, not repeated by curl" {
    start_tls
    export MLFLOW_TRACKING_SERVER_CERT_PATH=$BATS_TEST_TMPDIR/cert.pem
    rules '{"match": "runs/create", "times": 1, "cut": 0}'
    deliver
    # search, search again, create (cut), search, search again, create
    [ "$(grep -oE 'runs/(create|search)' "$fake/log" | tr '\n' ' ')" = \
        "runs/search runs/search runs/create runs/search runs/search runs/create " ]
}

@test "a server that never answers: the exit is not held, all stays pending" {
    rules '{"stall": true}'
    local began=$SECONDS
    run -0 --separate-stderr env XDG_STATE_HOME="$state" \
        MLFLOW_TRACKING_URI="$url" "$BUILD/bin/itrack-wrap" --drain 3 \
        --track mlflow -- "$BUILD/tests/programs/write_run" --quiet \
        --mode run --from "$top/tests/fixtures/run_plain/run" \
        --to "$BATS_TEST_TMPDIR/runs/one"
    # The drain that was given, not that of others.
    [ $((SECONDS - began)) -lt 25 ]
    [[ $stderr == *"itrack sync"* ]]
    rules
    XDG_STATE_HOME=$state MLFLOW_TRACKING_URI=$url "$BUILD/bin/itrack" sync
    [ -z "$(ls "$state/itrack/runs")" ]
}

@test "an address that drops: the exit is not held" {
    # A full queue of a listener that accepts nobody: further SYNs are dropped.
    python3 -c '
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(0)
held = []
for i in range(4):
    c = socket.socket()
    c.setblocking(False)
    c.connect_ex(s.getsockname())
    held.append(c)
print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$BATS_TEST_TMPDIR/port" 3>&- &
    local pid=$!
    wait_for 120 test -s "$BATS_TEST_TMPDIR/port"
    url=http://127.0.0.1:$(cat "$BATS_TEST_TMPDIR/port")
    local began=$SECONDS
    run -0 --separate-stderr env XDG_STATE_HOME="$state" \
        MLFLOW_TRACKING_URI="$url" "$BUILD/bin/itrack-wrap" --drain 5 \
        --track mlflow,local -- "$BUILD/tests/programs/write_run" --quiet \
        --mode run --from "$top/tests/fixtures/run_plain/run" \
        --to "$BATS_TEST_TMPDIR/runs/one"
    kill "$pid"
    [ $((SECONDS - began)) -lt 25 ]
    [[ $stderr == *"local: delivered"* ]]
    [[ $stderr == *"mlflow: nothing delivered, all is pending: "*"itrack sync"* ]]
}
