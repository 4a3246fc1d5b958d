#!/usr/bin/env bats
# What the library's calls come to, read back by the trackers' own packages.

bats_require_minimum_version 1.5.0

setup() {
    [ -z "${SANITIZE:-}" ] || skip "Python is not built with sanitizers"
    top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    venv=$("$top/scripts/test-venv" library-real wandb==0.31.0 \
        mlflow-skinny==3.17.2 tensorboard pandas) || skip "the packages can't be installed"
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export ITRACK_LIBRARY=$BUILD/lib/libitrack.so.0 PYTHONDONTWRITEBYTECODE=1
    export PYTHONPATH=$top/lib/python
    unset XDG_CONFIG_HOME MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME
    unset WANDB_MODE WANDB_DIR WANDB_API_KEY WANDB_ENTITY WANDB_BASE_URL
    cd "$BATS_TEST_TMPDIR" || return
}

@test "TensorBoard, MLflow and wandb read what was logged" {
    run -0 "$venv/bin/python" "$top/tests/library/check_real.py"
    echo "$output"
    [[ $output == *"OK"* ]]
}

@test "insideLLMs' own tests of tracking, by their public behaviour" {
    [ -n "${ITRACK_INSIDELLMS:-}" ] ||
        skip "ITRACK_INSIDELLMS names no checkout of insideLLMs"
    venv=$("$top/scripts/test-venv" insidellms-tests pytest pytest-asyncio pyyaml \
        jsonschema pydantic wandb==0.31.0 mlflow-skinny==3.17.2 pandas \
        tensorboardX hypothesis) || skip "the packages can't be installed"
    run -0 "$venv/bin/python" "$top/tests/library/run_upstream.py" \
        "$ITRACK_INSIDELLMS"
    echo "$output"
}
