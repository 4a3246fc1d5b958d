"""Against a real MLflow server (argument: its URL): models that are saved,
uploaded and registered, runs within runs; read back by MLflow's own client."""

import os
import shutil
import subprocess
import sys
import unittest
import warnings

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from mlflow import MlflowClient  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402

from itrack import MLflowTracker, TrackingConfig  # noqa: E402

URL = sys.argv.pop(1)
MLMODEL = """artifact_path: model
flavors:
  python_function:
    loader_module: mlflow.pyfunc.model
  sklearn:
    code: null
utc_time_created: '2026-11-24 00:00:00'
"""


def save_model(path):
    os.makedirs(os.path.join(path, "data", "deep"), exist_ok=True)
    with open(os.path.join(path, "MLmodel"), "w") as file:
        file.write(MLMODEL)
    with open(os.path.join(path, "data", "deep", "weights.bin"), "wb") as file:
        file.write(bytes(range(256)) * 1000)


class Common:
    """The same for a server and a file store; `uri` says which."""

    uri = None

    def setUp(self):
        # A name of its own at the server, whatever was there before.
        self.experiment = (f"{type(self).__name__}-{self._testMethodName}-"
                           f"{os.urandom(4).hex()}")
        os.environ["XDG_STATE_HOME"] = os.path.abspath(
            "state-" + self.experiment)
        # The machine may do other things, too.
        os.environ["ITRACK_DRAIN"] = "120"
        self.client = MlflowClient(self.uri, registry_uri=self.uri)
        caught = warnings.catch_warnings(record=True)
        self.said = caught.__enter__()
        self.addCleanup(caught.__exit__, None, None, None)
        warnings.simplefilter("always", RuntimeWarning)
        self.addCleanup(self.nothing_was_said)
        save_model("saved")

    def nothing_was_said(self):
        """Every warning that no test has waited for is a failure."""
        self.assertEqual([str(warning.message) for warning in self.said
                          if warning.category is RuntimeWarning], [])

    def tracker(self, **config):
        return MLflowTracker(self.uri, config=TrackingConfig(
            experiment_name=self.experiment, **config))

    def runs(self):
        experiment = self.client.get_experiment_by_name(self.experiment)
        runs = self.client.search_runs([experiment.experiment_id])
        return {run.info.run_name: run for run in runs}

    def versions(self, name):
        found = self.client.search_model_versions(f"name = '{name}'")
        return sorted(found, key=lambda version: int(version.version))

    def test_model(self):
        tracker = self.tracker()
        tracker.start_run("with-model")
        tracker.log_model("saved", "model", "sklearn")
        with self.assertRaisesRegex(ValueError, "without the flavor pytorch"):
            tracker.log_model("saved", "model", "pytorch")
        with self.assertRaisesRegex(ValueError, "no file MLmodel"):
            tracker.log_model("saved/data", "model")
        with self.assertRaises(FileNotFoundError):
            tracker.log_model("missing", "model")
        tracker.end_run()
        run_id = self.runs()["with-model"].info.run_id
        listed = {f.path for f in self.client.list_artifacts(run_id, "model")}
        self.assertEqual(listed, {"model/MLmodel", "model/data"})
        got = self.client.download_artifacts(run_id, "model", ".")
        same = subprocess.run(["diff", "-r", "saved", got])
        self.assertEqual(same.returncode, 0)

    def test_register(self):
        name = self.experiment
        tracker = self.tracker()
        run_id = tracker.start_run("first")
        tracker.log_model("saved", "model")
        # In the run: behind the files, with the ID that start_run gave.
        tracker.register_model(f"runs:/{run_id}/model", name)
        tracker.end_run()
        # Without a run: by our ID, then by MLflow's own.
        tracker.register_model("runs:/first/model", name)
        run = self.runs()["first"]
        tracker.register_model(f"runs:/{run.info.run_id}/model", name)
        versions = self.versions(name)
        self.assertEqual([int(v.version) for v in versions], [1, 2, 3])
        for version in versions:
            self.assertEqual(version.run_id, run.info.run_id)
            self.assertEqual(
                version.source, run.info.artifact_uri + "/model")
            self.assertEqual(version.status, "READY")
        self.assertEqual(self.client.get_registered_model(name).name, name)
        # No run is made for the calls that need none.
        self.assertEqual(set(self.runs()), {"first"})
        self.assertEqual(os.listdir(os.path.join(
            os.environ["XDG_STATE_HOME"], "itrack", "runs")), [])

    def test_newest_run_of_an_id(self):
        tracker = self.tracker()
        for _ in range(2):
            tracker.start_run("same")
            tracker.end_run()
        tracker.register_model("runs:/same/model", self.experiment)
        experiment = self.client.get_experiment_by_name(self.experiment)
        newest, _ = self.client.search_runs(
            [experiment.experiment_id], order_by=["start_time DESC"])
        version, = self.versions(self.experiment)
        self.assertEqual(version.run_id, newest.info.run_id)

    def test_register_refusals(self):
        tracker = self.tracker()
        for uri, name in (("", "m"), ("runs:/", "m"), ("runs:/x", "m"),
                          ("runs:/x/", "m"), ("s3://b/m", ""),
                          ("s3://b/m", "a/b"), ("s3://b/m", "a:b")):
            with self.assertRaises(ValueError):
                tracker.register_model(uri, name)

    def test_unknown_run(self):
        tracker = self.tracker()
        tracker.start_run("there")
        tracker.end_run()
        with self.assertRaisesRegex(RuntimeError, "no run of that ID"):
            tracker.register_model("runs:/not-there/model", self.experiment)
        # It stays, and is done when the run is there.
        tracker.start_run("not-there")
        tracker.end_run()
        subprocess.run([os.environ["ITRACK"], "sync", "-q"], check=True)
        version, = self.versions(self.experiment)
        self.assertEqual(version.run_id, self.runs()["not-there"].info.run_id)

    def test_nested(self):
        tracker = self.tracker()
        tracker.start_run("outer")
        tracker.start_run("middle", nested=True)
        tracker.start_run("inner", nested=True)
        tracker.log_metrics({"x": 1})
        tracker.end_run()
        tracker.start_run("sibling", nested=True)
        tracker.end_run("failed")
        tracker.end_run()
        tracker.log_metrics({"x": 2})
        tracker.end_run()
        tracker.start_run("alone")
        tracker.end_run()
        runs = self.runs()
        parents = {name: run.data.tags.get("mlflow.parentRunId")
                   for name, run in runs.items()}
        ids = {name: run.info.run_id for name, run in runs.items()}
        self.assertEqual(parents, {
            "outer": None, "middle": ids["outer"], "inner": ids["middle"],
            "sibling": ids["middle"], "alone": None})
        self.assertEqual(runs["inner"].data.metrics, {"x": 1})
        self.assertEqual(runs["outer"].data.metrics, {"x": 2})
        self.assertEqual(runs["sibling"].info.status, "FAILED")


class Server(Common, unittest.TestCase):
    uri = URL

    def test_ids(self):
        """A new run has MLflow's ID; that one is not there is told at once."""
        tracker = self.tracker()
        run_id = tracker.start_run("new")
        tracker.end_run()
        self.assertEqual(run_id, self.runs()["new"].info.run_id)
        self.assertEqual(tracker.start_run("again", run_id), run_id)
        tracker.end_run()
        self.assertEqual(self.said, [])
        tracker.start_run(run_id="0" * 32)
        said, = [str(warning.message) for warning in self.said]
        self.assertIn("RESOURCE_DOES_NOT_EXIST", said)
        os.environ["ITRACK_DRAIN"] = "1"
        tracker.end_run()
        self.said.clear()

    def test_source_elsewhere(self):
        self.tracker().register_model("s3://bucket/model", self.experiment)
        version, = self.versions(self.experiment)
        self.assertEqual(version.source, "s3://bucket/model")

    def test_refused_by_the_server(self):
        with self.assertRaisesRegex(RuntimeError, "INVALID_PARAMETER_VALUE"):
            self.tracker().register_model("/etc/model", self.experiment)
        tracker = self.tracker()
        tracker.start_run("with-refusal")
        # Not a model of the active run: the answer does not wait for its end.
        with self.assertRaisesRegex(RuntimeError, "INVALID_PARAMETER_VALUE"):
            tracker.register_model("/etc/model", self.experiment)
        tracker.end_run()
        unknown = f"runs:/{'0' * 32}/model"
        with self.assertRaisesRegex(RuntimeError, "RESOURCE_DOES_NOT_EXIST"):
            self.tracker().register_model(unknown, self.experiment)

    def test_server_is_down(self):
        tracker = MLflowTracker("http://127.0.0.1:9", config=TrackingConfig(
            experiment_name=self.experiment))
        with self.assertWarnsRegex(RuntimeWarning, "itrack sync"):
            tracker.register_model("s3://bucket/model", self.experiment)
        with self.assertRaises(MlflowException):
            self.client.get_registered_model(self.experiment)
        # Twice from the same journal, as if the first answer had been lost:
        # the version is known by its tag.
        state = os.environ["XDG_STATE_HOME"]
        shutil.copytree(state, state + "-again")
        for directory in (state, state + "-again"):
            subprocess.run(
                [os.environ["ITRACK"], "sync", "-q", "--mlflow-uri", self.uri],
                env={**os.environ, "XDG_STATE_HOME": directory}, check=True)
        version, = self.versions(self.experiment)
        self.assertEqual(version.source, "s3://bucket/model")


class FileStore(Common, unittest.TestCase):
    uri = os.path.abspath("store")


if __name__ == "__main__":
    unittest.main()
