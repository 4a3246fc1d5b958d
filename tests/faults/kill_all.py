#!/usr/bin/env python3
"""Kills with four trackers at once: none loses a value, none has one twice.

usage: kill_all.py [--rounds N] [--seed S] worker|sync

worker: the worker of a live run dies at a random moment, and its successor
goes on. sync: a recorded run is delivered by one `itrack sync` after another,
each killed at a random moment, until one ends. What each tracker has then must
be what a run without a kill gave it (content.py). The seed of a failing round
is printed.
"""
import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import content

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", TOP / "build"))
TRACKERS = ("local", "tensorboard", "mlflow", "wandb")
LIMIT_SECONDS = 60


class Place:
    """A directory of its own, under one name for every round."""

    def __init__(self, base):
        self.base = base / "round"
        self.fresh()

    def fresh(self):
        shutil.rmtree(self.base, ignore_errors=True)
        (self.base / "d").mkdir(parents=True)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.base),
                    "XDG_STATE_HOME": str(self.base / "state")}

    def wrap(self, *options, pace="0"):
        d = self.base / "d"
        return subprocess.Popen(
            [BUILD / "bin/itrack-wrap", "-q", "--track", ",".join(TRACKERS),
             "--local-dir", d / "local", "--tensorboard-dir",
             d / "tensorboard", "--wandb-mode", "offline", "--wandb-dir",
             d / "wandb", "--mlflow-uri", f"file:{d}/mlflow", *options,
             BUILD / "tests/programs/write_run", "--mode", "run", "--pace",
             pace, "--copies", "4", "--from",
             TOP / "tests/fixtures/run_errors/run", "--to",
             self.base / "runs/x"],
            env=self.env, stdout=subprocess.DEVNULL)

    def sync(self):
        with open(self.base / "said", "ab") as said:
            return subprocess.Popen([BUILD / "bin/itrack", "sync"],
                                    env=self.env, stderr=said)

    def sync_to_the_end(self):
        """A worker that was started anew may still be at work."""
        end = time.monotonic() + LIMIT_SECONDS / 4
        while True:
            status = self.sync().wait(LIMIT_SECONDS)
            if not self.journals() or time.monotonic() > end:
                return status
            time.sleep(0.05)

    def journals(self):
        """A directory without its journal was killed while it was removed."""
        return sorted((self.base / "state").glob("itrack/runs/*/journal*"))

    def content(self):
        return {t: content.content(t, self.base / "d" / t) for t in TRACKERS}


def worker_of(pid):
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        if Path(f"/proc/{child}/comm").read_text().strip() == "itrack-worker":
            return int(child)
    return 0


def kill_worker(place, rng):
    job = place.wrap(pace="2")
    time.sleep(rng.uniform(0.02, 0.16))
    killed = 0
    try:
        worker = worker_of(job.pid)
        if worker:
            os.kill(worker, signal.SIGKILL)
            killed = 1
    except (FileNotFoundError, ProcessLookupError):
        pass
    if job.wait(LIMIT_SECONDS) != 0:
        raise SystemExit("the command's status has changed")
    return killed


def kill_sync(place, rng):
    job = place.wrap("--record-only")
    job.wait(LIMIT_SECONDS)
    killed = 0
    for _ in range(8):
        sync = place.sync()
        time.sleep(rng.uniform(0, 0.04))
        if sync.poll() is None:
            sync.kill()
            killed += 1
        sync.wait()
        if not place.journals():
            break
    return killed


def differences(got, want):
    for tracker in TRACKERS:
        for line in sorted(set(got[tracker]) | set(want[tracker])):
            counts = got[tracker].count(line), want[tracker].count(line)
            if counts[0] != counts[1]:
                yield f"{tracker}: {counts[0]} for {counts[1]}: {line[:160]}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("who", choices=("worker", "sync"))
    args = parser.parse_args()
    kills = failed = 0
    with tempfile.TemporaryDirectory() as base:
        place = Place(Path(base))
        place.wrap(pace="2").wait(LIMIT_SECONDS)
        want = place.content()
        for n in range(args.rounds):
            seed = args.seed if args.seed is not None \
                else random.randrange(10**9)
            place.fresh()
            rng = random.Random(seed)
            kills += {"worker": kill_worker, "sync": kill_sync}[args.who](
                place, rng)
            status = place.sync_to_the_end()
            found = list(differences(place.content(), want))
            if status != 0 or place.journals():
                found.append(f"sync: status {status}, left "
                             f"{[str(p) for p in place.journals()]}")
            if found:
                failed += 1
                found[12:] = (place.base / "said").read_text().splitlines()
                print(f"round {n}, seed {seed}:", *found, sep="\n  ")
    print(f"{args.who}: {kills} kills in {args.rounds} rounds, "
          f"{failed} failed")
    sys.exit(1 if failed or not kills else 0)


main()
