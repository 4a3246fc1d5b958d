#!/usr/bin/env bats
# The disk of the state directory, and what is on it when something fails: no
# room, damaged files, the order in which things get there, several at once.

load runs
load ../trackers/small_disk

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
    journals=$XDG_STATE_HOME/itrack/runs
    index=$XDG_STATE_HOME/itrack/index.jsonl
}

write_dir() {
    mkdir -p "$runs"
    cp -r "$from" "$to"
}

need_strace() {
    strace -o /dev/null true 2>/dev/null || skip "no strace here"
    no_leak_search
}

@test "a cursor that is empty, torn or of another version is none" {
    for damage in '' '{"version":1,"met' '{"version":9}'; do
        rm -rf "$runs/tracking" "$XDG_STATE_HOME"
        wrap -q --drain 60 --track local,mlflow --mlflow-uri http://127.0.0.1:1 \
            "$write_run" --from "$from" --to "$to" --overwrite 3>&-
        cursor=$(echo "$journals"/*/cursor.local)
        printf %s "$damage" >"$cursor"
        printf %s "$damage" >"${cursor%local}mlflow"
        itrack sync --mlflow-uri "$PWD/store" 2>err
        grep -q 'cursor.local: .*begun anew' err
        [ -z "$(ls "$journals")" ]
        [ "$(ls "$tracking")" = "$id" ]
        python3 "$check_local" "$to" "$local"
    done
}

@test "an attempt without a cursor keeps its number among attempts of one run ID" {
    mkdir -p "$runs"
    for i in 1 2 3 4; do cp -r "$from" "$runs/$i"; done
    to_both=(--track "local,mlflow" --mlflow-uri http://127.0.0.1:1)
    itrack import -q --record-only "${to_both[@]}" "$runs/1" 2>err
    last=$(ls "$journals")
    run ! itrack import -q "${to_both[@]}" "$runs/2"
    run ! itrack import -q "${to_both[@]}" "$runs/3"
    run ! itrack import -q "${to_both[@]}" "$runs/4"
    rm "$journals"/*/cursor.local
    others=$(ls "$journals" --ignore="$last")
    # shellcheck disable=SC2086
    run ! itrack sync "$last" $others
    [ "$(ls "$tracking")" = "$(printf '%s\n' "$id" "$id"-{2,3,4})" ]
    grep -q '"run_dir": "'"$runs/2"'"' "$local/params.json"
    grep -q '"run_dir": "'"$runs/3"'"' "$local-2/params.json"
    grep -q '"run_dir": "'"$runs/4"'"' "$local-3/params.json"
    grep -q '"run_dir": "'"$runs/1"'"' "$local-4/params.json"
}

@test "no room for the journal: nothing is promised that can't be kept" {
    export XDG_STATE_HOME=$PWD/disk
    # shellcheck disable=SC2016 # expanded there
    run on_small_disk disk '
        cat /dev/zero >disk/fill 2>/dev/null
        "$BUILD/bin/itrack-wrap" --drain 60 --track mlflow \
            --mlflow-uri http://127.0.0.1:1 --report report.json \
            "$BUILD/tests/programs/write_run" \
            --from "'"$from"'" --to "'"$to"'" 2>err 3>&-
        rm disk/fill
        ls disk/itrack/runs >left'
    [ "$status" -ne 99 ] || skip "no disk can be mounted here"
    run ! grep -q 'itrack sync' err
    grep -q "lost.*itrack import $to" err
    grep -q '"journal_in_memory":true' report.json
    [ ! -s left ]
}

deliver_from_full_disk() {
    rm -rf "${runs:?}" "$PWD/store" && mkdir "$runs"
    # shellcheck disable=SC2016 # expanded there
    run on_small_disk disk '
        mkdir -p disk/itrack/runs
        head -c 36k /dev/zero >disk/fill
        "$BUILD/bin/itrack-wrap" -q --drain 60 \
            --track local,tensorboard,mlflow \
            --mlflow-uri http://127.0.0.1:1 \
            "$BUILD/tests/programs/write_run" \
            --from "'"$from"'" --to "'"$to"'" 3>&-
        ls -A disk/itrack/runs/* >left
        grow
        "$BUILD/bin/itrack" sync --mlflow-uri "$PWD/store" 2>err
        ls disk/itrack/runs >after'
    [ "$status" -ne 99 ] || skip "no disk can be mounted here"
    grep -qx journal.jsonl left
    [ ! -s after ]
    [ "$(ls "$tracking")" = "$id" ]
    [ "$(ls "$runs/tracking/tensorboard/insidellms")" = "$id" ]
    [ -e "$local/final_state.json" ]
}

@test "no room for cursors: delivered once" {
    export XDG_STATE_HOME=$PWD/disk
    # A quick worker writes a cursor before what is to be delivered fills the disk.
    for _ in 1 2 3 4 5; do
        deliver_from_full_disk
        if ! grep -q '^cursor' left; then
            return 0
        fi
    done
    return 1
}

# fails CALL ERROR COMMAND...: each of these calls fails on a file of the name.
fails() {
    local call=$1 error=$2 path=$3
    shift 3
    strace -f -q -o trace -P "$path" -e trace="$call" \
        -e inject="$call:error=$error" "$@"
}

@test "a line of the index or a removal that fails: pending, and once" {
    need_strace
    write_dir
    mkdir -p "$XDG_STATE_HOME/itrack"
    : >"$index"
    run fails write ENOSPC "$index" "$BUILD/bin/itrack" import -t local "$to"
    [ "$status" -eq 1 ]
    [ "$(ls "$journals" | wc -l)" -eq 1 ]
    itrack import -t local "$to"
    itrack sync
    [ -z "$(ls "$journals")" ]
    [ "$(wc -l <"$index")" -eq 1 ]
    [ "$(ls "$tracking")" = "$id" ]
}

@test "what can't be read now is not taken for absent" {
    need_strace
    write_dir
    itrack import -q -t local "$to"
    for error in EIO ESTALE; do
        run fails read,pread64 $error "$index" \
            "$BUILD/bin/itrack" import -t local "$to"
        [ "$status" -eq 1 ]
        [[ $output == *"not imported"* ]]
        [ "$(ls "$tracking")" = "$id" ]
    done
    itrack import -t local "$to" 2>err
    grep -q 'already tracked' err
}

@test "the outputs are synced before the index, the index before the removal" {
    need_strace
    write_dir
    for t in "local" "tensorboard" "mlflow --mlflow-uri $PWD/store" \
        "wandb --wandb-mode offline --wandb-dir $PWD"; do
        # shellcheck disable=SC2086 # words
        strace -f -q -y -o trace -e trace=syncfs,fdatasync,fsync,unlinkat \
            "$BUILD/bin/itrack" import -q --again --track $t "$to"
        outputs=$(grep -n 'syncfs(.*= 0' trace | tail -n 1 | cut -d: -f1)
        line=$(grep -n 'fdatasync(.*index.jsonl.*= 0' trace | cut -d: -f1)
        journal=$(grep -n 'unlinkat(.*journal.jsonl.*= 0' trace | head -n 1 |
            cut -d: -f1)
        [ "$outputs" -lt "$line" ]
        [ "$line" -lt "$journal" ]
    done
    strace -f -q -y -o trace -e trace=syncfs,fdatasync,unlinkat \
        "$BUILD/bin/itrack" log --track local --local-dir e --metric a=1
    outputs=$(grep -n 'syncfs(' trace | tail -n 1 | cut -d: -f1)
    line=$(grep -n 'fdatasync(.*index.jsonl' trace | cut -d: -f1)
    journal=$(grep -n 'unlinkat(.*journal.jsonl' trace | head -n 1 |
        cut -d: -f1)
    [ "$outputs" -lt "$line" ]
    [ "$line" -lt "$journal" ]
}

# Syncs and writes of the journal are counted while a command of 120 records is
# tracked: `counts OPTION...` sets $syncs, $writes, and $seconds, rounded up.
counts() {
    local began=$SECONDS
    strace -f -q -y -o trace -e trace=fdatasync,write "$BUILD/bin/itrack-wrap" \
        -q --drain 20 "$@" "$write_run" --from "$from" --to "$to" \
        --copies 10 --pace 5 --overwrite >out 3>&-
    seconds=$((SECONDS - began + 1))
    syncs=$(grep -c 'fdatasync(.*journal.jsonl' trace)
    writes=$(grep -c ' write(.*journal.jsonl' trace)
    echo "$syncs syncs, $writes writes, $seconds seconds"
}

@test "what stays on this machine waits for no sync: one a second, at the begin and at the end" {
    need_strace
    counts --track local
    [ "$syncs" -le $((seconds + 4)) ]
    counts --track wandb --wandb-mode offline --wandb-dir "$PWD"
    [ "$syncs" -le $((seconds + 4)) ]
    [ "$(ls -d wandb/offline-run-* | wc -l)" -eq 1 ]
}

@test "outputs that can't be synced: the journal stays" {
    need_strace
    write_dir
    run strace -f -q -o trace -e trace=syncfs -e inject=syncfs:error=EIO \
        "$BUILD/bin/itrack" import -t local "$to"
    [ "$status" -eq 1 ]
    [[ $output == *"cannot sync"* ]]
    [ "$(ls "$journals" | wc -l)" -eq 1 ]
    [ ! -s "$index" ]
    itrack sync
    [ -z "$(ls "$journals")" ]
    [ "$(ls "$tracking")" = "$id" ]
}

# The inodes of what is kept of the only attempt, and of the files PATH...
inodes_kept() {
    stat -c %i "$journals"/*/kept.* | sort
}

inodes_of() {
    stat -c %i "$@" | sort
}

@test "a kept file becomes the artifact of the only tracker, with mode and times" {
    write_dir
    chmod 640 "$to/manifest.json"
    touch -d "2001-02-03 04:05:06.789" "$to/manifest.json"
    itrack import -q --record-only "$to"
    kept=$(inodes_kept)
    itrack sync
    [ "$(inodes_of "$local"/artifacts/*)" = "$kept" ]
    python3 "$check_local" --import "$to" "$local"
    [ "$(stat -c '%a %Y %h' "$local/artifacts/manifest.json")" = \
        "640 $(stat -c %Y "$to/manifest.json") 1" ]
    # Of several trackers each has files of its own.
    itrack import -q --again --record-only --track "local,mlflow" \
        --mlflow-uri "$PWD/store" "$to"
    kept=$(inodes_kept)
    itrack sync
    files=$(inodes_of "$local-2"/artifacts/* \
        "$(find store -path '*/artifacts/manifest.json')")
    [ -z "$(comm -12 <(echo "$kept") <(echo "$files"))" ]
    python3 "$check_local" --import "$to" "$local-2"
}

# `is_linked OPENED TRACKER-OPTION...`: the run is open, and the journal on the disk,
# long before the files are there.
is_linked() {
    local opened=$1
    shift
    start_gated strace -f -q -o trace -e trace=linkat,openat \
        "$BUILD/bin/itrack-wrap" -q "$@" "$write_run" --gate gate --from "$from" \
        --to "$to"
    turn 4
    # shellcheck disable=SC2086  # a pattern
    wait_until test -e $opened
    finish
    rm -r "$to"
    grep -q "linkat(.*kept" trace
    [ "$(grep -c itrack-copy trace)" -eq 0 ]
}

@test "the kept files of a wrapped run become the artifacts: nothing is copied" {
    need_strace
    is_linked "$local/metrics.json"
    is_linked "wandb/latest-run" --track wandb --wandb-mode offline \
        --wandb-dir "$PWD"
}

@test "an artifact has the group that its folder gives" {
    write_dir
    mkdir -p "$tracking"
    chgrp daemon "$tracking" 2>err || skip "no other group: $(cat err)"
    chmod g+s "$tracking"
    itrack import -q "$to"
    [ "$(stat -c %G "$local"/artifacts/* | uniq)" = daemon ]
    python3 "$check_local" --import "$to" "$local"
}

@test "several imports and syncs of the same directories: each run once" {
    mkdir -p "$runs"
    for i in $(seq 12); do
        cp -r "$from" "$runs/r$i"
        sed -i "s/$id/$id-$i/g" "$runs/r$i"/*
    done
    for _ in 1 2 3; do
        "$BUILD/bin/itrack" import -q -t local,mlflow \
            --mlflow-uri "$PWD/store" "$runs"/r* 3>&- &
        "$BUILD/bin/itrack" sync -q 2>/dev/null 3>&- &
    done
    wait
    itrack sync
    [ "$(find "$tracking" -mindepth 1 -maxdepth 1 | wc -l)" -eq 12 ]
    [ "$(find store -name meta.yaml -path '*/*/*/meta.yaml' |
        grep -c '/[0-9a-f]\{32\}/')" -eq 12 ]
    [ "$(wc -l <"$index")" -eq 12 ]
}

@test "one number for an attempt in all trackers that have directories" {
    wrap -q --track local "$write_run" --from "$from" --to "$to" 3>&-
    wrap -q --track local,tensorboard,mlflow --mlflow-uri "$PWD/store" \
        "$write_run" --from "$from" --to "$to" --overwrite 3>&-
    wrap -q --track tensorboard "$write_run" --from "$from" --to "$to" \
        --overwrite 3>&-
    [ "$(ls "$tracking" | tr '\n' ' ')" = "$id $id-2 " ]
    [ "$(ls "$runs/tracking/tensorboard/insidellms" | tr '\n' ' ')" = \
        "$id $id-2 " ]
    # What people read has an end of its own for each attempt.
    [[ $(cat store/*/*/tags/mlflow.runName) == "$(basename "$to")"-???? ]]
}
