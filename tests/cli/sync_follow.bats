#!/usr/bin/env bats
# itrack sync --follow: one process delivers what others record.

load runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
    shared=$BATS_TEST_TMPDIR/shared
    mkdir -p "$shared/itrack"
    journals=$shared/itrack/runs
    follower=
}

teardown() {
    show_last
    if [ -n "$follower" ]; then kill -KILL "$follower" 2>/dev/null || :; fi
}

# As another machine does that shares the directory.
record() {
    XDG_STATE_HOME=$shared wrap -q --record-only "$@" "$write_run" \
        --from "$from" --to "$to" >out 3>&- 7>&-
}

# It follows when it returns.
follow() {
    rm -f follow.err
    "$BUILD/bin/itrack" sync --follow "$@" >follow.out 2>follow.err 3>&- 7>&- &
    follower=$!
    wait_until test -s follow.err
}

# The follower's status in `status`.
stop_follower() {
    kill -"${1:-TERM}" "$follower"
    status=0
    wait "$follower" || status=$?
    follower=
}

no_journals() {
    [ -z "$(ls "$journals")" ]
}

no_end() {
    sed -i '/"entry":"end"/d' "$journals/$1/journal.jsonl"
}

of_host() {
    sed -i "1s/\"host\":\"[^\"]*\"/\"host\":\"$2\"/" \
        "$journals/$1/journal.jsonl"
}

# As of files that are too large to be kept beside the journal.
not_kept() {
    rm "$journals/$1"/kept.*
    sed -i 's/,"kept":"[^"]*"//' "$journals/$1/journal.jsonl"
    run ! grep -q kept "$journals/$1/journal.jsonl"
}

@test "what is there and what comes later is delivered, and said" {
    record
    follow "$shared/itrack"
    wait_until no_journals
    wait_until grep -q "^itrack: local: delivered [0-9]* of [0-9]*: $local$" follow.err
    python3 "$check_local" --child "$to" "$local"
    to=$to-2
    record
    wait_until test -e "$local-2/final_state.json"
    wait_until no_journals
    kill -0 "$follower"
    stop_follower
    [ "$status" -eq 0 ]
    [ "$(grep -cE "^itrack: run run_errors(-2)?-.{4} finished" follow.err)" -eq 2 ]
    [ "$(wc -l <"$shared/itrack/index.jsonl")" -eq 2 ]
    [ ! -e "$XDG_STATE_HOME" ]
}

@test "a root is a state directory, or the directory that holds one, or ours" {
    record
    follow "$shared"
    wait_until no_journals
    stop_follower INT
    [ "$status" -eq 0 ]
    export XDG_STATE_HOME=$shared
    to=$to-2
    record
    follow
    wait_until no_journals
    stop_follower HUP
    [ "$status" -eq 0 ]
    run -1 itrack sync --follow "$PWD/none"
    [[ $output == *"$PWD/none: No such file"* ]]
    run ! itrack sync --follow --drop x
    [[ $output == *"gives nothing up"* ]]
}

one_journal() {
    [ "$(ls "$journals" | wc -l)" -eq 1 ]
}

@test "a run that goes on is left alone until its end" {
    follow "$shared/itrack"
    start_gated env XDG_STATE_HOME="$shared" "$BUILD/bin/itrack-wrap" -q \
        --record-only "$write_run" --gate gate --from "$from" --to "$to"
    turn 6
    wait_until grep -rq '"step":4' "$journals"
    # Another one passes it by.
    (to=$to-2 && record)
    wait_until test -e "$local/final_state.json"
    # Its journal goes a moment later; that of the run stays.
    wait_until one_journal
    [ ! -e "$local-2/final_state.json" ]
    finish
    wait_until no_journals
    python3 "$check_local" "$to" "$local-2"
    stop_follower
}

@test "a wrapper that delivers itself is not disturbed" {
    follow "$shared/itrack"
    start_gated env XDG_STATE_HOME="$shared" "$BUILD/bin/itrack-wrap" -q \
        "$write_run" --gate gate --from "$from" --to "$to"
    turn 6
    wait_until has_step "$local/metrics.json" 4
    finish
    wait_until no_journals
    python3 "$check_local" "$to" "$local"
    [ "$(ls "$tracking")" = "$id" ]
    stop_follower
    [ "$(cat follow.err)" = \
        "itrack: follows $PWD/shared/itrack: 0 attempts there now; delivers each when its run has ended" ]
}

@test "no end: another host's waits for it, a dead one's of this host does not" {
    record
    dead=$(ls "$journals")
    no_end "$dead"
    to=$to-2
    record
    foreign=$(ls --ignore="$dead" "$journals")
    end=$(tail -1 "$journals/$foreign/journal.jsonl")
    no_end "$foreign"
    of_host "$foreign" node7
    follow "$shared/itrack"
    wait_until test -e "$local/final_state.json"
    wait_until test ! -e "$journals/$dead"
    [ "$(ls "$journals")" = "$foreign" ]
    run ! grep -q '"entry":"end"' "$journals/$foreign/journal.jsonl"
    echo "$end" >>"$journals/$foreign/journal.jsonl"
    wait_until no_journals
    python3 "$check_local" "$to" "$local-2"
    stop_follower
}

@test "artifacts of another host arrive: they are kept beside the journal" {
    record --local-dir "$PWD/there"
    of_host "$(ls "$journals")" node7
    mv "$runs" away
    follow "$shared/itrack"
    wait_until no_journals
    stop_follower
    [ "$status" -eq 0 ]
    mv away "$runs"
    python3 "$check_local" "$to" "$PWD/there/insidellms/$id"
}

@test "artifacts that only another host has stay pending, the rest arrives" {
    record --local-dir "$PWD/there"
    attempt=$(ls "$journals")
    not_kept "$attempt"
    of_host "$attempt" node7
    mv "$runs" away
    follow "$shared/itrack"
    wait_until grep -q "^itrack: local: .*the rest is pending: " follow.err
    has_step "there/insidellms/$id/metrics.json" 12
    [ "$(ls "$journals")" = "$attempt" ]
    stop_follower
    [ "$status" -eq 0 ]
    [ "$(ls "$journals")" = "$attempt" ]
    mv away "$runs"
    XDG_STATE_HOME=$shared itrack sync
    python3 "$check_local" "$to" "$PWD/there/insidellms/$id"
}

@test "a tracker that refuses: said once, kept, the others are delivered" {
    record --track local,null
    export ITRACK_NULL=blocked
    follow "$shared/itrack"
    wait_until grep -q "^itrack: null: .*pending" follow.err
    to=$to-2
    record
    wait_until grep -q "^itrack: local: delivered [0-9]* of [0-9]*: $local-2" follow.err
    stop_follower
    [ "$status" -eq 0 ]
    [ "$(grep -c "^itrack: null: " follow.err)" -eq 1 ]
    [ "$(ls "$journals" | wc -l)" -eq 1 ]
    unset ITRACK_NULL
    XDG_STATE_HOME=$shared itrack sync
    no_journals
}

@test "two followers: everything once; garbage harms nobody" {
    mkdir -p "$journals/20200101T000000Z-000000000000"
    head -c 5000 /dev/urandom \
        >"$journals/20200101T000000Z-000000000000/journal.jsonl"
    follow "$shared/itrack"
    first=$follower
    follow "$shared/itrack"
    for name in a b c d; do
        to=$runs/$name
        record
    done
    wait_until lines_are "$shared/itrack/index.jsonl" 4
    kill -TERM "$first"
    wait "$first"
    stop_follower
    [ "$(find "$tracking" -mindepth 1 -maxdepth 1 | wc -l)" -eq 4 ]
    [ "$(ls "$journals")" = 20200101T000000Z-000000000000 ]
}

@test "at most 20 requests in a second, however many runs wait" {
    mkdir server
    python3 "$BATS_TEST_DIRNAME/../servers/fake_wandb.py" server 3>&- &
    server=$!
    wait_until test -s server/url
    for n in 1 2 3 4 5 6 7 8; do
        to=$runs/$n
        record --track wandb --wandb-mode online
    done
    export WANDB_API_KEY=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
    export WANDB_BASE_URL
    WANDB_BASE_URL=$(cat server/url)
    # The first line of its log: before there is a follower.
    curl -s -o hello "$WANDB_BASE_URL/hello"
    follow "$shared/itrack"
    for ((n = 0; n < 6; n++)); do
        wait_until no_journals && break
    done
    no_journals
    stop_follower
    kill "$server"
    # The last one is that much later than the follower's start: when the server
    # came to its first one tells nothing.
    awk 'NR == 1 { began = $1 }
        { last = $1 }
        END {
            print "#", NR - 1, "requests in", last - began, "s"
            exit !(NR > 80 && last - began >= (NR - 2) / 20)
        }' server/log
    [ "$(jq '.runs | length' server/state.json)" -eq 8 ]
    [ "$(jq '[.runs[] | select(.complete)] | length' server/state.json)" -eq 8 ]
}

@test "twenty that record on a shared directory, one that delivers" {
    follow "$shared/itrack"
    for i in {1..20}; do
        XDG_STATE_HOME=$shared wrap -q --record-only "$write_run" --quiet \
            --from "$from" --to "$runs/$i" >/dev/null 3>&- 7>&- &
        recorders[i]=$!
    done
    for i in {1..20}; do
        wait "${recorders[i]}"
    done
    wait_until no_journals
    stop_follower
    [ "$status" -eq 0 ]
    [ "$(wc -l <"$shared/itrack/index.jsonl")" -eq 20 ]
    [ "$(grep -o '"run_dir":"[^"]*"' "$shared/itrack/index.jsonl" |
        sort -u | wc -l)" -eq 20 ]
    [ "$(ls "$tracking" | wc -l)" -eq 20 ]
    for i in {1..20}; do
        local=$tracking/$id
        [ "$i" -eq 1 ] || local=$tracking/$id-$i
        to=$(sed -n 's/^  "run_dir": "\(.*\)",*$/\1/p' "$local/params.json")
        python3 "$check_local" --child "$to" "$local"
    done
}
