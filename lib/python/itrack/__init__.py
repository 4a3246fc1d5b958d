"""Experiment tracking to local files, TensorBoard, MLflow, W&B and OTLP.

The names, signatures and defaults are those of insideLLMs'
``experiment_tracking``; see :mod:`itrack.experiment_tracking`.
"""

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

__version__ = "0.1.0"

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
