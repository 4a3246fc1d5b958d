#!/usr/bin/env python3
"""Long runs: what the worker holds while they go on must not grow.

usage: long.py records N
       long.py day [SECONDS]

records: N small records, as fast as they can be written, to four trackers.
day: a run of 24 hours in SECONDS (60), under a clock that goes that much faster
(clock_fast.c), a record for every minute.

Looked at all the time: the worker's memory, its descriptors, the size of its
journal. At the end: the last point of every tracker, or all points of the day
against those of a run under the true clock (content.py).
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import content

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", TOP / "build"))
FIXTURE = TOP / "tests/fixtures/run_errors/run"
TRACKERS = ("local", "tensorboard", "mlflow", "wandb")
PEAK_KIB = 16384
# A point of this run is some 500 bytes, and there are 512 and then 256 for each
# doubling of the records (and so many again of the histograms and params).
POINT_BYTES = 700
# What the machine did, every ten seconds and thinned like points.
SAMPLE_BYTES = 400
SAMPLE_S = 10
HOUR_S = 3600


class Run:
    def __init__(self, base):
        self.base = base / "round"  # the same name for all that are compared
        shutil.rmtree(self.base, ignore_errors=True)
        self.d = self.base / "d"
        self.d.mkdir(parents=True)
        self.tree = BUILD
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.base),
                    "XDG_STATE_HOME": str(self.base / "state")}
        self.peak_kib = self.fds = self.journal_bytes = 0

    def start(self, source, *writer):
        d = self.d
        self.process = subprocess.Popen(
            [self.tree / "bin/itrack-wrap", "-q", "--track", ",".join(TRACKERS),
             "--local-dir", d / "local", "--tensorboard-dir",
             d / "tensorboard", "--wandb-mode", "offline", "--wandb-dir",
             d / "wandb", "--mlflow-uri", f"file:{d}/mlflow", "--artifacts",
             "none", "--drain", "600", BUILD / "tests/programs/write_run",
             "--from", source, "--to", self.base / "runs/x", *writer],
            env=self.env, stdout=subprocess.DEVNULL)

    def worker(self):
        pid = self.process.pid
        try:
            words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            for child in words:
                if Path(f"/proc/{child}/comm").read_text() == "itrack-worker\n":
                    return Path(f"/proc/{child}")
        except OSError:
            pass
        return None

    def look(self):
        worker = self.worker()
        try:
            for line in (worker / "status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    self.peak_kib = max(self.peak_kib, int(line.split()[1]))
            self.fds = max(self.fds, len(os.listdir(worker / "fd")))
            for path in (self.base / "state").glob("itrack/runs/*/journal*"):
                self.journal_bytes = max(self.journal_bytes,
                                         path.stat().st_size)
        except (OSError, TypeError):
            pass

    def wait(self):
        while self.process.poll() is None:
            self.look()
            time.sleep(0.05)
        if self.process.returncode != 0:
            raise SystemExit(f"status {self.process.returncode}")
        left = list((self.base / "state").glob("itrack/runs/*"))
        if left:
            raise SystemExit(f"not delivered: {left}")

    def content(self):
        """All but the exit code: under the fast clock the command ends minutes
        behind its run, which waits no longer than 30 seconds for that."""
        return {t: [line for line in content.content(t, self.d / t)
                    if "exit_code" not in line] for t in TRACKERS}


def small_fixture(base):
    """The same run with what the mapping needs of a record and no more."""
    source = base / "small"
    source.mkdir()
    with open(source / "records.jsonl", "w", encoding="ascii") as out:
        for line in (FIXTURE / "records.jsonl").read_text().splitlines():
            record = json.loads(line)
            small = {key: record[key] for key in (
                "schema_version", "run_id", "status", "started_at",
                "completed_at", "latency_ms", "example_id")}
            small["model"] = {"model_id": record["model"]["model_id"],
                              "provider": record["model"]["provider"],
                              "params": {}}
            small["probe"] = {"probe_id": record["probe"]["probe_id"]}
            out.write(json.dumps(small, separators=(",", ":")) + "\n")
    for name in ("manifest.json", "config.resolved.yaml"):
        (source / name).write_bytes((FIXTURE / name).read_bytes())
    return source


def points_of(count):
    """How many points so many records, or samples, have at most."""
    points, step = 512, 1
    while count >= 512 * step:
        points, step = points + 256, step * 2
    return points + 1


def check_bounds(run, points, seconds, fds):
    samples = points_of(seconds / SAMPLE_S)
    print(f"# peak {run.peak_kib} KiB, {run.fds} descriptors, journal "
          f"{run.journal_bytes} bytes for {points} points and {samples} samples at most")
    if run.peak_kib > PEAK_KIB and "ASAN" not in os.environ:
        raise SystemExit("too much memory")
    if run.fds > fds:
        raise SystemExit("too many descriptors")
    if not 0 < run.journal_bytes <= \
            points * POINT_BYTES + samples * SAMPLE_BYTES + 16384:
        raise SystemExit("the journal has grown too much")


def records(base, count):
    source = small_fixture(base)
    run = Run(base)
    began = time.monotonic()
    run.start(source, "--copies", str(count // 12))
    run.wait()
    check_bounds(run, points_of(count), time.monotonic() - began, 32)
    total = count // 12 * 12
    for tracker, lines in run.content().items():
        found = [line for line in lines if is_last(json.loads(line), total)]
        # W&B's summary has it once more.
        if len(found) != (2 if tracker == "wandb" else 1):
            raise SystemExit(f"{tracker}: {len(found)} last points")


def is_last(item, total):
    """The point, or W&B's row, of all records."""
    if item[0] == "point":
        return item[1] == "total_count" and \
            [float(n) for n in item[2:4]] == [total, total]
    return item[0] == "row" and ["_step", str(total)] in item[1]


def day(base, seconds):
    subprocess.run(["cc", "-shared", "-fPIC", "-o", base / "fast.so",
                    TOP / "tests/faults/clock_fast.c"], check=True)
    copies = 120
    pace_ms = int(seconds * 1000 / (copies * 12))
    true = Run(base)
    true.start(FIXTURE, "--copies", str(copies))
    true.wait()
    want = true.content()
    run = Run(base)
    run.tree = base / "tree"
    subprocess.run([TOP / "tests/faults/with_worker", run.tree,
                    f"LD_PRELOAD={base / 'fast.so'}",
                    f"CLOCK_FAST={int(24 * HOUR_S / seconds)}"], check=True)
    run.start(FIXTURE, "--copies", str(copies), "--pace", str(pace_ms))
    run.wait()
    check_bounds(run, points_of(copies * 12), 24 * HOUR_S, 32)
    got = run.content()
    metrics = json.loads(next(run.d.glob("local/*/*/metrics.json")).read_text())
    spent = metrics[-1]["timestamp"], metrics[0]["timestamp"]
    print("# from", spent[1], "to", spent[0])
    for tracker in TRACKERS:
        for line in sorted(set(got[tracker]) ^ set(want[tracker])):
            raise SystemExit(f"{tracker}: {line[:200]}")
        if len(got[tracker]) != len(want[tracker]):
            raise SystemExit(f"{tracker}: a line more than once")


def main():
    with tempfile.TemporaryDirectory() as base:
        number = int(sys.argv[2])
        {"records": records, "day": day}[sys.argv[1]](Path(base), number)


main()
