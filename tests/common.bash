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

free_port() {
    python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
