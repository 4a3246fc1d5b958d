#!/usr/bin/env bats
# scripts/wheel: one wheel with everything, in fresh environments of each Python that
# there is, and at a real MLflow server over TLS with a private authority.

bats_require_minimum_version 1.5.0

setup_file() {
    load packages
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
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    cd "$BATS_TEST_TMPDIR"
}

# uses PYTHON: what a user does with the wheel.
uses() {
    local venv="$PWD/a venv"
    "$1" -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-index --disable-pip-version-check "$wheel"
    ln -s "$top/demo" demo
    cp "$tls/ca.pem" .
    # A name of its own, because all meet at one server.
    wheel_works "$(tr / - <<<"by$1")" "$PWD" "$PWD" env
    module_works "$PWD" env
    [ -f "$venv/share/man/man1/itrack-wrap.1" ]
    [ -f "$venv/share/bash-completion/completions/itrack-wrap" ]
    "$venv/bin/pip" uninstall -qy itrack
    run -0 find "$venv" -name '*itrack*'
    [ -z "$output" ]
}

@test "it is small, needs libc alone and says what is in it" {
    [ "$(stat -c %s "$wheel")" -lt $((3 * 1024 * 1024)) ]
    python3 -m zipfile -e "$wheel" wheel
    for file in wheel/*.data/scripts/* wheel/itrack/*.so.0 \
        wheel/*.data/data/libexec/itrack/*; do
        readelf -d "$file" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' >needed
        run -1 grep -vE '^(libc|libm|libdl|libpthread)\.so\.|^ld-linux' needed
        newest=$(readelf -V "$file" | grep -o 'GLIBC_2\.[0-9]*' | sort -Vu | tail -n 1)
        printf '%s\n' "$newest" GLIBC_2.28 | sort -VC
    done
    grep -q '^curl ' wheel/*.dist-info/licenses/EMBEDDED
    grep -q Apache wheel/*.dist-info/licenses/LICENSE.mbedtls
}

@test "the Python of this machine" { uses python3; }

@test "auditwheel agrees" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    venv=$("$top/scripts/test-venv" auditwheel auditwheel==6.8.2) ||
        skip "auditwheel can't be installed"
    run -0 "$venv/bin/auditwheel" show "$wheel"
    [[ $(tr '\n' ' ' <<<"$output") == *'platform tag: "manylinux_2_28_x86_64"'* ]]
}

@test "the other Pythons from 3.10 on" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    any=
    for python in "$(dirname "$(python3 -c 'import sys
print(sys.base_prefix)')")"/3.1[0-9]*/bin/python3 /usr/bin/python3.1[0-9]; do
        [ -x "$python" ] || continue
        any=1
        echo "# $python"
        uses "$python"
        rm -rf "${BATS_TEST_TMPDIR:?}"/*
    done
    [ -n "$any" ] || skip "there is no other"
}

@test "two builds are the same, byte for byte" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    cp "$wheel" first.whl
    rm -rf "$top"/build/embed/x86_64-linux-gnu.2.28/{build,obj,lib}
    cmp "$("$top/scripts/wheel")" first.whl
}
