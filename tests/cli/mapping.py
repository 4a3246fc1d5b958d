#!/usr/bin/env python3
"""The mapping as insideLLMs does it, in Python, to compare `itrack show` with.

mapping.py RECORDS        prints what `itrack show --json` should say
mapping.py --random SEED  writes hostile records to standard output
"""

import json
import random
import sys
from datetime import datetime, timezone

STATUSES = ("success", "error", "timeout", "rate_limited", "skipped")
CATEGORIES = ("logic", "factuality", "bias", "attack", "safety", "reasoning",
              "knowledge", "custom")


def first(*values):
    for value in values[:-1]:
        if value:
            return str(value)
    return values[-1]


def as_dict(value):
    return value if isinstance(value, dict) else {}


def read(path):
    with open(path, "rb") as file:
        lines = file.read().split(b"\n")[:-1]
    records, malformed = [], 0
    for line in lines:
        text = line.decode("utf-8", errors="replace")
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


def when(value):
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    if time.tzinfo is None:
        time = time.replace(tzinfo=timezone.utc)
    return time


def harness_of(record):
    harness = as_dict(record.get("custom")).get("harness")
    return harness if isinstance(harness, dict) else None


def harness_names(record):
    h, m = harness_of(record), as_dict(record.get("model"))
    category = h.get("probe_category")
    known = isinstance(category, str) and category in CATEGORIES
    return {
        "model_name": first(h.get("model_name"), m.get("model_id"), "model"),
        "model_provider": first(m.get("provider"), h.get("model_type"),
                                "unknown"),
        "probe_name": first(h.get("probe_name"),
                            as_dict(record.get("probe")).get("probe_id"),
                            "probe"),
        "probe_category": category if known else "custom",
    }


def plain_names(record):
    m, p = as_dict(record.get("model")), as_dict(record.get("probe"))
    return {
        "model_name": first(as_dict(m.get("params")).get("name"),
                            m.get("model_id"), "model"),
        "model_provider": first(m.get("provider"), "unknown"),
        "probe_name": first(p.get("probe_id"), "probe"),
        "probe_category": "custom",
    }


def metrics(records):
    statuses = [str(r.get("status")) for r in records]
    statuses = [s if s in STATUSES else "error" for s in statuses]
    values = {
        "total_count": float(len(records)),
        "success_count": float(statuses.count("success")),
        "error_count": float(statuses.count("error")),
    }
    values["success_rate"] = statuses.count("success") / len(records)
    starts = [t for t in (when(r.get("started_at")) for r in records) if t]
    ends = [t for t in (when(r.get("completed_at")) for r in records) if t]
    if starts and ends:
        between = max(ends) - min(starts)
        values["duration_seconds"] = between.total_seconds()
    return values


def mapping(records, malformed):
    harness = [r for r in records if harness_of(r) is not None]
    groups, names = {}, harness_names if harness else plain_names
    for record in harness or records:
        key = (first(harness_of(record).get("experiment_id"), "unknown")
               if harness else first(record.get("run_id"), "run"))
        groups.setdefault(key, []).append(record)
    counts = {}
    for record in records:
        status = str(record.get("status"))
        counts[status] = counts.get(status, 0) + 1
    version = first(records[0].get("schema_version"), "1.0.1") if records \
        else None
    return {
        "run_ids": sorted({str(r["run_id"]) for r in records
                           if r.get("run_id")}),
        "schema_version": version,
        "record_count": len(records),
        "malformed_lines": malformed,
        "status_counts": counts,
        "experiments": [
            {"metrics": metrics(group),
             "params": {"experiment_id": key, **names(group[0])}}
            for key, group in groups.items()],
    }


def compare(want, got):
    """Exits with the first difference; keys that only itrack has are fine."""
    for key, value in want.items():
        if got.get(key) != value:
            sys.exit(f"{key}: want {value!r}, got {got.get(key)!r}")


TEXTS = ["", "a", "run", "7", "é", "\ud83d", "\u2028", "x\ny", "\x00", "None"]
TIMES = ["2026-01-01T00:00:00", "2026-01-01T00:00:00.5Z", "2026-01-01",
         "2026-01-01 01:00:00,25+01:00", "20260101T000000", "no", "24:00",
         "2025-12-31T23:59:59.999999-00:30", "2026-W01-1T10"]


def value(r, depth=0):
    kind = r.randrange(9 if depth < 2 else 7)
    return [lambda: None, lambda: r.choice([True, False]),
            lambda: r.choice([0, 1, -7, 10 ** 30]),
            lambda: r.choice([0.0, -0.0, 1.0, 1e16, 1e-5, float("nan")]),
            lambda: r.choice(TEXTS), lambda: r.choice(STATUSES),
            lambda: r.choice(CATEGORIES),
            lambda: [value(r, depth + 1) for _ in range(r.randrange(3))],
            lambda: {r.choice(TEXTS): value(r, depth + 1)
                     for _ in range(r.randrange(3))}][kind]()


def members(r, names, more=None):
    made = {n: value(r) for n in names if r.random() < 0.8}
    made.update(more or {})
    return made


def random_record(r, harness):
    h = members(r, ["model_name", "model_type", "probe_name",
                    "probe_category"], {"experiment_id": r.choice(TEXTS)})
    custom = r.choice([{"harness": h}, {"harness": h}, {"harness": 1}, {}, 7])
    model = members(r, ["model_id", "provider"],
                    {"params": r.choice([{"name": value(r)}, None])})
    return members(r, ["schema_version"], {
        "custom": custom if harness else value(r),
        "model": r.choice([model, value(r)]),
        "probe": r.choice([members(r, ["probe_id"]), value(r)]),
        "run_id": r.choice([value(r), r.choice(TEXTS)]),
        "status": r.choice([value(r), r.choice(STATUSES)]),
        "started_at": r.choice([value(r), r.choice(TIMES)]),
        "completed_at": r.choice([value(r), r.choice(TIMES)]),
    })


def random_records(seed):
    r = random.Random(seed)
    out = sys.stdout.buffer
    harness = r.random() < 0.5
    for _ in range(r.randrange(1, 60)):
        line = json.dumps(random_record(r, harness),
                          ensure_ascii=r.random() < 0.5)
        data = line.encode("utf-8", errors="surrogatepass")
        if r.random() < 0.1:
            at = r.randrange(len(data))
            data = data[:at] + bytes([r.randrange(256)]) + data[at:]
        if r.random() < 0.05:
            data = r.choice([b"", b" \r", b"\xc2\xa0", b"[]", b"\xef\xbb\xbf"])
        out.write(data + r.choice([b"\n", b"\n", b"\r\n"]))


def main():
    if sys.argv[1] == "--random":
        random_records(int(sys.argv[2]))
    elif sys.argv[1] == "--expected":
        with open(sys.argv[2], encoding="utf-8") as file:
            compare(json.load(file), json.load(sys.stdin))
    else:
        compare(mapping(*read(sys.argv[1])), json.load(sys.stdin))


if __name__ == "__main__":
    main()
