#!/usr/bin/env bats
# itrack-wrap --metrics-from-stdout: the numbers of the last line, and an output
# that is as without us.

bats_require_minimum_version 1.5.0
load ../common

setup() {
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK ITRACK_PROJECT ITRACK_LOCAL_DIR
    unset MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME ITRACK_SOCKET LD_PRELOAD
    wrap=$BUILD/bin/itrack-wrap
    own=tracking/insidellms
}

wrapped() {
    "$wrap" --metrics-from-stdout "$@"
}

metrics() { # run
    jq -c '.[] | [.step, .metrics]' "$own/$1/metrics.json"
}

@test "a run of its own, named after the command" {
    run -3 --separate-stderr wrapped --track local,mlflow --mlflow-uri ./mlruns \
        -- sh -c 'echo hello; echo "{\"accuracy\": 0.93, \"good\": true,
\"name\": \"x\", \"n\": 12, \"deep\": {\"a\": 1}, \"n\": 13}" | tr -d "\n"
echo; exit 3'
    [ "${lines[0]}" = hello ]
    [ "${#lines[@]}" = 2 ]
    echo "$stderr"
    [[ $stderr == *"run sh failed"* ]]
    [ "$(metrics sh)" = '[0,{"accuracy":0.93,"good":1.0,"n":13.0}]' ] ||
        [ "$(metrics sh)" = '[0,{"accuracy":0.93,"good":1,"n":13}]' ]
    [ "$(jq -r .status $own/sh/final_state.json)" = failed ]
    grep -qE ' 0[.]930*[0-9]* 0$' mlruns/*/*/metrics/accuracy
    run -0 wrapped --run-name nightly --prefix x_ -- echo '{"a": NaN}'
    jq -e '.[0].metrics == {"x_a": "NaN"}' $own/nightly/metrics.json
    run -0 wrapped -- echo '{"a": 1}'
    run -0 wrapped -- echo '{"a": 2}'
    [ "$(metrics echo-2 | tr -d .0)" = '[,{"a":2}]' ]
    [ -z "$(ls state/itrack/runs)" ]
}

@test "what is no such line, and blank lines behind one" {
    local text
    for text in 'plain' '[1, 2]' '{"a": "b"}' '{}' '{"a": 1} x' '{"a": 1' \
        '{"a": 1}\nlast' ''; do
        run -0 --separate-stderr wrapped -- printf "$text\n"
        echo "$text: $stderr"
        [[ $stderr == *"no JSON object"* ]]
        [ ! -e tracking ]
    done
    run -0 --separate-stderr wrapped -- printf '{"a": 1}\r\n\n  \n\t\r\n'
    [ -d $own/printf ]
    run -0 wrapped -q -- printf 'x\n  {"b": 2}'
    [ "$(metrics printf-2 | tr -d .0)" = '[,{"b":2}]' ]
}

@test "a line of many parts and many numbers; one that is too long" {
    python3 -c 'import json
print(json.dumps({f"m{i}": i for i in range(2000)}), end="")' >line
    run -0 wrapped -q -- sh -c 'dd bs=100 status=none <line'
    [ "$(jq '.[0].metrics | length' $own/sh/metrics.json)" = 2000 ]
    [ "$(jq '.[0].metrics.m1999' $own/sh/metrics.json)" = 1999.0 ] ||
        [ "$(jq '.[0].metrics.m1999' $own/sh/metrics.json)" = 1999 ]
    python3 -c 'print("{\"a\": " + " " * 70000 + "1}")' >line
    run -0 --separate-stderr wrapped -- cat line
    [[ $stderr == *"no JSON object"* ]]
}

@test "the numbers join the run that the command itself writes" {
    local fixture=$BATS_TEST_DIRNAME/../fixtures/run_plain/run
    run -0 wrapped -q -- sh -c 'echo "{\"score\": 0.5, \"success_count\": 7}"
        exec "$0" --quiet --mode run --from "$1" --to runs/one' \
        "$BUILD/tests/programs/write_run" "$fixture"
    [ "$(ls runs/tracking/insidellms)" = "$(ls runs/tracking/insidellms | head -1)" ]
    [ ! -e tracking ]
    jq -e '[.[] | select(.metrics | has("stdout/score"))] ==
        [{step: 12, timestamp: .[-1].timestamp,
          metrics: {"stdout/score": 0.5, "stdout/success_count": 7}}]' \
        runs/tracking/insidellms/*/metrics.json
    # Of a child that is gone by then: a run of their own.
    run -0 wrapped -q -- sh -c '"$0" --quiet --mode run --from "$1" --to runs/two
        echo "{\"score\": 0.5}"' "$BUILD/tests/programs/write_run" "$fixture"
    [ -d $own/sh ]
    [ "$(ls runs/tracking/insidellms | wc -l)" = 2 ]
    # An import is what it was.
    run -0 "$BUILD/bin/itrack" import --track local runs/one
    [[ $output == *"already tracked"* ]]
}

@test "byte for byte: binary, no newline, empty, large; status and signals" {
    head -c 3000000 /dev/urandom >random
    head -c 20000000 /dev/zero | tr '\0' x >long
    : >empty
    for file in random long empty; do
        wrapped -q -- cat $file >out
        cmp $file out
        wrapped -q -- cat $file | cat >out
        cmp $file out
    done
    run -7 wrapped -q -- sh -c 'exit 7'
    wrapped -q -- sh -c 'kill -TERM $$' && status=0 || status=$?
    [ "$status" = 143 ]
    run -127 wrapped -q -- no-such-command
    # A reader that goes: the command ends by SIGPIPE, as without us.
    wrapped -q -- yes | head -n 1 >out && statuses=("${PIPESTATUS[@]}")
    [ "${statuses[*]}" = "141 0" ]
    # No output at all.
    wrapped -q -- sh -c 'exit 5' >&- && status=0 || status=$?
    [ "$status" = 5 ]
    # Whether the worker says so, who is there in the second, or the launcher.
    for report in '' '--report report.json'; do
        # shellcheck disable=SC2086
        run -0 --separate-stderr sh -c '"$0" --metrics-from-stdout "$@" true >&-' \
            "$wrap" $report
        [[ $stderr == *"the output could not be read"* ]]
        [[ $stderr != *"no JSON object"* ]]
    done
}

@test "the output is whole when we leave" {
    for _ in $(seq 30); do
        wrapped -q -- sh -c 'seq 2000; echo "{\"a\": 1}"' >out
        [ "$(wc -l <out)" = 2001 ]
    done
}

@test "a child in the background keeps the pipe: we leave, its words arrive" {
    mkfifo go
    { wrapped -q -- sh -c '(read -r x <go; echo late) & echo "{\"a\": 1}"'
      echo left >left; } 3>&- | cat >out &
    wait_until eval '[ -e left ]'
    # What the copier has passed on is cat's to write.
    wait_until grep -qx '{"a": 1}' out
    [ "$(metrics sh | tr -d .0)" = '[,{"a":1}]' ]
    let_go go
    wait
    [ "$(tail -n 1 out)" = late ]
}

@test "the launcher is killed: the output reaches its reader" {
    mkfifo go
    sh -c 'echo $$ >pid; exec "$@"' - "$wrap" -q --metrics-from-stdout -- \
        sh -c 'echo begin; read -r x <go; seq 100000; echo end' 3>&- | cat >out &
    wait_until eval 'grep -qx begin out'
    [ "$(cat "/proc/$(cat pid)/comm")" = itrack-wrap ]
    kill -KILL "$(cat pid)"
    let_go go
    wait
    [ "$(tail -n 1 out)" = end ]
    [ "$(wc -l <out)" = 100002 ]
}

@test "a signal to the group: what the command says at its end arrives" {
    cat >last <<'EOF'
trap 'echo "{\"a\": 1}"; exit 3' TERM
echo ready
# Not a `read`: behind the signal it would never end.
while :; do sleep 0.02; done
EOF
    run -0 python3 - "$wrap" <<'EOF'
import os, signal, subprocess, sys
p = subprocess.Popen(
    [sys.argv[1], "-q", "--metrics-from-stdout", "--", "bash", "last"],
    stdout=subprocess.PIPE, start_new_session=True)
assert p.stdout.readline() == b"ready\n"
os.killpg(p.pid, signal.SIGTERM)
assert p.stdout.read() == b'{"a": 1}\n'
assert p.wait() == 3, p.returncode
EOF
    [ -d $own/bash ]
}

@test "without a run, and quiet: no waiting for the drain's time" {
    run -0 wrapped -q --drain 600 -- echo '{"a": "b"}'
    run -0 "$wrap" -q --drain 600 --report report.json -- true
    [ -s report.json ]
}

@test "the worker is killed while it delivers: one run, once" {
    python3 -c 'import socket, sys, time
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
held = []
while True:
    held.append(s.accept())
    print("accepted", file=sys.stderr, flush=True)' >port 2>accepted 3>&- &
    server=$!
    wait_until eval '[ -s port ]'
    # So long that a server without a word is waited for, too.
    "$wrap" --metrics-from-stdout --drain 3600 --track local,mlflow \
        --mlflow-uri "http://127.0.0.1:$(cat port)" \
        -- echo '{"a": 1}' >out 2>err 3>&- &
    launcher=$!
    wait_until eval '[ -e $own/echo/final_state.json ]'
    wait_until eval '[ -s accepted ]'
    worker=$(pgrep -P $launcher -x itrack-worker)
    kill -KILL "$worker"
    # The second one knows what the first has left.
    wait_until eval '[ -n "$(pgrep -P $launcher -x itrack-worker)" ] &&
        [ "$(pgrep -P $launcher -x itrack-worker)" != "$worker" ]'
    wait_until eval '[ "$(wc -l <accepted)" -ge 2 ]'
    kill -TERM $launcher
    wait $launcher || true
    kill $server
    [ "$(ls $own)" = echo ]
    [ "$(ls state/itrack/runs | wc -l)" = 1 ]
}
