#!/usr/bin/env bats
# The manual pages and --help say the same: each option with its argument, its
# default and its variable, and none that the other does not know.

bats_require_minimum_version 1.5.0

setup() {
    unset ITRACK_TRACK ITRACK_PROJECT XDG_CONFIG_HOME
    HOME=$BATS_TEST_TMPDIR
    export HOME
    man=$BATS_TEST_DIRNAME/../../man
}

# "NAME ARGUMENT DEFAULT VARIABLE" of each option in --help; - for none.
options_of_help() {
    awk '
    function flush(  value, variable) {
        if (name == "")
            return
        value = variable = "-"
        if (match(text, /\(default: [^)]*\)/))
            value = substr(text, RSTART + 10, RLENGTH - 11)
        if (match(text, /\[[A-Z_]+\]/))
            variable = substr(text, RSTART + 1, RLENGTH - 2)
        print name, argument, value, variable
        name = ""
    }
    /^Options/ { flush(); inside = 1; next }
    /^$/ || /^Trackers:/ { flush(); next }
    inside && /^ +(-[A-Za-z], )?--[a-z]/ {
        flush()
        line = $0
        sub(/^ +(-[A-Za-z], )?--/, "", line)
        match(line, /^[a-z-]+/)
        name = substr(line, 1, RLENGTH)
        line = substr(line, RLENGTH + 1)
        argument = "-"
        if (match(line, /^\[=[^]]*\]/))
            argument = "[" substr(line, 3, RLENGTH - 3) "]"
        else if (match(line, /^ [^ ]+/))
            argument = substr(line, 2, RLENGTH - 1)
        sub(/^ *\[=[^]]*\] *|^ [^ ]+ */, "", line)
        text = line
        next
    }
    inside { sub(/^ +/, ""); text = text " " $0 }
    END { flush() }' | sort -u
}

# The same of a manual page. Trackers that are not in this build (not among the
# words of the first argument) are left out.
options_of_manual() {
    awk -v trackers=" $1 " '
    function flush() {
        if (name != "" && !skip)
            print name, argument, value, variable
        name = ""
    }
    /^\.S[sh] / {
        flush()
        skip = /Options of/ && index(trackers, " " $NF " ") == 0
    }
    /^\.It Fl/ {
        flush()
        argument = value = variable = "-"
        line = $0
        sub(/.*Fl -/, "", line)
        split(line, word, " ")
        name = word[1]
        if (word[2] == "Ar")
            argument = word[3]
        else if (line ~ /Ns Op = Ns Ar/)
            argument = "[" word[length(word)] "]"
        next
    }
    /^\.(It|El)/ { flush() }
    /^The default is$/ { getline; value = $2 }
    /^\.Ev [A-Z_]+ \.$/ && before == "Environment:" { variable = $2 }
    { before = $0 }
    END { flush() }' "$2" | sort -u
}

trackers() {
    "$BUILD/bin/itrack-wrap" --help | sed -n 's/^Trackers: //p' | tr -d ,
}

commands() {
    "$BUILD/bin/itrack" --help |
        sed -n '/^Commands:/,$s/^  \([a-z]*\) .*/\1/p'
}

@test "itrack-wrap --help and itrack-wrap(1) name the same options" {
    "$BUILD/bin/itrack-wrap" --help | options_of_help >"$BATS_TEST_TMPDIR/help"
    options_of_manual "$(trackers)" "$man/itrack-wrap.1" \
        >"$BATS_TEST_TMPDIR/manual"
    [ "$(wc -l <"$BATS_TEST_TMPDIR/help")" -ge 15 ]
    diff -u "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/manual"
}

@test "each option of the commands is in itrack(1) or itrack-wrap(1)" {
    for command in $(commands); do
        "$BUILD/bin/itrack" "$command" --help
    done | options_of_help >"$BATS_TEST_TMPDIR/help"
    for page in "$man"/*.1; do
        options_of_manual "$(trackers)" "$page"
    done | sort -u >"$BATS_TEST_TMPDIR/manual"
    run comm -23 "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/manual"
    echo "not in the manual: $output"
    [ -z "$output" ]
}

@test "itrack(1) names no option that no command has" {
    for command in $(commands); do
        "$BUILD/bin/itrack" "$command" --help
    done | options_of_help >"$BATS_TEST_TMPDIR/help"
    options_of_manual "$(trackers)" "$man/itrack.1" |
        grep -v '^version ' >"$BATS_TEST_TMPDIR/manual"
    run comm -13 "$BATS_TEST_TMPDIR/help" "$BATS_TEST_TMPDIR/manual"
    echo "not an option: $output"
    [ -z "$output" ]
}

@test "itrack --help and itrack(1) name the same commands" {
    diff -u <(commands | sort) \
        <(sed -n 's/^\.It Cm \([a-z]*\).*/\1/p' "$man/itrack.1" | sort)
}

@test "--help fits into 80 columns" {
    {
        "$BUILD/bin/itrack-wrap" --help
        "$BUILD/bin/itrack" --help
        for command in $(commands); do
            "$BUILD/bin/itrack" "$command" --help
        done
    } >"$BATS_TEST_TMPDIR/help"
    run ! grep -nE '^.{80}' "$BATS_TEST_TMPDIR/help"
}

@test "the pages are well formed" {
    command -v mandoc || skip "no mandoc"
    mandoc -T lint -W warning "$man"/*.[13]
}

# Two words behind one .Ql, or two .Dq on one line, share a pair of quotes.
@test "each quoted word of the pages has quotes of its own" {
    command -v mandoc || skip "no mandoc"
    local page
    for page in "$man"/*.[13]; do
        mandoc -T utf8 -O width=1000 "$page" | LC_ALL=C.UTF-8 col -b
    done >"$BATS_TEST_TMPDIR/pages"
    grep -q "^EXIT STATUS" "$BATS_TEST_TMPDIR/pages"
    # shellcheck disable=SC1112
    LC_ALL=C.UTF-8 run ! grep -noE '’’|‘[^’]*‘|‘[A-Za-z0-9:-]*, [^’]*’|””|“[^”]*“' "$BATS_TEST_TMPDIR/pages"
}

# --- examples ----------------------------------------------------------------

# The displays of a page's EXAMPLES as they are printed, so as they are copied.
examples() { # program that prints, page
    { if [ "$1" = mandoc ]; then
        mandoc -T utf8 "$man/$2"
    else
        GROFF_NO_SGR=1 groff -mdoc -Tutf8 "$man/$2"
    fi } | LC_ALL=C.UTF-8 col -bx |
        awk '/^[A-Z]/ { on = $0 == "EXAMPLES" } on && sub(/^          +/, "")'
}

# A home with an evaluation and two runs, and in place of the trackers' own
# programs something that succeeds. Nobody listens at the servers' addresses.
at_home() {
    local name
    load runs
    load insidellms
    use_clean_home
    fake_insidellms
    touch exp.yaml harness.yaml
    for name in mlflow tensorboard wandb; do
        printf '#!/bin/sh\n' >"bin/$name"
        chmod +x "bin/$name"
    done
    cp -r "$fixtures/run_plain/run" runs/40
    cp -r "$fixtures/run_scored/run" runs/41
    export PATH=$BUILD/bin:$PATH ITRACK_DRAIN=0
}

@test "the examples of itrack-wrap(1) can be copied, and each works" {
    command -v mandoc || skip "no mandoc"
    at_home
    examples mandoc itrack-wrap.1 >copied
    # The configuration file's, and the job that is to fail without a server. It still
    # has time for the report that is read then.
    sed -i '/^[a-z-]* = /d; s/ --strict//; s/:5000/:9/; s/:4318/:9/' copied
    [ "$(grep -c '^itrack-wrap' copied)" -ge 7 ]
    bash -eux -c 'itrack() { command itrack "$@" || [ $? = 1 ]; }; . ./copied'
}

@test "the examples of itrack(1) can be copied, and each works" {
    command -v mandoc || skip "no mandoc"
    at_home
    examples mandoc itrack.1 | sed 's/:500[01]/:9/; s/^itrack watch.*/timeout -s INT 3 & || [ $? = 124 ]/' >copied
    [ "$(grep -c '^itrack' copied)" -ge 10 ]
    # What a server that is down leaves pending is status 1; 125 is a wrong option.
    bash -eux -o pipefail -c 'itrack() { command itrack "$@" || [ $? = 1 ]; }; . ./copied'
}

@test "groff prints the examples as mandoc does" {
    command -v mandoc && command -v groff || skip "no mandoc or no groff"
    local page
    for page in itrack-wrap.1 itrack.1; do
        diff -u <(examples mandoc "$page") <(examples groff "$page")
        run -0 --separate-stderr groff -mdoc -Tutf8 -ww "$man/$page"
        # shellcheck disable=SC2154
        [ -z "$stderr" ]
    done
}

# --- JSON --------------------------------------------------------------------

# The members of a document, of objects whose members are data none.
members() { # file
    jq -r 'def members:
        if type == "object" then to_entries[] | .key, (select(.key |
            IN("metrics", "params", "scores", "usage", "status_counts",
                "experiment_scores", "experiment_usage") | not) | .value | members)
        elif type == "array" then .[] | members else empty end;
        members' "$1" | sort -u
}

# What a part of a page has as .Va.
variables() { # page from to: expressions of its first line and of the next part's
    sed -n "/$2/,/$3/p" "$man/$1" | awk '
        { sub(/^\.(It|Pq) /, ".") }
        /^\.Va / { for (i = 2; i <= NF; i++) if ($i ~ /^[a-z_]+$/) print $i }' |
        sort -u
}

runs_of_two_kinds() {
    local fixtures=$BATS_TEST_DIRNAME/../fixtures
    cd "$BATS_TEST_TMPDIR" || return
    export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
    cp -r "$fixtures/harness_two_by_two/run" harness
    cp -r "$fixtures/run_errors/run" errors
    chmod -R u+w harness errors
    # One is delivered, one is not.
    "$BUILD/bin/itrack" import -q --report report.json harness
    MLFLOW_TRACKING_URI=http://127.0.0.1:9 "$BUILD/bin/itrack" import -q \
        --drain 0 -t local,mlflow --report report2.json errors || :
    echo '{' >>errors/records.jsonl
}

@test "the manual has each member of what the commands print as JSON, and no other" {
    local command
    runs_of_two_kinds
    for command in $(commands); do
        "$BUILD/bin/itrack" "$command" --help | grep -q -- --json || continue
        case $command in
        status | doctor) set -- ;;
        *) set -- harness errors ;;
        esac
        "$BUILD/bin/itrack" "$command" --json "$@" >json || :
        jq -e .version json
        diff -u <(variables itrack.1 "^\\.It Cm $command " '^\.It Cm [^'"${command:0:1}"']' |
            sort -u) <(members json) >difference || {
            echo "manual and itrack $command --json:"
            cat difference
            return 1
        }
        echo "$command" >>looked
    done
    grep -qx show looked && grep -qx doctor looked
}

@test "the manual has each member of the report as JSON, and no other" {
    runs_of_two_kinds
    diff -u <(variables itrack-wrap.1 '^\.Sh REPORT' '^\.Sh ENVIRONMENT') \
        <(for report in report.json report2.json; do members "$report"; done | sort -u)
}
