#!/bin/sh
# usage: demo/run.sh RUN-DIR [RECORDS]
# Writes a run directory as `insidellms run` does, with made-up answers: the
# marker, the configuration by temporary file and rename, one write for each
# record and 50 ms between two of them, the manifest last. Needs nothing but a
# shell and coreutils, so that itrack can be seen at work without an evaluation.
set -eu
dir=$1
records=${2:-40}
run_id=00c0ffee00c0ffee00c0ffee00c0ffee

mkdir -p "$(dirname "$dir")"
mkdir "$dir"
printf 'insideLLMs run directory\n' >"$dir/.insidellms_run"

cat >"$dir/.config.resolved.yaml.tmp" <<'YAML'
dataset:
  format: jsonl
  path: sums.jsonl
model:
  args: {}
  type: demo
probe:
  args: {}
  type: logic
YAML
mv "$dir/.config.resolved.yaml.tmp" "$dir/config.resolved.yaml"

model='{"model_id":"demo-v1","params":{"model_id":"demo-v1","name":"DemoModel","provider":"Demo"},"provider":"Demo"}'
probe='{"params":{},"probe_id":"LogicProbe","probe_version":null}'
dataset='{"dataset_hash":null,"dataset_id":"sums.jsonl","dataset_version":null,"params":{"format":"jsonl","path":"sums.jsonl"},"provenance":"jsonl"}'

# Computed times, two microseconds to a record, as insideLLMs does it.
time_at() {
    if [ "$1" -eq 0 ]; then
        printf '2008-06-10T03:21:36+00:00'
    else
        printf '2008-06-10T03:21:36.%06d+00:00' "$1"
    fi
}

succeeded=0
set -C # the file must not be there: O_EXCL
exec 3>"$dir/records.jsonl"
set +C
i=0
while [ "$i" -lt "$records" ]; do
    sleep 0.05
    # One answer in eight is an error, one in four is wrong.
    if [ $((i % 8)) -eq 5 ]; then
        answer='"error":"model overloaded","error_type":"RuntimeError"'
        output='"output":null,"output_text":null'
        scores='{}'
        status=error
    else
        answer='"error":null,"error_type":null'
        output='"output":"'$((i + i))'","output_text":"'$((i + i))'"'
        scores='{"correct":'$((i % 4 != 2))'}'
        status=success
        succeeded=$((succeeded + 1))
    fi
    printf '{"completed_at":"%s","custom":{"record_index":%d},"dataset":%s,%s,"example_id":"%d","input":{"question":"What is %d+%d?"},"latency_ms":null,"messages":null,"messages_hash":null,"messages_storage":null,"model":%s,%s,"primary_metric":null,"probe":%s,"run_id":"%s","schema_version":"1.0.1","scores":%s,"started_at":"%s","status":"%s","usage":{"total_tokens":%d}}\n' \
        "$(time_at $((2 * i + 1)))" "$i" "$dataset" "$answer" "$i" "$i" "$i" \
        "$model" "$output" "$probe" "$run_id" "$scores" \
        "$(time_at $((2 * i)))" "$status" $((20 + i % 7)) >&3
    i=$((i + 1))
done
exec 3>&-

cat >"$dir/.manifest.json.tmp" <<JSON
{
  "command": null,
  "completed_at": "$(time_at $((2 * records + 1)))",
  "created_at": "$(time_at 0)",
  "custom": {
    "status_counts": {
      "error": $((records - succeeded)),
      "success": $succeeded,
      "timeout": 0
    },
    "timeout_count": 0
  },
  "dataset": $dataset,
  "error_count": $((records - succeeded)),
  "library_version": "0.2.0",
  "model": $model,
  "platform": null,
  "probe": $probe,
  "python_version": null,
  "record_count": $records,
  "records_file": "records.jsonl",
  "run_completed": true,
  "run_id": "$run_id",
  "schema_version": "1.0.1",
  "started_at": "$(time_at 0)",
  "success_count": $succeeded
}
JSON
mv "$dir/.manifest.json.tmp" "$dir/manifest.json"
printf 'Run written to: %s\n' "$dir"
