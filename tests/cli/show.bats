#!/usr/bin/env bats
# itrack show: the mapping, against insideLLMs' own values and hostile files.

bats_require_minimum_version 1.5.0

setup() {
    tests=$BATS_TEST_DIRNAME/..
    dir=$BATS_TEST_TMPDIR/run
    mkdir "$dir"
    export HOME=$BATS_TEST_TMPDIR
    unset XDG_CONFIG_HOME
}

show() {
    "$BUILD/bin/itrack" show "$@"
}

# One field of the JSON output.
field() {
    show --json "$dir" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' \
            "$1"
}

# The output equals what the mapping in Python says.
equals_python() {
    show --json "$dir" |
        python3 "$tests/cli/mapping.py" "$dir/records.jsonl"
}

@test "every fixture gives the values that insideLLMs computes" {
    count=0
    for fixture in "$tests"/fixtures/*/; do
        show --json "$fixture/run" |
            python3 "$tests/cli/mapping.py" --expected \
                "$fixture/expected.json" || {
            echo "# $fixture"
            return 1
        }
        count=$((count + 1))
    done
    [ "$count" -ge 9 ]
}

@test "the JSON has a version" {
    cp "$tests/fixtures/run_plain/run/records.jsonl" "$dir"
    [ "$(field version)" = 1 ]
}

@test "the comparison can fail" {
    cp "$tests/fixtures/run_plain/run/records.jsonl" "$dir"
    head -n 11 "$dir/records.jsonl" >"$BATS_TEST_TMPDIR/less"
    show --json "$dir" >"$BATS_TEST_TMPDIR/json"
    run ! python3 "$tests/cli/mapping.py" "$BATS_TEST_TMPDIR/less" \
        <"$BATS_TEST_TMPDIR/json"
}

@test "random hostile records give what Python gives" {
    for seed in $(seq "${ITRACK_SEED:-1}" "$((${ITRACK_SEED:-1} + 19))"); do
        python3 "$tests/cli/mapping.py" --random "$seed" >"$dir/records.jsonl"
        equals_python || {
            echo "# seed $seed"
            return 1
        }
    done
}

@test "status: absent, null, unknown, boolean and number" {
    printf '%s\n' '{}' '{"status":null}' '{"status":"Success"}' \
        '{"status":true}' '{"status":1}' '{"status":"success "}' \
        '{"status":"success"}' '{"status":"rate_limited"}' \
        '{"status":["success"]}' >"$dir/records.jsonl"
    equals_python
    [ "$(field status_counts)" = "{'None': 2, 'Success': 1, 'True': 1, \
'1': 1, 'success ': 1, 'success': 1, 'rate_limited': 1, \"['success']\": 1}" ]
}

@test "harness and plain records in one file" {
    cat "$tests/fixtures/run_plain/run/records.jsonl" \
        "$tests/fixtures/harness_two_by_two/run/records.jsonl" \
        "$tests/fixtures/run_errors/run/records.jsonl" >"$dir/records.jsonl"
    equals_python
    [ "$(field record_count)" -eq 60 ]
    [ "$(field harness)" = True ]
}

@test "run IDs: numbers, none, and the word run" {
    printf '%s\n' '{"run_id":7}' '{"run_id":"7"}' '{"run_id":1.0}' \
        '{"run_id":12345678901234567890123}' '{"run_id":0}' '{"run_id":""}' \
        '{"run_id":"run"}' '{"run_id":null}' '{}' '{"run_id":true}' \
        >"$dir/records.jsonl"
    equals_python
    [ "$(field run_ids)" = "['1.0', '12345678901234567890123', '7', 'True', \
'run']" ]
}

@test "duplicate keys: the last wins" {
    printf '%s\n' '{"run_id":"a","run_id":"b","status":1,"status":"success"}' \
        '{"custom":{"harness":{}},"custom":{},"run_id":"b"}' \
        >"$dir/records.jsonl"
    equals_python
    [ "$(field run_ids)" = "['b']" ]
}

@test "BOM, CRLF, blank lines, NUL, text around, invalid UTF-8" {
    printf '\xef\xbb\xbf{}\n{}\r\n\r\n \xc2\xa0\x1c\n{}\0\n{"a":"\0"}\n' \
        >"$dir/records.jsonl"
    printf '{"run_id":"\xff\xc3"}\n{"a":"\x01"}\n{} x\n[]\n1\n\n' \
        >>"$dir/records.jsonl"
    equals_python
    [ "$(field record_count)" -eq 2 ]
    [ "$(field malformed_lines)" -eq 7 ]
    [ "$(field first_malformed_line)" -eq 1 ]
    [ "$(field run_ids)" = "['��']" ]
}

@test "NaN, infinities, huge numbers" {
    printf '%s\n' '{"a":NaN,"b":[Infinity,-Infinity],"c":1e999,"run_id":NaN}' \
        '{"a":nan}' "{\"a\":$(printf '%04300d' 1 | tr 0 7)}" \
        "{\"a\":$(printf '%04301d' 1 | tr 0 7)}" >"$dir/records.jsonl"
    equals_python
    [ "$(field malformed_lines)" -eq 2 ]
}

@test "times: negative duration, naive, with an offset, none" {
    printf '%s\n' '{"run_id":"a","started_at":"2026-01-02T00:00:00Z"}' \
        '{"run_id":"a","completed_at":"2026-01-01T23:59:59.25"}' \
        '{"run_id":"b","started_at":"x","completed_at":"2026-01-01"}' \
        '{"run_id":"c","started_at":"2026-01-01 02:00:00,123456789+02:00"}' \
        '{"run_id":"c","completed_at":"20260101T000001Z"}' \
        >"$dir/records.jsonl"
    equals_python
    show --json "$dir" | grep -q '"duration_seconds": -0.75'
    show --json "$dir" | grep -q '"duration_seconds": 0.876544'
}

@test "times further apart than a double counts microseconds" {
    printf '%s\n' '{"started_at":"2025-12-29T00:00:00+00:00"}' \
        '{"completed_at":"9999-12-31T23:59:59.003001+00:00"}' \
        >"$dir/records.jsonl"
    equals_python
    show --json "$dir" | grep -q '"duration_seconds": 251635334399.003,\?$'
}

@test "what is more than is kept is said" {
    seq 10001 | sed 's/.*/{"run_id":&,"status":"success"}/' \
        >"$dir/records.jsonl"
    [ "$(field run_ids | tr , '\n' | wc -l)" -eq 10000 ]
    [ "$(field limits_passed)" = "1 records beyond 10000 experiments, \
1 records beyond 10000 run IDs" ]
    show "$dir" | grep -q '^limits passed   1 records beyond 10000 exp'
    head -n 10000 "$dir/records.jsonl" >"$dir/less"
    mv "$dir/less" "$dir/records.jsonl"
    [ "$(field limits_passed)" = None ]
    equals_python
}

@test "a line of 10 MB, and a torn tail that would be a whole object" {
    { printf '{"output":"'
      head -c 10000000 /dev/zero | tr '\0' x
      printf '","status":"success"}\n{"status":"error"}'
    } >"$dir/records.jsonl"
    [ "$(field record_count)" -eq 1 ]
    [ "$(field malformed_lines)" -eq 0 ]
    [ "$(field torn_bytes)" -eq 18 ]
    equals_python
}

@test "deep nesting is malformed, not fatal" {
    python3 -c 'print("{\"a\":" + "[" * 100000 + "]" * 100000 + "}\n{}")' \
        >"$dir/records.jsonl"
    [ "$(field malformed_lines)" -eq 1 ]
    [ "$(field record_count)" -eq 1 ]
}

@test "a directory with a marker or a manifest alone has no records" {
    touch "$dir/.insidellms_run"
    [ "$(field record_count)" -eq 0 ]
    [ "$(field experiments)" = '[]' ]
    [ "$(field schema_version)" = 1.0.1 ]
    rm "$dir/.insidellms_run"
    echo '{"run_id":"m","schema_version":"1.0.0"}' >"$dir/manifest.json"
    [ "$(field run_id)" = m ]
    # The mapping's: the first record's, or the default.
    [ "$(field schema_version)" = 1.0.1 ]
    show "$dir" | grep -q '^schema version  1\.0\.0$'
}

@test "what is no run directory is an error" {
    run -1 --separate-stderr show "$dir"
    [ -z "$output" ]
    [[ $stderr == *"no run directory"* ]]
    run -1 --separate-stderr show "$dir/nothing"
    [[ $stderr == *"No such file"* ]]
    touch "$dir/file"
    run -1 --separate-stderr show "$dir/file"
    [[ $stderr == *"Not a directory"* ]]
}

@test "wrong arguments" {
    run -125 --separate-stderr show
    [[ $stderr == *"which directory"* ]]
    run -125 --separate-stderr show --jsn "$dir"
    [[ $stderr == *json* ]]
}

@test "links to the records are followed; FIFOs and devices are not opened" {
    cp "$tests/fixtures/run_plain/run/records.jsonl" "$BATS_TEST_TMPDIR/other"
    ln -s "$BATS_TEST_TMPDIR/other" "$dir/records.jsonl"
    [ "$(field record_count)" -eq 12 ]
    ln -sf /dev/zero "$dir/records.jsonl"
    run -1 --separate-stderr timeout 60 "$BUILD/bin/itrack" show "$dir"
    [[ $stderr == *"not a regular file"* ]]
    ln -sf nowhere "$dir/records.jsonl"
    run -1 --separate-stderr timeout 60 "$BUILD/bin/itrack" show "$dir"
    [[ $stderr == *"a link that can't be followed"* ]]
    rm "$dir/records.jsonl"
    mkfifo "$dir/records.jsonl"
    run -1 timeout 60 "$BUILD/bin/itrack" show "$dir"
    rm "$dir/records.jsonl"
    echo '{}' >"$dir/records.jsonl"
    mkfifo "$dir/manifest.json"
    run -0 timeout 60 "$BUILD/bin/itrack" show --json "$dir"
}

@test "the run directory's own name may be a link, and dots" {
    mkdir "$BATS_TEST_TMPDIR/real"
    echo '{}' >"$BATS_TEST_TMPDIR/real/records.jsonl"
    ln -s real "$BATS_TEST_TMPDIR/link"
    dir=$BATS_TEST_TMPDIR/link
    [ "$(field run_id)" = real ]
    cd "$BATS_TEST_TMPDIR/real"
    dir=.
    [ "$(field run_id)" = real ]
}

@test "hostile text does not reach the terminal as it is" {
    printf '%s\n' '{"run_id":"\u001b[31mred\u0007\u202e","status":"a\nb",
"model":{"model_id":"\u0000\u0085\u2066"}}' | tr -d '\n' >"$dir/records.jsonl"
    echo >>"$dir/records.jsonl"
    run -0 show "$dir"
    [[ $output != *$'\e'* && $output != *$'\a'* ]]
    [[ $output == *'red'* ]]
    [[ $output == *'a\nb'* ]]
}

@test "the table has a row for each experiment" {
    run -0 show "$tests/fixtures/harness_two_by_two/run"
    [[ $output == *'36 (31 success, 3 error, 2 timeout)'* ]]
    [ "$(grep -c '^Beta β  ' <<<"$output")" -eq 2 ]
    [[ $output == *'66.7 %'* ]]
    [[ $output == *'success         86.1 %'* ]]
}

@test "scores and usage: means and sums, of the run and of each experiment" {
    run -0 show "$tests/fixtures/run_scored/run"
    [[ $output == *"scores          exact_match 0.5833, f1 0.4917"* ]]
    [[ $output == *"usage           "*"total_tokens 1285"* ]]
    [[ $output == *"success rate  exact_match  f1 "* ]]
    show --json "$tests/fixtures/run_scored/run" | jq -e '
        .scores.exact_match == 7/12 and .usage.total_tokens == 1285 and
        .scores == .experiment_scores[0] and
        .usage == .experiment_usage[0]'
    for m in a b; do
        printf '{"scores":{"s":%d},"status":"success","model":{"model_id":"%s"},"custom":{"harness":{"experiment_id":"%s"}}}\n' \
            1 "$m" "$m" 0 "$m" "$m"
    done >"$dir/records.jsonl"
    printf '{"scores":{"t":1},"model":{"model_id":"c"},"custom":{"harness":{"experiment_id":"c"}}}\n' \
        >>"$dir/records.jsonl"
    show --json "$dir" | jq -e '.experiment_scores ==
        [{"s": 0.5}, {"s": 0.5}, {"t": 1.0}] and
        .scores == {"s": 0.5, "t": 1.0}'
}

@test "several directories side by side" {
    cd "$tests/fixtures"
    run -0 show run_scored/run run_errors/run harness_two_by_two/run
    [[ ${lines[0]} =~ ^directory\ +run_scored/run\ +run_errors/run\ +harness_two_by_two/run$ ]]
    [[ $output =~ records\ +12\ +12\ +36$'\n' ]]
    [[ $output =~ success\ +100\ %\ +50\.0\ %\ +86\.1\ %$'\n' ]]
    [[ $output =~ errors\ +0\ +4\ +3$'\n' ]]
    [[ $output =~ scores/exact_match\ +0\.5833\ +-\ +-$'\n' ]]
    [[ $output =~ usage/total_tokens\ +1285\ +-\ +-$'\n' ]]
    [[ $output =~ FlakyModel/LogicProbe\ +-\ +50\.0\ %\ +-$'\n' ]]
    show --json run_scored/run run_errors/run >"$BATS_TEST_TMPDIR/two"
    jq -e '.version == 1 and [.directories[].dir] ==
        ["run_scored/run", "run_errors/run"]' "$BATS_TEST_TMPDIR/two"
    for i in 0 1; do
        jq ".directories[$i]" "$BATS_TEST_TMPDIR/two" >"$BATS_TEST_TMPDIR/one"
        show --json "$(jq -r .dir "$BATS_TEST_TMPDIR/one")" |
            jq 'del(.version)' |
            diff - <(jq 'del(.dir)' "$BATS_TEST_TMPDIR/one")
    done
}

@test "one of several that can't be read is named, the others are shown" {
    run -1 --separate-stderr show "$tests/fixtures/run_plain/run" nosuch
    [ "$stderr" = "itrack show: nosuch: No such file or directory" ]
    [[ $output == *"directory"*"run_plain/run"* ]]
    run -1 --separate-stderr show --json "$tests/fixtures/run_plain/run" nosuch
    [ "$(jq '.directories | length' <<<"$output")" -eq 1 ]
}

@test "the JSON has the members that the manual names, no others" {
    for n in 1 2; do
        # shellcheck disable=SC2046
        show --json $(yes "$tests/fixtures/run_scored/run" | head -n $n) |
            jq -r 'keys, ((.directories[0] // .) | keys), ((.directories[0] //
                .).experiments[0] | keys) | .[]'
    done | sort -u | while read -r name; do
        awk '/^\.It Cm show/ { on = 1 } /^\.It Cm check/ { on = 0 }
            on && /^\.(Va|Pq)/' "$tests/../man/itrack.1" | grep -qw "$name" || {
            echo "$name"
            exit 1
        }
    done
}

@test "memory does not grow with the file" {
    for _ in $(seq 40); do
        cat "$tests/fixtures/run_plain/run/records.jsonl"
    done >"$BATS_TEST_TMPDIR/some"
    for _ in $(seq 50); do
        cat "$BATS_TEST_TMPDIR/some"
    done >"$dir/records.jsonl"
    [ "$(stat -c %s "$dir/records.jsonl")" -gt 25000000 ]
    run -0 python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
        "$BUILD/bin/itrack" show --json "$dir"
    # KiB; a sanitizer's own memory is not ours.
    [ "$output" -lt 16384 ] || [[ $BUILD == *san* ]]
}

@test "a full disk behind the output is a failure" {
    [ -e /dev/full ] || skip "no /dev/full"
    touch "$dir/records.jsonl"
    full() {
        show "$dir" >/dev/full
    }
    run -1 full
}
