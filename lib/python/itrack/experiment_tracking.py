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
| taken, too | a path of bytes, a number as a run's name, and a link to a directory as an artifact are taken; ``tags=None`` is no tags |
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
        project: Name of the project: a folder of local files, the project of
            W&B, the experiment of MLflow where ``experiment_name`` is not
            given, an attribute of OpenTelemetry's resource.
        experiment_name: Name of the experiment; the run's name where
            ``start_run`` gets none.
        tags: Tags of each run, as each tracker has them (MLflow: each with the
            value "true").
        notes: Free text about each run; MLflow's description, W&B's notes.
        log_artifacts: False keeps all files away, tables and models too.
        log_code: Save the git commit as the artifact ``code.json`` and the
            program's script as ``code/<name>``.
        auto_log_metrics: False: :func:`auto_track` logs no metrics.

    The config is read anew by each ``start_run``.

    Examples:
        >>> config = TrackingConfig(project="triage", tags=["nightly"])
        >>> config.project, config.tags, config.log_artifacts
        ('triage', ['nightly'], True)
        >>> tracker = LocalFileTracker("out", config)
        >>> tracker.start_run("first")
        'first'
        >>> tracker.end_run()

        Without any file:

        >>> config = TrackingConfig(log_artifacts=False)

    See Also:
        :class:`ExperimentTracker`, whose ``config`` it becomes.
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

    Args:
        config: Default: a :class:`TrackingConfig` without changes.

    Attributes:
        config: As given.

    Examples:
        A tracker of your own, which takes part in a :class:`MultiTracker`:

        >>> class Printer(ExperimentTracker):
        ...     def start_run(self, run_name=None, run_id=None, nested=False):
        ...         self._run_active, self._run_id = True, run_id or run_name
        ...         return self._run_id
        ...     def end_run(self, status="finished"):
        ...         print("ended:", status)
        ...         self._run_active = False
        ...     def log_metrics(self, metrics, step=None):
        ...         print(step, metrics)
        ...     def log_params(self, params):
        ...         print(params)
        ...     def log_artifact(self, artifact_path, artifact_name=None,
        ...                      artifact_type=None):
        ...         print(artifact_path)
        >>> with Printer(TrackingConfig(experiment_name="mine")) as tracker:
        ...     tracker.log_metrics({"accuracy": 0.9}, step=3)
        3 {'accuracy': 0.9}
        ended: finished

    See Also:
        :class:`LocalFileTracker`, :class:`TensorBoardTracker`,
        :class:`MLflowTracker`, :class:`WandBTracker`, :class:`OTLPTracker`,
        :class:`MultiTracker`.
    """

    def __init__(self, config: Optional[TrackingConfig] = None):
        """Take the config; nothing is begun before ``start_run``.

        Args:
            config: Default: a :class:`TrackingConfig` without changes.
        """
        self.config = config or TrackingConfig()
        self._run_active = False
        self._run_id: Optional[str] = None
        self._step = 0

    @abstractmethod
    def start_run(self, run_name: Optional[str] = None,
                  run_id: Optional[str] = None, nested: bool = False) -> str:
        """Start a run; what is logged from here on belongs to it.

        Args:
            run_name: For people. Default: the config's experiment_name, else
                the time.
            run_id: The run's ID, for trackers that take one. Default: the
                run_name, or what the tracker chooses.
            nested: True: the active run goes on, and this one begins within
                it.

        Returns:
            The run's ID, as the tracker calls it.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> tracker.start_run("baseline")
            'baseline'
            >>> tracker.start_run("inner", nested=True)
            'inner'
            >>> tracker.end_run()       # inner; baseline goes on
            >>> tracker.end_run()

        See Also:
            :meth:`end_run`.
        """

    @abstractmethod
    def end_run(self, status: str = "finished") -> None:
        """End the run; without an active run nothing happens.

        Args:
            status: ``finished``, ``failed`` or ``killed``.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> run_id = tracker.start_run("risky")
            >>> try:
            ...     raise ValueError("no answer")
            ... except ValueError:
            ...     tracker.end_run(status="failed")
            >>> tracker.load_run("risky")["final_state"]["status"]
            'failed'

        See Also:
            ``with tracker:``, which calls it with the right word.
        """

    @abstractmethod
    def log_metrics(self, metrics: dict[str, float],
                    step: Optional[int] = None) -> None:
        """Log numbers at a step.

        Args:
            metrics: Names and numbers. A slash in a name groups it where the
                tracker has groups (``train/loss``).
            step: Default: the next of 0, 1, 2, ...

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> with LocalFileTracker("out") as tracker:
            ...     for epoch in range(3):
            ...         tracker.log_metrics({"loss": 1 / (epoch + 1)}, epoch)
            ...     tracker.log_metrics({"train/loss": 0.3, "val/loss": 0.4})

        See Also:
            :meth:`log_params`, :meth:`log_experiment_result`.
        """

    @abstractmethod
    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters: what the run was made with. They have no step.

        Args:
            params: Names and values of any type; a later call adds to them.

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> with LocalFileTracker("out") as tracker:
            ...     tracker.log_params({"model": "gpt-4", "temperature": 0.7})
            ...     tracker.log_params({"dataset": {"name": "arc", "n": 10}})

        See Also:
            :meth:`log_metrics`.
        """

    @abstractmethod
    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log a file.

        Args:
            artifact_path: Where it is.
            artifact_name: Its name in the run. Default: the last component of
                the path.
            artifact_type: What it is: ``model``, ``dataset``, ``config``, ...
                Default: ``file``.

        Raises:
            RuntimeError: No active run.
            FileNotFoundError: There is no such file.

        Examples:
            >>> with open("results.json", "w") as file:
            ...     count = file.write("{}")
            >>> with LocalFileTracker("out") as tracker:
            ...     tracker.log_artifact("results.json")
            ...     tracker.log_artifact("results.json", "first", "results")

        See Also:
            :meth:`log_params`, for what is short.
        """

    def log_experiment_result(self, result: Any, prefix: str = "") -> None:
        """Log an insideLLMs ExperimentResult, or what has its attributes.

        One call of :meth:`log_metrics` has ``success_rate``, ``total_count``,
        ``success_count``, ``error_count``; of the score, if there is one,
        ``accuracy``, ``precision``, ``recall``, ``f1_score``,
        ``mean_latency_ms``, ``total_tokens``, ``error_rate`` as far as they
        are not None; and ``duration_seconds`` if it is known. One call of
        :meth:`log_params` has ``experiment_id``, ``model_name``,
        ``model_provider``, ``probe_name``, ``probe_category``.

        Args:
            result: Has success_rate, total_count, success_count, error_count,
                score, duration_seconds, experiment_id, model_info (name,
                provider), probe_name and probe_category.
            prefix: Put before each name, so that several results of one run
                stand apart.

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> from types import SimpleNamespace
            >>> result = SimpleNamespace(
            ...     experiment_id="e1", probe_name="Logic",
            ...     probe_category="logic",
            ...     model_info=SimpleNamespace(name="gpt-4", provider="openai"),
            ...     success_rate=0.75, total_count=4, success_count=3,
            ...     error_count=1, score=None, duration_seconds=1.5)
            >>> tracker = LocalFileTracker("out")
            >>> run_id = tracker.start_run("result")
            >>> tracker.log_experiment_result(result, prefix="logic_")
            >>> tracker.end_run()
            >>> tracker.load_run("result")["params"]["logic_model_name"]
            'gpt-4'

        See Also:
            :meth:`log_metrics`, :meth:`log_params`.
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
        """The members of a score that are not None, each with the prefix.

        Args:
            score: Has accuracy, precision, recall, f1_score, mean_latency_ms,
                total_tokens, error_rate, or some of them.
            prefix: Put before each name.

        Returns:
            Names and numbers; total_tokens as a float.
        """
        metrics = {}
        for name in ("accuracy", "precision", "recall", "f1_score",
                     "mean_latency_ms", "total_tokens", "error_rate"):
            value = getattr(score, name, None)
            if value is not None:
                metrics[prefix + name] = (
                    float(value) if name == "total_tokens" else value)
        return metrics

    def __enter__(self) -> "ExperimentTracker":
        """Start a run, named by the config's experiment_name.

        Returns:
            The tracker.
        """
        self.start_run(run_name=self.config.experiment_name)
        return self

    def __exit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        """End the run: as ``failed`` after any exception, which goes on, else
        as ``finished``.

        Args:
            exc_type: The exception's type; None: there was none.
            exc_val: The exception; None: as well.
            exc_tb: Where it was raised; None: as well.
        """
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

        What stands in the way of tracking (a directory that can't be written,
        no worker) is a RuntimeWarning, and the program goes on.

        Args:
            run_name: Default: the config's experiment_name, else the time.
            run_id: Default: the run_name. W&B: W&B's ID of the run, which goes
                on if it is there; MLflow: the ID of a run that is there, which
                goes on.
            nested: True: the active run goes on, and this one begins within
                it; the calls that log belong to the inner one until it ends.

        Returns:
            What the tracker calls the run: the name of its directory, the ID
            of W&B, that of an MLflow server if it answers within five seconds.

        Raises:
            ValueError: An option or a part of the config is wrong.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> tracker.start_run("nightly")
            'nightly'
            >>> tracker.end_run()
            >>> tracker.start_run("nightly")    # nothing is written over
            'nightly-2'
            >>> tracker.end_run()
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

        Waits up to 10 seconds for delivery. What is not delivered then, or was
        refused, is a RuntimeWarning that says how to finish it; nothing is
        lost.

        Args:
            status: ``finished``, ``failed`` or ``killed``. Any other word
                counts as ``failed``; local files keep the word.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> run_id = tracker.start_run("stopped")
            >>> tracker.end_run("killed")
            >>> tracker.load_run("stopped")["final_state"]["status"]
            'killed'
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
        RuntimeWarning, and the others are logged. The call appends a line to
        the journal and returns: it waits for no disk and no server.

        Args:
            metrics: Names and numbers; an int stays one.
            step: A whole number. TensorBoard and W&B want it to rise.

        Raises:
            RuntimeError: No active run.
            ValueError: The step is no whole number from 0 to 2**63 - 1.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> run_id = tracker.start_run("steps")
            >>> tracker.log_metrics({"loss": 0.5, "seen": 10})
            >>> tracker.log_metrics({"loss": 0.25}, step=7)
            >>> tracker.end_run()
            >>> calls = tracker.load_run("steps")["metrics"]
            >>> [(call["step"], call["metrics"]) for call in calls]
            [(0, {'loss': 0.5, 'seen': 10}), (7, {'loss': 0.25})]
        """
        self._require_run().log_metrics(metrics, step)
        if step is None:
            self._step += 1

    def log_params(self, params: dict[str, Any]) -> None:
        """Log parameters; later values of a name replace earlier ones.

        Lists and dictionaries keep their structure where the tracker has a
        place for it (local files, W&B's config); other objects are ``str()``.

        Args:
            params: Names and values.

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> run_id = tracker.start_run("params")
            >>> tracker.log_params({"model": "gpt-4", "stop": ["a", "b"]})
            >>> tracker.log_params({"model": "gpt-4o"})
            >>> tracker.end_run()
            >>> tracker.load_run("params")["params"]
            {'model': 'gpt-4o', 'stop': ['a', 'b']}
        """
        self._require_run().log_params(params)

    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log a file, or a directory with all files below it.

        What it has now is kept until it is delivered: it may change or go when
        the call has returned. W&B has each call as an artifact, or as a
        version of the one of that name and type; TensorBoard shows the path
        alone, which need not be there.

        Args:
            artifact_path: A file or a directory.
            artifact_name: Default: the last component of the path.
            artifact_type: Default: ``file``.

        Raises:
            RuntimeError: No active run.
            FileNotFoundError: There is no such file.

        Examples:
            >>> with open("model.pt", "w") as file:
            ...     count = file.write("weights")
            >>> with TensorBoardTracker("runs") as tracker:
            ...     tracker.log_artifact("model.pt", "best", "model")
        """
        self._require_run().log_artifact(
            artifact_path, artifact_name or None, artifact_type or None)

    def flush(self, seconds: float = 10.0) -> None:
        """Wait until what was logged is delivered.

        What a tracker refuses, or can't have now, is a RuntimeWarning. A
        program needs this where it reads what it logged before the run has
        ended.

        Args:
            seconds: How long to wait at most.

        Raises:
            RuntimeError: No active run.
            TimeoutError: Not everything is there after so many seconds.

        Examples:
            >>> with TensorBoardTracker("runs") as tracker:
            ...     tracker.log_metrics({"loss": 0.5})
            ...     tracker.flush(seconds=60)
        """
        self._require_run().flush(seconds)


class WandBTracker(_JournalTracker):
    """Weights & Biases, online by a key, else as offline files for ``wandb
    sync``.

    The key is that of ``WANDB_API_KEY`` or of ``wandb login``.

    Args:
        project: Stands above the config's project.
        entity: User or team.
        config: Tags, notes and the rest; its ``project`` is set to
            ``project``.
        wandb_kwargs: Of ``wandb.init``: ``mode`` (online, offline, disabled),
            ``dir``, ``group``, ``job_type``, ``save_code``, and ``resume``
            (allow, must, never), which says whether a run of the ID that
            ``start_run`` is given may exist; also ``base_url``. Others are
            named in a warning and left out.

    Attributes:
        entity: As given.
        wandb_kwargs: As given.

    Examples:
        >>> tracker = WandBTracker("triage", mode="offline", dir=".")
        >>> with tracker:
        ...     tracker.log_params({"model": "gpt-4"})
        ...     tracker.log_metrics({"accuracy": 0.95})

        In a team, beside other runs:

        >>> tracker = WandBTracker("triage", "my-team", mode="offline", dir=".",
        ...                        group="sweep", job_type="evaluation")

        A run that goes on where it was:

        >>> tracker = WandBTracker("triage", mode="offline", dir=".",
        ...                        resume="allow")
        >>> tracker.start_run("long", run_id="long1")
        'long1'
        >>> tracker.end_run()

    See Also:
        :class:`MLflowTracker`, :class:`MultiTracker`.
    """

    _kind = "wandb"
    _passed_on = ("mode", "dir", "base_url", "group", "job_type", "resume")

    def __init__(self, project: str = "insideLLMs",
                 entity: Optional[str] = None,
                 config: Optional[TrackingConfig] = None,
                 **wandb_kwargs: Any):
        """Take the arguments, see :class:`WandBTracker`.

        Args:
            project: Stands above the config's project.
            entity: User or team.
            config: Tags, notes and the rest.
            wandb_kwargs: Of ``wandb.init``.

        Raises:
            ImportError: libitrack is not there.
        """
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

        Args:
            table_name: The key that W&B shows it by.
            data: The rows.
            columns: The keys that become columns, in this order. Default:
                those of the first row. A row without one has an empty cell.

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> with WandBTracker("triage", mode="offline", dir=".") as tracker:
            ...     rows = [{"question": "1 + 1", "answer": 2, "seconds": 0.1},
            ...             {"question": "2 + 2", "answer": 5, "seconds": 0.2}]
            ...     tracker.log_table("answers", rows)
            ...     tracker.log_table("short", rows, ["question", "answer"])

        See Also:
            :meth:`log_metrics`, :meth:`log_artifact`.
        """
        handle = self._require_run()
        if data:
            handle.log_table(table_name, columns or list(data[0]), data)

    def watch_model(self, model: Any, log_freq: int = 100) -> None:
        """Say once that gradients are not watched, and go on: that needs hooks
        of the wandb package in the model.

        Args:
            model: Not looked at.
            log_freq: Not used.

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> import warnings
            >>> with WandBTracker("triage", mode="offline", dir=".") as tracker:
            ...     with warnings.catch_warnings(record=True) as said:
            ...         warnings.simplefilter("always")
            ...         tracker.watch_model(object(), log_freq=50)
            >>> "not watched" in str(said[0].message)
            True

        See Also:
            :meth:`log_metrics`, which takes the norm of a gradient.
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
        tracking_uri: ``http://...``, ``https://...``, a directory or
            ``file:...``. Default: ``$MLFLOW_TRACKING_URI``, else ``./mlruns``.
        experiment_name: Counts where no config is given; the experiment is
            else the config's experiment_name or project. It is made if need
            be.
        config: Tags, notes and the rest.

    Attributes:
        tracking_uri: As given.

    Examples:
        >>> tracker = MLflowTracker("./mlruns", "nightly")
        >>> with tracker:
        ...     tracker.log_params({"model": "gpt-4"})
        ...     tracker.log_metrics({"accuracy": 0.95})

        At a server, a run within a run:

        >>> tracker = MLflowTracker("http://127.0.0.1:5000", "nightly")
        >>> outer = tracker.start_run("all")                  # doctest: +SKIP
        >>> inner = tracker.start_run("one", nested=True)     # doctest: +SKIP

    See Also:
        :class:`WandBTracker`, :class:`LocalFileTracker`.
    """

    _kind = "mlflow"

    def __init__(self, tracking_uri: Optional[str] = None,
                 experiment_name: Optional[str] = None,
                 config: Optional[TrackingConfig] = None):
        """Take the arguments, see :class:`MLflowTracker`.

        Args:
            tracking_uri: A server or a directory.
            experiment_name: Counts where no config is given.
            config: Tags, notes and the rest.

        Raises:
            ImportError: libitrack is not there.
        """
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
        """Log rows as MLflow's own table artifact ``<table_name>.json``; no
        rows: nothing.

        Args:
            table_name: The artifact's name without ``.json``.
            data: The rows.
            columns: The keys that become columns, in this order. Default:
                those of the first row.

        Raises:
            RuntimeError: No active run.

        Examples:
            >>> with MLflowTracker("./mlruns", "nightly") as tracker:
            ...     tracker.log_table("sums", [{"sum": "1 + 1", "answer": 2}])
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

        Examples:
            >>> import os
            >>> os.makedirs("saved", exist_ok=True)
            >>> with open("saved/MLmodel", "w") as file:
            ...     count = file.write("flavors: {}\\n")
            >>> with MLflowTracker("./mlruns", "nightly") as tracker:
            ...     tracker.log_model("saved", "classifier")

        See Also:
            :meth:`register_model`, :meth:`log_artifact`.
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

        Examples:
            >>> tracker = MLflowTracker("http://127.0.0.1:5000")
            >>> run_id = tracker.start_run("train")            # doctest: +SKIP
            >>> tracker.log_model("saved", "classifier")       # doctest: +SKIP
            >>> tracker.register_model(f"runs:/{run_id}/classifier",
            ...                        "production")           # doctest: +SKIP

        See Also:
            :meth:`log_model`.
        """
        handle = self._handle if self._run_active else None
        if handle is None or not model_uri.startswith(
                tuple(f"runs:/{name}/" for name in handle.names)):
            from ._library import Handle

            handle = Handle(self._kind, self.config, self._options())
        handle.register_model(model_uri, model_name)


class OTLPTracker(_JournalTracker):
    """A receiver of OpenTelemetry's protocol over HTTP: metrics, and a span
    for the run.

    Args:
        endpoint: Default: ``$OTEL_EXPORTER_OTLP_ENDPOINT``, else
            ``http://localhost:4318``. Headers and the rest come from
            OpenTelemetry's variables.
        config: Tags, notes and the rest.

    Attributes:
        endpoint: As given.

    Examples:
        >>> tracker = OTLPTracker("http://127.0.0.1:4318")
        >>> with tracker:                                # doctest: +SKIP
        ...     tracker.log_metrics({"accuracy": 0.95})

    See Also:
        :class:`MultiTracker`.
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

        Args:
            tag: Its name.
            values: Numbers, or an array of them of any shape; what is not
                finite is left out.
            step: Default: the next automatic step, which is not taken.

        Raises:
            RuntimeError: No active run.
            ValueError: Nothing to count.

        Examples:
            >>> tracker = OTLPTracker("http://127.0.0.1:4318")
            >>> with tracker:                             # doctest: +SKIP
            ...     tracker.log_histogram("lengths", [12, 7, 31], step=0)

        See Also:
            :meth:`log_metrics`, for single numbers.
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
    """Event files below ``log_dir``, for ``tensorboard --logdir``.

    Params and the paths of artifacts are texts there. A slash in a run's name
    makes a folder.

    Args:
        log_dir: Gets a directory for each run.
        config: Its experiment_name and the rest; TensorBoard has no projects.

    Attributes:
        log_dir: As given.

    Examples:
        >>> tracker = TensorBoardTracker("runs")
        >>> with tracker:
        ...     for step in range(100):
        ...         tracker.log_metrics({"loss": 1 / (step + 1)}, step=step)

    See Also:
        :class:`WandBTracker`, :class:`LocalFileTracker`.
    """

    _kind = "tensorboard"

    def __init__(self, log_dir: str = "./runs",
                 config: Optional[TrackingConfig] = None):
        """Take the arguments, see :class:`TensorBoardTracker`.

        Args:
            log_dir: Gets a directory for each run.
            config: Its experiment_name and the rest.

        Raises:
            ImportError: libitrack is not there.
        """
        super().__init__(config)
        self.log_dir = log_dir

    def _options(self) -> dict[str, Optional[str]]:
        return {"log_dir": os.fspath(self.log_dir)}

    def log_histogram(self, tag: str, values: Any,
                      step: Optional[int] = None) -> None:
        """Log numbers as a histogram.

        Args:
            tag: Its name.
            values: Numbers, or an array of them of any shape; what is not
                finite is left out.
            step: Default: the next automatic step, which is not taken.

        Raises:
            RuntimeError: No active run.
            ValueError: Nothing to count.

        Examples:
            >>> tracker = TensorBoardTracker("runs")
            >>> with tracker:
            ...     tracker.log_histogram("lengths", [12, 7, 31], step=0)

        See Also:
            :meth:`log_metrics`, for single numbers.
        """
        self._require_run().log_histogram(tag, values, step)


class LocalFileTracker(_JournalTracker):
    """JSON files and copies of artifacts in ``<output_dir>/<project>/<run
    ID>/``::

        metadata.json       name, project, tags, notes; from the beginning
        metrics.json        each call with its step and time
        params.json
        artifacts.json      name, type, where it is and was
        final_state.json    how it ended, and when
        artifacts/          the files

    Each file is valid JSON at every moment.

    Args:
        output_dir: Default: ``./experiments``.
        config: The project and the rest.

    Attributes:
        output_dir: As a path.

    Examples:
        >>> config = TrackingConfig(project="triage")
        >>> tracker = LocalFileTracker("out", config)
        >>> run_id = tracker.start_run("one")
        >>> tracker.log_metrics({"accuracy": 0.95})
        >>> tracker.end_run()
        >>> tracker.list_runs()
        ['one']
        >>> tracker.load_run("one")["metrics"][0]["metrics"]
        {'accuracy': 0.95}

    See Also:
        :class:`MultiTracker`, for these files beside another tracker.
    """

    _kind = "local"
    def __init__(self, output_dir: str = "./experiments",
                 config: Optional[TrackingConfig] = None):
        """Take the arguments, see :class:`LocalFileTracker`.

        Args:
            output_dir: Gets a directory for each project.
            config: The project and the rest.

        Raises:
            ImportError: libitrack is not there.
        """
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
            artifact_path: A file or a directory.
            artifact_name: Default: the last component of the path. A slash
                makes a folder.
            artifact_type: Default: ``file``.

        Raises:
            RuntimeError: No active run.
            FileNotFoundError: There is no such file.

        Examples:
            >>> with open("notes.txt", "w") as file:
            ...     count = file.write("all well")
            >>> tracker = LocalFileTracker("out")
            >>> run_id = tracker.start_run("files")
            >>> tracker.log_artifact("notes.txt", artifact_type="text")
            >>> tracker.end_run()
            >>> files = tracker.load_run("files")["artifacts"]
            >>> [(file["name"], file["type"]) for file in files]
            [('notes.txt', 'text')]
        """
        super().log_artifact(artifact_path, artifact_name, artifact_type)
        self._require_run().wait(10.0)

    def _look(self) -> Handle:
        from ._library import Handle

        return Handle(self._kind, self.config, self._options())

    def load_run(self, run_id: str) -> dict[str, Any]:
        """A run's documents, as far as they exist.

        Args:
            run_id: An ID that ``start_run`` or ``list_runs`` returned means
                that very run. Any other text, as the name that ``start_run``
                was given, means the last run that was started by it
                (``nightly``, ``nightly-2``, ...).

        Returns:
            A dictionary: ``metadata``, ``metrics`` (a list of calls),
            ``params``, ``artifacts`` (a list), ``final_state``.

        Raises:
            FileNotFoundError: No such run.

        Examples:
            >>> tracker = LocalFileTracker("out")
            >>> with tracker:
            ...     tracker.log_params({"model": "gpt-4"})
            >>> data = tracker.load_run(tracker.list_runs()[0])
            >>> sorted(data)
            ['artifacts', 'final_state', 'metadata', 'metrics', 'params']

        See Also:
            :meth:`list_runs`.
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
        """The IDs of the project's runs.

        Returns:
            A sorted list; empty where the project has none.

        Examples:
            >>> LocalFileTracker("nothing-here").list_runs()
            []

        See Also:
            :meth:`load_run`.
        """
        return self._look().list_runs()


class MultiTracker(ExperimentTracker):
    """Several trackers at once: each call goes to each in turn.

    A tracker that is down holds up none of the others, because a call only
    writes its journal. An exception of a tracker of your own goes to the
    caller.

    Args:
        trackers: At least one.
        config: Its experiment_name is the run's name of ``with``. Each tracker
            has a config of its own for the rest.

    Attributes:
        trackers: As given.

    Raises:
        ValueError: No trackers.

    Examples:
        >>> board = TensorBoardTracker("runs")
        >>> with MultiTracker([LocalFileTracker("out"), board]) as tracker:
        ...     tracker.log_metrics({"accuracy": 0.95}, step=1)
        ...     board.log_histogram("lengths", [12, 7, 31])

    See Also:
        :func:`create_tracker`.
    """

    def __init__(self, trackers: list[ExperimentTracker],
                 config: Optional[TrackingConfig] = None):
        """Take the trackers.

        Args:
            trackers: At least one.
            config: Its experiment_name is the run's name of ``with``.

        Raises:
            ValueError: No trackers.
        """
        if not trackers:
            raise ValueError("MultiTracker requires at least one tracker")
        super().__init__(config)
        self.trackers = trackers

    def start_run(self, run_name: Optional[str] = None,
                  run_id: Optional[str] = None, nested: bool = False) -> str:
        """Start a run in each.

        Args:
            run_name: Passed on, as the others are.
            run_id: As well.
            nested: As well.

        Returns:
            The ID that the first tracker returned.

        Examples:
            >>> several = MultiTracker([LocalFileTracker("a"),
            ...                         LocalFileTracker("b")])
            >>> several.start_run("both")
            'both'
            >>> several.end_run()
        """
        run_ids = [
            tracker.start_run(run_name=run_name, run_id=run_id, nested=nested)
            for tracker in self.trackers
        ]
        self._run_active = True
        self._run_id = run_ids[0]
        return run_ids[0]

    def end_run(self, status: str = "finished") -> None:
        """End the run of each.

        Args:
            status: Passed on.
        """
        for tracker in self.trackers:
            tracker.end_run(status=status)
        self._run_active = False

    def log_metrics(self, metrics: dict[str, float],
                    step: Optional[int] = None) -> None:
        """Log to each.

        Args:
            metrics: Passed on, as the step is.
            step: None: each tracker counts for itself.

        Raises:
            RuntimeError: No active run.
        """
        for tracker in self.trackers:
            tracker.log_metrics(metrics, step=step)

    def log_params(self, params: dict[str, Any]) -> None:
        """Log to each.

        Args:
            params: Passed on.

        Raises:
            RuntimeError: No active run.
        """
        for tracker in self.trackers:
            tracker.log_params(params)

    def log_artifact(self, artifact_path: str,
                     artifact_name: Optional[str] = None,
                     artifact_type: Optional[str] = None) -> None:
        """Log to each.

        Args:
            artifact_path: Passed on, as the others are.
            artifact_name: As well.
            artifact_type: As well.

        Raises:
            RuntimeError: No active run.
            FileNotFoundError: There is no such file.
        """
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
    """A tracker by its name.

    Args:
        backend: ``local``, ``tensorboard``, ``mlflow``, ``wandb`` or ``otlp``.
        kwargs: The arguments of its class.

    Returns:
        A :class:`LocalFileTracker`, :class:`TensorBoardTracker`,
        :class:`MLflowTracker`, :class:`WandBTracker` or :class:`OTLPTracker`.

    Raises:
        ValueError: Another name.
        ImportError: libitrack is not there.

    Examples:
        >>> create_tracker("local", output_dir="out").output_dir.name
        'out'
        >>> tracker = create_tracker("tensorboard", log_dir="runs")
        >>> tracker = create_tracker("mlflow", tracking_uri="./mlruns")
        >>> tracker = create_tracker("wandb", project="triage", mode="offline")
        >>> tracker = create_tracker("otlp", endpoint="http://127.0.0.1:4318")

        The name from outside:

        >>> import os
        >>> with create_tracker(os.environ.get("TRACKER", "local")) as tracker:
        ...     tracker.log_metrics({"accuracy": 0.95})
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
    as 0.0 and 1.0), unless the config's ``auto_log_metrics`` is False; other
    values are passed on and not logged. The run ends as ``finished``, or as
    ``failed`` after an Exception, which is passed on.

    Args:
        tracker: Gets the runs.
        experiment_name: Name of the runs; default: the function's name.

    Returns:
        The decorator; what it makes returns what the function returns.

    Examples:
        >>> tracker = LocalFileTracker("out")
        >>> @auto_track(tracker, experiment_name="evaluation")
        ... def evaluate():
        ...     return {"accuracy": 0.93, "items": 200, "model": "gpt-4"}
        >>> evaluate()["model"]
        'gpt-4'
        >>> tracker.load_run("evaluation")["metrics"][0]["metrics"]
        {'accuracy': 0.93, 'items': 200.0}

    See Also:
        ``with tracker:``, for a part of a function.
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
