#!/usr/bin/env bats
# --records: the records themselves, in a lane behind metrics and files. The null
# tracker reads the rows, as every tracker with a place for them does.

load runs

CANARY=canary-4711

setup() {
    use_clean_home
    export ITRACK_NULL_ROWS=$BATS_TEST_TMPDIR/rows
}

# many DIR COUNT: a run directory with so many records, each of whose texts has
# the canary.
many() {
    cp -r "$fixtures/run_scored/run" "$1"
    python3 - "$1" "$2" $CANARY <<'END'
import json, sys
dir, count, canary = sys.argv[1], int(sys.argv[2]), sys.argv[3]
lines = [json.loads(line) for line in open(dir + "/records.jsonl")]
with open(dir + "/records.jsonl", "w") as f:
    for i in range(count):
        r = dict(lines[i % len(lines)])
        r["example_id"] = str(i + 1)
        r["input"] = {"question": "q %d %s" % (i, canary),
                      "reference_answer": "a " + canary}
        r["output"] = r["output_text"] = "o " + canary
        r["messages"] = [{"role": "user", "content": canary}]
        r["scores"] = dict(r["scores"], said="s " + canary, bad=float("nan"))
        if r["error_type"]:
            r["error"] = "e " + canary
        f.write(json.dumps(r) + "\n")
m = json.load(open(dir + "/manifest.json"))
m["record_count"] = count
json.dump(m, open(dir + "/manifest.json", "w"))
END
}

# has_numbers FROM TO: the rows are these, each once and in order
has_numbers() {
    diff <(jq .number rows) <(seq "$1" "$2")
}

has_step() {
    grep -q '"entry":"metrics".*"step":'"$1," \
        "$XDG_STATE_HOME"/itrack/runs/*/journal.jsonl
}

@test "records: every row once, by import and in a gzip file" {
    many "$runs/a" 250
    itrack import --track null --records=text "$runs/a"
    has_numbers 1 250
    jq -es 'all(.[]; (.example_id | tonumber) == .number and
        (.input | keys) == ["question"] and (.reference | startswith("a ")) and
        (.output_text | startswith("o ")) and .observed == false)' rows
    gzip "$runs/a/records.jsonl"
    rm rows
    itrack import --again --track null --records "$runs/a"
    has_numbers 1 250
    rm rows
    itrack import --again --track null "$runs/a"
    [ ! -s rows ]
}

@test "records: of each experiment of a harness" {
    cp -r "$fixtures/harness_two_by_two/run" "$runs/h"
    itrack import --track null --records "$runs/h"
    jq -es 'length == 36 and ([.[].experiment] | unique) == [0, 1, 2, 3] and
        ([.[] | [.experiment, .model, .probe]] | unique | length) == 4' rows
}

@test "records: live, also when everything of itrack is killed" {
    many "$BATS_TEST_TMPDIR/from" 60
    start_gated "$BUILD/bin/itrack-wrap" --track null --records -- \
        "$write_run" --mode run --from "$BATS_TEST_TMPDIR/from" \
        --to "$runs/live" --gate gate
    turn 2
    for n in 1 2 3 4; do
        wait_until has_step "$n"
        turn
    done
    wait_until grep -q '"number":4,' rows
    jq -es 'any(.[]; .observed)' rows
    worker=$(pgrep -P "$job" -x itrack-worker)
    kill -9 "$job"
    kill -9 "$worker"
    run_free
    wait "$job" || true
    wait_until test -e "$runs/live/manifest.json"
    wait_until sh -c '"$1"/bin/itrack sync; ! "$1"/bin/itrack status | grep -q pending' \
        sh "$BUILD"
    # What a kill repeats has the same ID.
    jq -es '([.[].number] | unique) == [range(1; 61)] and
        ([.[] | .trace_id] | unique | length) == 60' rows
}

@test "records: beyond --records-max every n-th, and the report says so" {
    many "$runs/a" 250
    run -0 itrack import --track null --records --records-max 100 "$runs/a"
    [[ $output == *'of 250 records are there'*'--records-max 100'* ]]
    [ "$(head -n 99 rows | jq .number | tail -n 1)" = 99 ]
    jq -es 'all(.[]; .number < 100 or .number % 2 == 0) and
        all(.[]; .number < 200 or .number % 4 == 0)' rows
    [[ $output == *"$(wc -l <rows) of 250"* ]]
}

@test "records: a file that has changed is said and not delivered" {
    many "$runs/a" 150
    itrack import --record-only --track null --records --artifacts none "$runs/a"
    sed -i '120s/"example_id": "120"/"example_id": "999"/' "$runs/a/records.jsonl"
    run -1 itrack sync
    [[ $output == *'50 records not sent'*'records.jsonl has changed'* ]]
    has_numbers 1 100
}

@test "records: the copy that is kept has them when the directory is gone" {
    many "$runs/a" 150
    itrack import --record-only --track null --records "$runs/a"
    rm -r "$runs/a"
    itrack sync
    has_numbers 1 150
}

@test "records: nothing else waits when they alone fail" {
    many "$runs/a" 150
    ITRACK_NULL_RECORDS=blocked,... run -1 itrack import --track null,local \
        --records "$runs/a"
    [[ $output == *'null: delivered 161 of 163, the rest is pending'* ]]
    [ ! -s rows ]
    itrack sync
    has_numbers 1 150
}

@test "records: local and TensorBoard say that they have no place" {
    many "$runs/a" 5
    run -0 itrack import --track local,tensorboard --records "$runs/a"
    [ "$(grep -c 'no place for --records' <<<"$output")" = 2 ]
}

@test "records: without =text no text is anywhere" {
    many "$runs/a" 150
    sed -i "s/run_scored/x/" "$runs/a/config.resolved.yaml"
    itrack import --track null,tensorboard,wandb --wandb-mode offline \
        --records --artifacts none "$runs/a"
    has_numbers 1 150
    cp -r "$runs/a" "$runs/b"
    itrack import --record-only --track null,wandb --records --artifacts none \
        "$runs/b"
    run ! grep -rq $CANARY "$XDG_STATE_HOME" rows "$runs/tracking" wandb
    [ "$(jq -r .input_digest rows | sort -u | wc -l)" = 150 ]
    # With it the journal has none either.
    itrack import --again --record-only --track null,wandb --records=text \
        --artifacts none "$runs/b"
    run ! grep -rq $CANARY "$XDG_STATE_HOME"
    ITRACK_NULL_ROWS=$PWD/texts itrack sync
    [ "$(grep -c $CANARY texts)" = 150 ]
}

# in_memory KIB ARG...: `itrack ARG...` succeeds and needs no more.
in_memory() {
    python3 - "$BUILD/bin/itrack" "$@" <<'END'
import resource, subprocess, sys
subprocess.run([sys.argv[1]] + sys.argv[3:], check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print("#", usage.ru_maxrss, "KiB,", usage.ru_utime + usage.ru_stime, "s of CPU")
sys.exit(usage.ru_maxrss > int(sys.argv[2]))
END
}

@test "records: many in bounded memory" {
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer has memory of its own"
    count=${ITRACK_TORTURE:+100000}
    many "$runs/a" "${count:=10000}"
    in_memory 40960 import --track null --records=text --records-max=all "$runs/a"
    has_numbers 1 "$count"
}

@test "records: many through each lane in bounded memory" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "make torture sends 100,000 records"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer has memory of its own"
    local count=${ITRACK_MANY:-100000} run='{"run": {"info": {"run_id": "r1",
        "artifact_uri": "mlflow-artifacts:/r1"}}}'
    many "$runs/a" "$count"
    mkdir fake
    cat >fake/rules.json <<END
[{"match": "get-by-name", "body": {"experiment": {"experiment_id": "7"}}},
 {"match": "runs/create", "body": $run}]
END
    python3 "$top/tests/servers/fake_http.py" fake 3>&- &
    server=$!
    wait_until test -s fake/url
    for to in "mlflow --mlflow-uri $(<fake/url)" "otlp --otlp-endpoint $(<fake/url)" \
        "wandb --wandb-mode offline"; do
        # shellcheck disable=SC2086 # options
        in_memory 40960 import --again --drain 3600 --records=text \
            --records-max=all --artifacts none --track $to "$runs/a"
    done
    kill "$server"
    # A request for the scores of each record, one for the spans of a hundred.
    [ "$(grep -c 'POST /api/3.0/mlflow/traces 200' fake/log)" = "$count" ]
    [ "$(jq -s 'map(.data | length) | add' wandb/offline-*/files/media/table/*)" = "$count" ]
}
