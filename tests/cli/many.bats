#!/usr/bin/env bats
# Many runs in one import or sync: totals at the end instead of a line for each,
# and how far it is meanwhile.
# shellcheck disable=SC2154

load runs

setup() {
    use_clean_home
    id=$(run_id run_errors)
}

# `many N`: N run directories, named m1, m2, ...
many() {
    local i
    for ((i = 1; i <= $1; i++)); do
        cp -r "$fixtures/run_errors/run" "m$i"
    done
}

# `all WORD...`: itrack succeeds; what it said is in `output` and `lines`, without the
# lines in which a slow machine says how far it is.
all() {
    run -0 itrack "$@"
    output=$(grep -Ev "^itrack: [0-9]+ of [0-9]+ runs(,|$)" <<<"$output") || :
    mapfile -t lines <<<"$output"
}

@test "import of many: the totals, and what is amiss" {
    many 12
    printf '{"half' >>m3/records.jsonl
    echo 'no JSON' >>m3/records.jsonl
    all import m*
    [[ ${lines[0]} == "itrack: run m3-"????" finished: 12 records"*" ($PWD/m3)" ]]
    [[ $output == *"itrack: 1 line of records.jsonl could not be read"* ]]
    [[ $output == *"itrack: 12 runs, 144 records, "*" % success"* ]]
    [[ $output == *"itrack: local: 12 delivered" ]]
    [ "${#lines[@]}" -eq 5 ]
    all import m*
    [ "$output" = \
        "itrack: 12 of the directories are tracked there already; --again tracks them anew" ]
    # Ten are few enough to be named.
    all import --again m[1-9] m10
    [ "$(grep -Ec "run m[0-9]+-.{4} finished" <<<"$output")" -eq 10 ]
    [[ $output != *" runs, "* ]]
}

@test "many that are pending for one reason: ten are named, the rest is counted" {
    many 15
    run -1 itrack import -t local,mlflow --mlflow-uri sqlite:///x m*
    [ "$(grep -c "is a database" <<<"$output")" -eq 10 ]
    [[ $output == *"itrack: local: 15 delivered"$'\n'"itrack: mlflow: 0 delivered, 15 pending"* ]]
    [[ $output == *"itrack: 5 more like these are not named here"* ]]
    [[ ${lines[-1]} == "itrack: to finish: itrack sync" ]]
    run -0 itrack sync --mlflow-uri "$PWD/mlruns" --report report.json
    [ "$(grep -c "^itrack: run " <<<"$output")" -eq 0 ]
    [[ $output == *"itrack: 15 runs, 180 records"*"mlflow: 15 delivered"* ]]
    # What the trackers had to say of each is in the JSON.
    [[ $output == *"15 of the runs have notes (--report FILE has them)"* ]]
    [ "$(jq '[.runs[] | select(.trackers[1].notes | length > 0)] | length' report.json)" -eq 15 ]
    run -0 itrack sync
    [ "$output" = "itrack: nothing is pending" ]
}

@test "-q says nothing of many, and what failed still" {
    many 11
    run -0 itrack import -q m*
    [ -z "$output" ]
}

@test "long work says how far it is: lines in a log, none with -q" {
    many 12
    # Each takes a second, and with so few descriptors there are four at a time.
    ulimit -n 48
    export ITRACK_NULL=slow
    run -0 itrack import -t null m*
    [[ $output =~ "itrack: "[0-9][0-9]?" of 12 runs, ".*" a second, ".*" left" ]]
    [[ $output != *$'\033'* ]]
    run -0 itrack import -q -t null --again m1 m2
    [ -z "$output" ]
}

@test "a signal stops the work, and what was not looked at is said" {
    many 12
    # Four at a time, none of which ends.
    ulimit -n 48
    export ITRACK_NULL=hang,...
    "$BUILD/bin/itrack" import -t null m* 2>err 3>&- &
    pid=$!
    wait_until eval '[ -n "$(ls "$XDG_STATE_HOME/itrack/runs")" ]'
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" -eq 1 ]
    grep -Eq "stopped by a signal: ([1-9]|1[0-2]) of the directories were not looked at" err
}
