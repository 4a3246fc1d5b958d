#!/usr/bin/env bats
# Four trackers in one run, each of the 15 subsets failing: what the others get
# is the same as alone, at the same time, and a sync completes the rest.

load ../cli/runs

setup_file() {
    export fake=$BATS_FILE_TMPDIR/fake
    mkdir "$fake"
    python3 "$BATS_TEST_DIRNAME/../servers/fake_http.py" "$fake" 3>&- &
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

# fan_out [option]...: one run to all four, in `d/`.
fan_out() {
    wrap --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "${uri:-file:$PWD/d/mlflow}" \
        --report report.json "$@" "$write_run" --from "$from" --to "$to" \
        >out 2>err 3>&-
}

fresh() {
    rm -rf d "$to" "$XDG_STATE_HOME"
    mkdir d
    unset uri
}

keep_content() {
    local t
    for t in local tensorboard mlflow wandb; do
        python3 "$content" $t "d/$t" >"want.$t"
    done
}

# fail TRACKER: a server that never answers, a file where a directory must be
fail() {
    if [ "$1" = mlflow ]; then uri=$stalled; else : >"d/$1"; fi
}

mend() {
    if [ -f "d/$1" ]; then rm "d/$1"; fi
}

state_of() {
    jq -r --arg t "$1" '.runs[0].trackers[] | select(.tracker == $t) | .state' \
        report.json
}

# subset N: which of the four fail, by the bits of N
subset() {
    local t bit=1
    for t in local tensorboard mlflow wandb; do
        if (($1 & bit)); then echo $t; fi
        bit=$((bit * 2))
    done
}

one_subset() {
    local failing t began
    failing=$(subset "$1")
    fresh
    for t in $failing; do fail "$t"; done
    began=$(date +%s%3N)
    fan_out --drain 2
    # What never answered gets a second, and what is refused nothing.
    [ $(($(date +%s%3N) - began)) -le 4000 ]
    head -1 out | grep -q "^Run written to: $to"
    for t in local tensorboard mlflow wandb; do
        if grep -qx $t <<<"$failing"; then
            [ "$(state_of $t)" != complete ]
            grep -q "^itrack: $t: .*pending" err
        else
            [ "$(state_of $t)" = complete ]
            python3 "$content" $t d/$t | diff "want.$t" -
        fi
    done
    for t in $failing; do mend "$t"; done
    # A run that was never opened there may go elsewhere.
    itrack sync --mlflow-uri "file:$PWD/d/mlflow" 2>sync.err || cat sync.err
    for t in local tensorboard mlflow wandb; do
        python3 "$content" $t d/$t | diff "want.$t" -
    done
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "each of the 15 failing subsets leaves the others as they are" {
    fresh
    fan_out
    keep_content
    for n in {1..15}; do
        echo "failing: $(subset "$n" | tr '\n' ' ')"
        one_subset "$n"
    done
}

@test "a stalled server and three refused places don't hold back a live run" {
    fresh
    fail mlflow
    for t in tensorboard wandb; do fail $t; done
    # shellcheck disable=SC2154
    mkfifo gate
    wrap --track local,tensorboard,mlflow,wandb --local-dir d/local \
        --tensorboard-dir d/tensorboard --wandb-mode offline \
        --wandb-dir "$PWD/d/wandb" --mlflow-uri "$uri" --drain 0 \
        "$write_run" --gate gate --from "$from" --to "$to" \
        >out 2>err 3>&- &
    job=$!
    exec 7>gate
    local id n
    id=$(run_id $f)
    turn 2
    for n in 1 2 3 4; do
        turn
        began=$(date +%s%3N)
        wait_until has_step "d/local/insidellms/$id/metrics.json" "$n"
        # Written at most once a second.
        [ $(($(date +%s%3N) - began)) -le 2500 ]
    done
    run_free
    began=$(date +%s%3N)
    wait $job
    [ $(($(date +%s%3N) - began)) -le 1500 ]
    python3 "$check_local" "$to" "$PWD/d/local/insidellms/$id"
}
