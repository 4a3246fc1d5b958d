#!/usr/bin/env bats
# Where a run runs: variables of batch systems, CIs and clusters, by a list.

load runs

# shellcheck disable=SC2154 # of runs.bash

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    names=(SLURM_JOB_ID SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID SLURMD_NODENAME
        GITHUB_RUN_ID GITHUB_SHA GITHUB_REF_NAME CI_JOB_ID CI_PIPELINE_ID
        BUILD_TAG POD_NAME POD_NAMESPACE)
}

# The param's value; nothing if there is none.
param() {
    jq -r --arg name "$2" '.[$name] // empty' "$1/params.json"
}

@test "each variable of the list is a param, no other is" {
    for name in "${names[@]}"; do
        export "$name=value of $name"
    done
    export SLURM_JWT=secret GITHUB_TOKEN=secret CI_JOB_TOKEN=secret \
        POD_IP=10.0.0.1 GITHUB_ACTOR=somebody
    wrap --record-only "$write_run" --from "$from" --to "$runs/x" 3>&-
    run ! grep -rE 'secret|10\.0\.0\.1|somebody' "$XDG_STATE_HOME"
    itrack sync
    for name in "${names[@]}"; do
        [ "$(param "$tracking/$id" "$name")" = "value of $name" ]
    done
    run ! grep -E 'secret|10\.0\.0\.1|somebody' -r "$tracking"
    python3 "$check_local" "$runs/x" "$tracking/$id"
}

@test "an import leaves out where the importer runs" {
    cp -r "$from" "$runs/x"
    SLURM_JOB_ID=7 GITHUB_SHA=abc itrack import "$runs/x"
    run ! grep -E 'SLURM|GITHUB' -r "$tracking/$id" "$XDG_STATE_HOME"
    [ -e "$tracking/$id/final_state.json" ]
}

@test "empty variables are none; odd bytes are kept" {
    SLURM_JOB_ID='' POD_NAME=$'a\xffb' wrap "$write_run" --from "$from" \
        --to "$runs/x" 3>&-
    run ! grep SLURM "$tracking/$id/params.json"
    grep -q '"POD_NAME": "a\\udcffb"' "$tracking/$id/params.json"
}

@test "numbers of the output alone have it, too" {
    SLURM_JOB_ID=7 wrap --metrics-from-stdout sh -c 'echo "{\"a\": 1}"' 3>&-
    [ "$(param tracking/insidellms/sh SLURM_JOB_ID)" = 7 ]
}

# group_is NAME OPTION...: what MLflow's run has for a group.
group_is() {
    local want=$1
    shift
    rm -rf store "$runs/x"
    wrap -t mlflow --mlflow-uri "$PWD/store" "$@" "$write_run" \
        --from "$from" --to "$runs/x" 3>&-
    tags=$(echo store/*/*/tags)
    [ -e "$tags/itrack.group" ] || return 1
    [ "$(cat "$tags/itrack.group")" = "$want" ]
}

@test "MLflow: tags, and the group of the array or the given one" {
    export SLURM_ARRAY_JOB_ID=70 SLURM_JOB_ID=71
    group_is 70
    [ "$(cat "$tags/SLURM_JOB_ID")" = 71 ]
    [ "$(cat "$tags/../params/SLURM_JOB_ID")" = 71 ]
    group_is again --attempt-group again
    ITRACK_ATTEMPT_GROUP=named group_is named
    unset SLURM_ARRAY_JOB_ID
    run -1 group_is ""
    [ -n "$(find store -path '*/tags/SLURM_JOB_ID')" ]
    [ -z "$(find store -name itrack.group)" ]
}
