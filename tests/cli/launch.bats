#!/usr/bin/env bats
# itrack-wrap: what it starts, what it says, how it ends.

bats_require_minimum_version 1.5.0
load ../launch
load ../others

setup() {
    launch_setup
}

# `until_seen CONDITION COMMAND...`: runs the command, again and again for a minute,
# until the condition holds. For what a worker that the launcher has started meanwhile
# hides, because the command was slow to speak or to end.
until_seen() {
    local end=$((SECONDS + 60)) condition=$1
    shift
    until
        rm -f "$ITRACK_FAKE_LOG"
        run --separate-stderr "$@"
        eval "$condition" || [ "$SECONDS" -ge "$end" ]
    do :; done
    eval "$condition"
}

@test "a command that ends well, without a run" {
    until_seen '[ ! -e "$ITRACK_FAKE_LOG" ]' "$wrap" echo hello
    [ "$status" -eq 0 ]
    [ "$output" = hello ]
    [ "$stderr" = "itrack: no run directory seen; nothing was tracked" ]
    [ ! -e "$ITRACK_FAKE_LOG" ]
}

@test "quiet says nothing without a run" {
    run --separate-stderr "$wrap" -q echo hello
    [ "$output" = hello ]
    [ -z "$stderr" ]
}

@test "a command that is not there: 127 and one line" {
    run -127 --separate-stderr "$wrap" ./no-such-command
    [ "$status" -eq 127 ]
    [ -z "$output" ]
    [ "$stderr" = "itrack-wrap: ./no-such-command: No such file or directory" ]
}

@test "a command that can't be executed: 126 and one line" {
    : >plain
    run --separate-stderr "$wrap" ./plain
    [ "$status" -eq 126 ]
    [ "$stderr" = "itrack-wrap: ./plain: Permission denied" ]
    run "$wrap" /
    [ "$status" -eq 126 ]
}

@test "control characters of a name are not printed" {
    run -127 --separate-stderr "$wrap" ./$'a\e[31m\nb'
    [ "$stderr" = "itrack-wrap: ./a?[31m?b: No such file or directory" ]
}

@test "our own mistakes: 125, one line, nothing started" {
    run --separate-stderr "$wrap" --no-such-option touch started
    [ "$status" -eq 125 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    run --separate-stderr "$wrap" --track nowhere touch started
    [ "$status" -eq 125 ]
    run --separate-stderr "$wrap"
    [ "$status" -eq 125 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == "itrack-wrap: "* ]]
    [ ! -e started ]
}

@test "help and version" {
    run --separate-stderr "$wrap" --help
    [ "$status" -eq 0 ]
    [[ "$output" == *--track-project* ]]
    [ -z "$stderr" ]
    run "$wrap" --version
    [ "$status" -eq 0 ]
    [[ "$output" == "itrack-wrap "[0-9]* ]]
    run sh -c '"$0" --version >/dev/full' "$wrap"
    [ "$status" -eq 125 ]
}

@test "the command's own options are not taken for ours" {
    run "$wrap" -q echo --help -q
    [ "$output" = "--help -q" ]
    run "$wrap" -q -- echo -- -V
    [ "$output" = "-- -V" ]
}

@test "the worker starts at the first file of interest" {
    mkdir run
    # Once, with what came along.
    until_seen 'logged "caller MARKING $PWD/run/.insidellms_run"' \
        "$wrap" sh -c ': >run/.insidellms_run; : >run/x'
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    logged "launched restarts 0 preloaded 1"
    run ! grep "by version" "$ITRACK_FAKE_LOG"
    run ! logged "link MARKING $PWD/run/.insidellms_run"
    logged "ended status 0"
}

@test "later messages reach the worker by the socket" {
    mkfifo go
    mkdir run
    # The loop keeps the shell from executing its last command.
    "$wrap" bash -c 'echo >run/records.jsonl; read -r x <go
        echo >run/manifest.json; :' 3>&- &
    # Where the shell takes its time, the worker is there before.
    wait_until grep -Eqx "(caller|channel) OPEN $PWD/run/records.jsonl" "$ITRACK_FAKE_LOG"
    let_go go
    wait
    logged "channel OPEN $PWD/run/manifest.json"
}

@test "the worker starts at once with --run-dir and --no-preload" {
    mkfifo go
    "$wrap" --run-dir here sh -c 'read -r x <go' 3>&- &
    wait_until logged "launched restarts 0 preloaded 1"
    let_go go
    wait
    logged "argument --run-dir"
    logged "argument here"
    rm "$ITRACK_FAKE_LOG"
    "$wrap" --no-preload sh -c 'read -r x <go' 3>&- &
    wait_until logged "launched restarts 0 preloaded 0"
    let_go go
    wait
}

@test "the worker starts when no shim says hello" {
    mkfifo go
    # A cleared environment: the shell knows nothing of the shim.
    "$wrap" "$programs/launch_quiet_static" go 3>&- &
    wait_until logged "launched restarts 0 preloaded 1"
    let_go go
    wait
    logged "ended status 0"
}

@test "the worker looks at a short static command too" {
    "$wrap" "$programs/launch_quiet_static" /dev/null
    logged "launched restarts 0 preloaded 1"
    logged "ended status 0"
}

@test "a report without a run is the worker's to write" {
    "$wrap" --report file true
    logged "launched restarts 0 preloaded 1"
    logged "ended status 0"
}

@test "what the worker is started with" {
    "$wrap" --no-preload -q -- true a b 8>extra
    logged "state own session 1, descriptors left 0, signals blocked 0"
    logged "state 0 is /dev/null"
    logged "state 1 is /dev/null"
    logged "environment socket not set, preload not set"
    logged "argument --no-preload"
    logged "argument b"
}

@test "the worker gets what trackers need of the environment, no more" {
    needs_plain_launcher
    cp "$shim" other.so
    LD_PRELOAD=$PWD/other.so LD_AUDIT=$PWD/none.so LD_LIBRARY_PATH=$PWD \
        OPENSSL_CONF=$PWD/none PYTHONHOME=/none GLIBC_TUNABLES=x=y \
        WANDB_API_KEY=key https_proxy=http://p NO_PROXY=host \
        "$wrap" sh -c 'echo $LD_PRELOAD >seen; : >records.jsonl' 2>err
    [ "$(cat seen)" = "$PWD/other.so:$shim" ]
    logged "environment socket not set, preload not set"
    logged "has WANDB_API_KEY"
    logged "has https_proxy"
    logged "has NO_PROXY"
    logged "has HOME"
    run ! grep -E "^has (LD_|OPENSSL_|PYTHON|GLIBC_)" "$ITRACK_FAKE_LOG"
}

@test "the environment of the command" {
    needs_plain_launcher
    env -i A=1 PATH="$PATH" ITRACK_FAKE_LOG="$ITRACK_FAKE_LOG" "$wrap" -q env >seen
    [ "$(grep -v ITRACK_SOCKET= seen)" = "A=1
PATH=$PATH
ITRACK_FAKE_LOG=$ITRACK_FAKE_LOG
LD_PRELOAD=$shim" ]
    env -i LD_PRELOAD= PATH="$PATH" "$wrap" -q env >seen
    grep -qx "LD_PRELOAD=$shim" seen
}

@test "a path with a blank or a colon is preloaded by a link" {
    needs_plain_launcher
    # Root's would be elsewhere if others could not come there.
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime
    mkdir -m 711 "$XDG_RUNTIME_DIR"
    for name in 'a b' 'a:b'; do
        cp -r "$tree" "$name"
        run --separate-stderr "$name/bin/itrack-wrap" -q env
        [ "$status" -eq 0 ]
        [ -z "$stderr" ]
        link=$(sed -n 's/^LD_PRELOAD=//p' <<<"$output")
        [[ $link = */itrack-preload-*.so && $link != *[\ :]* ]]
        [ "$(readlink "$link")" = \
            "$PWD/$name/libexec/itrack/itrack-preload.so" ]
        [ "$(find "${link%/*}" -maxdepth 0 -perm 711)" = "${link%/*}" ]
        rm -f "$ITRACK_FAKE_LOG"
        "$name/bin/itrack-wrap" -q sh -c ': >records.jsonl'
        logged "launched restarts 0 preloaded 1"
        grep -q "OPEN $PWD/records.jsonl" "$ITRACK_FAKE_LOG"
    done
}

@test "a folder for the link where others can put theirs is not used" {
    needs_plain_launcher
    [ "$(id -u)" -eq 0 ] || as_other() { "$@"; }
    open_to_others
    export XDG_RUNTIME_DIR=$BATS_TEST_TMPDIR/runtime
    export TMPDIR=$BATS_TEST_TMPDIR/tmp
    mkdir -m 777 "$XDG_RUNTIME_DIR"
    mkdir -m 1777 "$TMPDIR"
    cp -r "$tree" 'a b'
    as_other test -x 'a b/bin/itrack-wrap' || skip "the other user can't come here"
    run -0 as_other "a b/bin/itrack-wrap" -q env
    [[ $output = *"LD_PRELOAD=$TMPDIR/itrack-"[0-9]*"/itrack-preload-"* ]]
    # Nor is one that belongs to somebody else, or to which others can write.
    chmod 755 "$XDG_RUNTIME_DIR"
    mkdir -m 777 "$XDG_RUNTIME_DIR/itrack"
    run -0 as_other "a b/bin/itrack-wrap" -q env
    [[ $output = *"LD_PRELOAD=$TMPDIR/itrack-"[0-9]*"/itrack-preload-"* ]]
}

@test "without a shim or a worker the command runs all the same" {
    rm "$shim"
    run --separate-stderr "$wrap" -q env
    [ "$status" -eq 0 ]
    [[ "$output" != *LD_PRELOAD* ]]
    [ -z "$stderr" ]
    rm "$tree/libexec/itrack/itrack-worker"
    run --separate-stderr "$wrap" sh -c 'echo out; exit 3'
    [ "$status" -eq 3 ]
    [ "$output" = out ]
    [ "$stderr" = "itrack: tracking is off: $tree/libexec/itrack/itrack-worker: No such file or directory; \`itrack import RUN_DIR\` tracks what was written" ]
}

@test "a worker that dies is started once more" {
    ITRACK_FAKE_WORKER=die-once run --separate-stderr "$wrap" sh -c ': >records.jsonl'
    [ "$status" -eq 0 ]
    [ -z "$stderr" ]
    logged "launched restarts 0 preloaded 1"
    logged "launched restarts 1 preloaded 1"
    [ "$(grep -c "OPEN $PWD/records.jsonl" "$ITRACK_FAKE_LOG")" -ge 1 ]
    logged "ended status 0"
}

@test "a worker that dies while draining is started once more" {
    ITRACK_FAKE_WORKER=die-late run --separate-stderr "$wrap" sh -c ': >records.jsonl; exit 5'
    [ "$status" -eq 5 ]
    [ -z "$stderr" ]
    [ "$(grep -c 'ended status 5' "$ITRACK_FAKE_LOG")" -eq 2 ]
}

@test "a worker that dies twice: one line, the status is the command's" {
    ITRACK_FAKE_WORKER=die run --separate-stderr "$wrap" sh -c ': >records.jsonl; exit 7'
    [ "$status" -eq 7 ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ "$stderr" == "itrack: the worker died twice (signal 9)"* ]]
    [ "$(grep -c launched "$ITRACK_FAKE_LOG")" -eq 2 ]
}

@test "a worker that never answers delays the exit by the drain time" {
    start=${EPOCHREALTIME/./}
    ITRACK_FAKE_WORKER=deaf run "$wrap" --drain 0.3 sh -c ': >records.jsonl; exit 4'
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
    [ "$status" -eq 4 ]
    [[ $output == "itrack: tracking does not answer (process "*"): once that \
process has ended, \`itrack status\` lists what is recorded, \
\`itrack import RUN_DIR\` tracks what is not" ]]
    [ "$took" -ge 300 ]
    # Not by the worker, which never ends; a busy machine may take a while.
    [ "$took" -lt 30000 ]
    wait_until logged "link closed"
    logged hurry
}

@test "a worker that leaves the link is one that does not answer" {
    for option in -v -q; do
        ITRACK_FAKE_WORKER=leave run --separate-stderr "$wrap" $option --drain 0.1 \
            sh -c ': >records.jsonl; exit 4'
        [ "$status" -eq 4 ]
        said=$(sed '/^itrack: launched sh as process [0-9]*,/d' <<<"$stderr")
        [[ $said =~ ^'itrack: tracking does not answer (process '([0-9]+)')' ]]
        kill "${BASH_REMATCH[1]}"
        [ "$(wc -l <<<"$said")" -eq 1 ]
    done
    ITRACK_FAKE_WORKER=leave run "$wrap" --strict --drain 0.1 sh -c ': >records.jsonl'
    [ "$status" -eq 123 ]
    [[ $output =~ \(process\ ([0-9]+)\) ]]
    kill "${BASH_REMATCH[1]}"
}

@test "a signal while draining ends at once" {
    for signal in TERM INT HUP QUIT; do
        rm -f "$ITRACK_FAKE_LOG"
        ITRACK_FAKE_WORKER=slow "$programs/launch_enter" -- "$wrap" \
            --drain 60 sh -c ': >records.jsonl; exit 6' 3>&- &
        pid=$!
        wait_until logged "ended status 6"
        status=0
        kill -"$signal" $pid
        wait $pid || status=$?
        [ "$status" -eq 6 ]
        wait_until logged hurry
    done
}

@test "strict: 123 only if the command succeeded and something is missing" {
    ITRACK_FAKE_WORKER=incomplete run "$wrap" --strict sh -c ': >records.jsonl'
    [ "$status" -eq 123 ]
    ITRACK_FAKE_WORKER=incomplete run "$wrap" sh -c ': >records.jsonl'
    [ "$status" -eq 0 ]
    ITRACK_FAKE_WORKER=incomplete run "$wrap" --strict sh -c ': >records.jsonl; exit 9'
    [ "$status" -eq 9 ]
    ITRACK_FAKE_WORKER=die run "$wrap" --strict sh -c ': >records.jsonl'
    [ "$status" -eq 123 ]
    run "$wrap" --strict sh -c ': >records.jsonl'
    [ "$status" -eq 0 ]
    run "$wrap" --strict true
    [ "$status" -eq 0 ]
}

@test "kill -9 of the launcher: command and worker go on" {
    mkfifo go
    "$wrap" sh -c ': >records.jsonl; read -r x <go; : >manifest.json' 3>&- &
    pid=$!
    wait_until grep -Eqx "(caller|channel) OPEN $PWD/records.jsonl" "$ITRACK_FAKE_LOG"
    kill -KILL $pid
    wait_until logged "link closed"
    let_go go
    wait_until test -e manifest.json
}

@test "nested: the inner one tracks, the outer one says so" {
    needs_plain_launcher
    one_worker='[ "$(grep -c launched "$ITRACK_FAKE_LOG")" -eq 1 ]'
    until_seen "$one_worker" "$wrap" "$wrap" --no-preload sh -c 'echo $LD_PRELOAD'
    [ "$output" = "$shim" ]
    [ "$stderr" = "itrack: tracked by the itrack-wrap inside" ]
    until_seen "$one_worker" "$wrap" "$wrap" sh -c ': >records.jsonl'
    [ "$stderr" = "itrack: tracked by the itrack-wrap inside" ]
    logged "environment socket not set, preload not set"
}

@test "messages of an unknown form are passed over" {
    cat >send.py <<'END'
import os, socket
a = b"\0" + os.environb[b"ITRACK_SOCKET"]
for m in (None, b"", b"x", b"\x02\x02" + b"/records.jsonl",
          b"\x01\x00" + bytes(6), b"y" * 9000):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.connect(a)
        if m is not None:
            socket.send_fds(s, [m], [1] if m else [])
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    try:
        s.connect(a)
        raise SystemExit("a datagram socket")
    except OSError:
        pass
END
    run --separate-stderr "$wrap" python3 send.py
    [ "$status" -eq 0 ]
    # Nothing of it was passed on to the worker, if it took long enough for one.
    [[ $stderr = "itrack: no run directory seen; nothing was tracked" ||
        -e $ITRACK_FAKE_LOG ]]
    run ! grep -q "^link " "$ITRACK_FAKE_LOG"
}

@test "another user who connects without end holds up neither part" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user to be had"
    place=$(mktemp -d)
    cp "$programs/launch_flood" "$place"
    chmod -R a+rX "$place"
    mkfifo go
    for option in --track=local --run-dir=here; do
        rm -f name
        "$wrap" -q "$option" sh -c 'echo "$ITRACK_SOCKET" >new; mv new name
            read -r x <go; exit 6' 3>&- &
        pid=$!
        wait_until test -e name
        floods=()
        # So many that the launcher never finds an empty queue.
        for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
            # Without traps it is the flood itself that is killed, and that one
            # may end by itself when the launcher is gone.
            (trap - ERR EXIT DEBUG
                exec "$place/launch_flood" "$(cat name)" >flood.$i 3>&-) &
            floods+=($!)
        done
        wait_until grep -q flooding flood.1
        let_go go
        status=0
        wait $pid || status=$?
        [ "$status" -eq 6 ]
        # They went on until now.
        for flood in "${floods[@]}"; do
            kill "$flood"
        done
        wait "${floods[@]}" || :
    done
    rm -r "$place"
}

# As one that is stopped between connect and sendmsg. The launcher stands still until
# go_on(), however long Python takes: else it may have started the worker before.
silent() {
    cat >silent.py <<'END'
import os, signal, socket, sys, time
def go_on():
    os.kill(launcher, signal.SIGCONT)
def logged(*lines):
    try:
        with open(os.environ["ITRACK_FAKE_LOG"]) as f:
            return not {*lines}.isdisjoint(f.read().split("\n"))
    except FileNotFoundError:
        return False
def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
launcher = os.getppid()
a = b"\0" + os.environb[b"ITRACK_SOCKET"]
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
try:
    s.connect(a)
    exec(sys.argv[1])
finally:
    go_on()
END
    run --separate-stderr "$wrap" sh -c 'kill -STOP $PPID; exec "$@"' - \
        python3 -S silent.py "$1"
    [ "$status" -eq 0 ]
}

@test "who connects and is killed: others behind it are heard" {
    silent '
s.close()
open("records.jsonl", "w").close()
go_on()'
    [ -z "$stderr" ]
    # Where even the shell takes its time, the worker is there before.
    grep -Eqx "(caller|channel) OPEN $PWD/records.jsonl" "$ITRACK_FAKE_LOG"
    run ! logged "silent caller"
}

stopped() {
    silent '
go_on()
open("records.jsonl", "w").close()
wait_until(lambda: logged("silent caller", "no caller"))
s.send(b"\1\2" + bytes(6) + b"/first")'
    [ -z "$stderr" ]
}

@test "who connects and is stopped: the worker gets it, its message is first" {
    # Where even the shell takes its time, the worker is there before: then
    # again.
    local end=$((SECONDS + 60))
    until
        rm -f "$ITRACK_FAKE_LOG"
        stopped
        logged "caller OPEN /first" || [ "$SECONDS" -ge "$end" ]
    do :; done
    # What is on the channel may be read when the end was heard.
    sed -n "/^silent/,/channel OPEN/{/^ended/!p}" "$ITRACK_FAKE_LOG" | diff - <(
        echo "silent caller"
        echo "caller OPEN /first"
        echo "channel OPEN $PWD/records.jsonl"
    )
    # It speaks before that, or the command ends.
    rm "$ITRACK_FAKE_LOG"
    silent 'go_on()
s.send(b"\1\2" + bytes(6) + b"/first")'
    grep -Eqx "(caller|channel) OPEN /first" "$ITRACK_FAKE_LOG"
    rm "$ITRACK_FAKE_LOG"
    silent 'go_on()
if os.fork() == 0:
    os.close(1)
    os.close(2)
    wait_until(lambda: os.path.exists(os.environ["ITRACK_FAKE_LOG"]))
    s.send(b"\1\2" + bytes(6) + b"/late")
    os._exit(0)'
    grep -Eqx "(caller|channel) OPEN /late" "$ITRACK_FAKE_LOG"
}

@test "as process 1: 128 + n, and orphans are reaped" {
    unshare -rpf true || skip "no user namespaces"
    run unshare -rpf --mount-proc "$wrap" -q sh -c 'kill -TERM $$'
    [ "$status" -eq 143 ]
    run unshare -rpf --mount-proc "$wrap" -q sh -c 'exit 42'
    [ "$status" -eq 42 ]
    run unshare -rpf --mount-proc "$wrap" -q bash -c '
        for i in 1 2 3; do (true & exec true); done
        for ((i = 0; i < 1000; i++)); do
            grep -l "^State:.Z" /proc/[0-9]*/status >zombies || exit 0
        done
        exit 1'
    [ "$status" -eq 0 ]
}

@test "process 1 that reaps its own children alone is left nothing" {
    unshare -rpf true || skip "no user namespaces"
    cat >init.py <<'END'
import os, subprocess, sys
commands = [["--track=local"], ["--no-preload"], ["--metrics-from-stdout"], ["--run-dir=x"]]
for options in commands:
    subprocess.run([sys.argv[1], "-q"] + options +
                   ["sh", "-c", ": >records.jsonl; echo {}"], check=True)
    left = [p for p in os.listdir("/proc") if p.isdigit() and p != "1"]
    for p in left:
        sys.stdout.write(open("/proc/" + p + "/status").read())
    if left:
        sys.exit("left by %s" % options)
END
    run unshare -rpf --mount-proc python3 init.py "$wrap"
    echo "$output"
    [ "$status" -eq 0 ]
    rm "$tree/libexec/itrack/itrack-worker"
    run unshare -rpf --mount-proc python3 init.py "$wrap"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "nested, with the real worker: one attempt" {
    needs_plain_launcher
    real=$BUILD/bin/itrack-wrap
    run --separate-stderr "$real" --run-dir "$PWD/runs/a" "$real" -q \
        "$programs/write_run" --mode run --to runs/a --from \
        "$BATS_TEST_DIRNAME/../fixtures/run_plain/run"
    [ "$status" -eq 0 ]
    [ "$stderr" = "itrack: tracked by the itrack-wrap inside" ]
    [ "$(find runs/tracking -name metadata.json | wc -l)" -eq 1 ]
}

@test "a command for another C library gets no preload library" {
    local loader=$BATS_TEST_TMPDIR/ld-musl-x86_64.so.1 real
    real=$(readelf -l /bin/true | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
    [ -n "$real" ] || skip "no loader is named here"
    # glibc's loader under the name of musl's: it runs, but only the name counts.
    cp "$real" "$loader"
    printf 'int main(void) { return 0; }\n' >"$BATS_TEST_TMPDIR/other.c"
    cc -o "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/other.c" \
        "-Wl,--dynamic-linker=$loader"
    run -0 "$BUILD/bin/itrack-wrap" -v -- "$BATS_TEST_TMPDIR/other"
    [[ $output == *", without the preload library"* ]]
    run -0 "$BUILD/bin/itrack-wrap" -v -- /bin/true
    [[ $output == *", with the preload library"* ]]
}
