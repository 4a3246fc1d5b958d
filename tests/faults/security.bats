#!/usr/bin/env bats
# Run directories are hostile input, what we write is private, keys never show.

load ../cli/runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    content=$BATS_TEST_DIRNAME/content.py
}

teardown() {
    show_last
    local pid
    for pid in "$BATS_TEST_TMPDIR"/*/pid; do
        [ ! -e "$pid" ] || kill "$(cat "$pid")"
    done
}

all_four() {
    echo --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "file:$PWD/d/mlflow"
}

serve() {
    fake=$BATS_TEST_TMPDIR/fake
    mkdir "$fake"
    python3 "$BATS_TEST_DIRNAME/../servers/fake_http.py" "$fake" 3>&- &
    echo $! >"$fake/pid"
    echo "[{\"match\": \"experiments/get-by-name\", \"body\": {\"experiment\":
        {\"experiment_id\": \"7\", \"name\": \"x\"}}},
        {\"match\": \"runs/search\", \"body\": {}},
        {\"match\": \"runs/create\", \"body\": {\"run\": {\"info\": {
        \"run_id\": \"abc\",
        \"artifact_uri\": \"mlflow-artifacts:/7/abc/artifacts\"}}}}, $1]" |
        sed 's/, \]$/]/' >"$fake/rules.json"
    wait_until test -s "$fake/url"
}

# Arguments of everything that runs now, as long as `going` is there.
watch_arguments() {
    while [ -e going ]; do
        cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' ' '
        read -r -t 0.02 <> <(:) || :
    done
}

@test "keys never show: journal, index, report, files, arguments" {
    serve '{"match": "log-batch", "times": 2, "status": 500, "body": "oops"},
        {"status": 401, "match": "PUT", "body": "no"}'
    export WANDB_API_KEY=canarycanarycanarycanarycanarycanary0001
    export MLFLOW_TRACKING_USERNAME=somebody # no secret
    export MLFLOW_TRACKING_PASSWORD=canarypass0003
    export MLFLOW_TRACKING_TOKEN=canarytoken0004
    url=$(cat "$fake/url")
    export MLFLOW_TRACKING_URI=http://canaryuser0005:canarypass0006@${url#*//}
    MLFLOW_TRACKING_URI+='/?api_key=canarykey0007#canaryfragment0008'
    export WANDB_BASE_URL=http://canaryuser0005:canarypass0006@127.0.0.1:1/
    WANDB_BASE_URL+='?token=canarykey0007'
    export WANDB__EXTRA_HTTP_HEADERS='{"X-Access": "canaryheader0010"}'
    export ITRACK_DRAIN=3
    : >going
    watch_arguments >arguments 3>&- &
    watcher=$!
    wrap -v --track local,tensorboard,mlflow,wandb --wandb-mode offline \
        --wandb-dir "$PWD/d" --report report.json "$write_run" \
        --from "$from" --to "$to" >out 2>err 3>&-
    itrack status >>out 2>>err
    itrack status --json >>out 2>>err
    itrack doctor --track mlflow,wandb >>out 2>>err || :
    itrack sync -v >>out 2>>err || :
    WANDB__EXTRA_HTTP_HEADERS='{"X-Access": "canaryheader0010"' \
        itrack doctor --track wandb >>out 2>>err || :
    WANDB_HTTP_PROXY=http://canaryuser0005:canarypass0006@127.0.0.1:1 \
        itrack import -v --again --track wandb "$to" >>out 2>>err || :
    for tracker in mlflow wandb; do
        itrack log -v --track $tracker --metric a=1 --drain 1 >>out 2>>err || :
        # A proxy of a kind that there is not.
        all_proxy=odd://canaryuser0005:canarypass0006@127.0.0.1:1 \
            http_proxy=odd://canaryuser0005:canarypass0006@127.0.0.1:1 \
            itrack import -v --again --track $tracker --drain 1 "$to" \
            >>out 2>>err || :
    done
    # A server that can't be reached, a URI that is none.
    for uri in http://canaryuser0005:canarypass0006@127.0.0.1:1/ \
        'postgresql://canaryuser0005:canarypass0006@h/db?password=canary0009' \
        'postgresql://canaryuser0005:canary/pass#0006@h/db' \
        canaryuser0005:canarypass0006@127.0.0.1:1 \
        'http://canaryuser0005:canarypass0006@[::1'; do
        MLFLOW_TRACKING_URI=$uri wrap -v --drain 1 --track mlflow \
            "$write_run" --from "$from" --to "$to" --overwrite \
            >>out 2>>err 3>&- || :
        MLFLOW_TRACKING_URI=$uri itrack doctor --track mlflow >>out 2>>err || :
    done
    rm going
    wait $watcher
    [ -s arguments ]
    # The worker is called by its launcher's name.
    grep -q "$BUILD/bin/itrack-wrap" arguments
    # It came to the server, so there was something to leak.
    grep -rqi "authorization" "$fake/requests"
    rm -r "$fake/requests"
    run grep -rnoE '.{0,40}canary.{0,12}' . --exclude-dir fake
    echo "$output"
    [ -z "$output" ]
    run grep -rlE "$(printf %s canaryuser0005:canarypass0006 | base64)" . \
        --exclude-dir fake
    [ -z "$output" ]
}

@test "a password in a URI is decoded once, by import and by the library" {
    serve '{"status": 401, "match": "never"}'
    url=$(cat "$fake/url")
    basic=$(printf %s 'us@er:p@s%25s' | base64)
    export MLFLOW_TRACKING_URI=http://us%40er:p%40s%2525s@${url#*//}
    wrap -q --track null "$write_run" --from "$from" --to "$to" 3>&-
    itrack import --track mlflow "$to" 2>&1
    grep -rqi "Basic $basic" "$fake/requests"
    rm "$fake"/requests/*
    itrack log --track mlflow --metric a=1 2>&1
    grep -rqi "Basic $basic" "$fake/requests"
}

@test "a key goes to W&B by https alone: refused before the launch" {
    for url in http://api.wandb.ai http://u:canary@wandb.ai:80/ api.wandb.ai; do
        WANDB_BASE_URL=$url run -125 wrap --track wandb touch started
        [[ $output == "itrack-wrap: WANDB_BASE_URL is "* ]]
        [[ $output != *canary* ]]
        run -125 wrap --track wandb --wandb-base-url "$url" touch started
        WANDB_BASE_URL=$url run -125 itrack doctor --track wandb
    done
    [ ! -e started ]
    WANDB_BASE_URL=http://api.wandb.ai wrap --track local touch started
}

@test "state is private with any umask" {
    umask 000
    : >"$PWD/file"
    wrap -q --track local,null --local-dir "$PWD/file/x" "$write_run" \
        --from "$from" --to "$to" 3>&-
    wrap -q "$write_run" --from "$from" --to "$to-2" 3>&-
    itrack sync || :
    [ -n "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    # The state directory's parents are not ours alone.
    run find "$XDG_STATE_HOME/itrack" -perm /077
    echo "$output"
    [ -z "$output" ]
    [ -s "$XDG_STATE_HOME/itrack/index.jsonl" ]
}

# Everything that was written, but in the places where it belongs.
elsewhere() {
    find . \( -path ./d -o -path ./state -o -path ./hostile -o \
        -name arguments \) -prune -o -type f -newer stamp -print |
        grep -vE '^\./(out|err|stamp|report.json)$' || :
}

valid_everywhere() {
    local file
    find d/local report.json -name '*.json' >jsons # some are dot files
    [ "$(wc -l <jsons)" -ge 6 ]
    while read -r file; do is_json "$file"; done <jsons
    [ -z "$(find d -type l ! -name latest-run)" ]
    for t in local tensorboard mlflow wandb; do
        python3 "$content" $t d/$t >"$t.txt"
        [ "$(wc -l <$t.txt)" -gt 3 ]
    done
}

@test "hostile names everywhere, all trackers at once" {
    python3 "$BATS_TEST_DIRNAME/hostile.py" hostile
    : >stamp
    # shellcheck disable=SC2046
    run -0 itrack import $(all_four) --report report.json --tag '../%s' \
        --run-name $'\e[31m../x' -p '../up' hostile
    echo "$output" | cut -c1-300
    # Nothing of it reaches the terminal.
    run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$output"
    [ -z "$(elsewhere)" ]
    [ ! -e up ] && [ ! -e /tmp/up ] && [ ! -e /etc/itrack-up ]
    valid_everywhere
    grep -q '"total_count", 46' local.txt
    run ! grep -rq -e secret-prompt -e secret-answer "$XDG_STATE_HOME" report.json
}

@test "links, FIFOs and devices in a run directory are not followed" {
    echo SECRETSECRET >outside
    for kind in link fifo dangling directory loop; do
        for name in records.jsonl manifest.json config.resolved.yaml \
            summary.json report.html; do
            rm -rf d hostile
            cp -r "$from" hostile
            rm -rf "hostile/$name"
            case $kind in
            link) ln -s ../outside "hostile/$name" ;;
            fifo) mkfifo "hostile/$name" ;;
            dangling) ln -s ../up "hostile/$name" ;;
            directory) mkdir "hostile/$name" ;;
            loop) ln -s "$name" "hostile/$name" ;;
            esac
            : >stamp
            # shellcheck disable=SC2046
            timeout 60 "$BUILD/bin/itrack" import --again $(all_four) \
                --report report.json hostile >out 2>err || [ $? -ne 124 ]
            run ! grep -rq SECRETSECRET d state out err report.json
            [ -z "$(elsewhere)" ]
            [ ! -e up ]
        done
    done
}

@test "links in the trackers' own places: nothing written through them" {
    python3 - "$PWD" <<'PY'
import os, sys
os.makedirs(sys.argv[1] + "/victim")
open(sys.argv[1] + "/victim/keep", "w").write("kept")
PY
    # shellcheck disable=SC2046
    wrap -q --drain 0 --record-only $(all_four) "$write_run" --from "$from" \
        --to "$to" >out 3>&-
    attempt=$(ls "$XDG_STATE_HOME/itrack/runs")
    ln -s "$PWD/victim/keep" "$XDG_STATE_HOME/itrack/runs/$attempt/cursor.local"
    itrack sync || :
    [ "$(cat victim/keep)" = kept ]
    [ "$(ls victim)" = keep ]
}

# A run of all four trackers that has begun and has no end: its name in `open`.
begin_everywhere() {
    # shellcheck disable=SC2046
    open=$(itrack log --start $(all_four) --run-name r --metric a=1 3>&-)
    for tracker in local tensorboard mlflow wandb; do
        wait_until grep -rq --include="cursor.$tracker" '"metrics":.*mark' \
            "$XDG_STATE_HOME"
    done
    places=(d/local/insidellms/r d/tensorboard/r
        d/mlflow/[1-9]*/[0-9a-f]* d/wandb/wandb/offline-run-*)
    for place in "${places[@]}"; do [ -d "$place" ]; done
}

# Whatever stands in the way, nobody waits for it.
end_everywhere() {
    itrack log --run "$open" --metric a=3 --metric b=2 --param p=1 3>&-
    : >artifact
    timeout 60 "$BUILD/bin/itrack" log --run "$open" --artifact artifact \
        --end 3>&- || [ $? -ne 124 ]
    timeout 60 "$BUILD/bin/itrack" sync >report 2>&1 || [ $? -ne 124 ]
    cat report
}

# Nothing of the tree but what it had.
victim_is_whole() {
    [ "$(cd victim && find . | sort | tr '\n' ' ')" = "$1" ]
    [ -z "$(find victim -type f -exec grep -L precious {} +)" ]
}

@test "a folder of a run becomes a link or another folder: not written to" {
    for kind in link folder above; do
        # A worker of the round before may write a last word meanwhile.
        wait_until rm -rf d victim "$XDG_STATE_HOME"
        begin_everywhere
        # The roots of the others are the user's, and may be links.
        [ $kind != above ] ||
            places=(d/local/insidellms/r d/mlflow/[1-9]*/[0-9a-f]*)
        for place in "${places[@]}"; do
            # What a tracker writes is there already, and is somebody else's.
            mkdir -p victim/files victim/tags victim/metrics
            for name in metrics.json final_state.json metrics/a tags/x; do
                echo precious >"victim/$name"
            done
            case $kind in
            link) mv "$place" "$place.old" && ln -s "$PWD/victim" "$place" ;;
            folder) mv "$place" "$place.old" && cp -r victim "$place" ;;
            above)
                parent=${place%/*}
                mv "$parent" "$parent.old"
                mkdir -p "victim/${place##*/}"
                ln -s "$PWD/victim" "$parent"
                ;;
            esac
        done
        before=$(cd victim && find . | sort | tr '\n' ' ')
        end_everywhere
        victim_is_whole "$before"
        if [ $kind = folder ]; then
            for place in "${places[@]}"; do
                [ "$(cd "$place" && find . -type f | wc -l)" -eq 4 ]
                [ -z "$(find "$place" -type f -exec grep -L precious {} +)" ]
            done
        fi
        [ $kind = above ] ||
            for tracker in local tensorboard mlflow wandb; do
                grep -q "$tracker" report
            done
        # Put back, all of it arrives.
        for place in "${places[@]}"; do
            [ $kind != above ] || place=${place%/*}
            rm -r "$place"
            mv "$place.old" "$place"
        done
        itrack sync
        jq -e .status d/local/insidellms/r/final_state.json
        [ -e "$(echo d/mlflow/[1-9]*/*/metrics/b)" ]
    done
}

@test "a project's folder that is a link: no run begins in it" {
    mkdir -p victim d/local
    ln -s "$PWD/victim" d/local/insidellms
    run ! itrack log --start --local-dir d/local --run-name r
    [[ $output == *"insidellms is a symbolic link"* ]]
    run -1 itrack import --local-dir d/local "$from"
    [[ $output == *"insidellms is a symbolic link"* ]]
    [ -z "$(ls victim)" ]
}

@test "links, FIFOs and folders inside of a run's folder: refused by name" {
    echo precious >far
    mkdir -p victim
    for kind in link fifo dirlink; do
        wait_until rm -rf d "$XDG_STATE_HOME"
        begin_everywhere
        shopt -s nullglob
        for file in d/local/insidellms/r/metrics.json \
            d/local/insidellms/r/.metrics.json.tmp \
            d/local/insidellms/r/artifacts/.itrack-copy.tmp \
            d/tensorboard/r/events.out.tfevents.* \
            d/mlflow/[1-9]*/*/metrics/a d/mlflow/[1-9]*/*/meta.yaml \
            d/wandb/wandb/.itrack-latest-run \
            d/wandb/wandb/offline-run-*/.itrack-table.tmp \
            d/wandb/wandb/offline-run-*/run-*.wandb; do
            mkdir -p "${file%/*}"
            rm -rf "$file"
            case $kind in
            link) ln -s "$PWD/far" "$file" ;;
            fifo) mkfifo "$file" ;;
            dirlink) ;;
            esac
        done
        shopt -u nullglob
        [ $kind != dirlink ] ||
            for folder in "${places[0]}"/artifacts \
                "${places[2]}"/{metrics,params,artifacts,tags} \
                "${places[3]}"/{files,artifacts}; do
                rm -rf "$folder"
                ln -s "$PWD/victim" "$folder"
            done
        end_everywhere
        [ "$(cat far)" = precious ]
        [ -z "$(ls victim)" ]
    done
}

# hostile KIND: a run for a server of this kind; all of it is in a directory of its own.
hostile() {
    local own=$BATS_TEST_TMPDIR/$1 url kib=$((300 * 1024)) # of addresses
    if grep -q __asan_init "$BUILD/bin/itrack"; then kib=unlimited; fi
    mkdir "$own"
    python3 "$BATS_TEST_DIRNAME/../servers/hostile_http.py" "$own" "$1" &
    echo $! >"$own/pid"
    wait_until test -s "$own/url"
    url=$(cat "$own/url")
    SECONDS=0
    ulimit -v "$kib"
    XDG_STATE_HOME=$own/state wrap --drain 10 --track local,mlflow,wandb \
        --mlflow-uri "$url" --wandb-base-url "$url" --wandb-mode online \
        --report "$own/report.json" "$write_run" --from "$from" \
        --to "$own/runs/x" >"$own/out" 2>"$own/err"
    echo "$SECONDS" >"$own/took"
}

@test "a hostile server: bounded memory and time, nothing lost" {
    export WANDB_API_KEY=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
    local kind own pids=()
    for kind in body headers deep redirects drip garbage; do
        hostile $kind 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
    for kind in body headers deep redirects drip garbage; do
        own=$BATS_TEST_TMPDIR/$kind
        echo "$kind, $(cat "$own/took") s"
        cut -c1-300 "$own/err"
        # The drain that was given, not that of others.
        [ "$(cat "$own/took")" -lt 25 ]
        [ "$(jq -r '.runs[0].trackers[0].state' "$own/report.json")" = complete ]
        [ "$(jq '.runs[0].trackers[1].pending' "$own/report.json")" -eq \
            "$(sed '1d;$d' "$own"/state/itrack/runs/*/journal.jsonl | wc -l)" ]
        [ "$(jq '[.runs[0].trackers[].rejected] | add' "$own/report.json")" -eq 0 ]
        [ "$(wc -c <"$own/err")" -le 4000 ]
        run ! grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$own/err"
    done
}

@test "a crash of the worker leaves no core file" {
    ulimit -c unlimited || skip "no core files here"
    start_gated "$BUILD/bin/itrack-wrap" -q "$write_run" --gate gate \
        --from "$from" --to "$to"
    turn 5
    wait_until has_step "$tracking/$id/metrics.json" 3
    worker=$(pgrep -P "$job" -x itrack-worker)
    grep -q '^Max core file size *1 ' "/proc/$worker/limits"
    kill -SEGV "$worker"
    finish
    [ "$status" -eq 0 ]
    [ -z "$(find . -name 'core*')" ]
    python3 "$check_local" "$to" "$tracking/$id"
}
