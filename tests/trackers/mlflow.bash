# What the MLflow tests share: a real server from PyPI, entries, delivery.

load ../common

export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_ALLOW_FILE_STORE=true
# Its background jobs are nine processes that we have no use for.
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
export GIT_PYTHON_REFRESH=quiet

top=$BATS_TEST_DIRNAME/../..
here=$BATS_TEST_DIRNAME
deliver=$BUILD/tests/drivers/deliver

# The user's own settings would lead elsewhere.
clean_environment() {
    local name
    for name in $(compgen -e | grep -E '^(MLFLOW_TRACKING|MLFLOW_EXP|MLFLOW_RUN|ITRACK_|XDG_)' |
        grep -vx ITRACK_TORTURE); do
        unset "$name"
    done
    unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
    export HOME=$BATS_FILE_TMPDIR/home
    mkdir -p "$HOME"
}

# start_server DIR PORT [option]...: returns when it answers; DIR/pid is its
# process group.
start_server() {
    local dir=$1 port=$2 prefix=
    [[ " $* " != *" --static-prefix /p "* ]] || prefix=/p
    shift 2
    mkdir -p "$dir"
    setsid "$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" \
        --workers 1 --backend-store-uri "sqlite:///$dir/mlflow.db" \
        --artifacts-destination "$dir/artifacts" "$@" \
        >>"$dir/log" 2>&1 3>&- 4>&- &
    echo $! >"$dir/pid"
    disown # nothing is to be said when it is killed
    wait_for 300 curl -sf -o "$dir/health" "http://127.0.0.1:$port$prefix/health"
}

stop_server() {
    local pid
    pid=$(cat "$1/pid")
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait_for 120 gone "$pid"
}

# For setup_file: one server for all tests of a file, at $url. An empty $venv: there
# is no mlflow package.
start_file_server() {
    export venv port url
    venv=$("$top/scripts/test-venv" mlflow) ||
        { venv=; return 0; }
    port=$(free_port)
    url=http://127.0.0.1:$port
    start_server "$BATS_FILE_TMPDIR/server" "$port"
}

stop_file_server() {
    [ ! -e "$BATS_FILE_TMPDIR/server/pid" ] ||
        stop_server "$BATS_FILE_TMPDIR/server"
}

gone() {
    ! kill -0 -- "-$1" 2>/dev/null
}

# wait_for SECONDS command...
wait_for() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ "$SECONDS" -lt "$end" ] || return 1
        read -r -t 0.05 <> <(:) || true
    done
}

# entries FIXTURE MODE FILE: what itrack-wrap records for it.
entries() {
    local state
    state=$(mktemp -d "$BATS_FILE_TMPDIR/state.XXXXXX")
    XDG_STATE_HOME=$state "$BUILD/bin/itrack-wrap" -q --record-only \
        --track mlflow -- "$BUILD/tests/programs/write_run" --quiet \
        --mode "$2" --from "$top/tests/fixtures/$1/run" \
        --to "$state/runs/$1" >/dev/null
    cat "$state"/itrack/runs/*/journal.jsonl >"$3"
}

# Every entry there and equal, in the run of each attempt.
check() {
    "$venv/bin/python" "$here/check_mlflow.py" "$@"
}

# start_fake DIR [option]...: a server of our own; its URL is in DIR/url.
start_fake() {
    mkdir -p "$1"
    python3 "$top/tests/servers/fake_http.py" "$@" 3>&- 4>&- &
    echo $! >"$1/pid"
    wait_for 120 test -s "$1/url"
}

# The run exists at the server, and the cursor knows it.
opened() {
    grep -qs '"run"' "$state"/runs/*/cursor.mlflow
}
