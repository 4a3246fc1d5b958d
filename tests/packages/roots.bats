#!/usr/bin/env bats
# In fresh roots, in make torture alone: the wheel in each Debian that there is, delivering
# to a real MLflow server over TLS with a private authority; wheel and tarball for
# aarch64, under qemu; and the README's ways to install, word for word.

bats_require_minimum_version 1.5.0
load packages

setup_file() {
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
    stop_tls_server
}

setup() {
    [ -z "$missing" ] || skip "$missing"
    cd "$BATS_TEST_TMPDIR"
    root=$BATS_TEST_TMPDIR/root
}

teardown() {
    show_last
    rm -rf "$BATS_TEST_TMPDIR/root"
}

# is_used SUITE PIP-OPTION...: the wheel there, in an environment of its Python.
is_used() {
    local name=$1
    fresh_root "$1" "$root"
    shift
    installs "$root" python3-venv
    cp -r "$top/demo" "$wheel" "$tls/ca.pem" "$root/root/"
    in_root "$root" python3 -m venv 'a venv'
    in_root "$root" 'a venv/bin/pip' install --quiet --no-index \
        --disable-pip-version-check "$@" "/root/${wheel##*/}"
    wheel_works "$name" "$root/root" /root in_root "$root"
    module_works "$root/root" in_root "$root"
}

# Its Python, 3.9, is older than those that the wheel is for.
@test "the wheel in Debian 11" { is_used bullseye --ignore-requires-python; }

@test "the wheel in Debian 12" { is_used bookworm; }

@test "the wheel in Debian 13" { is_used trixie; }

@test "wheel and tarball for aarch64, in an emulated Debian 12" {
    local qemu file wheel tarball
    "$top/scripts/install-deps" -- qemu-user-static || skip "qemu can't be installed"
    fresh_root bookworm "$root" arm64
    wheel=$("$top/scripts/wheel" aarch64)
    tarball=$("$top/scripts/dist" aarch64)
    cp -r "$top/demo" "$tls/ca.pem" "$root/root/"
    # As its pip would: the wheel's name says that it may.
    python3 -m venv pip
    pip/bin/pip install --quiet --no-index --disable-pip-version-check --no-deps \
        --platform manylinux_2_28_aarch64 --only-binary :all: \
        --target "$root/root/a venv" "$wheel"
    for file in "$root/root/a venv"/{bin/itrack,bin/itrack-wrap,libexec/itrack/itrack-worker}; do
        [[ $(readelf -h "$file") == *AArch64* ]]
    done
    wheel_works aarch64 "$root/root" /root in_root "$root"
    run -0 in_root "$root" env PYTHONPATH='/root/a venv' python3 -c 'import itrack
with itrack.LocalFileTracker(output_dir="module") as tracker:
    tracker.start_run("one")
    tracker.log_metrics({"accuracy": 0.5})
print(itrack.__version__)'
    [ "$output" = "$(cat "$top/VERSION")" ]
    [ "$(jq -r .status "$root"/root/module/*/one/final_state.json)" = finished ]
    in_root "$root" 'a venv/bin/itrack' log --local-dir logged --metric a=1
    [ "$(jq -r .status "$root"/root/logged/*/*/final_state.json)" = finished ]
    run -0 in_root "$root" 'a venv/bin/itrack' import --track local --local-dir again \
        runs/aarch64
    [ "$(jq -r .status "$root"/root/again/*/*/final_state.json)" = finished ]

    mkdir "$root/root/a place"
    tar -C "$root/root/a place" --strip-components 1 -xf "$tarball"
    run -0 in_root "$root" 'a place/bin/itrack' --version
    [ "$output" = "itrack $(cat "$top/VERSION")" ]
    run -0 in_root "$root" 'a place/bin/itrack-wrap' -v --local-dir third -- demo/run.sh \
        runs/third 3
    [[ $output == *"with the preload library"* ]]
    [ "$(jq -r .status "$root"/root/third/*/*/final_state.json)" = finished ]
}

# by_readme N: a fresh Debian 12 with sudo and a checkout, where the Nth block's commands
# are typed.
by_readme() {
    fresh_root bookworm "$root"
    installs "$root" sudo
    mkdir "$root/root/checkout"
    (cd "$top" && git ls-files -z | tar --null -T - -cf -) |
        tar -xf - -C "$root/root/checkout"
    # What has been fetched need not be fetched again.
    mkdir -p "$root/root/checkout/build/sources"
    find "$top/build/sources" -maxdepth 1 -name '*.tar.*' \
        -exec cp -t "$root/root/checkout/build/sources" {} +
    # pip finds its packages there as it does here.
    cp /etc/ssl/certs/ca-certificates.crt "$root/root/trusted.pem"
    printf '[global]\ncert = /root/trusted.pem\n%s\n' \
        "${PIP_INDEX_URL:+index-url = $PIP_INDEX_URL}" >"$root/etc/pip.conf"
    block "$1" >commands
    [ -s commands ]
    {
        echo 'set -e; cd checkout'
        # The answer that a person gives to its question.
        sed 's/apt install/apt install -y/' commands
        echo 'cd; itrack --version; itrack-wrap -v -- checkout/demo/run.sh runs/one 3'
    } >"$root/root/script"
    run in_root "$root" bash script
    echo "$output"
    [ "$status" -eq 0 ]
    [[ $output == *"itrack $(cat "$top/VERSION")"* ]]
    [[ $output == *"with the preload library"* ]]
    [ "$(jq -r .status "$root"/root/runs/tracking/insidellms/*/final_state.json)" = finished ]
}

@test "by pip, as the README says it" { by_readme 1; }

@test "as packages, as the README says it" { by_readme 2; }

@test "from the source, as the README says it" {
    by_readme 3
    run -0 in_root "$root" sh -c 'cd checkout && make -s uninstall'
    run -0 find "$root/usr/local" ! -type d -name '*itrack*'
    [ -z "$output" ]
}
