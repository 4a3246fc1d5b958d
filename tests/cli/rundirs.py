#!/usr/bin/env python3
"""The mapping of records to experiments, as insideLLMs does it, in Python.

The tests' own reading of a run directory, independent of the C code: what the
trackers must have in the end, and at each point on the way.

    rundirs.py DIR        prints what expected.json of a fixture holds
"""
import json
import sys
from datetime import datetime, timezone
from pathlib import Path

STATUSES = ("success", "error", "timeout", "rate_limited", "skipped")
CATEGORIES = ("logic", "factuality", "bias", "attack", "safety", "reasoning",
              "knowledge", "custom")
DEFAULT_POINTS = 512


def whole_lines(run_dir):
    """The lines of records.jsonl; what follows the last newline is none."""
    path = Path(run_dir) / "records.jsonl"
    if not path.is_file():
        return []
    return path.read_bytes().split(b"\n")[:-1]


def records_of(lines):
    """(records, malformed lines)"""
    records, malformed = [], 0
    for line in lines:
        text = line.decode("utf-8", "replace")
        if not text.strip():
            continue
        try:
            record = json.loads(text)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            records.append(record)
        else:
            malformed += 1
    return records, malformed


def first_of(*values):
    return next((v for v in values if v), values[-1])


def as_dict(value):
    return value if isinstance(value, dict) else {}


def harness_of(record):
    harness = as_dict(record.get("custom")).get("harness")
    return harness if isinstance(harness, dict) else None


def status_of(record):
    status = str(record.get("status"))
    return status if status in STATUSES else "error"


def time_of(text):
    try:
        time = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def params_of(key, record):
    model, probe = as_dict(record.get("model")), as_dict(record.get("probe"))
    h = harness_of(record)
    if h is None:
        name = as_dict(model.get("params")).get("name")
        values = (first_of(name, model.get("model_id"), "model"),
                  first_of(model.get("provider"), "unknown"),
                  first_of(probe.get("probe_id"), "probe"), "custom")
    else:
        category = h.get("probe_category")
        values = (first_of(h.get("model_name"), model.get("model_id"),
                           "model"),
                  first_of(model.get("provider"), h.get("model_type"),
                           "unknown"),
                  first_of(h.get("probe_name"), probe.get("probe_id"),
                           "probe"),
                  category if category in CATEGORIES else "custom")
    names = ("model_name", "model_provider", "probe_name", "probe_category")
    return {"experiment_id": key, **dict(zip(names, map(str, values)))}


def count_metrics(records):
    total = len(records)
    statuses = [status_of(r) for r in records]
    metrics = {"total_count": float(total),
               "success_count": float(statuses.count("success")),
               "error_count": float(statuses.count("error"))}
    if total:
        metrics["success_rate"] = statuses.count("success") / total
    return metrics


def metrics_of(records):
    metrics = count_metrics(records)
    starts = [t for t in (time_of(r.get("started_at")) for r in records) if t]
    ends = [t for t in (time_of(r.get("completed_at")) for r in records) if t]
    if starts and ends:
        metrics["duration_seconds"] = (max(ends) - min(starts)).total_seconds()
    return metrics


def experiments_of(records):
    """[(params, records)] in order of first appearance."""
    in_harness = [r for r in records if harness_of(r) is not None]
    groups = {}
    for record in in_harness or records:
        h = harness_of(record)
        if h is None:
            key = str(first_of(record.get("run_id"), "run"))
        else:
            key = str(first_of(h.get("experiment_id"), "unknown"))
        groups.setdefault(key, []).append(record)
    return [(params_of(key, group[0]), group)
            for key, group in groups.items()]


def expected(run_dir):
    records, malformed = records_of(whole_lines(run_dir))
    counts = {}
    for record in records:
        text = str(record.get("status"))
        counts[text] = counts.get(text, 0) + 1
    run_ids = {str(r["run_id"]) for r in records if r.get("run_id")}
    version = records[0].get("schema_version") if records else None
    return {"experiments": [{"metrics": metrics_of(group), "params": params}
                            for params, group in experiments_of(records)],
            "malformed_lines": malformed,
            "record_count": len(records),
            "run_ids": sorted(run_ids),
            "schema_version": first_of(version, "1.0.1"),
            "status_counts": counts}


def is_point(n, points=DEFAULT_POINTS):
    """Is a point written when there are n records so far (--points)?"""
    if points == "all":
        return True
    k = 0
    while n >= points << k:
        k += 1
    return n % (1 << k) == 0


if __name__ == "__main__":
    print(json.dumps(expected(sys.argv[1]), indent=2, sort_keys=True))
