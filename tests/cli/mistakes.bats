#!/usr/bin/env bats
# What itrack says of mistakes: what is wrong, once, and what helps.
# shellcheck disable=SC2154,SC2016

load runs

setup() {
    use_clean_home
    cp -r "$fixtures/run_plain/run" x
}

@test "an option behind insideLLMs is hinted at, before the command starts" {
    mkdir bin
    printf '#!/bin/sh\necho COMMAND >&2\n' >bin/insidellms
    chmod +x bin/insidellms
    PATH=$PWD/bin:$PATH
    run wrap insidellms run exp.yaml --track wandb
    [[ ${lines[0]} == *"--track stands behind the command"*"itrack-wrap --track=LIST -- insidellms ..." ]]
    [ "${lines[1]}" = COMMAND ]
    run wrap insidellms run exp.yaml --strict
    [[ ${lines[0]} == *"--strict stands behind"*"itrack-wrap --strict -- insidellms ..." ]]
    run wrap python3 -m insideLLMs.cli run exp.yaml --mlflow-uri=http://me:HUSH@h
    [[ ${lines[0]} == *"itrack-wrap --mlflow-uri=URI -- python3 ..." ]]
    [[ $output != *HUSH* ]]
    # Meant so: given to itrack as well; options that insideLLMs has itself;
    # another program's.
    for words in "-t local insidellms run x --track local" \
        "insidellms run x --run-dir y -q --verbose --help" \
        "sh -c true --track wandb" "-q insidellms run x --strict"; do
        # shellcheck disable=SC2086
        run wrap $words
        [[ $output != *"stands behind"* ]]
    done
}

@test "a name that is nothing like a command gets no suggestion" {
    for word in foo run login reports-of list x wandb; do
        run -125 itrack "$word"
        [ "$output" = "itrack: unknown command \"$word\" (itrack --help lists them)" ]
    done
    for pair in stauts:status improt:import imprt:import snyc:sync chekc:check \
        docter:doctor stat:status; do
        run -125 itrack "${pair%:*}"
        [[ $output == *"(did you mean ${pair#*:}?)" ]]
    done
}

@test "sync of what is no attempt says so, and what it is" {
    itrack import -q x
    attempt=$(itrack status --json | jq -r '.attempts[0].attempt')
    run -1 itrack sync nosuch
    [ "$output" = "itrack: nosuch: no such attempt (itrack status lists what is pending)" ]
    run -1 itrack sync --drop 20261127T033631Z-xe62f9hd2t2z
    [[ $output == *": no such attempt ("* ]]
    run -1 itrack sync x
    [[ $output == "itrack: x is a directory: itrack import "* ]]
    run -1 itrack sync "$attempt"
    [[ $output == *"nothing is pending, it is delivered" ]]
}

# A directory that can't be written: a mount for root, else permissions.
read_only() {
    mkdir -p "$1"
    if [ "$(id -u)" -eq 0 ]; then
        unshare -m true 2>/dev/null || skip "no mount namespace"
        run unshare -m sh -c 'mount -t tmpfs none "$1" && cp -r x "$1/x" &&
            mount -o remount,ro "$1" && shift && "$@"' - "$@"
    else
        cp -r x "$1/x"
        chmod a-w "$1"
        dir=$1
        shift
        run "$@"
        chmod u+w "$dir"
    fi
}

@test "a place that can't be written is called that, and the option is named" {
    for pair in "local:" "tensorboard:" "wandb:--wandb-dir ro/w" \
        "mlflow:--mlflow-uri ./ro/m"; do
        tracker=${pair%%:*}
        # shellcheck disable=SC2086
        read_only ro "$BUILD/bin/itrack" import -t "$tracker" ${pair#*:} ro/x
        [[ $output =~ $tracker:\ nothing\ delivered.*(Read-only\ file\ system|Permission\ denied)\;\ to\ finish:\ itrack\ sync\ --[a-z-]+\ (DIR|URI)\ 2 ]]
        [[ $output != *"No such file"* ]]
        rm -rf state
    done
    read_only ro "$BUILD/bin/itrack" import ro/x
    command=${output##*to finish: }
    command=${command/DIR/$PWD/elsewhere}
    eval "${command}"
    [ -d elsewhere/insidellms ]
    read_only ro "$BUILD/bin/itrack" doctor --local-dir ro/l
    [[ $output == *"can't be written ("*"--local-dir DIR"* ]]
    XDG_STATE_HOME=$PWD/ro/s read_only ro "$BUILD/bin/itrack" import \
        --local-dir other ro/x
    [[ $output == *"(XDG_STATE_HOME names another place): "*[md]* ]]
}

@test "a run that has a place stays there, whatever the environment says later" {
    wrap -q --record-only "$write_run" --from "$fixtures/run_plain/run" \
        --to "$runs/y"
    ITRACK_LOCAL_DIR=$PWD/elsewhere itrack sync
    [ ! -e elsewhere ]
    ls "$tracking"/*/metrics.json
}

@test "one reason, once" {
    rm x/records.jsonl
    mkdir x/records.jsonl
    run -1 itrack import x
    [ "$output" = "itrack: $PWD/x: records.jsonl: not a regular file" ]
    run -1 itrack show x
    [ "$output" = "itrack show: x: records.jsonl: not a regular file" ]
}
