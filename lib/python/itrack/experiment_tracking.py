"""Experiment tracking with the names of insideLLMs' ``experiment_tracking``.

A call that logs writes one line to a journal on disk and returns; a worker
program delivers it. What was logged before a ``kill -9`` is delivered, a server
that is down costs the program nothing, and ``itrack sync`` finishes what was
left behind.

What differs from insideLLMs, for those who look closely:

* No client package is needed: ``wandb``, ``mlflow`` and ``tensorboard`` are
  never imported.
* A run ID that exists already is not written over: the new run gets ``-2``.
  ``start_run`` returns the ID that it got.
* ``start_run`` of W&B and MLflow returns our ID of the run; the server gives
  its own later (``itrack status`` shows it).
* Params that are lists, dictionaries or other objects are kept as ``str()``.
* A directory can be an artifact.
"""

from __future__ import annotations

import functools
import os
import sys
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Callable, Optional

# What only some programs need is imported where it is needed: ctypes, pathlib
# and json take longer than all the rest.
if TYPE_CHECKING:
    from pathlib import Path

    from ._library import Handle

WANDB_AVAILABLE = True
MLFLOW_AVAILABLE = True
TENSORBOARD_AVAILABLE = True

_NO_RUN = "No active run. Call start_run() first."


@dataclass
class TrackingConfig:
    """What every tracker may be told.

    Attributes:
        project: Name of the project.
        experiment_name: Name of the experiment; the run's name where none is
            given.
        tags: Tags of each run.
        notes: Notes about each run.
        log_artifacts: False keeps all files away, tables and models too.
        log_code: Save the git commit as the artifact ``code.json`` and the
            program's script as ``code/<name>``.
        auto_log_metrics: False: :func:`auto_track` logs no metrics.
    """

    project: str = "insideLLMs"
    experiment_name: Optional[str] = None
    tags: list[str] = field(default_factory=list)
    notes: Optional[str] = None
    log_artifacts: bool = True
    log_code: bool = False
    auto_log_metrics: bool = True


class ExperimentTracker(ABC):
    """Base of all trackers; may be subclassed in Python.

    ``with tracker:`` starts a run named by the config and ends it as
    ``finished``, or as ``failed`` after any exception.
    """

    def __init__(self, config: Optional[TrackingConfig] = None):
        self.config = config or TrackingConfig()
        self._run_active = False
        self._run_id: Optional[str] = None
        self._step = 0

    @abstractmethod
    def start_run(self, run_name: Optional[str] = None,
                  run_id: Optional[str] = None, nested: bool = False) -> str:
        """Start a run and return its ID."""

    @abstractmethod
    def end_run(self, status: str = "finished") -> None:
        """End the run: ``finished``, ``failed`` or ``killed``."""

    @abstractmethod
    def log_metrics(self, metrics: dict[str, float],
                    step: Optional[int] = None) -> None:
        """Log numbers at a step; without one the next of 0, 1, 2, ..."""

    @abstractmethod
    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters of the run."""

    @abstractmethod
    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log a file."""

    def log_experiment_result(self, result: Any, prefix: str = "") -> None:
        """Log an insideLLMs ExperimentResult, or what has its attributes.

        Args:
            result: Has success_rate, total_count, success_count, error_count,
                score, duration_seconds, experiment_id, model_info (name,
                provider), probe_name and probe_category.
            prefix: Put before each name.
        """
        metrics = {
            f"{prefix}success_rate": result.success_rate,
            f"{prefix}total_count": float(result.total_count),
            f"{prefix}success_count": float(result.success_count),
            f"{prefix}error_count": float(result.error_count),
        }
        if result.score:
            metrics.update(self._score_to_metrics(result.score, prefix))
        if result.duration_seconds is not None:
            metrics[f"{prefix}duration_seconds"] = result.duration_seconds
        self.log_metrics(metrics)
        category = result.probe_category
        self.log_params({
            f"{prefix}experiment_id": result.experiment_id,
            f"{prefix}model_name": result.model_info.name,
            f"{prefix}model_provider": result.model_info.provider,
            f"{prefix}probe_name": result.probe_name,
            f"{prefix}probe_category": getattr(category, "value", category),
        })

    def _score_to_metrics(self, score: Any,
                          prefix: str = "") -> dict[str, float]:
        metrics = {}
        for name in ("accuracy", "precision", "recall", "f1_score",
                     "mean_latency_ms", "total_tokens", "error_rate"):
            value = getattr(score, name, None)
            if value is not None:
                metrics[prefix + name] = (
                    float(value) if name == "total_tokens" else value)
        return metrics

    def __enter__(self) -> "ExperimentTracker":
        self.start_run(run_name=self.config.experiment_name)
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        self.end_run(status="failed" if exc_type else "finished")


class _JournalTracker(ExperimentTracker):
    """A tracker of libitrack.

    Raises:
        ImportError: libitrack is not there.
    """

    _kind = ""

    def __init__(self, config: Optional[TrackingConfig] = None):
        from ._library import load

        load()
        super().__init__(config)
        self._handle: Optional[Handle] = None
        self._depth = 0

    def _options(self) -> dict[str, Optional[str]]:
        return {}

    def _require_run(self) -> Handle:
        if not self._run_active or self._handle is None:
            raise RuntimeError(_NO_RUN)
        return self._handle

    def start_run(self, run_name: Optional[str] = None,
                  run_id: Optional[str] = None, nested: bool = False) -> str:
        """Start a run and return its ID.

        Active runs are ended as ``finished`` first, or go on beneath with
        ``nested`` (MLflow shows the innermost as the parent).

        Args:
            run_name: Default: the config's experiment_name, else the time.
            run_id: Default: the run_name.

        What stands in the way of tracking (a directory that can't be written,
        no worker) is a RuntimeWarning, and the program goes on.

        Raises:
            ValueError: An option or a part of the config is wrong.
        """
        nested = nested and self._run_active
        if not nested:
            while self._run_active:
                self.end_run()
            from ._library import Handle

            # Anew each time: the config may have changed.
            self._handle = Handle(self._kind, self.config, self._options())
            self._depth = 0
        assert self._handle is not None
        started = self._handle.start_run(run_name, run_id, nested)
        self._depth += 1
        self._run_active = True
        self._run_id = started
        self._step = 0
        if self.config.log_code and self.config.log_artifacts:
            self._log_script()
        return started

    def _log_script(self) -> None:
        """The program's source; the library itself knows the git commit."""
        script = getattr(sys.modules.get("__main__"), "__file__", None)
        if script is None or self._handle is None:
            return
        try:
            self._handle.log_artifact(
                script, "code/" + os.path.basename(script), "code")
        except OSError:
            # It may have come from somewhere else than a file.
            pass

    def end_run(self, status: str = "finished") -> None:
        """End the run; without an active run nothing happens.

        Waits up to 10 seconds for delivery. What is not delivered then is a
        RuntimeWarning that says how to finish it.

        Args:
            status: ``finished``, ``failed`` or ``killed``. Any other word
                counts as ``failed``; local files keep the word.
        """
        if not self._run_active or self._handle is None:
            return
        self._depth -= 1
        self._run_active = self._depth > 0
        try:
            self._handle.end_run(str(status) or "failed")
        finally:
            if not self._run_active:
                self._handle = None

    def log_metrics(self, metrics: dict[str, float],
                    step: Optional[int] = None) -> None:
        """Log numbers at a step; without one the next of 0, 1, 2, ...

        A value that is no number (None, a text) is left out with a
        RuntimeWarning, and the others are logged.

        Raises:
            RuntimeError: No active run.
            ValueError: The step is no whole number from 0 to 2**63 - 1.
        """
        self._require_run().log_metrics(metrics, step)
        if step is None:
            self._step += 1

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters; later values of a name replace earlier ones.

        Lists and dictionaries keep their structure where the tracker has a
        place for it (local files, W&B's config); other objects are ``str()``.

        Raises:
            RuntimeError: No active run.
        """
        self._require_run().log_params(params)

    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log a file, or a directory with all files below it.

        What it has now is kept until it is delivered: it may change or go
        when the call has returned.

        Args:
            artifact_name: Default: the last component of the path.
            artifact_type: Default: ``file``.

        Raises:
            RuntimeError: No active run.
            FileNotFoundError: There is no such file.
        """
        self._require_run().log_artifact(
            artifact_path, artifact_name or None, artifact_type or None)

    def flush(self, seconds: float = 10.0) -> None:
        """Wait until what was logged is delivered.

        What a tracker refuses, or can't have now, is a RuntimeWarning.

        Raises:
            RuntimeError: No active run.
            TimeoutError: Not everything is there after so many seconds.
        """
        self._require_run().flush(seconds)


class WandBTracker(_JournalTracker):
    """Weights & Biases, online by a key, else as offline files.

    Args:
        project: Stands above the config's project.
        entity: User or team.
        wandb_kwargs: Of ``wandb.init``: mode (``online``, ``offline``), dir,
            base_url. Others are named in a warning and left out.
    """

    _kind = "wandb"

    def __init__(self, project: str = "insideLLMs",
                 entity: Optional[str] = None,
                 config: Optional[TrackingConfig] = None,
                 **wandb_kwargs: Any):
        if config is None:
            config = TrackingConfig(project=project)
        else:
            config.project = project
        super().__init__(config)
        self.entity = entity
        self.wandb_kwargs = wandb_kwargs
        unknown = set(wandb_kwargs) - {"mode", "dir", "base_url"}
        if unknown:
            warnings.warn(
                "itrack: not used of wandb_kwargs: " + ", ".join(
                    sorted(unknown)), RuntimeWarning, stacklevel=2)

    def _options(self) -> dict[str, Optional[str]]:
        options = {"entity": self.entity}
        for name in ("mode", "dir", "base_url"):
            value = self.wandb_kwargs.get(name)
            options[name] = None if value is None else os.fspath(value)
        return options

    def log_table(self, table_name: str, data: list[dict[str, Any]],
                  columns: Optional[list[str]] = None) -> None:
        """Log rows as a table; no rows: nothing.

        Raises:
            RuntimeError: No active run.
            ValueError: A column has a dot in its name.
        """
        handle = self._require_run()
        if data:
            handle.log_table(table_name, columns or list(data[0]), data)

    def watch_model(self, model: Any, log_freq: int = 100) -> None:
        """Not possible without the wandb package.

        Raises:
            RuntimeError: No active run.
            NotImplementedError: Always else.
        """
        self._require_run()
        raise NotImplementedError("itrack can't watch gradients of a model")


class MLflowTracker(_JournalTracker):
    """An MLflow server, or a directory as MLflow's file store.

    Args:
        tracking_uri: Default: ``$MLFLOW_TRACKING_URI``.
        experiment_name: Counts where no config is given; the experiment is
            else the config's experiment_name or project.
    """

    _kind = "mlflow"

    def __init__(self, tracking_uri: Optional[str] = None,
                 experiment_name: Optional[str] = None,
                 config: Optional[TrackingConfig] = None):
        if config is None:
            config = TrackingConfig(experiment_name=experiment_name)
        super().__init__(config)
        self.tracking_uri = tracking_uri

    def _options(self) -> dict[str, Optional[str]]:
        return {
            "tracking_uri": self.tracking_uri or None,
            "experiment_name": self.config.experiment_name
            or self.config.project,
        }

    def log_table(self, table_name: str, data: list[dict[str, Any]],
                  columns: Optional[list[str]] = None) -> None:
        """Log rows as MLflow's own table artifact ``<table_name>.json``.

        Raises:
            RuntimeError: No active run.
        """
        handle = self._require_run()
        if data:
            handle.log_table(table_name, columns or list(data[0]), data)

    def log_model(self, model: Any, model_name: str,
                  model_flavor: str = "pyfunc") -> None:
        """Upload a saved model.

        Args:
            model: The path of a directory with a file ``MLmodel``, as
                ``mlflow.<flavor>.save_model`` writes it.
            model_name: Where it goes in the run's artifacts.
            model_flavor: ``pytorch``, ``tensorflow``, ...: the directory must
                have it; ``pyfunc``: whatever it has.

        Raises:
            RuntimeError: No active run.
            ValueError: It is no such directory, or lacks the flavor.
            FileNotFoundError: There is nothing of that name.
        """
        handle = self._require_run()
        if not isinstance(model, (str, os.PathLike)):
            raise ValueError(
                "itrack uploads models that are saved already: give the "
                "directory that mlflow's save_model() wrote")
        handle.log_model(model, model_name, model_flavor)

    def register_model(self, model_uri: str, model_name: str) -> None:
        """Make a new version of a registered model, and the model if need be.

        Works without an active run: then it waits up to 10 seconds for
        delivery, and what is not delivered is a RuntimeWarning that says how to
        finish it. In a run it comes behind the files that were logged before.

        Args:
            model_uri: ``runs:/<run ID>/<path>``, with the ID that
                ``start_run`` returned or with MLflow's own, or where the files
                are (``s3://...``).
            model_name: Without slash and colon.

        Raises:
            ValueError: The URI or the name is none.
            RuntimeError: The server refuses it (in a run: ``end_run`` warns).
        """
        handle = self._handle if self._run_active else None
        if handle is None:
            from ._library import Handle

            handle = Handle(self._kind, self.config, self._options())
        handle.register_model(model_uri, model_name)


class TensorBoardTracker(_JournalTracker):
    """Event files below ``log_dir``.

    Args:
        log_dir: Gets a directory for each run.
    """

    _kind = "tensorboard"

    def __init__(self, log_dir: str = "./runs",
                 config: Optional[TrackingConfig] = None):
        super().__init__(config)
        self.log_dir = log_dir

    def _options(self) -> dict[str, Optional[str]]:
        return {"log_dir": os.fspath(self.log_dir)}

    def log_histogram(self, tag: str, values: Any,
                      step: Optional[int] = None) -> None:
        """Log numbers as a histogram.

        Args:
            values: Numbers, or an array of them; what is not finite is left
                out.
            step: Default: the next automatic step, which is not taken.

        Raises:
            RuntimeError: No active run.
            ValueError: Nothing to count.
        """
        self._require_run().log_histogram(tag, values, step)


class LocalFileTracker(_JournalTracker):
    """JSON files and copies of artifacts in
    ``<output_dir>/<project>/<run ID>/``.

    Args:
        output_dir: Default: ``./experiments``.
    """

    _kind = "local"
    def __init__(self, output_dir: str = "./experiments",
                 config: Optional[TrackingConfig] = None):
        from pathlib import Path

        super().__init__(config)
        self.output_dir = Path(output_dir)

    def _options(self) -> dict[str, Optional[str]]:
        return {"output_dir": os.fspath(self.output_dir)}

    @property
    def _run_dir(self) -> Optional[Path]:
        from pathlib import Path

        handle = self._handle if self._run_active else None
        place = handle.run_dir() if handle is not None else None
        return None if place is None else Path(place)

    def _look(self) -> Handle:
        from ._library import Handle

        return Handle(self._kind, self.config, self._options())

    def load_run(self, run_id: str) -> dict[str, Any]:
        """A run's documents: metadata, metrics, params, artifacts,
        final_state, as far as they exist.

        Args:
            run_id: An ID that ``start_run`` or ``list_runs`` returned means
                that very run. Any other text, as the name that ``start_run``
                was given, means the last run that was started by it
                (``nightly``, ``nightly-2``, ...).

        Raises:
            FileNotFoundError: No such run.
        """
        from ._library import RunID

        handle = self._look()
        if not isinstance(run_id, RunID):
            run_id = self._last_of(handle, run_id)
        return handle.load_run(run_id)

    @staticmethod
    def _last_of(handle: Handle, name: str) -> str:
        """The repetition with the highest number; a run that was given such a
        name by itself is none."""
        prefix = name + "-"
        numbers = [run_id[len(prefix):] for run_id in handle.list_runs()
                   if run_id.startswith(prefix)]
        for number in sorted((int(n) for n in numbers if n.isascii()
                              and n.isdigit() and n[0] != "0" and n != "1"),
                             reverse=True):
            data = handle.load_run(f"{prefix}{number}")
            if "metadata" not in data:
                continue
            first = handle.load_run(name).get("metadata", {})
            if data["metadata"].get("run_name") == first.get("run_name"):
                return f"{prefix}{number}"
        return name

    def list_runs(self) -> list[str]:
        """The IDs of the project's runs, sorted."""
        return self._look().list_runs()


class MultiTracker(ExperimentTracker):
    """Several trackers at once: each call goes to each in turn.

    Raises:
        ValueError: No trackers.
    """

    def __init__(self, trackers: list[ExperimentTracker],
                 config: Optional[TrackingConfig] = None):
        if not trackers:
            raise ValueError("MultiTracker requires at least one tracker")
        super().__init__(config)
        self.trackers = trackers

    def start_run(self, run_name: Optional[str] = None,
                  run_id: Optional[str] = None, nested: bool = False) -> str:
        """Start a run in each; returns the first one's ID."""
        run_ids = [
            tracker.start_run(run_name=run_name, run_id=run_id, nested=nested)
            for tracker in self.trackers
        ]
        self._run_active = True
        self._run_id = run_ids[0]
        return run_ids[0]

    def end_run(self, status: str = "finished") -> None:
        """End the run of each."""
        for tracker in self.trackers:
            tracker.end_run(status=status)
        self._run_active = False

    def log_metrics(self, metrics: dict[str, float],
                    step: Optional[int] = None) -> None:
        """Log to each."""
        for tracker in self.trackers:
            tracker.log_metrics(metrics, step=step)

    def log_params(self, params: dict[str, Any]) -> None:
        """Log to each."""
        for tracker in self.trackers:
            tracker.log_params(params)

    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log to each."""
        for tracker in self.trackers:
            tracker.log_artifact(artifact_path, artifact_name, artifact_type)


_BACKENDS: dict[str, type[ExperimentTracker]] = {
    "wandb": WandBTracker,
    "mlflow": MLflowTracker,
    "tensorboard": TensorBoardTracker,
    "local": LocalFileTracker,
}


def create_tracker(backend: str = "local", **kwargs: Any) -> ExperimentTracker:
    """A tracker by its name: wandb, mlflow, tensorboard or local.

    Raises:
        ValueError: Another name.
    """
    if backend not in _BACKENDS:
        raise ValueError(
            f"Unknown backend: {backend}. "
            f"Choose from: {list(_BACKENDS.keys())}")
    return _BACKENDS[backend](**kwargs)


def auto_track(tracker: ExperimentTracker,
               experiment_name: Optional[str] = None) -> Callable[..., Any]:
    """Decorator: each call of the function is a run.

    The numbers in a dictionary that the function returns are logged (booleans
    as 0.0 and 1.0). The run ends as ``finished``, or as ``failed`` after an
    Exception, which is passed on.

    Args:
        experiment_name: Name of the runs; default: the function's name.
    """

    def decorator(func: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(func)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            tracker.start_run(run_name=experiment_name or func.__name__)
            try:
                result = func(*args, **kwargs)
                if isinstance(result, dict) and tracker.config.auto_log_metrics:
                    numbers = {
                        str(key): float(value)
                        for key, value in result.items()
                        if isinstance(value, (int, float))
                    }
                    if numbers:
                        tracker.log_metrics(numbers)
                tracker.end_run(status="finished")
                return result
            except Exception:
                tracker.end_run(status="failed")
                raise

        return wrapper

    return decorator
