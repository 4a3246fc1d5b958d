#!/usr/bin/env bats
# The resolved configuration of a run as params, in every tracker: read back by
# each one's own program.

load ../cli/runs

setup_file() {
    export MLFLOW TENSORBOARD SDK
    local make=$BATS_TEST_DIRNAME/../../scripts/test-venv
    MLFLOW=$("$make" mlflow) || :
    TENSORBOARD=$("$make" tensorboard) || :
    SDK=$("$make" wandb) || :
}

setup() {
    use_clean_home
    server=
    from=$BATS_TEST_TMPDIR/from
    cp -r "$fixtures/run_scored/run" "$from"
    cat >"$from/config.resolved.yaml" <<'END'
dataset:
  format: inline
  items:
  - question: what nobody else is to read
model:
  args:
    api_key: sk-0123456789
    base_url: https://me:pass@host.example/v1
    max_tokens: 512
    models.v1: {temperature: 0.5}
    stop: [a, "\u03b2"]
    temperature: 0.1
    verbose: yes
    zone:
  type: sleepy
models:
- {type: one}
- {type: two}
END
}

teardown() {
    show_last
    if [ -n "$server" ]; then kill "$server"; fi
}

# serve DIR: a fake server; WANDB_BASE_URL names it
serve() {
    mkdir "$1"
    python3 "$top/tests/servers/fake_wandb.py" "$1" 3>&- &
    server=$!
    wait_until test -e "$1/url"
    WANDB_BASE_URL=$(cat "$1/url")
    export WANDB_BASE_URL
}

# The params of the configuration as the local tracker has them.
params() {
    field "$1/params.json" \
        '"\n".join(f"{k} {v}" for k, v in d.items() if k[:7] == "config.")'
}

expected() {
    cat <<'END'
config.dataset.format inline
config.model.args.api_key ***
config.model.args.base_url https://host.example/v1
config.model.args.max_tokens 512
config.model.args.models.v1.temperature 0.5
config.model.args.stop ["a", "\u03b2"]
config.model.args.temperature 0.1
config.model.args.verbose True
config.model.args.zone None
config.model.type sleepy
config.models.0.type one
config.models.1.type two
END
}

@test "local: imported and live, with any choice of artifacts; nothing of it leaks" {
    for files in all safe none; do
        cp -r "$from" "$runs/$files"
        itrack import --artifacts $files --local-dir "$PWD/i$files" \
            "$runs/$files" 2>report
        cat report
        grep -q 'not among the params: config.dataset.items (the data itself)' \
            report
        params "i$files"/insidellms/* | diff - <(expected)
        wrap --artifacts $files --local-dir "$PWD/l$files" -- "$write_run" \
            --quiet --from "$from" --to "$runs/live-$files" 3>&- 2>report
        grep -q 'not among the params: config.dataset.items (the data itself)' \
            report
        params "l$files"/insidellms/* | diff - <(expected)
    done
    run ! grep -rE 'sk-0123456789|pass@|nobody else' inone lnone isafe/*/*/*.json
}

# What a harness writes comes after the last call, and its records at once.
@test "a harness: the configuration is there at its end" {
    wrap -q --local-dir "$PWD/l" -- "$write_run" --quiet --mode harness \
        --from "$fixtures/harness_two_by_two/run" --to "$runs/h" 3>&-
    params l/insidellms/* >got
    grep -qx 'config.models.1.args.name Beta β' got
    grep -qx 'config.models.1.args.fail_every 6' got
}

@test "once in the journal, whoever goes on with it" {
    start_gated "$BUILD/bin/itrack-wrap" -q --record-only -t local -- \
        "$write_run" --quiet --from "$from" --to "$runs/a" --gate gate
    turn 5
    journal=$XDG_STATE_HOME/itrack/runs
    wait_until grep -rq '"entry":"metrics"' "$journal"
    kill -KILL "$(pgrep -x itrack-worker -P "$job")"
    finish
    [ "$(cat "$journal"/*/journal.jsonl | grep -c '"config":true')" = 1 ]
    itrack sync -q
    params "$tracking"/* | diff - <(expected)
    python3 "$check_local" "$runs/a" "$tracking"/*
}

@test "no YAML, too large, a link: said, and the run is tracked" {
    for bad in '[' link large old; do
        cp -r "$from" "$runs/$bad"
        config=$runs/$bad/config.resolved.yaml
        case $bad in
        '[') echo '[' >"$config" ;;
        link) ln -sf /etc/passwd "$config" ;;
        large) head -c 1100000 /dev/zero | tr '\0' '#' >"$config" ;;
        old) rm "$config" ;;
        esac
        itrack import --local-dir "$PWD/$bad.l" "$runs/$bad" 2>report
        cat report
        [ $bad = old ] || grep -q 'config.resolved.yaml: ' report
        params "$bad.l"/insidellms/* | grep . && false
        field "$bad.l"/insidellms/*/final_state.json 'd["status"]' |
            grep -x finished
    done
}

@test "MLflow's client reads them from a file store" {
    [ -n "$MLFLOW" ] || skip "no mlflow package"
    cp -r "$from" "$runs/a"
    itrack import -q -t mlflow --mlflow-uri "$PWD/ml" "$runs/a"
    MLFLOW_DISABLE_TELEMETRY=true MLFLOW_ALLOW_FILE_STORE=true \
        "$MLFLOW/bin/python" - "$PWD/ml" >got <<'PY'
import pathlib, sys
from mlflow import MlflowClient
client = MlflowClient(pathlib.Path(sys.argv[1]).as_uri())
experiment, = client.search_experiments(filter_string="name = 'insidellms'")
run, = client.search_runs([experiment.experiment_id])
for key, value in run.data.params.items():
    if key.startswith("config."):
        print(key, value)
PY
    sort got | diff - <(expected | sort)
}

@test "TensorBoard's reader has them in the text and in HParams" {
    [ -n "$TENSORBOARD" ] || skip "no tensorboard package"
    cp -r "$from" "$runs/a"
    itrack import -q -t tensorboard --tensorboard-dir "$PWD/tb" "$runs/a"
    "$TENSORBOARD/bin/python" - tb/insidellms/* >got <<'PY'
import sys
from tensorboard.backend.event_processing import event_accumulator as ea
from tensorboard.plugins.hparams import plugin_data_pb2
events = ea.EventAccumulator(sys.argv[1])
events.Reload()
start = events.summary_metadata["_hparams_/session_start_info"]
data = plugin_data_pb2.HParamsPluginData.FromString(
    start.plugin_data.content).session_start_info.hparams
print(data["config.model.args.temperature"].number_value,
      data["config.model.args.verbose"].bool_value,
      data["config.model.args.stop"].string_value)
text = events.Tensors("params/text_summary")[-1].tensor_proto.string_val[0]
print("config.model.args.temperature" in text.decode(),
      "sk-0123456789" in text.decode())
PY
    cat got
    [ "$(cat got)" = '0.1 True ["a", "\u03b2"]
True False' ]
}

@test "W&B has them nested under config, online, and offline by wandb sync" {
    cp -r "$from" "$runs/a"
    serve online
    export WANDB_API_KEY=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
    itrack import -q -t wandb "$runs/a"
    want='{"dataset": {"format": "inline"}, "model": {"args": {
        "api_key": "***", "base_url": "https://host.example/v1",
        "max_tokens": 512, "models": {"v1": {"temperature": 0.5}},
        "stop": "[\"a\", \"\\u03b2\"]", "temperature": 0.1, "verbose": true,
        "zone": null}, "type": "sleepy"},
        "models": {"0": {"type": "one"}, "1": {"type": "two"}}}'
    jq -e --argjson want "$want" \
        '.runs[].config.config.value == $want' online/state.json
    [ -n "$SDK" ] || skip "no wandb package"
    kill "$server"
    serve synced
    WANDB_MODE=offline itrack import -q -t wandb --again \
        --wandb-dir "$PWD/off" "$runs/a"
    "$SDK/bin/wandb" sync off/wandb/offline-run-* >output 2>&1
    cat output
    jq -e --argjson want "$want" \
        '.runs[].config.config.value == $want' synced/state.json
}
