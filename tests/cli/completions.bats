#!/usr/bin/env bats
# The completions of bash, zsh and fish, in these shells themselves.

bats_require_minimum_version 1.5.0

setup() {
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK ITRACK_PROJECT
    made=$BUILD/completions
    mkdir "$HOME/bin"
    printf '#!/bin/sh\n' >"$HOME/bin/zz-evaluate"
    chmod +x "$HOME/bin/zz-evaluate"
    PATH=$BUILD/bin:$HOME/bin:$PATH
    cd "$BATS_TEST_TMPDIR"
    mkdir a-run
}

# completes SHELL LINE WHAT: the arguments after a tab.
completes() {
    case $1 in
    fish)
        run -0 fish --no-config -c 'source $argv[1]; source $argv[2]
            complete -C $argv[3]' "$made/fish/itrack.fish" \
            "$made/fish/itrack-wrap.fish" "$2"
        output=$(cut -f 1 <<<"$output")
        grep -qxF -- "${3##* }" <<<"$output" ;;
    *)
        run -0 expect "$BATS_TEST_DIRNAME/completions.exp" "$1" "$made" "$2" 3>&-
        # zsh takes the slash back when the line ends there.
        [ "${output%/}" = "${3%/}" ] ;;
    esac || {
        echo "$1: $2: $output"
        return 1
    }
}

everything() {
    command -v "$1" >/dev/null || skip "$1 is not installed"
    [ -z "${SANITIZE:-}" ] || skip "the same without sanitizers"
    "$BUILD/bin/itrack" import -q --record-only -p 'my-project' \
        "$BATS_TEST_DIRNAME/../fixtures/run_plain/run"
    attempt=$(ls "$XDG_STATE_HOME/itrack/runs" | sed -n 's/\.jsonl$//p' | head -n 1)
    attempt=${attempt:-$("$BUILD/bin/itrack" status --json | jq -r '.attempts[0].attempt')}
    # Options, values, lists.
    completes "$1" 'itrack-wrap --local-' '--local-dir'
    completes "$1" 'itrack-wrap --artifacts sa' '--artifacts safe'
    completes "$1" 'itrack-wrap -t tens' '-t tensorboard'
    completes "$1" 'itrack-wrap -t local,ml' '-t local,mlflow'
    # The command and its arguments.
    completes "$1" 'itrack-wrap --drain 5 zz-eva' '--drain 5 zz-evaluate'
    completes "$1" 'itrack-wrap -q -- zz-eva' '-q -- zz-evaluate'
    completes "$1" 'itrack-wrap zz-evaluate a-r' 'zz-evaluate a-run/'
    # Commands and what they take.
    completes "$1" 'itrack impo' 'import'
    completes "$1" 'itrack help impo' 'help import'
    completes "$1" 'itrack log --metr' 'log --metric'
    completes "$1" 'itrack import a-r' 'import a-run/'
    completes "$1" 'itrack log --status fai' 'log --status failed'
    # What `itrack status` knows.
    completes "$1" 'itrack status --project my' 'status --project my-project'
    completes "$1" 'itrack sync ' "sync $attempt"
    completes "$1" 'itrack sync --drop ' "sync --drop $attempt"
}

@test "bash" {
    everything bash
    completes bash 'itrack-wrap --artifacts=sa' '--artifacts=safe'
}

@test "zsh" {
    everything zsh
    completes zsh 'itrack-wrap --artifacts=sa' '--artifacts=safe'
}

@test "fish" { everything fish; }

@test "each option of each program is known" {
    for program in itrack-wrap itrack\ import itrack\ sync itrack\ log; do
        # shellcheck disable=SC2086
        "$BUILD"/bin/$program --help | grep -o '^  \(-., \|    \)--[a-z-]*' |
            grep -o -- '--.*' | sort >listed
        [ -s listed ]
        name=${program%% *}
        bash -c 'source "$1"; "$2" "$3" | tr " " "\n"' - "$made/bash/$name" \
            "_$(tr - _ <<<"$name")_options" "$program" | grep ^-- | sort | diff listed -
    done
}
