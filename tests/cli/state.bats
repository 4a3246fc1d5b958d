#!/usr/bin/env bats
# The journal's place, the report, options that shape a whole run, and what
# fails around it.

load runs

setup() {
    use_clean_home
    f=run_errors
    id=$(run_id $f)
    from=$fixtures/$f/run
    to=$runs/$f
    local=$tracking/$id
}

# A directory of root is never read-only for root; a file in its place is no
# directory for anybody.
no_dir() {
    rm -rf "$1"
    : >"$1"
}

@test "everything delivered: the journal is gone, the index has one line" {
    wrap -q "$write_run" --from "$from" --to "$to" 3>&-
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    [ "$(wc -l <"$XDG_STATE_HOME/itrack/index.jsonl")" -eq 1 ]
    grep -q "$id" "$XDG_STATE_HOME/itrack/index.jsonl"
    [ "$(stat -c %a "$XDG_STATE_HOME/itrack/runs")" = 700 ]
}

@test "no prompt and no answer in journal, index, report" {
    wrap --record-only --report report.json "$write_run" --from "$from" \
        --to "$to" 2>err 3>&-
    # What is kept of an artifact is the artifact.
    run ! grep -rqi --exclude='kept.*' -e 'Name a colour' -e 'What is 2' \
        "$XDG_STATE_HOME" err report.json
    grep -qi 'What is 2' "$XDG_STATE_HOME"/itrack/runs/*/kept.*
    [ "$(stat -c %a "$XDG_STATE_HOME"/itrack/runs/*)" = 700 ]
}

@test "--artifacts safe, none: no prompt and no answer anywhere" {
    for artifacts in safe none; do
        wrap --record-only --artifacts $artifacts --report report.json \
            "$write_run" --overwrite --from "$from" --to "$to" 2>err 3>&-
        run ! grep -rqi -e 'Name a colour' -e 'What is 2' "$XDG_STATE_HOME" \
            err report.json
    done
    [ -n "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
}

@test "--record-only writes the journal alone; sync delivers it" {
    wrap -q --record-only "$write_run" --from "$from" --to "$to" 3>&-
    [ ! -e "$runs/tracking" ]
    itrack status | grep -q "$id"
    itrack sync
    python3 "$check_local" "$to" "$local"
    [ -z "$(ls "$XDG_STATE_HOME/itrack/runs")" ]
    itrack sync
}

@test "no state directory: memory only, one warning, tracked all the same" {
    for XDG_STATE_HOME in "$PWD/file/state" /proc/no; do
        no_dir "$PWD/file"
        run -0 --separate-stderr wrap "$write_run" --from "$from" --to "$to" \
            --overwrite 3>&-
        echo "$stderr"
        [ "$(grep -c 'no journal on disk' <<<"$stderr")" -eq 1 ]
        python3 "$check_local" "$to" "$local"
        rm -r "$runs" && mkdir "$runs"
    done
    unset XDG_STATE_HOME HOME
    wrap -q "$write_run" --from "$from" --to "$to" 3>&-
    python3 "$check_local" "$to" "$local"
}

@test "the state directory is removed while the run goes on" {
    start_gated wrap "$write_run" --gate gate --from "$from" --to "$to"
    turn 4
    wait_until has_step "$local/metrics.json" 3
    # The worker may make a file behind the back of rm.
    wait_until rm -r "$XDG_STATE_HOME"
    finish
    [ "$status" -eq 0 ]
    python3 "$check_local" "$to" "$local"
}

@test "no place for the local tracker: the run unaffected, sync completes it" {
    no_dir "$runs/tracking"
    run -0 --separate-stderr wrap "$write_run" --from "$from" --to "$to" 3>&-
    echo "$stderr"
    [[ $stderr == *local*"itrack sync"* ]]
    [[ $output == "Run written to: $to"* ]]
    run ! itrack sync
    rm "$runs/tracking"
    itrack sync
    python3 "$check_local" "$to" "$local"
}

@test "--strict: 123 only if the command succeeded and something is missing" {
    wrap -q --strict "$write_run" --from "$from" --to "$to" 3>&-
    no_dir "$PWD/file"
    run -123 wrap -q --strict --local-dir "$PWD/file/x" "$write_run" \
        --from "$from" --to "$to-2" 3>&-
    run -7 wrap -q --strict --local-dir "$PWD/file/x" "$write_run" \
        --status 7 --from "$from" --to "$to-3" 3>&-
    run -0 wrap -q --local-dir "$PWD/file/x" "$write_run" \
        --from "$from" --to "$to-4" 3>&-
}

@test "the report: one line on the run, one for the tracker; nothing with -q" {
    run -0 --separate-stderr wrap "$write_run" --from "$from" --to "$to" 3>&-
    echo "$stderr"
    [[ $output == "Run written to: $to"* ]]
    [[ $stderr == *"12 records"* ]]
    [[ $stderr == *local*"$local"* ]]
    [ "$(wc -l <<<"$stderr")" -le 3 ]
    run -0 --separate-stderr wrap -q "$write_run" --from "$from" --to "$to-q" \
        3>&-
    [ -z "$stderr" ]
}

@test "--report writes JSON" {
    wrap -q --report report.json "$write_run" --from "$from" --to "$to" 3>&-
    is_json report.json
    grep -q "$id" report.json
    grep -q '"local"' report.json
    # A link stays one.
    mv report.json real.json
    ln -s real.json report.json
    wrap -q --report report.json true 3>&-
    [ -L report.json ]
    is_json real.json
    run ! grep -q "$id" real.json
    # A place that can't be written: said before the launch or in the report.
    run wrap --report "$PWD/none/report.json" "$write_run" --from "$from" \
        --to "$to-2" 3>&-
    [ "$status" -eq 125 ] || [[ $output == *"no report written"* ]]
}

# The members that the manual names for the report.
documented() {
    awk '/^\.Sh / { on = $2 == "REPORT" } on && /^\.It Va/ { $1 = $2 = ""; print }' \
        "$top/man/itrack-wrap.1" | tr -d ' ' | tr ',' '\n' | sort
}

@test "--report has the members that the manual names, no others" {
    : >file
    wrap -q --track local,null --report report.json "$write_run" \
        --from "$from" --to "$to" 3>&-
    [ "$(jq .version report.json)" -eq 1 ]
    jq -r 'keys, (.runs[0] | keys), (.runs[0].trackers[0] | keys) | .[]' \
        report.json | sort | diff <(documented) -
    # The same of `status --json`.
    wrap -q --local-dir "$PWD/file/x" --report report.json "$write_run" \
        --from "$from" --to "$to-2" 3>&-
    [ "$(jq -r '.runs[0].trackers[0] | .state, .delivered, .pending' \
        report.json | paste -sd' ')" = \
        "blocked 0 $(sed '1d;$d' "$XDG_STATE_HOME"/itrack/runs/*/journal.jsonl | wc -l)" ]
    itrack status --json >status.json
    [ "$(jq -c '.attempts[1].trackers[0] | keys' status.json)" = \
        '["place","state","tracker"]' ]
    [ "$(jq -c '.attempts[0].trackers[0] | keys' status.json)" = \
        '["delivered","pending","place","rejected","state","tracker","why"]' ]
    jq -r '.attempts[0] | keys[]' status.json | while read -r name; do
        grep -qw "$name" "$top/man/itrack.1"
    done
}

@test "--report into a FIFO or a device: written to, never replaced, no wait" {
    mkfifo pipe
    run wrap --report pipe true 3>&-
    [ "$status" -eq 0 ]
    [[ $output == *"no report written"* ]]
    exec 8<>pipe
    wrap -q --report pipe "$write_run" --from "$from" --to "$to" 3>&- 8>&-
    timeout 60 head -n 1 <&8 >report.json
    exec 8>&-
    [ -p pipe ]
    is_json report.json
    grep -q "$id" report.json
    ln -s /dev/null null
    wrap -q --report null true 3>&-
    [ -c null ]
}

@test "malformed lines are counted and named, never fatal" {
    mkdir bad
    cp "$from/"{config.resolved.yaml,manifest.json} bad/
    {
        head -3 "$from/records.jsonl"
        printf '{"cut":\nnull\n\n'
        tail -9 "$from/records.jsonl"
    } >bad/records.jsonl
    run -0 --separate-stderr wrap "$write_run" --from bad --to "$to" 3>&-
    echo "$stderr"
    [[ $stderr == *"2 lines"*"line 4"* ]]
    python3 "$check_local" "$to" "$local"
}

@test "--artifacts safe leaves out prompts and answers, none everything" {
    h=harness_one_model
    for artifacts in safe none all; do
        wrap -q --artifacts $artifacts "$write_run" --mode harness --explain \
            --from "$fixtures/$h/run" --to "$runs/$h" 3>&-
        python3 "$check_local" --artifacts $artifacts "$runs/$h" \
            "$tracking/$(run_id $h)"
        rm -r "$runs" && mkdir "$runs"
    done
}

@test "--prefix stands before every mapped metric and param" {
    wrap -q --prefix eval_ "$write_run" --from "$from" --to "$to" 3>&-
    [ "$(field "$local/params.json" 'd["eval_model_name"]')" = SleepyModel ] ||
        field "$local/params.json" 'd["eval_model_name"]'
    run ! grep -q '"success_rate"' "$local/metrics.json"
    grep -q '"eval_success_rate"' "$local/metrics.json"
    [ "$(field "$local/params.json" 'd["run_id"]')" = "$id" ]
}

@test "project, names, tags, notes" {
    wrap -q -p 'my project' --run-name "a name" --tag one --tag "two, three" \
        --notes $'first\nsecond' "$write_run" --from "$from" --to "$to" 3>&-
    meta="$runs/tracking/my project/$id/metadata.json"
    [ "$(field "$meta" 'd["run_name"]')" = "a name" ]
    [ "$(field "$meta" 'd["tags"]')" = "['one', 'two, three']" ]
    [ "$(field "$meta" 'd["notes"]')" = $'first\nsecond' ]
    python3 "$check_local" --project "my project" "$to" \
        "$runs/tracking/my project/$id"
}

@test "hostile project names and run IDs stay below the tracking directory" {
    mkdir evil
    sed 's/"run_id":"[^"]*"/"run_id":"..\/..\/up"/' "$from/records.jsonl" \
        >evil/records.jsonl
    sed 's/"run_id": "[^"]*"/"run_id": "..\/..\/up"/' "$from/manifest.json" \
        >evil/manifest.json
    cp "$from/config.resolved.yaml" evil/
    wrap -q -p ../../out "$write_run" --from evil --to "$to" 3>&-
    [ "$(find . -name final_state.json | wc -l)" -eq 1 ]
    found=$(find . -name final_state.json)
    [[ $found == ./runs/tracking/* ]]
    [ "$(ls "$runs" | sort | tr '\n' ' ')" = "$f tracking " ]
}

@test "options from environment and config file" {
    mkdir -p "$XDG_CONFIG_HOME/itrack"
    echo "track-project = from-file" >"$XDG_CONFIG_HOME/itrack/config"
    wrap -q "$write_run" --from "$from" --to "$to" 3>&-
    [ -e "$runs/tracking/from-file/$id/final_state.json" ]
    ITRACK_PROJECT=from-env wrap -q "$write_run" --from "$from" \
        --to "$to-2" 3>&-
    [ -e "$runs/tracking/from-env/$id/final_state.json" ]
    ITRACK_PROJECT=from-env wrap -q -p given "$write_run" --from "$from" \
        --to "$to-3" 3>&-
    [ -e "$runs/tracking/given/$id/final_state.json" ]
    ITRACK_LOCAL_DIR=$PWD/elsewhere wrap -q "$write_run" --from "$from" \
        --to "$to-4" 3>&-
    [ -e "elsewhere/from-file/$id/final_state.json" ]
}

@test "the run directory is the same, bare and wrapped" {
    for mode in run async batch harness stop resume validate; do
        "$write_run" --mode $mode --from "$from" --to "$PWD/bare" \
            >bare.out 2>bare.err || bare=$?
        wrapped=0
        wrap -q "$write_run" --mode $mode --from "$from" --to "$to" \
            >out 2>err 3>&- || wrapped=$?
        [ "$wrapped" -eq "${bare:-0}" ]
        diff <(cd bare && find . -printf '%p %m %y %s %n %l\n' | sort) \
            <(cd "$to" && find . -printf '%p %m %y %s %n %l\n' | sort)
        diff -r bare "$to"
        sed "s|$to|$PWD/bare|" out | diff - bare.out
        sed "s|$to|$PWD/bare|" err | diff - bare.err
        rm -r bare "$runs" && mkdir "$runs"
        unset bare
    done
}

# with_small_disk WHERE COMMAND...: a disk of 64 kB at WHERE, in a mount
# namespace of its own: no other test sees it.
with_small_disk() {
    local where=$1
    shift
    mkdir -p "$where"
    unshare --map-root-user --mount true || return 99
    unshare --map-root-user --mount sh -c '
        mount -t tmpfs -o size=64k none "$0" 2>/dev/null || exit 99
        "$@"' "$where" "$@"
}

@test "disk full in the tracker's place: the command unaffected, sync completes it" {
    export place=$PWD/small
    run with_small_disk "$place" sh -c '
        "$1" --local-dir "$place" "$2" --from "$3" --to "$4" --copies 20 2>err
        echo "status $?"
        rm -f "$place/fill"
        mount -o remount,size=64M "$place"
        "$5" sync 2>sync.err || cat sync.err
        cp -a "$place" delivered' - "$BUILD/bin/itrack-wrap" "$write_run" \
        "$from" "$to" "$BUILD/bin/itrack"
    [ "$status" -ne 99 ] || skip "no mount namespace"
    echo "$output"
    [[ $output == *"status 0"* ]]
    cat err
    grep -q "itrack sync" err
    field "delivered/insidellms/$id/final_state.json" 'd["status"]' |
        grep finished
    [ "$(field "delivered/insidellms/$id/final_state.json" \
        'd["total_steps"]')" -eq 240 ]
    cmp "$to/records.jsonl" "delivered/insidellms/$id/artifacts/records.jsonl"
}

@test "disk full in the state directory: tracked all the same" {
    run with_small_disk "$XDG_STATE_HOME" sh -c '
        "$1" "$2" --from "$3" --to "$4" --copies 200 2>err
        echo "status $?"' - "$BUILD/bin/itrack-wrap" "$write_run" "$from" \
        "$to"
    [ "$status" -ne 99 ] || skip "no mount namespace"
    echo "$output"
    cat err
    [[ $output == *"status 0"* ]]
    python3 "$check_local" --last-points "$to" "$local"
}
