#!/usr/bin/env python3
"""Writes the records and documents of a hostile run.

usage: hostile.py DIR [RECORDS]

Names of models, probes, scores, statuses and the run ID hold path traversal,
control and escape characters, quotes, percents, newlines, lone surrogates and a
megabyte of text.
"""
import json
import sys
from pathlib import Path

NAMES = ["../../../../tmp/up", "/etc/itrack-up", "..", ".", "", "a/../../b",
         "\x1b[31mred\x1b]0;title\x07", "nul\0nul", "line\nline\rline",
         "%s%n%d%x", "\"';$(touch up)`touch up`", "\\..\\up", "~root",
         "\ud800 alone", "\u202eright-to-left", "con\u0000", "-rf", "*",
         "a" * 300, "m" * (1 << 20), "\u00e9" * 200, "{\"a\":1}", "<b>x</b>"]


def record(i, run_id):
    name = NAMES[i % len(NAMES)]
    other = NAMES[(i * 7 + 3) % len(NAMES)]
    return {
        "schema_version": "1.0.1", "run_id": run_id, "status": "success",
        "started_at": "2026-01-01T00:00:00+00:00",
        "completed_at": "2026-01-01T00:00:01+00:00",
        "model": {"model_id": name, "provider": other, "params": {}},
        "probe": {"probe_id": other, "probe_version": name},
        "dataset": {"dataset_id": name, "dataset_version": other,
                    "dataset_hash": name, "provenance": other},
        "example_id": name, "input": {"prompt": "secret-prompt"},
        "output": "secret-answer", "latency_ms": 1.5,
        "scores": {name: 0.5, other + "x": 1},
        "usage": {name: 3}, "error": None, "error_type": None,
        "custom": {"harness": {"experiment_id": name, "model_id": name,
                               "model_name": name, "model_type": other,
                               "probe_name": other, "probe_type": name,
                               "example_index": i}},
    }


def main():
    directory = Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 2 * len(NAMES)
    directory.mkdir(parents=True, exist_ok=True)
    run_id = "../../..\x1b[31m/up%s'\""
    with open(directory / "records.jsonl", "w", encoding="ascii") as f:
        for i in range(count):
            f.write(json.dumps(record(i, run_id)) + "\n")
    (directory / "manifest.json").write_text(json.dumps({
        "schema_version": "1.0.1", "run_id": run_id, "record_count": count,
        "run_completed": True, "started_at": "2026-01-01T00:00:00+00:00",
        "completed_at": "2026-01-01T00:01:00+00:00"}))
    (directory / "config.resolved.yaml").write_text("x: 1\n")
    (directory / ".insidellms_run").write_text("")


main()
