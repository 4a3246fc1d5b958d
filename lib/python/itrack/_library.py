"""libitrack by ctypes: the C interface as Python calls and exceptions."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
import warnings
from math import isfinite
from typing import Any, Iterable, Mapping, Optional, Sequence

_HERE = os.path.dirname(os.path.abspath(__file__))
_OWN_FILES = (__file__, os.path.join(os.path.dirname(__file__),
                                     "experiment_tracking.py"))
_SONAME = "libitrack.so.0"
_MESSAGE_MAX = 1024
_STEP_AUTO = -(2**63)
_INT64_MAX = 2**63 - 1
_NESTED = 1
_ANYHOW = 4
# The journal can't be written now.
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)
# What the worker says of a model's run that is nowhere: it may come from another
# journal later, which the caller can't wait for.
_UNKNOWN_RUN = "no run of that ID"
_NULL, _BOOL, _INTEGER, _DOUBLE, _TEXT, _JSON = range(6)
# Nobody reads what is deeper; a list that has itself as an item is.
_DEPTH_MAX = 100


class _Error(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("code", ctypes.c_int),
        ("message", ctypes.c_char * _MESSAGE_MAX),
    ]


class _Config(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("project", ctypes.c_char_p),
        ("experiment_name", ctypes.c_char_p),
        ("tags", ctypes.POINTER(ctypes.c_char_p)),
        ("tag_count", ctypes.c_size_t),
        ("notes", ctypes.c_char_p),
        ("log_artifacts", ctypes.c_bool),
        ("log_code", ctypes.c_bool),
        ("auto_log_metrics", ctypes.c_bool),
    ]


class _Option(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_char_p)]


class _Metric(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", ctypes.c_double)]


class _Json(ctypes.Structure):
    _fields_ = [("json", ctypes.c_char_p), ("text", ctypes.c_char_p)]


class _Union(ctypes.Union):
    _fields_ = [
        ("boolean", ctypes.c_bool),
        ("integer", ctypes.c_int64),
        ("number", ctypes.c_double),
        ("text", ctypes.c_char_p),
        ("json", _Json),
    ]


class _Value(ctypes.Structure):
    _fields_ = [("type", ctypes.c_int), ("u", _Union)]


class _Param(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("value", _Value)]


_library: Optional[ctypes.CDLL] = None
# Array types by length: making one costs more than a call.
_metric_arrays: dict[int, Any] = {}


def _of_wheel() -> Optional[str]:
    """The library beside this file, where a wheel was installed."""
    path = os.path.join(_HERE, _SONAME)
    return path if os.path.lexists(path) else None


def load() -> ctypes.CDLL:
    """The library, loaded once.

    It is ``$ITRACK_LIBRARY``, an absolute path, else the one in the wheel,
    else the system's.

    Raises:
        ImportError: It is in none of these places.
    """
    global _library
    if _library is not None:
        return _library
    given = os.environ.get("ITRACK_LIBRARY")
    if given and not os.path.isabs(given):
        # Else it would be what the working directory has under that name.
        raise ImportError(f"ITRACK_LIBRARY: {given}: not an absolute path")
    name = given or _of_wheel() or _SONAME
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(
            f"itrack is not installed for Python: {error}. "
            "Install the wheel, or set ITRACK_LIBRARY to libitrack.so.0"
        ) from None
    pointer, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    error_p = ctypes.POINTER(_Error)
    functions: dict[str, list[Any]] = {
        "create_tracker": [ctypes.POINTER(pointer), text,
                           ctypes.POINTER(_Config), ctypes.POINTER(_Option),
                           size],
        "start_run": [pointer, text, text, ctypes.c_uint],
        "end_run": [pointer, text],
        "flush": [pointer, ctypes.c_double],
        "log_metrics": [pointer, ctypes.POINTER(_Metric), size, ctypes.c_int64],
        "log_numbers": [pointer, ctypes.POINTER(_Param), size, ctypes.c_int64],
        "log_params": [pointer, ctypes.POINTER(_Param), size],
        "log_artifact": [pointer, text, text, text],
        "log_table": [pointer, text, ctypes.POINTER(text), size,
                      ctypes.POINTER(_Value), size],
        "log_histogram": [pointer, text, ctypes.POINTER(ctypes.c_double), size,
                          ctypes.c_int64],
        "log_model": [pointer, text, text, text],
        "register_model": [pointer, text, text],
        "load_run": [pointer, text, ctypes.POINTER(pointer)],
        "list_runs": [pointer, ctypes.POINTER(ctypes.POINTER(text)),
                      ctypes.POINTER(size)],
    }
    for function, arguments in functions.items():
        f = getattr(library, "itrack_" + function)
        f.argtypes = arguments + [error_p]
        f.restype = ctypes.c_int
    library.itrack_version.argtypes = []
    library.itrack_version.restype = text
    library.itrack_free.argtypes = [pointer]
    library.itrack_free.restype = None
    library.itrack_altered.argtypes = [pointer]
    library.itrack_altered.restype = text
    library.itrack_run_dir.argtypes = [pointer]
    library.itrack_run_dir.restype = text
    library.itrack_free_text.argtypes = [pointer]
    library.itrack_free_text.restype = None
    library.itrack_free_list.argtypes = [ctypes.POINTER(text), size]
    library.itrack_free_list.restype = None
    library.itrack_refused.argtypes = [pointer]
    library.itrack_refused.restype = text
    library.itrack_run_id.argtypes = [pointer]
    library.itrack_run_id.restype = text
    _library = library
    return library


def version() -> str:
    """The library's version: "0.1.0".

    Raises:
        ImportError: There is no library.
    """
    text: bytes = load().itrack_version()
    return text.decode()


def _bytes(text: Any) -> bytes:
    data = str(text).encode("utf-8", "surrogatepass")
    # C texts end there; U+FFFD shows that something was.
    return data.replace(b"\0", b"\xef\xbf\xbd") if b"\0" in data else data


def _optional(text: Optional[str]) -> Optional[bytes]:
    return None if text is None else _bytes(text)


def _new_error() -> _Error:
    return _Error(ctypes.sizeof(_Error), 0, b"")


def _message(error: _Error) -> str:
    return bytes(error.message).decode("utf-8", "replace")


def _raise(error: _Error) -> None:
    code = -error.code
    message = _message(error)
    if code == errno.EINVAL:
        raise ValueError(message)
    if code == errno.ENOTSUP:
        raise NotImplementedError(message)
    if code in (errno.ENOTCONN, errno.ECHILD, errno.EIO, errno.ENOMEM):
        raise RuntimeError(message)
    raise OSError(code, message)


def warn(message: str) -> None:
    """A RuntimeWarning at the line that called into the package.

    Where warnings are errors it is a line on standard error: what happens to
    the tracking is no reason for the program to end.
    """
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename in _OWN_FILES:
        frame = frame.f_back
        level += 1
    try:
        warnings.warn("itrack: " + message, RuntimeWarning, stacklevel=level)
    except RuntimeWarning:
        print(f"RuntimeWarning: itrack: {message}", file=sys.stderr)


def _lines(text: Optional[bytes]) -> list[str]:
    return (text or b"").decode("utf-8", "replace").splitlines()


def _key(key: Any) -> str:
    """A dictionary's key as json.dump writes it; others are str()."""
    if key is None:
        return "null"
    if isinstance(key, bool):
        return "true" if key else "false"
    if isinstance(key, int):
        return int.__repr__(key)
    return float.__repr__(key) if isinstance(key, float) else str(key)


def _plain(value: Any, depth: int = 0) -> Any:
    """What json.dump(default=str) writes, without NaN and loops."""
    if isinstance(value, float) and not isfinite(value):
        return ("NaN" if value != value
                else "Infinity" if value > 0 else "-Infinity")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth < _DEPTH_MAX and isinstance(value, dict):
        return {_key(key): _plain(item, depth + 1)
                for key, item in value.items()}
    if depth < _DEPTH_MAX and isinstance(value, (list, tuple)):
        return [_plain(item, depth + 1) for item in value]
    return str(value)


def _fill(value: Any) -> _Value:
    """A value as the journal has it; what has no form of its own is str()."""
    if value is None:
        return _Value(_NULL)
    if isinstance(value, bool):
        return _Value(_BOOL, _Union(boolean=value))
    if isinstance(value, int) and -_INT64_MAX - 1 <= value <= _INT64_MAX:
        return _Value(_INTEGER, _Union(integer=value))
    if isinstance(value, float):
        return _Value(_DOUBLE, _Union(number=value))
    if isinstance(value, (dict, list, tuple, int)):
        import json

        return _Value(_JSON, _Union(json=_Json(
            json.dumps(_plain(value)).encode(), _bytes(value))))
    return _Value(_TEXT, _Union(text=_bytes(value)))


def _number(value: Any) -> Optional[_Value]:
    """A metric's value; None: it is no number."""
    if isinstance(value, bool):
        return _Value(_BOOL, _Union(boolean=value))
    if isinstance(value, int) and -_INT64_MAX - 1 <= value <= _INT64_MAX:
        return _Value(_INTEGER, _Union(integer=value))
    if value is None or isinstance(value, (str, bytes)):
        return None
    try:
        return _Value(_DOUBLE, _Union(number=float(value)))
    except (TypeError, ValueError, OverflowError):
        return None


def _step(step: Any) -> int:
    """
    Raises:
        ValueError: It is no whole number from 0 to 2**63 - 1.
    """
    if step is None:
        return _STEP_AUTO
    try:
        number = step if step.__class__ is int else int(step)
        if number == step and 0 <= number <= _INT64_MAX:
            return number
    except (TypeError, ValueError, OverflowError):
        pass
    raise ValueError(
        f"step {step!r}: not a whole number from 0 to {_INT64_MAX}")


class RunID(str):
    """The ID of one run, where a text may stand for the last of several."""

    __slots__ = ()


class Handle:
    """One ``struct itrack_tracker``."""

    def __init__(self, kind: str, config: Any,
                 options: Mapping[str, Optional[str]]) -> None:
        self._library = load()
        self._pointer = ctypes.c_void_p()
        self._names: dict[str, bytes] = {}
        # What the active runs are called.
        self.names: set[str] = set()
        self._warned = False
        tags = [_bytes(tag) for tag in config.tags or []]
        c = _Config(
            ctypes.sizeof(_Config), _bytes(config.project),
            _optional(config.experiment_name),
            (ctypes.c_char_p * len(tags))(*tags), len(tags),
            _optional(config.notes), bool(config.log_artifacts),
            bool(config.log_code), bool(config.auto_log_metrics))
        given = [_Option(name.encode(), os.fsencode(value))
                 for name, value in options.items() if value is not None]
        error = _new_error()
        if self._library.itrack_create_tracker(
                ctypes.byref(self._pointer), kind.encode(), ctypes.byref(c),
                (_Option * len(given))(*given), len(given),
                ctypes.byref(error)) < 0:
            _raise(error)

    def __del__(self) -> None:
        # A run that goes on is ended by the exit of the program.
        pointer = getattr(self, "_pointer", None)
        if pointer:
            self._pointer = ctypes.c_void_p()
            self._library.itrack_free(pointer)

    def _call(self, name: str, *arguments: Any) -> None:
        error = self._try(name, *arguments)
        if error is not None:
            self._complain(error)

    def _complain(self, error: _Error) -> None:
        """Raises what the caller can mend; warns once of a full disk."""
        if -error.code not in _NO_ROOM:
            _raise(error)
        if not self._warned:
            self._warned = True
            warn(f"not everything is tracked: {_message(error)}")

    def start_run(self, run_name: Optional[str], run_id: Optional[str],
                  nested: bool) -> str:
        error = self._try(
            "itrack_start_run", _optional(run_name), _optional(run_id),
            _ANYHOW | (_NESTED if nested else 0))
        self._warned = False
        if not nested:
            self.names.clear()
        if run_name:
            self.names.add(str(run_name))
        if error is not None:
            if -error.code in (errno.EINVAL, errno.ENOMEM, errno.ECHILD):
                _raise(error)
            warn(_message(error))
        run_id_bytes = self._library.itrack_run_id(self._pointer)
        started = RunID(run_id_bytes.decode("utf-8", "replace"))
        self.names.add(started)
        return started

    def run_dir(self) -> Optional[str]:
        path = self._library.itrack_run_dir(self._pointer)
        return None if path is None else os.fsdecode(path)

    def load_run(self, run_id: str) -> dict[str, Any]:
        import json

        document = ctypes.c_void_p()
        try:
            self._call("itrack_load_run", _bytes(run_id),
                       ctypes.byref(document))
        except FileNotFoundError:
            raise FileNotFoundError(f"Run not found: {run_id}") from None
        try:
            data: dict[str, Any] = json.loads(
                ctypes.string_at(document.value or 0))
        finally:
            self._library.itrack_free_text(document)
        return data

    def list_runs(self) -> list[str]:
        list_ = ctypes.POINTER(ctypes.c_char_p)()
        count = ctypes.c_size_t()
        self._call("itrack_list_runs", ctypes.byref(list_),
                   ctypes.byref(count))
        try:
            return [RunID((list_[i] or b"").decode("utf-8", "replace"))
                    for i in range(count.value)]
        finally:
            self._library.itrack_free_list(list_, count)

    def end_run(self, status: str) -> None:
        # The run is ended, nothing is lost: no reason to fail the program.
        error = self._try("itrack_end_run", _bytes(status))
        refused = _lines(self._library.itrack_refused(self._pointer))
        if error is not None:
            message = _message(error)
            warn("\n".join([message, *(line for line in refused
                                       if line not in message)]))
        altered = _lines(self._library.itrack_altered(self._pointer))
        if altered:
            warn("\n".join(altered))

    def _try(self, name: str, *arguments: Any) -> Optional[_Error]:
        """The call's error, if it has one."""
        error = _new_error()
        function = getattr(self._library, name)
        result = function(self._pointer, *arguments, ctypes.byref(error))
        return error if result < 0 else None

    def wait(self, seconds: float) -> None:
        """As flush; what goes wrong is told at the end of the run."""
        self._try("itrack_flush", seconds)

    def flush(self, seconds: float) -> None:
        error = self._try("itrack_flush", seconds)
        if error is None:
            return
        if -error.code in (errno.ETIMEDOUT, errno.EINVAL, errno.ECHILD):
            _raise(error)
        warn(_message(error))

    def log_metrics(self, metrics: Mapping[str, float],
                    step: Optional[int]) -> None:
        count = len(metrics)
        array = _metric_arrays.get(count)
        if array is None:
            array = _Metric * count
            if count <= 64:
                _metric_arrays[count] = array
        names = self._names
        # The array makes a metric of each pair, faster than we can.
        list_: list[Any] = []
        for name, value in metrics.items():
            if value.__class__ is not float or not name:
                self._log_numbers(metrics, step)
                return
            data = names.get(name)
            if data is None:
                data = _bytes(name)
                if len(names) < 4096 and isinstance(name, str):
                    names[name] = data
            list_.append((data, value))
        error = _new_error()
        if self._library.itrack_log_metrics(
                self._pointer, array(*list_), count,
                _STEP_AUTO if step is None else _step(step),
                ctypes.byref(error)) < 0:
            self._complain(error)

    def _log_numbers(self, metrics: Mapping[Any, Any],
                     step: Optional[int]) -> None:
        """Metrics that are not all floats; what is no number is left out."""
        number = _step(step)
        given = []
        for name, value in metrics.items():
            filled = _number(value) if str(name) else None
            if filled is None:
                warn(f"metric {name!r} is left out: {value!r} is no number"
                     if str(name) else "a metric without a name is left out")
            else:
                given.append(_Param(_bytes(name), filled))
        self._call("itrack_log_numbers", (_Param * len(given))(*given),
                   len(given), number)

    def log_params(self, params: Mapping[str, Any]) -> None:
        given = [_Param(_bytes(_key(name)), _fill(value))
                 for name, value in params.items()]
        self._call("itrack_log_params", (_Param * len(given))(*given),
                   len(given))

    def log_artifact(self, path: Any, name: Optional[str],
                     type_: Optional[str]) -> None:
        self._call("itrack_log_artifact", os.fsencode(path), _optional(name),
                   _optional(type_))

    def log_table(self, name: str, columns: Sequence[str],
                  rows: Iterable[Mapping[str, Any]]) -> None:
        cells = [_fill(row.get(column)) for row in rows for column in columns]
        names = [_bytes(column) for column in columns]
        self._call("itrack_log_table", _bytes(name),
                   (ctypes.c_char_p * len(names))(*names), len(names),
                   (_Value * len(cells))(*cells),
                   len(cells) // max(len(names), 1))

    def log_histogram(self, tag: str, values: Iterable[float],
                      step: Optional[int]) -> None:
        # An array of any shape, as TensorBoard takes it.
        flat = values.ravel() if hasattr(values, "ravel") else values
        numbers = [float(value) for value in flat]
        self._call("itrack_log_histogram", _bytes(tag),
                   (ctypes.c_double * len(numbers))(*numbers), len(numbers),
                   _step(step))

    def log_model(self, path: Any, name: str, flavor: str) -> None:
        self._call("itrack_log_model", os.fsencode(path), _bytes(name),
                   _bytes(flavor))

    def register_model(self, uri: str, name: str) -> None:
        # What is not delivered yet is delivered by `itrack sync`.
        error = self._try("itrack_register_model", _bytes(uri), _bytes(name))
        if error is None:
            return
        message = _message(error)
        if _UNKNOWN_RUN in message:
            raise RuntimeError(message)
        if -error.code not in (errno.ETIMEDOUT, errno.EAGAIN):
            _raise(error)
        warn(message)
