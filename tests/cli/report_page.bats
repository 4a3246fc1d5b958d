#!/usr/bin/env bats
# itrack report: the page is whole, loads and runs nothing, and its numbers are those of
# itrack show. tests/pages/report.bats looks at it in a browser.
# shellcheck disable=SC2154 # of runs.bash and of bats

load runs

setup() {
    use_clean_home
}

make_run() { # dir [option]... <lines
    python3 "$top/tests/cli/make_run.py" "$@"
}

report() {
    itrack report "$@"
}

# The page is sound, and has the numbers of these directories.
is_sound() { # dir...
    local dir shown=()
    for dir in "$@"; do
        itrack show --json "$dir" >"shown-${#shown[@]}.json"
        shown+=(--show "shown-${#shown[@]}.json")
    done
    python3 "$top/tests/cli/check_page.py" page.html "${shown[@]}"
}

@test "the numbers of every fixture are those of itrack show" {
    for dir in "$fixtures"/*/run; do
        report "$dir" -o page.html
        is_sound "$dir" || { echo "$dir"; return 1; }
    done
}

@test "up to ten runs beside each other, compared with the first" {
    for n in $(seq 11); do
        for i in $(seq 9); do
            echo "P e$i $([ "$i" -lt "$n" ] && echo success || echo error) f1=0.$n latency=$n tokens=$i"
        done | make_run "r$n" --name "run$n" --config "x: $n"
    done
    # shellcheck disable=SC2046
    report $(seq -f r%g 10) -o page.html
    # shellcheck disable=SC2046
    is_sound $(seq -f r%g 10)
    grep -q 'id="comparison"' page.html
    # The columns of ten runs are narrow; what a row is of stays in sight.
    [ "$(grep -c 'class="wide many"' page.html)" = 2 ]
    grep -q 'position:sticky' page.html
    [ "$(grep -o '<h3>r[0-9]* against r1</h3>' page.html | wc -l)" = 9 ]
    grep -q '<td class="better">better</td>' page.html
    grep -q '<th scope="row">x</th><td>1</td><td>10</td>' page.html
    # shellcheck disable=SC2046
    run -125 report $(seq -f r%g 11) -o page.html
    [[ $output == *"more than 10 runs"* ]]
    # Two of one name are told apart.
    mkdir -p a b && cp -r r1 a/run && cp -r r2 b/run
    report a/run b/run -o page.html
    grep -q 'b/run against a/run' page.html
    cp page.html first.html
    report a/run b/run -o page.html
    cmp page.html first.html
    report a/run b/run -o - | cmp - first.html
}

@test "huge values have a place, and a score of one run alone has a column" {
    echo 'P e1 success' | make_run a
    for i in 1 2 3; do
        echo "Q e$i success big=${i/2/-2}e307 huge=1e308 f1=0.$((i + 4)) latency=1"
    done | make_run b
    report a b -o page.html
    python3 "$top/tests/cli/check_page.py" page.html
    # Coordinates and the values at the lines are numbers.
    [ "$(grep -cE ' (y1|cy|points)="[^"]*(nan|inf)|>-?(nan|inf)</text>' page.html)" = 0 ]
    grep -q '>-5e+306</text>' page.html
    # f1 runs from 0.5 to 0.6: round numbers at the lines.
    grep -q '>0.525</text>' page.html
    grep -q '<th scope="col" class="n">f1</th>' page.html
    grep -q 'success of 1 record<' page.html
    grep -q '<th scope="rowgroup" class="group" colspan="8">overall</th>' page.html
    run ! grep -q 'there is no manifest' page.html
    rm a/manifest.json a/config.resolved.yaml
    report a b -o page.html
    grep -q '<td>no: there is no manifest</td>' page.html
    grep -q 'a: there is no config.resolved.yaml' page.html
    [ "$(grep -c 'What differs in the configuration' page.html)" = 0 ]
}

@test "hostile records are text, and nothing else" {
    python3 "$top/tests/cli/hostile.py" evil
    python3 -c 'import os; os.mkdir(b"<b>\xff&\x27\"")'
    cp evil/* "$(printf '<b>\xff')"*
    report --records=text evil "$(printf "<b>\\xff&'\"")" -o page.html
    python3 "$top/tests/cli/check_page.py" page.html | grep -v '^has ' >faults || :
    cat faults
    [ ! -s faults ]
    # Words of the records stand there as text.
    grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' page.html
    [ "$(grep -ci '<script\|<img\|<svg onload' page.html)" = 0 ]
}

@test "prompts and answers are there with --records=text alone" {
    printf '%s\n' 'P x=CANARY_QUESTION error:Odd output=CANARY_ANSWER' | make_run a
    report a -o page.html
    python3 "$top/tests/cli/check_page.py" page.html --without CANARY
    grep -q Odd page.html
    report --records a -o page.html
    python3 "$top/tests/cli/check_page.py" page.html --without CANARY
    report --records=text a -o page.html
    grep -q 'CANARY_QUESTION' page.html && grep -q 'CANARY ANSWER' page.html
}

@test "at most 2 MB for 10,000 records, and what is left out is said" {
    python3 - <<'END'
import json, os
os.mkdir("big")
with open("big/records.jsonl", "w") as f:
    for i in range(10000):
        f.write(json.dumps({
            "run_id": "r", "status": "error", "error_type": "E%d" % (i % 300), "error": "<&\"'" * 500,
            "example_id": "<&>" * 30 + str(i), "input": {"q": "<>" * 3000}, "output": None,
            "scores": {"s%d" % k: i * k for k in range(4)}, "model": {"model_id": "m"},
            "probe": {"probe_id": "p"}, "custom": {"harness": {"experiment_id": str(i // 10),
            "model_name": "<m>%d" % (i // 10), "probe_name": "p" * 100}}}) + "\n")
END
    for records in no text; do
        report --records=$records big -o page.html
        [ "$(stat -c %s page.html)" -le 2000000 ]
        python3 "$top/tests/cli/check_page.py" page.html
        [[ $(cat page.html) =~ [0-9]+\ more\ are\ not\ shown ]]
        grep -q 'more are of other kinds' page.html
    done
}

@test "mistakes: nothing is written" {
    run -125 report -o page.html
    printf '%s\n' 'P x success' | make_run a
    run -125 report a
    [[ $output == *"-o FILE"* ]]
    run -1 report a nosuch -o page.html
    [ "$output" = "itrack report: nosuch: No such file or directory" ]
    run -1 report a -o nowhere/page.html
    [[ $output == *nowhere* ]]
    [ ! -e page.html ]
    # An attempt's name will do; `last` is no run here, but may be a directory.
    run -1 report last -o page.html
    itrack import -q -t local a
    report "$(itrack status --json | jq -r '.attempts[0].attempt')" -o page.html
    is_sound a
    cp -r a last
    report last -o page.html
    is_sound last
}
