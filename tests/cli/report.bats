#!/usr/bin/env bats
# What the report says of a run, in words and as JSON.
# shellcheck disable=SC2154

load runs

setup() {
    use_clean_home
}

# `records N WORD [SCORE]`: N records with this status.
records() {
    python3 - "$@" <<'PY'
import json, sys
for i in range(int(sys.argv[1])):
    record = {"run_id": "r1", "status": sys.argv[2],
              "model": {"model_id": "m"}, "probe": {"probe_id": "p"}}
    if len(sys.argv) > 3:
        record["scores"] = {"exact_match": float(sys.argv[3])}
    print(json.dumps(record))
PY
}

@test "the result first: records, success, errors, scores, time" {
    mkdir r1
    {
        records 40 success 0.825
        records 8 error
        records 6 timeout
        records 6 skipped
    } >r1/records.jsonl
    run -0 itrack import r1
    [[ ${lines[0]} =~ ^"itrack: run r1-"...." failed: 60 records, 66.7 % success, \
14 errors (6 timeouts), 6 skipped or rate-limited, exact_match 0.825"(", \
"[0-9.]+" s")?" ($PWD/r1)"$ ]]
    [[ ${lines[1]} == "itrack: local: delivered "*": $PWD/tracking/insidellms/r1" ]]
    [ "${#lines[@]}" -eq 2 ]
}

# Values of the whole run come at the last record's step a second time.
@test "an ordinary run has nothing remarkable to say" {
    start_gated "$BUILD/bin/itrack-wrap" -t local,tensorboard -- "$write_run" \
        --gate gate --from "$fixtures/run_plain/run" --to runs/a
    # One by one, so that they are observed.
    turn 2
    for n in 1 2 3 4; do
        wait_until has_step "$tracking/$(run_id run_plain)/metrics.json" $n
        turn
    done
    finish
    [ "$status" -eq 0 ]
    # Where files go is said if that is known within a second, and that there is
    # something to deliver, if it takes a second.
    mapfile -t lines < <(grep -v '^itrack: tensorboard: files go to \|^itrack: delivering the rest ' err)
    [ "${#lines[@]}" = 4 ]
    [[ ${lines[0]} == "itrack: run a-"* ]]
    [[ ${lines[1]} == "itrack: local: delivered "* ]]
    [[ ${lines[2]} == "itrack: tensorboard: delivered "* ]]
    [[ ${lines[3]} == "itrack: tensorboard: to look: tensorboard --logdir "* ]]
    grep -q observed/records_per_second runs/tracking/insidellms/*/metrics.json
}

@test "the only sample of the machine is a value, not a curve" {
    run -0 wrap --record-only --system-metrics 3600 -- "$write_run" --quiet \
        --mode run --from "$fixtures/run_plain/run" --to runs/a
    jq -es '[.[] | select(.sample)] | length == 1 and .[0].summary' \
        state/itrack/runs/*/journal.jsonl
}

@test "what is zero is left out; almost all is not all" {
    mkdir all most none
    records 3 success >all/records.jsonl
    {
        records 1 error
        records 9999 success
    } >most/records.jsonl
    records 1 timeout >none/records.jsonl
    run -0 itrack import all most none
    [[ $output == *"failed: 3 records, 100 % success"[,\ ]* ]]
    [[ $output == *"failed: 10000 records, 99.9 % success, 1 error"[,\ ]* ]]
    [[ $output == *"failed: 1 record, 0 % success, 1 timeout"[,\ ]* ]]
    mkdir empty
    : >empty/.insidellms_run
    run -0 itrack import empty
    [[ $output == *"run empty-"????" failed: 0 records"[,\ ]* ]]
}

@test "a time is what the command took; a live run and its import agree" {
    cp -r "$fixtures/run_scored/run" scored
    run -0 itrack import scored
    imported=$(sed -n 's/.*finished: \(.* success[^(]*\)(.*/\1/p' <<<"$output")
    run -0 wrap "$write_run" --pace 20 \
        --from "$fixtures/run_scored/run" --to "$runs/x"
    live=$(sed -n 's/.*finished: \(.* success[^(]*\)(.*/\1/p' <<<"$output")
    [[ $live =~ ,\ [0-9.]+\ s\ $ ]]
    [ -n "${live%, *}" ]
    [[ $imported == "${live%, *}"* ]]
    # Another process delivers it: the same result.
    wrap -q --record-only "$write_run" --pace 20 --from "$fixtures/run_scored/run" \
        --to "$runs/y"
    run -0 itrack sync
    [[ $output == *"finished: ${live%, *}, "* ]]
}

@test "the JSON has each metric and param that the local tracker has" {
    cp -r "$fixtures/harness_two_by_two/run" harness
    itrack import -q --report report.json harness
    python3 - report.json tracking/insidellms/* <<'PY'
import json, pathlib, sys
run = json.load(open(sys.argv[1]))["runs"][0]
place = pathlib.Path(sys.argv[2])
last = {}
for point in json.loads((place / "metrics.json").read_text()):
    last.update(point["metrics"])
assert run["metrics"] == last, (run["metrics"], last)
assert len(last) > 20
params = json.loads((place / "params.json").read_text())
params["run_id"] = run["params"]["run_id"]
assert run["params"] == params, (run["params"], params)
assert run["experiments_left_out"] == 0
PY
}

@test "a param that is a list is one in the JSON, too" {
    attempt=20261123T130842Z-000000000001
    mkdir -p state/itrack/runs/$attempt
    chmod 700 state/itrack state/itrack/runs state/itrack/runs/$attempt
    cat >state/itrack/runs/$attempt/journal.jsonl <<END
{"entry":"start","time_us":1,"version":1,"attempt":"$attempt","source":"library","run_dir":"$PWD/x","project":"p","prefix":"","no_run":true,"tags":[],"targets":[],"host":"h","boot_id":"b","pid":1,"pid_start":1,"artifacts":"all","points":512}
{"entry":"params","time_us":2,"params":{"layers":{"text":"[1, 2]","json":[1,2]}}}
{"entry":"end","time_us":3,"status":"finished","last_step":0}
END
    touch -d '1 hour ago' state/itrack/runs/$attempt/journal.jsonl
    itrack sync -q --report out.json
    [ "$(field out.json 'd["runs"][0]["params"]["layers"]')" = "[1, 2]" ]
}

@test "more experiments than the JSON has room for: counted" {
    mkdir many
    python3 - >many/records.jsonl <<'PY'
import json
for i in range(503):
    print(json.dumps({"run_id": "r", "status": "success",
                      "model": {"model_id": f"m{i}"},
                      "probe": {"probe_id": "p"},
                      "custom": {"harness": {"experiment_id": f"e{i}"}}}))
PY
    itrack import -q --report report.json many
    [ "$(jq .runs[0].experiments_left_out report.json)" -eq 3 ]
    jq -e ".runs[0].metrics.success_count == 503" report.json
    [ "$(jq '[.runs[0].metrics | keys[] | select(endswith("/success_rate"))] |
        length' report.json)" -eq 500 ]
}

@test "nothing is said of what nobody asked for" {
    cp -r "$fixtures/latencies/run" latencies
    run -0 itrack import -t local,mlflow --mlflow-uri ./mlruns latencies
    [[ $output != *histogram* ]]
}

@test "one command finishes what is pending, with the option that it needs" {
    MLFLOW_TRACKING_URI=sqlite:///mlflow.db run -0 --separate-stderr \
        wrap -t mlflow "$write_run" --from "$fixtures/run_plain/run" --to "$runs/x"
    line=$(grep '^itrack: mlflow: nothing delivered' <<<"$stderr")
    [ "$(grep -o 'itrack sync' <<<"$line" | wc -l)" -eq 1 ]
    command=${line#*to finish: }
    [[ $command == "itrack sync --mlflow-uri URI 2"* ]]
    eval "${command/URI/$PWD/mlruns}"
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "bytes behind the last whole line are said" {
    mkdir torn
    records 3 success >torn/records.jsonl
    printf '{"half' >>torn/records.jsonl
    run -0 itrack import torn
    [[ $output == *"failed: 3 records, 100 % success"* ]]
    [[ $output == *"records.jsonl: 6 bytes behind the last whole line"* ]]
}

# A program of that name which refuses a directory that has something, as
# insideLLMs does, after so many seconds.
make_insidellms() {
    mkdir -p bin
    cat >bin/insidellms <<SH
#!/bin/sh
sleep \${DELAY:-0}
while [ "\$1" != --run-dir ]; do shift; done
if [ -n "\$(ls -A "\$2" 2>/dev/null)" ]; then
    echo "ERROR Run directory is not empty" >&2
    exit 1
fi
exec "$write_run" --from "$fixtures/run_plain/run" --to "\$2"
SH
    chmod +x bin/insidellms
    PATH=$PWD/bin:$PATH
}

@test "the same run again: why nothing was tracked, and what to do" {
    make_insidellms
    run -0 wrap insidellms run exp.yaml --run-dir "my runs/a"
    [[ $output == *"finished: "*"local: delivered"* ]]
    for how in "" --no-preload; do
        run -1 wrap $how insidellms run exp.yaml --run-dir "my runs/a"
        [[ $output == *"nothing was tracked: $PWD/my runs/a was there before"* ]]
        [[ $output == *"insideLLMs refuses such a directory; give it --overwrite, or another --run-dir"* ]]
        [[ $output == *"itrack import '$PWD/my runs/a'" ]]
    done
    mkdir other
    : >other/file
    run -1 wrap insidellms run exp.yaml --run-dir other
    [[ $output == *"other has files already"*"another --run-dir" ]]
    [[ $output != *--overwrite* ]]
}

@test "the same run again below a run root: whose name only insideLLMs knows" {
    make_insidellms
    printf '#!/bin/sh\nexit 1\n' >bin/insidellms
    mkdir -p "$HOME/.insidellms/runs" roots
    run -1 wrap insidellms run exp.yaml
    [[ $output == *"no run directory seen"* ]]
    cp -r "$fixtures/run_plain/run" "$HOME/.insidellms/runs/abc"
    run -1 wrap insidellms run exp.yaml
    [[ $output == *"nothing was tracked: the command failed before it wrote a run; "*"$HOME/.insidellms/runs"*--overwrite* ]]
    run -1 wrap insidellms run exp.yaml --run-root roots
    [[ $output == *"no run directory seen"* ]]
    printf '#!/bin/sh\nexit 0\n' >bin/insidellms
    run -0 wrap insidellms run exp.yaml
    [[ $output == *"no run directory seen"* ]]
}

@test "the same run again in a script" {
    make_insidellms
    cp -r "$fixtures/run_plain/run" again
    touch -d '1 minute ago' again
    # A worker that comes when it is over has not seen it: then once more, slower.
    for DELAY in 0.5 2 8 30; do
        export DELAY
        run -0 wrap sh -c 'insidellms run exp.yaml --run-dir again; echo over'
        [[ $output == *"no run directory seen"* ]] || break
    done
    [[ $output == *"nothing was tracked: $PWD/again was there before"* ]]
}

@test "a run directory that nobody refused is not said to be" {
    make_insidellms
    cp -r "$fixtures/run_plain/run" again
    printf '#!/bin/sh\nexit 0\n' >bin/insidellms
    run -0 wrap insidellms harness exp.yaml --dry-run -o again
    [[ $output == *"no run directory seen"* ]]
    printf '#!/bin/sh\nexit 2\n' >bin/insidellms
    run -2 wrap insidellms run exp.yaml --run-dir new
    [[ $output == *"no run directory seen"* ]]
}

@test "a param that is a list or a dictionary stands as such" {
    [[ $BUILD != *san* ]] || skip "Python has no sanitizer's runtime"
    PYTHONPATH=$top/lib/python ITRACK_LIBRARY=$BUILD/lib/libitrack.so.0 \
        ITRACK_WORKER=$BUILD/libexec/itrack/itrack-worker python3 - <<'PY'
from itrack import MLflowTracker
tracker = MLflowTracker(tracking_uri="sqlite:///x.db", experiment_name="e")
with tracker:
    tracker.log_params({"list": [1, "a", {"b": None}], "text": "[1]"})
    tracker.log_metrics({"accuracy": 0.5})
PY
    run itrack sync --mlflow-uri ./mlruns --report report.json
    [[ $output == *"finished: accuracy 0.5"* ]]
    jq -e '.runs[0].params | (.list == [1, "a", {"b": null}]) and
        .text == "[1]"' report.json
}
