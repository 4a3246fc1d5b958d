#!/usr/bin/env python3
"""Every system call fails once: no run is lost, doubled or wrong.

usage: syscalls.py [--way WAY]... [--tracker TRACKER]... [--program PROGRAM]...
                   [--call CALL]... [--sample N [--seed S]] [--venv DIR]
       syscalls.py --case CASE...
       syscalls.py --cases FILE

WAY is what is done with a call that fails:

  wrap    itrack-wrap around a command that writes a run directory
  sync    itrack sync of such a run, recorded before
  import  itrack import of a run directory
  again   itrack import of one that was recorded before, and is not delivered
  known   itrack import of one that was delivered before

First each way runs without a fault and the calls of each of our programs are
counted (fail_call.c). Then each of them fails once for each errno that it may
plausibly have, or is cut short: all of these cases, or a sample of N. What must
hold after each:

  - the command has its exit status, output and files as without itrack
  - no process died by a signal, and everything ended within a limit
  - a program that says that all is well has delivered all; one that has not
    names what is left
  - without the fault, `itrack sync` and `itrack import` finish the run: no
    journal is left, and each tracker has each value exactly once (content.py)

A case is WAY:TRACKER:PROGRAM:CALL:ERROR:NUMBER[:TEXT]. ERROR is an errno's name,
`short`, or a name with `-late` (the call is made, and fails all the same) or
`-lasting` (later ones fail, too) behind it. With TEXT only calls count that are
about a path which contains it, so that the case stays the same one when the
program changes. NUMBER `*` is each of them, one after the other. A FILE of cases
has one a line, and `#` before a comment.
"""
import argparse
import errno
import hashlib
import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter, namedtuple
from pathlib import Path

import content
from kill_all import ENDINGS
from live_servers import KEY, Mlflow, Wandb

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("BUILD", TOP / "build"))
WAYS = ("wrap", "sync", "import", "again", "known")
TRACKERS = ("local", "tensorboard", "mlflow", "wandb", "mlflow-server",
            "wandb-server")
PROGRAMS = ("itrack-wrap", "itrack-worker", "itrack", "write_run")
LIMIT_SECONDS = 60

FILES = "EIO ESTALE EACCES"
ERRORS = {
    "openat": FILES + " EMFILE ENOSPC ENOMEM EINTR",
    "read": "EIO ESTALE EINTR short",
    "pread64": "EIO ESTALE EINTR short",
    "write": "ENOSPC EIO EINTR short ENOSPC-lasting",
    "pwrite64": "ENOSPC EIO EINTR short ENOSPC-lasting",
    "writev": "ENOSPC EIO EINTR short",
    "fsync": "EIO ENOSPC", "fdatasync": "EIO ENOSPC",
    "rename": "EIO ENOSPC EACCES EIO-late",
    "renameat": "EIO ENOSPC EACCES EIO-late",
    "renameat2": "EIO ENOSPC EACCES EIO-late",
    "unlink": "EIO EACCES EIO-late", "unlinkat": "EIO EACCES EIO-late",
    "rmdir": "EIO EACCES",
    "mkdir": "EIO ENOSPC EACCES EIO-late",
    "mkdirat": "EIO ENOSPC EACCES EIO-late",
    "link": "EIO ENOSPC EPERM", "linkat": "EIO ENOSPC EPERM EIO-late",
    "symlink": "EIO ENOSPC",
    "stat": FILES, "lstat": FILES, "newfstatat": FILES + " ENOMEM",
    "fstat": "EIO ESTALE", "statx": FILES, "statfs": "EIO", "fstatfs": "EIO",
    "access": FILES, "faccessat2": FILES,
    "readlink": FILES, "readlinkat": FILES,
    "getdents64": "EIO ESTALE", "getcwd": "ENOENT", "lseek": "EIO",
    "ftruncate": "EIO ENOSPC EINTR", "fallocate": "EIO ENOSPC EINTR",
    "copy_file_range": "EIO ENOSPC ENOSYS short", "sendfile": "EIO short",
    "utimensat": "EIO EACCES EPERM", "fchmod": "EIO EPERM",
    "fchown": "EIO EPERM", "flock": "EINTR ENOLCK", "ioctl": "EIO EINTR",
    "fcntl": "EMFILE", "close": "EIO-late EINTR-late",
    "dup": "EMFILE", "dup2": "EMFILE", "dup3": "EMFILE", "pipe2": "EMFILE",
    "mmap": "ENOMEM",
    "socket": "EMFILE ENOMEM", "socketpair": "EMFILE ENOMEM",
    "bind": "ENOMEM", "listen": "EADDRINUSE", "accept4": "EMFILE EINTR",
    "connect": "ECONNREFUSED EINTR", "sendto": "ENOBUFS ECONNRESET EINTR",
    "sendmsg": "ENOBUFS ECONNRESET EINTR",
    "recvfrom": "ECONNRESET EINTR", "recvmsg": "ECONNRESET EINTR",
    "getsockopt": "ENOMEM", "setsockopt": "ENOMEM", "getsockname": "ENOBUFS",
    "epoll_create1": "EMFILE", "epoll_ctl": "ENOMEM ENOSPC",
    "epoll_wait": "EINTR", "epoll_pwait": "EINTR", "poll": "EINTR ENOMEM",
    "ppoll": "EINTR", "eventfd2": "EMFILE", "signalfd4": "EMFILE",
    "timerfd_create": "EMFILE", "timerfd_settime": "EINVAL",
    "inotify_init1": "EMFILE", "inotify_add_watch": "ENOSPC EACCES ENOMEM",
    "pidfd_open": "EMFILE ENOSYS", "clone": "EAGAIN ENOMEM",
    "clone3": "EAGAIN ENOMEM", "fork": "EAGAIN", "vfork": "EAGAIN",
    "wait4": "EINTR", "getrandom": "EINTR ENOSYS short", "prctl": "EINVAL",
    "uname": "EFAULT", "sysinfo": "EFAULT",
    "nanosleep": "EINTR", "clock_nanosleep": "EINTR",
}
# In the command only the shim makes these.
SHIM_CALLS = ("socket", "connect", "sendto", "sendmsg", "getcwd", "readlink",
              "prctl", "accept4", "poll")
# What says that something is not as it should be, and what to do.
NAMED = re.compile(r"pending|lost|itrack import|itrack sync|nothing was tracked")
SAID = re.compile(r"^itrack.*: .*", re.M)
# Then nothing can know at the next import that the run was delivered.
FORGOTTEN = "nothing remembers that it was delivered"

Case = namedtuple("Case", "way tracker program call error number text",
                  defaults=("",))


def case_name(case):
    return ":".join(str(part) for part in case if part != "")


def case_of(text):
    way, tracker, program, call, error, number, *rest = text.split(":", 6)
    return Case(way, tracker, program, call, error,
                0 if number == "*" else int(number), *rest)


def tree(directory):
    return {str(p.relative_to(directory)):
            hashlib.sha256(p.read_bytes()).hexdigest()
            for p in directory.rglob("*") if p.is_file()}


class Place:
    """A directory of its own, under one name for every round."""

    def __init__(self, base, venv):
        self.base = base
        self.tool = base / "fail_call"
        self.log = base / "log"
        self.venv = venv
        self.servers = {}
        self.round = base / "round"
        self.run_dir = self.round / "runs/x"
        self.said = self.out = b""
        self.log_text = ""
        self.recorded = set()
        subprocess.run(
            [*shlex.split(os.environ.get("CC", "cc")), "-D_GNU_SOURCE", "-std=c11", "-O1",
             "-o", self.tool, TOP / "tests/faults/fail_call.c"], check=True)

    def env(self):
        env = {"PATH": os.environ["PATH"], "HOME": str(self.round),
               "XDG_STATE_HOME": str(self.round / "state")}
        if "wandb-server" in self.servers:
            env["WANDB_API_KEY"] = KEY
        return env

    def server(self, tracker):
        if tracker not in self.servers:
            where = self.base / tracker
            self.servers[tracker] = Wandb(where) \
                if tracker == "wandb-server" else Mlflow(where, self.venv)
        return self.servers[tracker]

    def options(self, tracker):
        if tracker.endswith("-server"):
            server = self.server(tracker)
            return ["--track", server.name, *server.options()]
        where = self.round / "d"
        return ["--track", tracker, *{
            "local": ["--local-dir", where],
            "tensorboard": ["--tensorboard-dir", where],
            "mlflow": ["--mlflow-uri", f"file:{where}"],
            "wandb": ["--wandb-dir", where, "--wandb-mode", "offline"],
        }[tracker]]

    def content(self, tracker):
        if tracker.endswith("-server"):
            return self.servers[tracker].content()
        return content.content(tracker, self.round / "d")

    def command(self):
        return [BUILD / "tests/programs/write_run", "--mode", "run", "--from",
                TOP / "tests/fixtures/run_errors/run", "--to", self.run_dir]

    def program(self, way, tracker):
        if way == "wrap":
            return [BUILD / "bin/itrack-wrap", *self.options(tracker),
                    "--drain", "5", *self.command()]
        if way == "sync":
            return [BUILD / "bin/itrack", "sync"]
        return [BUILD / "bin/itrack", "import", *self.options(tracker),
                self.run_dir]

    def start(self, words, fault=None):
        """Runs it, all output taken. Its exit status."""
        if fault is not None:
            words = [self.tool, "-o", self.log, "-t", str(LIMIT_SECONDS),
                     *fault, *words]
        with open(self.base / "out", "w+b") as out, \
                open(self.base / "err", "w+b") as err:
            try:
                p = subprocess.run(
                    words, env=self.env(), stdin=subprocess.DEVNULL,
                    stdout=out, stderr=err, cwd=self.round, check=False,
                    timeout=2 * LIMIT_SECONDS)
                status = p.returncode
            except subprocess.TimeoutExpired:
                status = 124
            out.seek(0)
            err.seek(0)
            self.out, self.said = out.read(), err.read()
        if fault is not None:
            self.log_text = self.log.read_text(errors="replace")
        return status

    def fresh(self, way, tracker):
        """What there is before the way is gone."""
        if tracker in self.servers:
            self.servers[tracker].forget()
        shutil.rmtree(self.round / "d", ignore_errors=True)
        shutil.rmtree(self.round / "state", ignore_errors=True)
        if way == "wrap" or not self.run_dir.exists():
            shutil.rmtree(self.round, ignore_errors=True)
            self.round.mkdir(parents=True)
            self.recorded.clear()
        if way in ("import", "known") and not self.run_dir.exists():
            self.start(self.command())
        if way == "known" and self.start(self.program(way, tracker)) != 0:
            raise SystemExit(f"no run delivered: {self.said.decode()}")
        if way not in ("sync", "again"):
            return
        kept = self.base / "kept" / tracker
        if tracker not in self.recorded:
            shutil.rmtree(self.round, ignore_errors=True)
            shutil.rmtree(kept, ignore_errors=True)
            self.round.mkdir(parents=True)
            self.recorded.clear()
            status = self.start(
                [BUILD / "bin/itrack-wrap", "--record-only",
                 *self.options(tracker), *self.command()])
            if status != 0:
                raise SystemExit(f"no run recorded: {self.said.decode()}")
            if not tracker.endswith("-server"):
                shutil.copytree(self.round / "state", kept)
                self.recorded.add(tracker)
        else:  # the run directory is only read
            shutil.copytree(kept, self.round / "state")

    def journals(self):
        return [str(p) for p in
                (self.round / "state").glob("itrack/runs/*/journal*")
                if p.stat().st_size > 0]


def fault_of(case):
    name, _, flag = case.error.partition("-")
    words = ["-p", case.program, "-c", case.call, "-n", str(case.number)]
    if case.text:
        words += ["-w", case.text]
    if name == "short":
        words.append("-s")
    else:
        words += ["-e", str(getattr(errno, name))]
    return words + {"late": ["-l"], "lasting": ["-a"], "": []}[flag]


def content_or_problem(place, tracker):
    try:
        return place.content(tracker), None
    except (SystemExit, OSError, ValueError, KeyError, IndexError) as wrong:
        return None, f"{type(wrong).__name__}: {wrong}"


def differences(got, want):
    """Lines that are not there, or too often; not what only an observer of the
    end knows."""
    a, b = Counter(got), Counter(want)
    return [f"{a[line]} for {b[line]}: {line[:160]}"
            for line in sorted(set(a) | set(b))
            if a[line] != b[line] and (not ENDINGS.search(line) or
                                       line.startswith('["end"'))]


class Round:
    """One case and what must hold after it."""

    def __init__(self, place, case, wants):
        self.place, self.case, self.wants = place, case, wants
        self.problems = []
        self.words = []

    def run(self):
        place, case = self.place, self.case
        place.fresh(case.way, case.tracker)
        status = place.start(place.program(case.way, case.tracker),
                             fault_of(case))
        said = place.said.decode(errors="replace")
        self.words.append(f"status {status}: {said}")
        failed = re.search(r"^failed .*", place.log_text.replace(
            str(place.base), ""), re.M)
        if failed is None:
            if status == 124:
                self.problems.append("hangs, without a fault")
            return None
        self.failed = failed[0]
        if status == 124:
            self.problems.append("did not end")
        for line in re.findall(r"^died .*", place.log_text, re.M):
            # The launcher ends its witness by SIGKILL.
            if not (line.startswith("died itrack-wrap 9")):
                self.problems.append(line)
        if self.case.way == "wrap" and self.is_refused(status, said):
            return not self.problems
        if case.way == "wrap":
            self.check_command(status)
        self.check_words(status, said)
        if not self.delivered_and_forgotten(said):
            self.finish()
        return not self.problems

    def is_refused(self, status, said):
        """Before the launch, by our own exit status and a word."""
        return (status == 125 and said.startswith("itrack-wrap: ") and
                not self.place.run_dir.exists())

    def check_command(self, status):
        if status != 0:
            self.problems.append(f"the command's status is {status}")
        if self.place.out != self.wants["out"]:
            self.problems.append(f"the command's output: {self.place.out!r}")
        if not self.place.run_dir.exists() or \
                tree(self.place.run_dir) != self.wants["tree"]:
            self.problems.append("the command's files differ")

    def is_whole(self):
        if self.case.tracker.endswith("-server"):
            return True  # it can be asked only once
        got, wrong = content_or_problem(self.place, self.case.tracker)
        return wrong is None and not differences(got, self.wants["content"])

    def check_words(self, status, said):
        """Who does not deliver says so."""
        if self.is_whole():
            return
        if self.case.way != "wrap" and status == 0:
            self.problems.append("says that all is well, and it is not")
        if not (NAMED if self.case.way == "wrap" else SAID).search(said):
            self.problems.append("does not name what is left")

    def delivered_and_forgotten(self, said):
        return FORGOTTEN in said and self.is_whole()

    def step(self, words):
        status = self.place.start(words)
        self.words.append(f"{words[1]}: {status}: "
                          f"{self.place.said.decode(errors='replace')}")
        if status != 0:
            self.problems.append(f"{words[1]}, without a fault: {status}")

    def finish(self):
        place, tracker = self.place, self.case.tracker
        self.step(place.program("sync", tracker))
        self.step(place.program("import", tracker))
        if place.journals():
            self.problems.append(f"left: {place.journals()}")
        got, wrong = content_or_problem(place, tracker)
        if wrong is not None:
            self.problems.append(wrong)
            return
        found = differences(got, self.wants["content"])
        self.problems += found[:5]


def count_calls(place, way, tracker):
    """The calls of each program in a run without a fault, and what a tracker
    has then."""
    place.fresh(way, tracker)
    status = place.start(place.program(way, tracker), [])
    if status != 0:
        raise SystemExit(f"{way}: {status}: {place.said.decode()}")
    counts = {}
    for line in re.findall(r"^count .*", place.log_text, re.M):
        _, program, call, number = line.split()
        if program in PROGRAMS and (program != "write_run" or
                                    call in SHIM_CALLS):
            counts[program, call] = int(number)
    wants = {"out": place.out, "tree": tree(place.run_dir),
             "content": place.content(tracker)}
    return counts, wants


def all_cases(way, tracker, counts, args):
    for (program, call), number in sorted(counts.items()):
        if (args.program and program not in args.program) or \
                (args.call and call not in args.call):
            continue
        for error in ERRORS.get(call, "").split():
            if args.error and error not in args.error:
                continue
            for n in range(1, number + 1):
                yield Case(way, tracker, program, call, error, n)


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--way", action="append", choices=WAYS)
    parser.add_argument("--tracker", action="append", choices=TRACKERS)
    parser.add_argument("--program", action="append", choices=PROGRAMS)
    parser.add_argument("--call", action="append")
    parser.add_argument("--error", action="append")
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--venv", help="a Python environment with mlflow")
    parser.add_argument("--case", action="append", type=case_of, default=[])
    parser.add_argument("--cases", type=Path)
    parser.add_argument("-v", action="store_true")
    args = parser.parse_args()
    if args.cases:
        args.case += [case_of(line) for line in args.cases.read_text().split(
            "\n") if line and not line.startswith("#")]
    return args


def lot(seed):
    """A case keeps its lot when there are more or fewer of the others."""
    return lambda case: hashlib.sha256(
        f"{seed}:{case_name(case)}".encode()).digest()


def chosen(place, args):
    """The cases, and what each way is to give."""
    wants, cases = {}, []
    pairs = {(c.way, c.tracker) for c in args.case} or \
        {(w, t) for w in args.way or WAYS for t in args.tracker or ("local",)}
    for way, tracker in sorted(pairs, key=str):
        counts, wants[way, tracker] = count_calls(place, way, tracker)
        cases += all_cases(way, tracker, counts, args)
    if args.case:
        return args.case, wants
    print(f"# {len(cases)} cases", flush=True)
    if args.sample is not None and args.sample < len(cases):
        cases = sorted(sorted(cases, key=lot(args.seed))[:args.sample])
    return cases, wants


def show(case, r, verbose):
    print(f"{case_name(case)}  ({getattr(r, 'failed', '')})",
          *r.problems, sep="\n    ")
    if verbose or r.problems:
        for words in r.words:
            print("      |", words.strip().replace("\n", "\n      | "))
    sys.stdout.flush()


class Tally:
    def __init__(self):
        self.cases = self.failed = self.missed = 0

    def add(self, case, r, held, verbose):
        self.cases += 1
        self.missed += held is None
        self.failed += bool(r.problems)
        if r.problems or verbose:
            show(case, r, verbose)


def run_case(place, case, wants, tally, verbose):
    """One that stands for each number ends where there are no more calls."""
    numbers = [case.number] if case.number else itertools.count(1)
    for number in numbers:
        one = case._replace(number=number)
        r = Round(place, one, wants)
        held = r.run()
        if held is None and number > 1 and not case.number:
            return
        tally.add(one, r, held, verbose)
        if held is None:
            return


def main():
    args = parse()
    tally = Tally()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="itrack-syscalls.") as base:
        place = Place(Path(base), args.venv)
        try:
            cases, wants = chosen(place, args)
            for case in cases:
                run_case(place, case, wants[case.way, case.tracker], tally,
                         args.v)
        finally:
            for server in place.servers.values():
                server.stop()
    missed = tally.missed
    print(f"# {tally.cases} cases: {tally.cases - tally.failed - missed} hold, "
          f"{tally.failed} fail, {missed} did not come to their call; "
          f"{time.monotonic() - began:.0f} s")
    # Which calls there are is a matter of time, but for those that were named.
    sys.exit(1 if tally.failed or (args.case and missed) or
             missed == tally.cases else 0)


if __name__ == "__main__":
    main()
