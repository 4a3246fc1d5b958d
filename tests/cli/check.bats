#!/usr/bin/env bats
# itrack check: each defect, put into a directory that has none, is named, and
# nothing else is.

bats_require_minimum_version 1.5.0

setup() {
    fixtures=$BATS_TEST_DIRNAME/../fixtures
    dir=$BATS_TEST_TMPDIR/run
    export HOME=$BATS_TEST_TMPDIR
    unset XDG_CONFIG_HOME
}

# A whole run directory without defects.
fresh() {
    chmod -R u+w "$dir" 2>/dev/null || true
    rm -rf "$dir"
    cp -r "$fixtures/$1/run" "$dir"
    chmod -R u+w "$dir"
}

# Changes the records (list r) or another document (dictionary d) by Python.
edit() {
    python3 - "$dir/$1" "$2" <<PYTHON
$edit_in_python
edit(*sys.argv[1:])
PYTHON
}

edit_in_python='
import json, sys

def edit(path, code):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lines = path.endswith("jsonl")
    r = [json.loads(line) for line in text.splitlines()] if lines else None
    d = json.loads(text) if not lines else None
    exec(code)
    out = [json.dumps(x, sort_keys=True, separators=(",", ":")) for x in r or [d]]
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(out) + ("\n" if lines else ""))
'

# The names of the defects, in one line.
names() {
    "$BUILD/bin/itrack" check --json "$dir" >"$BATS_TEST_TMPDIR/json" || true
    python3 -c 'import json, sys
print(*[d["name"] for c in json.load(sys.stdin)["directories"] for d in c["defects"]])' \
        <"$BATS_TEST_TMPDIR/json"
}

is() {
    got=$(names)
    [ "$got" = "$1" ] || {
        echo "# got  $got"
        echo "# want $1"
        return 1
    }
}

# Notes a case: fresh records or a fresh document that is edited has these defects.
case_of() { # fixture file code defects
    printf '%s\n' "$@" >>"$BATS_TEST_TMPDIR/cases"
}

# Tries the cases that were noted, all in one process of Python; the last one's
# directory stays.
try_cases() {
    python3 - "$fixtures" "$dir" "$BUILD/bin/itrack" "$BATS_TEST_TMPDIR/cases" <<PYTHON
$edit_in_python
import shutil, subprocess

fixtures, place, itrack, file = sys.argv[1:]
lines = open(file).read().split("\n")[:-1]
assert lines and len(lines) % 4 == 0, lines
failed = False
for fixture, name, code, want in zip(*(lines[i::4] for i in range(4))):
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(f"{fixtures}/{fixture}/run", place, symlinks=True)
    edit(f"{place}/{name}", code)
    told = subprocess.run([itrack, "check", "--json", place], stdout=subprocess.PIPE).stdout
    got = " ".join(d["name"] for c in json.loads(told)["directories"] for d in c["defects"])
    if got != want:
        print(f"# {code}\n# got  {got}\n# want {want}")
        failed = True
sys.exit(failed)
PYTHON
    rm "$BATS_TEST_TMPDIR/cases"
}

@test "whole directories have no defect" {
    for fixture in "$fixtures"/*/; do
        [[ $fixture == */interrupted/ ]] && continue
        run -0 "$BUILD/bin/itrack" check "$fixture/run"
        [ "$output" = "$fixture/run: no defect" ]
    done
    fresh run_plain
    edit records.jsonl pass
    is ''
}

@test "an interrupted run" {
    run -1 "$BUILD/bin/itrack" check "$fixtures/interrupted/run"
    [[ $output == *"torn-line: "*"(line 8: 1158 bytes)"* ]]
    [[ $output == *"missing-manifest: "* ]]
    [ "${#lines[@]}" -eq 2 ]
}

@test "files that are missing or not what they should be" {
    fresh run_plain
    rm "$dir/.insidellms_run"
    is missing-marker
    echo x >"$dir/.insidellms_run"
    is bad-marker
    fresh run_plain
    rm "$dir/config.resolved.yaml"
    is missing-config
    touch "$dir/config.resolved.yaml"
    is empty-config
    fresh run_plain
    rm "$dir/manifest.json"
    is missing-manifest
    mkdir "$dir/manifest.json"
    is not-regular
    fresh run_plain
    touch "$dir/.manifest.json.tmp"
    is leftover-temporary
    rm "$dir/records.jsonl"
    rm "$dir/.manifest.json.tmp" "$dir/manifest.json"
    is 'missing-records missing-manifest'
    mkfifo "$dir/records.jsonl"
    is 'missing-manifest not-regular'
}

@test "a file that can't be read" {
    [ "$(id -u)" -ne 0 ] || skip "root reads everything"
    fresh run_plain
    chmod 0 "$dir/config.resolved.yaml"
    is unreadable
}

@test "the files of a harness" {
    fresh harness_one_model
    rm "$dir/summary.json"
    is missing-summary
    fresh harness_one_model
    rm "$dir/results.jsonl"
    is missing-results
    ln "$dir/records.jsonl" "$dir/results.jsonl"
    is ''
    rm "$dir/results.jsonl"
    cp "$dir/records.jsonl" "$dir/results.jsonl"
    is ''
    echo >>"$dir/results.jsonl"
    is results-differ
    rm "$dir/results.jsonl"
    ln -s elsewhere "$dir/results.jsonl"
    is results-differ
    fresh harness_one_model
    echo '[]' >"$dir/summary.json"
    is malformed-summary
    : >"$dir/explain.json"
    is 'malformed-summary malformed-explain'
    case_of harness_one_model summary.json \
        'd["summary"]["total_experiments"] = 9' summary-mismatch
    case_of harness_one_model explain.json 'd["run_id"] = "x"' \
        explain-mismatch
    try_cases
}

@test "lines" {
    fresh run_plain
    printf '{"torn":' >>"$dir/records.jsonl"
    is torn-line
    fresh run_plain
    echo '{]' >>"$dir/records.jsonl"
    is malformed-line
    echo >>"$dir/records.jsonl"
    is 'malformed-line blank-line'
    fresh run_plain
    sed -i 's/$/\r/' "$dir/records.jsonl"
    is carriage-return
    fresh run_plain
    sed -i '2s/^/\xef\xbb\xbf/' "$dir/records.jsonl"
    is 'bom missing-index record-count-mismatch success-count-mismatch '"\
status-counts-mismatch"
    fresh run_plain
    printf '{}\0\n' >>"$dir/records.jsonl"
    is nul-byte
    fresh run_plain
    sed -i '2s/"error":null/"error":"\xff"/' "$dir/records.jsonl"
    is 'invalid-utf8 error-on-success'
    fresh run_plain
    sed -i '2s/"latency_ms":null/"latency_ms":NaN/' "$dir/records.jsonl"
    is not-finite
    fresh run_plain
    sed -i '2s/"status":"success"/"status":"error","status":"success"/' \
        "$dir/records.jsonl"
    is duplicate-key
}

@test "records" {
    set -- run_plain records.jsonl
    case_of "$@" 'r[1]["more"] = 1' unknown-key
    case_of "$@" 'del r[1]["usage"]' missing-key
    case_of "$@" 'r[1]["model"] = "m"' wrong-type
    case_of "$@" 'r[1]["scores"] = None' wrong-type
    case_of "$@" 'r[1]["schema_version"] = "1.0.0"' mixed-schema-versions
    case_of "$@" 'r[1]["schema_version"] = "7"' \
        'mixed-schema-versions unknown-schema-version'
    case_of "$@" 'r[1]["run_id"] = None' \
        'missing-run-id missing-index'
    case_of "$@" 'r[1]["started_at"] = "yesterday"' bad-time
    case_of "$@" 'r[1]["completed_at"] = "1999-01-01"' negative-duration
    case_of "$@" 'r[1]["latency_ms"] = -1' negative-latency
    case_of "$@" 'r[1]["error"] = "x"' error-on-success
    case_of run_errors records.jsonl \
        'next(x for x in r if x["status"] == "error")["error"] = None' \
        missing-error
    try_cases
}

@test "statuses" {
    set -- run_plain records.jsonl
    counts='success-count-mismatch status-counts-mismatch'
    case_of "$@" 'del r[1]["status"]' "missing-status $counts"
    case_of "$@" 'r[1]["status"] = None' "missing-status $counts"
    case_of "$@" 'r[1]["status"] = "Success"' "unknown-status $counts"
    case_of "$@" 'r[1]["status"] = True' "unknown-status $counts"
    try_cases
}

@test "indexes" {
    set -- run_plain records.jsonl
    case_of "$@" 'r[1]["custom"]["record_index"] = 0' \
        'duplicate-index missing-index'
    case_of "$@" 'r[1], r[2] = r[2], r[1]' unordered-index
    case_of "$@" 'r.reverse()' unordered-index
    case_of "$@" 'r[1]["custom"]["record_index"] = "1"' \
        'bad-index missing-index'
    case_of "$@" 'r[1]["custom"] = {}' 'bad-index missing-index'
    case_of "$@" 'r[11]["custom"]["record_index"] = 10**18' missing-index
    try_cases
    run -1 "$BUILD/bin/itrack" check "$dir"
    [[ $output == *'(11 to 999999999999999999)'* ]]
    case_of harness_two_by_two records.jsonl \
        'r[12], r[14] = r[14], r[12]' unordered-index
    try_cases
}

@test "several runs, and two kinds of records, in one file" {
    fresh run_plain
    edit records.jsonl 'r[6:] = [dict(x, run_id="other") for x in r[6:]]'
    is 'mixed-run-ids missing-index'
    fresh harness_one_model
    sed -n 1p "$fixtures/run_plain/run/records.jsonl" >>"$dir/records.jsonl"
    is 'mixed-run-ids mixed-harness record-count-mismatch '"\
success-count-mismatch status-counts-mismatch"
}

@test "the manifest against the records" {
    set -- run_errors manifest.json
    case_of "$@" 'd["run_id"] = "x"' run-id-mismatch
    case_of "$@" 'del d["run_id"]' run-id-mismatch
    case_of "$@" 'd["schema_version"] = "1.0.0"' schema-version-mismatch
    case_of "$@" 'd["records_file"] = "x"' records-file-mismatch
    case_of "$@" 'd["record_count"] = 13' record-count-mismatch
    case_of "$@" 'd["record_count"] = "12"' record-count-mismatch
    case_of "$@" 'd["success_count"] = 7' success-count-mismatch
    case_of "$@" 'd["error_count"] = 0' error-count-mismatch
    case_of "$@" 'd["custom"]["status_counts"]["timeout"] = 3' \
        status-counts-mismatch
    case_of "$@" 'd["custom"]["timeout_count"] = -1' timeout-count-mismatch
    case_of "$@" 'd["run_completed"] = False' not-completed
    case_of "$@" 'd["completed_at"] = "x"' manifest-bad-time
    case_of "$@" 'd["completed_at"] = "1999-01-01"' manifest-bad-time
    set -- harness_two_by_two manifest.json
    case_of "$@" 'd["custom"]["harness"]["timeout_count"] = 0' \
        timeout-count-mismatch
    case_of "$@" 'd["custom"]["harness"]["experiment_count"] = 5' \
        experiment-count-mismatch
    try_cases
    fresh run_plain
    echo 'no JSON' >"$dir/manifest.json"
    is malformed-manifest
    : >"$dir/manifest.json"
    is malformed-manifest
}

@test "how often and where first" {
    fresh run_plain
    sed -i '3s/.*/x/; 5s/.*/y/; 7s/.*/z/' "$dir/records.jsonl"
    run -1 "$BUILD/bin/itrack" check "$dir"
    [[ ${lines[0]} == *': malformed-line: '*'(line 3 and 2 more)' ]]
    names
    python3 -c 'import json, sys
d = json.load(sys.stdin)["directories"][0]["defects"][0]
assert (d["name"], d["count"], d["line"]) == ("malformed-line", 3, 3), d' \
        <"$BATS_TEST_TMPDIR/json"
}

@test "several directories, and one that can't be read" {
    run -1 --separate-stderr "$BUILD/bin/itrack" check \
        "$fixtures/run_plain/run" "$BATS_TEST_TMPDIR/none"
    [[ $stderr == *"No such file or directory"* ]]
    [[ $output == *"no defect" ]]
    run -1 --separate-stderr "$BUILD/bin/itrack" check -q \
        "$fixtures/run_plain/run" "$BATS_TEST_TMPDIR/none"
    [ -z "$output" ]
    run -125 "$BUILD/bin/itrack" check
}

@test "hostile text is escaped" {
    fresh run_plain
    edit records.jsonl 'r[1]["\x1b[31m\u202e"] = 1'
    run -1 "$BUILD/bin/itrack" check "$dir"
    [[ $output == *unknown-key* && $output != *$'\e'* ]]
    fresh run_plain
    printf '{"status":"\xff\xfe\n' >>"$dir/records.jsonl"
    names >/dev/null
}

@test "hostile records crash nothing" {
    for seed in 1 2 3 4 5; do
        fresh run_plain
        python3 "$BATS_TEST_DIRNAME/mapping.py" --random "$seed" \
            >"$dir/records.jsonl"
        run -1 "$BUILD/bin/itrack" check --json "$dir"
        python3 -m json.tool <<<"$output" >/dev/null
    done
}

@test "every name is tried here" {
    tried=$(cat "${BASH_SOURCE[0]:-$BATS_TEST_FILENAME}" "$BATS_TEST_FILENAME")
    sed -n 's/^\[CHECK_[A-Z0-9_]*\] = { "\([^"]*\)".*/\1/p' \
        "$BATS_TEST_DIRNAME/../../wrap/itrack/examine/defects.c" |
        {
            count=0
            while read -r name; do
                count=$((count + 1))
                # A line of more than 512 MiB is for the unit test of lines.
                [ "$name" = too-long-line ] && continue
                [[ $tried == *"$name"* ]] || {
                    echo "# not tried: $name"
                    exit 1
                }
            done
            [ "$count" -ge 50 ]
        }
}

@test "the manual has every name" {
    sed -n 's/^\[CHECK_[A-Z0-9_]*\] = { "\([^"]*\)".*/\1/p' \
        "$BATS_TEST_DIRNAME/../../wrap/itrack/examine/defects.c" |
        sort >"$BATS_TEST_TMPDIR/table"
    sed -n '/^\.Sh DEFECTS/,/^\.Sh ENV/s/^\.It Sy //p' \
        "$BATS_TEST_DIRNAME/../../man/itrack.1" |
        sort >"$BATS_TEST_TMPDIR/manual"
    diff "$BATS_TEST_TMPDIR/table" "$BATS_TEST_TMPDIR/manual"
}
