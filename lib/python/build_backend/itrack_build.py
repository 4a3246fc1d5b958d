"""PEP 517 backend: a wheel of the programs, the manual pages, the completions,
libitrack and the Python package.

The Makefile two folders up builds the native parts. BUILD in the environment
names the build directory, as it does there. scripts/wheel sets what makes a wheel
for any Linux: MAKE_ARGUMENTS for make, WHEEL_PLATFORM for the tag, and EMBED, the
folder whose licenses/ are those of the libraries that the programs have in them.
"""

import base64
import hashlib
import os
import shlex
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
TOP = HERE.parent.parent
NAME = "itrack"
LIBRARY = "libitrack.so.0"
# What zip can say at the least; SOURCE_DATE_EPOCH would say no more of use.
DATE = (1980, 1, 1, 0, 0, 0)


def _version():
    return (TOP / "VERSION").read_text().strip()


def _install(stage):
    """The tree as make install makes it, below `stage`."""
    build = os.environ.get("BUILD", str(TOP / "build"))
    # Not as a part of the make that may have called us.
    env = {k: v for k, v in os.environ.items()
           if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "DESTDIR")}
    subprocess.run(["make", "-s", "-C", str(TOP), f"BUILD={build}",
                    f"DESTDIR={stage}", "PREFIX=/", "LIBDIR=/lib", "install",
                    *shlex.split(env.get("MAKE_ARGUMENTS", ""))],
                   # What it says is no part of what we print.
                   check=True, env=env, stdout=sys.stderr)


def _files(folder):
    return [path for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()]


def _members(stage, version):
    """Each file of the wheel and its name there."""
    data = f"{NAME}-{version}.data"
    licenses = f"{NAME}-{version}.dist-info/licenses"
    for path in _files(HERE / NAME):
        if path.suffix == ".py" or path.name == "py.typed":
            yield path, path.relative_to(HERE).as_posix()
    for path in _files(stage):
        name = path.relative_to(stage).as_posix()
        if name.startswith("bin/"):
            yield path, f"{data}/scripts/{path.name}"
        # In the package, which is the one folder that every way of installing keeps
        # whole: pip install --target leaves lib/ out.
        elif name == f"lib/{LIBRARY}":
            yield path, f"{NAME}/{LIBRARY}"
        # Who compiles against the library has the tree, or the Debian package.
        elif not name.startswith("include/") and path.suffix not in (".a", ".pc"):
            yield path, f"{data}/data/{name}"
    yield TOP / "LICENSE", f"{licenses}/LICENSE"
    if "EMBED" in os.environ:
        for path in _files(Path(os.environ["EMBED"]) / "licenses"):
            yield path, f"{licenses}/{path.name}"


def _add(wheel, record, name, data, mode=0o644):
    info = zipfile.ZipInfo(name, DATE)
    info.external_attr = (0o100000 | mode) << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    wheel.writestr(info, data, compresslevel=9)
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    record.append(f"{name},sha256={digest.decode().rstrip('=')},{len(data)}")


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    import tempfile

    version = _version()
    platform = os.environ.get("WHEEL_PLATFORM") or sysconfig.get_platform()
    tag = f"py3-none-{platform.replace('-', '_').replace('.', '_')}"
    dist = f"{NAME}-{version}.dist-info"
    filename = f"{NAME}-{version}-{tag}.whl"
    record = []
    # It has its name when it is whole: an older one of that name may be in use.
    part = Path(wheel_directory) / f"{filename}.part"
    with tempfile.TemporaryDirectory() as stage, \
            zipfile.ZipFile(part, "w") as wheel:
        _install(stage)
        for path, name in _members(Path(stage), version):
            mode = 0o755 if os.access(path, os.X_OK) else 0o644
            _add(wheel, record, name, path.read_bytes(), mode)
        _add(wheel, record, f"{dist}/METADATA",
             (f"Metadata-Version: 2.4\nName: {NAME}\nVersion: {version}\n"
              "Summary: Experiment tracking to files, TensorBoard, MLflow and W&B\n"
              "License-Expression: MIT\n"
              "Requires-Python: >=3.10\n").encode())
        _add(wheel, record, f"{dist}/WHEEL",
             ("Wheel-Version: 1.0\nGenerator: itrack_build\n"
              f"Root-Is-Purelib: false\nTag: {tag}\n").encode())
        record.append(f"{dist}/RECORD,,")
        info = zipfile.ZipInfo(f"{dist}/RECORD", DATE)
        info.external_attr = 0o100644 << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        wheel.writestr(info, "\n".join(record) + "\n")
    part.replace(Path(wheel_directory) / filename)
    return filename
