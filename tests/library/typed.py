"""A program with type hints, as `mypy --strict` sees the package."""

from __future__ import annotations

from typing import Any, Callable, Optional

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

config: TrackingConfig = TrackingConfig(project="p", tags=["a"], notes=None)
local = LocalFileTracker(output_dir="out", config=config)
run_id: str = local.start_run(run_name="r", run_id=None, nested=False)
local.log_metrics({"accuracy": 0.9, "count": 3}, step=1)
local.log_params({"any": object(), "none": None})
local.log_artifact("file", artifact_name="name", artifact_type="type")
local.flush(1.0)
local.end_run(status="finished")
data: dict[str, Any] = local.load_run(run_id)
runs: list[str] = local.list_runs()

board = TensorBoardTracker(log_dir="runs")
board.log_histogram("h", [1, 2, 3], step=None)
wandb = WandBTracker("p", entity=None, config=None, mode="offline")
wandb.log_table("t", [{"a": 1}], columns=["a"])
wandb.watch_model(object(), log_freq=10)
mlflow = MLflowTracker(tracking_uri=None, experiment_name="e")
mlflow.log_model(object(), "m", model_flavor="pyfunc")
mlflow.register_model("runs:/1/m", "m")
with MultiTracker([local, board, wandb, mlflow]) as several:
    several.log_metrics({"a": 1.0})
made: ExperimentTracker = create_tracker("local", output_dir="out")
available: bool = itrack.WANDB_AVAILABLE


@auto_track(made, experiment_name=None)
def function(argument: int) -> dict[str, float]:
    return {"a": float(argument)}


decorated: Callable[..., Any] = function


class Mine(ExperimentTracker):
    def start_run(self, run_name: Optional[str] = None,
                  run_id: Optional[str] = None, nested: bool = False) -> str:
        return run_name or "mine"

    def end_run(self, status: str = "finished") -> None:
        pass

    def log_metrics(self, metrics: dict[str, float],
                    step: Optional[int] = None) -> None:
        pass

    def log_params(self, params: dict[str, Any]) -> None:
        pass

    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        pass


Mine(config).log_experiment_result(object(), prefix="p")
