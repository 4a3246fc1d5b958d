# on_small_disk DIR SCRIPT: runs it by sh where a disk of 48 kB is mounted at DIR,
# in a mount namespace of its own: no other test sees it. `grow` in it makes the
# disk large, `keep NAME` copies what is there to NAME. Status 99: it can't be
# mounted here.
on_small_disk() {
    mkdir -p "$1"
    unshare --map-root-user --mount true || return 99
    unshare --map-root-user --mount sh -c '
        disk=$1
        mount -t tmpfs -o size=48k none "$disk" 2>/dev/null || exit 99
        grow() { mount -o remount,size=8m "$disk"; }
        keep() { cp -a "$disk" "$1"; }
        eval "$2"' - "$1" "$2"
}
