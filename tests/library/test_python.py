"""The Python package: names, values and exceptions as insideLLMs has them."""

import copy
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import warnings
from enum import Enum
from types import SimpleNamespace

import itrack
from itrack.experiment_tracking import (
    ExperimentTracker,
    LocalFileTracker,
    MLflowTracker,
    MultiTracker,
    TensorBoardTracker,
    TrackingConfig,
    WandBTracker,
    auto_track,
    create_tracker,
)


class Category(Enum):
    LOGIC = "logic"


def make_result(score=None):
    return SimpleNamespace(
        experiment_id="e1",
        model_info=SimpleNamespace(name="m", provider="p"),
        probe_name="probe",
        probe_category=Category.LOGIC,
        success_rate=0.75,
        total_count=4,
        success_count=3,
        error_count=1,
        duration_seconds=1.5,
        score=score,
    )


class InDirectory(unittest.TestCase):
    def setUp(self):
        # A worker may still be taking its journal away.
        self.dir = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.addCleanup(self.dir.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.dir.name)
        os.environ["XDG_STATE_HOME"] = os.path.join(self.dir.name, "state")
        caught = warnings.catch_warnings(record=True)
        self.said = caught.__enter__()
        self.addCleanup(caught.__exit__, None, None, None)
        warnings.simplefilter("always", RuntimeWarning)
        self.addCleanup(self.nothing_was_said)

    def nothing_was_said(self):
        """Every warning that no test has waited for is a failure."""
        self.assertEqual([str(warning.message) for warning in self.said
                          if warning.category is RuntimeWarning], [])

    def worker(self):
        """The worker of the one journal that is there."""
        attempt, = self.pending()
        found = subprocess.run(["pgrep", "-f", "--", f"--begin .* {attempt}"],
                               check=True, capture_output=True, text=True)
        return int(found.stdout)

    def pending(self):
        runs = os.path.join(self.dir.name, "state", "itrack", "runs")
        return os.listdir(runs) if os.path.exists(runs) else []


class LocalTest(InDirectory):
    def test_run(self):
        tracker = LocalFileTracker()
        with open("results.json", "w") as file:
            file.write("{}")
        self.assertEqual(tracker.start_run(run_name="one"), "one")
        self.assertTrue(os.path.isdir("experiments/insideLLMs/one"))
        tracker.log_metrics({"accuracy": 0.93, "n": 7, "ok": True})
        tracker.log_metrics({"loss": 1e-5}, step=9)
        tracker.log_metrics({"accuracy": 0.94})
        tracker.log_params({"model": "gpt-4", "n": 3, "lr": 0.1, "on": True,
                            "none": None, "list": [1, "a"], "big": 2**70})
        tracker.log_artifact("results.json", artifact_type="result")
        self.assertIsNone(tracker.end_run())
        data = tracker.load_run("one")
        self.assertEqual(
            [(m["step"], m["metrics"]) for m in data["metrics"]],
            [(0, {"accuracy": 0.93, "n": 7, "ok": True}), (9, {"loss": 1e-5}),
             (1, {"accuracy": 0.94})])
        self.assertEqual(data["params"], {
            "model": "gpt-4", "n": 3, "lr": 0.1, "on": True, "none": None,
            "list": [1, "a"], "big": 2**70})
        self.assertEqual(data["artifacts"][0]["name"], "results.json")
        self.assertEqual(data["artifacts"][0]["type"], "result")
        self.assertEqual(data["final_state"]["status"], "finished")
        self.assertEqual(data["final_state"]["total_steps"], 2)
        self.assertEqual(tracker.list_runs(), ["one"])
        self.assertEqual(self.pending(), [])

    def test_names(self):
        config = TrackingConfig(project="p", experiment_name="exp",
                                tags=["a", "b"], notes="n")
        tracker = LocalFileTracker("out", config)
        self.assertEqual(tracker.start_run(), "exp")
        tracker.end_run()
        self.assertEqual(tracker.start_run(), "exp-2")
        tracker.end_run("failed")
        metadata = tracker.load_run("exp-2")["metadata"]
        self.assertEqual(metadata["tags"], ["a", "b"])
        self.assertEqual(metadata["notes"], "n")
        self.assertEqual(tracker.start_run("name", "id"), "id")
        tracker.end_run()
        self.assertEqual(tracker.load_run("id")["metadata"]["run_name"], "name")
        unnamed = LocalFileTracker()
        self.assertRegex(unnamed.start_run(), r"^\d{8}_\d{6}$")
        unnamed.end_run()
        with self.assertRaisesRegex(FileNotFoundError, "Run not found: none"):
            tracker.load_run("none")

    def test_names_with_slashes(self):
        for project in ("team/nightly", "..", "%2F b/ü"):
            tracker = LocalFileTracker(config=TrackingConfig(project=project))
            for name in ("meta-llama/Llama-3-8B", "/abs", "../up", "..", "%41",
                         "x" * 300, "ü/\u4e2d"):
                for expected in (name, name + "-2"):
                    run_id = tracker.start_run(name)
                    self.assertEqual(run_id, expected)
                    tracker.log_params({"id": run_id})
                    tracker.end_run()
                    data = tracker.load_run(run_id)
                    self.assertEqual(data["params"]["id"], expected)
                    self.assertEqual(data["metadata"]["run_id"], expected)
                    self.assertEqual(tracker.load_run(name), data)
            self.assertEqual(len(tracker.list_runs()), 14)
            for run_id in tracker.list_runs():
                self.assertIn("params", tracker.load_run(run_id))
            self.assertIn("meta-llama/Llama-3-8B", tracker.list_runs())
        self.assertEqual(sorted(os.listdir(".")), ["experiments", "state"])
        self.assertEqual(len(os.listdir("experiments")), 3)

    def test_last_of_a_name(self):
        tracker = LocalFileTracker()
        for value in (1, 2):
            for name in ("nightly", "nightly-2", "nightly-10"):
                run_id = tracker.start_run(name)
                tracker.log_metrics({"v": value})
                tracker.end_run()

        def values(tracker, names):
            return [tracker.load_run(name)["metrics"][0]["metrics"]["v"]
                    for name in names]

        for other in (tracker, LocalFileTracker()):
            self.assertEqual(
                values(other, ("nightly", "nightly-2", "nightly-10")), [2] * 3)
            ids = other.list_runs()
            # nightly, 10, 10-2, 2, 2-2 and the second of nightly
            self.assertEqual(
                dict(zip(ids, values(other, ids))),
                {"nightly": 1, "nightly-10": 1, "nightly-10-2": 2,
                 "nightly-2": 1, "nightly-2-2": 2, "nightly-3": 2})
        self.assertEqual(json.dumps(run_id), '"nightly-10-2"')

    def test_runs_of_insidellms(self):
        folder = "experiments/team/nightly/a/b/"
        os.makedirs(folder)
        with open(folder + "params.json", "w") as file:
            file.write('{"p": NaN}')
        tracker = LocalFileTracker(
            config=TrackingConfig(project="team/nightly"))
        self.assertEqual(tracker.list_runs(), ["a"])
        self.assertEqual(list(tracker.load_run("a/b")), ["params"])
        with self.assertRaisesRegex(FileNotFoundError, "^Run not found: ../a"):
            tracker.load_run("../a")

    def test_directories_that_are_there(self):
        tracker = LocalFileTracker()
        os.makedirs("experiments/insideLLMs/empty")
        inode = os.stat("experiments/insideLLMs/empty").st_ino
        self.assertEqual(tracker.start_run("empty"), "empty")
        self.assertEqual(os.stat("experiments/insideLLMs/empty").st_ino, inode)
        tracker.end_run()
        os.makedirs("experiments/insideLLMs/full/x")
        os.symlink("empty", "experiments/insideLLMs/link")
        open("experiments/insideLLMs/file", "w").close()
        for name in ("full", "link", "file", "empty"):
            self.assertEqual(tracker.start_run(name), name + "-2")
            tracker.end_run()
        self.assertEqual(sorted(os.listdir("experiments/insideLLMs/full-2")), [
            "artifacts.json", "final_state.json", "metadata.json",
            "metrics.json", "params.json"])

    def test_one_name_in_many_processes(self):
        os.makedirs("experiments/insideLLMs/run")
        code = "import itrack; print(itrack.LocalFileTracker().start_run('run'))"
        running = [subprocess.Popen([sys.executable, "-c", code], text=True,
                                    stdout=subprocess.PIPE) for _ in range(8)]
        ids = [process.communicate()[0].strip() for process in running]
        self.assertEqual(sorted(ids),
                         ["run"] + [f"run-{i}" for i in range(2, 9)])

    def test_metadata_is_there(self):
        tracker = LocalFileTracker()
        for _ in range(5):
            run_id = tracker.start_run("run")
            with open(f"experiments/insideLLMs/{run_id}/metadata.json") as file:
                self.assertEqual(json.load(file)["run_id"], run_id)
            self.assertEqual(
                str(tracker._run_dir),
                os.path.abspath(f"experiments/insideLLMs/{run_id}"))
            self.assertNotIn(".itrack-attempt", os.listdir(tracker._run_dir))
            tracker.end_run()

    def test_no_run(self):
        tracker = LocalFileTracker()
        for call in (lambda: tracker.log_metrics({"a": 1}),
                     lambda: tracker.log_params({"a": 1}),
                     lambda: tracker.log_artifact("x")):
            with self.assertRaisesRegex(
                    RuntimeError, r"No active run. Call start_run\(\) first."):
                call()
        tracker.end_run()

    def test_context(self):
        with LocalFileTracker(config=TrackingConfig(experiment_name="c")) as t:
            t.log_metrics({"a": 1})
        self.assertEqual(t.load_run("c")["final_state"]["status"], "finished")
        with self.assertRaises(KeyError), t:
            raise KeyError
        self.assertEqual(t.load_run("c-2")["final_state"]["status"], "failed")

    def test_nested(self):
        tracker = LocalFileTracker()
        tracker.start_run("outer")
        tracker.start_run("inner", nested=True)
        tracker.end_run()
        tracker.log_metrics({"a": 1})
        tracker.end_run()
        self.assertEqual(len(tracker.load_run("outer")["metrics"]), 1)
        self.assertEqual(tracker.load_run("inner")["metrics"], [])
        tracker.start_run("a")
        tracker.start_run("b", nested=True)
        tracker.start_run("c")
        tracker.end_run()
        for name in "abc":
            self.assertEqual(
                tracker.load_run(name)["final_state"]["status"], "finished")
        with self.assertRaises(RuntimeError):
            tracker.log_metrics({"x": 1})

    def test_refusals(self):
        tracker = LocalFileTracker()
        tracker.start_run("r")
        for bad in ({"": 1}, {"a": "text"}, {"a": None}, {"a": 10**400},
                    {"a": 1j}, {"a": [1]}, {"a": object()}):
            with self.assertWarnsRegex(RuntimeWarning, "left out"):
                tracker.log_metrics({**bad, "good": 2, 3: 0.5}, step=0)
        for step in (-1, 1.5, 2**63, 1e300, float("nan"), "1", [1]):
            with self.assertRaisesRegex(ValueError, "whole number"):
                tracker.log_metrics({"a": 1.0}, step=step)
            with self.assertRaisesRegex(ValueError, "whole number"):
                tracker.log_metrics({"a": 1}, step=step)
        with self.assertRaises(FileNotFoundError):
            tracker.log_artifact("missing")
        tracker.log_metrics({"nan": float("nan"), "inf": float("inf"),
                             "\udcff\0": 1, "é": 2})
        tracker.end_run()
        metrics = tracker.load_run("r")["metrics"]
        self.assertEqual([m["metrics"] for m in metrics[:7]],
                         7 * [{"good": 2, "3": 0.5}])
        self.assertEqual(metrics[7]["metrics"]["nan"], "NaN")

    def test_types_are_kept(self):
        class Odd:
            def __str__(self):
                return "odd"

        loop = [1]
        loop.append(loop)
        nested = {"a": {"b": [1, (2, None), {"c": 1e-5}]}, "t": (1, "é"),
                  "n": {1: True, None: False, 2.5: "x", True: "y"},
                  "o": [Odd(), float("inf"), float("nan")], "e": {}, "l": []}
        tracker = LocalFileTracker()
        tracker.start_run("r")
        tracker.log_params(nested)
        tracker.log_params({"odd": Odd(), "set": {1}, "huge": -10**40})
        tracker.log_params({"loop": loop})
        tracker.log_metrics({"i": 7, "f": 7.0, "b": True, "big": 2**53 + 1})
        tracker.log_metrics({"f": 7.0}, step=True)
        tracker.end_run()
        folder = "experiments/insideLLMs/r/"
        with open(folder + "params.json") as file:
            text = file.read()
        params = json.loads(text)
        self.assertNotIn("Infinity", text.replace('"Infinity"', ""))
        del params["loop"]
        text = json.dumps(nested, default=str)
        expected = json.loads(text.replace("Infinity", '"Infinity"')
                              .replace("NaN", '"NaN"'))
        self.assertEqual(params, {**expected, "odd": "odd", "set": "{1}",
                                  "huge": -10**40})
        with open(folder + "metrics.json") as file:
            text = file.read()
        self.assertIn('"i": 7,', text)
        self.assertIn('"f": 7.0,', text)
        self.assertIn('"b": true,', text)
        self.assertIn(f'"big": {2**53 + 1}', text)
        self.assertIn('"step": 1,', text)

    def test_nested_bytes_are_those_of_json_dump(self):
        nested = {"a": {"b": [1, [], {}, {"é": [None, True]}]}}
        tracker = LocalFileTracker()
        tracker.start_run("r")
        tracker.log_params(nested)
        tracker.end_run()
        with open("experiments/insideLLMs/r/params.json") as file:
            self.assertEqual(file.read(), json.dumps(nested, indent=2))

    def test_artifacts_are_taken_at_once(self):
        tracker = MLflowTracker("./mlruns", "exp")
        run_id = tracker.start_run("r")
        # Stopped, it can't read anything before it has changed.
        worker = self.worker()
        os.kill(worker, signal.SIGSTOP)
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/plot.png", "w") as file:
                file.write("png")
            tracker.log_artifact(folder + "/plot.png")
            os.mkdir(folder + "/sub")
            with open(folder + "/sub/x", "w") as file:
                file.write("x")
            tracker.log_artifact(folder, "folder")
        for epoch in range(3):
            with open("checkpoint.pt", "w") as file:
                file.write("w" * (epoch + 1))
            os.chmod("checkpoint.pt", 0o640 if epoch else 0o755)
            tracker.log_artifact("checkpoint.pt", f"checkpoint-{epoch}.pt")
        os.symlink("checkpoint.pt", "latest.pt")
        tracker.log_artifact("latest.pt")
        os.utime("checkpoint.pt", (1, 1))
        tracker.log_artifact("checkpoint.pt", "old.pt")
        os.remove("checkpoint.pt")
        os.kill(worker, signal.SIGCONT)
        tracker.flush()
        folder, = (os.path.join(dir, run_id, "artifacts/")
                   for dir, names, _ in os.walk("mlruns") if run_id in names)
        sizes = {os.path.join(dir, name)[len(folder):]:
                 os.stat(os.path.join(dir, name)).st_size
                 for dir, _, names in os.walk(folder) for name in names}
        self.assertEqual(sizes, {
            "plot.png": 3, "folder/plot.png": 3, "folder/sub/x": 1,
            "checkpoint-0.pt": 1, "checkpoint-1.pt": 2, "checkpoint-2.pt": 3,
            "latest.pt": 3, "old.pt": 3})
        tracker.end_run()
        self.assertEqual(self.pending(), [])

    def test_artifacts_are_there_when_the_call_returns(self):
        tracker = LocalFileTracker()
        with open("f", "w") as file:
            file.write("text")
        os.chmod("f", 0o640)
        os.utime("f", (1, 1))
        tracker.start_run("r")
        for number in range(5):
            tracker.log_metrics({"a": number})
            tracker.log_artifact("f", f"copy-{number}")
            path = f"experiments/insideLLMs/r/artifacts/copy-{number}"
            with open(path) as file:
                self.assertEqual(file.read(), "text")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o640)
            self.assertEqual(os.stat(path).st_mtime, 1)
        tracker.end_run()

    def test_every_loss_is_named(self):
        tracker = LocalFileTracker()
        tracker.start_run("r")
        with open("f", "w") as file:
            file.write("1")
        names = [f"a{i}" for i in range(40)]
        for name in names:
            tracker.log_artifact("f", name)
            # What is a file can't be a folder.
            tracker.log_artifact("f", name + "/b")
        with self.assertWarns(RuntimeWarning) as caught:
            tracker.end_run()
        for name in names:
            self.assertIn(f"open {name}: ", str(caught.warning))
        self.assertEqual(
            [a["name"] for a in tracker.load_run("r")["artifacts"]], names)

    def test_a_warning_is_no_exception(self):
        code = ("import itrack, warnings\n"
                "warnings.simplefilter('error')\n"
                "t = itrack.LocalFileTracker()\n"
                "open('f', 'w').close()\n"
                "with t:\n"
                "  t.log_artifact('f', 'a')\n"
                "  t.log_artifact('f', 'a/b')\n"
                "print('done')")
        done = subprocess.run([sys.executable, "-c", code], text=True,
                              capture_output=True)
        self.assertEqual(done.stdout, "done\n")
        self.assertIn("RuntimeWarning: itrack: local: rejected", done.stderr)

    def test_config_switches(self):
        config = TrackingConfig(log_artifacts=False, auto_log_metrics=False)
        tracker = LocalFileTracker(config=config)

        @auto_track(tracker)
        def work():
            tracker.log_artifact("missing")
            return {"a": 1}

        work()
        data = tracker.load_run("work")
        self.assertEqual((data["artifacts"], data["metrics"]), ([], []))
        with LocalFileTracker(config=TrackingConfig(
                experiment_name="code", log_code=True)) as tracker:
            pass
        data = tracker.load_run("code")
        script = os.path.basename(__file__)
        self.assertEqual([(a["name"], a["type"]) for a in data["artifacts"]],
                         [("code.json", "code"), ("code/" + script, "code")])
        with open(__file__) as source, open(os.path.join(
                "experiments/insideLLMs/code/artifacts/code", script)) as kept:
            self.assertEqual(kept.read(), source.read())
        with LocalFileTracker(config=TrackingConfig(
                experiment_name="no-code", log_code=True,
                log_artifacts=False)) as tracker:
            pass
        self.assertEqual(tracker.load_run("no-code")["artifacts"], [])

    def test_threads(self):
        tracker = LocalFileTracker()
        tracker.start_run("t")

        def work():
            for i in range(100):
                tracker.log_metrics({"x": i})

        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        tracker.end_run()
        steps = [m["step"] for m in tracker.load_run("t")["metrics"]]
        self.assertEqual(sorted(steps), list(range(1600)))

    def test_fork(self):
        tracker = LocalFileTracker()
        tracker.start_run("f")
        pid = os.fork()
        if pid == 0:
            try:
                tracker.log_metrics({"a": 1})
            except RuntimeError as error:
                os._exit(0 if "fork" in str(error) else 2)
            os._exit(1)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)
        tracker.end_run()

    def test_killed(self):
        code = ("import itrack, os, signal\n"
                "t = itrack.LocalFileTracker()\n"
                "t.start_run('k')\n"
                "for i in range(100): t.log_metrics({'i': i})\n"
                "os.kill(os.getpid(), signal.SIGKILL)\n")
        status = subprocess.run([sys.executable, "-c", code]).returncode
        self.assertEqual(status, -signal.SIGKILL)
        deadline = time.monotonic() + 60
        while "final_state" not in LocalFileTracker().load_run("k"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        data = LocalFileTracker().load_run("k")
        self.assertEqual(len(data["metrics"]), 100)
        self.assertEqual(data["final_state"]["status"], "killed")


class StateTest(InDirectory):
    ends = {
        "": ("finished", 0),
        "sys.exit(0)": ("finished", 0),
        "sys.exit(3)": ("failed", 3),
        "sys.exit('no')": ("failed", 1),
        "raise KeyError": ("failed", 1),
        "del t": ("finished", 0),
        "del t; raise SystemExit(2)": ("failed", 2),
        "t.start_run('in', nested=True)": ("finished", 0),
        "threading.Thread(target=lambda: 1 / 0).start()": ("finished", 0),
        "os.kill(os.getpid(), signal.SIGTERM)": ("killed", -signal.SIGTERM),
        "os._exit(0)": ("killed", 0),
    }

    def test_without_end_run(self):
        for number, (code, (status, code_of)) in enumerate(self.ends.items()):
            name = f"r{number}"
            with self.subTest(code=code):
                done = subprocess.run(
                    [sys.executable, "-c",
                     "import itrack, os, signal, sys, threading\n"
                     "t = itrack.LocalFileTracker()\n"
                     f"t.start_run({name!r})\nt.log_metrics({{'a': 1}})\n"
                     + code], capture_output=True)
                self.assertEqual(done.returncode, code_of)
                deadline = time.monotonic() + 60
                while "final_state" not in LocalFileTracker().load_run(name):
                    # After a kill the worker ends it, else the exit has.
                    self.assertEqual(status, "killed")
                    self.assertLess(time.monotonic(), deadline)
                    time.sleep(0.02)
                data = LocalFileTracker().load_run(name)
                self.assertEqual(data["final_state"]["status"], status)
                self.assertEqual(len(data["metrics"]), 1)

    def test_child_of_a_fork_ends_nothing(self):
        tracker = LocalFileTracker()
        tracker.start_run("r")
        done = subprocess.run([
            sys.executable, "-c",
            "import itrack, os, sys\n"
            "t = itrack.LocalFileTracker()\n"
            "t.start_run('fork')\n"
            "if os.fork() == 0:\n"
            "  mine = itrack.LocalFileTracker()\n"
            "  mine.start_run('child')\n"
            "  sys.exit(1)\n"
            "os.wait()\n"
            "t.log_metrics({'a': 1})\n"])
        self.assertEqual(done.returncode, 0)
        for name, status in (("fork", "finished"), ("child", "failed")):
            self.assertEqual(
                tracker.load_run(name)["final_state"]["status"], status)
        self.assertEqual(len(tracker.load_run("fork")["metrics"]), 1)
        tracker.end_run()

    def test_words(self):
        for word in ("crashed", "error", "interrupted", None, "", "FINISHED"):
            tracker = LocalFileTracker()
            name = tracker.start_run("run")
            tracker.end_run(word)
            status = tracker.load_run(name)["final_state"]["status"]
            self.assertEqual(status, str(word) or "failed")
            files = MLflowTracker("./mlruns", "exp")
            files.start_run("run")
            files.end_run(word)
        kept = subprocess.run(["grep", "-rh", "^status:", "mlruns"],
                              check=True, capture_output=True, text=True)
        # 3: finished, 4: failed
        self.assertEqual(kept.stdout.split(), ["status:", "4"] * 6)


class AnyhowTest(InDirectory):
    """What stands in the way of tracking does not stop the program."""

    code = ("import itrack, resource, sys\n"
            "t = itrack.LocalFileTracker(sys.argv[1])\n"
            "print(t.start_run('r'))\n"
            "if len(sys.argv) > 2:\n"
            "  resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
            "for i in range(500): t.log_metrics({'a': i})\n"
            "t.log_params({'p': 1}); t.log_artifact(sys.argv[0] or '.')\n"
            "t.flush(); t.end_run('finished'); print('done')\n")

    def go(self, *arguments, **variables):
        environment = {**os.environ, "HOME": os.getcwd(), **variables}
        with open("program.py", "w") as file:
            file.write(self.code)
        done = subprocess.run(
            [sys.executable, "program.py", *(arguments or ("out",))],
            env={k: v for k, v in environment.items() if v is not None},
            capture_output=True, text=True)
        self.assertEqual(done.stdout, "r\ndone\n", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        return done.stderr

    def test_no_state_directory(self):
        for number, variables in enumerate((
                {"HOME": None, "XDG_STATE_HOME": None},
                {"HOME": "/proc/none", "XDG_STATE_HOME": None},
                {"XDG_STATE_HOME": "/proc/none"})):
            out = f"out{number}"
            said = self.go(out, TMPDIR=os.getcwd(), **variables)
            self.assertEqual(said.count("RuntimeWarning"), 1, said)
            self.assertIn(f"XDG_STATE_HOME={os.getcwd()}/itrack-", said)
            data = LocalFileTracker(out).load_run("r")
            self.assertEqual(len(data["metrics"]), 500)
            self.assertEqual(data["final_state"]["status"], "finished")

    def test_nowhere_at_all(self):
        said = self.go(XDG_STATE_HOME="/proc/none", TMPDIR="/proc/none")
        self.assertEqual(said.count("RuntimeWarning"), 1, said)
        self.assertIn("nothing is tracked", said)
        self.assertEqual(LocalFileTracker("out").list_runs(), [])
        said = self.go("/proc/none")
        self.assertEqual(said.count("RuntimeWarning"), 1, said)
        self.assertIn("nothing is tracked: /proc/none", said)
        self.assertEqual(self.pending(), [])

    def test_spare_folder_of_another(self):
        os.mkdir(f"itrack-{os.geteuid()}")
        os.chmod(f"itrack-{os.geteuid()}", 0o777)
        said = self.go(XDG_STATE_HOME="/proc/none", TMPDIR=os.getcwd())
        self.assertIn("nothing is tracked", said)
        self.assertEqual(os.listdir(f"itrack-{os.geteuid()}"), [])

    def test_no_worker(self):
        said = self.go(ITRACK_WORKER="/nowhere/itrack-worker")
        self.assertIn("/nowhere/itrack-worker: not there", said)
        self.assertIn("itrack sync", said)
        self.assertEqual(len(self.pending()), 1)

    def test_full_disk(self):
        said = self.go("out", "limit")
        self.assertEqual(said.count("not everything is tracked"), 1, said)


class WandBTest(InDirectory):
    """Against a server that keeps what it gets."""

    def setUp(self):
        super().setUp()
        os.mkdir("server")
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                               "../servers/fake_wandb.py")
        server = subprocess.Popen([sys.executable, program, "server"])
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        deadline = time.monotonic() + 60
        while not os.path.exists("server/url"):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        with open("server/url") as file:
            os.environ["WANDB_BASE_URL"] = file.read().strip()
        os.environ["WANDB_API_KEY"] = "k" * 40
        os.environ["ITRACK_DRAIN"] = "60"
        for name in ("WANDB_BASE_URL", "WANDB_API_KEY", "ITRACK_DRAIN"):
            self.addCleanup(os.environ.pop, name)

    def run_of(self, name):
        with open("server/state.json") as file:
            state = json.load(file)
        self.assertEqual(state["problems"], [])
        run = state["runs"][name]
        rows = [json.loads(line) for line in run["history"]]
        return run, [(row["_step"], row["a"]) for row in rows]

    def test_a_run_goes_on(self):
        tracker = WandBTracker("p", resume="allow", group="g", job_type="j")
        for number in range(3):
            self.assertEqual(tracker.start_run("first", "fixed123"),
                             "fixed123")
            tracker.log_params({f"p{number}": number})
            tracker.log_metrics({"a": number, f"only{number}": 1})
            tracker.log_metrics({"a": number + 0.5})
            if number == 0:
                tracker.end_run()
                continue
            with self.assertWarnsRegex(
                    RuntimeWarning, f"went on behind step {2 * number - 1}"):
                tracker.end_run()
        run, rows = self.run_of("fixed123")
        self.assertEqual(rows, [(0, 0), (1, 0.5), (2, 1), (3, 1.5), (4, 2),
                                (5, 2.5)])
        self.assertEqual({k: v["value"] for k, v in run["config"].items()
                          if k != "_wandb"},
                         {"p0": 0, "p1": 1, "p2": 2})
        self.assertEqual((run["groupName"], run["jobType"]), ("g", "j"))
        self.assertEqual(run["summary"]["only0"], 1)
        self.assertEqual(run["exitcode"], 0)

    def test_steps_behind_the_last(self):
        for step in (3, 4):
            tracker = WandBTracker("p")
            tracker.start_run("r", "id")
            tracker.log_metrics({"a": step}, step=step)
            tracker.end_run()
        self.assertEqual(self.run_of("id")[1], [(3, 3), (4, 4)])

    def test_must_and_never(self):
        tracker = WandBTracker("p", resume="must")
        tracker.start_run("r", "id")
        tracker.log_metrics({"a": 1})
        with self.assertWarnsRegex(RuntimeWarning, "no run id to go on with"):
            tracker.end_run()
        WandBTracker("p", resume="never").start_run("r", "id")
        tracker = WandBTracker("p", resume="never")
        deadline = time.monotonic() + 60
        while not os.path.exists("server/state.json") or "id" not in json.load(
                open("server/state.json"))["runs"]:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        tracker.start_run("r", "id")
        with self.assertWarnsRegex(RuntimeWarning, "id is there already"):
            tracker.end_run()

    def test_artifacts(self):
        """Each call is one, by the name and the type that it was given."""
        os.makedirs("folder/sub")
        for name in ("folder/a.txt", "folder/sub/b.txt", "notes.txt"):
            with open(name, "w") as file:
                file.write(name)
        tracker = WandBTracker("p", entity="e")
        tracker.start_run("r", "id")
        for number in (1, 2, 2):
            with open("weights.pt", "w") as file:
                file.write(f"checkpoint {number}")
            tracker.log_artifact("weights.pt", "best model", "model")
        tracker.log_artifact("notes.txt")
        tracker.log_artifact("folder", artifact_type="data")
        tracker.log_artifact("folder", artifact_type="data")
        tracker.log_metrics({"a": 1})
        with self.assertWarnsRegex(
                RuntimeWarning, "the artifact best model as best_model-"):
            tracker.end_run()
        self.run_of("id")
        with open("server/state.json") as file:
            made = list(json.load(file)["artifacts"].values())
        best, = {a["name"] for a in made if a["type"] == "model"}
        self.assertRegex(best, "^best_model-[0-9a-f]{8}$")
        self.assertEqual(
            [(a["name"], a["type"], sorted(a["files"]), a["state"])
             for a in made],
            [(best, "model", ["weights.pt"], "COMMITTED"),
             (best, "model", ["weights.pt"], "COMMITTED"),
             ("notes.txt", "file", ["notes.txt"], "COMMITTED"),
             ("folder", "data", ["a.txt", "sub/b.txt"], "COMMITTED")])
        self.assertNotEqual(made[0]["files"], made[1]["files"])

    def test_variables(self):
        os.environ["WANDB_RUN_ID"] = "slurm4711"
        os.environ["WANDB_RUN_GROUP"] = "group"
        os.environ["WANDB_SWEEP_ID"] = "swp1"
        for name in ("WANDB_RUN_ID", "WANDB_RUN_GROUP", "WANDB_SWEEP_ID"):
            self.addCleanup(os.environ.pop, name)
        code = ("import itrack\n"
                "t = itrack.WandBTracker('p')\n"
                "for i in range(2):\n"
                "  print(t.start_run('r')); t.log_metrics({'a': i}); t.end_run()")
        done = subprocess.run([sys.executable, "-W", "error", "-c", code],
                              check=True, capture_output=True, text=True)
        first, second = done.stdout.split()
        self.assertEqual(first, "slurm4711")
        run, rows = self.run_of(first)
        self.assertEqual(rows, [(0, 0)])
        self.assertEqual((run["groupName"], run["sweep"]), ("group", "swp1"))
        # What the tracker calls the other one.
        run, rows = self.run_of(second)
        self.assertEqual(rows, [(0, 1)])
        self.assertEqual(run["displayName"], "r")

    def test_wrong_arguments(self):
        with self.assertRaisesRegex(ValueError, "none of the characters"):
            WandBTracker("p").start_run("r", "a/b")
        with self.assertWarnsRegex(
                RuntimeWarning, "fork_from='x', resume='auto', tags=1"):
            WandBTracker("p", resume="auto", tags=1, fork_from="x")


class ResultTest(InDirectory):
    def test_values(self):
        score = SimpleNamespace(
            accuracy=0.5, precision=None, recall=None, f1_score=None,
            mean_latency_ms=12.5, total_tokens=9, error_rate=0.0)
        tracker = LocalFileTracker()
        tracker.start_run("r")
        tracker.log_experiment_result(make_result(score), prefix="x_")
        tracker.end_run()
        data = tracker.load_run("r")
        self.assertEqual(data["metrics"][0]["metrics"], {
            "x_success_rate": 0.75, "x_total_count": 4.0,
            "x_success_count": 3.0, "x_error_count": 1.0, "x_accuracy": 0.5,
            "x_mean_latency_ms": 12.5, "x_total_tokens": 9.0,
            "x_error_rate": 0.0, "x_duration_seconds": 1.5})
        self.assertEqual(data["params"], {
            "x_experiment_id": "e1", "x_model_name": "m",
            "x_model_provider": "p", "x_probe_name": "probe",
            "x_probe_category": "logic"})


class AutoTrackTest(InDirectory):
    def test_names_and_ends(self):
        tracker = LocalFileTracker()

        @auto_track(tracker)
        def good():
            return {"a": 1, "b": True, "c": "text", 4: 0.5}

        @auto_track(tracker, experiment_name="other")
        def bad():
            raise KeyError("x")

        self.assertEqual(good()["c"], "text")
        with self.assertRaises(KeyError):
            bad()
        self.assertEqual(tracker.load_run("good")["metrics"][0]["metrics"],
                         {"a": 1.0, "b": 1.0, "4": 0.5})
        self.assertEqual(
            tracker.load_run("other")["final_state"]["status"], "failed")


class OthersTest(InDirectory):
    def test_create(self):
        self.assertIsInstance(create_tracker(), LocalFileTracker)
        self.assertIsInstance(create_tracker("wandb", project="p"),
                              WandBTracker)
        with self.assertRaisesRegex(ValueError, "Unknown backend: csv. Choose"):
            create_tracker("csv")
        with self.assertRaisesRegex(ValueError, "at least one tracker"):
            MultiTracker([])

    def test_several(self):
        local, board = LocalFileTracker(), TensorBoardTracker("tb")
        both = MultiTracker([local, board])
        self.assertEqual(both.start_run("both"), "both")
        both.log_metrics({"x": 1})
        board.log_histogram("h", [1, 2, 3])
        both.end_run()
        self.assertEqual(len(local.load_run("both")["metrics"]), 1)
        self.assertEqual(board.start_run("org/model/../x"), "org/model/../x")
        board.end_run()
        self.assertEqual(board.start_run("org/model"), "org/model-2")
        board.end_run()
        self.assertIn("tfevents", os.listdir("tb/org/model/%2E./x")[0])
        self.assertIn("tfevents", os.listdir("tb/org/model-2")[0])
        name = os.listdir("tb/both")[0]
        self.assertIn("tfevents", name)
        with open("tb/both/" + name, "rb") as file:
            self.assertIn(b"h", file.read())

    def test_mlflow_files(self):
        os.mkdir("model")
        with open("model/MLmodel", "w") as file:
            file.write("flavors: {}\n")
        tracker = MLflowTracker("./mlruns", config=TrackingConfig(
            experiment_name="exp", tags=["nightly"]))
        tracker.start_run("run")
        tracker.log_metrics({"a": 1.5})
        tracker.log_params({"p": None, "list": [1, (2,), "é"]})
        tracker.log_table("t", [{"x": 1, "y": "é"}, {"x": None}])
        tracker.log_model("model", "m")
        with self.assertRaisesRegex(ValueError, "MLmodel"):
            tracker.log_model(".", "m")
        with self.assertRaises(ValueError):
            tracker.register_model("runs:/run", "m")
        tracker.register_model("runs:/run/m", "classifier")
        for uri in ("runs:/nobody/m", "runs:/" + "0" * 32 + "/m"):
            with self.assertRaises(RuntimeError):
                tracker.register_model(uri, "other")
        tracker.end_run()
        with self.assertRaises(RuntimeError):
            tracker.register_model("runs:/nobody/m", "other")
        tracker.register_model("runs:/run/m", "classifier")
        # What names no run waits for it.
        for attempt in self.pending():
            subprocess.run([os.environ["ITRACK"], "sync", "--drop", attempt],
                           check=True, capture_output=True)
        self.assertEqual(
            set(os.listdir("mlruns/models/classifier")),
            {"meta.yaml", "version-1", "version-2"})
        found = {name: os.path.join(dir, name)
                 for dir, _, names in os.walk("mlruns") for name in names}
        with open(found["a"]) as file:
            self.assertEqual(file.read().split()[1], "1.5")
        with open(found["p"]) as file:
            self.assertEqual(file.read(), "None")
        with open(found["list"]) as file:
            self.assertEqual(file.read(), "[1, (2,), 'é']")
        with open(found["nightly"]) as file:
            self.assertEqual(file.read(), "true")
        with open(found["t.json"]) as file:
            self.assertEqual(json.load(file), {
                "columns": ["x", "y"], "data": [[1, "é"], [None, None]]})
        self.assertTrue(found["MLmodel"].endswith("artifacts/m/MLmodel"))
        self.assertEqual(self.pending(), [])

    def test_mlflow_run_goes_on(self):
        def store_run():
            experiment, = (name for name in os.listdir("mlruns")
                           if os.path.exists(f"mlruns/{name}/meta.yaml")
                           and name != "0")
            run, = (name for name in os.listdir(f"mlruns/{experiment}")
                    if name != "meta.yaml")
            return run, f"mlruns/{experiment}/{run}/"

        tracker = MLflowTracker("./mlruns", "exp")
        returned = tracker.start_run("first")
        tracker.log_metrics({"a": 1})
        tracker.log_params({"p": 1})
        tracker.end_run()
        run_id, folder = store_run()
        self.assertEqual(run_id, returned)
        for number in (2, 3):
            self.assertEqual(tracker.start_run("other", run_id), run_id)
            tracker.log_metrics({"a": number}, step=number)
            tracker.log_params({f"p{number}": 1})
            tracker.end_run("finished" if number == 2 else "failed")
        self.assertEqual(store_run()[0], run_id)
        with open(folder + "metrics/a") as file:
            self.assertEqual([line.split()[1:] for line in file],
                             [["1", "0"], ["2", "2"], ["3", "3"]])
        self.assertEqual(sorted(os.listdir(folder + "params")),
                         ["p", "p2", "p3"])
        with open(folder + "meta.yaml") as file:
            meta = file.read()
        self.assertIn('run_name: "first"', meta)
        self.assertIn("status: 4", meta)
        for call in (lambda: tracker.start_run("none", "0123456789abcdef" * 2),
                     tracker.end_run):
            with self.assertWarnsRegex(RuntimeWarning, "no run to go on with"):
                call()

    def test_model_objects(self):
        script = os.path.abspath("program.py")
        with open(script, "w") as file:
            file.write(
                "import itrack, pathlib\n"
                "class Saves:\n"
                "  def save_model(self, path):\n"
                "    pathlib.Path(path).write_text('w')\n"
                "t = itrack.MLflowTracker('./mlruns')\n"
                "t.start_run('r')\n"
                "t.log_model(Saves(), 'm')\n"
                "t.log_model(Saves(), 't', 'pytorch')\n"
                "try: t.log_model(object(), 'o')\n"
                "except ValueError as e: print(e)\n"
                "t.end_run()\n")

        def run(*path):
            environment = {**os.environ, "PYTHONPATH": os.pathsep.join(
                [*path, os.environ.get("PYTHONPATH", "")])}
            done = subprocess.run([sys.executable, "-W", "error", script],
                                  env=environment, capture_output=True,
                                  text=True)
            self.assertEqual(done.stderr, "")
            return done.stdout, sorted(
                os.path.join(dir, name).split("artifacts/")[1]
                for dir, _, names in os.walk("mlruns") for name in names
                if "artifacts/" in dir + "/")

        # A package of the name that can't be imported.
        os.makedirs("none/mlflow")
        with open("none/mlflow/__init__.py", "w") as file:
            file.write("raise ImportError('none here')")
        said, files = run("none")
        self.assertIn("nothing here can save this model", said)
        self.assertEqual(files, ["m", "t"])
        shutil.rmtree("mlruns")
        os.makedirs("there/mlflow")
        open("there/mlflow/__init__.py", "w").close()
        for name, arguments, flavor in (
                ("pyfunc", "path, python_model", "python_function"),
                ("pytorch", "pytorch_model, path", "pytorch")):
            with open(f"there/mlflow/{name}.py", "w") as file:
                file.write(
                    "import os\n"
                    f"def save_model({arguments}):\n"
                    "  os.mkdir(path)\n"
                    "  with open(path + '/MLmodel', 'w') as f:\n"
                    f"    f.write('flavors:\\n  {flavor}: null\\n')\n")
        said, files = run("there")
        self.assertEqual(files, ["m/MLmodel", "o/MLmodel", "t/MLmodel"])

    def test_no_uri_is_mlruns(self):
        tracker = MLflowTracker()
        run_id = tracker.start_run("r")
        tracker.log_metrics({"a": 1})
        tracker.end_run()
        self.assertTrue(any(run_id in names
                            for _, names, _ in os.walk("mlruns")))

    def test_watch_model(self):
        tracker = WandBTracker("p", mode="offline", dir=".")
        with self.assertRaises(RuntimeError):
            tracker.watch_model(object())
        with tracker:
            with self.assertWarnsRegex(RuntimeWarning, "not watched"):
                tracker.watch_model(object())
            tracker.watch_model(object(), log_freq=1)

    def test_wandb_offline(self):
        tracker = WandBTracker("p", mode="offline", dir=".")
        tracker.start_run("run")
        tracker.log_metrics({"a": 1})
        tracker.log_params({"a": {"b": [1, None]}})
        tracker.log_metrics({"later": 1}, step=7)
        tracker.log_metrics({"below": 1}, step=6)
        tracker.log_table("answers", [{"x": 1, "y.z": "é"}, {"x": 2.5}])
        with self.assertWarnsRegex(RuntimeWarning, "steps went back: 1 calls"):
            tracker.end_run()
        table = [os.path.join(dir, name)
                 for dir, _, names in os.walk("wandb")
                 for name in names if name.endswith(".table.json")]
        with open(table[0]) as file:
            table = json.load(file)
        self.assertEqual(table["columns"], ["x", "y.z"])
        self.assertEqual(table["data"], [[1, "é"], [2.5, None]])
        files = [name for _, _, names in os.walk("wandb") for name in names]
        self.assertTrue(any(n.endswith(".wandb") for n in files), files)
        with open(next(os.path.join(dir, name)
                       for dir, _, names in os.walk("wandb")
                       for name in names if name.endswith(".wandb")),
                  "rb") as file:
            written = file.read()
        self.assertIn(b'{"b":[1,null]}', written)
        self.assertNotIn(b"below", written)
        with self.assertRaises(ValueError):
            WandBTracker("p", mode="sometimes").start_run()

    def test_unreachable_server(self):
        tracker = MLflowTracker("http://127.0.0.1:9", "exp")
        tracker.start_run("run")
        tracker.log_metrics({"a": 1.5})
        with self.assertWarnsRegex(RuntimeWarning, "itrack sync"):
            tracker.end_run()
        self.assertEqual(len(self.pending()), 1)

    def test_subclass(self):
        calls = []

        class Mine(ExperimentTracker):
            def start_run(self, run_name=None, run_id=None, nested=False):
                calls.append(run_name)
                return "id"

            def end_run(self, status="finished"):
                calls.append(status)

            def log_metrics(self, metrics, step=None):
                calls.append(metrics["success_rate"])

            def log_params(self, params):
                calls.append(params["probe_category"])

            def log_artifact(self, artifact_path, artifact_name=None,
                             artifact_type=None):
                calls.append(artifact_path)

        with Mine(TrackingConfig(experiment_name="e")) as tracker:
            tracker.log_experiment_result(make_result())
        self.assertEqual(calls, ["e", 0.75, "logic", "finished"])

    def test_names_are_there(self):
        for name in itrack.__all__:
            self.assertTrue(hasattr(itrack, name))
        # Some are None where a package is not installed, as in insideLLMs.
        names = {}
        exec("from itrack.experiment_tracking import *", names)
        self.assertIs(names["LocalFileTracker"], LocalFileTracker)
        self.assertIs(names["json"], json)
        with self.assertRaises(AttributeError):
            itrack.experiment_tracking.nothing

    def test_pickle(self):
        tracker = LocalFileTracker("out")
        again = pickle.loads(pickle.dumps(tracker))
        self.assertEqual(again.start_run("r"), "r")
        for copy_of in (pickle.dumps, copy.copy, copy.deepcopy):
            with self.assertRaisesRegex(
                    TypeError, "LocalFileTracker with an active run can't"):
                copy_of(again)
        again.end_run()
        self.assertEqual(tracker.list_runs(), copy.deepcopy(again).list_runs())
        both = MultiTracker([again, WandBTracker("p", mode="offline")])
        pickle.loads(pickle.dumps(both))


if __name__ == "__main__":
    unittest.main()
