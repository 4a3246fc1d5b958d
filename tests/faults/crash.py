#!/usr/bin/env python3
"""Every crash point: whatever a loss of power leaves of a run, it is there once.

usage: crash.py [--way WAY]... [--tracker TRACKER]... [--sample N [--seed S]]
       crash.py --case CASE... [--keep DIR]

WAY is what goes on when the power fails:

  import  itrack import of a run directory
  imports the same of several into local, which share their syncs
  sync    itrack sync of a run that was recorded before
  wrap    itrack-wrap around a command that writes a run directory
  log     itrack log of one run

First each way runs whole, and strace keeps the system calls by which our programs
change the state directory and what a tracker writes. Each of them is a crash
point. For each, disk.py makes the states that the disk may have then: all of
them, or a sample of N. A state is put in place, `itrack sync` and `itrack import`
do what a user does after a crash, and then

  - both end well, and no journal is left
  - the tracker has each value exactly once (content.py), and the index one line
    of each run
  - of an `itrack log` that had not ended yet, nothing may be there, or a part of
    the values, but none twice

The run directory is the command's: it is taken for durable and whole.

A case is WAY:TRACKER:POINT:STATE as it is printed; the points of a way stay the
same as long as the programs do. --keep leaves the state of a case in DIR.
"""
import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple
from pathlib import Path

import content
import disk
from kill_all import ENDINGS

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", TOP / "build"))
WAYS = ("import", "imports", "sync", "wrap", "log")
TRACKERS = ("local", "tensorboard", "mlflow", "wandb")
FIXTURE = TOP / "tests/fixtures/run_errors/run"
# So many that itrack brings them to the disk together.
SEVERAL = [TOP / f"tests/fixtures/{name}/run" for name in (
    "run_errors", "run_plain", "run_schema_1_0_0", "run_scored")]
LIMIT_SECONDS = 60
# A live run lasts longer than a second, after which journals are synced and
# cursors saved.
PACE_MS = "120"
# A journal that is empty and young belongs to a process that lives.
AGE_SECONDS = 120
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ANOTHER_BOOT = b"00000000-0000-4000-8000-000000000000"

Case = namedtuple("Case", "way tracker point state")


def case_of(words):
    way, tracker, point, state = words.split(":")
    return Case(way, tracker, int(point), state)


class Place:
    """A directory under one name for all states, with the run directory, the
    state directory and the tracker's."""

    def __init__(self, base):
        self.base = base / "round"
        self.state, self.outputs = self.base / "state", self.base / "d"
        self.run_dir = self.base / "runs/x"
        self.run_dirs = [self.run_dir]
        self.bank = base / "folders"
        self.trace = base / "trace"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.base),
                    "XDG_STATE_HOME": str(self.state)}
        self.said = ""

    def fresh(self):
        for directory in (self.base, self.bank):
            shutil.rmtree(directory, ignore_errors=True)
        for directory in (self.state, self.outputs, self.bank):
            directory.mkdir(parents=True)

    def options(self, tracker):
        return ["--track", tracker, *{
            "local": ["--local-dir", self.outputs],
            "tensorboard": ["--tensorboard-dir", self.outputs],
            "mlflow": ["--mlflow-uri", f"file:{self.outputs}"],
            "wandb": ["--wandb-dir", self.outputs, "--wandb-mode", "offline"],
        }[tracker]]

    def run(self, words):
        p = subprocess.run(
            words, env=self.env, cwd=self.base, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=LIMIT_SECONDS, check=False)
        self.said = p.stderr.decode(errors="replace")
        return p.returncode

    def need(self, words):
        if self.run(words) != 0:
            raise SystemExit(f"{words}: {self.said}")

    def writer(self, pace="0"):
        return [BUILD / "tests/programs/write_run", "--mode", "run", "--from",
                FIXTURE, "--to", self.run_dir, "--pace", pace]

    def write_several(self):
        self.run_dirs = [self.base / "runs" / fixture.parent.name
                         for fixture in SEVERAL]
        for fixture, to in zip(SEVERAL, self.run_dirs):
            self.need([BUILD / "tests/programs/write_run", "--mode", "run",
                       "--from", fixture, "--to", to])

    def prepare(self, way, tracker):
        """What is there before; returns the command that is to crash."""
        self.fresh()
        options = self.options(tracker)
        self.run_dirs = [self.run_dir]
        if way == "imports":
            self.write_several()
        if way == "import":
            self.need(self.writer())
        if way == "sync":
            self.need([BUILD / "bin/itrack-wrap", "-q", "--record-only",
                       *options, *self.writer()])
        return {
            "import": [BUILD / "bin/itrack", "import", *options, self.run_dir],
            "imports": [BUILD / "bin/itrack", "import", *options,
                        *self.run_dirs],
            "sync": [BUILD / "bin/itrack", "sync"],
            "wrap": [BUILD / "bin/itrack-wrap", "-q", *options, "--drain", "5",
                     *self.writer(PACE_MS)],
            "log": [BUILD / "bin/itrack", "log", *options, "--run-name", "n",
                    "--metric", "a=1", "--metric", "b=0.5", "--param", "p=x",
                    "--artifact", FIXTURE / "manifest.json"],
        }[way]

    def journals(self):
        return [str(p) for p in self.state.glob("itrack/runs/*/journal*")]

    def index(self):
        """The attempts in it; a torn line has none."""
        attempts = []
        path = self.state / "itrack/index.jsonl"
        for line in path.read_bytes().split(b"\n") if path.exists() else ():
            try:
                attempts.append(json.loads(line)["attempt"])
            except (ValueError, KeyError, TypeError):
                pass
        return attempts


class Folders:
    """Trackers know their folders by inode and time of birth: the folders that
    the recorded programs made are emptied, kept, and used in each state."""

    def __init__(self, place, state):
        self.place, self.numbers = place, {}
        for path, item in state.items():
            if item.kind == disk.FOLDER and \
                    path.startswith(f"{place.outputs}/"):
                self.numbers[os.stat(path).st_ino] = item.node

    def take_back(self):
        for path, _, files in os.walk(self.place.outputs, topdown=False):
            for name in files:
                os.unlink(f"{path}/{name}")
            if path == str(self.place.outputs):
                break
            for name in os.listdir(path):  # links to folders
                os.unlink(f"{path}/{name}")
            number = self.numbers.get(os.stat(path).st_ino)
            if number is None:
                os.rmdir(path)
            else:
                os.rename(path, self.place.bank / str(number))

    def make(self, path, item):
        kept = self.place.bank / str(item.node)
        if kept.exists():
            os.rename(kept, path)
        else:
            os.mkdir(path)
        os.chmod(path, item.mode & ~0o022)

    def put(self, state):
        self.take_back()
        shutil.rmtree(self.place.state)
        self.place.state.mkdir()
        first = {}
        for path, item in sorted(state.items()):
            if item.kind == disk.FOLDER:
                self.make(path, item)
            elif item.kind == disk.LINK:
                os.symlink(item.data, path)
            elif item.node in first:
                os.link(first[item.node], path)
            else:
                first[item.node] = path
                put_file(path, item)
        then = time.time() - AGE_SECONDS
        for path in self.place.state.rglob("*"):
            os.utime(path, (then, then))


def put_file(path, item):
    data = item.data
    if path.endswith("/journal.jsonl"):
        data = data.replace(BOOT_ID.read_bytes().strip(), ANOTHER_BOOT)
    with open(path, "wb") as f:
        f.write(data)
    os.chmod(path, item.mode & ~0o022)
    if item.time_ns is not None:
        os.utime(path, ns=(item.time_ns, item.time_ns))


class Way:
    """A way to a tracker, recorded."""

    def __init__(self, place, way, tracker):
        self.place, self.way, self.tracker = place, way, tracker
        self.words = []
        words = place.prepare(way, tracker)
        self.before = self.new_disk()
        place.need(["strace", "-f", "-q", "-y", "-xx", "-s", "100000000",
                    "--seccomp-bpf", "-o", place.trace, "-e",
                    "trace=?" + ",?".join(disk.TRACED), *words])
        self.calls = list(disk.calls(place.trace))
        self.want = self.content()
        after = self.new_disk(self.before.loaded)
        self.count = sum(after.apply(call) for call in self.calls)
        now = after.now()
        self.check_model(now)
        self.folders = Folders(place, now)

    def content(self):
        if self.way == "imports":
            return content.local_runs(self.place.outputs)
        return content.content(self.tracker, self.place.outputs)

    def new_disk(self, loaded=None):
        return disk.Disk([self.place.state, self.place.outputs], loaded)

    def check_model(self, now):
        """The model has come to what the disk has."""
        there = {str(p): p.read_bytes() if p.is_file() else b""
                 for root in (self.place.state, self.place.outputs)
                 for p in root.rglob("*") if not p.is_symlink()}
        model = {p: i.data for p, i in now.items() if i.kind != disk.LINK}
        wrong = [p for p in there.keys() | model.keys()
                 if there.get(p) != model.get(p)]
        if wrong:
            raise SystemExit(f"{self.way}: the model is wrong: {wrong[:5]}")

    def points(self):
        """(point, what was done before it, the disk there)"""
        model = self.new_disk(self.before.loaded)
        yield 0, "nothing", model
        point = 0
        for call in self.calls:
            if model.apply(call):
                point += 1
                yield point, disk.describe(call), model

    def names(self):
        return [Case(self.way, self.tracker, point, name)
                for point, _, model in self.points()
                for name, _ in model.crashes()]

    def states(self, chosen):
        """(case, what was done, state) of those, each state once."""
        seen = set()
        for point, done, model in self.points():
            for name, make in model.crashes():
                case = Case(self.way, self.tracker, point, name)
                if case not in chosen:
                    continue
                state = make()
                key = disk.key_of(state)
                if key not in seen:
                    seen.add(key)
                    yield case, done, state

    # After the crash

    def step(self, problems, *words):
        status = self.place.run([BUILD / "bin/itrack", *words])
        self.words.append(f"{words[0]}: {status}: {self.place.said.strip()}")
        if status != 0:
            problems.append(f"{words[0]}: {status}")

    def recover(self):
        problems = []
        self.words = []
        place = self.place
        self.step(problems, "sync")
        if self.way != "log":
            self.step(problems, "import", *place.options(self.tracker),
                      *place.run_dirs)
        if place.journals():
            problems.append(f"left: {place.journals()}")
        return problems

    def check(self, case):
        """What is wrong."""
        problems = self.recover()
        unended = self.way == "log" and case.point < self.count
        attempts = self.place.index()
        runs = len(self.place.run_dirs)
        if len(attempts) != len(set(attempts)) or len(attempts) > runs or \
                not (len(attempts) == runs or unended):
            problems.append(f"index: {attempts}")
        if unended and not attempts:
            return problems
        try:
            got = self.content()
        except (SystemExit, OSError, ValueError, KeyError,
                IndexError) as wrong:
            return problems + [f"{type(wrong).__name__}: {wrong}"]
        return problems + differences(got, self.want, unended)[:6]


def differences(got, want, part):
    """Not what only an observer of the end knows; of a part nothing is
    missing."""
    a, b = Counter(got), Counter(want)
    return [f"{a[line]} for {b[line]}: {line[:160]}"
            for line in sorted(set(a) | set(b))
            if (a[line] > b[line] if part else a[line] != b[line]) and
            not ENDINGS.search(line)]


def lot(seed):
    return lambda case: hashlib.sha256(
        f"{seed}:{':'.join(map(str, case))}".encode()).digest()


def show(case, done, state, problems, words):
    print(f"{':'.join(map(str, case))}  (behind {done})", *problems,
          sep="\n    ")
    for said in words:
        print("      >", said.replace("\n", "\n      > "))
    for path, item in sorted(state.items()):
        print(f"      | {item.node:3} {path} {len(item.data)}")
    sys.stdout.flush()


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--tracker", action="append", choices=TRACKERS)
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", action="append", type=case_of, default=[])
    parser.add_argument("--keep", type=Path)
    return parser.parse_args()


def try_way(way, args):
    """How many states there are, were tried, and fail."""
    names = args.case or way.names()
    chosen = set(names)
    if args.sample is not None and args.sample < len(names):
        chosen = set(sorted(names, key=lot(args.seed))[:args.sample])
    tried = failed = 0
    for case, done, state in way.states(chosen):
        way.folders.put(state)
        if args.keep:
            shutil.copytree(way.place.base, args.keep, symlinks=True)
        problems = way.check(case)
        tried += 1
        failed += bool(problems)
        if problems:
            show(case, done, state, problems, way.words)
    print(f"# {way.way} to {way.tracker}: {way.count} operations, "
          f"{len(names)} crashes, {len(chosen)} of them tried, "
          f"{tried} different states, {failed} fail", flush=True)
    return tried, failed


def main():
    args = parse()
    began = time.monotonic()
    pairs = {(c.way, c.tracker) for c in args.case} or \
        {(w, t) for w in args.way or WAYS for t in args.tracker or ("local",)}
    tried = failed = 0
    with tempfile.TemporaryDirectory(prefix="itrack-crash.") as base:
        place = Place(Path(base))
        for way, tracker in sorted(pairs):
            counts = try_way(Way(place, way, tracker), args)
            tried, failed = tried + counts[0], failed + counts[1]
    print(f"# {tried} states: {tried - failed} hold, {failed} fail; "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(1 if failed or not tried else 0)


if __name__ == "__main__":
    main()
