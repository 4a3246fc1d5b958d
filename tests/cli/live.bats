#!/usr/bin/env bats
# The live view of `itrack watch`: what a terminal shows while runs are written, and
# that nothing else gets it.
# shellcheck disable=SC2154

load runs

setup() {
    use_clean_home
    export TERM=xterm LC_ALL=C.UTF-8
    unset NO_COLOR LANG LC_CTYPE
    job=
}

teardown() {
    show_last
    if [ -n "$job" ]; then
        kill -9 "$job" 2>/dev/null || :
    fi
}

# `on_terminal COLUMNS ROWS WORD...`: itrack watch on a terminal.
on_terminal() {
    rm -f raw
    python3 "$BATS_TEST_DIRNAME/on_terminal.py" raw "$1" "$2" \
        "$BUILD/bin/itrack" watch "${@:3}" 3>&- &
    job=$!
    columns=$1
    wait_until grep -q 'watching' raw
}

screen() {
    python3 "$BATS_TEST_DIRNAME/screen.py" "$columns" raw
}

shows() {
    screen | grep -qF -- "$1"
}

# `shows_now CONDITION...`: waits until the conditions hold for what stands in `now`, a
# look at the screen: another look may come in the middle of a drawing.
shows_now() {
    wait_until look_now "$@" || {
        cat now
        return 1
    }
}

look_now() {
    screen >now || return 1
    local condition
    for condition in "$@"; do
        eval "$condition" || return 1
    done
}

leave() {
    kill "$job"
    wait "$job"
    job=
}

# A run that stands still behind its N-th step.
write() {
    mkfifo gate
    "$write_run" --from "$fixtures/$1/run" --to "$runs/$2" --gate gate \
        >/dev/null 3>&- &
    writer=$!
    open_gate 7 gate "$writer"
}

@test "count, rate, time left, success, scores and the trackers' state" {
    # The dataset of the fixture's configuration.
    seq 12 >questions.jsonl
    on_terminal 100 24 -t local,mlflow --mlflow-uri http://127.0.0.1:9 \
        --drain 0 "$runs"
    wait_until shows "0 runs at work, 0 over"
    screen | tr -d "\n" | grep -qF "$runs: no run directory is there yet"
    write run_scored exp
    turn 4
    for _ in 1 2 3 4 5; do
        turn 1
    done
    wait_until eval 'screen | grep -qE "^ +[█░]+ +[0-9]+ %  [1-9] of 12 records"'
    turn 1
    shows_now \
        'grep -qE "records, [0-9.]+ a second, [0-9.]+ (s|min|h) left" now' \
        'grep -q "^1 run at work, 0 over; Ctrl-C ends the watch$" now' \
        'grep -qE "^exp-....  $runs/exp$" now' \
        'grep -qE "^  100 % success, exact_match 0\.[0-9]+, f1 0\.[0-9]+" now' \
        'grep -qE "^  local [0-9]+.* mlflow 0, [0-9]+ to go: .*127\.0\.0\.1" now'
    exec 7>&-
    wait "$writer"
    wait_until shows "itrack: run exp-"
    wait_until shows "0 runs at work, 1 over"
    leave
    # The report stays, the view is gone.
    screen >now
    grep -q '^itrack: run exp-.... finished: 12 records' now
    run ! grep -q 'at work\|█\|Ctrl-C ends' now
}

@test "what is no terminal gets plain lines" {
    "$BUILD/bin/itrack" watch "$runs" 2>plain 3>&- &
    job=$!
    wait_until grep -q watching plain
    "$write_run" --from "$fixtures/run_scored/run" --to "$runs/r" >/dev/null
    wait_until grep -q 'local: delivered' plain
    leave
    run ! grep -q $'\033\|at work' plain
    run ! grep -qv '^itrack: ' plain
}

@test "TERM=dumb, -q and -v have no view; NO_COLOR has one without colors" {
    TERM=dumb on_terminal 80 24 "$runs"
    "$write_run" --from "$fixtures/run_plain/run" --to "$runs/r" >/dev/null
    wait_until grep -q 'delivered' raw
    leave
    run ! grep -q $'\033\|at work' raw
    on_terminal 80 24 -v "$runs"
    leave
    run ! grep -q 'at work' raw
    NO_COLOR=1 on_terminal 80 24 "$runs"
    wait_until grep -q 'at work' raw
    leave
    run ! grep -q $'\033\\[[0-9]*m' raw
}

@test "many runs in few lines, and no line is longer than the terminal" {
    mkfifo gate
    exec 7<>gate
    on_terminal 40 8 "$runs"
    for i in $(seq 9); do
        name=a_long_name_of_a_長い名前_$i
        mkdir "$runs/$name"
        head -n 3 "$fixtures/run_errors/run/records.jsonl" >"$runs/$name/records.jsonl"
    done
    wait_until shows "9 runs at work"
    exec 7>&-
    # A line that is too long would be two.
    shows_now 'grep -q "and 4 more" now' \
        '[ "$(grep -c "^a_long_name" now)" -eq 5 ]' \
        '[ "$(sed -n "/at work/,\$p" now | wc -l)" -eq 7 ]'
    leave
}

@test "a name with control characters does nothing to the terminal" {
    on_terminal 200 24 "$runs"
    mkdir "$runs/"$'a\033[2Jb\tc'
    cp "$fixtures/run_plain/run/records.jsonl" "$runs/"$'a\033[2Jb\tc/'
    wait_until shows "1 run at work"
    leave
    run ! grep -q $'\033\\[2J' raw
}
