#!/usr/bin/env bats
# The page of itrack report in a real browser: nothing of a hostile record runs, axe
# finds no serious fault, its text can be read without scripts. The pictures go to
# $BUILD/pages; look at them.
# shellcheck disable=SC2154 # of runs.bash

load ../cli/runs

setup_file() {
    export browser='' axe=''
    local top=$BATS_TEST_DIRNAME/../..
    [ -n "${ITRACK_TORTURE:-}" ] || return 0
    "$top/scripts/install-deps" -- chromium || return 0
    command -v npm >/dev/null || "$top/scripts/install-deps" -- npm || return 0
    browser=$("$top/scripts/test-venv" pages)/bin/python ||
        browser=
    npm install --silent --no-audit --no-fund --prefix "$BUILD/axe" \
        axe-core@4.10.3 || return 0
    axe=$BUILD/axe/node_modules/axe-core/axe.min.js
    mkdir -p "$BUILD/pages"
}

setup() {
    [ -n "${ITRACK_TORTURE:-}" ] || skip "make torture looks at the pages"
    [ -n "$browser" ] || skip "no browser"
    [ -n "$axe" ] || skip "no axe-core"
    use_clean_home
}

# So many records of two models and probes; `better` of 10 succeed.
make_run() { # dir better temperature
    local model probe i
    for model in small claude-3-5-sonnet-20241022; do
        for probe in LogicProbe InstructionFollowingProbe; do
            for i in $(seq 60); do
                echo "$model/$probe ex-$i $([ $((i * 7 % 10)) -lt "$2" ] &&
                    echo success || echo error:RuntimeError)" \
                    "exact_match=$((i * $2 % 2)) f1=0.$((i * $2 % 90 + 10))" \
                    "latency=$((100 + i * $2)) tokens=$((i + $2))"
            done
        done
    done | python3 "$top/tests/cli/make_run.py" "$1" --name "$1" \
        --config "{models: [{args: {temperature: $3}, type: x}]}"
}

look() { # picture dir...
    local picture=$BUILD/pages/$1
    shift
    itrack report --records=text "$@" -o page.html
    run "$browser" "$BATS_TEST_DIRNAME/report.py" page.html "$picture" "$axe"
    echo "$output"
    [ "$status" -eq 0 ]
}

@test "one run" {
    make_run monday 6 0.7
    look report-one monday
    [[ $output == *"What ran"* && $output == *"Running success rate"* ]]
}

@test "runs compared: the text has what itrack show and compare say" {
    make_run monday 6 0.7
    make_run tuesday 8 0.2
    make_run wednesday 4 0.2
    look report monday tuesday wednesday
    [[ $output == *"tuesday against monday"* ]]
    [[ $output == *"$(itrack show tuesday | sed -n 's/^success  *//p')"* ]]
    [[ $output == *better* && $output == *worse* ]]
    [[ $output == *"models.0.args.temperature"*0.7*0.2* ]]
}

@test "ten runs fit on paper and on the screen" {
    local day i
    for day in $(seq 10); do
        for i in $(seq 9); do
            echo "P e$i $([ "$i" -lt "$day" ] && echo success || echo error) f1=0.$((i * day))"
        done | python3 "$top/tests/cli/make_run.py" "evening-of-the-$day"
    done
    look report-ten evening-*
}

@test "hostile records do not execute" {
    python3 "$BATS_TEST_DIRNAME/../cli/hostile.py" evil
    cp -r evil '<img src=x onerror=alert(5)>'
    look report-hostile evil '<img src=x onerror=alert(5)>'
    [[ $output == *"<script>alert(1)</script>"* ]]
}

@test "what would run is found" {
    make_run monday 6 0.7
    itrack report monday -o page.html
    sed -i 's|<main>|<main><img src="http://127.0.0.1:9/x.png" onerror="alert(1)">|;
        s|<meta http-equiv[^>]*>||' page.html
    run "$browser" "$BATS_TEST_DIRNAME/report.py" page.html evil "$axe"
    [ "$status" -eq 1 ]
    [[ $output == *"ran alert"* && $output == *"loaded http://127.0.0.1:9/x.png"* ]]
    [[ $output == *"axe, light: critical: image-alt"* ]]
}
