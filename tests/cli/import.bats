#!/usr/bin/env bats
# itrack import: finished run directories, and those that still grow.

load runs

setup() {
    use_clean_home
}

# normal DIR: the local run without what only an observer knows, times and
# places, to compare an import with a live tracking.
normal() {
    python3 - "$1" <<'END'
import json, sys
from pathlib import Path
local = Path(sys.argv[1])
live = ("exit_code", "exit_signal", "config_path", "wall_time_seconds")
for name in ("metadata", "params", "metrics", "artifacts", "final_state"):
    d = json.loads((local / (name + ".json")).read_text())
    if name == "metrics":
        points = [[p["step"], {k: v for k, v in p["metrics"].items()
                               if k not in live
                               and not k.startswith(
                           ("observed/", "process/", "system/"))}]
                  for p in d]
        d = [p for p in points if p[1]]
    elif name == "artifacts":
        d = [[a["name"], a["type"], a["original_path"]] for a in d]
    else:
        times = ("started_at", "ended_at", "metrics_count", "run_id")
        d = [[k, v] for k, v in d.items() if k not in live + times]
    print(name, json.dumps(d, indent=1))
END
}

@test "import: every fixture, as insideLLMs itself computes it" {
    for dir in "$fixtures"/*/; do
        f=$(basename "$dir") like=() status=finished
        cp -r "$dir/run" "$runs/$f"
        [ ! -d "$dir/tracking_local" ] || like=(--like "$dir/tracking_local")
        [ "$f" != interrupted ] || status=failed
        itrack import --track-project "$f" "$runs/$f"
        python3 "$check_local" --import --project "$f" --status $status \
            "${like[@]}" "$runs/$f" "$runs/tracking/$f/$(run_id "$f")"
        diff -r "$dir/run" "$runs/$f"
    done
}

@test "import is live tracking but for what only an observer knows" {
    while read -r f modes; do
        for mode in $modes; do
            rm -rf "$runs" live && mkdir "$runs"
            wrap -q --local-dir "$PWD/live" "$write_run" --mode "$mode" \
                --explain --from "$fixtures/$f/run" --to "$runs/$f" 3>&- ||
                [[ $mode == stop* ]]
            itrack import -q "$runs/$f"
            echo "# $f $mode"
            diff <(normal "live/insidellms/$(run_id "$f")") \
                <(normal "$tracking/$(run_id "$f")")
        done
    done <<'END'
run_plain run async batch
run_errors run stop stop-async
run_scored run async
latencies run
run_schema_1_0_0 run
harness_two_by_two harness
harness_one_model harness
END
}

# entries: the journals of the state directory, without what only an observer
# knows, times and who wrote them.
entries() {
    cat "$XDG_STATE_HOME"/itrack/runs/*/journal.jsonl | python3 -c '
import json, sys
own = ("exit_code", "exit_signal", "config_path", "wall_time_seconds")
start = ("attempt", "source", "host", "boot_id", "pid", "pid_start", "user",
         "writer", "writer_start", "command", "cwd", "config_path",
         "git_commit", "git_remote")
for line in sys.stdin:
    e = json.loads(line)
    kind = e["entry"]
    for name in ("time_us", "exit_code", "exit_signal"):
        e.pop(name, None)
    if kind == "start":
        e = {k: v for k, v in e.items() if k not in start}
    for name in ("metrics", "params"):
        if name in e:
            e[name] = {k: v for k, v in e[name].items() if k not in own
                       and not k.startswith(
                           ("observed/", "process/", "system/"))}
            if not e[name]:
                e = {}
    if kind == "histogram" and e["name"].startswith("observed/"):
        e = {}
    if e:
        print(json.dumps(e))'
}

@test "the journals of import and live tracking are equal, too" {
    while read -r f mode; do
        rm -rf "$runs" "$XDG_STATE_HOME" && mkdir "$runs"
        wrap -q --record-only "$write_run" --mode "$mode" --explain \
            --from "$fixtures/$f/run" --to "$runs/$f" 3>&- ||
            [[ $mode == stop* ]]
        entries >live
        rm -rf "$XDG_STATE_HOME"
        itrack import -q --record-only "$runs/$f"
        echo "# $f $mode"
        entries | diff live -
    done <<'END'
run_plain run
run_errors async
run_errors stop
run_scored batch
latencies run
harness_two_by_two harness
harness_one_model harness
END
}

@test "an import takes its times from the files" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    touch -d '2020-02-02 02:02:02.5' "$runs/x/.insidellms_run"
    touch -d '2020-02-02 03:02:02' "$runs/x/manifest.json"
    itrack import "$runs/x"
    local=$tracking/$(run_id run_plain)
    [ "$(field "$local/metadata.json" 'd["started_at"]')" = \
        2020-02-02T02:02:02.500000 ]
    [ "$(field "$local/final_state.json" 'd["ended_at"]')" = \
        2020-02-02T03:02:02 ]
}

@test "a second import does nothing, --again insists" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    itrack import "$runs/x"
    find "$runs" -printf '%p %T@ %i\n' | sort >before
    run -0 itrack import "$runs/x"
    [[ $output == *"already"* ]]
    find "$runs" -printf '%p %T@ %i\n' | sort | diff before -
    itrack import "$runs/../runs/./x"
    find "$runs" -printf '%p %T@ %i\n' | sort | diff before -
    itrack import --again "$runs/x"
    python3 "$check_local" --import "$runs/x" \
        "$tracking/$(run_id run_plain)-2"
}

@test "what was tracked live is not imported again" {
    wrap -q "$write_run" --from "$fixtures/run_plain/run" --to "$runs/x" 3>&-
    itrack import "$runs/x"
    [ "$(ls "$tracking" | wc -l)" -eq 1 ]
}

@test "an MLflow file store, by each of its names, is known again" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    mkdir "$PWD/a b"
    itrack import --track mlflow --mlflow-uri "$PWD/a b/m" "$runs/x"
    for uri in "$PWD/a b/m" "a b/m" "file:${PWD}/a%20b/m" \
        "file://$PWD/a%20b/m" "file://localhost$PWD/a%20b/m"; do
        run -0 itrack import --track mlflow --mlflow-uri "$uri" "$runs/x"
        [[ $output == *"already tracked by mlflow"* ]]
    done
    [ "$(ls -d "a b/m"/[1-9]*/*/ | wc -l)" -eq 1 ]
    # Elsewhere, or gone.
    itrack import --track mlflow --mlflow-uri "$PWD/m" "$runs/x"
    [ "$(ls -d m/[1-9]*/*/ | wc -l)" -eq 1 ]
    rm -r "a b/m"
    itrack import --track mlflow --mlflow-uri "$PWD/a b/m" "$runs/x"
    [ "$(ls -d "a b/m"/[1-9]*/*/ | wc -l)" -eq 1 ]
}

@test "another project or directory is another destination, delivered or pending" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    for options in "--track local --local-dir l" \
        "--track mlflow --mlflow-uri ./m" \
        "--track wandb --wandb-mode offline --wandb-dir w"; do
        # shellcheck disable=SC2086
        itrack import $options -p one "$runs/x"
        # shellcheck disable=SC2086
        run -0 itrack import $options -p two "$runs/x"
        [[ $output != *"already tracked"* ]]
        # shellcheck disable=SC2086
        run -0 itrack import $options -p two "$runs/x"
        [[ $output == *"already tracked"* ]]
    done
    mkdir t
    itrack import --track wandb --wandb-mode offline --wandb-dir t/ab "$runs/x"
    run -0 itrack import --track wandb --wandb-mode offline --wandb-dir t/a "$runs/x"
    [[ $output != *"already tracked"* ]]
    # What waits for a server that is down is known by its destination, too.
    down="--track mlflow --mlflow-uri http://127.0.0.1:9 --drain 0.1"
    # shellcheck disable=SC2086
    itrack import $down -p one "$runs/x" || :
    # shellcheck disable=SC2086
    run itrack import $down -p one "$runs/x"
    [ "$(ls "$XDG_STATE_HOME/itrack/runs" | wc -l)" -eq 1 ]
    # shellcheck disable=SC2086
    itrack import $down -p two "$runs/x" || :
    [ "$(ls "$XDG_STATE_HOME/itrack/runs" | wc -l)" -eq 2 ]
}

@test "what a sync sent elsewhere is known there" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    itrack import --track mlflow --mlflow-uri http://127.0.0.1:9 --drain 0.1 \
        "$runs/x" || :
    itrack sync --mlflow-uri "$PWD/m"
    run -0 itrack import --track mlflow --mlflow-uri "$PWD/m" "$runs/x"
    [[ $output == *"already tracked"* ]]
}

@test "a directory that was moved is known, and a copy of it is another" {
    [ "$(stat -c %W "$runs")" != 0 ] || skip "this file system tells no births"
    cp -r "$fixtures/run_plain/run" "$runs/x"
    itrack import --local-dir "$PWD/out" "$runs/x"
    mkdir "$runs/later"
    mv "$runs/x" "$runs/later/y"
    run -0 itrack import --local-dir "$PWD/out" "$runs/later/y"
    [[ $output == *"already tracked by local"* ]]
    cp -a "$runs/later/y" "$runs/z"
    run -0 itrack import --local-dir "$PWD/out" "$runs/z"
    [[ $output != *"already tracked"* ]]
}

@test "a directory that was moved is known while its delivery is pending" {
    [ "$(stat -c %W "$runs")" != 0 ] || skip "this file system tells no births"
    local down="--track mlflow --mlflow-uri http://127.0.0.1:9 --drain 0.1"
    cp -r "$fixtures/run_plain/run" "$runs/x"
    # shellcheck disable=SC2086
    itrack import $down "$runs/x" || :
    mv "$runs/x" "$runs/y"
    # shellcheck disable=SC2086
    itrack import $down "$runs/y" || :
    [ "$(ls "$XDG_STATE_HOME/itrack/runs" | wc -l)" -eq 1 ]
}

@test "imports that go to different places at once: each place has each run" {
    local i pids=()
    for i in {01..16}; do
        cp -r "$fixtures/run_plain/run" "$runs/$i"
    done
    for i in 1 2 3 4; do
        itrack import --track local --track tensorboard --local-dir "$PWD/o" \
            --tensorboard-dir "$PWD/t" "$runs"/* >"out$i" 2>&1 3>&- &
        pids+=($!)
    done
    itrack import --local-dir "$PWD/o" "$runs"/*
    for i in "${pids[@]}"; do
        wait "$i" || { cat out?; false; }
    done
    [ "$(ls "$PWD/o/insidellms" | wc -l)" -eq 16 ]
    [ "$(ls "$PWD/t/insidellms" | wc -l)" -eq 16 ]
}

@test "a destination that is gone is imported anew" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    itrack import "$runs/x"
    rm -r "$runs/tracking"
    itrack import "$runs/x"
    python3 "$check_local" --import "$runs/x" "$tracking/$(run_id run_plain)"
}

@test "records that have grown since are a new attempt" {
    cp -r "$fixtures/interrupted/run" "$runs/x"
    itrack import "$runs/x"
    "$write_run" --mode resume --from "$fixtures/run_errors/run" \
        --to "$runs/x" >/dev/null
    itrack import "$runs/x"
    id=$(run_id run_errors)
    python3 "$check_local" --import "$runs/x" "$tracking/$id-2"
    [ "$(field "$tracking/$id/final_state.json" 'd["status"]')" = failed ]
}

@test "several directories at once; our own tracking/ is passed over" {
    for f in run_plain run_errors harness_two_by_two; do
        cp -r "$fixtures/$f/run" "$runs/$f"
    done
    itrack import "$runs"/*
    itrack import "$runs"/* 2>err
    grep -q tracking err
    for f in run_plain run_errors harness_two_by_two; do
        python3 "$check_local" --import "$runs/$f" "$tracking/$(run_id $f)"
    done
    [ "$(ls "$tracking" | wc -l)" -eq 3 ]
}

@test "copies of one run that share their times stay apart" {
    cp -r "$fixtures/run_plain/run" "$runs/a"
    for copy in b c d; do
        cp -a "$runs/a" "$runs/$copy"
    done
    itrack import "$runs"/[a-d]
    id=$(run_id run_plain)
    for local in "$tracking/$id" "$tracking/$id-"{2,3,4}; do
        python3 "$check_local" --import \
            "$(field "$local/params.json" 'd["run_dir"]')" "$local"
    done
    [ "$(grep -h '"run_dir"' "$tracking"/*/params.json | sort -u | wc -l)" \
        -eq 4 ]
}

@test "a directory in which names change all the time: imported, and followed" {
    mkdir "$runs/x"
    cp "$fixtures/run_plain/run/records.jsonl" "$runs/x"
    touch going
    (while [ -e going ]; do
        : >"$runs/x/new" && mv "$runs/x/new" "$runs/x/progress"
        sleep 0.05
    done) 3>&- &
    local changer=$! watcher
    # Nobody tracks it, however long it is waited for.
    run timeout -s KILL 60 "$BUILD/bin/itrack" import "$runs/x"
    [ "$status" -ne 137 ]
    [ -e "$tracking/$(run_id run_plain)/final_state.json" ]
    "$BUILD/bin/itrack" watch --local-dir "$PWD/there" "$runs" 2>err 3>&- &
    watcher=$!
    wait_until grep -q watching err
    echo '{}' >>"$runs/x/records.jsonl"
    wait_until compgen -G "there/*/*/metrics.json"
    rm going
    wait "$changer"
    kill "$watcher"
    wait "$watcher"
}

@test "no directory, no run directory: a clear error, nothing written" {
    run ! itrack import "$runs/none"
    [[ $output == *"$runs/none"* ]]
    mkdir "$runs/empty"
    run ! itrack import "$runs/empty"
    [[ $output == *"$runs/empty"* ]]
    [ ! -e "$runs/tracking" ]
    run -125 itrack import
}

@test "one bad directory does not hold back the others" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    run ! itrack import "$runs/none" "$runs/x"
    python3 "$check_local" --import "$runs/x" "$tracking/$(run_id run_plain)"
}

@test "a directory by another name: symlink, relative, with a slash behind" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    ln -s runs/x short
    itrack import short/
    itrack import runs/x
    [ "$(find . -name final_state.json | wc -l)" -eq 1 ]
}

@test "a pipe in the place of the records does not block" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    rm "$runs/x/records.jsonl"
    mkfifo "$runs/x/records.jsonl"
    run timeout 60 "$BUILD/bin/itrack" import "$runs/x"
    [ "$status" -lt 124 ]
}

@test "records with every trap of the format" {
    cp -r "$fixtures/run_plain/run" "$runs/x"
    {
        printf '\n  \r\n'
        printf 'not json\n[1]\n'
        head -1 "$fixtures/run_plain/run/records.jsonl" | tr '\n' '\r'
        printf '\n{"status":"error","run_id":"r","scores":{"a":NaN}}\n'
        printf '{"status":"Success","run_id":"r\xff"}\n'
        printf '{"status":"success","latency_ms":9007199254740993}\n'
        printf '\xef\xbb\xbf{"status":"success"}\n'
        printf '{"a":1,"status":"success","status":"timeout"}\n'
        printf '{"status":"success"}'
    } >"$runs/x/records.jsonl"
    rm "$runs/x/manifest.json"
    run -0 itrack import "$runs/x"
    [[ $output == *"lines of records.jsonl could not be read"* ]]
    id=$(run_id run_plain)
    metrics=$tracking/$id/metrics.json
    is_json "$metrics"
    [ "$(field "$tracking/$id/final_state.json" 'd["total_steps"]')" -eq 5 ]
}

# commit DIR: makes a repository with one commit, and says which.
commit() {
    git init -q "$1"
    git -C "$1" remote add origin https://host.example/tools.git
    git -C "$1" -c user.email=a@b -c user.name=a commit -q --allow-empty -m x
    git -C "$1" rev-parse HEAD
}

@test "who imports is not who ran: no user, commit, host or command of his" {
    [ -n "$(command -v git)" ] || skip "no git"
    local dir=$PWD/r/x commit tags
    commit=$(commit tools)
    mkdir r
    cp -r "$fixtures/run_plain/run" "$dir"
    cd tools
    itrack import --track mlflow,wandb --wandb-mode offline --wandb-dir .. \
        --mlflow-uri ../m "$dir"
    tags=$(echo ../m/*/*/tags)
    [ ! -e "$tags/mlflow.source.git.commit" ]
    [ ! -e "$tags/mlflow.user" ]
    [ ! -e "$tags/mlflow.source.name" ]
    run ! grep -aqE "$commit|host.example|$(id -un)|$(uname -n)|$PWD" ../wandb/*/*.wandb
    # What the manifest says of its command is the run's.
    sed -i 's/"command": null/"command": "nightly.py"/' "$dir/manifest.json"
    itrack import --track mlflow --mlflow-uri ../named "$dir"
    [ "$(cat ../named/*/*/tags/mlflow.source.name)" = nightly.py ]
}

@test "the commit is that of the run's begin, however late it is delivered" {
    [ -n "$(command -v git)" ] || skip "no git"
    local commit tags
    commit=$(commit code)
    (
        cd code
        "$BUILD/bin/itrack-wrap" -q --record-only --track mlflow,wandb \
            --mlflow-uri ../m --wandb-mode offline --wandb-dir .. -- \
            "$BUILD/tests/programs/write_run" --quiet --mode run \
            --from "$fixtures/run_plain/run" --to "$runs/x"
        git -c user.email=a@b -c user.name=a commit -q --allow-empty -m later
    )
    itrack sync -q
    tags=$(echo m/*/*/tags)
    [ "$(cat "$tags/mlflow.source.git.commit")" = "$commit" ]
    [ "$(cat "$tags/mlflow.user")" = "$(id -un)" ]
    grep -aq "$commit" wandb/*/*.wandb
    grep -aq "https://host.example/tools.git" wandb/*/*.wandb
}

# Each is a run of 12 records whose records can't be read as they are.
@test "records that can't be read: said, status 1, and not tracked" {
    local kind dir n=0
    mkdir cache
    for kind in gone dangling loop device fifo folder array rows utf16 garbage cut empty; do
        n=$((n + 1))
        dir=$runs/$kind
        cp -r "$fixtures/run_plain/run" "$dir"
        mv "$dir/records.jsonl" "cache/$kind"
        case $kind in
        gone) ;;
        dangling) ln -s ../../nowhere "$dir/records.jsonl" ;;
        loop) ln -s records.jsonl "$dir/records.jsonl" ;;
        device) ln -s /dev/zero "$dir/records.jsonl" ;;
        fifo) mkfifo "$dir/records.jsonl" ;;
        folder) mkdir "$dir/records.jsonl" ;;
        array) jq -s . "cache/$kind" >"$dir/records.jsonl" ;;
        rows) { echo '['; sed '$!s/$/,/' "cache/$kind"; echo ']'; } >"$dir/records.jsonl" ;;
        utf16) iconv -f UTF-8 -t UTF-16 "cache/$kind" >"$dir/records.jsonl" ;;
        garbage) head -c 10000 /dev/urandom >"$dir/records.jsonl" ;;
        cut) gzip -c "cache/$kind" | head -c 500 >"$dir/records.jsonl.gz" ;;
        empty) : >"$dir/records.jsonl" ;;
        esac
        run -1 timeout 60 "$BUILD/bin/itrack" import "$dir"
        [[ $output == "itrack: $dir: "*record* ]]
        # Repaired, it is imported: nothing was tracked before.
        rm -rf "$dir"/records.jsonl*
        cp "cache/$kind" "$dir/records.jsonl"
        run -0 itrack import -p "$kind" "$dir"
        [[ $output == *": 12 records"* ]]
    done
    [ "$n" = 12 ]
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

# points PROJECT: step and values of each point.
points() {
    jq -c '.[] | [.step, .metrics]' "$runs/tracking/$1/$(run_id run_plain)/metrics.json"
}

# DVC and git-annex leave nothing but links.
@test "a directory in which every file is a link is read like one of files" {
    local f
    for f in run_plain harness_two_by_two; do
        cp -r "$fixtures/$f/run" "$runs/files"
        mkdir cache
        cp -rp "$runs/files" cache/run
        cp -rps "$PWD/cache/run" "$runs/links"
        for dir in files links; do
            run -0 --separate-stderr itrack import --local-dir "$dir" "$runs/$dir"
            [[ $stderr == *" finished: "* ]]
            jq -S '.[] | [.step, .metrics]' "$dir"/insidellms/*/metrics.json >"$dir.metrics"
            jq -S 'del(.run_dir)' "$dir"/insidellms/*/params.json >"$dir.params"
            itrack show --json "$runs/$dir" | jq -S '.. | objects |= del(.directory, .run_dir)' >"$dir.show"
            run -0 itrack check "$runs/$dir"
            [ "$output" = "$runs/$dir: no defect" ]
        done
        [[ $stderr == *"records.jsonl: a link: the file that it leads to is not sent"* ]]
        diff files.metrics links.metrics
        diff files.params links.params
        diff files.show links.show
        # Nothing differs between the two, their configurations neither.
        itrack compare --format json "$runs/files" "$runs/links" | jq -e '.config == []'
        run -0 itrack compare "$runs/files" "$runs/links"
        [[ $output != *"there is no config"* ]]
        run -0 itrack import --local-dir links "$runs/links"
        [[ $output == *"already tracked"* ]]
        rm -r "${runs:?}"/* cache files* links*
    done
}

@test "records elsewhere: through links, packed, or as the manifest names them" {
    local kind dir
    mkdir cache
    cp -r "$fixtures/run_plain/run" "$runs/plain"
    itrack import -p plain "$runs/plain"
    points plain >want
    for kind in link links gz named namedgz; do
        dir=$runs/$kind
        cp -rp "$runs/plain" "$dir"
        case $kind in
        link) mv "$dir/records.jsonl" cache/ab12 && ln -s "$PWD/cache/ab12" "$dir/records.jsonl" ;;
        links) mv "$dir/records.jsonl" cache/cd34 && gzip cache/cd34 && ln -s cd34.gz cache/ef &&
            ln -s "$PWD/cache/ef" "$dir/records.jsonl" ;;
        gz) gzip "$dir/records.jsonl" ;;
        named | namedgz)
            mv "$dir/records.jsonl" "$dir/rec-2026.jsonl"
            sed -i 's/"records_file": "records.jsonl"/"records_file": "rec-2026.jsonl"/' "$dir/manifest.json"
            [ "$kind" = named ] || gzip "$dir/rec-2026.jsonl"
            ;;
        esac
        run -0 itrack import -p "$kind" "$dir"
        [[ $output == *": 12 records"* ]]
        points "$kind" | diff want -
        [ "$(itrack show --json "$dir" | jq .record_count)" = 12 ]
        run -0 itrack import -p "$kind" "$dir"
        [[ $output == *"already tracked"* ]]
    done
    # A name that leads out of the directory is none.
    sed -i 's|"records_file": "rec-2026.jsonl"|"records_file": "../named/rec-2026.jsonl"|' \
        "$dir/manifest.json"
    run -1 itrack import --again "$dir"
}

@test "a last line without its newline counts in a finished run, if it is one" {
    local dir=$runs/x
    cp -r "$fixtures/run_plain/run" "$dir"
    truncate -s -1 "$dir/records.jsonl"
    run -0 itrack import "$dir"
    [[ $output == *": 12 records"* ]]
    [[ $output != *"not counted"* ]]
    run -0 itrack show --json "$dir"
    jq -e '.record_count == 12 and .torn_bytes == 0' <<<"$output"
    run -0 itrack import "$dir"
    [[ $output == *"already tracked"* ]]
    # Half a line, and a whole one of a run that was cut off.
    truncate -s -9 "$dir/records.jsonl"
    run -1 itrack import --again "$dir"
    [[ $output == *": 11 records"*"bytes behind the last whole line are not counted"* ]]
    [[ $output == *"manifest.json: it counts 12 records, 11 could be read"* ]]
    cp "$fixtures/run_plain/run/records.jsonl" "$dir/records.jsonl"
    truncate -s -1 "$dir/records.jsonl"
    rm "$dir/manifest.json"
    run -0 itrack import --again "$dir"
    [[ $output == *": 11 records"*"bytes behind the last whole line are not counted"* ]]
}
