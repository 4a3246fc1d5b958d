#!/usr/bin/env bats
# --records at MLflow: each record a trace, read back from a real server.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup_file() {
    clean_environment
    start_file_server
}

teardown_file() {
    stop_file_server
}

setup() {
    [ -n "$venv" ] || skip "no mlflow package"
    clean_environment
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    cd "$BATS_TEST_TMPDIR" || return
}

import() { # EXPERIMENT [option]... DIR...
    "$BUILD/bin/itrack" import -t mlflow --mlflow-uri "$url" -p "$@"
}

# [--text] [--runs N] EXPERIMENT DIR: every record, whole, once.
traces() {
    "$venv/bin/python" "$here/check_traces.py" "${@:1:$#-2}" "$url" "${@: -2}"
}

copy() { # FIXTURE DIR
    cp -r "$top/tests/fixtures/$1/run" "$2"
    chmod -R u+w "$2"
}

@test "every fixture, imported twice and live: all its records, once" {
    local name dir mode names=(interrupted harness_two_by_two run_errors run_scored)
    [ -z "${ITRACK_TORTURE:-}" ] || mapfile -t names < <(ls "$top/tests/fixtures")
    for name in "${names[@]}"; do
        dir=$top/tests/fixtures/$name/run
        import "text-$name" --records=text "$dir"
        import "text-$name" --records=text "$dir"
        traces --text "text-$name" "$dir"
    done
    for name in run_scored harness_two_by_two; do
        mode=run
        [[ $name != harness* ]] || mode=harness
        "$BUILD/bin/itrack-wrap" --track mlflow --mlflow-uri "$url" --records \
            --track-project "live-$name" -- "$BUILD/tests/programs/write_run" \
            --quiet --mode "$mode" --from "$top/tests/fixtures/$name/run" \
            --to "$PWD/$name"
        traces "live-$name" "$PWD/$name"
    done
}

@test "one directory in two experiments: each has all its records" {
    local dir=$top/tests/fixtures/run_scored/run
    import two-a --records=text "$dir"
    import two-b --records=text "$dir"
    traces --text two-a "$dir"
    traces --text two-b "$dir"
}

@test "without =text no word of a prompt, an answer or an error leaves the machine" {
    copy run_errors secret
    sed -i 's/"question":"/&CANARY /; s/"output_text":"/&CANARY /
        s/"output":"/&CANARY /; s/upstream refused/CANARY/; s/"reference_answer":"/&CANARY /' \
        secret/records.jsonl
    import secret --records --artifacts none "$PWD/secret"
    traces secret "$PWD/secret"
    run ! grep -rq CANARY "$BATS_FILE_TMPDIR/server" "$XDG_STATE_HOME"
    import secret-text --records=text --artifacts none "$PWD/secret"
    traces --text secret-text "$PWD/secret"
    grep -rq CANARY "$BATS_FILE_TMPDIR/server"
    run ! grep -rq CANARY "$XDG_STATE_HOME"
}

@test "the report leads to the page of the evaluation, and counts the scores left out" {
    copy run_scored nan
    sed -i 's/"f1":0.3/"f1":NaN/g; s/"f1":0.5/"f1":-Infinity/g
        s/What is 2+2?/\\ud800\\u0000/' nan/records.jsonl
    run -0 import nan --records=text "$PWD/nan"
    [[ $output == *"/evaluation-runs?selectedRunUuid="* ]]
    [[ $output =~ "scores that are NaN or infinite: "([0-9]+) ]]
    [ "${BASH_REMATCH[1]}" = "$(grep -cE '"f1":(NaN|-Inf)' nan/records.jsonl)" ]
    traces --text nan "$PWD/nan"
}

# fake_server RULE: a server of our own that answers so to traces.
fake_server() {
    local run='{"run": {"info": {"run_id": "r1",
        "artifact_uri": "mlflow-artifacts:/r1"}}}'
    fake=$BATS_TEST_TMPDIR/fake
    rm -rf "$fake"
    start_fake "$fake" "$fake"
    cat >"$fake/rules.json" <<END
[{"match": "get-by-name", "body": {"experiment": {"experiment_id": "7"}}},
 {"match": "runs/create", "body": $run}, {"match": "POST /v1/traces", $1}]
END
    url=$(cat "$fake/url")
}

@test "a record that the server does not take goes without its texts, else it is named" {
    copy run_plain plain
    # The size of one record, compressed: with texts more than this.
    fake_server '"over": 490, "status": 413'
    run -0 import fake --records=text --artifacts none "$PWD/plain"
    [[ $output == *"records whose texts the server refuses: 12, the first is record 1"* ]]
    kill "$(cat "$fake/pid")"
    fake_server '"status": 400'
    run import fake --records=text --artifacts none "$PWD/plain"
    kill "$(cat "$fake/pid")"
    [ "$status" = 1 ]
    [[ $output == *"record 1 (and 11 more): "*"HTTP 400"* ]]
}

@test "a server without traces: one note, and all the rest arrives" {
    fake_server '"status": 404, "body": "<html>Not Found</html>"'
    run -0 import fake --records=text "$top/tests/fixtures/harness_two_by_two/run"
    kill "$(cat "$fake/pid")"
    [ "$(grep -c "takes no traces (HTTP 404)" <<<"$output")" = 1 ]
    [ "$(grep -c /v1/traces "$fake/log")" = 1 ]
    grep -q 'runs/update 200' "$fake/log"
    # A table for each of the four experiments.
    [ "$(grep -c '/records.json 200' "$fake/log")" = 4 ]
    table "$fake/requests/$(awk '/\/records.json 200/ { print $1; exit }' "$fake/log").body" 9
    grep -q runs/set-tag "$fake/log"
}

# Records of several entries: 8 times those of run_scored, each 20 KB longer.
many_records() { # DIR
    copy run_scored "$1"
    python3 - "$1/records.jsonl" "$top/tests/fixtures/run_scored/run/records.jsonl" <<'PY'
import json, sys
records = [json.loads(line) for line in open(sys.argv[2])] * 8
with open(sys.argv[1], "w") as out:
    for record in records:
        record["input"] = {"question": "word " * 4000}
        out.write(json.dumps(record) + "\n")
PY
}

@test "a server that has taken traces is asked again when one answer says it has none" {
    many_records run
    fake_server '"times": 1}, {"match": "POST /v1/traces", "times": 1, "status": 404'
    run -0 import fake --records=text --artifacts none "$PWD/run"
    kill "$(cat "$fake/pid")"
    grep -q 'v1/traces 404' "$fake/log"
    [[ $output != *"takes no traces"* ]]
    run ! grep -q records.json "$fake/log"
}

@test "MLflow 3.4, which reads no gzip, is a server without traces" {
    local detail='Cannot store OpenTelemetry spans: All spans must belong to the same trace.'
    fake_server '"times": 1, "status": 400},
        {"match": "v1/traces", "status": 422, "body": {"detail": "'"$detail"'"}'
    run -0 import fake --records=text "$top/tests/fixtures/run_scored/run"
    kill "$(cat "$fake/pid")"
    [ "$(grep -c "takes no traces (HTTP 422)" <<<"$output")" = 1 ]
    [ "$(grep -c /v1/traces "$fake/log")" = 2 ]
    [ "$(grep -c '/records.json 200' "$fake/log")" = 1 ]
}

@test "scores that are left out are counted over all records" {
    many_records run
    sed -i 's/"f1": [0-9.]*/"f1": NaN/g' run/records.jsonl
    fake_server '"status": 200'
    run -0 import fake --records=text --artifacts none "$PWD/run"
    kill "$(cat "$fake/pid")"
    [ "$(grep -c 'v1/traces 200' "$fake/log")" -gt 1 ]
    [[ $output == *"NaN or infinite: $(wc -l <run/records.jsonl);"* ]]
    [ "$(grep -c 'NaN or infinite' <<<"$output")" = 1 ]
}

@test "a table goes once, when it has the rows of all entries" {
    local id of rows
    many_records run
    rows=$(wc -l <run/records.jsonl)
    fake_server '"status": 404, "body": "<html>Not Found</html>"'
    run -0 import fake --records=text --artifacts none "$PWD/run"
    kill "$(cat "$fake/pid")"
    [ "$(grep -c '/records.json 200' "$fake/log")" = 1 ]
    id=$(awk '/\/records.json 200/ { print $1 }' "$fake/log")
    table "$fake/requests/$id.body" "$rows"
}

@test "a table that is refused does not keep the run from its end" {
    copy run_plain from
    rm from/manifest.json
    mkfifo from/manifest.json
    fake_server '"status": 404, "body": "<html>Not Found</html>"'
    sed -i 's,^\[,&{"match": "/records.json"\, "status": 401}\,,' "$fake/rules.json"
    # The program waits for its manifest until the records are there.
    (wait_for 120 grep -qs /v1/traces "$fake/log" || true
        echo '{}' >from/manifest.json) 3>&- &
    run timeout 60 "$BUILD/bin/itrack-wrap" --track mlflow --mlflow-uri "$url" \
        --records=text --artifacts none -- "$BUILD/tests/programs/write_run" --quiet \
        --mode run --from "$PWD/from" --to "$PWD/run"
    kill "$(cat "$fake/pid")"
    cat "$fake/log"
    grep -q '/records.json 401' "$fake/log"
    grep -q 'runs/update 200' "$fake/log"
}

@test "when the last records can't be read any more, the others are a table" {
    local pid id
    many_records run
    fake_server '"status": 404, "body": "<html>Not Found</html>", "stall": "go"'
    import fake --records=text --artifacts none "$PWD/run" >out 2>&1 3>&- &
    pid=$!
    wait_for 120 grep -qs /v1/traces "$fake/log"
    printf x | dd of=run/records.jsonl bs=1 conv=notrunc status=none \
        seek="$(($(stat -c %s run/records.jsonl) - 100))"
    : >"$fake/go"
    wait "$pid" || true
    kill "$(cat "$fake/pid")"
    cat out
    grep -q "records not sent" out
    [ "$(grep -c '/records.json 200' "$fake/log")" = 1 ]
    id=$(awk '/\/records.json 200/ { print $1 }' "$fake/log")
    grep -q '"data":\[\[' "$fake/requests/$id.body"
}

# FILE ROWS: MLflow's table.
table() {
    python3 - "$@" <<'PY'
import json, sys
table = json.load(open(sys.argv[1]))
assert len(table["data"]) == int(sys.argv[2]), len(table["data"])
assert all(len(row) == len(table["columns"]) for row in table["data"])
PY
}

@test "a file store has the records as tables, read by MLflow's own client" {
    import store --mlflow-uri "$PWD/mlruns" --records=text "$top/tests/fixtures/run_scored/run"
    import store2 --mlflow-uri "$PWD/mlruns" --records "$top/tests/fixtures/harness_two_by_two/run"
    "$venv/bin/python" - "$PWD/mlruns" "$top/tests/fixtures" <<'PY'
import json, sys
import mlflow
mlflow.set_tracking_uri("file://" + sys.argv[1])
def records(name):
    return [json.loads(l) for l in open(f"{sys.argv[2]}/{name}/run/records.jsonl")]
for name, fixture, count in (("store", "run_scored", 1), ("store2", "harness_two_by_two", 4)):
    ids = [mlflow.set_experiment(name).experiment_id]
    table = mlflow.load_table("records.json", extra_columns=["run_id"])
    runs = mlflow.search_runs(ids)
    table = table[table["run_id"].isin(runs["run_id"])]
    want = records(fixture)
    assert table["run_id"].nunique() == count, table["run_id"].nunique()
    assert sorted(table["record"]) == list(range(1, len(want) + 1))
    assert ("output" in table.columns and any(table["output"].notna())) == (name == "store")
    if name == "store":
        by = table.set_index("record")
        for i, r in enumerate(want, 1):
            assert by["output"][i] == r["output_text"], (by["output"][i], r["output_text"])
            got = {k: v if isinstance(v, str) else round(v, 9) for k, v in by["scores"][i].items()}
            assert got == r["scores"], (got, r["scores"])
PY
}

@test "doctor says whether the server takes traces" {
    run -0 "$BUILD/bin/itrack" doctor -t mlflow --mlflow-uri "$url"
    [[ $output == *"it takes records as traces"* ]]
    [[ $output =~ "answers, MLflow 3."[0-9]+ ]]
    # MLflow 3.4 calls its version a page.
    fake_server '"status": 404, "body": "<html>Not Found</html>"},
        {"match": "GET /version", "times": 1, "body": "3.4.0",
         "headers": {"Content-Type": "text/html; charset=utf-8"}},
        {"match": "GET /version", "body": "<html>Please log in</html>",
         "headers": {"Content-Type": "text/html"}'
    run "$BUILD/bin/itrack" doctor -t mlflow --mlflow-uri "$url"
    [[ $output == *"it takes no traces"* ]]
    [[ $output == *"answers, MLflow 3.4.0"* ]]
    run "$BUILD/bin/itrack" doctor -t mlflow --mlflow-uri "$url"
    kill "$(cat "$fake/pid")"
    [[ $output == *"does not tell its version"* ]]
}

@test "killed again and again: every record, once" {
    local pid i status=137
    for i in $(seq 8); do
        cat "$top/tests/fixtures/run_scored/run/records.jsonl"
    done >many
    copy run_scored run
    mv many run/records.jsonl
    i=0
    until [ "$status" = 0 ]; do
        if [ "$i" = 0 ]; then
            "$BUILD/bin/itrack" import -t mlflow --mlflow-uri "$url" -p kill \
                --records=text --artifacts none "$PWD/run" 3>&- &
        else
            "$BUILD/bin/itrack" sync 3>&- &
        fi
        pid=$!
        [ "$i" -ge 4 ] || {
            wait_for 120 sent "$((i * 20 + 5))"
            kill -KILL "$pid" || true
        }
        wait "$pid" && status=0 || status=$?
        i=$((i + 1))
        [ "$i" -lt 10 ]
    done
    traces --text kill "$PWD/run"
}

# So many traces of the run are there.
sent() {
    [ "$("$venv/bin/python" - "$url" "$1" <<'PY'
import json, sys, urllib.request
def call(path, body=None):
    request = urllib.request.Request(sys.argv[1] + path, body and json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))
try:
    e = call("/api/2.0/mlflow/experiments/get-by-name?experiment_name=kill")["experiment"]
    where = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": e["experiment_id"]}}
    got = call("/api/3.0/mlflow/traces/search", {"locations": [where], "max_results": 500})
    print(len(got.get("traces", [])) >= int(sys.argv[2]))
except urllib.error.HTTPError:
    print(False)
PY
    )" = True ]
}

# fails PATTERN HOW: a server that fails so at every request about records that has
# this in it.
fails() {
    fake_server '"body_match": "'"$1"'", '"$2"'},
        {"match": "3.0/mlflow/traces", "body_match": "'"$1"'", '"$2"
}

@test "a server that fails at one record takes the others, and that one without its texts" {
    copy run_scored poison
    sed -i '5s/"question":"/&POISON /; 9s/"model_id":"[^"]*/&POISON/' poison/records.jsonl
    fails POISON '"status": 500'
    one_at_fault 'HTTP 500'
    fails POISON '"cut": 0'
    one_at_fault 'Empty reply'
}

# one_at_fault WORDS: records 5 and 9 of the import are named, the others arrive.
one_at_fault() {
    rm -rf "$XDG_STATE_HOME"
    run import fake --records=text --artifacts none "$PWD/poison"
    kill "$(cat "$fake/pid")"
    [ "$status" = 1 ]
    [[ $output == *"records whose texts the server refuses: 1, the first is record 5"* ]]
    [[ $output == *"record 9: "*"$1"* ]]
    python3 - "$fake" poison/records.jsonl <<'PY'
import gzip, json, sys
spans = b""
for line in open(sys.argv[1] + "/log"):
    number, _, target, status, _ = line.split()
    if target == "/v1/traces" and status == "200":
        spans += gzip.open(f"{sys.argv[1]}/requests/{number}.body").read()
for i, line in enumerate(open(sys.argv[2]), 1):
    question = json.dumps(json.loads(line)["input"]["question"])
    assert (question.encode() in spans) == (i not in (5, 9)), (i, question)
PY
    grep -q 'runs/update 200' "$fake/log"
}

@test "while a server fails at all records, the run is whole and they are pending" {
    fake_server '"status": 500'
    run import fake --records=text "$top/tests/fixtures/run_scored/run"
    [ "$status" != 0 ]
    [[ $output == *"pending"*"record 1: "*"HTTP 500"* ]]
    grep -q 'runs/update 200' "$fake/log"
    grep -q 'PUT .* 200' "$fake/log"
    echo '[{"match": "runs/create", "status": 500}]' >"$fake/rules.json"
    run -0 "$BUILD/bin/itrack" sync
    kill "$(cat "$fake/pid")"
    [[ $output == *delivered* && $output != *"without their texts"* ]]
}

@test "a server that never answers about traces: metrics, files and the end are there" {
    local pid
    copy run_scored from
    rm from/manifest.json
    mkfifo from/manifest.json
    fake_server '"stall": true'
    timeout 60 "$BUILD/bin/itrack-wrap" --track mlflow --mlflow-uri "$url" --drain 30 \
        --records=text -- "$BUILD/tests/programs/write_run" --quiet \
        --mode run --from "$PWD/from" --to "$PWD/run" >out 2>&1 3>&- &
    pid=$!
    # The program ends only when traces are under way.
    wait_for 120 grep -qs 'v1/traces stall' "$fake/log"
    # To open it is enough: the program reads as many bytes as a FIFO has, none.
    : >from/manifest.json
    wait_for 120 grep -q 'runs/update 200' "$fake/log"
    wait_for 120 grep -q 'PUT .*/manifest.json 200' "$fake/log"
    wait_for 120 grep -q 'PUT .*/records.jsonl 200' "$fake/log"
    kill "$(cat "$fake/pid")"
    wait "$pid" || true
    cat out
    grep -q pending out
    # The same request was under way all the time.
    [ "$(grep -c v1/traces "$fake/log")" = 1 ]
    grep -h metrics "$fake"/requests/*.body | grep -q success_rate
}

@test "live: a record is there before the next one comes" {
    local pid
    mkfifo gate
    fake_server '"status": 200'
    "$BUILD/bin/itrack-wrap" --track mlflow --mlflow-uri "$url" --records=text -- \
        "$BUILD/tests/programs/write_run" --quiet --gate gate \
        --from "$top/tests/fixtures/run_scored/run" --to "$PWD/run" >out 2>&1 3>&- &
    pid=$!
    open_gate 7 gate "$pid"
    echo >&7
    echo >&7
    # The program waits, and its record waits for no other.
    wait_for 60 grep -qs 'v1/traces 200' "$fake/log"
    [ "$(wc -l <run/records.jsonl)" = 1 ]
    yes '' 2>/dev/null >&7 || true
    exec 7>&-
    wait "$pid"
    kill "$(cat "$fake/pid")"
}
