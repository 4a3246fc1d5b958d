#!/usr/bin/env python3
"""Compares the local tracker's directory with the entries that made it.

usage: check_local.py whole ENTRIES RUN_DIR
       check_local.py watch RUN_DIR PID_FILE

whole: the five files, byte for byte as Python's json.dump writes what the
entries say (numbers that JSON has no form for as text), and the artifacts.
watch: says "ready", then looks until the process whose ID comes into PID_FILE has
ended: every file that is there is valid JSON, the list
of metrics only grows, and it grows while the process lives.
"""
import datetime
import json
import os
import sys
import time

MARK = ".itrack-attempt"


def iso(us):
    second, us = divmod(us, 10**6)
    return datetime.datetime.fromtimestamp(second).replace(
        microsecond=us).isoformat()


def number(value):
    value = float(value[0] if isinstance(value, list) else value)
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(
        str(value), value)


def param(value):
    return number(value) if isinstance(value, list) else value


def whole(entries, run_dir):
    metrics, params, artifacts, names = [], {}, [], {}
    for line in open(entries):
        entry = json.loads(line)
        index = entry.get("experiment")
        prefix = names.get(index, "")
        if entry["entry"] == "start":
            start = entry
        elif entry["entry"] == "run_id":
            run_id = entry["run_id"]
        elif entry["entry"] == "experiment":
            names[entry["index"]] = "%s/%s/" % (
                entry["model_name"], entry["probe_name"])
        elif entry["entry"] == "params":
            params.update({prefix + k: param(v)
                           for k, v in entry["params"].items()})
        elif entry["entry"] == "metrics":
            metrics.append({
                "step": entry["step"], "timestamp": iso(entry["time_us"]),
                "metrics": {prefix + k: number(v)
                            for k, v in entry["metrics"].items()}})
        elif entry["entry"] == "artifact":
            artifacts.append({
                "name": entry["name"], "type": entry["type"],
                "path": os.path.join(run_dir, "artifacts", entry["name"]),
                "original_path": entry["path"]})
        elif entry["entry"] == "end":
            end = entry
    want = {
        "metadata.json": {
            "run_id": os.path.basename(run_dir),
            "run_name": start.get("run_name", run_id),
            "project": start["project"], "tags": start["tags"],
            "notes": start.get("notes"), "started_at": iso(start["time_us"])},
        "metrics.json": metrics,
        "params.json": {"run_id": run_id, **params},
        "artifacts.json": artifacts,
        "final_state.json": {
            "status": end["status"], "ended_at": iso(end["time_us"]),
            "total_steps": end["last_step"], "metrics_count": len(metrics)},
    }
    # Whose directory it is.
    with open(os.path.join(run_dir, MARK)) as mark:
        bad = set() if mark.read() == start["attempt"] else {MARK}
    bad |= set(os.listdir(run_dir)) - {"artifacts", MARK} ^ set(want)
    for name, value in want.items():
        got = open(os.path.join(run_dir, name)).read()
        if got != json.dumps(value, indent=2):
            bad.add(name)
    for artifact in artifacts:
        with open(artifact["path"], "rb") as copy, \
                open(artifact["original_path"], "rb") as original:
            if copy.read() != original.read():
                bad.add(artifact["path"])
        if os.stat(artifact["path"]).st_mtime_ns != \
                os.stat(artifact["original_path"]).st_mtime_ns:
            bad.add("time of " + artifact["path"])
    return sorted(bad)


def alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def watch(run_dir, pid_file):
    """Until the process whose ID comes into the file is over."""
    lengths = set()
    end = time.monotonic() + 120
    print("ready", flush=True)
    while not (os.path.exists(pid_file) and
               os.path.exists(os.path.join(run_dir, "metrics.json"))):
        if time.monotonic() > end:
            return ["no metrics.json"]
        time.sleep(0.005)
    with open(pid_file) as file:
        pid = int(file.read())
    at_work = True
    while at_work and time.monotonic() < end:
        at_work = alive(pid)
        for name in os.listdir(run_dir):
            if not name.startswith(".") and name.endswith(".json"):
                with open(os.path.join(run_dir, name)) as file:
                    value = json.load(file)
                if name == "metrics.json":
                    if lengths and len(value) < max(lengths):
                        return ["metrics.json shrank"]
                    lengths.add(len(value))
        time.sleep(0.005)
    return [] if len(lengths) > 1 else ["metrics.json did not grow"]


if sys.argv[1] == "whole":
    bad = whole(sys.argv[2], sys.argv[3])
else:
    bad = watch(sys.argv[2], sys.argv[3])
print(*bad, sep="\n", end="\n" if bad else "")
sys.exit(bool(bad))
