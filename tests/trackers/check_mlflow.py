#!/usr/bin/env python3
"""Reads runs back with MLflow's own client and compares them with the entries.

usage: check_mlflow.py [--one-run] URI ENTRIES...

ENTRIES are files of entries as in journal.jsonl. Every param, every point of
every metric (step, value, timestamp), tags, status, times, name and each file,
byte for byte; one run for each attempt, not more. Differences go to standard
output, status 1.
"""
import json
import math
import os
import pathlib
import re
import sys
import tempfile

from mlflow import MlflowClient
from mlflow.entities import ViewType

one_run = "--one-run" in sys.argv
arguments = [a for a in sys.argv[1:] if a != "--one-run"]
if arguments[0].startswith("/"):
    arguments[0] = pathlib.Path(arguments[0]).as_uri()
client = MlflowClient(tracking_uri=arguments[0])
bad = 0


def differ(*what):
    global bad
    bad += 1
    if bad < 20:
        print(*(str(w)[:2000] for w in what))


def display(start, run_id):
    """The name that people read."""
    if start["source"] == "library":
        return start.get("run_name") or run_id
    base = os.path.basename(start["run_dir"])
    if base == run_id:
        base = os.path.basename(start.get("config_path", ""))
        base = os.path.splitext(base)[0] or run_id
    return (start.get("run_name") or base)[:245] + "-" + start["attempt"][-4:]


def digest(name):
    h = 2166136261
    for byte in name.encode():
        h = (h ^ byte) * 16777619 % 2**32
    return "-%s%07x" % ("abcdef"[(h >> 28) % 6], h & 0xFFFFFFF)


def component(name):
    """The rule of lib/tracker/mlflow/names.h for the names used in tests."""
    if re.fullmatch(r"[\w.\- :]{1,250}", name) and name not in (".", ".."):
        return name
    changed = re.sub(r"[^\w.\- :]", "_", name)
    return changed + ("" if "_" in changed else "_") + digest(name)


def key(name):
    return "/".join(map(component, name.split("/")))


def text(value):
    if isinstance(value, list):
        value = float(value[0])
    return str(value)[:6000]


def number(value):
    value = float(value)
    if math.isinf(value) and not arguments[0].startswith("file:"):
        return math.copysign(1.7976931348623157e308, value)
    return "nan" if math.isnan(value) else value


def compare_points(run, want):
    for name in set(want) | set(run.data.metrics):
        history = client.get_metric_history(run.info.run_id, name)
        got = sorted(
            ((m.step, number(m.value), m.timestamp) for m in history), key=repr
        )
        if got != sorted(want.get(name, []), key=repr):
            differ(run.info.run_id, name, len(got), "points, not", len(want.get(name, [])))


def compare_files(run, want):
    got = set()

    def walk(path):
        for f in client.list_artifacts(run.info.run_id, path):
            walk(f.path) if f.is_dir else got.add(f.path)

    walk(None)
    if got != set(want):
        differ("files", sorted(got), "not", sorted(want))
        return
    with tempfile.TemporaryDirectory() as directory:
        for name, source in want.items():
            path = client.download_artifacts(run.info.run_id, name, directory)
            if open(path, "rb").read() != open(source, "rb").read():
                differ("file", name, "differs")


def find(experiment, tag):
    runs = client.search_runs(
        [experiment], f"tags.`itrack.id` = '{tag}'", ViewType.ALL, 10
    )
    if len(runs) != 1:
        differ(len(runs), "runs of", tag)
        sys.exit(1)
    return runs[0]


def artifact_component(name):
    changed = re.sub(r"[#%\\\x00-\x1f\x7f]", "_", name)
    if changed == name:
        return name
    stem, ending = re.fullmatch(r"(.+?)(\.[A-Za-z0-9]{1,7})?", changed).groups()
    return stem + digest(name) + (ending or "")


def artifact_name(name):
    return "/".join(map(artifact_component, name.split("/")))


def own_step(entry):
    """In a run of its own an experiment counts its own records."""
    return entry.get("experiment_step", entry["step"])


def check(entries):
    start, end = entries[0], entries[-1]
    params, points, files, prefixes = {}, {}, {}, {}
    run_id = None
    experiments = sum(e["entry"] == "experiment" for e in entries)
    nested = not one_run and experiments <= 50

    def slot(entry):
        index = entry.get("experiment")
        if index is None:
            return None, ""
        return (index, "") if nested else (None, prefixes[index])

    for e in entries:
        kind = e["entry"]
        if kind == "run_id":
            run_id = e["run_id"]
        elif kind == "experiment":
            prefix = f"{e['model_name']}/{e['probe_name']}/"
            if e["name_has_id"]:
                prefix += e["experiment_id"] + "/"
            prefixes[e["index"]] = prefix
        elif kind == "params":
            s, prefix = slot(e)
            for name, value in e["params"].items():
                params.setdefault(s, {})[key(prefix + name)] = text(value)
        elif kind == "metrics":
            s, prefix = slot(e)
            for name, value in e["metrics"].items():
                points.setdefault(s, {}).setdefault(key(prefix + name), []).append(
                    (own_step(e) if s is not None else e["step"],
                     number(value), e["time_us"] // 1000)
                )
        elif kind == "artifact":
            files[artifact_name(e["name"])] = e["path"]
    name = start.get("experiment_name") or start["project"]
    experiment = client.get_experiment_by_name(name).experiment_id
    run = find(experiment, start["attempt"])
    slots = [(None, run, display(start, run_id))]
    if nested:
        for index, prefix in prefixes.items():
            if index not in params and index not in points:
                continue
            child = find(experiment, f"{start['attempt']}/{index}")
            if child.data.tags["mlflow.parentRunId"] != run.info.run_id:
                differ("child has another parent")
            slots.append((index, child, prefix.rstrip("/")))
    for s, r, want_name in slots:
        if r.data.params != params.get(s, {}):
            differ("params", r.data.params, "not", params.get(s, {}))
        compare_points(r, points.get(s, {}))
        if r.info.run_name != want_name:
            differ("name", r.info.run_name, "not", want_name)
        if r.info.status != end["status"].upper():
            differ("status", r.info.status)
        if r.info.start_time != start["time_us"] // 1000:
            differ("start", r.info.start_time)
        if r.info.end_time != end["time_us"] // 1000:
            differ("end", r.info.end_time)
        for tag, want in (
            ("mlflow.user", start["user"]),
            ("mlflow.source.type", "LOCAL"),
            ("mlflow.source.name", start.get("config_path", start.get("command"))),
            ("mlflow.note.content", start.get("notes")),
        ):
            if r.data.tags.get(tag) != want:
                differ("tag", tag, r.data.tags.get(tag), "not", want)
    compare_files(run, files)


for path in arguments[1:]:
    check([json.loads(line) for line in open(path)])
sys.exit(bad > 0)
