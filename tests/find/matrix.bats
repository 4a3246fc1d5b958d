#!/usr/bin/env bats
# A sample of the forms of launching an evaluation, with the shim and without;
# all of them with ITRACK_TORTURE.

BUILD=${BUILD:-$BATS_TEST_DIRNAME/../../build}
export BUILD

@test "a sample of the forms" {
    run "$BATS_TEST_DIRNAME/matrix" bash_c env_i_static python_env \
        static_parent_cleared background_cleared setpriv_user
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "all forms" {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "make torture"
    run "$BATS_TEST_DIRNAME/../../scripts/matrix"
    echo "$output"
    [ "$status" -eq 0 ]
}
