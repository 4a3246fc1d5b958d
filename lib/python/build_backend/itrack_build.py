"""PEP 517 backend: a wheel of the package, libitrack and its worker.

The native parts are built by the Makefile two folders up; the environment
variable BUILD names the build directory, as it does there.
"""

import base64
import hashlib
import os
import subprocess
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TOP = HERE.parent.parent
NAME = "itrack"
LIBRARY = "lib/libitrack.so.0"
WORKER = "libexec/itrack/itrack-worker"


def _version():
    for line in (HERE / "pyproject.toml").read_text().splitlines():
        if line.startswith("version ="):
            return line.split('"')[1]
    raise RuntimeError("pyproject.toml has no version")


def _native():
    build = Path(os.environ.get("BUILD", TOP / "build"))
    targets = [str(build / LIBRARY), str(build / WORKER)]
    # Not as a part of the make that may have called us.
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    subprocess.run(["make", "-s", "-C", str(TOP), f"BUILD={build}", *targets],
                   check=True, env=env)
    return build


def _members(build):
    for path in sorted((HERE / NAME).rglob("*")):
        if path.suffix == ".py" or path.name == "py.typed":
            yield path, path.relative_to(HERE).as_posix()
    for name in (LIBRARY, WORKER):
        yield build / name, f"{NAME}/native/{name}"


def _add(wheel, record, name, data, mode):
    info = zipfile.ZipInfo(name)
    info.external_attr = (0o100000 | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(info, data)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    record.append(f"{name},sha256={digest.decode().rstrip('=')},{len(data)}")


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    version = _version()
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = f"py3-none-{platform}"
    dist = f"{NAME}-{version}.dist-info"
    filename = f"{NAME}-{version}-{tag}.whl"
    record = []
    with zipfile.ZipFile(Path(wheel_directory) / filename, "w") as wheel:
        for path, name in _members(_native()):
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            _add(wheel, record, name, path.read_bytes(), mode)
        _add(wheel, record, f"{dist}/METADATA",
             (f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {version}\n"
              "Requires-Python: >=3.10\n").encode(), 0o644)
        _add(wheel, record, f"{dist}/WHEEL",
             ("Wheel-Version: 1.0\nGenerator: itrack_build\n"
              f"Root-Is-Purelib: false\nTag: {tag}\n").encode(), 0o644)
        record.append(f"{dist}/RECORD,,")
        wheel.writestr(f"{dist}/RECORD", "\n".join(record) + "\n")
    return filename
