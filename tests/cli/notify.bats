#!/usr/bin/env bats
# --notify: who is told how a run ended, with what, how often, and how long it may
# take.
# shellcheck disable=SC2154

load runs

setup_file() {
    export server=$BATS_FILE_TMPDIR/server
    mkdir "$server"
    python3 "$BATS_TEST_DIRNAME/../servers/fake_http.py" "$server" 3>&- 4>&- &
    echo $! >"$BATS_FILE_TMPDIR/pid"
    for _ in $(seq 500); do
        [ -s "$server/url" ] && return 0
        read -rt 0.02 <> <(:) || :
    done
    return 1
}

teardown_file() {
    kill "$(cat "$BATS_FILE_TMPDIR/pid")"
}

setup() {
    use_clean_home
    rm -rf "$server/requests" "$server/log" "$server/rules.json"
    mkdir "$server/requests"
    url=$(cat "$server/url")
    # This test's own: it looks for it in the list of all processes.
    secret=canary-$BATS_TEST_NUMBER-$$-47110815
    export ITRACK_NOTIFY_SLACK=$url/slack/$secret
    export ITRACK_NOTIFY_DISCORD=$url/discord/$secret
    export ITRACK_NOTIFY_WEBHOOK=$url/webhook/$secret
    told=$BATS_TEST_TMPDIR/told.json
    # Of the environment the program has what the worker has.
    cat >tell <<SH
#!/bin/sh
cat >>"$told"
env >"$told.env"
SH
    chmod +x tell
}

answer() {
    echo "$1" >"$server/rules.json"
}

teardown() {
    show_last
    if [ -n "${fake:-}" ]; then
        kill "$fake" 2>/dev/null || :
    fi
}

# The body that was sent to a path that begins so.
body_to() {
    local number
    number=$(grep -m1 " POST /$1/" "$server/log" | cut -d' ' -f1)
    cat "$server/requests/$number.body"
}

times_told() {
    grep -c " POST /$1/" "$server/log" || :
}

@test "each target is told once: what ran, how it ended, numbers, where to look" {
    run -0 wrap --notify slack --notify discord --notify webhook \
        --notify command:./tell --notify slack -- "$write_run" \
        --from "$fixtures/run_errors/run" --to "$runs/exp"
    [[ $output != *--notify* ]]
    for target in slack discord webhook; do
        [ "$(times_told $target)" -eq 1 ]
    done
    body_to webhook >sent.json
    cmp sent.json "$told"
    [ "$(jq -c '[.version, .event, .run.status, .run.stopped_by]' "$told")" = \
        '[1,"finished","finished",null]' ]
    [ "$(jq -r .run.run_dir "$told")" = "$runs/exp" ]
    [ "$(jq -c '[.metrics.total_count, .metrics.success_rate]' "$told")" = \
        '[12,0.5]' ]
    [ "$(jq -r '.trackers[0].tracker' "$told")" = local ]
    [[ $(jq -r .text "$told") == "run exp-"????" finished: 12 records, 50.0 % success, 6 errors (2 timeouts)"*"local: $tracking/"* ]]
    [ "$(body_to slack | jq -r .text)" = "$(jq -r .text "$told")" ]
    [ "$(body_to discord | jq -r .content)" = "$(jq -r .text "$told")" ]
    [ "$(body_to discord | jq -c .allowed_mentions)" = '{"parse":[]}' ]
}

@test "no prompt and no answer is in it, and no address anywhere" {
    wrap -v --notify slack --notify discord --notify webhook \
        --notify command:./tell -- "$write_run" \
        --from "$fixtures/run_scored/run" --to "$runs/r" 2>err
    run ! grep -qi 'what is 2+2\|answer' "$told"
    run ! grep -rq "$secret" err "$XDG_STATE_HOME" "$runs" "$told" "$told.env"
    grep -q 'ITRACK_NOTIFY_SLACK=\*\*\*' err
    run ! grep -q ITRACK_NOTIFY_ "$told.env"
    # With a server that refuses, too.
    answer '[{"status": 404, "body": "no_service"}]'
    wrap -v --notify slack -- "$write_run" \
        --from "$fixtures/run_plain/run" --to "$runs/s" 2>err
    grep -q 'itrack: --notify slack: .*404' err
    run ! grep -q "$secret" err
    # A redirect is not followed.
    rm "$server/log"
    answer '[{"match": "/slack/", "status": 307, "headers": {"Location": "/elsewhere"}}]'
    wrap -v --notify slack -- "$write_run" \
        --from "$fixtures/run_plain/run" --to "$runs/t" 2>err
    grep -q 'itrack: --notify slack: .*307' err
    run ! grep -q elsewhere "$server/log"
}

@test "the process list has no address" {
    mkfifo gate
    exec 7<>gate
    "$BUILD/bin/itrack-wrap" --notify slack -- "$write_run" --gate gate \
        --from "$fixtures/run_plain/run" --to "$runs/r" 7>&- 3>&- 2>err &
    job=$!
    echo >&7
    wait_until pgrep -P $job itrack-worker
    run ! grep -al "$secret" /proc/[0-9]*/cmdline
    kill -9 $job
    for _ in $(seq 40); do echo >&7; done
    wait_until grep -q slack "$server/log"
    exec 7>&-
}

@test "failed, killed and stopped runs: one event each" {
    wrap --notify command:./tell -- "$write_run" --mode stop --from \
        "$fixtures/run_errors/run" --to "$runs/a" 2>err || [ $? -eq 1 ]
    [ "$(jq -r .event "$told")" = failed ]
    rm "$told"
    wrap --notify command:./tell -- "$write_run" --die-by 9 --stop-after 3 \
        --from "$fixtures/run_errors/run" --to "$runs/b" 2>err || [ $? -gt 128 ]
    [ "$(jq -r .event "$told")" = killed ]
    rm "$told"
    # It stands still behind the record with which the rule holds, until it is stopped.
    start_gated env --default-signal=INT "$BUILD/bin/itrack-wrap" --notify command:./tell \
        --stop-if 'error_count > 1' -- "$write_run" --gate gate \
        --from "$fixtures/run_errors/run" --to "$runs/c"
    turn 7
    wait_until ended "$job" || :
    finish
    [ "$status" -eq 130 ]
    [ "$(jq -cs 'map([.event, .run.status])' "$told")" = \
        '[["stopped","killed"]]' ]
    [[ $(jq -r .run.stopped_by "$told") == "error_count > 1: "* ]]
    [[ $(jq -r .text "$told") == *"stopped by --stop-if error_count > 1"* ]]
}

@test "a name that calls people calls nobody" {
    mkdir "$runs/<!channel> @everyone"
    wrap --notify slack --notify discord -- "$write_run" --overwrite \
        --from "$fixtures/run_plain/run" --to "$runs/<!channel> @everyone" 2>err
    [[ $(body_to slack | jq -r .text) == "run &lt;!channel&gt; @everyone-"* ]]
    [[ $(body_to discord | jq -c .allowed_mentions) == '{"parse":[]}' ]]
}

@test "W&B's own alert, once, of a run that is there" {
    mkdir wb
    python3 "$BATS_TEST_DIRNAME/../servers/fake_wandb.py" wb >/dev/null 3>&- &
    fake=$!
    wait_until test -s wb/url
    export WANDB_BASE_URL WANDB_API_KEY
    WANDB_BASE_URL=$(cat wb/url)
    WANDB_API_KEY=$(printf 'k%.0s' $(seq 40))
    wrap -t wandb --notify wandb -- "$write_run" --mode stop --from \
        "$fixtures/run_errors/run" --to "$runs/exp" 2>err || [ $? -eq 1 ]
    [ "$(jq '.alerts | length' wb/state.json)" -eq 1 ]
    [ "$(jq -r '.alerts[0].runName' wb/state.json)" = \
        "$(jq -r '.runs | keys[0]' wb/state.json)" ]
    [ "$(jq -c '.alerts[0] | [.entityName, .projectName, .severity, .title]' \
        wb/state.json)" = \
        '["default-team","insidellms","ERROR","insidellms: a run has failed"]' ]
    [[ $(jq -r '.alerts[0].text' wb/state.json) == "run exp-"????" failed: "* ]]
    [ "$(jq -c .problems wb/state.json)" = '[]' ]
    run ! grep -q -- --notify err
    # An offline run has none, and that is said.
    unset WANDB_API_KEY
    run -0 wrap -t wandb --notify wandb -- "$write_run" --from \
        "$fixtures/run_plain/run" --to "$runs/off"
    [[ $output == *"--notify wandb: the run is not on a server"* ]]
    run -125 wrap --notify wandb -- touch started
    [[ $output == *"--notify wandb needs the run to be there: --track wandb"* ]]
}

@test "who does not answer is given up with the drain, and said" {
    answer '[{"stall": true}]'
    cat >hang <<'SH'
#!/bin/sh
echo $$ >pid
exec sleep 1000
SH
    chmod +x hang
    before=$SECONDS
    run -0 wrap --drain 1 --notify webhook --notify command:./hang -- \
        "$write_run" --from "$fixtures/run_plain/run" --to "$runs/r"
    [ $((SECONDS - before)) -lt 20 ]
    [[ $output == *"--notify webhook: no answer in time"* ]]
    [[ $output == *"--notify command:./hang: no answer in time"* ]]
    run ! kill -0 "$(cat pid)"
}

@test "a program that is not there, and one that fails, are said" {
    printf '#!/bin/sh\nexit 3\n' >fails
    chmod +x fails
    run -0 wrap --notify command:no_such_program --notify command:./fails \
        -- "$write_run" --from "$fixtures/run_plain/run" --to "$runs/r"
    [[ $output == *"--notify command:no_such_program: no such program"* ]]
    [[ $output == *"--notify command:./fails: the program ended with status 3"* ]]
}

@test "a target that is none is refused before the launch, without its address" {
    for target in "$ITRACK_NOTIFY_SLACK" "webhook:$url/$secret" \
        "user:$secret@host" "http:$secret"; do
        run -125 wrap --notify "$target" -- touch started
        [[ $output == "itrack-wrap: --notify takes no address"* ]]
        [[ $output != *"$secret"* ]]
    done
    run -125 wrap --notify slak -- touch started
    [[ $output == *"did you mean slack?"* ]]
    run -125 wrap --notify command: -- touch started
    [[ $output == *"without a program"* ]]
    run -125 wrap "--notify-slack=$url/$secret" -- touch started
    [[ $output == *"set ITRACK_NOTIFY_SLACK"* && $output != *"$secret"* ]]
    ITRACK_NOTIFY_SLACK=ftp://$secret/ run -125 wrap -- touch started
    [[ $output != *"$secret"* ]]
    unset ITRACK_NOTIFY_SLACK
    run -125 wrap --notify slack -- touch started
    [[ $output == *"--notify slack has no address: set ITRACK_NOTIFY_SLACK"* ]]
    [ ! -e started ]
    mkdir -p "$XDG_CONFIG_HOME/itrack"
    printf 'notify = slack\nnotify-slack = %s\n' "$url/slack/x" \
        >"$XDG_CONFIG_HOME/itrack/config"
    wrap -q -- "$write_run" --from "$fixtures/run_plain/run" --to "$runs/r"
    [ "$(times_told slack)" -eq 1 ]
    wrap -q --notify no -- "$write_run" --from "$fixtures/run_plain/run" \
        --to "$runs/s"
    [ "$(times_told slack)" -eq 1 ]
}

@test "without a journal nobody is told, because it might be twice" {
    XDG_STATE_HOME=/dev/null/no run -0 wrap --notify command:./tell -- \
        "$write_run" --from "$fixtures/run_plain/run" --to "$runs/r"
    [[ $output == *"--notify: nobody was told, because without a journal"* ]]
    [ ! -e "$told" ]
}

@test "workers that are killed at any moment never tell twice" {
    # The answer takes its time, so that kills hit what is under way, too.
    answer '[{"stall": 0.05}]'
    wrap=$BUILD/bin/itrack-wrap write_run=$write_run runs=$runs \
        from=$fixtures/run_plain/run rounds=${ITRACK_TORTURE:+200} \
        python3 - <<'PY'
import os, random, signal, subprocess, time

env = os.environ
seed = random.randrange(10**9)
random.seed(seed)
for i in range(int(env["rounds"] or 12)):
    run_dir = f"{env['runs']}/k{i}"
    process = subprocess.Popen(
        [env["wrap"], "-q", "--notify", "webhook", "--notify", "command:./tell",
         "--drain", "60", "--", env["write_run"], "--from", env["from"],
         "--to", run_dir, "--pace", "3"], stdout=subprocess.DEVNULL)
    for _ in range(random.choice([1, 1, 2])):
        end = time.monotonic() + random.random() * 0.2
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.001)
        found = subprocess.run(["pgrep", "-P", str(process.pid), "itrack-worker"],
                               capture_output=True, text=True).stdout.split()
        for pid in found:
            try:
                os.kill(int(pid), signal.SIGKILL)
            except ProcessLookupError:
                pass
    assert process.wait() in (0,), (seed, i)
PY
    [ -s "$told" ]
    [ -z "$(jq -r .run.run_dir "$told" | sort | uniq -d)" ]
    [ -z "$(cat "$server"/requests/*.body | jq -r .run.run_dir | sort | uniq -d)" ]
    # Nor does who finishes what they have left.
    cp "$told" before
    run itrack sync
    cmp "$told" before
}
