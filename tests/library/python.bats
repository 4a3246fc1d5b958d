#!/usr/bin/env bats
# The Python package: from the tree, and as a wheel in an empty environment.

bats_require_minimum_version 1.5.0

setup() {
    top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME MAKEFLAGS MFLAGS MAKELEVEL ITRACK_TRACK PYTHONPATH
    unset MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME WANDB_MODE WANDB_DIR
    unset WANDB_API_KEY WANDB_ENTITY WANDB_BASE_URL WANDB_RUN_ID WANDB_RESUME
    export ITRACK=$BUILD/bin/itrack
    cd "$BATS_TEST_TMPDIR" || return
    [ -z "${SANITIZE:-}" ] || skip "Python is not built with sanitizers"
}

from_tree() {
    ITRACK_LIBRARY=$BUILD/lib/libitrack.so.0 PYTHONDONTWRITEBYTECODE=1 \
        PYTHONPATH=$top/lib/python "$@"
}

@test "names, values and exceptions" {
    run -0 from_tree python3 "$top/tests/library/test_python.py"
    [[ $output == *OK* ]]
}

@test "small programs come to what insideLLMs' own module makes of them" {
    run -0 from_tree python3 "$top/tests/library/test_programs.py"
    [[ $output == *OK* ]]
}

@test "docstrings: every parameter, and examples that do what they say" {
    run -0 from_tree python3 -W error "$top/tests/library/test_docstrings.py"
    [[ $output == *OK* ]]
}

@test "a wheel, built offline, works in an empty environment" {
    BUILD=$BUILD run -0 python3 -m pip wheel --no-deps --no-index \
        --disable-pip-version-check -w wheels "$top/lib/python"
    python3 -m venv empty
    empty/bin/pip install --quiet --no-index --disable-pip-version-check \
        wheels/itrack-*.whl
    # Whatever needs a module, the library or its worker; what a run comes to when it
    # is left open depends on nothing that is installed, and the tree has shown it.
    run -0 env -u ITRACK_LIBRARY -u ITRACK_WORKER empty/bin/python \
        "$top/tests/library/test_python.py" LocalTest WandBTest ResultTest AutoTrackTest
    [[ $output == *OK* ]]
    # Into a folder of its own, where pip leaves lib/ out: the library comes along,
    # and finds its worker there.
    empty/bin/pip install --quiet --no-index --disable-pip-version-check \
        --target 'a folder' wheels/itrack-*.whl
    run -0 env -u ITRACK_LIBRARY -u ITRACK_WORKER 'PYTHONPATH=a folder' python3 -c '
import itrack, os
with itrack.LocalFileTracker(output_dir="module") as tracker:
    tracker.start_run("one")
    tracker.log_metrics({"accuracy": 0.5})
assert os.path.realpath("a folder/itrack/libitrack.so.0") in open("/proc/self/maps").read()'
    [ "$(jq -r .status module/*/one/final_state.json)" = finished ]
    run -0 empty/bin/pip uninstall -y itrack
    run -1 empty/bin/python -c 'import itrack'
}

@test "without the library: ImportError at the first tracker" {
    run -1 env ITRACK_LIBRARY=/nowhere.so "PYTHONPATH=$top/lib/python" \
        PYTHONDONTWRITEBYTECODE=1 python3 -c 'import itrack; itrack.LocalFileTracker()'
    [[ $output == *"ImportError: itrack is not installed for Python"* ]]
}

@test "type hints: mypy --strict" {
    venv=$("$top/scripts/test-venv" types mypy==1.13.0) ||
        skip "the package can't be installed"
    cp -r "$top/lib/python/itrack" "$top/tests/library/typed.py" .
    run -0 "$venv/bin/mypy" --strict --cache-dir cache itrack typed.py
    # It looks at the program, not at Any everywhere.
    echo 'from itrack import LocalFileTracker
number: int = LocalFileTracker().start_run()' >wrong.py
    run -1 "$venv/bin/mypy" --strict --cache-dir cache wrong.py
    [[ $output == *"Incompatible types in assignment"* ]]
}

@test "import itrack loads no library, and of Python dataclasses and typing alone" {
    cp -r "$top/lib/python/itrack" .
    python3 -c '
import dataclasses, sys, typing, __future__
def libraries():
    return {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
modules, before = set(sys.modules), libraries()
import itrack
print(*sorted(set(sys.modules) - modules), *sorted(libraries() - before))' >loaded
    cat loaded
    [ "$(cat loaded)" = "itrack itrack.experiment_tracking" ]
}
