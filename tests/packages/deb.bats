#!/usr/bin/env bats
# scripts/deb: the Debian packages, examined by lintian, and installed, used, upgraded
# and purged in a fresh Debian.

bats_require_minimum_version 1.5.0

setup_file() {
    load packages
    export missing=
    [ -n "${ITRACK_TORTURE:-}" ] || {
        missing="not asked for: ITRACK_TORTURE=1"
        return 0
    }
    "$top/scripts/install-deps" deb || {
        missing="the packages for it can't be installed"
        return 0
    }
    clean_home
    "$top/scripts/deb" >"$BATS_FILE_TMPDIR/packages"
}

setup() {
    load packages
    [ -z "$missing" ] || skip "$missing"
    cd "$BATS_TEST_TMPDIR"
    mapfile -t packages <"$BATS_FILE_TMPDIR/packages"
    root=$BATS_FILE_TMPDIR/root
}

in_root() {
    chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
        DEBIAN_FRONTEND=noninteractive "$@"
}

@test "lintian finds only that the maintainer has no address" {
    run lintian --no-tag-display-limit "${packages[@]}"
    run ! grep '^[EW]: ' <(grep -v ': bogus-mail-host' <<<"$output" |
        grep -v 'running with root privileges')
}

@test "installed, used, upgraded and purged in a fresh root" {
    [ "$(id -u)" -eq 0 ] || skip "not root"
    debootstrap --variant=minbase bookworm "$root" "$("$top/scripts/debian-mirror")" \
        >"$BATS_TEST_TMPDIR/log" 2>&1 || skip "no root: $(tail -n 1 "$BATS_TEST_TMPDIR/log")"
    cp /etc/resolv.conf "$root/etc/" || true
    find "$root" -xdev -type f | sort >before
    mkdir "$root/packages"
    cp "${packages[@]}" "$root/packages/"
    cp -r "$top/demo" "$root/packages/"
    in_root sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends \
        /packages/*.deb' >log 2>&1 || { cat log; return 1; }
    mount --bind /proc "$root/proc"
    in_root itrack doctor >found || { umount "$root/proc"; cat found; return 1; }
    in_root itrack-wrap -v -- /packages/demo/run.sh /root/runs/x 2 >log 2>&1
    in_root python3 -c 'import itrack
with itrack.LocalFileTracker(output_dir="/root/module") as tracker:
    tracker.start_run("one")
    tracker.log_metrics({"a": 1.0})
    tracker.end_run()'
    umount "$root/proc"
    grep -q 'with the preload library' log
    [ "$(jq -r .status "$root"/root/runs/tracking/insidellms/*/final_state.json)" = finished ]
    [ "$(jq -r .status "$root"/root/module/*/one/final_state.json)" = finished ]
    # The same packages once more, as an upgrade replaces each file.
    in_root sh -c 'dpkg -i /packages/*.deb' >log 2>&1
    in_root itrack --version
    in_root sh -c 'apt-get -qq purge -y itrack libitrack0 libitrack-dev python3-itrack' \
        >log 2>&1
    run -0 find "$root/usr" "$root/etc" -name '*itrack*' ! -path '*/__pycache__/*'
    [ -z "$output" ]
}
