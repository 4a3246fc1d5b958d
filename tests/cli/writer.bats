#!/usr/bin/env bats
# What is read from the command line of each run's own writer: its
# configuration, and the results file of --output.

load runs

# shellcheck disable=SC2154,SC2016 # of runs.bash; for the inner shell

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    # A stand-in for insideLLMs: `insidellms run CONFIG --run-dir DIR [-o FILE]`
    mkdir -p bin
    cat >bin/insidellms <<'END'
#!/usr/bin/env python3
import os, sys, time
from pathlib import Path
source, to = Path(os.environ["FROM"]), Path(sys.argv[4])
to.mkdir(parents=True)
for name in (".insidellms_run", "records.jsonl", "manifest.json"):
    (to / name).write_bytes((source / name).read_bytes())
if len(sys.argv) > 6 and "WITHOUT" not in os.environ:
    Path(sys.argv[6]).write_text("[1]")
# Its command line can be read while it lives: a real one lives long enough.
end = time.monotonic() + 30
while not [*to.parent.glob("tracking/insidellms/*/params.json")] and \
        time.monotonic() < end:
    time.sleep(0.01)
END
    chmod +x bin/insidellms
    PATH=$PWD/bin:$PATH
    export FROM=$fixtures/$f/run
    # Another, because the same one again would be a copy.
    export OTHER=$fixtures/run_errors/run
    other=$(run_id run_errors)
}

param() {
    jq -r ".$2" "$1/params.json"
}

@test "each run of a script has its own configuration" {
    cat >sweep.sh <<'END'
insidellms run a.yaml --run-dir 1/run
cd sub && FROM=$OTHER insidellms run ../b.yaml --run-dir ../2/run
END
    mkdir sub
    wrap -q sh sweep.sh 3>&-
    [ "$(param "1/tracking/insidellms/$id" config_path)" = a.yaml ]
    [ "$(param "2/tracking/insidellms/$other" config_path)" = ../b.yaml ]
    wrap -q insidellms run c.yaml --run-dir 3/run 3>&-
    [ "$(param "3/tracking/insidellms/$id" config_path)" = c.yaml ]
    # Found without the shim.
    wrap -q --no-preload insidellms run d.yaml --run-dir "$PWD/4/run" 3>&-
    [ "$(param "4/tracking/insidellms/$id" config_path)" = d.yaml ]
}

@test "the results file is an artifact, relative to its writer's directory" {
    mkdir sub
    wrap -q sh -c 'cd sub && insidellms run a.yaml --run-dir ../1/run -o r.json;
        cd .. && FROM=$OTHER insidellms run a.yaml --run-dir 2/run -o manifest.json' 3>&-
    cmp "1/tracking/insidellms/$id/artifacts/r.json" sub/r.json
    # The name of one of the run directory's own files is taken.
    cmp "2/tracking/insidellms/$other/artifacts/results-manifest.json" \
        manifest.json
    cmp "2/tracking/insidellms/$other/artifacts/manifest.json" 2/run/manifest.json
}

# By the clock of file times.
is_older() {
    touch now && [ "$(stat -c %z now)" != "$(stat -c %z "$1")" ]
}

@test "the results file: not an older one, not with --artifacts safe" {
    echo '[0]' >old.json
    touch -d '1 hour ago' old.json
    # What was written in the tick of the launch counts as the run's.
    wait_until is_older old.json
    WITHOUT=1 wrap -q insidellms run a.yaml --run-dir 1/run -o old.json 3>&-
    [ ! -e "1/tracking/insidellms/$id/artifacts/old.json" ]
    [ -e "1/tracking/insidellms/$id/artifacts/manifest.json" ]
    wrap -q --artifacts safe \
        insidellms run a.yaml --run-dir 2/run -o new.json 3>&-
    [ ! -e "2/tracking/insidellms/$id/artifacts/new.json" ]
    [ -e "2/tracking/insidellms/$id/artifacts/manifest.json" ]
}
