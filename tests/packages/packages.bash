# What the tests of the packages share: which are built, a real MLflow server behind
# TLS with a certificate of a private authority.

load ../common

export MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false
export GIT_PYTHON_REFRESH=quiet

top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)

# built NAME: what scripts/NAME prints. make check has it built beside its other tests
# (scripts/test-packages).
built() {
    local at=${PACKAGES_MADE:-}
    if [ -z "$at" ]; then
        "$top/scripts/$1"
        return
    fi
    # What hangs there would hang here.
    local end=$((SECONDS + 1000))
    until [ -e "$at/$1.status" ]; do
        kill -0 "$(cat "$at/pid")" || break
        [ "$SECONDS" -lt "$end" ] || break
        read -rt 0.5 <> <(:) || true
    done
    cat "$at/$1.log" >&2
    cat "$at/$1"
    [ -e "$at/$1.status" ] || echo "$1: it does not come to its end" >&2
    return "$(cat "$at/$1.status")"
}

# make_wheel: $wheel; or $missing says why it can't be made here.
make_wheel() {
    local status=0
    export missing=
    [ "$(uname -m)" = x86_64 ] || missing="this test has no other machine"
    [ -z "${SANITIZE:-}" ] || missing="the same without sanitizers"
    [ -z "$missing" ] || return 0
    wheel=$(built wheel 2>"$BATS_FILE_TMPDIR/log") || status=$?
    export wheel
    if [ "$status" -eq 69 ]; then
        missing=$(tail -n 1 "$BATS_FILE_TMPDIR/log")
    elif [ "$status" -ne 0 ]; then
        cat "$BATS_FILE_TMPDIR/log"
    fi
    [ "$status" -eq 0 ] || [ "$status" -eq 69 ]
}

# of_embed TARGET: are the libraries of a target there already (they are built in
# minutes), or to be built? Else $missing says that the file can't run here.
of_embed() {
    export missing=
    if [ -n "${SANITIZE:-}" ]; then
        missing="the same without sanitizers"
    elif [ "$(uname -m)" != x86_64 ]; then
        missing="this test has no other machine"
    elif [ -z "${ITRACK_TORTURE:-}" ] && [ ! -d "$top/build/embed/$1/licenses" ]; then
        missing="the libraries are not built: scripts/embed $1, or ITRACK_TORTURE=1"
    else
        return 0
    fi
    return 1
}

# clean_home: nothing of the user's counts.
clean_home() {
    local name
    for name in $(compgen -e | grep -E '^(MLFLOW_TRACKING|MLFLOW_EXP|MLFLOW_RUN|ITRACK_|XDG_|WANDB_)' |
        grep -vx ITRACK_TORTURE); do
        unset "$name"
    done
    unset MAKEFLAGS MFLAGS MAKELEVEL PYTHONPATH http_proxy https_proxy HTTP_PROXY \
        HTTPS_PROXY all_proxy ALL_PROXY SSL_CERT_FILE REQUESTS_CA_BUNDLE
    export HOME=$BATS_FILE_TMPDIR/home
    mkdir -p "$HOME"
}

# make_certificates DIR: ca.pem, and of a server here server.pem and server.key.
make_certificates() {
    mkdir -p "$1"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj '/CN=a private CA' \
        -keyout "$1/ca.key" -out "$1/ca.pem" 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -subj /CN=localhost \
        -keyout "$1/server.key" -out "$1/server.csr" 2>/dev/null
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\n' >"$1/names"
    openssl x509 -req -in "$1/server.csr" -CA "$1/ca.pem" -CAkey "$1/ca.key" \
        -CAcreateserial -days 2 -extfile "$1/names" -out "$1/server.pem" 2>/dev/null
}

# start_tls_server: MLFLOW_TRACKING_URI is its address, $tls/ca.pem its authority.
start_tls_server() {
    local venv port
    venv=$("$top/scripts/test-venv" mlflow 2>/dev/null) ||
        venv=$top/build/venv-mlflow
    [ -x "$venv/bin/mlflow" ] || return 1
    tls=$BATS_FILE_TMPDIR/tls
    make_certificates "$tls"
    port=$(free_port)
    setsid "$venv/bin/mlflow" server --host 127.0.0.1 --port "$port" --workers 1 \
        --backend-store-uri "sqlite:///$tls/mlflow.db" \
        --artifacts-destination "$tls/artifacts" \
        --uvicorn-opts "--ssl-certfile $tls/server.pem --ssl-keyfile $tls/server.key" \
        >"$tls/log" 2>&1 3>&- 4>&- &
    echo $! >"$tls/pid"
    disown
    export tls MLFLOW_TRACKING_URI=https://127.0.0.1:$port
    for _ in $(seq 3000); do
        ! curl -sf --cacert "$tls/ca.pem" -o "$tls/health" \
            "$MLFLOW_TRACKING_URI/health" || return 0
        kill -0 "$(cat "$tls/pid")" || break
        read -rt 0.1 <> <(:) || true
    done
    cat "$tls/log"
    return 1
}

stop_tls_server() {
    [ ! -e "$BATS_FILE_TMPDIR/tls/pid" ] ||
        kill -KILL -- "-$(cat "$BATS_FILE_TMPDIR/tls/pid")" 2>/dev/null || true
}

# finished_at_server RUN_DIR: the server has a finished run of this run directory.
finished_at_server() {
    curl -sf --cacert "$tls/ca.pem" -H 'Content-Type: application/json' \
        -d '{"experiment_ids": ["1", "2", "0"], "max_results": 100}' \
        "$MLFLOW_TRACKING_URI/api/2.0/mlflow/runs/search" |
        jq -e --arg dir "$1" '[.runs[] | select(.info.status == "FINISHED") |
            select([.data.params[]?, .data.tags[]? | .value] | index($dir))] |
            length == 1' >/dev/null
}

# wheel_works NAME HERE SEEN COMMAND...: a user of the wheel that "a venv" of the directory
# HERE has runs an evaluation to files and to the server, whose name is NAME there.
# COMMAND... runs a command there, which sees HERE as SEEN; demo/ and ca.pem are there.
wheel_works() {
    local run="$3/runs/$1" here=$2 seen=$3 bin="a venv/bin"
    shift 3
    run -0 "$@" "$bin/itrack" --version
    [ "$output" = "itrack $(cat "$top/VERSION")" ]
    # A run, to files; the preload library is found and works.
    run -0 "$@" "$bin/itrack-wrap" -v -- demo/run.sh "$run" 3
    [[ $output == *"with the preload library"* ]]
    [ "$(jq -r .status "$here"/runs/tracking/insidellms/*/final_state.json)" = finished ]
    # To the server, which nobody trusts but by the private authority.
    run ! "$@" "$bin/itrack" doctor --track mlflow --mlflow-uri "$MLFLOW_TRACKING_URI"
    [[ $output == *certificate* ]]
    run -0 "$@" env SSL_CERT_FILE="$seen/ca.pem" "$bin/itrack-wrap" --track mlflow \
        --mlflow-uri "$MLFLOW_TRACKING_URI" -- demo/run.sh "$run-tls" 3
    finished_at_server "$run-tls"
    run -0 "$@" "$bin/itrack" doctor
    [[ $output != *problem* ]]
}

# module_works HERE COMMAND...: its module, too, with its own library and not one that the
# system has.
module_works() {
    local here=$1
    shift
    run -0 "$@" "a venv/bin/python" -c "import itrack
assert itrack.__version__ == '$(cat "$top/VERSION")'
with itrack.LocalFileTracker(output_dir='module') as tracker:
    tracker.start_run('one')
    tracker.log_metrics({'accuracy': 0.5})
assert itrack.__path__[0] + '/libitrack.so.0' in open('/proc/self/maps').read()"
    [ "$(jq -r .status "$here"/module/*/one/final_state.json)" = finished ]
}

# fresh_root SUITE DIRECTORY [ARCHITECTURE]: the smallest Debian of a suite there, else
# the test is skipped. Of another architecture it is unpacked only; in_root runs its
# programs by qemu.
fresh_root() {
    [ "$(id -u)" -eq 0 ] || skip "not root"
    "$top/scripts/test-root" "$@" 2>"$BATS_TEST_TMPDIR/no_root" ||
        skip "no $1 ${3:-}: $(tail -n 1 "$BATS_TEST_TMPDIR/no_root")"
    [ $# -lt 3 ] || qemu=$(command -v qemu-aarch64-static) || skip "there is no qemu"
    [ $# -lt 3 ] || in_root "$2" true ||
        skip "this kernel lets no user namespace say what runs its programs"
}

# in_root ROOT COMMAND...: as its root at a login, with /proc and /dev, which are gone
# again when the command ends. With $qemu the programs are those of aarch64: the kernel
# is told so in a user namespace of the command, and nobody else's programs change.
in_root() {
    local root=$1 apart=--propagation=private
    shift
    [ -z "${qemu:-}" ] || apart='--user --map-root-user'
    # shellcheck disable=SC2016,SC2086  # the inner shell's; two options
    unshare --mount $apart sh -c 'root=$1; qemu=$2; shift 2
        formats=/proc/sys/fs/binfmt_misc
        [ -z "$qemu" ] || {
            zero="\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00"
            any="\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
            mount -t binfmt_misc binfmt_misc $formats || exit
            printf "%s\n" ":aarch64:M::\\x7fELF\\x02\\x01\\x01$zero\\x00\\x02\\x00\\xb7\\x00:$any\\x00$any\\xff\\xfe\\xff\\xff\\xff:$qemu:F" \
                >$formats/register || exit
        }
        mount --rbind /proc "$root/proc"
        mount --rbind /dev "$root/dev"
        exec chroot "$root" /usr/bin/env -i \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/root DEBIAN_FRONTEND=noninteractive sh -c "cd; exec \"\$@\"" sh "$@"
    ' sh "$root" "${qemu:-}" "$@"
}

# installs ROOT PACKAGE...: from Debian.
installs() {
    local root=$1
    shift
    {
        in_root "$root" apt-get -qq update &&
            in_root "$root" apt-get -qq install -y --no-install-recommends "$@"
    } >"$BATS_TEST_TMPDIR/apt" 2>&1 || {
        cat "$BATS_TEST_TMPDIR/apt"
        return 1
    }
}

# block N: the Nth block of commands in the README's section about installation.
block() {
    awk -v n="$1" '/^## / { here = $0 == "## Install" }
        here && /^```/ { inside = /^```sh/; block += inside; next }
        inside && block == n' "$top/README.md"
}
