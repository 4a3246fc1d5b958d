#!/usr/bin/env bats
# The local tracker through the engine: killed, watched, and with a full disk.

load ../common

RUN_ID=331e331259fa3d8eaedc6ed4466ff97f

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    root=$BATS_TEST_DIRNAME/../..
    place=$BATS_TEST_TMPDIR/local/insidellms/$RUN_ID
    export TZ=UTC
}

entries() {
    python3 "$root/tests/trackers/make_entries.py" "$@"
}

deliver() {
    "$BUILD/tests/drivers/deliver" "$@" local \
        local-dir="$BATS_TEST_TMPDIR/local"
}

# In the background: $! is the program itself.
deliver_alone() {
    exec "$BUILD/tests/drivers/deliver" "$@" local \
        local-dir="$BATS_TEST_TMPDIR/local"
}

has_points() {
    [ "$(cat state/runs/*/journal.jsonl 2>/dev/null |
        grep -c '"entry":"metrics"')" -ge "$1" ]
}

# Compares what is there with the entries.
check() {
    python3 "$root/tests/trackers/check_local.py" "$@"
}

@test "every value, by the entries" {
    entries --points 40 --artifact /etc/hostname --tag one --tag zwei >e1
    deliver state e1
    check whole e1 "$place"
    entries --hostile --experiments 3 --points 9 --attempt b --status failed >e2
    deliver state e2
    check whole e2 "$place-2"
    check whole e1 "$place"
}

@test "killed again and again: the files are as without" {
    head -c 50000000 /dev/zero >big
    entries --experiments 3 --points 60 --artifact big >e1
    for points in 2 20 40; do
        deliver_alone -p 10 state e1 >/dev/null 3>&- &
        pid=$!
        wait_until has_points $points
        kill -9 $pid
        wait $pid || :
    done
    deliver state e1
    [ ! -e "$place-2" ]
    check whole e1 "$place"
    [ "$(find "$place" -name '.*' -printf '%f ')" = '.itrack-attempt ' ]
    cmp big "$place/artifacts/big"
}

@test "valid JSON at every moment, and live" {
    entries --points 600 >e1
    check watch "$place" writer >watched 2>&1 3>&- &
    watcher=$!
    wait_until grep -q ready watched
    deliver_alone -p 5 state e1 >/dev/null 3>&- &
    pid=$!
    echo $pid >writer.new
    mv writer.new writer
    wait $watcher || { cat watched; false; }
    wait $pid
    check whole e1 "$place"
}

@test "a place that can't be written is named, and a later try completes it" {
    entries --points 10 >e1
    echo in the way >local
    run deliver state e1
    [ "$status" -eq 1 ]
    [[ $output == *"state blocked"*"why $BATS_TEST_TMPDIR/local"* ]]
    rm local
    deliver state e1
    check whole e1 "$place"
}

@test "a full disk is named, what stands is valid, and a later try completes it" {
    head -c 5000000 /dev/zero >big
    entries --points 10 --artifact big >e1
    # The limit on file size stands for the disk: a write is cut in the middle.
    run bash -c "trap '' XFSZ; ulimit -f 1000; '$BUILD/tests/drivers/deliver' \
        state e1 local local-dir='$BATS_TEST_TMPDIR/local'"
    [ "$status" -eq 1 ]
    [[ $output == *"state blocked"*"why "*"File too large"* ]]
    [ ! -e "$place/artifacts/big" ]
    for file in "$place"/*.json; do
        jq . "$file" >/dev/null
    done
    deliver state e1
    check whole e1 "$place"
}
