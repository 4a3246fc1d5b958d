"""Makes expected_programs.json: what insideLLMs' own module comes to for the
programs of programs.txt.

usage: make_expected.py DIR >expected_programs.json

DIR is a checkout of https://github.com/dr-gareth-roberts/insideLLMs. Call it with
a Python that has wandb, mlflow-skinny, pandas and tensorboardX:

    scripts/test-venv insidellms-real wandb==0.31.0 mlflow-skinny==3.17.2 \\
        pandas tensorboardX==2.6.2.2
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def main(checkout):
    environment = {
        **os.environ, "PYTHONPATH": checkout, "MLFLOW_ALLOW_FILE_STORE": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true", "WANDB_ERROR_REPORTING": "false",
        "WANDB_MODE": "offline", "WANDB_SILENT": "true",
        "GIT_PYTHON_REFRESH": "quiet", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, os.path.join(HERE, "run_programs.py"),
         "insideLLMs.experiment_tracking"],
        env=environment, check=True, capture_output=True, text=True)
    commit = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True,
        text=True).stdout.strip()
    version = ""
    with open(os.path.join(checkout, "pyproject.toml")) as file:
        for line in file:
            if line.startswith("version = "):
                version = line.split('"')[1]
                break
    print(json.dumps({
        "made by": "tests/library/make_expected.py, which has run "
                   "programs.txt with insideLLMs' own module",
        "insideLLMs": version,
        "commit": commit,
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in
                     ("wandb", "mlflow-skinny", "tensorboardX")},
        "programs": json.loads(done.stdout),
    }, indent=1, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))
