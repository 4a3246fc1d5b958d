"""Runs the programs of programs.txt with a module, each in a process and a
directory of its own, and prints as JSON what each of them said and left.

usage: run_programs.py MODULE [NAME]...
"""

import importlib
import json
import os
import re
import sys
import tempfile
import traceback
import warnings
from enum import Enum
from types import SimpleNamespace

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENTS = ("metadata", "metrics", "params", "artifacts", "final_state")
# MLflow's own of a run: they say who, where and by which program.
ABOUT_THE_RUN = re.compile(r"mlflow\.(user|source|runName|runColor)|itrack\.")


class Category(Enum):
    LOGIC = "logic"


def result(**scores):
    names = ("accuracy", "precision", "recall", "f1_score", "mean_latency_ms",
             "total_tokens", "error_rate")
    return SimpleNamespace(
        experiment_id="e1", probe_name="probe", probe_category=Category.LOGIC,
        model_info=SimpleNamespace(name="m", provider="p"),
        success_rate=0.75, total_count=4, success_count=3, error_count=1,
        duration_seconds=1.5, score=SimpleNamespace(
            **{name: scores.get(name) for name in names}) if scores else None)


def programs():
    with open(os.path.join(HERE, "programs.txt"), encoding="utf-8") as file:
        text = file.read()
    for part in re.split(r"^== ", text, flags=re.M)[1:]:
        name, code = part.split("\n", 1)
        yield name, code


def read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None


def strip_times(value):
    """Paths below the working directory become relative, times are only there."""
    if isinstance(value, dict):
        return {key: "TIME" if key in ("timestamp", "started_at", "ended_at")
                and isinstance(item, str) else strip_times(item)
                for key, item in value.items()}
    if isinstance(value, list):
        return [strip_times(item) for item in value]
    if isinstance(value, float) and (value != value or value in (
            float("inf"), float("-inf"))):
        return {"not finite": repr(value)}
    if isinstance(value, str):
        value = re.sub(r"\b\d{8}_\d{6}\b", "TIME", value)
        return value.replace(os.getcwd() + "/", "")
    return value


def local_run(folder):
    run = {}
    for name in DOCUMENTS:
        text = read(os.path.join(folder, name + ".json"))
        if text is not None:
            run[name] = strip_times(json.loads(text))
    if "final_state" not in run:
        # While it goes on, one of the two has more files already.
        return {"metadata": run.get("metadata")}
    files = {}
    for path, _, names in os.walk(os.path.join(folder, "artifacts")):
        for name in names:
            full = os.path.join(path, name)
            files[os.path.relpath(full, folder)] = read(full)
    run["files"] = files
    return run


def mlflow_run(folder):
    meta = dict(re.findall(r"^(\w+): (.*)$", read(folder + "/meta.yaml"),
                           flags=re.M))
    run = {"status": meta["status"], "metrics": {}, "params": {}, "tags": {},
           "files": []}
    for kind in ("metrics", "params", "tags"):
        for path, _, names in os.walk(os.path.join(folder, kind)):
            for name in names:
                key = os.path.relpath(os.path.join(path, name),
                                      os.path.join(folder, kind))
                text = read(os.path.join(path, name))
                if kind == "metrics":
                    text = [[float(line.split()[1]), int(line.split()[2])]
                            for line in text.splitlines()]
                if kind != "tags" or not ABOUT_THE_RUN.match(key):
                    run[kind][key] = text
    for path, _, names in os.walk(os.path.join(folder, "artifacts")):
        run["files"] += [os.path.relpath(os.path.join(path, name), folder)
                         for name in names]
    run["files"].sort()
    experiment = read(os.path.dirname(folder) + "/meta.yaml") or ""
    run["experiment"] = re.findall(r"^name: \"?(.*?)\"?$", experiment,
                                   flags=re.M)
    return run


def left_behind():
    found = {}
    for folder, _, names in os.walk("."):
        if "metadata.json" in names:
            found[strip_times(os.path.relpath(folder))] = local_run(folder)
        if "meta.yaml" in names and "artifacts" in os.listdir(folder) and \
                "metrics" in os.listdir(folder):
            run = mlflow_run(folder)
            found.setdefault("mlflow", []).append(run)
    found.get("mlflow", []).sort(key=lambda run: run["experiment"])
    return found


def run(module, code, environment):
    said = []
    names = list(module.__all__)
    space = {name: getattr(module, name) for name in names}

    def refused(call, tell=True):
        try:
            call()
            kind = None
        except Exception as error:
            kind = type(error).__name__
        if tell:
            said.append(kind)
        return kind

    space.update(say=said.append, refused=refused, result=result, names=names,
                 os=os, re=re, __file__="program.py", __name__="program")
    with open("program.py", "w", encoding="utf-8") as file:
        file.write(code)
    warnings.simplefilter("ignore")
    error = None
    try:
        exec(compile(code, "program.py", "exec"), space)
    except Exception as raised:
        error = type(raised).__name__
        if environment.get("VERBOSE"):
            traceback.print_exc()
    return {"said": strip_times(said), "error": error, "left": left_behind()}


def main(module_name, chosen):
    module = importlib.import_module(module_name)
    results = {}
    for name, code in programs():
        if chosen and name not in chosen:
            continue
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            answer = os.path.join(folder, "answer.json")
            work = os.path.join(folder, "work")
            os.mkdir(work)
            pid = os.fork()
            if pid == 0:
                os.chdir(work)
                os.environ["XDG_STATE_HOME"] = folder + "/state"
                os.environ["HOME"] = folder
                with open(os.devnull, "w") as null:
                    os.dup2(null.fileno(), 1)
                    if not os.environ.get("VERBOSE"):
                        os.dup2(null.fileno(), 2)
                with open(answer, "w", encoding="utf-8") as file:
                    json.dump(run(module, code, os.environ), file, default=str)
                os._exit(0)
            os.waitpid(pid, 0)
            text = read(answer)
            results[name] = json.loads(text) if text else {"error": "died"}
    print(json.dumps(results, indent=1, sort_keys=True, ensure_ascii=False))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
