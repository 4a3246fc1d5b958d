#!/usr/bin/env bats
# The library in other people's programs: killed, forked, with many threads, in
# C++, linked either way, from an installed tree.

bats_require_minimum_version 1.5.0
load ../common
load ../others

setup() {
    top=$BATS_TEST_DIRNAME/../..
    cd "$BATS_TEST_TMPDIR" || return
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export ITRACK_WORKER=$BUILD/libexec/itrack/itrack-worker
    unset XDG_CONFIG_HOME MAKEFLAGS MFLAGS MAKELEVEL ITRACK_TRACK
    run=experiments/insideLLMs
    # The sanitizers of the library's build come with its users.
    sanitize=${SANITIZE:+-fsanitize=$SANITIZE}
}

build() { # source [flag]...
    cc -g -Wall -Wextra -Werror -I"$top/lib" $sanitize \
        -o "$(basename "${1%.c}")" "$@" \
        -L"$BUILD/lib" -Wl,-rpath,"$BUILD/lib" -litrack
}

@test "kill -9 of the host: what was logged is delivered, the run is killed" {
    build "$top/tests/library/killed.c"
    ./killed 1000 >out 3>&- &
    host=$!
    wait_until eval 'grep -q logged out'
    kill -9 $host
    wait_until eval '[ -e $run/killed/final_state.json ]'
    [ "$(jq -r .status $run/killed/final_state.json)" = killed ]
    [ "$(jq length $run/killed/metrics.json)" = 1000 ]
    wait_until eval '[ -z "$(ls state/itrack/runs)" ]'
    run -0 "$BUILD/bin/itrack" status --json
    [[ $output == *'"state":"delivered"'* ]] || [[ $output == *delivered* ]]
}

@test "kill -9 of the worker, then of the host: itrack sync completes it" {
    build "$top/tests/library/killed.c"
    ./killed 1000 >out 3>&- &
    host=$!
    wait_until eval 'grep -q logged out'
    attempt=$(ls state/itrack/runs)
    worker=$(pgrep -f -- "--begin $XDG_STATE_HOME/itrack $attempt")
    kill -9 "$worker"
    wait_until eval '[ ! -e "/proc/$worker" ]'
    run -0 "$BUILD/bin/itrack" sync
    [[ $output == *"still at work"* ]]
    kill -9 $host
    wait $host || true
    run -0 "$BUILD/bin/itrack" sync
    [ "$(jq -r .status $run/killed/final_state.json)" = killed ]
    [ "$(jq length $run/killed/metrics.json)" = 1000 ]
    [ -z "$(ls state/itrack/runs)" ]
}

# in_hidden COMMAND...: with a /proc of its own that hides other users' processes, until
# what it logged is delivered. A program that gave up root counts as another's.
in_hidden() {
    unshare --mount --pid --fork --propagation private bash -c '
        mount -t proc -o hidepid=2 proc /proc || exit 99
        "$@"
        status=$? end=$((SECONDS + 60))
        while [ "$SECONDS" -lt "$end" ] && [ -n "$(ls -A state/itrack/runs)" ]; do
            read -rt 0.02 <> <(:)
        done
        exit $status' bash "$@"
}

@test "a program that /proc hides is not taken for dead, and its death is seen" {
    [ "$(id -u)" -eq 0 ] || skip "not root"
    mkdir -p state/itrack/runs
    in_hidden true || skip "nothing can be hidden here"
    chmod -R 777 .
    open_to_others
    as_other test -x "$ITRACK_WORKER" || skip "the other user can't come here"
    cat >hidden.c <<'END'
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <itrack.h>
int main(int argc, char **argv) {
    struct itrack_metric m = {"x", 1};
    struct itrack_tracker *t = NULL;
    if (argc != 3 || setgroups(0, NULL) < 0 || setgid(65534) < 0 ||
        setuid(65534) < 0 ||
        itrack_create_tracker(&t, "local", NULL, NULL, 0, NULL) < 0 ||
        itrack_start_run(t, argv[1], NULL, 0, NULL) < 0 ||
        itrack_log_metrics(t, &m, 1, 1, NULL) < 0 ||
        itrack_flush(t, 60, NULL) < 0)
        return 1;
    if (strcmp(argv[2], "killed") == 0)
        raise(SIGKILL);
    return itrack_end_run(t, argv[2], NULL) < 0;
}
END
    build hidden.c
    no_leak_search
    for refused in statx pidfd_open; do
        in_hidden "$BUILD/tests/programs/find_refuse" EPERM $refused -- \
            ./hidden $refused finished
        [ "$(jq -r .status $run/$refused/final_state.json)" = finished ]
        [ "$(jq length $run/$refused/metrics.json)" = 1 ]
        run -137 in_hidden "$BUILD/tests/programs/find_refuse" EPERM $refused -- \
            ./hidden $refused-dies killed
        [ "$(jq -r .status $run/$refused-dies/final_state.json)" = killed ]
        [ "$(jq length $run/$refused-dies/metrics.json)" = 1 ]
    done
}

@test "while a worker delivers, itrack sync keeps away" {
    build "$top/tests/library/killed.c"
    ./killed 1 >out 3>&- &
    host=$!
    wait_until eval 'grep -q logged out'
    run -0 "$BUILD/bin/itrack" sync
    [[ $output == *"still at work"* ]]
    kill -9 $host
    wait_until eval '[ -e $run/killed/final_state.json ]'
    [ "$(jq length $run/killed/metrics.json)" = 1 ]
}

@test "the host keeps no child, and the worker none of its descriptors" {
    build "$top/tests/library/killed.c"
    mkfifo pipe
    ./killed 1 >pipe 3>&- &
    host=$!
    read -r line <pipe
    [ "$line" = logged ]
    [ -z "$(pgrep -P $host)" ]
    attempt=$(ls state/itrack/runs)
    worker=$(pgrep -f -- "--begin $XDG_STATE_HOME/itrack $attempt")
    run -0 ls -l "/proc/$worker/fd"
    [[ $output != *pipe* ]]
    kill -9 $host
    wait_until eval '[ -e $run/killed/final_state.json ]'
}

@test "64 threads at once, with ThreadSanitizer" {
    [ -z "${SANITIZE:-}" ] || skip "one sanitizer at a time"
    # shellcheck disable=SC2046
    cc -g -O1 -std=c11 -fsanitize=thread -D_GNU_SOURCE -include base/banned.h \
        -DITRACK_VERSION='"0"' -DITRACK_PREFIX='"/nowhere"' \
        -I"$top/lib" -I"$top" $(pkg-config --cflags libbsd-overlay) -o threads \
        "$top"/tests/library/threads.c \
        $(make -s -C "$top" print-library-sources | sed "s|^|$top/|") \
        $(pkg-config --libs libmd libbsd-overlay) -lm
    TSAN_OPTIONS=halt_on_error=1 run -0 ./threads
    [ -z "$output" ]
    [ "$(jq length $run/threads/metrics.json)" = 12800 ]
    [ "$(jq '[.[].step] | unique | length' $run/threads/metrics.json)" = 12800 ]
}

@test "from C++, linked with the archive, beside symbols of the same names" {
    cat >user.cc <<'EOF'
#include "itrack.h"
#include <cstdio>
extern "C" void die(const char *, ...) { std::puts("mine"); }
extern "C" void *xmalloc(unsigned long) { return nullptr; }
int main() {
    itrack_error err = ITRACK_ERROR_INIT;
    itrack_config config = ITRACK_CONFIG_INIT;
    itrack_tracker *t = nullptr;
    itrack_metric m = {"x", 1.0};
    if (itrack_create_tracker(&t, "local", &config, nullptr, 0, &err) < 0 ||
        itrack_start_run(t, "cc", nullptr, 0, &err) < 0 ||
        itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, &err) < 0 ||
        itrack_end_run(t, "finished", &err) < 0)
        std::printf("%s\n", err.message);
    itrack_free(t);
    die("");
}
EOF
    # shellcheck disable=SC2046
    c++ -Wall -Wextra -Werror -I"$top/lib" $sanitize -o user user.cc \
        "$BUILD/lib/libitrack.a" $(pkg-config --libs libbsd) -lm -pthread
    run -0 ./user
    [ "$output" = mine ]
    [ "$(jq -r .status $run/cc/final_state.json)" = finished ]
}

@test "only itrack_* is exported" {
    run -0 sh -c "nm -D --defined-only '$BUILD/lib/libitrack.so.0' |
        grep -v ' T itrack_' | grep -v ' A ITRACK_0'" || true
    [ -z "$output" ]
    run -0 sh -c "nm -g --defined-only '$BUILD/lib/libitrack.a' |
        grep ' [A-Z] ' | grep -v ' T itrack_'" || true
    [ -z "$output" ]
}

@test "an installed tree: pkg-config, and the worker is found from the library" {
    [ -z "${SANITIZE:-}" ] || skip "needs the sanitizer's flags in itrack.pc"
    unset ITRACK_WORKER
    make -s -C "$top" "BUILD=$BUILD" DESTDIR= "PREFIX=$PWD/opt" install
    export PKG_CONFIG_PATH=$PWD/opt/lib/pkgconfig
    # shellcheck disable=SC2046
    cc -o killed "$top/tests/library/killed.c" \
        $(pkg-config --cflags --libs itrack) -Wl,-rpath,"$PWD/opt/lib"
    ./killed 3 >out 3>&- &
    host=$!
    wait_until eval 'grep -q logged out'
    kill -9 $host
    wait_until eval '[ -e $run/killed/final_state.json ]'
    [ "$(jq length $run/killed/metrics.json)" = 3 ]
}

@test "no worker, no state directory: an error at start" {
    build "$top/tests/library/killed.c"
    ITRACK_WORKER=/nowhere/itrack-worker run -1 ./killed
    [ "$output" = "/nowhere/itrack-worker: not there; install itrack, or set ITRACK_WORKER" ]
    run -1 env -u HOME -u XDG_STATE_HOME ./killed
    [[ $output == *"neither XDG_STATE_HOME nor HOME"* ]]
    XDG_STATE_HOME=/proc run -1 ./killed
    [[ $output == "no journal: "* ]]
    [ ! -e experiments/insideLLMs/killed ]
}
