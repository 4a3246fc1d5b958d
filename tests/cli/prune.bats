#!/usr/bin/env bats
# itrack prune: forgets old runs that are delivered, and nothing else.

load runs

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    journals=$XDG_STATE_HOME/itrack/runs
    index=$XDG_STATE_HOME/itrack/index.jsonl
    for i in a b c; do
        cp -r "$fixtures/$f/run" "$runs/$i"
    done
}

# `age DIR`: its run ended, and was tracked, years ago.
age() {
    local line="\"run_dir\":\"$runs/$1\""
    sed -i "\\|$line|s/\"attempt\":\"2[0-9]*T/\"attempt\":\"20200101T/" "$index"
    sed -i "\\|$line|s/\"ended_us\":[0-9]*/\"ended_us\":1577880000000000/" "$index"
}

@test "old delivered runs go, said by name; others stay" {
    itrack import -q "$runs/a" "$runs/b"
    itrack import -q --record-only "$runs/c"
    age a
    cp "$index" before
    run -0 itrack prune --older-than 30d --dry-run
    [[ $output == "20200101T"*"  $id  $runs/a"$'\n'"1 of 2 delivered runs would be removed" ]]
    cmp "$index" before
    run -0 itrack prune --older-than 30d
    [[ $output == *"$runs/a"$'\n'"1 of 2 delivered runs removed" ]]
    [ "$(wc -l <"$index")" -eq 1 ]
    grep -q "$runs/b" "$index"
    [ "$(stat -c %a "$index")" = 600 ]
    [ "$(ls "$journals" | wc -l)" -eq 1 ]
    run -0 itrack prune --older-than 30d
    [ "$output" = "0 of 1 delivered runs removed" ]
    # What is pending is delivered as before.
    itrack sync -q
    [ "$(wc -l <"$index")" -eq 2 ]
    # What was forgotten is tracked anew, under another number.
    itrack import -q "$runs/b" "$runs/a"
    [ "$(wc -l <"$index")" -eq 3 ]
    [ "$(ls "$tracking")" = "$(printf '%s\n' "$id" "$id"-{2,3,4})" ]
}

@test "an import of an old run is young; a line that can't be read stays" {
    touch -d "3 years ago" "$runs/a"/* "$runs/a/.insidellms_run"
    itrack import -q "$runs/a"
    run -0 itrack prune --older-than 1d
    [ "$output" = "0 of 1 delivered runs removed" ]
    age a
    echo '{"attempt":5}' >>"$index"
    printf '{"attempt":"2020' >>"$index"
    itrack prune --older-than 1d >out
    [ "$(cat "$index")" = '{"attempt":5}' ]
    itrack import -q "$runs/b"
    [ "$(wc -l <"$index")" -eq 2 ]
}

@test "a line too long to be one of ours stays, as it is" {
    itrack import -q "$runs/a" "$runs/b"
    age a
    {
        head -c 3000000 /dev/urandom | base64 -w 0
        echo
        grep "$runs/b" "$index"
    } >want
    { head -n 1 want; cat "$index"; } >mixed
    cat mixed >"$index"
    itrack prune --older-than 1d --dry-run >out
    cmp mixed "$index"
    itrack prune --older-than 1d >out
    cmp want "$index"
    [[ $(cat out) == *"1 of 2 delivered runs removed" ]]
}

@test "an attempt whose folder is still there is left to sync" {
    itrack import -q "$runs/a"
    age a
    attempt=$(sed 's/{"attempt":"\([^"]*\)".*/\1/' "$index")
    mkdir -m 700 "$journals/$attempt"
    run -0 itrack prune --older-than 1d
    [[ $output == *"0 of 1"*"not put away yet: itrack sync"* ]]
    mkdir -m 700 "$journals/20200101T000000Z-000000000000"
    touch -d "3 years ago" "$journals"/*
    run -0 itrack prune --older-than 1d
    [[ $output == *"20200101T000000Z-000000000000  an empty folder"* ]]
    [ -z "$(ls "$journals")" ]
    [ "$(wc -l <"$index")" -eq 1 ]
    run -0 itrack prune --older-than 1d
    [ ! -s "$index" ]
}

@test "what never began goes, but not what is held or young; --dry-run says the same" {
    local name
    itrack import -q --record-only "$runs/c"
    for name in 1old 2held 3young; do
        mkdir -m 700 "$journals/2020010${name:0:1}T000000Z-aaaaaaaaaaaa"
        (umask 77 && echo -n '{"entry":"start","ti' \
            >"$journals/2020010${name:0:1}T000000Z-aaaaaaaaaaaa/journal.jsonl")
    done
    touch -d "1 year ago" "$journals"/2020010[12]*/journal.jsonl \
        "$journals"/2020010[12]*
    # It stays young, however long this takes.
    touch -d "1 hour" "$journals"/20200103*
    exec 8>>"$journals/20200102T000000Z-aaaaaaaaaaaa/journal.jsonl"
    python3 -c 'import fcntl, os, struct
fcntl.fcntl(8, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
fcntl.flock(8, fcntl.LOCK_EX)'
    run -0 itrack prune --older-than 30d --dry-run
    [ "$output" = "20200101T000000Z-aaaaaaaaaaaa  an empty folder
0 of 0 delivered runs would be removed, and 1 empty folder" ]
    [ "$(ls "$journals" | wc -l)" -eq 4 ]
    run -0 itrack prune --older-than 30d
    [ "$output" = "20200101T000000Z-aaaaaaaaaaaa  an empty folder
0 of 0 delivered runs removed, and 1 empty folder" ]
    [ "$(ls "$journals" | wc -l)" -eq 3 ]
    exec 8>&-
}

@test "a folder with somebody's file in it is not empty, in a dry run either" {
    folder=$journals/20200101T000000Z-aaaaaaaaaaaa
    (umask 077 && mkdir -p "$folder")
    echo mine >"$folder/notes.txt"
    touch -d "1 year ago" "$folder"
    for dry in --dry-run --dry-run=no; do
        run -0 itrack prune --older-than 30d $dry
        [[ $output == "0 of 0 delivered runs "*removed ]]
    done
    [ "$(cat "$folder/notes.txt")" = mine ]
}

@test "mistakes are named, and nothing is done" {
    itrack import -q "$runs/a"
    run -125 itrack prune
    [[ $output == *"--older-than"* ]]
    for age in 7 d -1d 1x 99999999999w ""; do
        run -125 itrack prune --older-than "$age"
    done
    [ "$(wc -l <"$index")" -eq 1 ]
    rm -r "$XDG_STATE_HOME"
    run -0 itrack prune --older-than 1d
    [ ! -e "$XDG_STATE_HOME" ]
}

@test "beside imports, syncs and wrapped runs no line is lost" {
    for i in {1..30}; do
        cp -r "$fixtures/$f/run" "$runs/$i"
    done
    touch going
    (while [ -e going ]; do itrack prune --older-than 0s; done) >pruned 3>&- &
    pruner=$!
    for half in "$runs"/1* "$runs"/2*; do echo "$half"; done |
        xargs -n 4 -P 3 "$BUILD/bin/itrack" import -q --again
    for i in 1 2 3 4; do
        wrap -q "$write_run" --quiet --from "$fixtures/$f/run" \
            --to "$runs/w$i" >/dev/null 3>&- &
        jobs[i]=$!
    done
    wait "${jobs[@]}"
    rm going
    wait "$pruner"
    [ -z "$(ls "$journals")" ]
    {
        sed 's/{"attempt":"\([^"]*\)".*/\1/' "$index"
        sed -n 's/^\(2[^ ]*Z-[^ ]*\)  .*/\1/p' pruned
    } | sort >attempts
    [ "$(uniq -d attempts)" = "" ]
    [ "$(wc -l <attempts)" -eq $((11 + 11 + 4)) ]
}
