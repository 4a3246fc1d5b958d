#!/usr/bin/env bats
# The command blocks of README.md, as they stand there and in their order, typed by
# somebody with an empty home: with real servers of MLflow and TensorBoard, W&B
# offline, and our receiver of OpenTelemetry. Each must succeed.

load runs
load insidellms
load ../trackers/otlp

# What was typed stands in `typed`, what came in `said`; the tests look at it.
setup_file() {
    [ -z "${SANITIZE:-}" ] || return 0
    local name
    for name in mlflow tensorboard wandb; do
        "$top/scripts/test-venv" "$name" >/dev/null || return 0
    done
    BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR use_clean_home
    mkdir usr
    venv=$BUILD/venv-mlflow start_receiver "$BATS_FILE_TMPDIR/otlp"
    unset "${!OTEL_@}" XDG_STATE_HOME XDG_CONFIG_HOME MAKEFLAGS MFLAGS MAKELEVEL
    export MLFLOW_DISABLE_TELEMETRY=true GIT_PYTHON_REFRESH=quiet
    export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false MLFLOW_WORKERS=1 WANDB_ERROR_REPORTING=false
    # However slow the servers are.
    export ITRACK_DRAIN=600
    fake_insidellms
    other_commands
    for name in 5000 6006; do
        free_port >"port.$name"
    done
    mkdir checkout
    tar -C "$top" -c --exclude=./build --exclude=./.git . | tar -C checkout -x
    cd checkout || return
    blocks | sed "s/\b5000\b/$(cat "$BATS_FILE_TMPDIR/port.5000")/g
        s|http://127.0.0.1:4318|$(cat "$BATS_FILE_TMPDIR/otlp/url")|
        s/^tensorboard .*[^&]/&--port $(cat "$BATS_FILE_TMPDIR/port.6006") /" \
        >"$BATS_FILE_TMPDIR/typed"
    # setsid: the servers that it leaves behind are of one group. timeout: who waits for a
    # server waits for ever if that does not start.
    BUILD=$BUILD PREFIX=$BATS_FILE_TMPDIR/usr PATH=$BATS_FILE_TMPDIR/usr/bin:$PATH \
        setsid -w timeout -k 10 900 bash -eu -c 'ps -o pgid= $$ | tr -d " " >"$1/group"
        . "$1/typed"
        set +x; for i in $(seq 1200); do
            curl -sf --max-time 60 -o "$1/boards" "http://127.0.0.1:$2/data/runs" &&
                grep -q insidellms/ "$1/boards" && break
            sleep 0.1; done; echo whole' \
        readme "$BATS_FILE_TMPDIR" "$(cat "$BATS_FILE_TMPDIR/port.6006")" \
        >"$BATS_FILE_TMPDIR/said" 2>&1 3>&- 4>&- </dev/null || :
}

teardown_file() {
    [ ! -s "$BATS_FILE_TMPDIR/otlp/pid" ] ||
        kill "$(cat "$BATS_FILE_TMPDIR/otlp/pid")"
    [ ! -s "$BATS_FILE_TMPDIR/group" ] ||
        kill -KILL -- "-$(cat "$BATS_FILE_TMPDIR/group")" || :
}

setup() {
    [ -z "${SANITIZE:-}" ] || skip "needs the programs as they are installed"
    cd "$BATS_FILE_TMPDIR" || return
    [ -s typed ] || skip "no mlflow, tensorboard or wandb package"
}

# The blocks of four blanks, each with the line that it begins in. What is said of
# the library stands "in the checkout".
blocks() {
    echo "PS4='+ \$SECONDS '; set -x"
    awk -v top="$BATS_FILE_TMPDIR/checkout" '
        /^```/ { fenced = !fenced }
        /^## As a library/ { printf "cd \"%s\"\n", top }
        !fenced && /^    / && (on || before == "") { on = 1; print substr($0, 5) }
        !/^    / { on = 0 }
        { before = $0 }' "$top/README.md"
}

# In place of what a test may not do: sudo, and packages from the network, which
# scripts/test-venv has fetched.
other_commands() {
    cat >bin/sudo <<'END'
#!/bin/sh
exec "$@"
END
    cat >bin/python3 <<END
#!/bin/bash
case "\$1 \$2" in "-m venv") ;; *) exec "$(command -v python3)" "\$@" ;; esac
mkdir -p "\$3/bin"
cat >"\$3/bin/pip" <<'PIP'
#!/bin/bash
set -eu
for name in tensorboard mlflow wandb; do
    ln -s "$BUILD/venv-\$name/bin/\$name" "\${0%/*}"
done
PIP
chmod +x "\$3/bin/pip"
END
    cat >bin/pip <<END
#!/bin/sh
PIP_NO_INDEX=1 PIP_TARGET="$BATS_FILE_TMPDIR/lib" exec "$(command -v python3)" -m pip "\$@"
END
    chmod +x bin/sudo bin/python3 bin/pip
}

@test "each command of the README works, in their order" {
    [ "$(tail -n 1 said)" = whole ] || {
        tail -n 40 said
        return 1
    }
    [ "$(grep -c '^itrack-wrap\|^ *until itrack\|^itrack ' typed)" -ge 12 ]
}

@test "MLflow has the run of the README" {
    curl -sf "http://127.0.0.1:$(cat port.5000)/api/2.0/mlflow/runs/search" \
        -H 'content-type: application/json' -d '{"experiment_ids": ["1"]}' >runs.json
    jq -e '[.runs[] | select(.info.run_name | startswith("exp-"))] | length == 1 and
        (.[0] | .info.status == "FINISHED" and
            ([.data.metrics[].key] | index("success_rate") != null))' runs.json
}

@test "TensorBoard has the run of the README" {
    jq -e 'map(select(startswith("insidellms/"))) | length == 1' boards
}

@test "W&B's own program reads the run of the README" {
    "$BUILD/venv-wandb/bin/wandb" leet inspect --json \
        home/evaluation/wandb/offline-run-*/*.wandb >records
    jq -es 'map(select(.type == "exit")) | length == 1' records
}

@test "the receiver of OpenTelemetry has the run of the README" {
    jq -es 'map(select(.name | startswith("insidellms.success_rate"))) | length > 0' \
        otlp/metrics.jsonl
    [ ! -s otlp/violations ]
}

@test "the README names the versions that the tests have" {
    local name version
    for name in mlflow:MLflow tensorboard:TensorBoard wandb:'`wandb`'; do
        version=$("$BUILD/venv-${name%:*}/bin/python" -c "
import importlib.metadata as m
print('.'.join(m.version('${name%:*}').split('.')[:2]))")
        tr '\n' ' ' <"$top/README.md" | grep -qF "${name#*:} $version" || {
            echo "not in the README: ${name#*:} $version"
            return 1
        }
    done
}
