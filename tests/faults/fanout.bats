#!/usr/bin/env bats
# Four trackers in one run, each of the 15 subsets failing: what the others get
# is the same as alone, at the same time, and a sync completes the rest.

load ../cli/runs

setup_file() {
    export fake=$BATS_FILE_TMPDIR/fake
    mkdir "$fake"
    python3 "$BATS_TEST_DIRNAME/../servers/fake_http.py" "$fake" 3>&- 4>&- &
    echo $! >"$fake/pid"
    echo '[{"stall": true}]' >"$fake/rules.json"
}

teardown_file() {
    kill "$(cat "$fake/pid")"
}

setup() {
    use_clean_home
    f=run_errors
    from=$fixtures/$f/run
    to=$runs/x
    content=$BATS_TEST_DIRNAME/content.py
    wait_until test -s "$fake/url"
    stalled=$(cat "$fake/url")
}

# fan_out [option]...: a run to all four, in `d/`, that waits at its gate.
fan_out() {
    rm -f gate
    start_gated "$BUILD/bin/itrack-wrap" \
        --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "${uri:-file:$PWD/d/mlflow}" \
        --report report.json "$@" "$write_run" --gate gate --from "$from" \
        --to "$to"
}

fresh() {
    rm -rf d "$to" "$XDG_STATE_HOME"
    mkdir d
    unset uri
}

# content_of TRACKER...; wanted TRACKER...
content_of() {
    python3 "$content" --all d "$@"
}

wanted() {
    local t
    for t in "$@"; do grep "^$t " want; done
}

# fail TRACKER: a server that is not there, a file where a directory must be
fail() {
    if [ "$1" = mlflow ]; then uri=http://127.0.0.1:1; else : >"d/$1"; fi
}

mend() {
    if [ -f "d/$1" ]; then rm "d/$1"; fi
}

state_of() {
    jq -r --arg t "$1" '.runs[0].trackers[] | select(.tracker == $t) | .state' \
        report.json
}

pending_of() {
    jq -r --arg t "$1" \
        '.runs[0].trackers[] | select(.tracker == $t) | .pending' report.json
}

# split N: which of the four fail and which work, by the bits of N
split() {
    local t bit=1
    failing=() working=()
    for t in local tensorboard mlflow wandb; do
        if (($1 & bit)); then failing+=("$t"); else working+=("$t"); fi
        bit=$((bit * 2))
    done
}

one_subset() {
    local t
    split "$1"
    echo "failing: ${failing[*]}"
    fresh
    for t in "${failing[@]}"; do fail "$t"; done
    # Once, with none but MLflow failing, by a server that never answers: then the
    # drain takes all its time, and else what the others need.
    drain=60
    if [ "${failing[*]}" = mlflow ]; then uri=$stalled drain=10; fi
    fan_out --drain "$drain"
    # Each of the others has the second record before the third is let go.
    turn 4
    [ ${#working[@]} -eq 0 ] ||
        wait_until python3 "$content" --reached 2 d "${working[@]}"
    finish
    [ "$status" -eq 0 ]
    head -1 out | grep -q "^Run written to: $to"
    for t in "${working[@]}"; do
        [ "$(state_of "$t")" = complete ]
        [ "$(pending_of "$t")" -eq 0 ]
    done
    for t in "${failing[@]}"; do
        [ "$(state_of "$t")" != complete ]
        [ "$(pending_of "$t")" -gt 20 ]
        grep -q "^itrack: $t: .*pending" err
        mend "$t"
    done
    diff <(wanted "${working[@]}") <(content_of "${working[@]}")
    # A run that was never opened there may go elsewhere.
    itrack sync --mlflow-uri "file:$PWD/d/mlflow" 2>sync.err || cat sync.err
    diff want <(content_of local tensorboard mlflow wandb)
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "each of the 15 failing subsets leaves the others as they are" {
    fresh
    fan_out
    finish
    content_of local tensorboard mlflow wandb >want
    [ "$(cut -d' ' -f1 want | sort -u | wc -l)" -eq 4 ]
    for n in {1..15}; do one_subset "$n"; done
}

@test "a stalled server and three refused places don't hold back a live run" {
    fresh
    uri=$stalled
    for t in tensorboard wandb; do fail $t; done
    # shellcheck disable=SC2154
    mkfifo gate
    wrap --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "$uri" --drain 0 \
        "$write_run" --gate gate --from "$from" --to "$to" \
        >out 2>err 3>&- &
    job=$!
    open_gate 7 gate "$job"
    local id n
    id=$(run_id $f)
    turn 2
    for n in 1 2 3 4; do
        turn
        began=$(date +%s%3N)
        wait_until has_step "d/local/insidellms/$id/metrics.json" "$n"
        # Written at most once a second; what waits for the server waits longer.
        [ $(($(date +%s%3N) - began)) -le 15000 ]
    done
    run_free
    began=$(date +%s%3N)
    wait $job
    [ $(($(date +%s%3N) - began)) -le 15000 ]
    wait_until python3 "$check_local" "$to" "$PWD/d/local/insidellms/$id" ||
        python3 "$check_local" "$to" "$PWD/d/local/insidellms/$id"
}
