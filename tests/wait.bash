# For tests that have no run directories to make (those load cli/runs.bash):
# `load ../wait`.

# Polls until the line of shell succeeds; fails after 20 seconds or more.
wait_until() {
    for _ in $(seq 1000); do
        if eval "$1" >/dev/null 2>&1; then return 0; fi
        read -rt 0.02 <> <(:) || true
    done
    echo "never: $1" >&2
    return 1
}
