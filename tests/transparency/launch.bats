#!/usr/bin/env bats
# The command notices nothing: bare and wrapped, with the shim and without.

bats_require_minimum_version 1.5.0
load ../launch

setup() {
    launch_setup
}

gone() {
    ! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"
}

@test "every exit status" {
    for ((i = 0; i < 256; i++)); do
        status=0
        "$wrap" -q sh -c "exit $i" || status=$?
        [ "$status" -eq "$i" ]
    done
}

@test "death by a signal" {
    ulimit -c 0
    for signal in HUP INT QUIT KILL TERM SEGV ABRT PIPE USR1 ALRM BUS XFSZ; do
        for option in -q --no-preload; do
            status=0
            python3 - "$signal" "$wrap" $option sh -c "kill -$signal \$\$" <<'END' || status=$?
import signal, subprocess, sys
want = -getattr(signal, "SIG" + sys.argv[1])
# Python ignores SIGPIPE and SIGXFSZ, and hands that on unless told otherwise.
got = subprocess.run(sys.argv[2:], restore_signals=True).returncode
sys.exit(0 if got == want else "got %d, want %d" % (got, want))
END
            [ "$status" -eq 0 ]
        done
    done
}

@test "no second core file" {
    grep -qx core /proc/sys/kernel/core_pattern || skip "cores go elsewhere"
    ulimit -c unlimited || skip "no core files here"
    run "$wrap" -q sh -c 'mkdir c; cd c; kill -SEGV $$'
    [ "$status" -eq 139 ]
    [ ! -e core ]
}

@test "125, 126 and 127 of the command itself" {
    for i in 125 126 127; do
        same_as_bare sh -c "echo out; echo err >&2; exit $i"
    done
}

@test "what a program inherits" {
    same_as_bare "$programs/launch_state" one "two words" ''
}

@test "descriptors from outside, closed standard streams" {
    same_as_bare "$programs/launch_enter" open 5 five open 40 forty -- \
        "$programs/launch_state"
    same_as_bare "$programs/launch_enter" close 0 -- "$programs/launch_state"
    same_as_bare "$programs/launch_enter" close 2 -- "$programs/launch_state"
    same_as_bare "$programs/launch_enter" close 0 close 2 -- \
        "$programs/launch_state"
    for option in --track=local --no-preload; do
        "$programs/launch_enter" close 0 close 1 close 2 -- \
            sh -c "exec $programs/launch_state >bare.closed"
        "$programs/launch_enter" close 0 close 1 close 2 -- "$wrap" \
            $option -q sh -c "exec $programs/launch_state >wrapped.closed"
        diff <(sed 's/ino [0-9]*//' bare.closed) \
            <(sed 's/ino [0-9]*//' wrapped.closed)
    done
}

# Puts the wrapper between the setter of a state and the program that shows it.
same_state() {
    "$@" "$programs/launch_state" >same.out 2>/dev/null 3>&- 4>&- \
        </dev/null
    cp same.out bare.out
    for option in --track=local --no-preload; do
        "$@" "$wrap" -q "$option" -- "$programs/launch_state" \
            >same.out 2>/dev/null 3>&- 4>&- </dev/null
        diff bare.out same.out || return 1
    done
}

@test "signal mask and dispositions" {
    for i in 1 2 3 10 13 15 17 18 20 21 22 25 28 34 64; do
        same_state "$programs/launch_enter" ignore $i --
        same_state "$programs/launch_enter" block $i --
        same_state "$programs/launch_enter" block $i ignore $i --
    done
    same_state "$programs/launch_enter" --
    same_state nohup
}

@test "limits, umask, priority, directory, session, environment" {
    same_state bash -c 'ulimit -n 50 -f 1000 -c 0; exec "$@"' -
    same_state bash -c 'umask 027; exec "$@"' -
    same_state nice -n 5
    same_state env -i A=b
    same_state env --chdir=/
    # Another session each time: only that the leader's own is not changed.
    setsid -w "$wrap" -q sh -c 'ps -o sid= -p $$ $PPID | uniq | wc -l' >seen
    [ "$(tr -d ' ' <seen)" -eq 1 ]
}

@test "what an exec keeps and a fork does not" {
    local enter=$programs/launch_enter
    for signal in 1 9 15 34; do
        same_state "$enter" parent-death "$signal" --
    done
    same_state "$enter" subreaper --
    same_state "$enter" reset-on-fork --
    for kind in 0 1 2; do
        same_state "$enter" timer "$kind" 1000 --
    done
    same_state "$enter" block 12 queue 10 1 queue 17 2 queue 40 3 queue 40 4 \
        queue 40 5 --
    same_state "$enter" ignore 10 queue 10 1 --
    if [ "$(id -u)" -eq 0 ]; then
        same_state nice -n -5 "$enter" reset-on-fork --
    fi
}

@test "more signals wait than the launcher keeps" {
    local words=()
    for ((i = 0; i < 200; i++)); do
        words+=(queue 40 "$i")
    done
    cat >all.py <<'END'
import signal, time
end = time.monotonic() + 30
for i in range(200):
    got = signal.sigtimedwait([40], end - time.monotonic())
    print(got.si_signo, flush=True)
END
    [ "$("$programs/launch_enter" "${words[@]}" -- "$wrap" -q python3 all.py |
        grep -cx 40)" -eq 200 ]
}

@test "who is to die with its parent dies with ours" {
    cat >caller.py <<'END'
import ctypes, os, signal, subprocess, sys, time
number = int(sys.argv[1])
def die_with_caller():
    ctypes.CDLL(None).prctl(1, number)
go = os.fork()
if go == 0:
    subprocess.Popen(sys.argv[2:], stdout=open("said", "wb"), preexec_fn=die_with_caller)
    while b"ready" not in open("said", "rb").read():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
os.waitpid(go, 0)
END
    mkfifo in
    exec 7<>in
    for signal in 1 10 15; do
        python3 caller.py $signal "$wrap" -q "$programs/launch_signals" \
            <in 3>&- 7>&-
        wait_until grep -qxE '(HUP|USR1|TERM) 0' said
        kill -KILL "$(sed -n 's/^ready //p' said)"
        [ "$(wc -l <said)" -eq 2 ]
    done
    python3 caller.py 9 "$wrap" -q "$programs/launch_signals" <in 3>&- 7>&-
    wait_until gone "$(sed -n 's/^ready //p' said)"
}

@test "orphans of a command that is to reap them go to it" {
    cat >reaper.py <<'END'
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(0.2)
        os._exit(0)
    os._exit(0)
os.wait()
print(os.wait()[1])
END
    same_as_bare "$programs/launch_enter" subreaper -- python3 reaper.py
    [ "$("$programs/launch_enter" subreaper -- "$wrap" -q \
        python3 reaper.py)" = 0 ]
}

@test "little memory is left" {
    needs_plain_launcher
    same_state bash -c 'ulimit -v 40000; exec "$@"' -
}

@test "few descriptors are left" {
    needs_plain_launcher
    for i in 4 5 6 7 8; do
        same_state prlimit --nofile=$i
        status=0
        prlimit --nofile=$i "$wrap" -q sh -c 'exit 5' \
            3>&- 4>&- 5>&- 6>&- 7>&- 8>&- || status=$?
        [ "$status" -eq 5 ]
    done
}

@test "no more processes are allowed" {
    needs_plain_launcher
    [ "$(id -u)" -eq 0 ] || skip "not root: no user without processes"
    # A user that nobody is, in a place that it can enter.
    place=$(mktemp -d)
    cp -r "$tree/." "$place"
    chmod -R a+rX "$place"
    run setpriv --reuid=61184 --clear-groups prlimit --nproc=1 \
        "$place/bin/itrack-wrap" -q env printf %s ran
    rm -r "$place"
    [ "$output" = ran ]
    [ "$status" -eq 0 ]
}

@test "SIGCHLD ignored: the status is still there" {
    status=0
    "$programs/launch_enter" ignore 17 -- "$wrap" -q sh -c 'exit 9' || status=$?
    [ "$status" -eq 9 ]
}

@test "children of an earlier life are left alone" {
    # sh waits for children that it doesn't know; ours must not be reaped
    # by mistake nor mistaken for the command.
    status=0
    "$programs/launch_enter" child child -- "$wrap" -q sh -c 'exit 8' || status=$?
    [ "$status" -eq 8 ]
}

@test "output and errors of shells, Python, pipes" {
    same_as_bare sh -c 'for i in 1 2 3; do echo $i; echo e$i >&2; done'
    same_as_bare bash -c 'seq 10000 | sort -r | head -3; exit 77'
    same_as_bare python3 -c 'import sys; print("out"); sys.exit("err")'
    same_as_bare python3 -c 'import subprocess as s
print(s.run(["sh", "-c", "echo hi; exit 3"], close_fds=True))'
    same_as_bare "$programs/launch_quiet_static" /dev/null
    same_as_bare env -i /bin/echo x
    same_as_bare cat /no/such/file
}

@test "a script without an interpreter line runs as with execvp" {
    printf 'echo plain $1\n' >plain
    chmod +x plain
    [ "$("$wrap" -q ./plain x)" = "plain x" ]
    [ "$(env ./plain x)" = "plain x" ]
}

@test "found by PATH" {
    mkdir one two
    printf '#!/bin/sh\necho one\n' >one/tool
    printf '#!/bin/sh\necho two\n' >two/tool
    chmod +x two/tool
    [ "$(PATH=one:two:$PATH "$wrap" -q tool)" = two ]
    chmod +x one/tool
    [ "$(PATH=one:two:$PATH "$wrap" -q tool)" = one ]
    cd one
    [ "$(PATH=:$PATH "$wrap" -q tool)" = one ]
}

@test "a reader sees the end when the command's last process is gone" {
    mkfifo go
    # The worker drains far longer than the reader may wait.
    ITRACK_FAKE_WORKER=deaf "$wrap" -q --drain 60 sh -c ': >records.jsonl
        (read -r x <go; echo late) & echo early' 3>&- </dev/null \
        > >(cat >read.out; : >read.end) &
    pid=$!
    wait_until logged "ended status 0"
    [ ! -e read.end ]
    let_go go
    wait_until test -e read.end
    [ "$(cat read.out)" = "early
late" ]
    kill -TERM $pid
    wait $pid
}

@test "a lock is free when the command is gone" {
    ITRACK_FAKE_WORKER=deaf "$programs/launch_enter" open 9 lock -- "$wrap" -q \
        --drain 60 sh -c ': >records.jsonl; flock 9' 3>&- &
    pid=$!
    wait_until logged "ended status 0"
    flock -n lock true
    kill -TERM $pid
    wait $pid
}

@test "signals sent to itrack-wrap alone are passed on, once" {
    mkfifo in
    "$wrap" -q "$programs/launch_signals" <in >seen 3>&- &
    pid=$!
    open_gate 7 in "$pid"
    wait_until grep -q ready seen
    for signal in HUP INT QUIT USR1 USR2 TERM WINCH; do
        kill -$signal $pid
        wait_until grep -q "$signal" seen
    done
    python3 -c 'import ctypes, signal, sys
class V(ctypes.Union):
    _fields_ = [("i", ctypes.c_int), ("p", ctypes.c_void_p)]
v = V(); v.i = 4711
sys.exit(ctypes.CDLL(None).sigqueue(int(sys.argv[1]), signal.SIGRTMIN + 1, v))' $pid
    wait_until grep -qx "RT 4711" seen
    exec 7>&-
    wait $pid
    [ "$(grep -vc ready seen)" -eq 8 ]
}

# Starts launch_signals as the command of a launcher that leads a group: `pid`
# is the launcher, `command` the command, `witness` the witness.
start_group() {
    rm -f seen in
    mkfifo in
    setsid "$wrap" -q "$programs/launch_signals" <in >seen 3>&- &
    pid=$!
    open_gate 7 in "$pid"
    wait_until grep -q ready seen
    command=$(sed -n 's/^ready //p' seen)
    # The witness has its name a moment after it was forked.
    wait_until pgrep -x group-witness -P "$pid"
    witness=$(pgrep -x group-witness -P "$pid")
}

# What came before this has been dealt with: another signal has arrived.
count_seen() {
    local before
    before=$(grep -c WINCH seen) || :
    kill -WINCH "$pid"
    wait_until eval "[ \$(grep -c WINCH seen) -gt $before ]"
    grep -cx "$1" seen
}

# `one_after_the_other PROCESS...`: each gets USR2, and the command has one more of
# it. A sender who was held up in between does not count: for the launcher those
# were signals to itrack-wrap alone.
one_after_the_other() {
    local before after began took
    while :; do
        before=$(count_seen "USR2 0") || :
        began=${EPOCHREALTIME/[.,]/}
        kill -USR2 "$@"
        took=$((${EPOCHREALTIME/[.,]/} - began))
        after=$(count_seen "USR2 0") || :
        [ "$took" -ge 15000 ] || break
    done
    [ $((after - before)) -eq 1 ]
}

end_group() {
    exec 7>&-
    wait "$pid"
}

@test "a signal to the whole group arrives once" {
    start_group
    for signal in HUP INT QUIT USR1 USR2 TERM; do
        kill -$signal -- -"$pid"
        wait_until grep -q "$signal" seen
        [ "$(count_seen "$signal 0")" -eq 1 ]
    done
    # Again, and to itrack-wrap alone behind it.
    kill -USR1 -- -"$pid"
    [ "$(count_seen "USR1 0")" -eq 2 ]
    kill -USR1 "$pid"
    [ "$(count_seen "USR1 0")" -eq 3 ]
    # To one after the other, as systemd and batch systems do.
    one_after_the_other "$pid" "$witness" "$command"
    one_after_the_other "$command" "$witness" "$pid"
    end_group
}

@test "a signal by name to itrack-wrap is for it alone" {
    start_group
    pkill -USR1 -g "$pid" itrack-wrap
    wait_until grep -q USR1 seen
    pkill -USR2 -g "$pid" -f bin/itrack-wrap
    wait_until grep -q USR2 seen
    end_group
}

@test "a witness that is stopped or killed is done without" {
    for signal in STOP KILL; do
        start_group
        kill -$signal "$witness"
        kill -USR1 "$pid"
        wait_until grep -q USR1 seen
        kill -USR2 "$pid"
        wait_until grep -q USR2 seen
        [ "$(grep -c USR1 seen)" -eq 1 ]
        end_group
    done
}

@test "nothing is left of the witness" {
    start_group
    end_group
    [ ! -e "/proc/$witness" ]
    start_group
    kill -KILL "$pid"
    wait_until gone "$witness"
    exec 7>&-
}

# What the witness has had by the time that it is asked, the launcher may read much
# later than that.
@test "a signal to the whole group arrives once, if the launcher is held up, too" {
    strace -o trace true 2>/dev/null || skip "no strace here"
    no_leak_search
    mkfifo in
    strace -o trace -e trace=sendto -e inject=sendto:delay_enter=200000 \
        setsid "$wrap" --record-only -q "$programs/launch_signals" <in >seen 3>&- &
    job=$!
    exec 7>in
    wait_until grep -q ready seen
    pid=$(pgrep -P "$job")
    for n in 1 2 3; do
        kill -USR1 "$pid"
        # It asks its witness now, for 200 ms.
        sleep 0.1
        kill -USR2 -- "-$pid"
        wait_until eval "[ \$(grep -cx 'USR1 0' seen) -eq $n ]"
    done
    [ "$(count_seen "USR2 0")" -eq 3 ]
    exec 7>&-
    wait "$job"
}

@test "a command that makes a group of its own hears what ours gets" {
    cat >leader.py <<'END'
import os, signal
os.setpgid(0, 0)
signal.signal(signal.SIGINT, lambda *_: os._exit(7))
open("led", "w").close()
while True:
    signal.pause()
END
    for launcher in env "$wrap"; do
        rm -f led
        python3 - "$launcher" python3 leader.py 3>&- <<'END'
import os, signal, subprocess, sys, time
p = subprocess.Popen(sys.argv[1:], preexec_fn=os.setpgrp)
while not os.path.exists("led"):
    time.sleep(0.01)
os.killpg(p.pid, signal.SIGINT)
sys.exit(p.wait() != 7)
END
    done
}

@test "a signal of the command to its parent is for ours" {
    cat >parent.py <<'END'
import os, signal, subprocess, sys, time
got = []
for number in (signal.SIGUSR1, signal.SIGTERM):
    signal.signal(number, lambda s, f: got.append(s))
# Its shell goes on until we have heard, or ends at once.
for script in ("kill -%d $PPID; read x; exit 4", "kill -%d $PPID; exit 4",
               "(exec /bin/sh -c 'kill -%d $1; read x' - $PPID); exit 4"):
    for number in (signal.SIGUSR1, signal.SIGTERM):
        del got[:]
        p = subprocess.Popen(sys.argv[1:] + ["sh", "-c", script % number],
                             stdin=subprocess.PIPE)
        if "read" in script:
            while not got:
                time.sleep(0.01)
        p.stdin.close()
        print(p.wait(), got)
# To the group, of which we are one: we have it already.
del got[:]
os.setpgrp()
p = subprocess.Popen(sys.argv[1:] + ["sh", "-c", "trap '' TERM; kill 0; exit 5"])
print(p.wait(), got)
END
    same_parent() {
        python3 parent.py "$@" 3>&-
    }
    [ "$(same_parent env)" = "$(same_parent "$wrap" -q)" ]
    [ "$(same_parent "$wrap" --no-preload -q | grep -c '^4 ')" -eq 6 ]
}

@test "the command stops itself by SIGSTOP: we stop with it" {
    cat >stop.py <<'END'
import os, signal, subprocess, sys
p = subprocess.Popen(sys.argv[1:] + ["sh", "-c", "kill -STOP $$; exit 4"],
                     start_new_session=True)
_, status = os.waitpid(p.pid, os.WUNTRACED)
print(os.WIFSTOPPED(status) and os.WSTOPSIG(status))
os.killpg(p.pid, signal.SIGCONT)
_, status = os.waitpid(p.pid, 0)
print(status)
END
    [ "$(python3 stop.py env)" = "$(python3 stop.py "$wrap" -q)" ]
}

@test "stopped and continued from outside, by whatever process ID" {
    stopped() { grep -q '^State:.T' "/proc/$1/status"; }
    running() { grep -q '^State:.[SR]' "/proc/$1/status"; }
    start_group
    # The command alone, which may be all that somebody knows.
    kill -STOP "$command"
    wait_until stopped "$pid"
    kill -CONT "$command"
    wait_until running "$pid"
    [ "$(count_seen "CONT 0")" -eq 1 ]
    # Both, then itrack-wrap alone.
    kill -STOP "$command" "$pid"
    wait_until stopped "$pid"
    kill -CONT "$pid"
    wait_until running "$command"
    [ "$(count_seen "CONT 0")" -eq 2 ]
    # The group.
    kill -STOP -- -"$pid"
    wait_until stopped "$pid"
    wait_until stopped "$command"
    kill -CONT -- -"$pid"
    wait_until running "$pid"
    [ "$(count_seen "CONT 0")" -eq 3 ]
    end_group
}

@test "SIGTERM to itrack-wrap ends the command, whose status counts" {
    mkfifo in
    "$wrap" -q "$programs/launch_signals" 33 <in >seen 3>&- &
    pid=$!
    open_gate 7 in "$pid"
    wait_until grep -q ready seen
    kill -TERM $pid
    status=0
    wait $pid || status=$?
    [ "$status" -eq 33 ]
    exec 7>&-
}

@test "a command that ignores SIGTERM goes on" {
    mkfifo go
    "$wrap" -q sh -c 'trap "" TERM; : >started; read -r x <go; exit 12' 3>&- &
    pid=$!
    wait_until test -e started
    kill -TERM $pid
    kill -TERM $pid
    let_go go
    status=0
    wait $pid || status=$?
    [ "$status" -eq 12 ]
}

@test "the command's own signals to its group don't come back to it" {
    cat >own.py <<'END'
import os, select, signal
got = []
signal.signal(signal.SIGTERM, lambda *_: got.append(1))
os.killpg(0, signal.SIGTERM)
select.select([], [], [], 0.15)
print(len(got))
END
    [ "$(setsid -w "$wrap" -q python3 own.py)" = 1 ]
}

@test "an alarm set before the launch reaches the command" {
    status=0
    "$programs/launch_enter" alarm 1 -- "$wrap" -q sleep 30 || status=$?
    [ "$status" -eq 142 ]
}

@test "stop and continue: by SIGTSTP, and by SIGCONT to us alone" {
    mkfifo in
    # A group of its own that is not orphaned.
    python3 - "$wrap" -q "$programs/launch_signals" <<'END'
import os, signal, subprocess, sys
r, w = os.pipe()
p = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE,
                     stdout=subprocess.PIPE, process_group=0) \
    if sys.version_info >= (3, 11) else None
if p is None:
    sys.exit(0)
child = int(p.stdout.readline().split()[1])
os.kill(child, signal.SIGTSTP)
_, status = os.waitpid(p.pid, os.WUNTRACED)
assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTSTP, status
os.kill(p.pid, signal.SIGCONT)
assert p.stdout.readline() == b"CONT 0\n"
os.kill(p.pid, signal.SIGTSTP)
_, status = os.waitpid(p.pid, os.WUNTRACED)
assert os.WIFSTOPPED(status), status
os.killpg(p.pid, signal.SIGCONT)
assert p.stdout.readline() == b"CONT 0\n"
rest, _ = p.communicate(b"\n")
assert rest == b"", rest
assert p.returncode == 0
END
}

@test "arguments and environment as large as they may be" {
    # As much as fits bare, to the last few bytes; each string below 128 kB.
    cat >large.py <<'END'
import os, subprocess, sys
command = sys.argv[1:]
limit = os.sysconf("SC_ARG_MAX")
def fits(size):
    words = ["x" * 100000] * (size // 100001) + ["x" * (size % 100001)]
    try:
        return subprocess.run(command + ["true"] + words).returncode == 0
    except OSError:
        return False
low, high = 0, limit
while high - low > 1:
    middle = (low + high) // 2
    low, high = (middle, high) if fits(middle) else (low, middle)
print(low)
END
    bare=$(python3 large.py env 2>/dev/null 3>&-)
    wrapped=$(python3 large.py "$wrap" -q 2>/dev/null 3>&-)
    # The names of the two programs are of different lengths.
    [ $((bare - wrapped)) -lt 300 ]
    [ "$bare" -gt 100000 ]
}
