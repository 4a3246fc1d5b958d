# insidellms itself can't be had in the tests. `fake_insidellms` makes a program
# of that name, first on PATH, that takes its words and writes a run of the fixtures
# as insidellms does: into a directory by the run ID, and it refuses a directory
# that is there without --overwrite.
# Load runs first.

fake_insidellms() {
    mkdir -p bin
    cat >bin/insidellms <<END
#!/bin/bash
set -eu
what=\$1 config=\$2
shift 2
[ -e "\$config" ]
case \$what in
run) from=run_plain to=\$HOME/.insidellms/runs/$(run_id run_plain) ;;
harness) from=harness_two_by_two to=results ;;
esac
overwrite=
while [ \$# -gt 0 ]; do
    case \$1 in
    --run-dir) to=\$2 && shift ;;
    --overwrite) overwrite=1 ;;
    *) exit 2 ;;
    esac
    shift
done
if [ -e "\$to" ] && [ -z "\$overwrite" ]; then
    echo "run_dir '\$to' already exists and is not empty" >&2
    exit 1
fi
rm -rf "\$to"
mkdir -p "\$(dirname "\$to")"
exec "$write_run" --quiet --mode "\$what" --from "$fixtures/\$from/run" --to "\$to"
END
    chmod +x bin/insidellms
    export PATH=$PWD/bin:$PATH
}
