#!/usr/bin/env python3
"""Kills with four trackers at once: none loses a value, none has one twice.

usage: kill_all.py [--rounds N] [--seed S] [--venv DIR] WHO

WHO dies by SIGKILL at a random moment of a run to four trackers:

  launcher  itrack-wrap; the worker goes on, or an import takes it up
  worker    its successor goes on
  both      an import goes on
  command   what it had written is tracked, as killed
  sync      a recorded run is delivered by one `itrack sync` after another, each
            killed, until one ends
  mlflow    MLflow's server (the code of the package in the environment DIR),
            or one of W&B that keeps what it gets: twice in a run, each time
  wandb     started again a little later

What each tracker has then must be what a run without a kill gave it
(content.py, live_servers.py), or, of a killed command, what an import of its
directory gives. The seed of a failing round is printed.
"""
import argparse
import ctypes
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import content
from live_servers import KEY, Mlflow, Wandb

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests" / "kill"))
import kill  # noqa: E402

BUILD = Path(os.environ.get("BUILD", TOP / "build"))
TRACKERS = ("local", "tensorboard", "mlflow", "wandb")
LIMIT_SECONDS = 120
TRIES = 20
# Of a run that nobody saw the end of, this is not known.
ENDINGS = re.compile(r'^\["(end|param|text|item)", ("[^"]*/)?"?(exit_code|'
                     r'exit_signal|status|finished|killed|failed|config_path|'
                     r'KILLED|FAILED|FINISHED)|^\["item"|^\["end"')


class Place:
    """A directory of its own, under one name for every round."""

    def __init__(self, base, server=None):
        self.base = base / "round"
        self.server = server  # that is killed; the other trackers write files
        self.fresh()

    def fresh(self):
        shutil.rmtree(self.base, ignore_errors=True)
        (self.base / "d").mkdir(parents=True)
        self.run_dir = self.base / "runs/x"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.base),
                    "XDG_STATE_HOME": str(self.base / "state")}
        if self.server:
            self.env["WANDB_API_KEY"] = KEY

    def trackers(self, where):
        options = ["--track", ",".join(TRACKERS), "--local-dir",
                   where / "local", "--tensorboard-dir", where / "tensorboard",
                   "--wandb-dir", where / "wandb"]
        options += ["--mlflow-uri", f"file:{where}/mlflow",
                    "--wandb-mode", "offline"]
        return options + (self.server.options() if self.server else [])

    def wrap(self, *options, pace="0"):
        return subprocess.Popen(
            [BUILD / "bin/itrack-wrap", "-q", *self.trackers(self.base / "d"),
             *options, BUILD / "tests/programs/write_run", "--mode", "run",
             "--pace", pace, "--copies", "4", "--from",
             TOP / "tests/fixtures/run_errors/run", "--to", self.run_dir],
            env=self.env, stdout=subprocess.DEVNULL)

    def itrack(self, *arguments, state=None):
        env = {**self.env, **({"XDG_STATE_HOME": str(state)} if state else {})}
        with open(self.base / "said", "ab") as said:
            return subprocess.Popen([BUILD / "bin/itrack", *arguments],
                                    env=env, stderr=said)

    def imported(self):
        """What an import of the directory as it is now gives."""
        where = self.base / "imported"
        self.itrack("import", *self.trackers(where), self.run_dir,
                    state=where / "state").wait(LIMIT_SECONDS)
        return {t: content.content(t, where / t) for t in TRACKERS}

    def sync_to_the_end(self):
        """A worker that was started anew may still be at work."""
        end = time.monotonic() + LIMIT_SECONDS / 2
        while True:
            status = self.itrack("sync").wait(LIMIT_SECONDS)
            if not self.journals() or time.monotonic() > end:
                return status
            time.sleep(0.05)

    def journals(self):
        """A directory without its journal was killed while it was removed, an
        empty one before it had its first entry: both are nothing."""
        return [p for p in (self.base / "state").glob("itrack/runs/*/journal*")
                if p.stat().st_size > 0]

    def content(self):
        server = self.server.name if self.server else None
        return {t: self.server.content() if t == server else
                content.content(t, self.base / "d" / t) for t in TRACKERS}


def kill_sync():
    """-> kills one sync after another, each within the time that a whole one
    takes"""
    whole = []

    def kill_them(place, rng):
        place.wrap("--record-only").wait(LIMIT_SECONDS)
        kills = 0
        for _ in range(8):
            began = time.monotonic()
            sync = place.itrack("sync")
            if whole:
                time.sleep(rng.uniform(0, whole[0]))
                if sync.poll() is None:
                    sync.kill()
                    kills += 1
            sync.wait(LIMIT_SECONDS)
            if not whole:
                whole.append(time.monotonic() - began)
            if not place.journals():
                break
        return kills
    return kill_them


def kill_live(who):
    """-> kills one or two of the processes of a live run"""
    def kill_them(place, rng):
        job = place.wrap(pace="2")
        time.sleep(rng.uniform(0.0, 0.16))
        victims = {
            "launcher": lambda: [job.pid],
            "worker": lambda: [kill.find_child(job.pid, "itrack-worker", 0.002)],
            "both": lambda: [
                kill.find_child(job.pid, "itrack-worker", 0.002), job.pid],
            "command": lambda: [kill.find_child(job.pid, "write_run", 0.002)],
        }[who]()
        for pid in victims:
            kill.kill(pid)
        status, ended = kill.wait_for_all(job.pid)
        job.returncode = 0
        if not ended:
            raise SystemExit("still running after the limit")
        if who == "worker" and status != 0:
            raise SystemExit("the command's status has changed")
        if who in ("launcher", "both") and not place.run_dir.exists():
            return 0  # before it had begun the command: no round
        if who in ("launcher", "both"):
            # Killed before there was a worker, or with it.
            place.itrack("import", *place.trackers(place.base / "d"),
                         place.run_dir).wait(LIMIT_SECONDS)
        return sum(pid is not None for pid in victims)
    return kill_them


def kill_server(place, rng):
    """Twice while a run goes on or is delivered."""
    job = place.wrap("--drain", "20", pace="4")
    for _ in range(2):
        time.sleep(rng.uniform(0, 0.3))
        place.server.kill()
        time.sleep(rng.uniform(0, 0.1))
        place.server.start()
    if job.wait(LIMIT_SECONDS) != 0:
        raise SystemExit("the command's status has changed")
    return 2


def kill_once(place, act, rng):
    """A round in which nobody was there to be killed begins anew."""
    for _ in range(TRIES):
        place.fresh()
        kills = act(place, rng)
        if kills > 0:
            break
    return kills


def differences(got, want, but=None):
    for tracker in TRACKERS:
        for line in sorted(set(got[tracker]) | set(want[tracker])):
            counts = got[tracker].count(line), want[tracker].count(line)
            if counts[0] != counts[1] and not (but and but.search(line)):
                yield f"{tracker}: {counts[0]} for {counts[1]}: {line[:160]}"


def check(place, who, want):
    """What is wrong."""
    if who != "command":
        but = ENDINGS if who in ("launcher", "both") else None
        return list(differences(place.content(), want, but))
    if not (place.run_dir / ".insidellms_run").exists():
        return []  # killed before there was a run
    found = list(differences(place.content(), place.imported(), ENDINGS))
    if (place.run_dir / "manifest.json").exists():
        return found
    ends = [line for lines in place.content().values() for line in lines
            if line.startswith('["end"')]
    return found + [line for line in ends
                    if "killed" not in line and "status: 5" not in line]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--venv")
    parser.add_argument("who", choices=("launcher", "worker", "both",
                                        "command", "sync", "mlflow", "wandb"))
    args = parser.parse_args()
    online = args.who in ("mlflow", "wandb")
    act = kill_sync() if args.who == "sync" else \
        kill_server if online else kill_live(args.who)
    if not online:  # what a killed launcher leaves behind is ours to wait for
        ctypes.CDLL(None).prctl(kill.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    kills = failed = 0
    with tempfile.TemporaryDirectory() as base:
        where = Path(base) / "server"
        place = Place(Path(base), Mlflow(where, args.venv)
                      if args.who == "mlflow" else
                      Wandb(where) if args.who == "wandb" else None)
        place.wrap(pace="2").wait(LIMIT_SECONDS)
        # On a busy machine the drain may be over before a server has all.
        if place.sync_to_the_end() != 0 or place.journals():
            raise SystemExit("a run without a kill is not delivered")
        want = place.content()
        for n in range(args.rounds):
            seed = args.seed if args.seed is not None \
                else random.randrange(10**9)
            kills += kill_once(place, act, random.Random(seed))
            status = place.sync_to_the_end()
            try:
                found = check(place, args.who, want)
            except SystemExit as wrong:
                found = [str(wrong)]
            if status != 0 or place.journals():
                found.append(f"sync: status {status}, left "
                             f"{[str(p) for p in place.journals()]}")
            if found:
                failed += 1
                found[12:] = (place.base / "said").read_text().split("\n")[-9:]
                print(f"round {n}, seed {seed}:", *found, sep="\n  ",
                      flush=True)
        if place.server:
            place.server.stop()
    print(f"{args.who}: {kills} kills in {args.rounds} rounds, "
          f"{failed} failed")
    sys.exit(1 if failed or not kills else 0)


if __name__ == "__main__":
    main()
