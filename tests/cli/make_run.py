#!/usr/bin/env python3
"""Writes a run directory from a few words, for tests of compare and report.

    make_run.py DIR [--config YAML] [--name RUN_ID] <<END
    [MODEL/]PROBE EXAMPLE[=INPUT] STATUS[:ERROR_TYPE] [key=KEY] [NAME=SCORE]... \\
        [latency=MS] [tokens=N] [output=TEXT]
    END

A line is a record; blanks end words, "_" in an output is a blank. Without key= a
record has the key of its model, probe and example; with key=none it has none. The model
is M if none is named. STATUS: success, error, timeout."""
import argparse
import hashlib
import json
import sys
from pathlib import Path

arguments = argparse.ArgumentParser()
arguments.add_argument("dir", type=Path)
arguments.add_argument("--config", default="model:\n  type: m\n")
arguments.add_argument("--name", default="r1")
args = arguments.parse_args()


def record(index, words):
    where, example, status, *rest = words
    model, _, probe = where.rpartition("/")
    model = model or "M"
    example, _, question = example.partition("=")
    status, _, error_type = status.partition(":")
    values = dict(word.split("=", 1) for word in rest)
    key = values.pop("key", hashlib.md5(f"{model} {probe} {example}".encode()).hexdigest()[:16])
    latency, tokens = values.pop("latency", None), values.pop("tokens", None)
    output = values.pop("output", "answer").replace("_", " ")
    good = status == "success"
    custom = {"record_index": index, "harness": {
        "experiment_id": f"{model} {probe}", "model_name": model, "probe_name": probe,
        "probe_category": "logic"}}
    if key != "none":
        custom["replicate_key"] = key
    return {
        "completed_at": f"2009-06-04T02:14:04.{index:06}+00:00", "custom": custom,
        "error": None if good else f"it says {output}",
        "error_type": error_type or (None if good else "RuntimeError"),
        "example_id": example, "input": {"question": question or f"what is {example}?"},
        "latency_ms": float(latency) if latency else None,
        "model": {"model_id": model, "params": {"name": model}, "provider": "P"},
        "output": output if good else None, "output_text": output if good else None,
        "probe": {"probe_id": probe}, "run_id": args.name, "schema_version": "1.0.1",
        "scores": {name: float(value) for name, value in values.items()},
        "started_at": f"2009-06-04T02:14:04.{index:06}+00:00", "status": status,
        "usage": {"total_tokens": int(tokens)} if tokens else {}}


lines = [line.split() for line in sys.stdin if line.strip()]
records = [record(i, words) for i, words in enumerate(lines)]
args.dir.mkdir(parents=True)
(args.dir / ".insidellms_run").write_text("insideLLMs run directory\n")
(args.dir / "config.resolved.yaml").write_text(args.config)
with open(args.dir / "records.jsonl", "w") as file:
    for r in records:
        file.write(json.dumps(r, sort_keys=True, separators=(",", ":")) + "\n")
count = {s: sum(r["status"] == s for r in records) for s in ("success", "error", "timeout")}
(args.dir / "manifest.json").write_text(json.dumps({
    "run_id": args.name, "schema_version": "1.0.1", "record_count": len(records),
    "success_count": count["success"], "error_count": count["error"],
    "records_file": "records.jsonl", "run_completed": True}, indent=2, sort_keys=True))
