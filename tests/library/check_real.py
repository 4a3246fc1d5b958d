"""Logs by the package, reads back by tensorboard, mlflow and wandb."""

import glob
import io
import json
import os
import subprocess
import sys
import unittest

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from itrack import (  # noqa: E402
    MLflowTracker,
    TensorBoardTracker,
    TrackingConfig,
    WandBTracker,
)

METRICS = [{"accuracy": 0.5, "loss": 1e-5}, {"accuracy": 0.93, "loss": 3.0}]


def log(tracker):
    tracker.start_run("run")
    tracker.log_params({"model": "gpt-4", "n": 3, "none": None})
    for metrics in METRICS:
        tracker.log_metrics(metrics)
    with open("results.json", "w") as file:
        file.write("[1]")
    tracker.log_artifact("results.json")


class Real(unittest.TestCase):
    def test_tensorboard(self):
        from tensorboard.backend.event_processing.event_accumulator import (
            EventAccumulator,
        )

        tracker = TensorBoardTracker("runs")
        log(tracker)
        tracker.log_histogram("h", [1, 2, 2, 3], step=4)
        tracker.log_artifact("/data/elsewhere.pt", "model")
        tracker.end_run()
        events = EventAccumulator("runs/run", {"tensors": 0})
        events.Reload()
        tags = events.Tags()
        if "accuracy" in tags["scalars"]:
            points = [(e.step, e.value) for e in events.Scalars("accuracy")]
        else:
            from tensorboard.util.tensor_util import make_ndarray

            points = [(e.step, float(make_ndarray(e.tensor_proto)))
                      for e in events.Tensors("accuracy")]
        self.assertEqual([step for step, _ in points], [0, 1])
        self.assertAlmostEqual(points[1][1], 0.93, 6)
        self.assertIn("h", tags["histograms"] + tags["tensors"])
        # TensorBoard shows the path alone, which may be of another machine.
        shown = events.Tensors("artifact/model/text_summary")[0].tensor_proto
        self.assertIn(b"/data/elsewhere.pt", shown.string_val[0])

    def test_mlflow(self):
        import mlflow

        os.mkdir("saved")
        with open("saved/MLmodel", "w") as file:
            file.write("flavors: {}\n")
        tracker = MLflowTracker("./mlruns", config=TrackingConfig(
            experiment_name="exp", notes="a note"))
        log(tracker)
        tracker.log_table("t", [{"q": "1 + 1", "a": 2}])
        tracker.log_model("saved", "model")
        tracker.end_run("failed")
        client = mlflow.MlflowClient("mlruns")
        experiment = client.get_experiment_by_name("exp")
        run, = client.search_runs([experiment.experiment_id])
        self.assertEqual(run.info.status, "FAILED")
        self.assertEqual(run.info.run_name, "run")
        for name, value in {"model": "gpt-4", "n": "3", "none": "None"}.items():
            self.assertEqual(run.data.params[name], value)
        history = client.get_metric_history(run.info.run_id, "accuracy")
        self.assertEqual([(m.step, m.value) for m in history],
                         [(0, 0.5), (1, 0.93)])
        names = {f.path for f in client.list_artifacts(run.info.run_id)}
        self.assertLessEqual({"results.json", "t.json", "model"}, names)
        path = client.download_artifacts(run.info.run_id, "t.json", ".")
        with open(path) as file:
            import pandas

            table = pandas.read_json(io.StringIO(file.read()), orient="split")
        self.assertEqual(table.to_dict("list"), {"q": ["1 + 1"], "a": [2]})

    def test_wandb(self):
        tracker = WandBTracker("p", "team", mode="offline", dir=".")
        log(tracker)
        for number in range(2):
            with open("model.pt", "w") as file:
                file.write(f"checkpoint {number}")
            tracker.log_artifact("model.pt", "best", "model")
        tracker.log_table("answers", [{"q": "1 + 1", "a": 2}])
        tracker.end_run()
        path, = glob.glob("wandb/offline-run-*/*.wandb")
        shown = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "wandb"), "leet",
             "inspect", "--json", path],
            check=True, capture_output=True, text=True)
        self.assertEqual(shown.stderr, "")
        records = [json.loads(line) for line in shown.stdout.splitlines()]
        self.assertEqual([r["num"] for r in records],
                         list(range(1, len(records) + 1)))
        run = next(r["run"] for r in records if "run" in r)
        self.assertEqual(run["project"], "p")
        self.assertEqual(run["display_name"], "run")
        rows = [r["history"]["item"] for r in records if "history" in r]
        self.assertEqual([(row["_step"], row["accuracy"]) for row in rows
                          if "accuracy" in row], [(0, 0.5), (1, 0.93)])
        summary, config = {}, {}
        for record in records:
            summary.update(record.get("summary", {}).get("update", {}))
            for part in (record.get("run", {}).get("config", {}),
                         record.get("config", {})):
                config.update(part.get("update", {}))
        self.assertEqual(config["model"], "gpt-4")
        self.assertEqual(summary["answers"]["_type"], "table-file")
        made = [r["artifact"] for r in records if "artifact" in r]
        self.assertEqual(
            [(a["name"], a["type"],
              [c["path"] for c in a["manifest"]["contents"]]) for a in made],
            [("results.json", "file", ["results.json"]),
             ("best", "model", ["model.pt"]), ("best", "model", ["model.pt"])])
        texts = []
        for artifact in made[1:]:
            with open(artifact["manifest"]["contents"][0]["local_path"]) as file:
                texts.append(file.read())
        self.assertEqual(texts, ["checkpoint 0", "checkpoint 1"])
        self.assertEqual([r["exit"].get("exit_code", 0) for r in records
                          if "exit" in r], [0])


if __name__ == "__main__":
    unittest.main()
