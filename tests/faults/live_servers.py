"""MLflow's server and the fake W&B, to be killed and started again.

	server = Mlflow(directory, venv)    or Wandb(directory)
	server.url
	server.kill(); server.start()
	server.content()    of the run that is new since the last call
	server.forget()     what it has by now is not new
	server.stop()
"""
import json
import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import content

SERVERS = Path(__file__).resolve().parents[1] / "servers"
KEY = "k" * 40
# How long a server may take on a busy machine.
START_SECONDS = 300


FILES = ("manifest.json", "records.jsonl", "config.resolved.yaml",
         "summary.json", "explain.json", "report.html")


# Its server's own, when it is killed while it takes a file.
LEFT_BY_MLFLOW = '".artifact.uploading.'


class Mlflow:
    name = "mlflow"

    def __init__(self, directory, venv):
        self.dir = directory
        self.seen = set()
        self.dir.mkdir(parents=True)
        with open(directory / "log", "ab") as log:
            self.zygote = subprocess.Popen(
                [f"{venv}/bin/python", SERVERS / "mlflow_again.py", directory],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.start()

    def start(self):
        self.zygote.stdin.write(b"\n")
        self.zygote.stdin.flush()
        if not select.select([self.zygote.stdout], [], [], START_SECONDS)[0]:
            raise SystemExit("MLflow's server does not start")
        pid, url = self.zygote.stdout.readline().split()
        self.pid, self.url = int(pid), url.decode()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)

    def stop(self):
        self.kill()
        self.zygote.stdin.close()
        self.zygote.stdout.close()
        self.zygote.wait()

    def options(self):
        return ["--mlflow-uri", self.url]

    def forget(self):
        db = sqlite3.connect(self.dir / "mlflow.db")
        self.seen |= {run for run, in db.execute("SELECT run_uuid FROM runs")}
        db.close()

    def content(self):
        db = sqlite3.connect(self.dir / "mlflow.db")
        runs = dict(db.execute("SELECT run_uuid, status FROM runs"))
        new = set(runs) - self.seen
        self.seen |= new
        run = content.only(new, "runs of MLflow")
        lines = content.numbered(db.execute(
            "SELECT key, step, value FROM metrics WHERE run_uuid = ?", [run]))
        lines += [json.dumps(["param", *row]) for row in db.execute(
            "SELECT key, value FROM params WHERE run_uuid = ?", [run])]
        db.close()
        for directory in self.dir.glob(f"artifacts/*/{run}/artifacts"):
            lines += [line for line in content.files(directory)
                      if LEFT_BY_MLFLOW not in line]
        return sorted([*lines, json.dumps(["end", runs[run]])])


class Wandb:
    name = "wandb"

    def __init__(self, directory):
        self.dir = directory
        self.seen = set()
        self.problems = 0
        self.dir.mkdir(parents=True)
        self.start()
        self.url = (directory / "url").read_text().strip()

    def start(self):
        url = self.dir / "url"
        before = url.stat().st_mtime_ns if url.exists() else 0
        with open(self.dir / "errors", "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, SERVERS / "fake_wandb.py", self.dir,
                 "--again"], stderr=log)
        end = time.monotonic() + START_SECONDS
        while not url.exists() or url.stat().st_mtime_ns == before:
            if self.process.poll() is not None or time.monotonic() > end:
                raise SystemExit("the fake W&B does not start")
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.kill()

    def options(self):
        return ["--wandb-mode", "online", "--wandb-base-url", self.url]

    def forget(self):
        path = self.dir / "state.json"
        if path.exists():
            state = json.loads(path.read_text())
            self.seen |= set(state["runs"])
            self.problems = len(state["problems"])

    def content(self):
        state = json.loads((self.dir / "state.json").read_text())
        new = set(state["runs"]) - self.seen
        self.seen |= new
        name = content.only(new, "runs of W&B")
        run = state["runs"][name]
        lines = [json.dumps(["row", timeless(json.loads(line))])
                 for line in run["history"]]
        lines += [json.dumps(["summary", timeless(run["summary"])]),
                  json.dumps(["end", run["complete"], run["exitcode"]]),
                  json.dumps(["wrong", run["gaps"], run["conflicts"],
                              state["problems"][self.problems:]])]
        lines += [json.dumps(["file", path, what["md5"]])
                  for path, what in run["files"].items() if path in FILES]
        lines += [json.dumps(["in the artifact", path, md5])
                  for a in state["artifacts"].values()
                  if name in a["runs"] and a["state"] == "COMMITTED"
                  for path, md5 in a["uploaded"].items() if path in FILES]
        return sorted(lines)


def timeless(row):
    return sorted((key, value) for key, value in row.items()
                  if not content.CLOCK.search(key))
