#!/usr/bin/env python3
"""Several of itrack at once on the same directories, and kills: each run once.

usage: interleave.py [--rounds N] [--seed S] [--also TRACKER] [-v]

A round has a few run directories. Some are there, some are being written by
commands under itrack-wrap. At the same time, at random moments, `itrack import`
of some or all of them and `itrack sync` are started, to the local tracker and
another one, and importers, syncs and workers die by SIGKILL. When all have ended,
`itrack sync` and `itrack import` of everything do what a user does. Then each
tracker has each run once, with the values that an import of it alone gives
(content.py), the index has one line for each, and no journal is left.

The seed of a failing round is printed; the same seed chooses the same actors
and moments, but not what the kernel makes of them.
"""
import argparse
import ctypes
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import content
from kill_all import ENDINGS

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "kill"))
import kill  # noqa: E402

BUILD = Path(os.environ.get("BUILD", TOP / "build"))
FIXTURE = TOP / "tests/fixtures/run_errors/run"
TRACKERS = ("tensorboard", "mlflow")
LIMIT_SECONDS = 60
# All actors begin within this time, and a live run takes about as long.
ROUND_SECONDS = 0.5
PACE_MS = "12"


def source_of(base, number):
    """The fixture with a run ID of its own."""
    target = base / f"source-{number}"
    shutil.copytree(FIXTURE, target, ignore=shutil.ignore_patterns(
        ".insidellms_run"))
    old = json.loads((FIXTURE / "manifest.json").read_text())["run_id"]
    for name in ("manifest.json", "records.jsonl", "config.resolved.yaml"):
        path = target / name
        path.write_text(path.read_text().replace(old, f"run-{number}"))
    return target


class Round:
    def __init__(self, base, seed, also):
        self.base, self.also = base, also
        self.rng = random.Random(seed)
        self.said = base / "said"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(base),
                    "XDG_STATE_HOME": str(base / "state")}
        self.count = self.rng.randrange(2, 5)
        self.live = self.rng.sample(range(self.count),
                                    self.rng.randrange(1, self.count + 1))
        self.problems = []
        self.kills = 0
        self.running = []  # (process, what it is)
        for n in range(self.count):
            source_of(base, n)

    def run_dir(self, number):
        return self.base / f"runs/r{number}"

    def options(self, where):
        return ["-q", "--track", f"local,{self.also}", "--local-dir",
                where / "local", *{
                    "tensorboard": ["--tensorboard-dir", where / "tensorboard"],
                    "mlflow": ["--mlflow-uri", f"file:{where}/mlflow"],
                }[self.also]]

    def start(self, what, *words):
        with open(self.said, "ab") as said:
            said.write(f"-- {what} {words[-1]}\n".encode())
            said.flush()
            p = subprocess.Popen(words, env=self.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=said)
        self.running.append((p, what))
        return p

    def writer(self, number, pace):
        return [BUILD / "tests/programs/write_run", "--mode", "run", "--pace",
                pace, "--from", self.base / f"source-{number}", "--to",
                self.run_dir(number)]

    # The actors

    def wrap(self, number):
        self.start("wrap", BUILD / "bin/itrack-wrap",
                   *self.options(self.base / "d"), "--drain", "10",
                   *self.writer(number, PACE_MS))

    def imports(self, numbers):
        there = [self.run_dir(n) for n in numbers
                 if (self.run_dir(n) / ".insidellms_run").exists()]
        if there:
            self.start("import", BUILD / "bin/itrack", "import",
                       *self.options(self.base / "d"), *there)

    def sync(self):
        self.start("sync", BUILD / "bin/itrack", "sync", "-q")

    def kill_one(self):
        victims = [p.pid for p, what in self.running
                   if what != "wrap" and p.poll() is None]
        for p, what in self.running:
            if what == "wrap" and p.poll() is None:
                worker = kill.find_child(p.pid, "itrack-worker", 0.001)
                victims += [worker] if worker else []
        if victims:
            kill.kill(self.rng.choice(victims))
            self.kills += 1

    def plan(self):
        """(moment, action) in their order."""
        def moment():
            return self.rng.uniform(0, ROUND_SECONDS)

        plan = [(self.rng.uniform(0, ROUND_SECONDS / 2),
                 lambda n=n: self.wrap(n)) for n in self.live]
        for _ in range(self.rng.randrange(3, 8)):
            numbers = self.rng.sample(range(self.count),
                                      self.rng.randrange(1, self.count + 1))
            plan.append((moment(), lambda ns=numbers: self.imports(ns)))
        plan += [(moment(), self.sync)
                 for _ in range(self.rng.randrange(1, 5))]
        plan += [(moment(), self.kill_one)
                 for _ in range(self.rng.randrange(0, 6))]
        return sorted(plan, key=lambda p: p[0])

    def act(self):
        for n in range(self.count):
            if n not in self.live:
                subprocess.run(self.writer(n, "0"), env=self.env, check=True,
                               stdout=subprocess.DEVNULL)
        began = time.monotonic()
        for moment, action in self.plan():
            time.sleep(max(0, began + moment - time.monotonic()))
            action()
        for p, what in self.running:
            status = p.wait(LIMIT_SECONDS)
            if what == "wrap" and status != 0:
                self.problems.append(f"the command's status is {status}")
        if not kill.wait_for_all(-1)[1]:
            self.problems.append("still running after the limit")

    # What a user does then, and what is there

    def journals(self):
        return [str(p) for p in self.base.glob("state/itrack/runs/*/journal*")
                if p.stat().st_size > 0]

    def finish(self):
        every = [self.run_dir(n) for n in range(self.count)]
        for words in (["sync"], ["import", *self.options(self.base / "d"),
                                 *every], ["sync"]):
            p = self.start("last", BUILD / "bin/itrack", *words)
            if p.wait(LIMIT_SECONDS) != 0:
                self.problems.append(f"{words[0]}: status {p.returncode}")
        if self.journals():
            self.problems.append(f"left: {self.journals()}")
        index = (self.base / "state/itrack/index.jsonl").read_text()
        lines = [json.loads(line) for line in index.splitlines()]
        for n in range(self.count):
            its = [e["attempt"] for e in lines if e["run_id"] == f"run-{n}"]
            if len(its) != 1:
                self.problems.append(f"index: run-{n}: {its}")

    def want(self, number):
        where = self.base / f"alone-{number}"
        env = {**self.env, "XDG_STATE_HOME": str(where / "state")}
        subprocess.run([BUILD / "bin/itrack", "import", *self.options(where),
                        self.run_dir(number)], env=env, check=True)
        return self.content(where)

    def content(self, where):
        """{run: lines} of both trackers."""
        found = {}
        for run in where.glob("local/*/*"):
            found["local", run.name] = self.local(run)
        if self.also == "tensorboard":
            for run in where.glob("tensorboard/*/*"):
                found["tensorboard", run.name] = content.content(
                    "tensorboard", run)
            return found
        for run in where.glob("mlflow/*/*/tags"):
            # Each attempt has its own end of the name.
            name = (run / "mlflow.runName").read_text()[:-len("-xxxx")]
            while ("mlflow", name) in found:
                name += " again"
            found["mlflow", name] = self.one(run.parent, "mlflow")
        return found

    def one(self, run, tracker):
        """Of a run among others: content.py reads directories with one."""
        with tempfile.TemporaryDirectory(dir=self.base) as view:
            (Path(view) / "x").mkdir()
            (Path(view) / "x" / run.name).symlink_to(run)
            return content.content(tracker, view)

    def local(self, run):
        return self.one(run, "local")

    def check(self):
        want = {}
        for n in range(self.count):
            want.update(self.want(n))
        got = self.content(self.base / "d")
        for key in sorted(got.keys() | want.keys()):
            if key not in got or key not in want:
                self.problems.append(
                    f"{key}: {'not there' if key in want else 'one too many'}")
                continue
            a, b = Counter(got[key]), Counter(want[key])
            self.problems += [
                f"{key}: {a[line]} for {b[line]}: {line[:120]}"
                for line in sorted(a | b)
                if a[line] != b[line] and not ENDINGS.search(line)][:4]


def try_round(seed, also, verbose):
    with tempfile.TemporaryDirectory(prefix="itrack-interleave.") as base:
        r = Round(Path(base), seed, also)
        r.act()
        try:
            r.finish()
            r.check()
        except (SystemExit, OSError, ValueError, KeyError,
                subprocess.SubprocessError) as wrong:
            r.problems.append(f"{type(wrong).__name__}: {wrong}")
        if r.problems:
            print(f"seed {seed}, {also}, live {r.live} of {r.count}:",
                  *r.problems[:12], sep="\n    ")
        if r.problems or verbose:
            print("      |", r.said.read_text(errors="replace").strip()
                  .replace("\n", "\n      | "), flush=True)
        return r


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--also", choices=TRACKERS)
    parser.add_argument("-v", action="store_true")
    args = parser.parse_args()
    # What a killed launcher or importer leaves behind is ours to wait for.
    ctypes.CDLL(None).prctl(kill.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    first = args.seed if args.seed is not None else random.randrange(10**9)
    failed = kills = runs = 0
    for n in range(args.rounds):
        r = try_round(first + n, args.also or TRACKERS[n % 2], args.v)
        failed += bool(r.problems)
        kills += r.kills
        runs += r.count
    print(f"# {args.rounds} rounds from seed {first}: {runs} runs, {kills} "
          f"kills; {args.rounds - failed} hold, {failed} fail")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
