#!/usr/bin/env python3
"""Kills parts of a tracked run at random moments, then looks whether all is
there, once.

    kill.py [--rounds N] [--seed S] WHO

WHO: launcher, worker, both, command, all (command, launcher and worker), sync
(a delivery by itrack sync), import. After the kill the local run must be valid
JSON as it stands; then whatever the design names completes it: the worker
itself, its restart, `itrack sync`, `itrack import`.
"""
import argparse
import ctypes
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "cli"))
import check_local  # noqa: E402

BUILD = Path(os.environ.get("BUILD", TOP / "build"))
FIXTURES = TOP / "tests" / "fixtures"
MODES = (("run", "run_errors"), ("run", "run_scored"), ("async", "run_plain"),
         ("batch", "run_errors"), ("harness", "harness_two_by_two"))
PR_SET_CHILD_SUBREAPER = 36
LIMIT_SECONDS = 120


class Round:
    def __init__(self, directory, rng, who):
        self.rng, self.who = rng, who
        self.mode, self.fixture = rng.choice(MODES)
        self.runs = Path(directory) / "runs"
        self.run_dir = self.runs / self.fixture
        self.tracking = self.runs / "tracking" / "insidellms"
        self.runs.mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": directory,
                    "XDG_STATE_HOME": directory + "/state"}
        self.problems = []
        self.status = None
        self.said = ""

    def writer(self):
        copies = "1" if self.mode == "harness" else "4"
        return [str(BUILD / "tests/programs/write_run"), "--mode", self.mode,
                "--from", str(FIXTURES / self.fixture / "run"), "--to",
                str(self.run_dir), "--pace",
                "20" if self.mode == "harness" else "2", "--copies", copies]

    def start(self, command):
        return subprocess.Popen(command, env=self.env,
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE)

    def itrack(self, *arguments):
        p = subprocess.run([str(BUILD / "bin/itrack"), *arguments],
                           env=self.env, capture_output=True, text=True,
                           timeout=LIMIT_SECONDS, check=False)
        self.said = p.stderr
        return p.returncode

    def valid_json(self, when):
        for path in self.tracking.glob("*/*.json"):
            try:
                json.loads(path.read_bytes())
            except FileNotFoundError:
                pass
            except ValueError as error:
                self.problems.append(f"{when}: {path.name}: {error}")

    def attempts(self):
        if not self.tracking.exists():
            return []
        return sorted(p for p in self.tracking.iterdir())

    def complete(self):
        """What the user does after a kill."""
        if self.rng.random() < 0.5:
            self.itrack("import", str(self.run_dir))
        elif self.itrack("sync") != 0:
            self.problems.append(f"sync: {self.said}")
        # Killed before the journal had its first entry: import alone knows,
        # and sync takes the empty one away.
        if not self.attempts():
            self.itrack("import", str(self.run_dir))
        if self.itrack("sync") != 0:
            self.problems.append(f"sync: {self.said}")

    def check(self, statuses):
        self.valid_json("completed")
        attempts = self.attempts()
        if len(attempts) != 1:
            names = [p.name for p in attempts]
            self.problems.append(f"attempts: {names} {self.said}")
            return
        problems = None
        for status in statuses:
            problems = check_local.check_all(arguments(
                ["--status", status, "--child", str(self.run_dir),
                 str(attempts[0])]))
            if not problems:
                break
        self.problems += problems
        state = Path(self.env["XDG_STATE_HOME"]) / "itrack"
        # One without a first entry is nothing, and goes when it is old.
        pending = [p.parent.name for p in state.glob("runs/*/journal.jsonl")
                   if p.stat().st_size > 0]
        if pending:
            self.problems.append(f"left: {pending}")
        index = state / "index.jsonl"
        lines = index.read_text().splitlines() if index.exists() else []
        if len(lines) != 1:
            self.problems.append(f"index: {len(lines)} lines")


def arguments(words):
    args = check_local.parser().parse_args(words)
    args.run_dir_as = args.run_dir_as or args.run_dir
    return args


def children_of(pid):
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def name_of(pid):
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def find_child(parent, wanted, limit=2.0):
    """The process ID of a child by its name; None: not there in time."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        for pid in children_of(parent):
            if name_of(pid).startswith(wanted):
                return pid
        if name_of(parent) == "":
            return None
        time.sleep(0.001)
    return None


def kill(pid):
    if pid is not None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def wait_for_all(first):
    """Everything below us, orphans too (we are the subreaper)."""
    end = time.monotonic() + LIMIT_SECONDS
    status = None
    while time.monotonic() < end:
        try:
            pid, s = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status, True
        if pid == first:
            status = os.waitstatus_to_exitcode(s)
        if pid == 0:
            time.sleep(0.002)
    return status, False


def end_all():
    """Kills everything below us. What it was."""
    killed = []
    while pids := [pid for pid in children_of(os.getpid()) if name_of(pid)]:
        killed += [name_of(pid) for pid in pids]
        for pid in pids:
            kill(pid)
            os.waitpid(pid, 0)
    return killed


def kill_live(r):
    """Kills parts of a live tracking."""
    p = r.start([str(BUILD / "bin/itrack-wrap"), "-q", *r.writer()])
    worker = command = None
    if r.who != "launcher":
        command = find_child(p.pid, "write_run")
    if r.who in ("worker", "both", "all"):
        worker = find_child(p.pid, "itrack-worker")
    time.sleep(r.rng.uniform(0, 0.1))
    victims = {"launcher": [p.pid], "worker": [worker],
               "both": [p.pid, worker], "command": [command],
               "all": [command, worker, p.pid]}[r.who]
    r.rng.shuffle(victims)
    for pid in victims:
        kill(pid)
    r.valid_json("at the kill")
    status, ended = wait_for_all(p.pid)
    if not ended:
        r.problems.append(f"still running after the limit: {end_all()}")
    said = p.stderr.read().decode()
    p.stderr.close()
    p.returncode = 0
    manifest = (r.run_dir / "manifest.json").exists()
    if r.who == "worker":
        if status != 0:
            r.problems.append(f"exit status {status}: {said}")
        # Its restart must have completed it.
        r.check(["finished"])
    if r.who == "launcher":
        # The worker must have completed it, if there was one by then.
        if r.attempts():
            r.check(["finished"])
    if r.who == "command" and not manifest:
        if status != -signal.SIGKILL:
            r.problems.append(f"exit status {status} of a killed command")
        if (r.run_dir / ".insidellms_run").exists():
            r.check(["killed"])
    if not (r.run_dir / ".insidellms_run").exists():
        return
    r.complete()
    r.check(["killed", "finished"] if manifest and r.who == "command" else
            ["finished"] if manifest else
            ["killed"] if r.who == "command" else ["failed", "killed"])


def kill_delivery(r):
    """Kills itrack sync or itrack import, several times."""
    if r.who == "sync":
        subprocess.run([str(BUILD / "bin/itrack-wrap"), "-q", "--record-only",
                        *r.writer(), "--pace", "0"], env=r.env, check=False,
                       stdout=subprocess.DEVNULL)
        command = [str(BUILD / "bin/itrack"), "sync"]
    else:
        subprocess.run([*r.writer(), "--pace", "0"], check=False,
                       stdout=subprocess.DEVNULL)
        command = [str(BUILD / "bin/itrack"), "import", str(r.run_dir)]
    for _ in range(3):
        p = r.start(command)
        time.sleep(r.rng.uniform(0, 0.02))
        kill(p.pid)
        p.communicate()
        r.valid_json("at the kill")
    r.complete()
    r.check(["finished"])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--rounds", type=int, default=10)
    p.add_argument("--seed", type=int, default=None)
    p.add_argument("who", choices=("launcher", "worker", "both", "command",
                                   "all", "sync", "import"))
    args = p.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    base = args.seed if args.seed is not None else random.randrange(1 << 30)
    bad = 0
    for i in range(args.rounds):
        directory = tempfile.mkdtemp(prefix="itrack-kill.")
        r = Round(directory, random.Random(base + i), args.who)
        (kill_delivery if args.who in ("sync", "import") else kill_live)(r)
        if r.problems:
            bad += 1
            print(f"# seed {base + i}: {r.mode} {r.fixture}: "
                  f"{'; '.join(r.problems[:4])}")
            print(f"# kept: {directory}")
        else:
            shutil.rmtree(directory)
    print(f"# {args.who}: {args.rounds - bad} of {args.rounds} rounds whole")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
