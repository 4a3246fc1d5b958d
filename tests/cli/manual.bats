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
    mandoc -T lint -W warning "$man"/*.1
}
