#!/usr/bin/env bats
# Servers that are run in other ways: behind a login, under a prefix, without
# passing files on, with several workers.

bats_require_minimum_version 1.5.0
load mlflow.bash

setup_file() {
    clean_environment
    export venv
    venv=$("$top/scripts/test-venv" mlflow) ||
        skip "no mlflow package"
}

setup() {
    clean_environment
    state=$BATS_TEST_TMPDIR/state
    e=$BATS_TEST_TMPDIR/entries.jsonl
    server=$BATS_TEST_TMPDIR/server
    port=$(free_port)
    url=http://127.0.0.1:$port
    "$here/odd_entries.py" 20261123T130842Z-00000000000a 20 2 \
        "$top/tests/fixtures/run_plain/run/manifest.json" >"$e"
}

teardown() {
    show_last
    stop_server "$server"
}

@test "a server with a login: refused without, delivered with" {
    cd "$BATS_TEST_TMPDIR"
    export MLFLOW_FLASK_SERVER_SECRET_KEY=x
    export MLFLOW_AUTH_ADMIN_PASSWORD=a-long-secret-1
    start_server "$server" "$port" --app-name basic-auth
    run -1 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    [[ $output == *"the login is refused"*MLFLOW_TRACKING_USERNAME* ]]
    run -1 "$BUILD/bin/itrack" doctor -t mlflow --mlflow-uri "$url"
    [[ $output == *"the login is refused"* ]]
    export MLFLOW_TRACKING_USERNAME=admin
    MLFLOW_TRACKING_PASSWORD=wrong-secret run -1 "$deliver" "$state" "$e" \
        mlflow "mlflow-uri=$url"
    [[ $output != *wrong-secret* ]]
    mkdir -p "$HOME/.mlflow"
    printf '[mlflow]\nmlflow_tracking_password = a-long-secret-1\n' \
        >"$HOME/.mlflow/credentials"
    "$deliver" -d 180000 "$state" "$e" mlflow "mlflow-uri=$url"
    MLFLOW_TRACKING_PASSWORD=a-long-secret-1 check "$url" "$e"
    run ! grep -rq a-long-secret "$state"
}

@test "under a prefix, files in a directory of this machine, four workers" {
    start_server "$server" "$port" --static-prefix /p --no-serve-artifacts \
        --default-artifact-root "$BATS_TEST_TMPDIR/shared" --workers 4
    run -1 "$deliver" "$state" "$e" mlflow "mlflow-uri=$url"
    [[ $output == *"no MLflow server answers there"*prefix* ]]
    "$deliver" -d 180000 "$state" "$e" mlflow "mlflow-uri=$url/p"
    [ -n "$(find "$BATS_TEST_TMPDIR/shared" -name manifest.json)" ]
    check "$url/p" "$e"
}

@test "a database that another process holds locked: nothing lost or twice" {
    local held=$BATS_TEST_TMPDIR/held
    "$here/odd_entries.py" 20261123T130842Z-00000000000a 200 2 \
        "$top/tests/fixtures/run_plain/run/manifest.json" >"$e"
    start_server "$server" "$port"
    "$deliver" -p 20 -d 180000 "$state" "$e" mlflow "mlflow-uri=$url" \
        >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
    local pid=$!
    wait_for 60 opened
    mkfifo "$held.end"
    python3 - "$server/mlflow.db" "$held" <<'PY' 3>&- &
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
open(sys.argv[2], "w").close()
open(sys.argv[2] + ".end").read()
db.execute("ROLLBACK")
PY
    wait_for 60 test -e "$held"
    # The server waits for 20 s, then says that it can't.
    wait_for 120 grep -q '" 503 ' "$server/log"
    : >"$held.end"
    wait "$pid" || { cat "$BATS_TEST_TMPDIR/out"; false; }
    check "$url" "$e"
}
