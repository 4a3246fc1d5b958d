"""Experiment tracking with the names of insideLLMs' ``experiment_tracking``.

A call that logs writes one line to a journal on disk and returns; a worker
program delivers it. What was logged before a ``kill -9`` is delivered, a server
that is down costs the program nothing, and ``itrack sync`` finishes what was
left behind.

What differs from insideLLMs, on purpose:

| what differs | how |
| --- | --- |
| client packages | none is needed: ``wandb``, ``mlflow`` and ``tensorboard`` are not imported, and the three ``..._AVAILABLE`` are true |
| exit | a run that the program does not end is ended by its exit: ``finished`` if the exit status is 0, else ``failed`` |
| taken name | a run ID whose directory is there, and not empty, is not written over: the new run gets ``-2``, ``start_run`` returns that, and ``load_run`` of the name gives the last run |
| second start | a run that is active when another one starts ends as ``finished``, with all that was logged |
| nested | the run around a nested one goes on when that has ended |
| slash | a slash in a project or run name makes no folders of local files, and ``..`` leads nowhere; ``list_runs`` has the whole names |
| status | a status word that is not known counts as ``failed`` and not as finished; local files keep the word (``None`` as text) |
| no number | a metric that is None, a text or without a name is left out with a warning; a call without any leaves no entry |
| step | a step is a whole number from 0 to 2^63-1, else ValueError |
| not finite | NaN and infinities stand in local files as the texts ``"NaN"``, ``"Infinity"``, ``"-Infinity"``: the files are valid JSON, while the run goes on, too |
| changed afterwards | what was logged does not change with the dictionary that it came in |
| folders | a directory can be an artifact, and an artifact's name may have folders |
| MLflow names | an artifact has the name that it was given in MLflow, too |
| switches | ``log_artifacts``, ``log_code`` and ``auto_log_metrics`` do what they say |
| no room | what stands in the way of tracking (no permission, a full disk) is a warning, and the program goes on |
| pickle | a tracker with an active run can't be pickled, and says so |
| paths | ``path`` and ``original_path`` in ``artifacts.json`` are absolute |
| IDs | a new run of an MLflow server that does not answer within five seconds has our ID, because the server's comes later; each call takes either |
| late refusal | what a tracker refuses later (a file that MLflow has no room for) is a warning of ``end_run``; that a ``run_id`` is not there is one of ``start_run`` |
| W&B | without a key runs are written for ``wandb sync``; a directory can be an artifact, gradients are not watched, and a run of the ``run_id`` that is there goes on where ``wandb`` without ``resume`` writes over it |
"""

from __future__ import annotations

import functools
import os
import sys
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

# What `from insideLLMs.experiment_tracking import *` brings: what the module
# defines, and what it imports. The latter is looked up when it is asked for,
# because it takes longer than all the rest.
_LATER = {
    "Path": ("pathlib", "Path"),
    "datetime": ("datetime", "datetime"),
    "importlib": ("importlib", None),
    "json": ("json", None),
    "wandb": ("wandb", None),
    "mlflow": ("mlflow", None),
    "SummaryWriter": ("torch.utils.tensorboard", "SummaryWriter"),
    "ExperimentResult": ("insideLLMs.types", "ExperimentResult"),
    "ProbeScore": ("insideLLMs.types", "ProbeScore"),
}

# insideLLMs' own: OTLPTracker is here, too, but not among them.
__all__ = [
    "ABC", "Any", "ExperimentResult", "ExperimentTracker", "LocalFileTracker",
    "MLFLOW_AVAILABLE", "MLflowTracker", "MultiTracker", "Optional", "Path",
    "ProbeScore", "SummaryWriter", "TENSORBOARD_AVAILABLE",
    "TensorBoardTracker", "TrackingConfig", "WANDB_AVAILABLE", "WandBTracker",
    "abstractmethod", "auto_track", "create_tracker", "dataclass", "datetime",
    "field", "importlib", "json", "mlflow", "os", "wandb",
]


def __getattr__(name: str) -> Any:
    """What the module of insideLLMs imports; None: it is not installed."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    module, member = _LATER[name]
    try:
        value = importlib.import_module(module)
    except ImportError:
        if name != "SummaryWriter":
            return None
        try:
            value = importlib.import_module("tensorboardX")
        except ImportError:
            return None
    return value if member is None else getattr(value, member, None)


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

    def __getstate__(self) -> dict[str, Any]:
        if self._run_active:
            raise TypeError(
                f"a {type(self).__name__} with an active run can't be pickled "
                "or copied: only the process that started the run can log to "
                "it; start one in the other process")
        return {**self.__dict__, "_handle": None}

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
        if self._logs_code() and self.config.log_artifacts:
            self._log_script()
        return started

    def _logs_code(self) -> bool:
        return self.config.log_code

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
        wandb_kwargs: Of ``wandb.init``: ``mode`` (online, offline, disabled),
            ``dir``, ``group``, ``job_type``, ``save_code``, and
            ``resume`` (allow, must, never), which says whether a run of the
            ID that ``start_run`` is given may exist; also ``base_url``.
            Others are named in a warning and left out.
    """

    _kind = "wandb"
    _passed_on = ("mode", "dir", "base_url", "group", "job_type", "resume")

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
        self._watch_warned = False
        unknown = sorted(
            name for name, value in wandb_kwargs.items()
            if name not in (*self._passed_on, "save_code")
            or name == "resume" and value not in (
                None, False, "allow", "must", "never"))
        if unknown:
            from ._library import warn

            warn("not used of wandb_kwargs: " + ", ".join(
                f"{name}={wandb_kwargs[name]!r}" for name in unknown))

    def _options(self) -> dict[str, Optional[str]]:
        options = {"entity": self.entity}
        for name in self._passed_on:
            value = self.wandb_kwargs.get(name)
            if name == "resume" and value not in ("allow", "must", "never"):
                value = None
            options[name] = None if value is None else os.fspath(value)
        return options

    def _logs_code(self) -> bool:
        return super()._logs_code() or bool(self.wandb_kwargs.get("save_code"))

    def log_table(self, table_name: str, data: list[dict[str, Any]],
                  columns: Optional[list[str]] = None) -> None:
        """Log rows as a table; no rows: nothing.

        Raises:
            RuntimeError: No active run.
        """
        handle = self._require_run()
        if data:
            handle.log_table(table_name, columns or list(data[0]), data)

    def watch_model(self, model: Any, log_freq: int = 100) -> None:
        """Say once that gradients are not watched, and go on: that needs hooks
        of the wandb package in the model.

        Raises:
            RuntimeError: No active run.
        """
        self._require_run()
        if not self._watch_warned:
            from ._library import warn

            self._watch_warned = True
            warn("gradients of a model are not watched: that needs the wandb "
                 "package; log_metrics() takes what is worth knowing of them")


class MLflowTracker(_JournalTracker):
    """An MLflow server, or a directory as MLflow's file store.

    Args:
        tracking_uri: Default: ``$MLFLOW_TRACKING_URI``, else ``./mlruns``.
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
        """Upload a model.

        Args:
            model: The path of a directory with a file ``MLmodel``, as
                ``mlflow.<flavor>.save_model`` writes it; or the model itself,
                which your own ``mlflow`` saves where that is installed, else
                the model's method ``save_model(path)``.
            model_name: Where it goes in the run's artifacts.
            model_flavor: ``pytorch``, ``tensorflow``, ...: the directory must
                have it; ``pyfunc``: whatever it has.

        Raises:
            RuntimeError: No active run.
            ValueError: It is no such directory, or lacks the flavor; or
                nothing there can save the model.
            FileNotFoundError: There is nothing of that name.
        """
        import tempfile

        handle = self._require_run()
        if isinstance(model, (str, os.PathLike)):
            handle.log_model(model, model_name, model_flavor)
            return
        with tempfile.TemporaryDirectory(prefix="itrack-model-") as folder:
            path = os.path.join(folder, "model")
            _save_model(model, path, model_flavor)
            if os.path.exists(os.path.join(path, "MLmodel")):
                handle.log_model(path, model_name, model_flavor)
            else:
                handle.log_artifact(path, model_name, "model")

    def register_model(self, model_uri: str, model_name: str) -> None:
        """Make a new version of a registered model, and the model if need be.

        For a model of the active run it comes behind the files that were
        logged before, and ``end_run`` warns of what goes wrong. Else it waits
        up to 10 seconds for delivery; what is not delivered then is a
        RuntimeWarning that says how to finish it.

        Args:
            model_uri: ``runs:/<run ID>/<path>``, with the ID that
                ``start_run`` returned or with MLflow's own, or where the files
                are (``s3://...``).
            model_name: Without slash and colon.

        Raises:
            ValueError: The URI or the name is none.
            RuntimeError: There is no such run, or the server refuses it.
        """
        handle = self._handle if self._run_active else None
        if handle is None or not model_uri.startswith(
                tuple(f"runs:/{name}/" for name in handle.names)):
            from ._library import Handle

            handle = Handle(self._kind, self.config, self._options())
        handle.register_model(model_uri, model_name)


class OTLPTracker(_JournalTracker):
    """A receiver of OpenTelemetry's protocol over HTTP: metrics, and a span for
    the run.

    Args:
        endpoint: Default: ``$OTEL_EXPORTER_OTLP_ENDPOINT``, else
            ``http://localhost:4318``. Headers and the rest come from
            OpenTelemetry's variables.
    """

    _kind = "otlp"

    def __init__(self, endpoint: Optional[str] = None,
                 config: Optional[TrackingConfig] = None):
        super().__init__(config)
        self.endpoint = endpoint

    def _options(self) -> dict[str, Optional[str]]:
        return {"endpoint": self.endpoint or None}

    def log_histogram(self, tag: str, values: Any,
                      step: Optional[int] = None) -> None:
        """Log numbers as a histogram.

        Raises:
            RuntimeError: No active run.
            ValueError: Nothing to count.
        """
        self._require_run().log_histogram(tag, values, step)


def _save_model(model: Any, path: str, flavor: str) -> None:
    """As insideLLMs' tracker has mlflow do it."""
    import importlib

    name = flavor if flavor in ("pytorch", "tensorflow") else "pyfunc"
    try:
        module = importlib.import_module(f"mlflow.{name}")
    except ImportError as error:
        if not hasattr(model, "save_model"):
            raise ValueError(
                f"nothing here can save this model ({error}): install mlflow, "
                "or give the directory that its save_model() wrote") from None
        model.save_model(path)
        return
    if name == "pyfunc":
        module.save_model(path, python_model=model)
    else:
        module.save_model(model, path)


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

    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log a file, or a directory with all files below it.

        Its copy is in the run's directory when the call returns, unless that
        takes more than 10 seconds.

        Args:
            artifact_name: Default: the last component of the path.
            artifact_type: Default: ``file``.

        Raises:
            RuntimeError: No active run.
            FileNotFoundError: There is no such file.
        """
        super().log_artifact(artifact_path, artifact_name, artifact_type)
        self._require_run().wait(10.0)

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
    "otlp": OTLPTracker,
}


def create_tracker(backend: str = "local", **kwargs: Any) -> ExperimentTracker:
    """A tracker by its name: wandb, mlflow, tensorboard, local or otlp.

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
