# What tests of several folders use: `load ../common` (cli/runs.bash and launch.bash
# do it).

# Waits until the command succeeds, two minutes at most.
wait_until() {
    local end=$((SECONDS + 120))
    while [ "$SECONDS" -lt "$end" ]; do
        if "$@" >/dev/null 2>&1; then
            return 0
        fi
        read -rt 0.02 <> <(:) || :
    done
    echo "# waited in vain: $*"
    return 1
}

# A port that nobody has. It is none of those that the kernel gives to whoever
# connects, so that nobody has it by the time that a server takes it.
free_port() {
    python3 -c 'import random, socket
with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
    low, high = map(int, f.read().split())
ports = [p for p in range(10000, 65536) if p < low or p > high] or [0]
while True:
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", random.choice(ports)))
        except OSError:
            continue
        print(s.getsockname()[1])
        break'
}

# Of a test that fails: what the last command of `run` said, and what is in the files
# `out` and `err`. A file with a teardown of its own calls it there.
show_last() {
    local name
    [ -z "${BATS_TEST_COMPLETED:-}" ] || return 0
    for name in status output stderr; do
        [ -z "${!name:-}" ] || printf '%s: %s\n' "$name" "${!name}"
    done | head -n 60
    for name in out err; do
        [ ! -s "$BATS_TEST_TMPDIR/$name" ] || tail -n 20 "$BATS_TEST_TMPDIR/$name"
    done
}

teardown() {
    show_last
}
