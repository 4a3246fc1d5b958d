#!/usr/bin/env bats
# scripts/deb: the Debian packages, laid down by dpkg and used; in make torture also
# examined by lintian, built twice, and installed, used, upgraded and purged in a fresh
# Debian.

bats_require_minimum_version 1.5.0
load packages

setup_file() {
    export missing=
    if [ -n "${SANITIZE:-}" ]; then
        missing="the same without sanitizers"
    elif [ -n "${ITRACK_TORTURE:-}" ]; then
        { "$top/scripts/install-deps" deb &&
            "$top/scripts/install-deps" -- lintian debootstrap; } ||
            missing="the packages for it can't be installed"
    elif [ "$(dpkg-query -W -f '${db:Status-Status} ' build-essential debhelper dh-python fakeroot)" != \
        'installed installed installed installed ' ]; then
        missing="the packages for it are not installed: scripts/install-deps deb"
    fi
    [ -z "$missing" ] || return 0
    clean_home
    built deb >"$BATS_FILE_TMPDIR/packages"
}

setup() {
    [ -z "$missing" ] || skip "$missing"
    cd "$BATS_TEST_TMPDIR"
    mapfile -t packages <"$BATS_FILE_TMPDIR/packages"
    [ "${#packages[@]}" -eq 4 ]
    root=$BATS_TEST_TMPDIR/root
}

teardown() {
    show_last
    rm -rf "$BATS_TEST_TMPDIR/root"
}

# dpkg_below ROOT ARGUMENT...: dpkg with a list of packages of its own, for files below
# ROOT alone; nothing but these packages is there, so that none can be configured.
dpkg_below() {
    local root=$1
    shift
    PATH=$PATH:/usr/sbin:/sbin dpkg --root="$PWD/$root" --force-depends --force-not-root \
        --force-script-chrootless --log="$PWD/dpkg.log" "$@" >dpkg.said 2>&1 || {
        cat dpkg.said
        return 1
    }
}

# make_before DIR: the version before, which an upgrade replaces: the same with another
# number, and with a file and a folder that the new one has no more.
make_before() {
    local package doc version
    version=$(cat "$top/VERSION")
    mkdir "$1"
    for package in "${packages[@]}"; do
        rm -rf tree
        dpkg-deb -R "$package" tree
        sed -i -e 's/^Version: /&0.0~/' -e "s/(\(>=\|=\) $version/(\1 0.0~$version/" \
            tree/DEBIAN/control
        doc=tree/usr/share/doc/$(sed -n 's/^Package: //p' tree/DEBIAN/control)
        mkdir "$doc/old"
        echo before >"$doc/old/before"
        dpkg-deb -Znone --root-owner-group -b tree "$1/${package##*/}" >log
    done
}

@test "laid down by dpkg they replace the version before, work, and are gone again" {
    mkdir -p below/var/lib/dpkg/{info,updates} runs
    touch below/var/lib/dpkg/status
    make_before before
    dpkg_below below --unpack before/*.deb
    [ -e below/usr/share/doc/itrack/old/before ]
    dpkg_below below --unpack "${packages[@]}"
    run -0 find below -name before -o -name old
    [ -z "$output" ]
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    # Built for /usr, whatever the tree was built for.
    run -1 grep -rlE '/usr/local|build/obj' below/usr/bin below/usr/libexec below/usr/lib
    [ "$(below/usr/bin/itrack --version)" = "itrack $(cat "$top/VERSION")" ]
    run -0 --separate-stderr below/usr/bin/itrack-wrap -v -- "$top/demo/run.sh" \
        "$PWD/runs/one" 3
    [[ $stderr == *"with the preload library"* ]]
    [ "$(jq -r .status runs/tracking/insidellms/*/final_state.json)" = finished ]
    ITRACK_LIBRARY=$(echo "$PWD"/below/usr/lib/*/libitrack.so.0) \
        PYTHONPATH=below/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1 \
        python3 -c 'import itrack
with itrack.LocalFileTracker(output_dir="module") as tracker:
    tracker.start_run("one")
    tracker.log_metrics({"a": 1.0})'
    [ "$(jq -r .status module/*/one/final_state.json)" = finished ]
    printf '#include <itrack.h>\n#include <stdio.h>\nint main(void) {%s}\n' \
        ' return puts(itrack_version()) < 0; ' >example.c
    cc -o example example.c -Ibelow/usr/include -L"$(dirname \
        "$(echo below/usr/lib/*/libitrack.so)")" -litrack
    for file in below/usr/share/bash-completion/completions/itrack \
        below/usr/share/zsh/vendor-completions/_itrack-wrap \
        below/usr/share/fish/vendor_completions.d/itrack.fish \
        below/usr/share/man/man1/itrack.1.gz below/usr/share/man/man3/itrack.3.gz; do
        [ -f "$file" ] || { echo "$file is not there"; return 1; }
    done
    dpkg_below below --purge itrack libitrack0 libitrack-dev python3-itrack
    run -0 find below -mindepth 1 ! -path "below/var*"
    [ -z "$output" ]
}

@test "lintian finds only that the maintainer has no address" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    run lintian --no-tag-display-limit "${packages[@]}"
    run ! grep '^[EW]: ' <(grep -v ': bogus-mail-host' <<<"$output" |
        grep -v 'running with root privileges')
}

@test "nothing in them tells where or when they were built" {
    for package in "${packages[@]}"; do
        dpkg-deb --fsys-tarfile "$package" | tar --full-time -tvf - |
            awk '{ print $4, $5 }' | sort -u >stamps
        [ "$(wc -l <stamps)" -eq 1 ]
    done
    run -1 grep -F "$top" "$BUILD/libexec/itrack/itrack-preload.so"
}

@test "two builds in two places are the same, byte for byte" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    mkdir elsewhere
    (cd "$top" && git ls-files -z | tar --null -T - -cf -) | tar -xmf - -C elsewhere
    SOURCE_DATE_EPOCH=$(git -C "$top" log -1 --format=%ct) elsewhere/scripts/deb >again
    for package in "${packages[@]}"; do
        cmp "$package" "elsewhere/build/dist/${package##*/}"
    done
}

@test "installed, used, upgraded and purged in a fresh Debian 12" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "ITRACK_TORTURE=1"
    fresh_root bookworm "$root"
    mkdir "$root/packages"
    cp "${packages[@]}" "$root/packages/"
    cp -r "$top/demo" "$root/packages/"
    make_before "$root/before"
    local names=("${packages[@]##*/}")
    installs "$root" "${names[@]/#//before/}"
    run -0 in_root "$root" dpkg-query -W -f '${Version}' itrack
    [ "$output" = "0.0~$(cat "$top/VERSION")" ]
    in_root "$root" itrack-wrap --record-only -q -- /packages/demo/run.sh /root/runs/before 2
    installs "$root" "${names[@]/#//packages/}"
    run -0 in_root "$root" dpkg-query -W -f '${Version}' itrack
    [ "$output" = "$(cat "$top/VERSION")" ]
    [ ! -e "$root/usr/share/doc/itrack/old" ]
    # What the version before had recorded is delivered.
    in_root "$root" itrack sync -q
    [ "$(jq -r .status "$root"/root/runs/tracking/insidellms/*/final_state.json)" = finished ]
    run -0 in_root "$root" itrack doctor
    [[ $output != *problem* ]]
    run -0 in_root "$root" itrack-wrap -v --local-dir after -- /packages/demo/run.sh /root/runs/x 2
    [[ $output == *"with the preload library"* ]]
    [ "$(jq -r .status "$root"/root/after/insidellms/*/final_state.json)" = finished ]
    run -0 in_root "$root" python3 -c 'import itrack
with itrack.LocalFileTracker(output_dir="/root/module") as tracker:
    tracker.start_run("one")
    tracker.log_metrics({"a": 1.0})'
    [ "$(jq -r .status "$root"/root/module/*/one/final_state.json)" = finished ]
    in_root "$root" apt-get -qq purge -y itrack libitrack0 libitrack-dev python3-itrack \
        >log 2>&1
    run -0 find "$root/usr" "$root/etc" "$root/var/lib/dpkg/info" -name '*itrack*'
    [ -z "$output" ]
}
