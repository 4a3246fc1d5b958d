#!/usr/bin/env bats
# The wheel in fresh roots of each Debian that there is, delivering to a real MLflow
# server over TLS with a private authority. In make torture alone.

bats_require_minimum_version 1.5.0

setup_file() {
    load packages
    export missing=
    [ -n "${ITRACK_TORTURE:-}" ] || {
        missing="not asked for: ITRACK_TORTURE=1"
        return 0
    }
    "$top/scripts/install-deps" -- debootstrap || {
        missing="debootstrap can't be installed"
        return 0
    }
    clean_home
    make_wheel
    [ -n "$missing" ] || start_tls_server
}

teardown_file() {
    load packages
    stop_tls_server
}

setup() {
    load packages
    [ -z "$missing" ] || skip "$missing"
    cd "$BATS_TEST_TMPDIR"
    root=$BATS_TEST_TMPDIR/root
}

teardown() {
    rm -rf "$BATS_TEST_TMPDIR/root"
}

# is_used SUITE PIP-OPTION...: the wheel there, in an environment of its Python.
is_used() {
    local run="/root/runs/$1"
    fresh_root "$1" "$root"
    shift
    installs "$root" python3-venv
    cp -r "$top/demo" "$wheel" "$tls/ca.pem" "$root/root/"
    in_root "$root" python3 -m venv env
    in_root "$root" env/bin/pip install --quiet --no-index \
        --disable-pip-version-check "$@" "/root/${wheel##*/}"
    run -0 in_root "$root" env/bin/itrack --version
    [ "$output" = "itrack $(cat "$top/VERSION")" ]
    # A run, to files; the preload library is found and works.
    run -0 in_root "$root" env/bin/itrack-wrap -v -- demo/run.sh "$run" 3
    [[ $output == *"with the preload library"* ]]
    [ "$(jq -r .status "$root"/root/runs/tracking/insidellms/*/final_state.json)" = finished ]
    # To the server, which nobody trusts but by the private authority.
    run ! in_root "$root" env/bin/itrack doctor --track mlflow \
        --mlflow-uri "$MLFLOW_TRACKING_URI"
    [[ $output == *certificate* ]]
    run -0 in_root "$root" env SSL_CERT_FILE=/root/ca.pem env/bin/itrack-wrap \
        --track mlflow --mlflow-uri "$MLFLOW_TRACKING_URI" -- demo/run.sh "$run-tls" 3
    finished_at_server "$run-tls"
    run -0 in_root "$root" env/bin/python -c 'import itrack
with itrack.LocalFileTracker(output_dir="module") as tracker:
    tracker.start_run("one")
    tracker.log_metrics({"accuracy": 0.5})'
    [ "$(jq -r .status "$root"/root/module/*/one/final_state.json)" = finished ]
    run -0 in_root "$root" env/bin/itrack doctor
    [[ $output != *problem* ]]
}

# Its Python, 3.9, is older than those that the wheel is for.
@test "the wheel in Debian 11" { is_used bullseye --ignore-requires-python; }

@test "the wheel in Debian 12" { is_used bookworm; }

@test "the wheel in Debian 13" { is_used trixie; }
