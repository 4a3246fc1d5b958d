#!/usr/bin/env bats
# shellcheck disable=SC2030,SC2031
# The W&B tracker: what it writes offline is read by wandb's own programs, what
# it sends online is what wandb itself sends for the same run, and nothing is
# lost or comes twice, whatever happens.

bats_require_minimum_version 1.5.0
load small_disk
load ../cli/runs

setup_file() {
    local venv
    venv=$(scripts/test-venv wandb) || venv=
    export SDK=$venv CASES=$BATS_TEST_DIRNAME/wandb_cases.py
    export FIXTURES=$BATS_TEST_DIRNAME/../fixtures
    export SERVERS=$BATS_TEST_DIRNAME/../servers
    export KEY=kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
}

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME NETRC http_proxy https_proxy HTTP_PROXY HTTPS_PROXY
    unset ITRACK_TRACK "${!WANDB_@}"
    export WANDB_ERROR_REPORTING=false
    server=
}

teardown() {
    show_last
    if [ -n "$server" ]; then kill "$server"; fi
}

real_wandb() {
    [ -n "$SDK" ] || skip 'the wandb package could not be installed'
}

# until_true COMMAND...: waits for it, at most a minute
until_true() {
    local tries=3000
    while [ $((tries--)) -gt 0 ]; do
        if "$@"; then return 0; fi
        sleep 0.02
    done
    return 1
}

# serve DIR: a fake server; WANDB_BASE_URL names it
serve() {
    if [ -n "$server" ]; then kill "$server"; fi
    mkdir "$1"
    python3 "$SERVERS/fake_wandb.py" "$1" 3>&- &
    server=$!
    until_true test -e "$1/url"
    WANDB_BASE_URL=$(cat "$1/url")
    export WANDB_BASE_URL
}

# The run's own; with - behind it those of its experiments begin.
offline_folder() {
    printf '%s\n' "$1"/wandb/offline-run-* | head -1
}

# inspect FILE...: `wandb leet inspect --json` of each, by one start of the SDK, into
# FILE.records and FILE.errors
inspect() {
    "$SDK/bin/python" - "$@" <<'PY'
import os, sys
from wandb.cli.cli import cli
for file in sys.argv[1:]:
    pid = os.fork()
    if pid == 0:
        for descriptor, end in ((1, ".records"), (2, ".errors")):
            os.dup2(os.open(file + end, os.O_WRONLY | os.O_CREAT), descriptor)
        cli(["leet", "inspect", "--json", file])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, file
PY
}

# The SDK's own reader shows the records of every fixture, whole and in order.
@test "wandb leet reads what is written offline for every fixture" {
    real_wandb
    for fixture in "$FIXTURES"/*/; do
        name=$(basename "$fixture")
        cp -r "$fixture/run" "$name"
        "$BUILD/bin/itrack" import --track wandb --wandb-dir "$PWD/$name.w" \
            "$name"
        cp "$(offline_folder "$name.w")"/*.wandb "$name.wandb"
    done
    inspect ./*.wandb
    for fixture in "$FIXTURES"/*/; do
        name=$(basename "$fixture")
        [ ! -s "$name.wandb.errors" ]
        cp "$name.wandb.records" records
        jq -es 'map(.num) == [range(1; length + 1)]' records
        jq -es 'map(.type) | .[:2] == ["header", "run"] and
            .[-3:] == ["exit", "final", "footer"]' records
        count=$(wc -l <"$name/records.jsonl")
        jq -es --argjson n "$count" \
            '[.[].history.item._step // empty] as $s |
             $s == ($s | unique) and $s[-1] == $n' records
        # No chart of one point: what has no curve is in the summary alone.
        jq -es '[.[].history.item // {} | keys[]] as $rows |
            ([.[].summary.update // {}] | add) as $got |
            ["record_count", "experiment_count", "duration_seconds",
             "accuracy", "avg_latency_ms"] as $single |
            ($rows - ($rows - $single)) == [] and
            $got.record_count != null' records
        # What insideLLMs itself computes stands in the summary at the end.
        jq -es --slurpfile want "$fixture/expected.json" '
            ([.[].summary.update // {}] | add) as $got |
            $got.total_count ==
                ([$want[0].experiments[].metrics.total_count] | add)' records
    done
}

@test "wandb sync uploads the same run that we send online" {
    real_wandb
    export WANDB_ENTITY=team WANDB_TAGS=a,b WANDB_NOTES='some notes'
    export WANDB_RUN_GROUP=group WANDB_JOB_TYPE=job
    for name in run_plain run_errors interrupted harness_two_by_two; do
        mkdir "$name"
        cp -r "$FIXTURES/$name/run" "$name/run"
        serve "$name/online"
        WANDB_API_KEY=$KEY XDG_STATE_HOME=$PWD/$name/state1 \
            "$BUILD/bin/itrack" import --track wandb --records "$name/run" \
            2>report
        grep -q "$WANDB_BASE_URL/team/insidellms/runs/" report
        serve "$name/synced"
        XDG_STATE_HOME=$PWD/$name/state2 "$BUILD/bin/itrack" import \
            --track wandb --records --wandb-dir "$PWD/$name" "$name/run"
        folder=$(offline_folder "$name")
        WANDB_API_KEY=$KEY "$SDK/bin/wandb" sync "$folder"* \
            >output 2>&1
        cat output
        run ! grep -q ERROR output
        ls "$folder"/*.synced
        python3 "$CASES" compare "$name/online/state.json" \
            "$name/synced/state.json"
    done
}

@test "a harness: a run for each model and probe, in a group with a table" {
    serve server
    export WANDB_API_KEY=$KEY WANDB_ENTITY=team
    "$BUILD/bin/itrack" import --track wandb --run-name mine \
        "$FIXTURES/harness_two_by_two/run"
    python3 - server "$FIXTURES/harness_two_by_two/expected.json" <<'PY'
import json, os, sys
state = json.load(open(sys.argv[1] + "/state.json"))
assert state["problems"] == [], state["problems"]
runs = sorted(state["runs"].values(), key=lambda run: run["name"])
main, children = runs[0], {run["displayName"]: run for run in runs[1:]}
want = {e["params"]["model_name"] + "/" + e["params"]["probe_name"]: e
        for e in json.load(open(sys.argv[2]))["experiments"]}
assert children.keys() == want.keys() and len(want) == 4, children.keys()
assert main["displayName"].startswith("mine"), main["displayName"]
assert main["summary"]["total_count"] == 36
assert not any("/total_count" in key for key in main["summary"])
for name, run in children.items():
    assert run["groupName"] == main["groupName"] == main["displayName"]
    assert run["complete"] and run["exitcode"] == 0
    assert run["name"].startswith(main["name"] + "-") and not run["files"]
    rows = [json.loads(line) for line in run["history"]]
    assert all(row["_step"] == row["total_count"] for row in rows), rows
    assert rows[-1]["_step"] == 9
    for key, value in want[name]["metrics"].items():
        assert run["summary"][key] == value, (name, key)
    for key, value in want[name]["params"].items():
        assert run["config"][key]["value"] == value, (name, key)
assert len(state["artifacts"]) == 1
table = main["summary"]["experiments"]
assert table["_type"] == "table-file" and table["nrows"] == 4, table
assert table["path"] in main["files"] and table["path"] in main["uploaded"]
PY
    # The table itself, from a run without a server.
    unset WANDB_API_KEY
    "$BUILD/bin/itrack" import --again --track wandb --wandb-dir "$PWD/w" \
        "$FIXTURES/harness_two_by_two/run" >report 2>&1
    [ "$(printf '%s\n' w/wandb/offline-run-* | wc -l)" = 5 ]
    # One command uploads them all.
    wandb() { echo "$*"; }
    eval "$(sed -n 's/.*its experiments.*: \(wandb sync .*\)/\1/p' report)" >words
    [ "$(cat words)" = "sync $(printf '%s\n' "$PWD"/w/wandb/offline-run-* | xargs)" ]
    python3 - "$(offline_folder w)" \
        "$FIXTURES/harness_two_by_two/expected.json" <<'PY'
import glob, json, sys
path, = glob.glob(sys.argv[1] + "/files/media/table/experiments_*.table.json")
table = json.load(open(path))
rows = {row[0] + "/" + row[1]: dict(zip(table["columns"], row))
        for row in table["data"]}
for e in json.load(open(sys.argv[2]))["experiments"]:
    row = rows.pop(e["params"]["model_name"] + "/" + e["params"]["probe_name"])
    for key, value in e["metrics"].items():
        assert row[key] == value, (key, row)
assert not rows, rows
PY
}

@test "more experiments than 50 share one W&B run, and the report says so" {
    serve server
    export WANDB_API_KEY=$KEY WANDB_ENTITY=team
    "$BATS_TEST_DIRNAME/make_entries.py" --points 60 --experiments 51 >e
    run -0 "$BUILD/tests/drivers/deliver" state e wandb
    [[ $output == *"note more than 50 experiments: they share one run"* ]]
    jq -e '.runs | length == 1 and (.[].summary["Model 50/LogicProbe/total_count"] == 1)' \
        server/state.json
}

# Who has begun with runs of their own goes on so, in another process, too.
@test "experiments beyond 50 that come later: in the run itself, and said" {
    serve server
    export WANDB_API_KEY=$KEY WANDB_ENTITY=team
    "$BATS_TEST_DIRNAME/make_entries.py" --points 4 --experiments 2 --no-end >e
    "$BUILD/tests/drivers/deliver" -d 60000 state e wandb >out 3>&- &
    pid=$!
    until_true jq -e '.runs | length == 3' server/state.json
    kill -9 $pid
    wait $pid || true
    python3 - >>e <<'PY'
import json
at = 1795439422123456
def put(kind, **members):
    print(json.dumps({"entry": kind, "time_us": at, **members}))
for i in range(2, 51):
    put("experiment", index=i, experiment_id="id%d" % i, model_name="Model %d" % i,
        model_provider="Dummy", probe_name="LogicProbe", probe_category="custom",
        name_has_id=False)
for i in 49, 50:
    put("metrics", step=5, metrics={"total_count": 5})
    put("metrics", step=5, experiment=i, experiment_step=1, metrics={"total_count": 1})
put("end", status="finished", last_step=5, exit_code=0)
PY
    run -0 "$BUILD/tests/drivers/deliver" state e wandb
    [[ $output == *"note more than 50 experiments: those behind have no runs"* ]]
    jq -e '.problems == [] and (.runs | length == 4 and
        ([.[].summary["Model 50/LogicProbe/total_count"] // empty] == [1]) and
        ([.[] | select(.displayName == "Model 49/LogicProbe")] |
            length == 1 and .[0].complete) and
        all(.[]; .conflicts == 0))' server/state.json
}

@test "the real SDK proves the fake server" {
    real_wandb
    serve server
    WANDB_API_KEY=$KEY WANDB_SILENT=true "$SDK/bin/python" \
        "$BATS_TEST_DIRNAME/sdk_run.py" \
        "$(realpath "$FIXTURES/run_plain/run/manifest.json")"
    jq -e '.runs.sdkrun | .complete and .exitcode == 3 and
        (.history | length) == 5 and .config.lr.value == 0.1 and
        .files["manifest.json"] != null' server/state.json
    jq -e '.artifacts[] | .state == "COMMITTED" and .uploaded == .files' \
        server/state.json
    # The one thing that the SDK does and we do not: bare NaN.
    jq -e '[.problems[] | select(contains("strict JSON") | not)] == []' \
        server/state.json
}

@test "no key: offline, and the report has the command" {
    cp -r "$FIXTURES/run_plain/run" run
    "$BUILD/bin/itrack" import --track wandb,local run 2>report
    cat report
    grep -q "no W&B key" report
    folder=$(realpath "$(offline_folder .)")
    grep -qF "wandb sync $folder" report
    ls tracking/insidellms/*/final_state.json
    [ "$(readlink wandb/latest-run)" = "$(basename "$folder")" ]
    cmp "$folder/files/records.jsonl" run/records.jsonl
}

@test "keys come from the environment or netrc, and are never said" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    printf 'machine %s\n  login user\n  password %s\n' \
        "${WANDB_BASE_URL#http://}" "$KEY" >.netrc
    "$BUILD/bin/itrack" import -v --track wandb run >report 2>&1
    cat report
    grep -q "$WANDB_BASE_URL/default-team/insidellms/runs/" report
    [ "$(jq '.runs | length' server/state.json)" = 1 ]
    run ! grep -rqF "$KEY" report state
}

@test "a settings file of the working directory does not say where the key goes" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    local url=$WANDB_BASE_URL
    unset WANDB_BASE_URL
    mkdir -p wandb .config/wandb
    printf '[default]\nbase_url = %s\n' "$url" >wandb/settings
    export WANDB_API_KEY=$KEY
    run "$BUILD/bin/itrack" import --track wandb --drain 1 run
    echo "$output"
    [[ $output == *"$PWD/wandb/settings names another server, $url"*--wandb-base-url* ]]
    run "$BUILD/bin/itrack" doctor --track wandb
    [[ $output == *"problem: $PWD/wandb/settings names another server"* ]]
    [ ! -s server/log ]
    # Nothing is lost: it is delivered to where the user says.
    run -0 "$BUILD/bin/itrack" sync --wandb-base-url "$url"
    [ "$(jq '.runs | length' server/state.json)" = 1 ]
    # The user's own file says it.
    printf '[default]\nbase_url = https://elsewhere.example\n' >wandb/settings
    printf '[default]\nbase_url = %s\n' "$url" >.config/wandb/settings
    run -0 "$BUILD/bin/itrack" import --again --track wandb run
    [[ $output == *"$PWD/wandb/settings names another server, https://elsewhere.example: not followed"* ]]
    [ "$(jq '.runs | length' server/state.json)" = 2 ]
}

@test "an upload address that leads elsewhere is not gone to" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    export WANDB_API_KEY=$KEY
    for url in file:///etc/hostname ftp://127.0.0.1/x gopher://127.0.0.1/x \
        "http://u:p@${WANDB_BASE_URL#http://}/x"; do
        printf '[{"match": "createRunFiles", "answer": {"data":
            {"createRunFiles": {"uploadHeaders": [], "files": [{"uploadUrl":
            "%s?sig=hush"}]}}}}]' "$url" >server/faults.json
        run "$BUILD/bin/itrack" import --again --track wandb --drain 5 run
        echo "$output"
        [[ $output == *"an address that the server gives"* ]]
        [[ $output != *hush* ]]
    done
    run ! grep 'PUT /x\|PUT /etc' server/log
}

@test "a server that names the run's place by dots is not obeyed" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    export WANDB_API_KEY=$KEY
    printf '[{"match": "upsertBucket", "answer": {"data": {"upsertBucket":
        {"bucket": {"id": "b", "project": {"name": "p", "entity":
        {"name": ".."}}}}}}}]' >server/faults.json
    run "$BUILD/bin/itrack" import --track wandb run
    [[ $output == *"does not name the run"* ]]
    run ! grep -q file_stream server/log
}

# For each way of saying it: is the run in W&B or in a folder?
@test "online or offline: the variable, then W&B's settings files, then the key" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    where() {
        rm -rf wandb/offline-run-* wandb/latest-run
        before=$(jq '.runs | length' server/state.json)
        "$BUILD/bin/itrack" import --again --track wandb run 2>/dev/null
        if [ -e wandb/latest-run ]; then echo offline; fi
        [ "$(jq '.runs | length' server/state.json)" = "$before" ] ||
            echo online
    }
    export WANDB_API_KEY=$KEY
    [ "$(where)" = online ]
    [ "$(WANDB_MODE='' where)" = online ]
    [ "$(WANDB_MODE=shared where)" = online ]
    [ "$(WANDB_MODE=run where)" = online ]
    [ "$(WANDB_MODE=dryrun where)" = offline ]
    [ "$(WANDB_API_KEY='' where)" = offline ]
    [ "$(WANDB_API_KEY="$KEY!" where)" = offline ]
    mkdir -p .config/wandb wandb
    printf '[default]\nmode = offline\n' >.config/wandb/settings
    [ "$(where)" = offline ]
    [ "$(WANDB_MODE=online where)" = online ]
    printf '[default]\nMode: online\n' >wandb/settings
    [ "$(where)" = online ]
    printf '[default]\nmode = wherever\n' >wandb/settings
    [ "$(where)" = online ]
    rm wandb/settings .config/wandb/settings
    printf 'default login any password %s\n' "$KEY" >.netrc
    [ "$(WANDB_API_KEY='' where)" = online ]
    printf 'default login anonymous password me@here\n' >.netrc
    [ "$(WANDB_API_KEY='' where)" = offline ]
}

@test "a refused key or entity: the offline folder is written" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    WANDB_API_KEY=wrong$KEY "$BUILD/bin/itrack" import --track wandb run \
        2>report
    cat report
    grep -q 'HTTP 401' report
    grep -q 'wandb sync' report
    ls wandb/offline-run-*/*.wandb
    rm -r wandb
    WANDB_API_KEY=$KEY "$BUILD/bin/itrack" import --again --track wandb \
        --wandb-entity nobody run 2>report
    cat report
    grep -q 'entity nobody not found' report
    ls wandb/offline-run-*/*.wandb
    rm -r wandb
    WANDB_API_KEY=$KEY "$BUILD/bin/itrack" import --again --track wandb \
        --wandb-base-url "$WANDB_BASE_URL/elsewhere" run 2>report
    cat report
    grep -q 'HTTP 404.*(check --wandb-base-url)' report
    ls wandb/offline-run-*/*.wandb
}

@test "which project: the command line, then WANDB_PROJECT, then the file" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    export WANDB_API_KEY=$KEY
    import() {
        "$BUILD/bin/itrack" import --again --track wandb "$@" run
        jq -r '[.runs[].project] | last' server/state.json
    }
    [ "$(import 2>/dev/null)" = insidellms ]
    mkdir -p .config/itrack
    echo 'track-project = file' >.config/itrack/config
    [ "$(import 2>/dev/null)" = file ]
    [ "$(WANDB_PROJECT=variable import 2>/dev/null)" = variable ]
    [ "$(WANDB_PROJECT=variable import -p insidellms 2>/dev/null)" = \
        insidellms ]
}

@test "name and notes: the command line, then W&B's variables, then the file" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    export WANDB_API_KEY=$KEY
    import() {
        "$BUILD/bin/itrack" import --again --track wandb "$@" run 2>/dev/null
        jq -r '[.runs | to_entries[] |
            "\(.value.displayName) \(.key[-4:]) \(.value.notes)"] | last' \
            server/state.json
    }
    mkdir -p .config/itrack
    printf 'run-name = n1\nnotes = o1\n' >.config/itrack/config
    # What makes repetitions differ is the end of the attempt's name; a name by
    # W&B's own variable stays as it is.
    [[ $(import) =~ ^n1-(....)" "(....)" o1"$ ]]
    [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
    export WANDB_NAME=n2 WANDB_NOTES=o2
    [[ $(import) =~ ^"n2 ".*" o2"$ ]]
    [[ $(import --run-name n3 --notes o3) =~ ^n3-(....)" "(....)" o3"$ ]]
    [ "${BASH_REMATCH[1]}" = "${BASH_REMATCH[2]}" ]
}

@test "what W&B would refuse is changed, and said" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    tag=$(printf '\u00e9%.0s' {1..70})
    WANDB_API_KEY=$KEY WANDB_TAGS=$tag "$BUILD/bin/itrack" import \
        --track wandb -p 'a/b:c' run 2>report
    cat report
    grep -q "project's name: it is a_b_c" report
    grep -q 'tags have 64 characters' report
    jq -e '.problems == [] and (.runs[] | .project == "a_b_c" and
        (.tags[0] | length) == 64)' server/state.json
}

@test "a password in the server's URL is used by nobody and shown nowhere" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    export WANDB_API_KEY=$KEY WANDB_BASE_URL=${WANDB_BASE_URL/:\/\//://u:hush@}/
    "$BUILD/bin/itrack" import -v --track wandb run >report 2>&1
    "$BUILD/bin/itrack" doctor --track wandb >>report
    jq -e '.problems == [] and (.runs[] | .complete)' server/state.json
    run ! grep -rq hush report state
}

@test "disabled: nothing is written or sent" {
    cp -r "$FIXTURES/run_plain/run" run
    serve server
    WANDB_MODE=disabled WANDB_API_KEY=$KEY "$BUILD/bin/itrack" import \
        --track wandb run
    [ ! -e wandb ]
    [ ! -e server/log ]
}

@test "5xx, 409, 429, cut, half and slow answers: all is there, once" {
    python3 "$CASES" faults
}

@test "a key that is refused in the middle: sync completes the run" {
    python3 "$CASES" refused
}

@test "why it waits is said, whatever else succeeds" {
    python3 "$CASES" waiting
}

@test "a refused config costs the config alone" {
    python3 "$CASES" config
}

@test "too large a request is made smaller, what is too large alone is named" {
    python3 "$CASES" too_large
}

@test "a login page is called that, and done is what W&B says" {
    python3 "$CASES" page
}

@test "a server without run files: what it has no place for is said" {
    python3 "$CASES" no_run_files
}

@test "a storage that refuses uploads costs the artifact alone" {
    python3 "$CASES" artifact_refused
}

@test "small answers, and URLs without a host" {
    python3 "$CASES" answers
}

@test "a folder that is removed is named, and written again" {
    python3 "$CASES" removed
}

@test "a full disk: what is there is whole, and a later try completes it" {
    real_wandb
    python3 "$BATS_TEST_DIRNAME/make_entries.py" --points 400 >entries
    export driver=$BUILD/tests/drivers/deliver where=$PWD/small
    run on_small_disk "$where" '
        "$driver" -p 1 state entries wandb wandb-dir="$where"
        echo "status $?"
        keep full
        grow
        "$driver" state entries wandb wandb-dir="$where"
        echo "status $?"
        keep whole'
    [ "$status" -ne 99 ] || skip 'no mount namespace'
    echo "$output"
    [[ $output == *"state blocked"*"No space left"*"status 1"*"status 0"* ]]
    for name in full whole; do
        "$SDK/bin/wandb" leet inspect --json \
            "$(echo "$(offline_folder $name)"/*.wandb)" >$name.json 2>errors
        [ ! -s errors ]
        jq -es 'map(.num) == [range(1; length + 1)]' $name.json
    done
    [ "$(wc -l <full.json)" -gt 10 ]
    [ "$(jq -s '[.[].history // empty] | length' whole.json)" = 400 ]
}

@test "long names: no row is lost, memory stays small" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip 'takes 10 s of CPU (make torture)'
    python3 "$CASES" long_names
}

@test "the pace of requests" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip 'takes 40 s (make torture)'
    python3 "$CASES" pace
}

@test "stopped in W&B: said, not obeyed" {
    python3 "$CASES" stopped
}

@test "a server that never answers holds nobody up" {
    python3 "$CASES" drain
}

@test "kill -9 at random moments, online: nothing lost, nothing twice" {
    count=110
    if [ -n "${ITRACK_TORTURE:-}" ]; then count=1500; fi
    python3 "$CASES" kill online $count
}

@test "kill -9 at random moments, offline: the same bytes in the end" {
    count=110
    if [ -n "${ITRACK_TORTURE:-}" ]; then count=1500; fi
    python3 "$CASES" kill offline $count
}

@test "doctor: who the key belongs to, or what to do" {
    serve server
    WANDB_API_KEY=$KEY "$BUILD/bin/itrack" doctor --track wandb >report
    grep -q "wandb: ok: $WANDB_BASE_URL takes the key of u" report
    run ! grep -F "$KEY" report
    WANDB_API_KEY=wrong$KEY run -1 "$BUILD/bin/itrack" doctor --track wandb
    [[ $output == *'problem'*'HTTP 401'*'get a key'* ]]
    WANDB_BASE_URL=http://127.0.0.1:1 WANDB_API_KEY=$KEY run -1 \
        "$BUILD/bin/itrack" doctor --track wandb
    [[ $output == *'itrack sync'* ]]
    run "$BUILD/bin/itrack" doctor --track wandb
    [[ $output == *'offline: no W&B key'*'runs for wandb sync go below'* ]]
    [ ! -e wandb ]
    run -0 jq -e '.runs == {}' server/state.json
}

# A table has one row for each record; texts are in it only if asked for.
@test "the records as a table" {
    cp -r "$FIXTURES/run_scored/run" run
    serve server
    WANDB_API_KEY=$KEY "$BUILD/bin/itrack" import --track wandb --records run
    jq -e '.problems == [] and (.runs[] | .complete and
        (.summary.records | ._type == "table-file" and .nrows == 12) and
        .files[.summary.records.path].size == .summary.records.size)' \
        server/state.json
    "$BUILD/bin/itrack" import --again --track wandb --wandb-mode offline \
        --records run
    plain=$(echo wandb/offline-run-*/files/media/table/records_*.table.json)
    jq -e '(.data | length) == 12 and .columns[0] == "example_id" and
        (.columns | index("scores.f1")) and
        (.columns | index("scores.label") | not) and
        (.columns | index("input") | not)' "$plain"
    prompt=$(head -n 1 run/records.jsonl | jq -r '.input.question')
    [ "${#prompt}" -gt 5 ]
    run ! grep -qF "$prompt" "$plain"
    digest=$(sha256sum <"$plain")
    [[ $plain == *_${digest:0:20}.table.json ]]
    rm -r wandb
    "$BUILD/bin/itrack" import --again --track wandb --wandb-mode offline \
        --records=text run
    jq -e '(.columns | index("scores.label")) as $l |
        (.columns | index("input")) as $input |
        .data[0][$l] == "ok" and (.data[0][$input] | fromjson | type) ==
            "object" and (.columns | index("expected"))' wandb/offline-run-*/files/media/table/*
    grep -qF "$prompt" wandb/offline-run-*/files/media/table/*
}

# many_records DIR COUNT: a run directory with so many records
many_records() {
    cp -r "$FIXTURES/run_scored/run" "$1"
    python3 - "$1/records.jsonl" "$2" <<'PY'
import itertools, json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
with open(sys.argv[1], "w") as f:
    for i, r in zip(range(int(sys.argv[2])), itertools.cycle(lines)):
        r["example_id"], r["output_text"] = str(i), "o" * 700
        r["scores"]["s%d" % (i // 900)] = i
        f.write(json.dumps(r) + "\n")
PY
}

# pieces LIMIT COUNT FILE...: tables of at most so many bytes have each record
# once, with its own score in its own column
pieces() {
    python3 - "$@" <<'PY'
import json, os, sys
limit, count, files = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
assert len(files) > 1, files
got = []
for file in files:
    assert os.path.getsize(file) <= limit, file
    table = json.load(open(file))
    for row in table["data"]:
        assert len(row) == len(table["columns"]), row
        row = dict(zip(table["columns"], row))
        got.append(int(row["example_id"]))
        assert row["scores.s%d" % (got[-1] // 900)] is not None, row
assert sorted(got) == list(range(count)), got
PY
}

@test "many records are several tables of at most 1 MB" {
    many_records run 2000
    "$BUILD/bin/itrack" import --track wandb --wandb-mode offline \
        --records=text run
    pieces 1000000 2000 wandb/offline-run-*/files/media/table/records*
}

@test "tables that the server calls too large are halved" {
    many_records run 2000
    serve server
    echo '[{"match": "^PUT", "over": 300000, "status": 413, "body": "<html>"}]' \
        >server/faults.json
    WANDB_API_KEY=$KEY run -0 "$BUILD/bin/itrack" import --track wandb \
        --records=text --artifacts none run
    # The time in the attempt's name may have these digits.
    [[ ! $output =~ (^|[^0-9])413([^0-9]|$) ]]
    jq -e '.problems == [] and (.runs[] | .complete and
        ([.summary | to_entries[] | select(.key | startswith("records")) |
            .value] | (map(.nrows) | add) == 2000 and
            all(.[]; .size <= 300000)))' server/state.json
}

@test "records that the server refuses are counted, and the rest arrives" {
    many_records run 200
    serve server
    echo '[{"match": "^PUT", "status": 403, "body": "no"}]' >server/faults.json
    WANDB_API_KEY=$KEY run -1 "$BUILD/bin/itrack" import --track wandb \
        --records --artifacts none run
    [[ $output == *'200 records: '*403* ]]
    jq -e '.runs[] | .complete and (.history | length) == 200 and
        (.summary | has("records") | not)' server/state.json
}

# ended: the server has all of the run but its records, and its end.
ended() {
    jq -e '(.runs | length) == 1 and (.runs[] | .complete and
        .files["manifest.json"] and .summary.total_count == 3000) and
        ([.artifacts[].state] | length == 1 and all(. == "COMMITTED"))' \
        server/state.json
}

# shown: the tables of records that the run's page has.
shown() {
    jq -c '[.runs[].summary | to_entries[]
        | select(.key | startswith("records")) | .value.nrows]' server/state.json
}

has_piece() {
    jq -e '[.runs[].files | keys[] | select(startswith("media/table/records"))]
        | length > 0' server/state.json
}

@test "a server that never answers about records: the run is there, with its end" {
    many_records from 3000
    rm from/manifest.json
    mkfifo from/manifest.json
    serve server
    # While the run goes on the first piece is taken, and no further one.
    echo '[{"match": "createRunFiles", "body_match": "table/records", "after": 1,
        "stall": true}]' >server/faults.json
    export WANDB_API_KEY=$KEY
    "$BUILD/bin/itrack-wrap" --track wandb --points all --records=text --drain 60 -- \
        "$BUILD/tests/programs/write_run" --quiet --from "$PWD/from" \
        --to "$PWD/run" >report 2>&1 3>&- &
    pid=$!
    until_true has_piece
    # To open it is enough: the program reads as many bytes as a FIFO has, none.
    : >from/manifest.json
    until_true ended
    kill -TERM $pid
    wait $pid || true
    cat report
    grep -q pending report
    before=$(shown)
    [ "$(jq length <<<"$before")" = 1 ]
    # What is there stays while the rest fails further.
    echo '[{"match": "createRunFiles", "body_match": "table/records",
        "status": 503, "headers": {"Retry-After": "3600"}}]' >server/faults.json
    run -1 "$BUILD/bin/itrack" sync --drain 5
    [[ $output == *pending*503* ]]
    ended
    [ "$(shown)" = "$before" ]
    echo '[]' >server/faults.json
    "$BUILD/bin/itrack" sync
    ended
    [ "$(shown | jq add)" = 3000 ]
    jq -e '.problems == [] and ([.runs[].files | keys[]
        | select(startswith("media/table/records"))] | unique | length) ==
        ('"$(shown)"' | length)' server/state.json
}

@test "the records of a run that has ended, on a server that takes no new summary" {
    many_records run 200
    serve server
    echo '[{"match": "upsertBucket", "body_match": "summaryMetrics",
        "answer": {"errors": [{"message": "no such field"}]}}]' >server/faults.json
    WANDB_API_KEY=$KEY run -1 "$BUILD/bin/itrack" import --track wandb --records run
    [[ $output == *"no tables on its page: "*"no such field"* ]]
    jq -e '.runs[] | .complete' server/state.json
    has_piece
}

@test "a record at which the server fails for good holds up no other, and is named" {
    many_records run 200
    sed -i '50s/oooo/POISON/; 120s/"example_id": "/&POISON/' run/records.jsonl
    serve server
    export WANDB_API_KEY=$KEY
    echo '[{"match": "^PUT", "body_match": "POISON", "status": 502}]' \
        >server/faults.json
    run -1 "$BUILD/bin/itrack" import --track wandb --records=text \
        --artifacts none run
    [[ $output == *"the texts of record 50: "*502* ]]
    [[ $output == *"all cells of record 120: "*502* ]]
    jq -e '.problems == [] and (.runs[] | .complete and
        ([.summary | to_entries[] | select(.key | startswith("records"))
            | .value.nrows] | add) == 200)' server/state.json
    # While it fails at all of them, all stay.
    echo '[{"match": "^PUT", "status": 500}]' >server/faults.json
    run -1 "$BUILD/bin/itrack" import --again --track wandb --records \
        --artifacts none run
    [[ $output == *pending*500* ]]
    echo '[]' >server/faults.json
    "$BUILD/bin/itrack" sync
    jq -e '.problems == [] and all(.runs[]; .complete and
        ([.summary | to_entries[] | select(.key | startswith("records"))
            | .value.nrows] | add) == 200)' server/state.json
}

@test "what a table has in another form is said: cells that are cut, NaN" {
    cp -r "$FIXTURES/run_scored/run" run
    python3 - run/records.jsonl <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
lines[0]["output_text"] = "\u4e2d" * 100000
lines[1]["scores"]["f1"], lines[2]["scores"]["f1"] = float("nan"), float("inf")
open(sys.argv[1], "w").writelines(json.dumps(r) + "\n" for r in lines)
PY
    run -0 "$BUILD/bin/itrack" import --track wandb --wandb-mode offline \
        --records=text run
    [[ $output == *"cells of records of more than 256 KiB are cut: 1"* ]]
    [[ $output == *"scores that are NaN or infinite: 2; their cells are empty"* ]]
    jq -e '(.columns | index("output")) as $o | (.columns | index("scores.f1")) as $f
        | (.data[0][$o] | length) == 87381 and .data[1][$f] == null' \
        wandb/offline-run-*/files/media/table/*
}

@test "a table of too many columns is cut, and it is said" {
    cp -r "$FIXTURES/run_scored/run" run
    python3 - run/records.jsonl <<'PY'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
for i, r in enumerate(lines):
    r["scores"] = {"s%03d" % (40 * i + n): n for n in range(40)}
open(sys.argv[1], "w").writelines(json.dumps(r) + "\n" for r in lines)
PY
    run -0 "$BUILD/bin/itrack" import --track wandb --wandb-mode offline \
        --records run
    [[ $output == *'a table has 256 columns at the most'* ]]
    jq -e '(.columns | length) == 256 and (.data | length) == 12 and
        all(.data[]; length == 256)' wandb/offline-run-*/files/media/table/*
}

has_points_up_to() {
    grep -q '"entry":"metrics".*"step":'"$1," state/itrack/runs/*/journal.jsonl
}

@test "around a command: online with a key, offline without" {
    program="$BUILD/tests/programs/write_run"
    [ -x "$program" ] || skip 'the programs of the tests are not built'
    serve server
    export WANDB_ENTITY=team
    from=$(realpath "$FIXTURES/run_plain/run")
    # One record after the other, so that each arrives alone.
    WANDB_API_KEY=$KEY start_gated "$BUILD/bin/itrack-wrap" --drain 120 \
        --track wandb,local -- "$program" --mode run --from "$from" \
        --to "$PWD/one" --gate gate
    turn 2
    for n in 1 2 3 4; do
        until_true has_points_up_to $n
        turn
    done
    finish
    mv err report
    cat report
    [ "$status" -eq 0 ]
    grep -q "$WANDB_BASE_URL/team/insidellms/runs/" report
    jq -e '.problems == [] and (.runs[] | .complete and .exitcode == 0 and
        (.history | length) == 12 and .summary.total_count == 12 and
        (.summary["observed/latency_ms_histogram"]._type == "histogram"))' \
        server/state.json
    run -3 "$BUILD/bin/itrack-wrap" --drain 120 --track wandb,local -- \
        "$program" \
        --mode run --from "$from" --to "$PWD/two" --status 3
    [[ $output == *"wandb sync /"* ]]
    ls tracking/insidellms/*/final_state.json
    real_wandb
    WANDB_API_KEY=$KEY "$SDK/bin/wandb" sync wandb/offline-run-*
    jq -e '.problems == [] and (.runs | length) == 2 and
        ([.runs[].exitcode] | sort) == [0, 3]' server/state.json
}

# group_is WANT OPTION...: the group of the run, online and offline.
group_is() {
    local want=$1 run=$BATS_TEST_TMPDIR/run
    shift
    rm -rf server "$run" wandb
    serve server
    WANDB_API_KEY=$KEY "$BUILD/bin/itrack-wrap" --track wandb "$@" -- \
        "$BUILD/tests/programs/write_run" --quiet \
        --from "$FIXTURES/run_plain/run" --to "$run" 3>&-
    jq -e --arg want "$want" '.runs[] | .groupName == $want and
        .config.SLURM_JOB_ID.value == "71" and
        (.tags | index("SLURM_JOB_ID=71") != null) and
        all(.tags[]; startswith("POD_NAME") | not)' server/state.json
    rm -r "$run"
    "$BUILD/bin/itrack-wrap" --track wandb "$@" -- \
        "$BUILD/tests/programs/write_run" --quiet \
        --from "$FIXTURES/run_plain/run" --to "$run" 3>&-
    "$SDK/bin/wandb" leet inspect --json wandb/offline-run-*/*.wandb >records
    jq -es --arg want "$want" '[.[].run // empty][0] |
        (.run_group // .runGroup) == $want and
        (.tags | index("SLURM_JOB_ID=71") != null)' records
}

@test "where it runs: config and tags; an array or a named group together" {
    real_wandb
    export SLURM_JOB_ID=71 SLURM_ARRAY_JOB_ID=70
    # Too long for a tag; the config has it.
    POD_NAME=$(printf 'p%.0s' {1..100})
    export POD_NAME
    group_is 70
    ITRACK_ATTEMPT_GROUP=again group_is again
    WANDB_RUN_GROUP=theirs group_is theirs
    WANDB_RUN_GROUP=theirs group_is again --attempt-group again
    WANDB_RUN_GROUP=theirs group_is ours --wandb-group ours
}

# The names that the SDK itself sends, by both ways; GPUs are nvml.c's.
@test "system metrics: events online, stats offline, which wandb sync uploads" {
    real_wandb
    cc -shared -fPIC -o libnvidia-ml.so.1 "$BATS_TEST_DIRNAME/../cli/nvml.c"
    export ITRACK_NVML=$PWD/libnvidia-ml.so.1
    start_gated "$BUILD/bin/itrack-wrap" --record-only --track wandb \
        --system-metrics=0.1 -- "$BUILD/tests/programs/write_run" --quiet \
        --gate gate --from "$FIXTURES/run_plain/run" --to "$PWD/run"
    turn 3
    until_true grep -rqs gpu_1_power state/itrack/runs
    finish
    cp -r state state2
    serve server
    WANDB_API_KEY=$KEY "$BUILD/bin/itrack" sync
    jq -e '.problems == [] and
        ([.runs[].events[] | fromjson | keys[]] | unique) == [
        "_runtime", "_timestamp", "_wandb", "system.cpu", "system.disk.in",
        "system.disk.out", "system.gpu.0.gpu", "system.gpu.0.memoryAllocated",
        "system.gpu.0.memoryAllocatedBytes", "system.gpu.0.powerWatts",
        "system.gpu.1.gpu", "system.gpu.1.memoryAllocated",
        "system.gpu.1.memoryAllocatedBytes", "system.gpu.1.powerWatts",
        "system.proc.memory.percent", "system.proc.memory.rssMB"] and
        ([.runs[].events[] | fromjson |
            .["system.gpu.0.memoryAllocatedBytes"] // empty] |
            unique) == [20000000000] and
        all(.runs[].history[]; contains("\"system") | not)' \
        server/state.json
    jq -c '[.runs[].events[] | fromjson | del(._runtime)]' server/state.json >online
    serve server2
    XDG_STATE_HOME=$PWD/state2 "$BUILD/bin/itrack" sync
    "$SDK/bin/wandb" leet inspect --json wandb/offline-run-*/*.wandb >records
    jq -es '.[1].type == "run" and ([.[] | select(.type == "stats")] |
        length) > 1' records
    WANDB_API_KEY=$KEY "$SDK/bin/wandb" sync wandb/offline-run-*
    jq -c '[.runs[].events[] | fromjson | del(._runtime)]' server2/state.json >synced
    python3 - online synced <<'EOF'
import json, sys
online, synced = (json.load(open(f)) for f in sys.argv[1:])
assert len(online) == len(synced) > 1, (len(online), len(synced))
for a, b in zip(online, synced):
    assert a.keys() == b.keys(), (a, b)
    assert all(abs(a[k] - b[k]) < 1e-3 for k in a), (a, b)
EOF
}
