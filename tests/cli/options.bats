#!/usr/bin/env bats
# Wrong options end with 125 and one line before anything is started; help and
# version go to standard output.

bats_require_minimum_version 1.5.0

setup() {
    export HOME=$BATS_TEST_TMPDIR XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    unset XDG_CONFIG_HOME ITRACK_TRACK ITRACK_DRAIN ITRACK_ARTIFACTS
    wrap=$BUILD/bin/itrack-wrap
    itrack=$BUILD/bin/itrack
    started=$BATS_TEST_TMPDIR/started
}

# refuses WORDS COMMAND...: 125, no output, one line with these words on
# standard error, and nothing was started.
refuses() {
    local words=$1
    shift
    run -125 --separate-stderr "$@"
    echo "$stderr"
    [ -z "$output" ]
    [ "${#stderr_lines[@]}" -eq 1 ]
    [[ $stderr == *"$words"* ]]
    [ ! -e "$started" ]
}

@test "an unknown option names the nearest" {
    refuses 'unknown option --trak (did you mean --track?)' \
        "$wrap" --trak local touch "$started"
    refuses 'unknown option -Z' "$wrap" -Z touch "$started"
}

@test "an unknown tracker names the nearest" {
    refuses 'did you mean local?' "$wrap" -t locla touch "$started"
    ITRACK_TRACK=locla refuses 'did you mean local?' "$wrap" touch "$started"
}

@test "bad values, from wherever they come" {
    refuses '--drain is "soon"' "$wrap" --drain soon touch "$started"
    refuses '--artifacts is "sfe"' "$wrap" --artifacts=sfe touch "$started"
    ITRACK_DRAIN=-1 refuses 'ITRACK_DRAIN is "-1"' "$wrap" touch "$started"
    mkdir -p "$HOME/.config/itrack"
    printf '\ntrak = local\n' >"$HOME/.config/itrack/config"
    refuses "$HOME/.config/itrack/config:2: unknown option trak" \
        "$wrap" touch "$started"
}

@test "no command" {
    refuses command "$wrap"
    refuses command "$wrap" --
}

@test "control characters never reach the terminal" {
    refuses 'unknown option --a?[31m' "$wrap" $'--a\e[31m' touch "$started"
    refuses 'unknown command "a?[31m"' "$itrack" $'a\e[31m'
}

@test "itrack: an unknown command" {
    refuses 'unknown command "zzz"' "$itrack" zzz
    refuses 'which command?' "$itrack"
    refuses 'unknown command "--zzz"' "$itrack" --zzz
}

@test "itrack: help and version" {
    for arguments in --help -h help; do
        run -0 "$itrack" "$arguments"
        [[ $output == "usage: itrack "* ]]
    done
    for program in "$itrack" "$wrap"; do
        run -0 "$program" --version
        [[ $output =~ ^[a-z-]+\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
        run -0 "$program" -V
    done
}

@test "itrack: each command has its help in two ways" {
    for command in $("$itrack" --help |
        sed -n '/^Commands:/,$s/^  \([a-z]*\) .*/\1/p'); do
        run -0 "$itrack" "$command" --help
        [[ $output == "usage: itrack $command"* ]]
        help=$output
        run -0 "$itrack" help "$command"
        [ "$output" = "$help" ]
        refuses 'unknown option --zzz' "$itrack" "$command" --zzz
    done
}

@test "help that can't be written is a failure" {
    run -1 --separate-stderr bash -c '"$1" --help >/dev/full' - "$itrack"
}
