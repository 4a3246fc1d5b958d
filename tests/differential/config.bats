#!/usr/bin/env bats
# The params of a configuration against PyYAML, which insideLLMs writes and reads
# it by.

@test "scalars, structures, aliases: the params are what yaml.safe_load gives" {
    local python
    python=$("$BATS_TEST_DIRNAME/../../scripts/test-venv" yaml) ||
        skip "no PyYAML"
    run "$python/bin/python" "$BATS_TEST_DIRNAME/config.py" \
        "$BUILD/tests/drivers/config_driver"
    echo "$output"
    [ "$status" -eq 0 ]
}
