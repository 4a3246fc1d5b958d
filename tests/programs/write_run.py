#!/usr/bin/env python3
"""Writes a run directory by Python's own calls, as insideLLMs does.

    write_run.py run|harness FROM TO [GATE]

write_run (C) makes the same calls; this one is what real producers are. GATE
works as its --gate: one line is read before the directory is made, before each
record (harness: before all of them), before the manifest and at the end.
"""
import json
import os
import sys
from pathlib import Path


def replace(directory, name, text):
    temp = directory / f".{name}.tmp"
    with open(temp, "w", encoding="utf-8") as f:
        f.write(text)
        f.flush()
        os.fsync(f.fileno())
    os.replace(temp, directory / name)


def dump(value):
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False)


def line_of(record):
    return json.dumps(record, sort_keys=True, separators=(",", ":")) + "\n"


def document(source, name):
    return json.loads((source / name).read_text(encoding="utf-8"))


def write(mode, source, target, turn):
    turn()
    target.mkdir(parents=True, exist_ok=True)
    marker = target / ".insidellms_run"
    if not marker.exists():
        marker.write_text("insideLLMs run directory\n", encoding="utf-8")
    text = (source / "records.jsonl").read_text(encoding="utf-8")
    records = [json.loads(line) for line in text.splitlines()]
    config = (source / "config.resolved.yaml").read_text(encoding="utf-8")
    path = target / "records.jsonl"
    if mode == "run":
        replace(target, "config.resolved.yaml", config)
        with open(path, "x", encoding="utf-8") as f:
            for record in records:
                turn()
                f.write(line_of(record))
                f.flush()
    else:
        turn()
        replace(target, "config.resolved.yaml", config)
        with open(path, "w", encoding="utf-8") as f:
            for record in records:
                f.write(line_of(record))
        os.symlink("records.jsonl", target / "results.jsonl")
    turn()
    replace(target, "manifest.json", dump(document(source, "manifest.json")))
    if mode == "harness":
        with open(target / "summary.json", "w", encoding="utf-8") as f:
            f.write(dump(document(source, "summary.json")))
    turn()
    print(f"Run written to: {target}")
    print(f"Validate with: insidellms validate {target}")


def main():
    mode, source, target = sys.argv[1:4]
    gate = open(sys.argv[4]) if len(sys.argv) > 4 else None
    write(mode, Path(source), Path(os.path.abspath(target)),
          gate.readline if gate else lambda: None)


if __name__ == "__main__":
    main()
