#!/usr/bin/env python3
"""Entries of a journal, for tests that drive one tracker by tests/drivers/deliver.

usage: make_entries.py [--points N] [--experiments N] [--artifact PATH]...
                       [--status finished|failed|killed] [--hostile] [--tag T]...
                       [--attempt END] [--cwd DIR] [--project NAME]
                       [--table RECORDS] [--names JSON] [--no-end]

--attempt: how the attempt's name ends.
--names: of experiments, a list of [MODEL, PROBE], instead of --experiments.

Writes journal.jsonl's form to standard output; the same arguments give the
same bytes.
"""
import argparse
import json
import os

parser = argparse.ArgumentParser()
parser.add_argument("--points", type=int, default=12)
parser.add_argument("--experiments", type=int, default=1)
parser.add_argument("--artifact", action="append", default=[])
parser.add_argument("--status", default="finished")
parser.add_argument("--hostile", action="store_true")
parser.add_argument("--tag", action="append", default=[])
parser.add_argument("--attempt", default="4f8a1c0d9e2b")
parser.add_argument("--cwd", default="/")
parser.add_argument("--project", default="insidellms")
parser.add_argument("--table")
parser.add_argument("--names", type=json.loads, default=[])
parser.add_argument("--no-end", action="store_true")
args = parser.parse_args()

START_US = 1795439322123456
now = START_US


def put(kind, **members):
    global now
    entry = {"entry": kind, "time_us": now}
    entry.update({k: v for k, v in members.items() if v is not None})
    print(json.dumps(entry, separators=(",", ":")))
    now += 250000


attempt = "20261123T130842Z-" + args.attempt.rjust(12, "0")
put("start", version=1, attempt=attempt, source="live",
    run_dir="/runs/r1", project=args.project, notes="some notes", prefix="",
    tags=args.tag, targets=[], host="box", boot_id="b", pid=1, pid_start=1,
    user="me", command="insidellms", cwd=args.cwd, artifacts="all", points=512)
put("params", params={"run_dir": "/runs/r1", "config_path": "exp.yaml"})
put("run_id", run_id="331e331259fa3d8eaedc6ed4466ff97f")
put("params", params={"run_id": "331e331259fa3d8eaedc6ed4466ff97f",
                      "schema_version": "1.0.1"})
pairs = args.names or [
    [f"Model {i}", "LogicProbe"] for i in range(args.experiments)]
several = len(pairs) > 1
for i, (model, probe) in enumerate(pairs):
    names = {"experiment_id": f"id{i}", "model_name": model,
             "model_provider": "Dummy", "probe_name": probe,
             "probe_category": "custom"}
    put("experiment", index=i, name_has_id=pairs.index([model, probe]) < i,
        **names)
    put("params", experiment=i if several else None, params=names)
if args.hostile:
    put("params", params={
        "a/b": "\x1b[31m\u0000\ud83d \u2028", "..": None, "": True, "n": [1e300],
        "nan": ["NaN"], "big": 9007199254740993, "half": [0.5]})
for n in range(1, args.points + 1):
    metrics = {"total_count": float(n), "success_count": float(n - n // 5),
               "success_rate": (n - n // 5) / n}
    if args.hostile:
        metrics.update({"nan": "NaN", "inf": "Infinity", "a\"b\n": 1.5,
                        "tiny": 5e-324})
    put("metrics", step=n, metrics=metrics)
    if several:
        own = (n - 1) // len(pairs) + 1
        put("metrics", step=n, experiment=(n - 1) % len(pairs),
            experiment_step=own, metrics={"total_count": float(own)})
put("metrics", step=args.points, summary=True, metrics={
    "duration_seconds": 2.3e-05, "accuracy": 0.1 + 0.2})
for i in range(len(pairs) if several else 0):
    put("metrics", step=args.points, experiment=i, summary=True,
        experiment_step=(args.points - 1 - i) // len(pairs) + 1,
        metrics={"duration_seconds": 0.5 + i, "accuracy": 1 / (i + 1)})
put("params", params={"exit_code": 0 if args.status == "finished" else 3})
for path in args.artifact:
    st = os.stat(path)
    put("artifact", name=os.path.basename(path), type="file",
        path=os.path.abspath(path), size=st.st_size, mtime_ns=st.st_mtime_ns,
        inode=st.st_ino)
if args.table:
    put("table", name="records", path=os.path.abspath(args.table),
        columns=["example_id", "scores", "input"])
if not args.no_end:
    put("end", status=args.status, last_step=args.points,
        exit_code=0 if args.status == "finished" else 3)
