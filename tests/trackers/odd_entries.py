#!/usr/bin/env python3
"""Entries of a made-up run with everything that a tracker may stumble over.

usage: odd_entries.py ATTEMPT POINTS EXPERIMENTS [FILE]... > entries.jsonl

Long and odd names, texts beyond limits, NaN, infinities and extreme numbers,
several experiments with their own points, and the FILEs as artifacts.
"""
import json
import os
import random
import socket
import sys

attempt, points, experiments = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
time_us = 1764000000000000


def entry(kind, **members):
    global time_us
    time_us += 1234567
    line = json.dumps(dict(entry=kind, time_us=time_us, **members))
    for bare in "NaN", "-Infinity", "Infinity":
        line = line.replace(f": {bare}", f': "{bare}"')
    print(line)


entry(
    "start", version=1, attempt=attempt, source="import", run_dir="/none",
    config_path="exp.yaml", project="probe eval \u00fc/%+&", prefix="",
    tags=["team=red", "plain"], notes="Some *notes* \u2713", targets=[],
    host=socket.gethostname(), boot_id="b", pid=1, pid_start=2, user="ana",
    cwd=os.getcwd(), artifacts="all", points=512,
)
entry(
    "params",
    params={
        "config_path": "exp.yaml", "none": None, "yes": True, "int": 7,
        "double": [1e-5], "long": "x" * 7000, "empty": "",
        "text \u00fc": "line\nline \U0001f600", "k" * 250: "long key",
        "bad (1)": "first", "bad [1]": "second", "a/../b": "dots",
    },
)
entry("run_id", run_id="run \u00fc " + attempt)
entry("params", params={"run_id": "run", "int": 7})
for i in range(experiments):
    entry(
        "experiment", index=i, experiment_id=f"e{i}",
        model_name=["open/model", "m"][i % 2], model_provider="p",
        probe_name=f"probe{i // 2}", probe_category="c", name_has_id=i > 3,
    )
    entry("params", experiment=i, params={"model_name": f"m{i}"})
numbers = random.Random(1)
odd = [float("nan"), float("inf"), float("-inf"), 5e-324, -1.7e308, 0.1, -0.0, 1e22]
for step in range(1, points + 1):
    entry(
        "metrics", step=step,
        metrics={
            "total_count": float(step), "scores/x": numbers.random(),
            "odd": odd[step % len(odd)], "m" * 250: 1.0 / step,
        },
    )
    if step % 3 == 0:
        for i in range(experiments):
            entry(
                "metrics", step=step, experiment=i,
                experiment_step=step // 3 + i,
                metrics={"success_count": float(step + i)},
            )
for path in sys.argv[4:]:
    st = os.stat(path)
    entry(
        "artifact", name=os.path.basename(path), type="file",
        path=os.path.abspath(path), size=st.st_size,
        mtime_ns=st.st_mtime_ns, inode=st.st_ino,
    )
entry("end", status="killed", last_step=points, exit_signal=15)
