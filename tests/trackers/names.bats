#!/usr/bin/env bats
# The name by which people know a run: one name in MLflow, W&B, TensorBoard's text
# and the report, and another one for each repetition.

load ../cli/runs

setup() {
    use_clean_home
    server=
    from=$fixtures/run_plain/run
    id=$(run_id run_plain)
    yaml=$PWD/my.exp.yaml
    : >"$yaml"
}

teardown() {
    show_last
    if [ -n "$server" ]; then kill "$server"; fi
}

serve() {
    mkdir server
    python3 "$top/tests/servers/fake_wandb.py" server 3>&- &
    server=$!
    wait_until test -e server/url
    WANDB_BASE_URL=$(cat server/url)
    export WANDB_BASE_URL WANDB_API_KEY=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
}

# The end of the name of the attempt that W&B has as its last run.
attempt_end() {
    jq -r '.runs | keys_unsorted | last | .[-4:]' server/state.json
}

# A file of YAML has a name as JSON has it.
mlflow_names() {
    grep -rh '^run_name: ' ml | cut -d ' ' -f 2- | jq -r .
}

# `has_name NAME`: the last run of each tracker, and the report of it, bear it.
has_name() {
    local want
    want="$1-$(attempt_end)"
    echo "# $want"
    [ "$(jq -r --arg tail "$(attempt_end)" '.runs | to_entries[] |
        select(.key | endswith($tail)) | .value.displayName' \
        server/state.json)" = "$want" ]
    grep -qF "itrack: run $want finished" report
    # The text of a run of its own; the value of the tag's last writing.
    grep -rqF "Run \`$want\`" tb
    mlflow_names | grep -qxF "$want"
}

everywhere=(-t tensorboard -t mlflow -t wandb --tensorboard-dir tb --mlflow-uri ./ml)

@test "imported: the directory's name if it was chosen, else the run ID" {
    serve
    cp -r "$from" "$runs/nightly"
    cp -r "$from" "$runs/$id"
    itrack import "${everywhere[@]}" "$runs/nightly" 2>report
    has_name nightly
    itrack import "${everywhere[@]}" --again "$runs/nightly" 2>report
    has_name nightly
    [ "$(jq -r '[.runs[].displayName] | unique | length' server/state.json)" = 2 ]
    itrack import "${everywhere[@]}" "$runs/$id" 2>report
    has_name "$id"
    itrack import "${everywhere[@]}" --again --run-name 'a "b" é' "$runs/$id" \
        2>report
    has_name 'a "b" é'
}

# What a command is named after in insideLLMs' way: `insidellms run FILE`.
@test "live: the configuration's name where nobody chose the directory's" {
    serve
    mkdir bin
    printf '#!/bin/sh\nshift 2\nexec "$@"\n' >bin/insidellms
    chmod +x bin/insidellms
    wrap "${everywhere[@]}" --drain 60 -- bin/insidellms run "$yaml" "$write_run" \
        --quiet --from "$from" --to "$runs/$id" 3>&- 2>report
    has_name my.exp
    wrap "${everywhere[@]}" --drain 60 -- bin/insidellms run "$yaml" "$write_run" \
        --quiet --from "$from" --to "$runs/chosen" 3>&- 2>report
    has_name chosen
}

@test "a directory that was named like an ID, or like the run ID: known in the end" {
    serve
    other=0123456789abcdef0123456789abcdef
    cp -r "$from" "$runs/$other"
    itrack import "${everywhere[@]}" "$runs/$other" 2>report
    has_name $other
    cp -r "$from" "$runs/mine"
    sed -i "s/$id/mine/g" "$runs/mine"/*.json*
    itrack import "${everywhere[@]}" "$runs/mine" 2>report
    has_name mine
}

@test "one suffix in all trackers with directories, another name in the others" {
    for dir in a b; do
        cp -r "$from" "$runs/$dir"
        itrack import -q -t local --local-dir "$PWD/l" "$runs/$dir"
    done
    cp -r "$from" "$runs/c"
    itrack import -q -t local,tensorboard,mlflow --mlflow-uri ./ml \
        --local-dir "$PWD/l" --tensorboard-dir "$PWD/tb" "$runs/c"
    [ "$(ls tb/insidellms)" = "$id-3" ]
    ls -d "l/insidellms/$id-3"
    mlflow_names | grep -x 'c-....'
}

@test "the report as JSON has the name, too" {
    cp -r "$from" "$runs/nightly"
    itrack import -q --report r.json "$runs/nightly"
    [[ $(field r.json 'd["runs"][0]["name"]') == nightly-???? ]]
    name=$(field r.json 'd["runs"][0]["name"]')
    [ "${name: -4}" = "$(field r.json 'd["runs"][0]["attempt"][-4:]')" ]
}

@test "a name of 400 characters keeps what makes it differ" {
    cp -r "$from" "$runs/a"
    long=$(printf 'x%.0s' {1..400})
    itrack import -q -t mlflow --mlflow-uri ./ml --run-name "$long" "$runs/a"
    [[ $(mlflow_names) =~ ^x{245}-....$ ]]
}
