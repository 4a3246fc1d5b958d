#!/usr/bin/env bats
# What itrack-wrap says before its command starts: where runs will go, and what
# is wrong with that.
# shellcheck disable=SC2154

load runs

setup() {
    use_clean_home
    key=0123456789012345678901234567890123456789
}

# The words of itrack that stand before the command's own first one.
before() {
    "$BUILD/bin/itrack-wrap" "$@" -- sh -c 'echo COMMAND >&2' 2>&1 |
        sed '/^COMMAND$/,$d'
}

@test "one line for each tracker but local, before the command starts" {
    run -0 before -t local,tensorboard,mlflow,wandb -p triage \
        --tensorboard-dir boards --mlflow-uri http://mlflow.example:5000
    [ "${#lines[@]}" -eq 3 ]
    [ "${lines[0]}" = "itrack: tensorboard: files go below $PWD/boards" ]
    [ "${lines[1]}" = \
        "itrack: mlflow: runs go to http://mlflow.example:5000, experiment triage" ]
    [[ ${lines[2]} == "itrack: wandb: offline: no W&B key found"*" go below $PWD/wandb" ]]
    WANDB_API_KEY=$key run -0 before -t wandb --wandb-entity team
    [ "$output" = \
        "itrack: wandb: runs go to https://api.wandb.ai, entity team, project insidellms" ]
    run -0 before -t mlflow --mlflow-uri ./mlruns
    [[ $output == "itrack: mlflow: runs (MLflow's file store) go below $PWD/"*mlruns ]]
    run -0 before -t tensorboard
    [[ $output == *"tracking/tensorboard/"*"beside each run directory" ]]
}

@test "local alone has nothing to say, and starts no program" {
    run -0 before -t local
    [ -z "$output" ]
    strace -o /dev/null true 2>/dev/null || skip "no strace here"
    no_leak_search
    strace -f -e trace=execve -o calls "$BUILD/bin/itrack-wrap" true
    run ! grep -q -e '--(foretell)' calls
    strace -f -e trace=execve -o calls "$BUILD/bin/itrack-wrap" -t wandb true
    grep -q -e '--(foretell)' calls
}

@test "what is known to be wrong is said there" {
    run -0 before -t mlflow
    [[ $output == "itrack: mlflow: runs (MLflow's file store) go below $PWD/mlruns" ]]
    run -0 before -t mlflow --mlflow-uri sqlite:///mlflow.db
    [[ $output == *"sqlite:///mlflow.db is a database; "*"waits in the journal" ]]
    WANDB_API_KEY=short run -0 before -t wandb
    [[ $output == "itrack: wandb: offline: the W&B key is malformed"* ]]
    : >file
    run -0 before -t tensorboard --tensorboard-dir file/below
    [[ $output == *"file is no directory"*"waits in the journal" ]]
    MLFLOW_HTTP_REQUEST_TIMEOUT=soon run -0 before -t mlflow \
        --mlflow-uri http://127.0.0.1:9
    [[ $output == *MLFLOW_HTTP_REQUEST_TIMEOUT*"waits in the journal" ]]
}

@test "-q says nothing, --record-only that it is for later, no secret is said" {
    run -0 before -q -t mlflow,wandb
    [ -z "$output" ]
    run -0 before --record-only -t mlflow --mlflow-uri http://127.0.0.1:9
    [[ $output == *"http://127.0.0.1:9, experiment insidellms, by itrack sync (--record-only)" ]]
    WANDB_API_KEY=$key run -0 before -t mlflow,wandb \
        --mlflow-uri 'http://me:HUSH@127.0.0.1:9/?token=HUSH'
    [ "${#lines[@]}" -eq 2 ]
    [[ $output != *HUSH* ]]
    [[ $output != *$key* ]]
}

# A tree in which this script says where runs go. As the worker, which starts where a
# command takes its time, it leaves.
tree_that_says() {
    mkdir tree
    cp -r "$BUILD/bin" "$BUILD/libexec" tree/
    rm tree/libexec/itrack/itrack-worker
    printf '#!/bin/bash\n[ "$1" = "--(foretell)" ] || exit 1\n%s\n' "$1" \
        >tree/libexec/itrack/itrack-worker
    chmod +x tree/libexec/itrack/itrack-worker
}

@test "settings that don't come hold the command up for a second at most" {
    tree_that_says 'exec sleep 600'
    SECONDS=0
    run -0 tree/bin/itrack-wrap --drain 0 -t wandb true
    [ "$SECONDS" -lt 60 ]
    [[ $output != *"wandb:"* ]]
    rm tree/libexec/itrack/itrack-worker
    run -0 tree/bin/itrack-wrap -t wandb true
    [[ $output != *"wandb:"* ]]
}

@test "settings that a busy machine makes late are waited for" {
    tree_that_says '
        while [ "$SECONDS" -lt 3 ]; do :; done
        echo "itrack: wandb: late"'
    run -0 tree/bin/itrack-wrap --drain 0 -t wandb sh -c 'echo COMMAND >&2'
    [[ $output == "itrack: wandb: late"$'\n'COMMAND* ]]
}

@test "the command gets no signal and no descriptor of it" {
    cat >command.py <<'PY'
import os, signal, sys
pending = signal.sigpending()
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
try:
    child = os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    child = None
print(pending, child, sorted(os.listdir("/proc/self/fd"))[:-1])
PY
    blocked() {
        python3 - "$@" <<'PY'
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
os.execvp(sys.argv[1], sys.argv[1:])
PY
    }
    blocked python3 command.py >bare
    blocked "$BUILD/bin/itrack-wrap" -t wandb python3 command.py >wrapped
    diff bare wrapped
}

@test "while the command runs nothing is said, with -v the run's place" {
    start_gated wrap -t local,wandb "$write_run" --gate gate \
        --from "$fixtures/run_plain/run" --to "$runs/x"
    turn 8
    wait_until compgen -G "wandb/offline-run-*/*.wandb"
    [ "$(wc -l <err)" -eq 1 ]
    finish
    [ "$(wc -l <err)" -gt 1 ]
    start_gated wrap -v -t local,wandb "$write_run" --gate gate \
        --from "$fixtures/run_plain/run" --to "$runs/y"
    turn 8
    wait_until grep -q "wandb: the run is open: $PWD/wandb/offline-run-" err
    finish
}
