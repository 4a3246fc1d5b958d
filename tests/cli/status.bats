#!/usr/bin/env bats
# itrack status: what is pending, why and how far; then what was delivered last.
# shellcheck disable=SC2154

load runs

setup() {
    use_clean_home
    from=$fixtures/run_plain/run
    id=$(run_id run_plain)
}

# `make_runs N [OPTION...]`: tracks N new runs.
make_runs() {
    local i n=$1
    shift
    for ((i = 0; i < n; i++)); do
        count=$((${count:-0} + 1))
        cp -r "$from" "$runs/$count"
        itrack import -q "$@" "$runs/$count" 2>/dev/null || :
    done
}

members() {
    itrack status --json "$@" | jq -r "[.attempts[] | .${member:-state}] | join(\" \")"
}

@test "what is pending, then the last ten; --all, --project" {
    make_runs 12 -p first
    make_runs 2 -p second
    make_runs 1 --record-only -p first
    run -0 itrack status
    [ "$(grep -c '  delivered  ' <<<"$output")" -eq 10 ]
    # The name that people know, which repetitions don't share, and the run ID.
    [[ ${lines[0]} =~ "  pending ".*-.{4}" $id finished, 12 records"$ ]]
    [[ ${lines[-1]} == "4 older ones are delivered (--all shows them)" ]]
    [[ $output == *"$runs/14"* ]]
    [[ $output != *"$runs/4"$'\n'* ]]
    [ "$(members | wc -w)" -eq 11 ]
    [ "$(itrack status --json | jq .left_out)" -eq 4 ]
    run -0 itrack status --all
    [ "$(grep -c '  delivered  ' <<<"$output")" -eq 14 ]
    [[ $output != *older* ]]
    [ "$(members --all | wc -w)" -eq 15 ]
    [ "$(members --project second)" = "delivered delivered" ]
    [ "$(member=project members --project first | tr ' ' '\n' | sort -u)" = first ]
    [ "$(members --project first --all | wc -w)" -eq 13 ]
    run -0 itrack status --project third
    [ "$output" = "no attempts" ]
    run -125 itrack status third
}

@test "why something is pending, and how far it is" {
    mkdir mlruns
    chmod a-w mlruns
    make_runs 1 -t local,mlflow --mlflow-uri sqlite:///x.db
    run -0 itrack status
    [[ $output == *"    local: delivered: $tracking/$id"* ]]
    [[ $output == *"    mlflow: waiting, 0 of "*" entries: "*"sqlite:///x.db is a database"* ]]
    itrack status --json | jq -e '.attempts[0].trackers |
        (.[0].why == null) and (.[0].pending == 0) and
        (.[1].why | contains("is a database")) and (.[1].pending > 10)'
    # It is tried anew: another reason.
    itrack sync --mlflow-uri http://127.0.0.1:9 || :
    run -0 itrack status
    [[ $output == *"    mlflow: waiting, 0 of "*"127.0.0.1:9"* ]]
    [[ $output != *"is a database"* ]]
    run -0 itrack sync --mlflow-uri "$PWD/other"
    run -0 itrack status
    [[ $output != *"127.0.0.1:9"* ]]
}

@test "a run that is being written is shown as such" {
    start_gated "$BUILD/bin/itrack-wrap" "$write_run" --gate gate \
        --from "$from" --to "$runs/x"
    turn 9
    wait_until has_step "$tracking/$id/metrics.json" 3
    run -0 itrack status
    [[ ${lines[0]} =~ "  running  ".*, ]]
    [[ ${lines[0]} =~ ,\ [0-9]+\ records?\ so\ far$ ]]
    # What local has is on the disk, and its cursor does not tell how much.
    [ "${lines[2]}" = "    local: uncounted until all is there" ]
    # Without its itrack it is still being written.
    worker=$(pgrep -x itrack-worker -P "$job")
    kill -9 "$job" "$worker"
    wait_until test ! -e "/proc/$worker"
    run -0 itrack status
    [[ ${lines[0]} == *"  written "*" so far" ]]
    [ "$(members)" = written ]
    finish || :
    wait_until nobody_writes
}

nobody_writes() {
    [ "$(itrack status | grep -c '  written ')" -eq 0 ]
}

@test "the JSON has the members that the manual names, no others" {
    make_runs 1
    make_runs 1 -t mlflow
    itrack status --json >status.json
    jq -r 'keys, (.attempts[0] | keys), (.attempts[0].trackers[0] | keys) |
        .[]' status.json | sort -u |
        while read -r name; do
            awk '/^\.It Cm status/ { on = 1 } /^\.It Cm show/ { on = 0 }
                on && /^\.V/' "$top/man/itrack.1" | grep -qw "$name" || {
                echo "$name"
                exit 1
            }
        done
}
