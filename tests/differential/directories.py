#!/usr/bin/env python3
"""Random run directories: `itrack import` against the tests' own rundirs.

    directories.py BUILD [COUNT [SEED]]

Records with missing members, odd types, odd times, every status, harness and
plain ones mixed, malformed lines, CRLF, bytes that are no UTF-8. Each must end
with exactly the metrics and params that rundirs.py finds.
"""
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import check_local  # noqa: E402
import rundirs  # noqa: E402

TEXTS = ["", "a", "Ünï", "\U0001f600", "\ud83d", 0, 1, 7, 1.0, 1e16, 1e-5, 0.1,
         True, False, None, [], {}, ["x", None, 1.5], {"k": "v'"}, "it's",
         'q"', "\n", -0.0, 123456789012345678901234567890, "unknown", "run",
         "\u2028", "x\x7f", "a/b", ".."]
TIMES = ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.75Z", "2026-01-01",
         "20260102T030405,123456789", "2026-01-01 10:00+02:00", "bad", None, 3,
         "2026-W01-1", "2026-01-01T24:00", "2026-01-01T00:00:00.000001"]
STATUSES = ["success", "error", "timeout", "rate_limited", "skipped",
            "Success", None, 1, True, "", " success"]
BAD_LINES = [b"", b"  ", b"nope", b"[1]", b'{"a":}', b"{}x",
             b"\xef\xbb\xbf{}", b'{"a":"\x01"}', b"{} {}"]


class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.harness = rng.random() < 0.5

    def odd(self):
        return self.rng.choice(TEXTS)

    def experiment(self):
        if self.rng.random() < 0.5:
            return {"experiment_id": self.rng.choice(["e1", "e2"]),
                    "model_name": "M",
                    "probe_name": self.rng.choice(["P", "Q"])}
        return {"experiment_id": self.odd(), "model_name": self.odd(),
                "model_type": self.odd(), "probe_name": self.odd(),
                "probe_category": self.rng.choice(["logic", "x", None, 1])}

    def record(self):
        rng = self.rng
        usual = rng.random() < 0.7
        members = {
            "status": rng.choice(STATUSES[:2] if usual else STATUSES),
            "run_id": "r1" if usual else self.odd(),
            "started_at": rng.choice(TIMES),
            "completed_at": rng.choice(TIMES),
            "schema_version": rng.choice(["1.0.0", "1.0.1", None, ""]),
            "model": rng.choice([
                {"model_id": self.odd(), "provider": self.odd(),
                 "params": {"name": self.odd()}},
                {"model_id": "m", "provider": "p"}, self.odd()]),
            "probe": rng.choice([{"probe_id": self.odd()},
                                 {"probe_id": "p"}, self.odd()]),
        }
        record = {k: v for k, v in members.items() if rng.random() < 0.85}
        if self.harness and rng.random() < 0.9:
            record["custom"] = {"harness": self.experiment()}
        elif rng.random() < 0.2:
            record["custom"] = self.odd()
        return record

    def line(self):
        if self.rng.random() < 0.05:
            return self.rng.choice(BAD_LINES)
        text = json.dumps(self.record(),
                          ensure_ascii=self.rng.random() < 0.5)
        return text.encode("utf-8", "surrogatepass")

    def write(self, directory):
        directory.mkdir()
        (directory / ".insidellms_run").write_text("x\n")
        with open(directory / "records.jsonl", "wb") as f:
            for _ in range(self.rng.randint(0, 20)):
                f.write(self.line() + self.rng.choice([b"\n", b"\r\n"]))


def differences(directory, local):
    records, _ = rundirs.records_of(rundirs.whole_lines(directory))
    metrics, params = check_local.end_values(records, "")
    points = json.loads((local / "metrics.json").read_text())
    got = check_local.last_values(points)
    got_params = json.loads((local / "params.json").read_text())
    bad = [f"{k}: got {got.get(k)!r}, want {v!r}"
           for k, v in metrics.items() if got.get(k) != v]
    bad += [f"{k}: got {got_params.get(k)!r}, want {v!r}"
            for k, v in params.items() if got_params.get(k) != v]
    return bad, len(metrics) + len(params)


def main():
    build = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 100
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 30)
    root = Path(tempfile.mkdtemp(prefix="itrack-directories."))
    env = {"PATH": os.environ["PATH"], "HOME": str(root / "home")}
    for i in range(count):
        Maker(random.Random(seed + i)).write(root / f"d{i}")
    subprocess.run([build / "bin/itrack", "import", "-q", "--local-dir",
                    root / "out", *[root / f"d{i}" for i in range(count)]],
                   env=env, check=False)
    by_dir = {}
    for path in (root / "out" / "insidellms").glob("*/params.json"):
        run_dir = json.loads(path.read_text())["run_dir"]
        by_dir[run_dir] = path.parent
    failed = compared = 0
    for i in range(count):
        directory = root / f"d{i}"
        local = by_dir.get(str(directory))
        bad, values = (["not tracked"], 0) if local is None else \
            differences(directory, local)
        compared += values
        if bad:
            failed += 1
            print(f"# seed {seed + i}, {directory}: {'; '.join(bad[:3])}")
    print(f"# {compared} values of {count} directories compared, "
          f"{failed} differ, seed {seed}")
    if not failed:
        subprocess.run(["rm", "-rf", root], check=True)
    return 1 if failed or not compared else 0


if __name__ == "__main__":
    sys.exit(main())
