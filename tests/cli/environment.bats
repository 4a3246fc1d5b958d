#!/usr/bin/env bats
# Our programs start and do the same whatever the environment was made for.

load runs

# shellcheck disable=SC2154 # of runs.bash

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
    # As environment modules and conda do it: other libraries of our names.
    mkdir other
    for name in libcurl.so.4 libz.so.1 libbsd.so.0 libmd.so.0 libssl.so.3 \
        libcrypto.so.3 libnghttp2.so.14; do
        echo 'int nothing_of_it;' | cc -shared -fPIC -Wl,-soname,"$name" \
            -x c -o "other/$name" - || skip "no C compiler"
    done
}

@test "libraries of the same names in LD_LIBRARY_PATH" {
    LD_LIBRARY_PATH=$PWD/other run -0 itrack status
    LD_LIBRARY_PATH=$PWD/other run -0 --separate-stderr wrap "$write_run" \
        --quiet --from "$from" --to "$runs/x" 3>&-
    [[ $stderr != *"tracking is off"* && $stderr != *"worker died"* ]]
    python3 "$check_local" --child "$runs/x" "$tracking/$id"
    LD_LIBRARY_PATH=$PWD/other run -0 --separate-stderr itrack log \
        --run-name x --metric a=1
    [ "$(jq -r .status "experiments/insidellms/$output/final_state.json")" = \
        finished ]
}

@test "settings for other programs: OpenSSL, Python, glibc, locales" {
    echo 'no = [[[' >openssl.cnf
    OPENSSL_CONF=$PWD/openssl.cnf OPENSSL_MODULES=/none PYTHONHOME='' \
        MALLOC_PERTURB_=1 LOCPATH=/none LC_ALL=none \
        run -0 --separate-stderr wrap "$write_run" --quiet --from "$from" \
        --to "$runs/x" 3>&-
    [[ $stderr != *"worker died"* ]]
    python3 "$check_local" --child "$runs/x" "$tracking/$id"
}

@test "a preloaded library that ends every program but the command's" {
    [ -z "${SANITIZE:-}" ] || skip "ASan wants to be the first of the preloaded"
    cat >end.c <<'END'
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
extern char *program_invocation_short_name;
__attribute__((constructor)) static void
end(void)
{
	if (strncmp(program_invocation_short_name, "itrack-worker", 13) == 0)
		_exit(99);
}
END
    cc -shared -fPIC -D_GNU_SOURCE -o end.so end.c
    LD_PRELOAD=$PWD/end.so run -0 --separate-stderr wrap "$write_run" --quiet \
        --from "$from" --to "$runs/x" 3>&-
    python3 "$check_local" --child "$runs/x" "$tracking/$id"
}

# As libfaketime does it: times of files are shifted with the clock.
@test "a clock that a preloaded library stops or shifts, with the times of files" {
    if grep -q __asan_init "$BUILD/bin/itrack-wrap"; then
        skip "ASan wants to be the first of the preloaded"
    fi
    cc -shared -fPIC -D_GNU_SOURCE -o shift.so \
        "$BATS_TEST_DIRNAME/clock_shift.c" || skip "no C compiler"
    echo hello >file.txt
    for clock in -86400 86400 stopped; do
        export CLOCK_SHIFT=$clock
        LD_PRELOAD=$PWD/shift.so run -0 --separate-stderr itrack log \
            --run-name "$clock" --metric a=1 --artifact file.txt
        [[ $stderr != *rejected* ]]
        cmp file.txt "experiments/insidellms/$clock/artifacts/file.txt"
        # What is recorded with the shift is delivered without.
        cp -rp "$from" "$runs/$clock"
        LD_PRELOAD=$PWD/shift.so itrack import --record-only "$runs/$clock"
        run -0 itrack sync
        rm -rf "$runs/tracking"
        LD_PRELOAD=$PWD/shift.so wrap -q "$write_run" --quiet --from "$from" \
            --to "$runs/$clock.x" 3>&-
        python3 "$check_local" --child "$runs/$clock.x" "$tracking/$id"
        rm -rf "$runs/tracking"
    done
}
