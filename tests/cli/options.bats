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

# A directory of such a name would swallow the runs.
@test "an MLflow URI that is none names the nearest, and makes nothing" {
    mkdir "$BATS_TEST_TMPDIR/here"
    cd "$BATS_TEST_TMPDIR/here" || return
    unset MLFLOW_TRACKING_URI
    local given nearest n=0
    while read -r given nearest; do
        n=$((n + 1))
        refuses "write $nearest" "$wrap" -t mlflow --mlflow-uri "$given" touch "$started"
        MLFLOW_TRACKING_URI=$given refuses "MLFLOW_TRACKING_URI: " \
            "$wrap" -t mlflow touch "$started"
        refuses "write $nearest" "$itrack" import -t mlflow --mlflow-uri "$given" .
        refuses "write $nearest" "$itrack" sync --mlflow-uri "$given"
        refuses "write $nearest" "$itrack" log -t mlflow --mlflow-uri "$given" --metric a=1
        refuses "write $nearest" "$itrack" doctor -t mlflow --mlflow-uri "$given"
    done <<'END'
localhost:5000 http://localhost:5000
127.0.0.1:5000 http://127.0.0.1:5000
mlflow.example http://mlflow.example for a server, ./mlflow.example for a directory
mlflow.example:443/x http://mlflow.example:443/x
http:/h http://h
http:// http://HOST:PORT
htp://h/x http://h/x
https:h https://h
[::1]:5000 http://[::1]:5000
arn:aws:sagemaker:us-east-1:1:mlflow http://HOST:PORT
dbfs:/ http://HOST:PORT
databricks-uc http://HOST:PORT
s3://bucket/x http://HOST:PORT
file://other/x file:///DIR
END
    [ "$n" = 14 ]
    [ -z "$(ls -A)" ]
    refuses '"http:/h:1/x"' "$wrap" -t mlflow --mlflow-uri 'http:/ana:hunter2@h:1/x?key=hunter2' touch "$started"
    [[ $stderr != *hunter2* ]]
    # The variable of another tracker's user is no mistake of sync.
    MLFLOW_TRACKING_URI=databricks "$itrack" sync
    # What is there, and what can be nothing else.
    mkdir there
    for given in there ./new "$PWD/new" \~/new "file:$PWD/new" sqlite:///x.db; do
        "$wrap" --record-only -q -t mlflow --mlflow-uri "$given" true
    done
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
    refuses 'unknown command "--zzz" (the command comes before its options)' \
        "$itrack" --zzz
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
