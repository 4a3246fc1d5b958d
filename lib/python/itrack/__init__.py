"""Experiment tracking to local files, TensorBoard, MLflow, W&B and OTLP.

The names, signatures and defaults are those of insideLLMs'
``experiment_tracking``; see :mod:`itrack.experiment_tracking`.
"""

from typing import TYPE_CHECKING

from .experiment_tracking import (
    MLFLOW_AVAILABLE,
    TENSORBOARD_AVAILABLE,
    WANDB_AVAILABLE,
    ExperimentTracker,
    LocalFileTracker,
    MLflowTracker,
    MultiTracker,
    OTLPTracker,
    TensorBoardTracker,
    TrackingConfig,
    WandBTracker,
    auto_track,
    create_tracker,
)

__version__: str

if not TYPE_CHECKING:
    def __getattr__(name: str) -> str:
        """The version, which the library has."""
        if name == "__version__":
            from ._library import version
            return version()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

__all__ = [
    "MLFLOW_AVAILABLE",
    "TENSORBOARD_AVAILABLE",
    "WANDB_AVAILABLE",
    "ExperimentTracker",
    "LocalFileTracker",
    "MLflowTracker",
    "MultiTracker",
    "OTLPTracker",
    "TensorBoardTracker",
    "TrackingConfig",
    "WandBTracker",
    "auto_track",
    "create_tracker",
]
