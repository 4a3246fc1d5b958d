#!/usr/bin/env bats
# The examples of README.md and itrack(3), as they stand there, with an
# installed tree.

bats_require_minimum_version 1.5.0

setup_file() {
    top=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    export top
    unset MAKEFLAGS MFLAGS MAKELEVEL
    make -s -C "$top" "BUILD=$BUILD" DESTDIR= "PREFIX=$BATS_FILE_TMPDIR/opt" \
        install
}

setup() {
    [ -z "${SANITIZE:-}" ] || skip "needs the sanitizer's flags in itrack.pc"
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    export PKG_CONFIG_PATH=$BATS_FILE_TMPDIR/opt/lib/pkgconfig
    unset XDG_CONFIG_HOME PYTHONPATH ITRACK_WORKER ITRACK_LIBRARY
    unset MLFLOW_TRACKING_URI MLFLOW_EXPERIMENT_NAME
    cd "$BATS_TEST_TMPDIR" || return
    echo '{}' >results.json
}

# The n-th block of a language in the README.
readme() { # language n
    awk -v want="$1" -v n="$2" '
        /^```$/ { if (on) exit; next }
        /^```/ { on = substr($0, 4) == want && ++seen == n; next }
        on' "$top/README.md"
}

# The n-th display of the manual's EXAMPLES.
manual() { # n
    awk -v n="$1" '
        /^\.Sh / { examples = $2 == "EXAMPLES" }
        /^\.Ed/ { on = 0 }
        on { gsub(/\\e/, "\\"); print }
        examples && /^\.Bd/ { on = ++seen == n }' "$top/man/itrack.3"
}

run_c() { # file
    [ -s "$1" ]
    # shellcheck disable=SC2046
    cc -Wall -Wextra -Werror -o example "$1" \
        $(pkg-config --cflags --libs itrack) \
        -Wl,-rpath,"$BATS_FILE_TMPDIR/opt/lib"
    run -0 --separate-stderr ./example
    # shellcheck disable=SC2154
    [ -z "$stderr" ]
}

run_python() { # file
    [ -s "$1" ]
    run -0 --separate-stderr env "PYTHONPATH=$top/lib/python" \
        PYTHONDONTWRITEBYTECODE=1 \
        "ITRACK_LIBRARY=$BATS_FILE_TMPDIR/opt/lib/libitrack.so.0" \
        python3 -W error "$1"
    [ -z "$stderr" ]
}

status() { # run directory
    jq -r .status "$1/final_state.json"
}

@test "README: C" {
    readme c 1 >example.c
    run_c example.c
    [ "$(status experiments/insideLLMs/nightly)" = finished ]
}

@test "README: Python, local files" {
    readme python 1 >example.py
    run_python example.py
    [ "$output" = finished ]
    compgen -G "experiments/my-project/*/artifacts/results.json"
}

@test "README: Python, three trackers at once" {
    readme python 2 >example.py
    run_python example.py
    ls wandb/offline-run-*/*.wandb runs/*/events.out.tfevents.* \
        mlruns/*/*/metrics/accuracy mlruns/*/*/artifacts/answers.json
    [ -z "$(ls state/itrack/runs)" ]
}

@test "README: Python, a function and a result" {
    readme python 3 >example.py
    run_python example.py
    [ "$(status experiments/insideLLMs/evaluation)" = finished ]
    cat experiments/insideLLMs/*/params.json | grep '"logic_model_name": "gpt-4"'
}

@test "itrack(3): local files" {
    manual 1 >example.c
    run_c example.c
    [ "$(status experiments/insideLLMs/local-run)" = finished ]
}

@test "itrack(3): W&B, TensorBoard and MLflow at once" {
    manual 2 >example.c
    run_c example.c
    ls wandb/offline-run-*/*.wandb runs/everywhere/events.out.tfevents.* \
        mlruns/*/*/metrics/accuracy
}

@test "itrack(3): a function and a result" {
    manual 3 >example.c
    run_c example.c
    [ "$(status experiments/insideLLMs/evaluate)" = finished ]
    grep '"logic_model_name": "gpt-4"' \
        experiments/insideLLMs/with-result/params.json
}

@test "the manual names every function" {
    nm -D --defined-only "$BUILD/lib/libitrack.so.0" |
        sed -n 's/.* T \([a-z_]*\).*/\1/p' | sort >exported
    sed -n 's/^\.F[on] \(itrack_[a-z_]*\).*/\1/p' "$top/man/itrack.3" |
        sort -u >told
    diff exported told
}
