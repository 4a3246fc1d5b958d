#!/usr/bin/env bats
# The preload library alone: what it reports, and that nothing else changes.

bats_require_minimum_version 1.5.0

setup() {
    shim=$BUILD/libexec/itrack/itrack-preload.so
    calls=$BUILD/tests/programs/shim_calls
    unset LD_PRELOAD ITRACK_SOCKET
    cd "$BATS_TEST_TMPDIR" || return 1
    fresh
}

fresh() {
    rm -rf a b c gone
    mkdir a b c
    touch a/.insidellms_run b/.insidellms_run c/summary.json c/report.html \
        a/config.resolved.yaml a/t1 a/t2 a/t3
}

# The messages of a command go to `seen`, its own output to `out`.
receive() {
    "$BUILD/tests/programs/shim_receive" "$shim" "$@" >out 2>seen 3>&-
}

want() {
    diff - seen
}

@test "what it exports and needs" {
    nm -D --defined-only "$shim" | awk '{ print $3 }' | sort >exports
    sed -n 's/^\t\([a-z_0-9]*\);$/\1/p' \
        "$BATS_TEST_DIRNAME/../../wrap/shim/shim.map" | sort | diff - exports
    [ "$(readelf -d "$shim" | grep -c NEEDED)" -eq 1 ]
    readelf -d "$shim" | grep -q 'NEEDED.*\[libc.so.6\]'
}

@test "every function: results and messages" {
    "$calls" each >bare.out 3>&-
    fresh
    receive "$calls" each
    diff bare.out out
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
OPEN $PWD/b/records.jsonl
OPEN $PWD/c/records.jsonl
OPEN $PWD/c/manifest.json
OPEN $PWD/a/.insidellms_run
OPEN $PWD/b/.insidellms_run
OPEN $PWD/c/summary.json
OPEN $PWD/c/report.html
OPEN $PWD/a/explain.json
OPEN $PWD/b/explain.json
OPEN $PWD/a/records.jsonl
OPEN $PWD/a/.config.resolved.yaml.tmp
OPEN $PWD/b/.config.resolved.yaml.tmp
OPEN $PWD/a/config.resolved.yaml
OPEN $PWD/a/.manifest.json.tmp
OPEN $PWD/a/.explain.json.tmp
RENAME $PWD/a/manifest.json
RENAME $PWD/c/records.jsonl
RENAME $PWD/c/config.resolved.yaml
END
    [ "$(stat -c %a a/records.jsonl)" = 640 ]
}

@test "the marker is named before it is made, too" {
    "$calls" marks >bare.out 3>&-
    fresh
    receive "$calls" marks
    diff bare.out out
    want <<END
HELLO
MARKING $PWD/b/.insidellms_run
OPEN $PWD/b/.insidellms_run
MARKING $PWD/c/.insidellms_run
OPEN $PWD/c/.insidellms_run
MARKING $PWD/c/.insidellms_run
OPEN $PWD/c/.insidellms_run
OPEN $PWD/c/.insidellms_run
MARKING $PWD/gone/.insidellms_run
END
}

# A path of more than the pieces in which the directory is looked for, rows of
# slashes where they end, symbolic links.
@test "the directory and the file come along, moved or not" {
    deep=$(printf '/%0200d' 1 2)
    mkdir -p "b$deep"
    ln -s ../b c/link
    gap=$(printf '%0157d' 0 | tr 0 /)
    cat >each.sh <<-END
	: >a/.insidellms_run
	: >records.jsonl
	: >/$PWD/c/link/summary.json
	: >$PWD//b$(printf '/%0200d' 1)$gap$(printf '%0200d' 2)/report.html
	: >b/./..//b$deep/records.jsonl
	: >a/.manifest.json.tmp
	mv a/.manifest.json.tmp a/manifest.json
	cd b
	: >manifest.json
	mv ../b ../moved
END
    export SHOW_ALONG=1
    receive dash each.sh
    grep -v '^HELLO' seen | sed 's/^[A-Z].*/said/' | diff - <(cat <<END
said
  $PWD/a
said
  $PWD/a
said
  $PWD
  $PWD/records.jsonl
said
  $PWD/moved
  $PWD/moved/summary.json
said
  $PWD/moved$deep
  $PWD/moved$deep/report.html
said
  $PWD/moved$deep
  $PWD/moved$deep/records.jsonl
said
  $PWD/a
said
  $PWD/a
  $PWD/a/manifest.json
said
  $PWD/moved
  $PWD/moved/manifest.json
END
)
}

@test "what is none of our business is not reported" {
    "$calls" none >bare.out 3>&-
    fresh
    receive "$calls" none
    diff bare.out out
    want <<END
HELLO
END
}

@test "without a socket nothing happens" {
    strace -f -e trace=network -o trace env LD_PRELOAD="$shim" \
        "$calls" each >out 3>&- || skip "strace does not work here"
    run ! grep -q socket trace
    env LD_PRELOAD="$shim" ITRACK_SOCKET= "$calls" fork
    env LD_PRELOAD="$shim" ITRACK_SOCKET=nobody-listens "$calls" fork
    env LD_PRELOAD="$shim" ITRACK_SOCKET="$(printf '%0200d' 0)" "$calls" fork
}

# Nothing waits, results and errno are as without the shim. The second is an
# older version's.
@test "a full queue, a socket of another type" {
    cat >full.py <<'END'
import os, socket, subprocess, sys
with socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[1])) as s:
    s.bind(b"")
    if sys.argv[1] == "SOCK_SEQPACKET":
        s.listen(0)
    env = dict(os.environ, LD_PRELOAD=sys.argv[2],
               ITRACK_SOCKET=s.getsockname()[1:].decode())
    subprocess.run(sys.argv[3:], env=env, check=True, timeout=60,
                   close_fds=False)
END
    "$calls" each >bare.out 3>&-
    for type in SOCK_SEQPACKET SOCK_DGRAM; do
        fresh
        python3 full.py $type "$shim" "$calls" each >out 3>&-
        diff bare.out out
    done
}

@test "closed descriptors, fork, vfork, signal handlers" {
    receive "$calls" closefds
    [ "$(cat out)" = "next 3 errno 77" ]
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
END
    receive "$calls" fork
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
OPEN $PWD/b/records.jsonl
END
    receive "$calls" signal
    [ "$(cat out)" = "errno -1 errno 77" ]
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
END
}

@test "a program that locks itself up says so, and then nothing" {
    harm=$BUILD/tests/programs/shim_harm
    "$harm" lock prctl socket 3>&- || skip "no seccomp here (status $?)"
    for how in prctl syscall; do
        receive "$harm" lock $how swapoff
        want <<END
HELLO
SILENT
END
        # Nor does what it executes.
        receive "$harm" lock $how swapoff sh -c ': >a/records.jsonl'
        want <<END
HELLO
SILENT
END
    done
    # Executed by a program that nobody stood before.
    receive "$harm" lock libc swapoff sh -c ': >a/records.jsonl'
    want <<END
HELLO
END
    receive "$harm" lock none swapoff sh -c ': >a/records.jsonl'
    want <<END
HELLO
HELLO
OPEN $PWD/a/records.jsonl
END
}

@test "a cleared environment: known in the process, not in the next" {
    receive "$calls" clearenv
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
END
    [ -e b/records.jsonl ]
}

@test "a working directory that is gone" {
    receive "$calls" cwd-gone
    want <<END
HELLO
END
    fresh
    mv seen messages
    "$calls" cwd-gone 3>&- 4>&- | diff - out
}

@test "a path as long as they get" {
    receive "$calls" long || :
    grep -q '^deep 3 errno 77$' out
    [ "$(head -1 seen)" = HELLO ]
    [ "$(wc -l <seen)" -eq 1 ]
}

@test "no descriptor left for the message" {
    "$calls" limit >bare.out </dev/null 3>&-
    fresh
    (ulimit -n 64 && receive "$calls" limit </dev/null)
    [ "$(cat out)" = "open good errno 77" ]
    want <<END
HELLO
END
}

@test "threads" {
    receive "$calls" threads
    [ "$(cat out)" = "failed 0" ]
    [ "$(sort -u seen)" = "$(printf '%s\n' HELLO "RENAME $PWD/a/manifest.json")" ]
}

@test "a pending cancellation is not ours to act on" {
    receive "$calls" cancel
    [ "$(cat out)" = "open good" ]
    grep -q OPEN seen
}

@test "a call before libc is ready constructor" {
    rm a/.insidellms_run
    receive "$calls" early
    # That one is lost, since libc has no environment yet, but it works.
    test -e a/.insidellms_run
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
END
}

@test "Python: open, os.open, pathlib, os.replace, close_fds" {
    receive python3 -c '
import os, pathlib, subprocess, sys
os.closerange(3, 256)
open("a/records.jsonl", "x").close()
os.close(os.open("b/records.jsonl", os.O_WRONLY | os.O_CREAT, 0o600))
pathlib.Path("c/records.jsonl").write_text("x")
pathlib.Path("a/.manifest.json.tmp").write_text("{}")
os.replace("a/.manifest.json.tmp", "a/manifest.json")
d = os.open("c", os.O_RDONLY)
os.close(os.open("explain.json", os.O_WRONLY | os.O_CREAT, dir_fd=d))
subprocess.run([sys.executable, "-c", "open(\"c/summary.json\", \"w\")"],
               close_fds=True, check=True)
'
    grep -v HELLO seen >files
    diff - files <<END
OPEN $PWD/a/records.jsonl
OPEN $PWD/b/records.jsonl
OPEN $PWD/c/records.jsonl
OPEN $PWD/a/.manifest.json.tmp
RENAME $PWD/a/manifest.json
OPEN $PWD/c/explain.json
OPEN $PWD/c/summary.json
END
    [ "$(grep -c HELLO seen)" -ge 2 ]
}

@test "shells and tools" {
    receive sh -c 'echo x >a/records.jsonl; echo y >>b/records.jsonl
        cp a/t1 a/.manifest.json.tmp; mv a/.manifest.json.tmp a/manifest.json
        cd c; touch records.jsonl; cat report.html; ln a x; :' || :
    grep -v HELLO seen | grep -v ^ln: >files
    diff - files <<END
OPEN $PWD/a/records.jsonl
OPEN $PWD/b/records.jsonl
OPEN $PWD/a/.manifest.json.tmp
RENAME $PWD/a/manifest.json
OPEN $PWD/c/records.jsonl
END
    receive bash -c 'echo x >a/records.jsonl; exec 5>b/records.jsonl'
    [ "$(grep -c OPEN seen)" -eq 2 ]
}

@test "C++ streams" {
    command -v c++ >/dev/null || skip "no C++ compiler"
    cat >stream.cc <<'END'
#include <cstdio>
#include <fstream>
int main() {
	std::ofstream("a/records.jsonl") << "x\n";
	std::ofstream("a/records.jsonl", std::ios::app) << "y\n";
	std::ifstream in("a/config.resolved.yaml");
	return std::rename("a/t1", "a/manifest.json");
}
END
    c++ -o stream stream.cc 3>&-
    receive ./stream
    want <<END
HELLO
OPEN $PWD/a/records.jsonl
OPEN $PWD/a/records.jsonl
RENAME $PWD/a/manifest.json
END
}

@test "behind another preload library" {
    # One that counts opens, before ours.
    cat >other.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int open64(const char *path, int flags, int mode) {
	int (*next)(const char *, int, int) =
	    (int (*)(const char *, int, int))dlsym(RTLD_NEXT, "open64");
	if (strstr(path, "records") != NULL && write(1, "other\n", 6) < 0)
		return -1;
	return next(path, flags, mode);
}
END
    cc -shared -fPIC -w -o other.so other.c 3>&-
    export LD_PRELOAD=$PWD/other.so
    receive python3 -c 'open("a/records.jsonl", "w")'
    unset LD_PRELOAD
    [ "$(cat out)" = other ]
    grep -qx "OPEN $PWD/a/records.jsonl" seen
}

@test "an allocator that makes system calls before anything is ready" {
    cat >allocator.c <<'END'
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
static char *at, *end;
static int busy;
void *malloc(size_t size) {
	char *got;
	size = (size + 31) & ~(size_t)15;
	if (busy++)
		syscall(SYS_write, 2, "again\n", 6);
	syscall(SYS_close, syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY, 0, 0));
	close(open("/", O_RDONLY));
	prctl(PR_GET_DUMPABLE);
	if (at == NULL || (size_t)(end - at) < size) {
		size_t more = size + (1 << 20);
		at = mmap(NULL, more, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		end = at + more;
	}
	*(size_t *)at = size;
	got = at + 16;
	at += size;
	busy--;
	return got;
}
void free(void *p) { }
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *p, size_t size) {
	void *q = malloc(size);
	if (p != NULL) {
		size_t old = *(size_t *)((char *)p - 16);
		memcpy(q, p, old < size ? old : size);
	}
	return q;
}
END
    cc -shared -fPIC -w -o allocator.so allocator.c 3>&-
    export LD_PRELOAD=$PWD/allocator.so
    receive "$calls" fork
    unset LD_PRELOAD
    [ "$(grep -c OPEN seen)" -eq 2 ]
    run ! grep again seen
}

@test "static and set-uid programs are left alone" {
    receive "$BUILD/tests/programs/launch_quiet_static" /dev/null
    want </dev/null
    [ "$(id -u)" -eq 0 ] || skip "not root: no set-uid to test"
    chmod 755 "$BATS_TEST_TMPDIR" a
    cp /bin/touch touch
    chown nobody touch
    chmod u+s touch
    chown nobody a
    receive ./touch a/records.jsonl || skip "set-uid does not work here"
    want </dev/null
}

@test "a sanitized program gets no preload library" {
    echo 'int main(void) { return 0; }' >asan.c
    cc -fsanitize=address -o asan asan.c 3>&- 2>/dev/null ||
        skip "no AddressSanitizer"
    readelf -d asan | grep -q 'NEEDED.*libasan' || skip "linked statically"
    export XDG_CONFIG_HOME=$PWD XDG_STATE_HOME=$PWD
    run "$BUILD/bin/itrack-wrap" -q ./asan
    [ "$status" -eq 0 ]
}
