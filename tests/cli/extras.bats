#!/usr/bin/env bats
# What insideLLMs writes below a run directory to prove what it did: receipts of
# the calls, attestations, integrity roots, the policy's verdict, signatures.

load runs

# shellcheck disable=SC2154 # of runs.bash

setup() {
    use_clean_home
    f=run_plain
    id=$(run_id $f)
    from=$fixtures/$f/run
}

# prove DIR: the files, as insideLLMs' own "ultimate" mode makes them.
prove() {
    python3 - "$1" <<'EOF'
import json, sys
from pathlib import Path
d = Path(sys.argv[1])
for name in ("receipts/scitt", "attestations", "integrity", "policy", "signing"):
    (d / name).mkdir(parents=True)
compact = dict(sort_keys=True, separators=(",", ":"))
with open(d / "receipts/calls.jsonl", "w") as f:
    for i in range(10):
        f.write(json.dumps({
            "request_hash": "a" * 64, "response_hash": "b" * 64,
            "latency_ms": round(10.5 * (i + 1), 3), "record_index": i,
            "example_id": str(i), "cache_hit": i in (3, 4),
            "retry_count": 2 if i == 7 else None, "trace_id": None},
            **compact) + "\n")
(d / "attestations/00.source.dsse.json").write_text("{}\n")
(d / "attestations/08.policy.dsse.json").write_text("{}\n")
(d / "integrity/records.merkle.json").write_text("{}\n")
(d / "integrity/bundle_id.txt").write_text("f" * 64 + "\n")
(d / "receipts/scitt/04.execution.receipt.json").write_text("{}\n")
(d / "signing/00.source.dsse.sigstore.bundle.json").write_text("{}\n")
(d / "policy/verdict.json").write_text(json.dumps(
    {"passed": False, "reasons": ["attestation 07.claims missing",
                                  "manifest.json missing"],
     "checks": {"manifest": False}}, sort_keys=True, indent=2) + "\n")
EOF
}

is_tracked() {
    python3 - "$1" <<'EOF'
import json, sys
from pathlib import Path
local = Path(sys.argv[1])
values = {}
for p in json.loads((local / "metrics.json").read_text()):
    values.update(p["metrics"])
got = {k: round(v, 6) for k, v in values.items() if k.startswith("calls/")}
assert got == {
    "calls/total_count": 10, "calls/cache_hit_count": 2,
    "calls/retry_count": 2, "calls/avg_latency_ms": 57.75,
    "calls/min_latency_ms": 10.5, "calls/max_latency_ms": 105.0,
    "calls/latency_p50_ms": 57.75, "calls/latency_p95_ms": 100.275,
    "calls/latency_p99_ms": 104.055}, got
params = json.loads((local / "params.json").read_text())
assert params["policy/passed"] is False
assert params["policy/reasons"] == \
    "attestation 07.claims missing; manifest.json missing"
names = [a["name"] for a in json.loads((local / "artifacts.json").read_text())]
assert names[-8:] == [
    "receipts/calls.jsonl", "receipts/scitt/04.execution.receipt.json",
    "attestations/00.source.dsse.json", "attestations/08.policy.dsse.json",
    "integrity/bundle_id.txt", "integrity/records.merkle.json",
    "policy/verdict.json", "signing/00.source.dsse.sigstore.bundle.json"], names
for name in names:
    assert (local / "artifacts" / name).is_file(), name
EOF
}

@test "live and imported, kept until delivered, also with --artifacts safe" {
    start_gated wrap --record-only --artifacts safe "$write_run" --gate gate \
        --from "$from" --to "$runs/x"
    turn 14
    wait_until test -e "$runs/x/manifest.json"
    prove "$runs/x"
    finish
    cp -r "$runs/x" copy
    rm -r "$runs/x/attestations" "$runs/x/receipts"
    itrack sync
    is_tracked "$tracking/$id"
    itrack import --local-dir imported copy
    is_tracked "imported/insidellms/$id"
    itrack import --artifacts none --local-dir none --again copy
    [ "$(cat none/insidellms/*/artifacts.json)" = "[]" ]
    grep -q calls/total_count none/insidellms/*/metrics.json
}

@test "a histogram of the calls' latencies, in TensorBoard's journal too" {
    cp -r "$from" "$runs/x"
    prove "$runs/x"
    itrack import --record-only "$runs/x"
    grep -q '"entry":"histogram".*"name":"calls/latency_ms".*"count":10' \
        "$XDG_STATE_HOME"/itrack/runs/*/journal.jsonl
}

@test "bad lines and documents: said, counted, never fatal" {
    cp -r "$from" "$runs/x"
    mkdir "$runs/x/receipts" "$runs/x/policy" "$runs/x/integrity"
    {
        echo '{"latency_ms":"fast","cache_hit":1,"retry_count":-5}'
        echo '[1]'
        echo
        head -c 100000 /dev/zero | tr '\0' 'x'
        echo
        echo '{"latency_ms":-1,"retry_count":99999999999999999999}'
        printf '{"latency_ms":5'
    } >"$runs/x/receipts/calls.jsonl"
    echo '{"passed":"yes","reasons":{}}' >"$runs/x/policy/verdict.json"
    mkfifo "$runs/x/integrity/pipe"
    ln -s /etc/hostname "$runs/x/integrity/link"
    ln -s /etc "$runs/x/attestations"
    run -0 --separate-stderr itrack import "$runs/x"
    [[ $stderr == *"receipts/calls.jsonl: 3 lines are no receipts"* ]]
    [[ $stderr == *"integrity/pipe: not a regular file"* ]]
    [[ $stderr == *"integrity/link: not a regular file"* ]]
    [[ $stderr == *"attestations: a link, not followed"* ]]
    python3 - "$tracking/$id" <<'EOF'
import json, sys
from pathlib import Path
local = Path(sys.argv[1])
values = {}
for p in json.loads((local / "metrics.json").read_text()):
    values.update(p["metrics"])
got = {k: v for k, v in values.items() if k.startswith("calls/")}
assert got == {"calls/total_count": 2, "calls/cache_hit_count": 0,
               "calls/retry_count": 0}, got
assert "policy" not in (local / "params.json").read_text()
assert "hostname" not in (local / "artifacts.json").read_text()
EOF
}

@test "more files than anybody writes: counted" {
    cp -r "$from" "$runs/x"
    mkdir "$runs/x/signing"
    (cd "$runs/x/signing" && touch {100..250})
    run -0 --separate-stderr itrack import "$runs/x"
    [[ $stderr == *"23 files beyond 128 are no artifacts"* ]]
}
