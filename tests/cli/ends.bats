#!/usr/bin/env bats
# When a run ends, and what it came to: several at once in one process, and
# directories that are removed, moved, overwritten or copied.

load runs

setup() {
    use_clean_home
    f=run_plain
    from=$fixtures/$f/run
    several="python3 $top/tests/programs/several.py"
    places=$BATS_TEST_TMPDIR/places/insidellms
    export PYTHONDONTWRITEBYTECODE=1
}

teardown() {
    show_last
    exec 7>&-
}

# `is_whole NAME [FILES]`: a finished run with all records and files.
is_whole() {
    [ "$(field "$places/$1/final_state.json" 'd["status"]')" = finished ] &&
        has_step "$places/$1/metrics.json" 12 &&
        cmp <(sed "s/$(run_id $f)/${2:-$1}/" "$from/records.jsonl") \
            "$places/$1/artifacts/records.jsonl" &&
        cmp "$from/config.resolved.yaml" \
            "$places/$1/artifacts/config.resolved.yaml" &&
        is_json "$places/$1/artifacts/manifest.json"
}

param() {
    field "$places/$2/params.json" "d[\"$1\"]"
}

names_are() {
    local got
    got=$(ls "$places" | paste -sd ' ' -)
    [ "$got" = "$*" ] || { echo "the runs are $got"; return 1; }
}

# shellcheck disable=SC2086
track() {
    wrap --local-dir places "$@" 3>&-
}

@test "three runs at once in one process: each is whole" {
    # shellcheck disable=SC2086
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
        $several threads "$from" "$runs" gate
    for ((n = 1; n <= 6; n++)); do
        turn 3
    done
    wait_until test -e "$runs/r0/records.jsonl" -a \
        -e "$runs/r1/records.jsonl" -a -e "$runs/r2/records.jsonl"
    finish
    [ "$status" -eq 0 ]
    names_are run-0 run-1 run-2
    for n in 0 1 2; do
        is_whole run-$n
    done
}

@test "three runs in one directory, which is removed each time: each is whole" {
    # shellcheck disable=SC2086
    track $several overwrite "$from" "$runs/out"
    names_are run-1 run-2 run-3
    for n in 1 2 3; do
        is_whole run-$n
    done
}

@test "three runs in one directory, written again in place, each with fewer records" {
    # shellcheck disable=SC2086
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
        $several inplace "$from" "$runs/out" gate
    wait_until has_step places/insidellms/run-0/metrics.json 12
    turn
    wait_until has_step places/insidellms/run-1/metrics.json 4
    wait_until test -e places/insidellms/run-0/final_state.json
    turn
    wait_until has_step places/insidellms/run-2/metrics.json 2
    finish
    names_are run-0 run-1 run-2
    [ "$(field places/insidellms/run-0/final_state.json 'd["status"]')" = failed ]
    for n in 1 2; do
        [ "$(field places/insidellms/run-$n/final_state.json \
            'd["status"], d["total_steps"]')" = "('finished', $((6 - 2 * n)))" ]
    done
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "renamed into place, it or the directory above it, behind the manifest" {
    for what in moved parent; do
        # shellcheck disable=SC2086
        track $several $what "$from" "$runs/out"
        names_are run-0
        is_whole run-0
        rm -r places
    done
    [ -e "$runs/out/manifest.json" ] && [ -e "$runs/final/out/manifest.json" ]
}

@test "a run that was renamed into place is known there" {
    # shellcheck disable=SC2086
    track $several moved "$from" "$runs/out"
    run -0 itrack import --local-dir places "$runs/out"
    names_are run-0
}

@test "a temporary directory that is gone behind the manifest" {
    # shellcheck disable=SC2086
    track $several removed "$from" "$runs/out"
    [ ! -e "$runs/out" ]
    names_are run-0
    is_whole run-0
}

@test "a program for each file, and the directory moved away behind the last write" {
    cat >fast.sh <<-'END'
	mkdir -p "$2"
	cat "$1/.insidellms_run" >"$2/.insidellms_run"
	cp "$1/config.resolved.yaml" "$2"
	cat "$1/records.jsonl" >"$2/records.jsonl"
	cat "$1/manifest.json" >"$2/manifest.json"
	mv "$2" "$2.done"
END
    id=$(run_id $f)
    for ((n = 0; n < 10; n++)); do
        track sh fast.sh "$from" "$runs/r$n"
        names_are "$id"
        is_whole "$id"
        rm -r places
    done
}

@test "a process that goes on for days: its run is over when it is complete" {
    # shellcheck disable=SC2086
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
        $several server "$from" "$runs/out" gate
    wait_until is_whole run-0
    wait_until no_journals
    kill -0 "$job"
    finish
    names_are run-0
}

@test "run_completed: false is not finished, unless the manifest is replaced" {
    # shellcheck disable=SC2086
    track $several rewritten "$from" "$runs/out"
    names_are run-0
    [ "$(field places/insidellms/run-0/final_state.json 'd["status"]')" = failed ]
    itrack import --again --local-dir places "$runs/out"
    names_are run-0 run-0-2
    [ "$(field places/insidellms/run-0-2/final_state.json 'd["status"]')" = failed ]
    rm -r places "$runs/out"
    echo >gate
    # shellcheck disable=SC2086
    track $several rewritten "$from" "$runs/out" gate
    names_are run-0
    is_whole run-0
}

@test "records written again in place, fewer of them, behind the same first line" {
    # shellcheck disable=SC2016
    start_gated "$BUILD/bin/itrack-wrap" --no-preload --local-dir places \
        --run-dir "$runs/x" sh -c '
        exec 5<gate
        mkdir "$2"
        for file in .insidellms_run config.resolved.yaml records.jsonl; do
            cp "$1/$file" "$2"
        done
        read -r line <&5
        head -n 5 "$1/records.jsonl" >"$2/records.jsonl"
        sed "s/\"record_count\": 12/\"record_count\": 5/" "$1/manifest.json" \
            >"$2/manifest.json"' - "$from" "$runs/x"
    id=$(run_id $f)
    wait_until has_step "$places/$id/metrics.json" 12
    finish
    [ "$status" -eq 0 ]
    names_are "$id" "$id-2"
    [ "$(field "$places/$id/final_state.json" 'd["status"]')" = failed ]
    [ ! -e "$places/$id/artifacts/manifest.json" ]
    [ "$(field "$places/$id-2/final_state.json" 'd["status"]')" = finished ]
    has_step "$places/$id-2/metrics.json" 5
    run ! has_step "$places/$id-2/metrics.json" 12
    lines_are "$places/$id-2/artifacts/records.jsonl" 5
}

@test "a manifest that was not read is none: links, no JSON" {
    id=$(run_id $f)
    cp -r "$from" "$runs/a"
    rm "$runs/a/manifest.json"
    for what in link torn; do
        case $what in
        link) ln -s nowhere "$runs/a/manifest.json" ;;
        torn)
            rm "$runs/a/manifest.json"
            head -c 100 "$from/manifest.json" >"$runs/a/manifest.json"
            ;;
        esac
        run itrack import --again --local-dir places "$runs/a"
        [ "$(field "$places/$id/final_state.json" 'd["status"]')" = failed ]
        rm -r places
    done
}

@test "a copy that the command makes of its run directory is no run" {
    id=$(run_id $f)
    # shellcheck disable=SC2016
    track --report report.json sh -c '"$0" --from "$1" --to "$2/out" &&
        cp -r "$2/out" "$2/copy" && cp -a "$2/out" "$2/copy2"' \
        "$write_run" "$from" "$runs"
    names_are "$id"
    is_whole "$id"
    [ "$(field report.json 'len(d["runs"])')" -eq 1 ]
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    rm -r places "${runs:?}"/*
    # Nobody tells who has written it, but it has the times of the original, which
    # was seen first, and is younger than they are by the clock of file times, which
    # stands still for some milliseconds; one of the copies is seen while it is made.
    # Another equal run has its own.
    cat >slow_copy <<-'END'
	mkdir "$2"
	cp -a "$1/.insidellms_run" "$1/config.resolved.yaml" "$2"
	{
	    timeout 60 sh -c 'until [ -e seen ]; do sleep 0.02; done'
	    cat "$1/records.jsonl"
	} >"$2/records.jsonl"
	touch -r "$1/records.jsonl" "$2/records.jsonl"
	cp -a "$1/manifest.json" "$2"
END
    # shellcheck disable=SC2016
    start_gated "$BUILD/bin/itrack-wrap" --no-preload --local-dir places sh -c '
        "$0" --gate gate --from "$1" --to "$2/out" && sleep 0.1 &&
        cp -a "$2/out" "$2/copy" && sh slow_copy "$2/out" "$2/slow" && sleep 0.1 &&
        "$0" --from "$1" --to "$2/b"' "$write_run" "$from" "$runs"
    turn 4
    wait_until has_step "$places/$id/metrics.json" 3
    run_free
    wait_until grep -rq "$runs/slow" "$XDG_STATE_HOME/itrack/runs"
    : >seen
    finish
    cat err
    [ "$status" -eq 0 ]
    names_are "$id" "$id-2"
    grep -q "/copy: a copy of the run $id ($runs/out), not tracked again" err
    grep -q "/slow: a copy of the run $id ($runs/out), not tracked again" err
    [ "$(param run_dir "$id")" = "$runs/out" ]
    [ "$(param run_dir "$id-2")" = "$runs/b" ]
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "a copy whose marker is written last" {
    id=$(run_id $f)
    track sh -c '"$0" --from "$1" --to "$2/out" && mkdir "$2/copy" &&
        cp "$2/out/records.jsonl" "$2/out/manifest.json" "$2/copy" &&
        sleep 0.3 && cp "$2/out/.insidellms_run" "$2/copy"' \
        "$write_run" "$from" "$runs" 2>err
    names_are "$id"
    grep -q "/copy: a copy of the run $id ($runs/out), not tracked again" err
}

@test "a copy that the worker hears of late, and of another run in between" {
    id=$(run_id $f)
    cat >late.sh <<-'END'
	exec 5<"$1"
	read -r _ <&5
	"$2" --from "$3" --to "$4/out"
	mkdir "$4/copy"
	cp "$4/out/.insidellms_run" "$4/out/records.jsonl" "$4/copy"
	"$2" --from "$3" --to "$4/b"
	cp "$4/out/config.resolved.yaml" "$4/out/manifest.json" "$4/copy"
	read -r _ <&5
END
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
        sh late.sh "$PWD/gate" "$write_run" "$from" "$runs"
    turn_unheard test -s "$runs/copy/manifest.json"
    finish
    names_are "$id" "$id-2"
    grep -q "/copy: a copy of the run $id ($runs/out), not tracked again" err
}

@test "what is done to the files of a run behind its end is no run" {
    id=$(run_id $f)
    for edit in 'touch "$1/records.jsonl"' 'touch "$1/manifest.json"' \
        'cp "$1/records.jsonl" x; cat x >"$1/records.jsonl"' \
        'jq . "$1/manifest.json" >x && mv x "$1/manifest.json"'; do
        track sh -c '"$0" --from "$2" --to "$1";'" $edit" "$write_run" \
            "$runs/out" "$from" 2>err
        names_are "$id"
        is_whole "$id"
        run ! grep -q 'not tracked\|changed' err
        rm -r places "$runs/out"
    done
    # What stands there now are not the records of the run: that is said.
    track sh -c '"$0" --from "$2" --to "$1"
        timeout 60 sh -c "until [ -e \"\$0\" ]; do sleep 0.02; done" "$3"
        sed s/success/SECRET/ "$1/records.jsonl" >x
        cat x >"$1/records.jsonl"' \
        "$write_run" "$runs/out" "$from" "$places/$id/final_state.json" 2>err
    names_are "$id"
    is_whole "$id"
    grep -q "/out: the records were changed behind the end of the run $id, " err
    # The worker sees the manifest and the other records at once.
    rm -r places "${runs:?}"/*
    cat >edit.sh <<-'END'
	exec 5<"$1"
	read -r _ <&5
	"$2" --from "$3" --to "$4"
	sleep 0.1
	sed -i s/success/SECRET/ "$4/records.jsonl"
	touch "$4.edited"
	read -r _ <&5
END
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
        sh edit.sh "$PWD/gate" "$write_run" "$from" "$runs/out"
    turn_unheard test -e "$runs/out.edited"
    finish
    names_are "$id"
    grep -q '"finished"' "$places/$id/final_state.json"
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "an equal run in another directory is one" {
    id=$(run_id $f)
    track "$write_run" --from "$from" --to "$runs/a" --then --from "$from" \
        --to "$runs/b"
    names_are "$id" "$id-2"
    is_whole "$id"
    is_whole "$id-2" "$id"
}

@test "a run that is left in the background, by nohup, setsid, or a fork of its own" {
    for how in 'nohup "$@" &' 'setsid "$@" &' '"$@" --how daemon;' '"$@" &'; do
        rm -rf "$runs" places && mkdir "$runs"
        mkfifo end
        start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
            sh -c "$how read -r _ <end" - "$write_run" --gate gate \
            --from "$from" --to "$runs/out"
        id=$(run_id $f)
        turn 4
        wait_until has_step "$places/$id/metrics.json" 3
        let_go end
        status=0
        wait "$job" || status=$?
        [ "$status" -eq 0 ]
        grep -q 'still being written, by process [0-9]* (write_run)' err
        run itrack sync
        [ ! -e "$places/$id/final_state.json" ]
        run_free
        rm gate end
        wait_until is_whole "$id"
        wait_until rmdir "$XDG_STATE_HOME/itrack/runs"
        names_are "$id"
    done
}

@test "left in the background where no shim is, too" {
    mkfifo end
    start_gated "$BUILD/bin/itrack-wrap" --no-preload --run-dir "$runs/out" \
        --local-dir places sh -c '"$@" & read -r _ <end' - "$write_run" \
        --gate gate --from "$from" --to "$runs/out"
    id=$(run_id $f)
    turn 4
    wait_until has_step "$places/$id/metrics.json" 3
    let_go end
    wait "$job"
    grep -q 'still being written' err
    run_free
    wait_until is_whole "$id"
}

@test "who reads the output of a command is not held up by a run behind it" {
    mkfifo end
    start_gated sh -c '"$@" 2>&1 | cat >all; echo >done' - \
        "$BUILD/bin/itrack-wrap" --local-dir places \
        sh -c '"$@" >/dev/null 2>&1 & read -r _ <end' - "$write_run" \
        --gate gate --from "$from" --to "$runs/out"
    turn 4
    wait_until has_step "$places/$(run_id $f)/metrics.json" 3
    let_go end
    wait_until test -e done
    grep -q 'still being written' all
    finish
    wait_until is_whole "$(run_id $f)"
}

@test "who opened the files leaves, and a child of it writes them" {
    cat >open.sh <<-'END'
	mkdir "$2"
	echo "insideLLMs run directory" >"$2/.insidellms_run"
	cp "$1/config.resolved.yaml" "$2"
	exec 9>"$2/records.jsonl"
	sh write.sh "$1" "$2" <gate &
END
    cat >write.sh <<-'END'
	exec 8<"$1/records.jsonl"
	while read -r line <&8; do
	    read -r _
	    echo "$line" >&9
	done
	cp "$1/manifest.json" "$2/.manifest.json.tmp"
	mv "$2/.manifest.json.tmp" "$2/manifest.json"
END
    sed -i 's/read -r line/IFS= read -r line/; s/echo "$line"/printf "%s\\n" "$line"/' write.sh
    mkfifo end
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places \
        sh -c 'sh open.sh "$@"; read -r _ <end' - "$from" "$runs/out"
    id=$(run_id $f)
    turn 3
    wait_until has_step "$places/$id/metrics.json" 3
    let_go end
    wait "$job"
    grep -q 'still being written, by process [0-9]* (sh)' err
    run_free
    wait_until is_whole "$id"
    names_are "$id"
}

@test "the files of a run that was overwritten while its tracker was away" {
    start="$write_run --overwrite --to $runs/out --from"
    # shellcheck disable=SC2086
    wrap -q --record-only -t local --local-dir places $start "$from" 3>&-
    # shellcheck disable=SC2086
    wrap -q --record-only -t local --local-dir places $start \
        "$fixtures/run_errors/run" 3>&-
    rm -r "$runs/out"
    run -0 itrack sync
    is_whole "$(run_id $f)"
    cmp "$fixtures/run_errors/run/records.jsonl" \
        "$places/$(run_id run_errors)/artifacts/records.jsonl"
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "the files of an import whose tracker was away" {
    cp -r "$from" "$runs/out"
    : >places
    run itrack import -t local --local-dir places "$runs/out"
    rm -r "$runs/out" places
    run -0 itrack sync
    is_whole "$(run_id $f)"
}

# --- other worlds -------------------------------------------------------------

@test "a run in another mount namespace, whose path is an older run out here" {
    unshare -rm true 2>/dev/null || skip "no mount namespaces"
    mkdir -p host other
    cp -r "$fixtures/run_errors/run" host/r
    find host -exec touch -h -d '1 day ago' {} +
    # shellcheck disable=SC2016
    track unshare -rm sh -c 'mount --bind other host && "$@"' - "$write_run" \
        --from "$from" --to "$BATS_TEST_TMPDIR/host/r"
    [ -e other/r/manifest.json ] || skip "no bind mounts"
    names_are "$(run_id $f)"
    is_whole "$(run_id $f)"
}

@test "a run in a file system that only its namespace has, and that is gone" {
    unshare -rm true 2>/dev/null || skip "no mount namespaces"
    mkdir own
    # shellcheck disable=SC2016
    track unshare -rm sh -c 'mount -t tmpfs none own && touch seen && "$@"' - \
        "$write_run" --from "$from" --to "$BATS_TEST_TMPDIR/own/r"
    [ -e seen ] || skip "no mounts"
    [ -z "$(ls own)" ]
    names_are "$(run_id $f)"
    is_whole "$(run_id $f)"
}

@test "a run in another process namespace, in another root, under fakeroot" {
    unshare -rpf true 2>/dev/null || skip "no process namespaces"
    track unshare -rpf "$write_run" --from "$from" --to "$runs/a"
    is_whole "$(run_id $f)"
    rm -r places
    track unshare -rpfm --mount-proc "$write_run" --from "$from" --to "$runs/b"
    is_whole "$(run_id $f)"
    rm -r places
    command -v fakeroot >/dev/null || skip "no fakeroot"
    track fakeroot "$write_run" --from "$from" --to "$runs/c"
    is_whole "$(run_id $f)"
    rm -r places
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer wants to be the first library"
    fakeroot "$BUILD/bin/itrack-wrap" --local-dir places "$write_run" \
        --from "$from" --to "$runs/d" 3>&-
    is_whole "$(run_id $f)"
}

@test "who is left behind holds no exit up: one that writes a run, one that writes none" {
    mkfifo go end gate
    exec 7<>gate
    # shellcheck disable=SC2016
    { track --drain 600 -- sh -c '(read -r _ <go) & echo out'
      echo $? >without
      track --drain 600 -- sh -c '"$@" & read -r _ <end' - "$write_run" \
          --gate gate --from "$from" --to "$runs/a"
      echo $? >with; } >out 2>err 3>&- 7>&- &
    wait_until test -e without
    grep -q "has left processes behind" err
    let_go go
    printf '\n\n\n\n' >&7
    wait_until has_step "places/insidellms/$(run_id $f)/metrics.json" 3
    let_go end
    wait_until test -e with
    grep -q "still being written" err
    [ "$(cat without with)" = $'0\n0' ]
    yes '' 2>/dev/null | head -n 20 >&7
    wait_until is_whole "$(run_id $f)"
}

# The worker below the launcher $job, another than $before.
worker_is_there() {
    worker=$(pgrep -P "$job" -x itrack-worker) && [ "$worker" != "$before" ]
}

kill_worker() {
    before=$worker
    kill -KILL "$worker"
    wait_until worker_is_there
}

# The worker knows of the death of each writer.
holds_no_process() {
    ! readlink /proc/"$worker"/fd/* | grep -q pidfd
}

# journals_have COUNT TEXT
journals_have() {
    [ "$(grep -ls "$2" "$XDG_STATE_HOME"/itrack/runs/*/journal.jsonl | wc -l)" \
        -eq "$1" ]
}

# The first worker begins before there is a message, and hears them all.
@test "a worker that is killed behind the last message: the next ends the run" {
    before=
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places "$write_run" \
        --gate gate --from "$from" --to "$runs/x"
    wait_until worker_is_there
    turn 14
    wait_until sh -c 'test -e "$1"/itrack/runs/*/kept.3' - "$XDG_STATE_HOME"
    kill_worker
    finish
    [ "$status" -eq 0 ]
    is_whole "$(run_id $f)"
    python3 "$check_local" --child "$runs/x" "$places/$(run_id $f)"
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    lines_are "$XDG_STATE_HOME/itrack/index.jsonl" 1
}

# The worker finds a word of another process first, then the death of the writer and
# the next writer's first word, in this order.
@test "a writer that dies before the next begins in its place: two runs" {
    before=
    mkfifo gate2
    exec 8<>gate2
    # shellcheck disable=SC2016
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places sh -c '
        exec 5<gate2
        "$1" --gate gate --from "$2" --to "$3/x" &
        read -r line <&5
        env true
        kill -9 $!
        wait $!
        cp "$2/.insidellms_run" "$3/x"
        touch begun
        read -r line <&5
        for file in config.resolved.yaml records.jsonl manifest.json; do
            cp "$2/$file" "$3/x"
        done' - "$write_run" "$from" "$runs"
    turn 6
    id=$(run_id $f)
    wait_until has_step "$places/$id/metrics.json" 5
    worker_is_there
    kill -STOP "$worker"
    echo >&8
    wait_until test -e begun
    kill -CONT "$worker"
    wait_until holds_no_process
    echo >&8
    exec 8>&-
    finish
    [ "$status" -eq 0 ]
    names_are "$id" "$id-2"
    run ! has_step "$places/$id/metrics.json" 6
    is_whole "$id-2" "$id"
}

# Whoever kills several processes kills them in any order: that the worker has heard
# of the writer's death before that of the command makes no difference.
@test "a writer that dies just before the command that is killed: killed" {
    before=
    # shellcheck disable=SC2016
    start_gated "$BUILD/bin/itrack-wrap" --local-dir places sh -c '
        exec 5<gate
        "$1" --stop-after 3 --die-by 9 --from "$2" --to "$3/x"
        read -r line <&5
        kill -9 $$' - "$write_run" "$from" "$runs"
    wait_until journals_have 1 '"entry":"start"'
    wait_until worker_is_there
    wait_until holds_no_process
    finish
    [ "$status" -eq 137 ]
    [ "$(field "$places/$(run_id $f)/final_state.json" 'd["status"]')" = killed ]
}

@test "a worker that is killed: the report has its runs that wait for a server" {
    before=
    # shellcheck disable=SC2016
    start_gated "$BUILD/bin/itrack-wrap" --drain 60 --track mlflow \
        --mlflow-uri http://127.0.0.1:1 sh -c 'exec 5<gate
        for n in 1 2 3; do "$1" --from "$2" --to "$3/x$n" >/dev/null; done
        read -r line <&5 || :' - "$write_run" "$from" "$runs"
    wait_until journals_have 3 '"entry":"end"'
    wait_until worker_is_there
    kill_worker
    finish
    [ "$status" -eq 0 ]
    for attempt in "$XDG_STATE_HOME"/itrack/runs/*; do
        grep "pending.*$(basename "$attempt")" err
    done
}
