#!/usr/bin/env bats
# The TensorBoard tracker, read back by the real TensorBoard: its Python reader
# and servers on both of their loading paths. Passed over where its package can't
# be had.

load ../common

RUN_ID=331e331259fa3d8eaedc6ed4466ff97f

setup_file() {
    export PYTHON=
    venv=$("$BATS_TEST_DIRNAME/../../scripts/test-venv" tensorboard) ||
        return 0
    PYTHON=$venv/bin/python
}

setup() {
    [ -n "$PYTHON" ] || skip "no tensorboard package"
    load small_disk
    cd "$BATS_TEST_TMPDIR" || return
    root=$BATS_TEST_DIRNAME/../..
    tb=$BATS_TEST_TMPDIR/tb
    export TMPDIR=$BATS_TEST_TMPDIR
}

entries() {
    python3 "$root/tests/trackers/make_entries.py" "$@"
}

deliver() {
    "$BUILD/tests/drivers/deliver" "$@" tensorboard tensorboard-dir="$tb"
}

# In the background: $! is the program itself.
deliver_alone() {
    exec "$BUILD/tests/drivers/deliver" "$@" tensorboard tensorboard-dir="$tb"
}

has_points() {
    [ "$(cat state/runs/*/journal.jsonl 2>/dev/null |
        grep -c '"entry":"metrics"')" -ge "$1" ]
}

check() {
    "$PYTHON" "$root/tests/trackers/check_tensorboard.py" "$@"
}

@test "one experiment and several, by each reader" {
    entries --points 40 --artifact /etc/hostname --attempt a1 >e1
    entries --experiments 3 --points 9 --status failed --attempt a2 >e2
    entries --points 0 --status killed --attempt a3 >e3
    deliver state e1
    deliver state e2
    deliver state e3
    base=$tb/insidellms/$RUN_ID
    check files e1 "$base"
    check files e2 "$base-2"
    check files e3 "$base-3"
    for path in fast slow; do
        check server $path "$tb" e1 "$base" e2 "$base-2" e3 "$base-3"
    done
}

@test "hostile names and values, by each reader" {
    entries --hostile --points 20 --project $'../a`|b\e' --attempt h1 >e1
    run deliver state e1
    [ "$status" -eq 0 ]
    [[ $output == *"no valid Unicode"* ]]
    [ "$(find "$tb" -name '*tfevents*' | wc -l)" -eq 1 ]
    base=$(dirname "$(find "$tb" -name '*tfevents*')")
    check files e1 "$base"
    check server fast "$tb" e1 "$base"
    check server slow "$tb" e1 "$base"
}

# None of them is another one's directory, none leads out, and none is taken for
# an event file.
@test "odd names of experiments, by each reader" {
    entries --points 60 --names '[["a/b","c"],["a","b/c"],["a%2Fb","c"],
        ["A/b","c"],["a","b"],["a/b","C"],[".",".."],["",""],["a","b"],
        ["events.out.tfevents.1.x","p"],["tfevents","tfevents"],
        ["x","events.out.tfevents.9"],["\u00fc:\u00f6","back\\slash "],
        [" lead",".hidden"],["new\nline","\u001b[31m"]]' >e1
    deliver state e1
    base=$tb/insidellms/$RUN_ID
    [ "$(find "$tb" -type f -name 'events.out.*' | wc -l)" -eq 16 ]
    check files e1 "$base"
    check server fast "$tb" e1 "$base"
    check server slow "$tb" e1 "$base"
}

# What is killed has a run without an end, and so its journal, however late the
# kill comes.
@test "killed again and again: nothing lost, nothing twice" {
    entries --experiments 3 --points 60 --artifact /etc/hostname >e1
    entries --experiments 3 --points 60 --no-end >part
    base=$tb/insidellms/$RUN_ID
    for points in 2 20 40; do
        deliver_alone -d 600000 -p 10 state part >/dev/null 3>&- &
        pid=$!
        wait_until has_points $points
        kill -9 $pid
        wait $pid || :
    done
    deliver state e1
    [ "$(find "$base" -maxdepth 1 -name '*tfevents*' | wc -l)" -ge 3 ]
    [ ! -e "$base-2" ]
    check files e1 "$base"
    check server fast "$tb" e1 "$base"
    check server slow "$tb" e1 "$base"
}

@test "a torn file is left alone and the rest goes on behind it" {
    entries --points 30 --no-end >part
    entries --points 30 >whole
    run deliver -d 100 state part
    file=$(find "$tb" -name '*tfevents*')
    truncate -s -50 "$file"
    cksum "$file" >before
    deliver state whole
    cksum "$file" | diff before -
    check files whole "$tb/insidellms/$RUN_ID"
    check server fast "$tb" whole "$tb/insidellms/$RUN_ID"
    check server slow "$tb" whole "$tb/insidellms/$RUN_ID"
}

# Entries of a run directory, as import makes them.
record() {
    XDG_STATE_HOME=$BATS_TEST_TMPDIR/record "$BUILD/bin/itrack" import \
        --record-only --track tensorboard "$1" 2>/dev/null || :
    cat record/itrack/runs/*/journal.jsonl
    rm -r record
}

@test "every fixture, by each reader, with insideLLMs' own values" {
    pairs=() triples=()
    for dir in "$root"/tests/fixtures/*/; do
        name=$(basename "$dir")
        mkdir -p runs
        cp -r "$dir/run" "runs/$name"
        record "runs/$name" >"$name.entries"
        place=$(deliver "state-$name" "$name.entries" | sed -n 's/^place //p')
        triples+=("$name.entries" "$place" "$dir/expected.json")
        pairs+=("$name.entries" "$place")
    done
    [ ${#pairs[@]} -ge 18 ]
    check all-files "${triples[@]}"
    check server fast "$tb" "${pairs[@]}"
    check server slow "$tb" "${pairs[@]}"
}

watch_live() {
    mkdir "$tb"
    entries --points 100 --no-end >e1
    check watch "$1" "$tb" total_count 5 >watch.out 2>&1 3>&- &
    pid=$!
    wait_until grep -q ready watch.out
    deliver_alone -d 600000 -p 100 state e1 >/dev/null 3>&- &
    writer=$!
    # The points must be there while the run still goes on.
    wait $pid
    kill -9 $writer
    wait $writer || :
}

@test "a server that watches sees points as they come, fast path" {
    watch_live fast
}

@test "a server that watches sees points as they come, slow path" {
    watch_live slow
}

@test "a server that watches goes on after a kill and a torn file" {
    entries --points 40 >e1
    entries --points 40 --no-end >part
    entries --points 1 --attempt b >e2
    for path in fast slow; do
        tb=$BATS_TEST_TMPDIR/tb-$path
        mkdir "$tb"
        check watch $path "$tb" total_count 40 >watch.out 2>&1 3>&- &
        watcher=$!
        wait_until grep -q ready watch.out
        deliver_alone -d 600000 -p 50 state part >/dev/null 3>&- &
        pid=$!
        wait_until has_points 20
        kill -9 $pid
        wait $pid || :
        truncate -s -20 "$tb/insidellms/$RUN_ID"/*tfevents*
        # When the server shows another run it has met the torn end, too.
        deliver other e2
        wait_until grep -q "run .*-2" watch.out
        deliver state e1
        wait $watcher
        check files e1 "$tb/insidellms/$RUN_ID"
        rm -r state other
    done
}

@test "a place that can't be written is named, and a later try completes it" {
    entries --points 10 >e1
    echo in the way >"$tb"
    run deliver state e1
    [ "$status" -eq 1 ]
    [[ $output == *"state blocked"*"why $tb"* ]]
    rm "$tb"
    deliver state e1
    check files e1 "$tb/insidellms/$RUN_ID"
}

@test "a removed directory is named, and a later try makes it again" {
    entries --points 60 >e1
    deliver_alone -d 600000 -p 200 state e1 >out 3>&- &
    pid=$!
    wait_until [ -d "$tb/insidellms/$RUN_ID" ]
    wait_until has_points 2
    rm -r "$tb"
    wait $pid || status=$?
    [ "$status" -eq 1 ]
    grep -q "why .*No such file" out
    deliver state e1
    check files e1 "$tb/insidellms/$RUN_ID"
}

@test "a full disk in the middle of a run: readable, and a later try completes it" {
    entries --points 400 --experiments 2 >e1
    export tb driver=$BUILD/tests/drivers/deliver
    run on_small_disk "$tb" '
        "$driver" state e1 tensorboard tensorboard-dir="$tb"
        echo "status $?"
        keep full
        grow
        "$driver" state e1 tensorboard tensorboard-dir="$tb"
        echo "status $?"
        keep whole'
    [ "$status" -ne 99 ] || skip "no mount namespace"
    echo "$output"
    [[ $output == *"state blocked"*"disk is full"*"status 1"*"status 0"* ]] ||
        [[ $output == *"state blocked"*"No space left"*"status 1"*"status 0"* ]]
    # What got onto the disk is a beginning of it.
    check beginning e1 "full/insidellms/$RUN_ID"
    check files e1 "whole/insidellms/$RUN_ID"
    for path in fast slow; do
        check server $path whole e1 "whole/insidellms/$RUN_ID"
    done
}
