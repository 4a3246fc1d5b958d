#!/usr/bin/env bats
# Where programs and library look for the worker: by their own place, never by
# the name that they were called by or the directory that they stand in.

bats_require_minimum_version 1.5.0

setup() {
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK ITRACK_PROJECT ITRACK_LOCAL_DIR
    unset ITRACK_WORKER ITRACK_LIBRARY LD_LIBRARY_PATH
    cd "$BATS_TEST_TMPDIR" || return
    mkdir -p opt/lib
    cp -rL "$BUILD/bin" "$BUILD/libexec" opt
    cp "$BUILD/lib/libitrack.so.0" opt/lib
    # A directory of somebody else's, with a worker that leaves a trace.
    mkdir -p clone/bin clone/lib clone/libexec/itrack
    touch clone/itrack clone/itrack-wrap clone/bin/itrack clone/libitrack.so.0 \
        clone/lib/libitrack.so.0
    printf '#!/bin/sh\ntouch "%s/proof"\nexit 1\n' "$PWD" \
        >clone/libexec/itrack/itrack-worker
    chmod +x clone/libexec/itrack/itrack-worker clone/itrack clone/bin/itrack
    here=$PWD
    cd clone || return
}

# `itrack log` has the worker of its own tree deliver.
delivers() {
    run -0 --separate-stderr "$@" log --run-name x --metric a=1
    [ ! -e "$here/proof" ]
    [ "$(jq -r .status "experiments/insidellms/$output/final_state.json")" = \
        finished ]
}

@test "itrack by name, by an empty element of PATH, by a relative path" {
    PATH=$here/opt/bin:$PATH delivers itrack
    PATH=../opt/bin:$PATH delivers itrack
    delivers ../opt/bin/itrack
    ln -sf "$here/opt/bin/itrack" it
    PATH=:$PATH delivers it
}

@test "itrack by a link, by another name" {
    mkdir "$here/links"
    ln -s ../opt/bin/itrack "$here/links/itrack"
    delivers "$here/links/itrack"
    for name in itrack ./itrack bin/itrack "$PWD/bin/itrack" ''; do
        delivers bash -c 'exec -a "$1" "$2/opt/bin/itrack" "${@:3}"' - \
            "$name" "$here"
    done
}

@test "itrack that was replaced while it ran" {
    delivers bash -c 'exec 9<"$1"; rm "$1"; exec /proc/self/fd/9 "${@:2}"' - \
        "$here/opt/bin/itrack"
}

@test "without /proc" {
    [ "$(id -u)" -eq 0 ] || skip "not root: /proc can't be taken away"
    [ -z "${SANITIZE:-}" ] || skip "a sanitizer needs /proc"
    unshare -m true || skip "no mount namespaces"
    cat >"$here/no-proc" <<'END'
#!/bin/sh
umount -l /proc && exec "$@"
END
    chmod +x "$here/no-proc"
    delivers unshare -m "$here/no-proc" "$here/opt/bin/itrack"
    # A relative path means nothing by then: where it was to be installed.
    run --separate-stderr unshare -m "$here/no-proc" bin/../../opt/bin/itrack \
        log --metric a=1
    [ ! -e "$here/proof" ]
    [ "$status" -eq 0 ] || [[ $stderr = */libexec/itrack/itrack-worker:* ]]
    unshare -m "$here/no-proc" "$here/opt/bin/itrack-wrap" -q \
        "$BUILD/tests/programs/write_run" --quiet \
        --from "$BATS_TEST_DIRNAME/../fixtures/run_plain/run" --to runs/x 3>&-
    compgen -G "runs/tracking/*/*/final_state.json"
}

@test "itrack-wrap by name, by a link, by another name" {
    from=$BATS_TEST_DIRNAME/../fixtures/run_plain/run
    ln -s opt/bin/itrack-wrap "$here/wrap"
    PATH=$here/opt/bin:$PATH
    for i in 1 2 3; do
        case $i in
        1) set -- itrack-wrap ;;
        2) set -- "$here/wrap" ;;
        *) set -- bash -c 'exec -a bin/itrack-wrap itrack-wrap "$@"' - ;;
        esac
        "$@" -q "$BUILD/tests/programs/write_run" --quiet --from "$from" \
            --to "runs/$i/x" 3>&-
        [ ! -e "$here/proof" ]
        compgen -G "runs/$i/tracking/*/*/final_state.json"
    done
}

# A program that makes a run in the directory that it is told, by a library that
# it was linked with or is told.
build_user() {
    cat >"$here/user.c" <<'END'
#include "itrack.h"
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
#ifdef BY_NAME
#define GET(name) __typeof__(&itrack_##name) name = \
    (__typeof__(&itrack_##name))dlsym(library, "itrack_" #name)
#else
#define GET(name) __typeof__(&itrack_##name) name = itrack_##name
#endif
int main(int argc, char **argv) {
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_config config = ITRACK_CONFIG_INIT;
	struct itrack_tracker *t = NULL;
	void *library = argc > 2 ? dlopen(argv[2], RTLD_NOW) : NULL;
	if (argc > 2 && library == NULL)
		return puts(dlerror()), 3;
	GET(create_tracker);
	GET(start_run);
	GET(end_run);
	if (chdir(argv[1]) < 0 ||
	    create_tracker(&t, "local", &config, NULL, 0, &err) < 0 ||
	    start_run(t, "user", NULL, 0, &err) < 0 ||
	    end_run(t, "finished", &err) < 0)
		return puts(err.message), 1;
	return 0;
}
END
    [ -z "${SANITIZE:-}" ] || skip "one sanitizer at a time"
    cc -w -D_GNU_SOURCE -I"$BATS_TEST_DIRNAME/../../lib" "$@"
}

finished() {
    [ ! -e "$here/proof" ]
    [ "$(jq -r .status "$here/clone/experiments/insideLLMs/user/final_state.json")" \
        = finished ]
    rm -r "$here/clone/experiments"
}

@test "the library by relative paths, then another working directory" {
    build_user -o "$here/user" "$here/user.c" -L"$here/opt/lib" \
        -l:libitrack.so.0
    build_user -DBY_NAME -o "$here/by-name" "$here/user.c"
    cd "$here/opt"
    LD_LIBRARY_PATH=lib run -0 ../user ../clone
    finished
    cd lib
    LD_LIBRARY_PATH=: run -0 "$here/user" "$here/clone"
    finished
    run -0 "$here/by-name" ../../clone ./libitrack.so.0
    finished
    cd ../lib
    run -0 "$here/by-name" ../../clone ../lib/libitrack.so.0
    finished
}

@test "a worker beside the library that belongs to somebody else" {
    [ "$(id -u)" -eq 0 ] || skip "not root: no other user"
    build_user -o "$here/user" "$here/user.c" -L"$here/opt/lib" \
        -l:libitrack.so.0
    # As in /tmp: the library's folder has one above it that others write to.
    mkdir -p "$here/common/mine"
    cp "$here/opt/lib/libitrack.so.0" "$here/common/mine"
    cp -r libexec "$here/common"
    chown -R nobody "$here/common/libexec"
    LD_LIBRARY_PATH=$here/common/mine run "$here/user" .
    [ ! -e "$here/proof" ]
    # It is taken where the library is that user's, too.
    chown nobody "$here/common/mine/libitrack.so.0"
    LD_LIBRARY_PATH=$here/common/mine run "$here/user" .
    [ -e "$here/proof" ]
}

@test "a program with the archive in it, somewhere else" {
    mkdir -p "$here/a/b/c"
    # shellcheck disable=SC2046
    build_user -o "$here/a/b/c/user" "$here/user.c" "$BUILD/lib/libitrack.a" \
        $(pkg-config --libs libbsd) -lm -pthread
    run bash -c 'exec -a bin/itrack "$1/a/b/c/user" .' - "$here"
    [ ! -e "$here/proof" ]
    [ "$status" -eq 0 ] || [[ $output = */libexec/itrack/itrack-worker:* ]]
    ITRACK_WORKER=$here/opt/libexec/itrack/itrack-worker \
        run -0 "$here/a/b/c/user" .
    finished
}

@test "variables that name a file by a relative path are refused" {
    ITRACK_WORKER=libexec/itrack/itrack-worker \
        run "$here/opt/bin/itrack" log --metric a=1
    [ "$status" -ne 0 ]
    [[ $output = *"ITRACK_WORKER: libexec/itrack/itrack-worker: not an \
absolute path"* ]]
    [ ! -e "$here/proof" ]
    # An empty one is none.
    ITRACK_WORKER='' delivers "$here/opt/bin/itrack"
    [ -z "${SANITIZE:-}" ] || skip "Python is not built with sanitizers"
    for name in libitrack.so.0 lib/libitrack.so.0 ./libitrack.so.0; do
        ITRACK_LIBRARY=$name PYTHONDONTWRITEBYTECODE=1 \
            PYTHONPATH=$BATS_TEST_DIRNAME/../../lib/python run -1 python3 -c \
            'import itrack; itrack.LocalFileTracker()'
        [[ $output = *"ITRACK_LIBRARY: $name: not an absolute path" ]]
    done
}
