#!/usr/bin/env bats
# An MLflow server as teams run it: PostgreSQL behind it, the files through its own
# proxy, four workers, and 20 wrappers that end together (`make torture`).

bats_require_minimum_version 1.5.0
load mlflow.bash
load ../others

WRAPPERS=20

setup_file() {
    export missing=
    [ -n "${ITRACK_TORTURE:-}" ] || {
        missing="not asked for: ITRACK_TORTURE=1"
        return 0
    }
    clean_environment
    command -v initdb >/dev/null || PATH=$PATH:$(echo /usr/lib/postgresql/*/bin)
    command -v initdb >/dev/null || {
        missing="no PostgreSQL here"
        return 0
    }
    export PATH venv
    venv=$("$top/scripts/test-venv" mlflow-postgres 'mlflow[auth]==3.17.2' \
        psycopg2-binary) || missing="no mlflow and psycopg2 packages"
}

setup() {
    [ -z "$missing" ] || skip "$missing"
    clean_environment
    server=$BATS_TEST_TMPDIR/server
    data=$(mktemp -d /tmp/itrack-pg.XXXXXX) # a socket's path is short
    cd "$BATS_TEST_TMPDIR"
}

teardown() {
    [ -z "$missing" ] || return 0
    [ ! -e "$server/pid" ] || stop_server "$server"
    cd "$data"
    [ ! -e "$data/db/postmaster.pid" ] ||
        as_database pg_ctl -D "$data/db" -m immediate -w stop >/dev/null
    cd /
    rm -rf "$data"
}

# PostgreSQL refuses root.
as_database() {
    if [ "$(id -u)" -eq 0 ]; then as_other "$@"; else "$@"; fi
}

start_database() {
    [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$data"
    (
        cd "$data"
        as_database initdb -D "$data/db" -U mlflow -A trust --no-sync >"$BATS_TEST_TMPDIR/initdb"
        as_database pg_ctl -D "$data/db" -l "$data/log" -w \
            -o "-k $data -c listen_addresses='' -c max_connections=100" \
            start >/dev/null 3>&-
        as_database createdb -h "$data" -U mlflow mlflow
    )
}

# Ends when all of them have.
wrap_all() {
    local i pids=()
    for ((i = 0; i < WRAPPERS; i++)); do
        "$BUILD/bin/itrack-wrap" -q --track mlflow --mlflow-uri "$url" -p many \
            --drain 120 --report "report.$i" --system-metrics=no -- \
            "$BUILD/tests/programs/write_run" --quiet --mode run --from \
            "$top/tests/fixtures/run_plain/run" --to "runs/$i" 3>&- &
        pids+=($!)
    done
    wait "${pids[@]}"
}

read_back() {
    "$venv/bin/python" - "$url" <<'PY'
import sys, tempfile, pathlib
from mlflow import MlflowClient
client = MlflowClient(tracking_uri=sys.argv[1])
experiment = client.get_experiment_by_name("many")
for run in client.search_runs([experiment.experiment_id], max_results=1000):
    history = client.get_metric_history(run.info.run_id, "success_count")
    with tempfile.TemporaryDirectory() as to:
        got = client.download_artifacts(run.info.run_id, "records.jsonl", to)
        size = pathlib.Path(got).stat().st_size
    print(run.info.status, int(run.data.metrics["record_count"]),
          len(history), size)
PY
}

@test "PostgreSQL and proxied files: 20 wrappers that end together" {
    start_database
    port=$(free_port)
    url=http://127.0.0.1:$port
    # The last of an option counts.
    start_server "$server" "$port" --workers 4 --backend-store-uri \
        "postgresql+psycopg2://mlflow@/mlflow?host=$data"
    export XDG_STATE_HOME=$PWD/state
    began=$EPOCHREALTIME
    wrap_all
    echo "# $WRAPPERS wrappers and PostgreSQL:" \
        "$(python3 -c "print(round($EPOCHREALTIME - $began, 1))") s" >&3
    [ "$(grep -l '"state": *"complete"' report.* | wc -l)" -eq "$WRAPPERS" ]
    [ -z "$(ls state/itrack/runs)" ]
    size=$(stat -c %s "$top/tests/fixtures/run_plain/run/records.jsonl")
    read_back >runs.txt
    sort runs.txt | uniq -c
    [ "$(grep -cx "FINISHED 12 12 $size" runs.txt)" -eq "$WRAPPERS" ]
    [ "$(wc -l <runs.txt)" -eq "$WRAPPERS" ]
    # Nothing is sent twice to who has it.
    run -0 "$BUILD/bin/itrack" import -t mlflow --mlflow-uri "$url" -p many runs/*
    read_back >again.txt
    [ "$(wc -l <again.txt)" -eq "$WRAPPERS" ]
}
