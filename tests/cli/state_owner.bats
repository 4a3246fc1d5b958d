#!/usr/bin/env bats
# What in a state directory is somebody else's, or is none: named, not used, not
# deleted.

load runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
    state=$XDG_STATE_HOME/itrack
    journals=$state/runs
    follower=
}

teardown() {
    show_last
    if [ -n "$follower" ]; then kill -KILL "$follower" 2>/dev/null || :; fi
}

# A whole attempt of which no tracker has anything; its name in `attempt`.
record() {
    local before
    before=$(ls "$journals" 2>/dev/null) || :
    wrap -q --record-only "$write_run" --from "$from" --to "$to" >/dev/null 3>&-
    attempt=$(comm -13 <(echo "$before") <(ls "$journals"))
    to=$to-2
}

# It follows when it returns.
follow() {
    rm -f follow.err
    "$BUILD/bin/itrack" sync --follow "$@" >follow.out 2>follow.err 3>&- 7>&- &
    follower=$!
    wait_until test -s follow.err
}

# `not_followed DIR`: one that is refused ends at once.
not_followed() {
    run -1 timeout 60 "$BUILD/bin/itrack" sync --follow "$@"
}

stop_follower() {
    kill -TERM "$follower"
    wait "$follower"
    follower=
}

need_other_user() {
    [ "$(id -u)" -eq 0 ] || skip "a file of another user takes root"
}

files_of() {
    find "$1" | sort
}

@test "sync --follow where runs/ holds run directories: refused, nothing removed" {
    mkdir -p proj/runs
    cp -r "$from" proj/runs/important
    find proj -exec touch -h -d '2 hours ago' {} +
    before=$(files_of proj)
    not_followed "$PWD/proj"
    [[ $output == *"$PWD/proj/runs: important is not the name of an attempt"* ]]
    (
        cd proj
        not_followed .
        [[ $output == *important* ]]
    )
    [ "$(files_of proj)" = "$before" ]
    # Where the state directory is below, that one is meant.
    record
    mv "$state" proj/itrack
    not_followed "$PWD/proj"
    [[ $output == *"did you mean $PWD/proj/itrack?"* ]]
    [ ! -e "$local" ]
}

@test "sync --follow of a directory of something else: named, nothing made in it" {
    record
    mkdir -p shared/state
    mv "$state" shared/state/itrack
    before=$(files_of shared)
    not_followed "$PWD/shared"
    [[ $output == *"$PWD/shared is no state directory of itrack"* ]]
    [ "$(files_of shared)" = "$before" ]
    : >plain
    not_followed "$PWD/plain"
    [[ $output == *"$PWD/plain: Not a directory"* ]]
}

@test "sync --follow of an empty directory, and of journals that were copied there" {
    record
    mkdir empty copied
    cp -r "$journals" copied/runs
    follow "$PWD/empty" "$PWD/copied"
    wait_until test -e "$local/final_state.json"
    wait_until test -d empty/runs
    wait_until test ! -e "copied/runs/$attempt"
    stop_follower
    [ -e empty/.itrack-state ]
}

@test "something else in runs/ is named by sync and status, and stays" {
    record
    cp -r "$from" "$journals/exp-1"
    mkdir "$journals/20200101T000000Z-000000000000"
    echo kept >"$journals/20200101T000000Z-000000000000/notes.txt"
    find "$journals" -exec touch -h -d '2 hours ago' {} +
    before=$(files_of "$journals/exp-1")
    run -1 itrack status
    [[ $output == *"exp-1 is not the name of an attempt"* ]]
    [[ $output == *"$attempt"* ]]
    run -1 itrack sync
    [[ $output == *"exp-1 is not the name of an attempt"* ]]
    python3 "$check_local" "$runs/$f" "$local"
    [ "$(files_of "$journals/exp-1")" = "$before" ]
    [ -e "$journals/20200101T000000Z-000000000000/notes.txt" ]
    run ! itrack sync --drop exp-1
    run ! itrack sync --drop ../runs/exp-1
    [ "$(files_of "$journals/exp-1")" = "$before" ]
}

@test "what a killed itrack left is removed: by its names alone" {
    record
    left=$journals/20200101T000000Z-000000000000
    mkdir "$left"
    : >"$left/journal.jsonl"
    : >"$left/cursor.local"
    : >"$left/.cursor.local.0123abcd4567.tmp"
    find "$left" -exec touch -d '2 hours ago' {} +
    itrack sync
    [ ! -e "$left" ]
}

@test "another user's journal: named once, not delivered; ours are" {
    need_other_user
    record
    theirs=$attempt
    chmod 1777 "$journals"
    chown -R 65534:65534 "$journals/$theirs"
    record
    ours=$attempt
    before=$(files_of "$journals/$theirs")
    run -1 itrack status
    [[ $output == *"$theirs: $journals/$theirs belongs to user "*"left alone"* ]]
    [[ $output == *"$ours"* ]]
    follow "$state"
    wait_until test ! -e "$journals/$ours"
    wait_until grep -q "$theirs belongs to user" follow.err
    stop_follower
    [ "$(grep -c "$theirs belongs" follow.err)" -eq 1 ]
    [ "$(ls "$tracking")" = "$id" ]
    run -1 itrack sync
    [[ $output == *"$theirs belongs to user"* ]]
    run -1 itrack sync "$theirs"
    run -1 itrack sync --drop "$theirs"
    run -0 itrack import "$runs/$f-2"
    [[ $output == *"$theirs belongs to user"* ]]
    [ "$(files_of "$journals/$theirs")" = "$before" ]
    [ "$(ls "$tracking")" = "$id" ]
}

@test "another user's file in our journal: not read" {
    need_other_user
    record
    chown 65534:65534 "$journals/$attempt/journal.jsonl"
    run -1 itrack sync
    [[ $output == *"journal.jsonl belongs to user"* ]]
    chown 0:0 "$journals/$attempt/journal.jsonl"
    echo '{"version":1,"metrics":0,"files":0,"state":{"dir":"/somewhere"}}' \
        >"$journals/$attempt/cursor.local"
    chown 65534:65534 "$journals/$attempt/cursor.local"
    run -1 itrack sync
    [[ $output == *"cursor.local belongs to user"* ]]
    rm "$journals/$attempt/cursor.local"
    : >"$state/index.jsonl"
    chown 65534:65534 "$state/index.jsonl"
    run -1 itrack status
    [[ $output == *"index.jsonl belongs to user"* ]]
    run -1 itrack import "$runs/$f"
    [[ $output == *"index.jsonl belongs to user"* ]]
    # Delivered, and noted nowhere: the journal stays until it is.
    [ -e "$journals/$attempt/journal.jsonl" ]
    chown 0:0 "$state/index.jsonl"
    itrack sync
    [ ! -e "$journals/$attempt" ]
    [ "$(ls "$tracking")" = "$id" ]
}

@test "another user's state directory: nothing is read or made in it" {
    need_other_user
    record
    chown -R 65534:65534 "$state"
    before=$(files_of "$state")
    for words in status sync "sync --follow" "sync --follow $state"; do
        # shellcheck disable=SC2086
        run -1 timeout 60 "$BUILD/bin/itrack" $words
        [[ $output == *"$state belongs to user "* ]]
    done
    run -0 itrack import "$runs/$f"
    [[ $output == *"$state belongs to user "* ]]
    run -0 --separate-stderr wrap "$write_run" --from "$from" --to "$to"
    [[ $stderr == *"$state belongs to user "* ]]
    [ -e "$local-2/final_state.json" ]
    [ "$(files_of "$state")" = "$before" ]
}

@test "FIFOs, links and files that others can write: refused, none is waited for" {
    record
    file=$journals/$attempt/journal.jsonl
    mv "$file" kept
    mkfifo "$file"
    run -1 timeout 60 "$BUILD/bin/itrack" status
    [[ $output == *"journal.jsonl is no regular file"* ]]
    run -1 timeout 60 "$BUILD/bin/itrack" sync
    [[ $output == *"journal.jsonl is no regular file"* ]]
    rm "$file"
    ln -s "$PWD/kept" "$file"
    run -1 itrack sync
    rm "$file"
    ln kept "$file"
    printf torn >>kept
    run -1 itrack sync
    [[ $output == *"hard links"* ]]
    [ "$(tail -c 4 kept)" = torn ]
    rm "$file"
    cp kept "$file"
    chmod 622 "$file"
    run -1 itrack sync
    [[ $output == *"can be written by others"* ]]
    chmod 600 "$file"
    mkfifo "$journals/$attempt/cursor.local" "$journals/$attempt/follower.lock"
    run -1 timeout 60 "$BUILD/bin/itrack" sync
    rm "$journals/$attempt/follower.lock"
    run -1 timeout 60 "$BUILD/bin/itrack" sync
    [[ $output == *"cursor.local is no regular file"* ]]
    rm "$journals/$attempt/cursor.local"
    mkfifo "$state/index.jsonl"
    run -1 timeout 60 "$BUILD/bin/itrack" status
    rm "$state/index.jsonl"
    itrack sync
    python3 "$check_local" "$runs/$f" "$local"
}
