#!/usr/bin/env bats
# The recipes of docs/recipes.md, as they stand there.

load runs
load insidellms

setup() {
    use_clean_home
    fake_insidellms
    export PATH=$BUILD/bin:$PATH
}

# The n-th block of a language below a heading of the page.
recipe() { # heading language [n]
    awk -v heading="## $1" -v want="$2" -v n="${3:-1}" '
        /^## / { here = $0 == heading }
        /^```$/ { if (on) exit; next }
        here && /^```/ { on = substr($0, 4) == want && ++seen == n; next }
        on' "$top/docs/recipes.md"
}

finished() { # directory: how many runs the local tracker has there
    grep -ls '"status": "finished"' "$1"/*/*/final_state.json | wc -l
}

@test "Makefile" {
    recipe Makefile make >eval.mk
    mkdir suites
    touch suites/a.yaml suites/b.yaml
    unset MAKEFLAGS MFLAGS MAKELEVEL TRACK
    run -0 make -f eval.mk -j2
    [ -e suites/a.done ] && [ -e suites/b.done ]
    [ "$(finished runs/tracking)" = 2 ]
}

@test "cron" {
    local line
    mkdir "$HOME/eval"
    touch "$HOME/eval/exp.yaml"
    recipe cron crontab >table
    grep -q '^MLFLOW_TRACKING_URI=' table
    # As cron does it: five fields, then a line for sh. Nobody listens there.
    sed -n 's/^[0-9*]* [0-9*]* [0-9*]* [0-9*]* [0-9*]* //p' table >lines
    [ "$(wc -l <lines)" = 2 ]
    while read -r line; do
        run --separate-stderr env MLFLOW_TRACKING_URI=http://127.0.0.1:9 \
            ITRACK_DRAIN=0 sh -c "$line"
        [ "$status" -le 1 ]
        [ -z "$output" ]
    done <lines
    # The worker goes on when its launcher has left.
    wait_until eval \
        "[ \"\$(itrack status --json | jq '[.. | .run_id? | strings] | unique | length')\" = 1 ]"
}

@test "Stop early, and tell" {
    recipe "Stop early, and tell" sh >stop.sh
    touch exp.yaml
    ITRACK_NOTIFY_SLACK=http://127.0.0.1:9/x run -0 sh -e stop.sh
    [[ $output == *" finished: "*"--notify slack: "* ]]
}

@test "GitHub Actions" {
    recipe "GitHub Actions" yaml >workflow.yml
    local line
    line=$(sed -n 's/^ *- run: //p' workflow.yml)
    touch exp.yaml
    [[ $line == itrack-wrap* ]]
    XDG_STATE_HOME=$PWD/state MLFLOW_TRACKING_URI=http://127.0.0.1:9 \
        run -0 bash -c "${line/--drain 120/--drain 0}"
    [ "$(finished tracking)" = 1 ]
    [ -d state/itrack/runs ]
}

# The steps of a workflow as the runner takes them: those with a condition on the
# branch only on that branch, the comparison if there is something to compare with.
run_steps() { # branch: prints the output; the status of the first step that fails
    local line condition status=0
    while IFS=$'\t' read -r line condition; do
        case $condition in
        *hashFiles*) [ -e base/records.jsonl ] || continue ;;
        *refs/heads/main*) [ "$1" = main ] || continue ;;
        esac
        bash -e -c "$line" 3>&- || status=$?
        [ "$status" = 0 ] || return "$status"
    done < <(awk '
        function flush() { if (step != "") print step "\t" condition; step = condition = "" }
        /^      - / { flush() }
        sub(/^      - run: /, "") { step = $0; next }
        sub(/^        if: /, "") { condition = $0 }
        END { flush() }' gate.yml)
}

@test "GitHub Actions: a gate" {
    recipe "GitHub Actions: a gate" yaml >gate.yml
    [ "$(grep -c '^      - run: ' gate.yml)" = 4 ]
    touch exp.yaml
    export GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=$PWD/summary.md
    # The first run of the main branch has nothing to be compared with.
    run -0 run_steps main
    [ -e base/records.jsonl ] && [ -s report.html ] && [ ! -e summary.md ]
    rm -rf results report.html
    run -0 run_steps topic
    [[ $output == *"12 pairs by replicate key"* ]]
    grep -q '^| overall | success' summary.md
    grep -q 'id="comparison"' report.html
    # Half of the records fail: the job does, too.
    rm -rf results
    sed -i 's|run_plain|run_errors|' bin/insidellms
    cp -r "$fixtures/run_errors/run/." base
    sed -i 's/"status":"[a-z]*"/"status":"success"/' base/records.jsonl
    run -122 run_steps topic
    [[ $output == *"success_rate drops 0.02: HOLDS"* ]]
    grep -q 'holds' summary.md
}

@test "Slurm array" {
    recipe "Slurm array" bash 1 >job.sh
    recipe "Slurm array" bash 2 >follow.sh
    mkdir configs
    touch configs/3.yaml configs/4.yaml
    local task
    for task in 3 4; do
        SLURM_ARRAY_JOB_ID=17 SLURM_ARRAY_TASK_ID=$task run -0 bash job.sh
    done
    grep -qx 'itrack sync --follow state/itrack' follow.sh
    ls state/itrack/runs
    [ "$(ls state/itrack/runs | wc -l)" = 2 ]
}

# What kubelet would start: a container's command as a line for the shell, with its
# variables, in a pod whose volumes are folders here. MLflow's files stand in
# place of its server.
container() { # file name
    "$python" - "$1" "$2" <<'END'
import os, re, shlex, sys, yaml

pod = yaml.safe_load(open(sys.argv[1]))["spec"]["template"]["spec"]
volumes = {v["name"] for v in pod["volumes"]}
[c] = [c for c in pod["containers"] + pod.get("initContainers", [])
       if c["name"] == sys.argv[2]]
fields = {"metadata.name": "evaluation-x7k2p", "metadata.namespace": "research"}
env = {}
for e in c["env"]:
    env[e["name"]] = e["value"] if "value" in e else fields[
        e["valueFrom"]["fieldRef"]["fieldPath"]]

def here(word):
    word = re.sub(r"\$\((\w+)\)", lambda m: env[m[1]], word)
    for mount in c["volumeMounts"]:
        assert mount["name"] in volumes
        if re.match(mount["mountPath"] + "(/|$)", word):
            return os.getcwd() + word
    return word.replace("http://mlflow:5000", os.getcwd() + "/mlruns")

print(shlex.join(["exec", "env"] + [f"{n}={here(v)}" for n, v in env.items()] +
                 [here(w) for w in c.get("command", []) + c.get("args", [])]))
END
}

in_a_cluster() {
    python=$("$top/scripts/test-venv" yaml)/bin/python ||
        skip "no PyYAML"
    mkdir results config
    touch config/exp.yaml
}

# The one run of MLflow's file store has ended well, and has the pod's name.
tracked_in_pod() {
    [ "$(grep -h '^status:' mlruns/*/*/meta.yaml)" = 'status: 3' ]
    [[ $(cat mlruns/*/*/tags/mlflow.runName) == evaluation-x7k2p-???? ]]
}

@test "Kubernetes: a job" {
    in_a_cluster
    recipe "Kubernetes: a job" yaml >job.yaml
    container job.yaml evaluate >evaluate.sh
    run -0 bash evaluate.sh
    tracked_in_pod
    [ "$(cat mlruns/*/*/params/POD_NAMESPACE)" = research ]
    [ -d results/state/itrack ]
}

@test "Kubernetes: a sidecar" {
    in_a_cluster
    recipe "Kubernetes: a sidecar" yaml >job.yaml
    container job.yaml itrack >sidecar.sh
    container job.yaml evaluate >evaluate.sh
    bash sidecar.sh 2>sidecar.said 3>&- &
    local sidecar=$!
    wait_until grep -q watching sidecar.said
    run -0 bash evaluate.sh
    # As kubelet does when the other container has ended.
    kill -TERM "$sidecar"
    wait "$sidecar"
    tracked_in_pod
    [ "$(cat mlruns/*/*/tags/pod)" = evaluation-x7k2p ]
    [ -d results/.state/itrack ]
}

@test "systemd" {
    recipe systemd ini >deliver.service
    [ -s deliver.service ]
    command -v systemd-analyze >/dev/null || skip "no systemd-analyze"
    sed -i "s|/usr/local/bin/itrack|$BUILD/bin/itrack|" deliver.service
    run -0 systemd-analyze verify "$PWD/deliver.service"
    [ -z "$output" ]
}

# Docker itself can't be had in the tests. What the first stage makes is made here,
# and started by the words of ENTRYPOINT from where it lies then.
@test "Docker" {
    recipe Docker dockerfile >Dockerfile
    local step entry
    step=$(sed -n 's/^RUN \(make .*\)/\1/p' Dockerfile)
    entry=$(sed -n 's/^ENTRYPOINT //p' Dockerfile | jq -r 'join(" ")')
    unset MAKEFLAGS MFLAGS MAKELEVEL
    step=${step//\/src/$top}
    PREFIX=/usr/local run -0 sh -c "${step//\/image/$PWD/image}"
    touch exp.yaml
    ITRACK_TRACK=local run -0 sh -c \
        "$PWD/image/usr/local/bin/$entry insidellms run exp.yaml --run-dir runs/a"
    [ "$(finished runs/tracking)" = 1 ]
}

# What the image installs is what the build installs, and what the last stage has
# is what the programs load.
@test "Docker: the packages are those of the build" {
    recipe Docker dockerfile >Dockerfile
    local package
    # shellcheck disable=SC2016
    for package in $(sh -c "$(sed -n "/^build='/,/'\$/p" "$top/scripts/install-deps"); echo \$build"); do
        [ "$package" = libc6-dev ] || grep -qw -- "$package" Dockerfile || {
            echo "$package is not there"
            return 1
        }
    done
    for package in $(objdump -p "$BUILD/libexec/itrack/itrack-worker" |
        sed -n 's/^ *NEEDED *lib\([a-z]*\).*/\1/p' | grep -v -x c -x m); do
        grep -q "lib$package\|${package}1g" Dockerfile || {
            echo "lib$package is not there"
            return 1
        }
    done
}
