#!/usr/bin/env bats
# itrack compare: which records are matched, what is said of the difference, rules.
# shellcheck disable=SC2154 # of runs.bash and of bats

load runs

setup() {
    use_clean_home
    unset GITHUB_ACTIONS GITHUB_STEP_SUMMARY NO_COLOR
}

make_run() { # dir [option]... <lines
    python3 "$top/tests/cli/make_run.py" "$@"
}

# So many records of a probe: the first `good` of them succeed.
records() { # good count [word]...
    local good=$1 count=$2 i
    shift 2
    for ((i = 0; i < count; i++)); do
        echo "P e$i $([ "$i" -lt "$good" ] && echo success || echo error) $*"
    done
}

compare() {
    itrack compare "$@"
}

# The JSON of a comparison holds for this filter.
tells() { # filter argument...
    local filter=$1
    shift
    compare --format json "$@" >told.json
    jq -e "$filter" told.json >told || {
        jq -c 'del(.changed, .values)' told.json
        return 1
    }
}

@test "the success rate: McNemar's test, Newcombe's interval, who changed sides" {
    { records 38 38; for i in $(seq 38 49); do echo "P e$i error"; done; } |
        make_run a
    # 36 both, 2 lost, 12 won, none neither.
    { echo "P e0 error"; echo "P e1 error:Odd"
      for i in $(seq 2 49); do echo "P e$i success"; done; } | make_run b
    tells '.version == 1 and (.overall | length) == 1 and (.overall[0] |
        .metric == "success_rate" and .n == 50 and .base == 0.76 and
        .new == 0.96 and .difference == 0.2 and
        (.low - 0.0569 | fabs) < 5e-5 and (.high - 0.3404 | fabs) < 5e-5 and
        (.p - 212 / 16384 | fabs) < 1e-12 and .p_holm == .p and
        .verdict == "better")' --base a b
    jq -e '.slices == [.overall[0] + {model: "M", base_model: "M", probe: "P"}] and
        [.changed[] | select(.change == "failure") | .example] == ["e0", "e1"] and
        ([.changed[] | select(.change == "success")] | length) == 12 and
        .changed[1].new == {line: 2, status: "error", error_type: "Odd"}' told.json
    run -0 compare b a
    [[ $output == *"success 50 96.0 % 76.0 %  -20.0 -34.0 .. -5.7 0.013 worse"* ]]
    [[ $output =~ "fail now 12"\ +"e38 e39" && $output =~ "succeed now 2"\ +"e0 e1" ]]
}

@test "scores: means over the pairs that have them, and an interval" {
    for i in $(seq 30); do echo "P e$i success f1=0.$((i % 7)) only=1"; done | make_run a
    for i in $(seq 30); do
        echo "P e$i success f1=0.$((i % 7 + 1)) $([ "$i" = 9 ] || echo other=2)"
    done | make_run b
    tells '(.overall | map(.metric)) == ["success_rate", "scores/f1"] and
        (.overall[1] | .n == 30 and (.difference - 0.1 | fabs) < 1e-12 and
        (.low - 0.1 | fabs) < 1e-9 and .p < 0.001 and .verdict == "higher")' a b
    # A score that stands on one side only is among the values.
    jq -e '[.values[] | select(.name == "scores/only")] ==
        [{name: "scores/only", base: 1.0, new: null}]' told.json
    # The same runs give the same numbers.
    cp told.json first.json
    compare --format json a b | cmp - first.json
}

@test "huge scores have a mean, wherever it is shown" {
    for i in 1 2 3; do echo "P e$i success s=1e308 t=-1e308 f=0.$i"; done | make_run a
    for i in 1 2 3; do echo "P e$i success s=1.5e308 t=-1e308 f=0.$i"; done | make_run b
    # What can't be added is near; the others are to the last bit what Python says.
    tells '.overall[] | select(.metric == "scores/s") |
        ((.base / 1e308 - 1 | fabs) < 1e-9) and ((.new / 1.5e308 - 1 | fabs) < 1e-9) and
        ((.low / 5e307 - 1 | fabs) < 1e-9) and ((.high / 5e307 - 1 | fabs) < 1e-9)' a b
    tells "[.overall[] | select(.metric == \"scores/f\").new] ==
        [$(python3 -c 'print((0.1 + 0.2 + 0.3) / 3)')]" a b
    itrack show --json a >shown.json
    jq -e '.scores.s / 1e308 - 1 | fabs < 1e-9' shown.json
    itrack show a b >shown
    itrack report a b -o page.html
    itrack import -q --local-dir out a
    jq -e '[.[].metrics["scores/t"] | numbers | fabs / 1e308 - 1 | fabs < 1e-9] |
        length == 3 and all' out/*/*/metrics.json
    run ! grep -riwE '[-+]?(inf|nan|infinity)' shown page.html out
}

@test "records are matched whatever their order, by replicate key" {
    records 20 40 | make_run a
    records 20 40 | shuf --random-source=<(yes) | make_run b
    tells '.matched.pairs == 40 and .matched.by_key == 40 and
        .overall[0].difference == 0 and .overall[0].p == 1 and
        .changed == []' a b
}

@test "a key that stands twice counts in the order of its records" {
    printf '%s\n' 'P x success key=k' 'P x error key=k' 'P x success key=k' | make_run a
    printf '%s\n' 'P x success key=k' 'P x success key=k' | make_run b
    tells '.matched == {pairs: 2, by_key: 2, by_example: 0, across_models: false,
        repeated: 1, other_input: 0, only_base: 1, only_new: 0, no_experiment: 0} and
        [.changed[] | [.base.line, .new.line]] == [[2, 2]]' a b
    run -0 compare a b
    [[ $(tr -s ' \n' ' ' <<<"$output") == *"2 pairs by replicate key; 1 repeats an example, and the tests count it as independent; 1 in the base alone"* ]]
    printf '%s\n' 'P x success key=none' 'P x error key=none' | make_run c
    tells '.matched.pairs == 2 and .matched.by_example == 2 and
        [.changed[] | [.base.line, .new.line]] == [[2, 2]]' b c
}

@test "without a common key records are matched by their example" {
    printf '%s\n' 'P x success key=1' 'P y success key=2' 'P z error key=none' | make_run a
    printf '%s\n' 'P z error key=none' 'P y error key=2' 'P x success key=9' | make_run b
    tells '.matched.by_key == 1 and .matched.by_example == 2 and
        [.changed[].example] == ["y"]' a b
    run -0 compare a b
    [[ $output == *"3 pairs, 1 by replicate key, 2 by example"* ]]
}

@test "another input is another question: no pair, and it is said" {
    printf '%s\n' 'P x=one success' 'P y=two success' | make_run a
    printf '%s\n' 'P x=1 error' 'P y=two success' | make_run b
    tells '.matched.pairs == 1 and .matched.other_input == 1 and
        .changed == []' a b
    run -0 compare a b
    [[ $output == *"1 in both with different inputs"* ]]
    # The same question, however its JSON is written.
    sed 's|what is|wh\\u0061t is|; s|":|": |g' a/records.jsonl >c
    mkdir d && mv c d/records.jsonl
    tells '.matched.pairs == 2' a d
}

@test "one model on each side, another one: example and probe" {
    printf '%s\n' 'A/P x success' 'A/Q x error' | make_run a
    printf '%s\n' 'B/Q x success' 'B/P x success' 'B/R x success' | make_run b
    tells '.matched.pairs == 2 and .matched.across_models and
        .matched.only_new == 1 and
        [.slices[] | [.base_model, .model, .probe, .new]] ==
        [["A", "B", "P", 1], ["A", "B", "Q", 1]]' a b
    # Of several models none is matched with another.
    printf '%s\n' 'B/P x success' 'C/P x success' | make_run c
    tells '.matched.pairs == 0 and .matched.only_base == 2 and
        .matched.only_new == 2 and .slices == [] and
        (.overall[0] | .n == 0 and .base == null and .p == null and
        .verdict == "not enough data")' a c
}

@test "Holm's correction over the slices; too few pairs are no verdict" {
    for m in A B C; do for i in $(seq 7); do echo "$m/P e$i error"; done; done | make_run a
    { for i in $(seq 7); do echo "A/P e$i success"; done
      for m in B C; do for i in $(seq 7); do echo "$m/P e$i error"; done; done; } | make_run b
    # 7 of 7: p is 1/64; for three slices 3/64.
    tells '[.slices[] | [.model, (.p * 1e9 | round), (.p_holm * 1e9 | round),
        .verdict]] == [["A", 15625000, 46875000, "better"],
        ["B", 1e9, 1e9, "unclear"], ["C", 1e9, 1e9, "unclear"]]' a b
    sed -i '/e7?/d' a/records.jsonl
    tells '[.slices[].verdict] == ["not enough data", "not enough data",
        "not enough data"] and .overall[0].n == 18 and
        .overall[0].verdict == "better"' a b
    run -0 compare a b
    [[ $output == *"not enough data: so few pairs"* ]]
}

@test "several runs against one base" {
    records 3 9 | make_run a
    records 5 9 | make_run b
    records 9 9 | make_run c
    tells '.base.dir == "a" and [.comparisons[].dir] == ["b", "c"] and
        [.comparisons[].overall[0].new] == [5/9, 1]' --base a b c
    compare --format json a b c | cmp - told.json
    run -0 compare a b c
    [ "$(grep -c '^base  ' <<<"$output")" = 2 ]
}

@test "what differs in the configuration; no secret" {
    records 1 2 | make_run a --config 'model: {args: {temperature: 0.2, api_key: canary1}, type: x}'
    records 1 2 | make_run b --config 'model: {args: {temperature: 0.7, api_key: canary2}, type: x, new: 1}'
    tells '.config == [
        {name: "model.args.temperature", base: "0.2", new: "0.7"},
        {name: "model.new", base: null, new: "1"}]' a b
    run -0 compare a b
    [[ $output == *"model.args.temperature: 0.2 -> 0.7"* && $output != *canary* ]]
    rm b/config.resolved.yaml
    run -0 compare a b
    [[ $output =~ "config, new"\ +"there is no config.resolved.yaml" ]]
    # That there is none is no difference in each of its values.
    [[ $output != *temperature* ]]
    tells '.config == null' a b
    run -0 compare --format markdown a b
    [[ $output == *"Configuration, new: there is no config"* && $output != *temperature* ]]
}

@test "latency and tokens" {
    for i in 1 2 3; do echo "P e$i success latency=$((i * 100)) tokens=$i"; done | make_run a
    for i in 1 2 3; do echo "P e$i success latency=$((i * 10)) tokens=$i"; done | make_run b
    tells '(.values | map({(.name): [.base, .new]}) | add) |
        .latency_ms == [200, 20] and .latency_p50_ms == [200, 20] and
        .["usage/total_tokens"] == [6, 6]' a b
    run -0 compare a b
    [[ $output == *"latency_p50_ms 200 -> 20"* && $output == *"usage/total_tokens 6 -> 6"* ]]
    # What the base alone has is there, too.
    for i in 1 2 3; do echo "P e$i success"; done | make_run c
    tells '.values[] | select(.name == "latency_ms") == {name: "latency_ms", base: 20, new: null}' b c
    run -0 compare b c
    [[ $output == *"latency_p50_ms 20 -> -"* ]]
    run -0 compare --format markdown b c
    [[ $output == *'| usage/total\_tokens | 6 | - |'* ]]
}

@test "texts are printed with --records=text alone" {
    printf '%s\n' 'P x=CANARY_QUESTION success output=CANARY_OLD' | make_run a
    printf '%s\n' 'P x=CANARY_QUESTION error output=CANARY_NEW' | make_run b
    for format in text markdown json; do
        run -0 compare --format $format a b
        [[ $output != *CANARY* ]]
        run -0 compare --format $format --records=no a b
        [[ $output != *CANARY* ]]
        run -0 compare --format $format --records a b
        [[ $output != *CANARY* ]]
        run -0 compare --format $format --records=text a b
        [[ $output == *CANARY*QUESTION* && $output == *CANARY*OLD* &&
            $output == *CANARY*NEW* ]]
    done
}

@test "--fail-if: status 122 if a rule holds" {
    records 50 50 f1=0.5 | make_run a
    records 49 50 f1=0.4 | make_run b
    run -122 compare a b --fail-if 'success_rate drops 0.01'
    [[ $output == *"success_rate drops 0.01: HOLDS (1 -> 0.98)"* ]]
    # Binary rounding decides nothing: 1 - 0.98 is more than 0.02 by 2e-17.
    run -0 compare a b --fail-if 'success_rate drops 0.02'
    run -122 compare a b --fail-if 'success_rate < 0.99' --fail-if 'success_rate drops 0.5'
    run -0 compare a b --fail-if 'success_rate < 0.98' --fail-if 'error_count > 1'
    run -122 compare a b --fail-if 'scores/f1 drops 0.05'
    run -0 compare b a --fail-if 'scores/f1 drops 0'
    tells '.rules == [{rule: "success_rate < 0.5", dir: "b", state: "kept",
        base: null, value: 0.98}]' a b --fail-if 'success_rate < 0.5'
    # Each run is judged.
    run -122 compare a a b --fail-if 'success_rate drops 0.01'
}

@test "--fail-if: what can't be judged is no success; what is no rule starts nothing" {
    records 5 5 | make_run a
    records 5 5 | make_run b
    run -1 --separate-stderr compare a b --fail-if 'scores/f1 drops 0.1'
    [[ $stderr == *"scores/f1 drops 0.1' can't be judged"* ]]
    run -122 compare a b --fail-if 'scores/f1 < 1' --fail-if 'success_rate > 0.5'
    for rule in 'success_rate' 'succes_rate < 1' 'success_rate drops' \
        'success_rate < 1 after 20' 'success_rate < x' '< 1' 'scores/ < 1'; do
        run -125 --separate-stderr compare a b --fail-if "$rule"
        [ -z "$output" ] && [[ $stderr == "itrack compare: --fail-if"* ]]
    done
}

@test "in GitHub Actions the step's summary gets the Markdown" {
    records 5 9 | make_run a
    records 7 9 | make_run b
    echo before >summary.md
    GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=summary.md run -0 compare a b
    [[ $output == "base  "* ]]
    [ "$(head -n 1 summary.md)" = before ]
    tail -n +2 summary.md | cmp - <(compare --format markdown a b)
    GITHUB_STEP_SUMMARY=other.md run -0 compare a b
    [ ! -e other.md ]
    mkdir full
    GITHUB_ACTIONS=true GITHUB_STEP_SUMMARY=full run -1 --separate-stderr compare a b
    [[ $stderr == *"GITHUB_STEP_SUMMARY"* && $output == "base  "* ]]
}

@test "80 columns, whatever the names are; nothing hostile reaches the terminal" {
    long=$(printf 'n%.0s' $(seq 300))
    for i in $(seq 60); do
        printf '%s/%s %s%s error %s=0.123456 tokens=1\n' "$long" "$long" "$long" "$i" "${long:50}"
    done | make_run a
    sed 's/"status":"error"/"status":"success"/; s/0.123456/-12345.678/' a/records.jsonl >x
    cp -r a b && mv x b/records.jsonl
    run -0 compare --records=text a b
    [ "$(wc -L <<<"$output")" -le 80 ]
    [ "$(grep -c 'and 40 more' <<<"$output")" = 1 ]
    printf '{"run_id":"\\u001b[31m","status":"%s","example_id":"<b>|`\\u001b[31m\\n# x","model":{"model_id":"<script>|x\\u202e"},"probe":{"probe_id":"\\u0007"}}\n' success >b/records.jsonl
    sed 's/success/a\\u001b[0m/' b/records.jsonl >a/records.jsonl
    for format in text markdown; do
        run -0 compare --format $format a b
        [[ $output != *$'\e'* && $output != *$'\a'* && $output != *$'\xe2\x80\xae'* ]]
    done
    [[ $output != *"<script>"* && $output != *"<b>"* ]]
}

@test "wide characters and combining marks keep the columns, and no text is lost" {
    local question
    question=$(printf '質問%.0s' $(seq 60))
    for i in $(seq 6); do
        printf '模型/探査 例%d=%s error 点数=0.5 e\u0301=1 plain=2\n' "$i" "$question"
    done | make_run a
    sed 's/"status":"error"/"status":"success"/' a/records.jsonl >x
    cp -r a b && mv x b/records.jsonl
    export LC_ALL=C.UTF-8
    run -0 compare --records=text a b
    [ "$(wc -L <<<"$output")" -le 80 ]
    # The n of each row ends in the same column.
    [ "$(grep -E ' 6 +[0-9.]+ ' <<<"$output" | sed 's/ 6 .*//' | while IFS= read -r row; do
        wc -L <<<"$row"; done | sort -u | wc -l)" = 1 ]
    tr -d ' \n' <<<"$output" | grep -qF "$question"
    # In itrack show the last column begins in the same one.
    run -0 itrack show a b
    [ "$(sed 's/100 %$/0/; s/[^ ]*$/|/' <<<"$output" | while IFS= read -r row; do
        wc -L <<<"$row"; done | sort -u | wc -l)" = 1 ]
}

@test "colours on a terminal alone, and not with NO_COLOR" {
    records 0 9 | make_run a
    records 9 9 | make_run b
    run -0 compare a b
    [[ $output != *$'\e'* ]]
    cat >terminal.py <<'END'
import pty, sys
sys.exit(pty.spawn(sys.argv[1:]) >> 8)
END
    TERM=xterm run -0 python3 terminal.py "$BUILD/bin/itrack" compare a b
    [[ $output == *$'\e[32mbetter\e[0m'* ]]
    NO_COLOR=1 TERM=xterm run -0 python3 terminal.py "$BUILD/bin/itrack" compare a b
    [[ $output != *$'\e'* && $output == *better* ]]
}

@test "what can't be read is an error, and nothing is printed" {
    records 1 2 | make_run a
    run -1 --separate-stderr compare --base nosuch a
    [ -z "$output" ] && [ "$stderr" = "itrack compare: nosuch: No such file or directory" ]
    run -1 --separate-stderr compare a nosuch a
    [ -z "$output" ] && [[ $stderr == *nosuch* ]]
    run -125 --separate-stderr compare
    [[ $stderr == *"which directory"* ]]
    run -125 compare --format yaml a a
    run -1 --separate-stderr compare --base 20261127T032138Z-0123456789ab a
    [[ $stderr == *"no such attempt"* ]]
}

# What insideLLMs would write, from the directory of a configuration.
follow() { # name config project
    cat >insidellms <<'END'
#!/bin/sh
exec "$WRITE_RUN" --quiet --from "$FROM" --to "$4"
END
    chmod +x insidellms
    WRITE_RUN=$write_run FROM=$PWD/source-$1 PATH=$PWD:$PATH wrap -q --no-preload \
        -p "$3" -- insidellms run "$2" --run-dir "$PWD/runs/$1" 3>&-
}

@test "--base last: the last finished run of the project and the configuration" {
    local name
    for name in 1 2 3; do
        records "$name" 9 | make_run "source-$name" --name "run$name"
        follow "$name" nightly.yaml nightly
    done
    records 4 9 | make_run source-other --name other
    follow other other.yaml nightly
    records 5 9 | make_run source-far --name far
    follow far nightly.yaml elsewhere
    [ "$(itrack status --json --all | jq '[.attempts[] | select(.state == "delivered")] | length')" = 5 ]
    tells '.base.run_id == "run2" and (.base.attempt | length) > 20' --base last runs/3
    # Never one that is compared itself, and without --base it is the base of one.
    tells '.base.run_id == "run1"' --base last runs/3 runs/2
    tells '.base.run_id == "run3"' runs/1
    attempt=$(jq -r .base.attempt told.json)
    tells '.base.run_id == "run3" and .base.attempt == "'"$attempt"'"' --base "$attempt" runs/1
    run -1 --separate-stderr compare runs/far
    [[ $stderr == *"no other finished run of the project elsewhere and the configuration nightly"* ]]
    run -1 --separate-stderr compare source-1
    [[ $stderr == *"source-1 is not tracked here"* ]]
}

@test "--base last: an attempt that is not delivered yet counts, and one that can't be read is named" {
    local name
    for name in 1 2; do
        records "$name" 9 | make_run "runs/$name" --name "run$name"
        itrack import -q -p late -t mlflow --mlflow-uri http://127.0.0.1:9 --drain 0 "runs/$name" || :
    done
    [ "$(itrack status --json | jq '[.attempts[] | select(.state == "pending")] | length')" = 2 ]
    tells '.base.run_id == "run1"' --base last runs/2
    # The same directory, tracked twice, is not the run before.
    itrack import -q -p late -t local --local-dir here runs/2 || :
    tells '.base.run_id == "run1"' --base last runs/2
    attempt=$(jq -r .base.attempt told.json)
    chmod g+w "$XDG_STATE_HOME/itrack/runs/$attempt/journal.jsonl"
    run -1 --separate-stderr compare --base last runs/2
    [[ $stderr == *"$attempt is passed over: "* && $stderr == *"no other finished run"* ]]
}

@test "--base last: a directory that was overwritten has a copy in the local tracker" {
    local name
    for name in 1 2; do
        records "$name" 9 | make_run "source-$name" --name "run$name"
        follow "$name" nightly.yaml nightly
    done
    rm -r runs/1
    tells '.base.run_id == "run1" and (.base.dir | endswith("/artifacts"))' runs/2
    rm -r runs/tracking
    run -1 --separate-stderr compare runs/2
    [[ $stderr == *"is passed over: its records are no longer in"* ]]
    [[ $stderr == *"no other finished run"* ]]
}

@test "--base last: where no birth of a directory is known, its path and its records tell it" {
    local name refuse=("$BUILD/tests/programs/find_refuse" EPERM statx --)
    "${refuse[@]}" true || skip "no filters"
    for name in 1 2; do
        records "$name" 9 | make_run "runs/$name" --name "run$name"
    done
    # Tracked with births, looked for without, and the other way round.
    itrack import -q runs/1 runs/2
    run -0 "${refuse[@]}" "$BUILD/bin/itrack" compare --format json runs/2
    jq -e '.base.run_id == "run1"' <<<"$output"
    rm -r "$XDG_STATE_HOME" runs/tracking
    "${refuse[@]}" "$BUILD/bin/itrack" import -q runs/1 runs/2
    tells '.base.run_id == "run1"' runs/2
    # A directory that was moved is no base of itself, and is not known by its inode.
    mv runs/2 runs/3
    run -1 --separate-stderr compare --base last runs/3
    [[ $stderr == *"runs/3 is not tracked here"* ]]
    [[ $(compare --base last runs/1 runs/3 2>&1) == *"no other finished run"* ]]
}

@test "the JSON has the members that the manual names, no others" {
    records 5 9 f1=1 latency=1 | make_run a
    records 7 9 f1=1 latency=2 | make_run b --config 'x: 1'
    for more in '' b; do
        compare --format json --records=text --fail-if 'error_count > 9' a b $more
    done | jq -r '[.. | objects | keys] | add | unique | .[]' | sort -u >names
    [ "$(wc -l <names)" -gt 30 ]
    awk '/^\.It Cm compare/ { on = 1 } /^\.It Cm report/ { on = 0 }
        on && /^\.(Va|Pq)/' "$top/man/itrack.1" | tr -c '[:alnum:]_\n' ' ' >manual
    while read -r name; do
        grep -qw "$name" manual || {
            echo "$name"
            return 1
        }
    done <names
}

@test "a run that timed out has failed, for a gate as for --stop-if" {
    itrack compare --fail-if 'error_rate > 0.51' "$fixtures/run_errors/run" "$fixtures/run_errors/run"
    run -122 itrack compare --fail-if 'error_rate > 0.49' \
        "$fixtures/run_errors/run" "$fixtures/run_errors/run"
}
