#!/usr/bin/env python3
"""What a tracker was given, in a form that compares: no clocks, no random
names.

usage: content.py local|tensorboard|mlflow|wandb DIR
       content.py --all DIR TRACKER...
       content.py --reached STEP DIR TRACKER...

DIR is what --local-dir, --tensorboard-dir, --mlflow-uri file: or --wandb-dir
named. Prints sorted lines of JSON, one for each value: points, params and files;
with --all those of several trackers in DIR/TRACKER, each line behind the name.
With --reached it prints nothing and ends with 0 if each of them has a point of
that step or a later one by now (W&B, which keeps the last row open: of the step
before). It knows the formats by itself and shares nothing with the C code.
"""
import hashlib
import json
import re
import struct
import sys
from pathlib import Path

# A record of a .wandb file that has system metrics (StatsRecord of wandb_internal.proto).
STATS = 7
# What differs between two runs of the same records.
CLOCK = re.compile(r"observed/|process/|system/|wall_time|^_timestamp|^_runtime|^_wandb"
                   r"|duration_seconds$")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def numbered(points):
    """Points as lines; a point that is there twice is there twice."""
    return [json.dumps(["point", *p]) for p in points if not CLOCK.search(p[0])]


def files(directory):
    return [json.dumps(["file", str(p.relative_to(directory)), digest(p)])
            for p in sorted(directory.rglob("*")) if p.is_file()]


def only(paths, what):
    paths = list(paths)
    if len(paths) != 1:
        raise SystemExit(f"{what}: {len(paths)} of them")
    return paths[0]


def local(directory):
    return local_run(only(directory.glob("*/*"), "local runs"))


def local_runs(directory):
    """Of several, each line behind the run's directory."""
    return [f"{run.name} {line}" for run in sorted(directory.glob("*/*"))
            for line in local_run(run)]


def local_run(run):
    run = run.resolve()
    points = [(key, point["step"], value)
              for point in json.loads((run / "metrics.json").read_text())
              for key, value in point["metrics"].items()]
    params = json.loads((run / "params.json").read_text())
    final = json.loads((run / "final_state.json").read_text())
    return (numbered(points) + files(run / "artifacts") +
            [json.dumps(["param", *p]) for p in params.items()] +
            [json.dumps(["end", final["status"], final["total_steps"]])])


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a message; a sub-message stays bytes."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif key & 7 == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        elif key & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            if len(value) != size:
                raise ValueError("cut")
        else:
            raise ValueError("no message")
        yield key >> 3, value


def tensorboard(directory):
    lines, texts = [], set()  # a text may be written again with more in it
    for path in sorted(directory.rglob("*tfevents*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            if at + 16 > len(data):
                break
            size = struct.unpack_from("<Q", data, at)[0]
            # Torn by a kill, or zeros after a loss of power, where readers
            # stop, too: the next file goes on.
            if size == 0 or at + size + 16 > len(data):
                break
            event = list(fields(data[at + 12:at + 12 + size]))
            at += size + 16
            step = dict(event).get(2, 0)
            for number, summary in event:
                if number != 5:
                    continue
                for _, value in fields(summary):
                    value = dict(fields(value))
                    tag = value[1].decode()
                    if 2 in value:
                        lines += numbered([(tag, step, value[2])])
                    elif not (tag.startswith("_hparams_") or
                              CLOCK.search(tag)):
                        texts.add(json.dumps(["text", tag]))
    return lines + sorted(texts)


def mlflow(directory):
    """Of the run, and of the runs of its experiments below it."""
    runs = [p.parent for p in directory.glob("*/*/meta.yaml")]
    run = only((r for r in runs
                if not (r / "tags/mlflow.parentRunId").exists()), "runs")
    lines = mlflow_run(run)
    for child in runs:
        if child != run:
            name = (child / "tags/mlflow.runName").read_text()
            lines += [json.dumps([name, line]) for line in mlflow_run(child)]
    return lines


def mlflow_run(run):
    lines = files(run / "artifacts")
    for path in sorted((run / "params").rglob("*")):
        if path.is_file():
            key = str(path.relative_to(run / "params"))
            lines.append(json.dumps(["param", key, path.read_text()]))
    for path in (run / "metrics").rglob("*"):
        if path.is_file():
            key = str(path.relative_to(run / "metrics"))
            lines += numbered([(key, line.split()[2], line.split()[1])
                               for line in path.read_text().splitlines()])
    end = re.search(r"^status: .*", (run / "meta.yaml").read_text(), re.M)
    return lines + [json.dumps(["end", end[0]])]


def blocks(data):
    """The records of a .wandb file."""
    at, whole = 7, b""
    while at + 7 <= len(data):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        _, size, kind = struct.unpack_from("<IHB", data, at)
        whole += data[at + 7:at + 7 + size]
        at += 7 + size
        if kind in (1, 4):
            yield whole
            whole = b""


def items(message, depth=0):
    """Every key and JSON value in it, at any depth."""
    found = []
    try:
        own = list(fields(message))
    except (ValueError, IndexError, struct.error):
        return found
    names = [v for n, v in own if n in (1, 2) and isinstance(v, bytes)]
    values = [v for n, v in own if n == 16 and isinstance(v, bytes)]
    if len(values) == 1 and names:
        name = "/".join(n.decode("utf-8", "replace") for n in names)
        return [(name, values[0].decode("utf-8", "replace"))]
    for _, value in own:
        if isinstance(value, bytes) and depth < 6:
            found += items(value, depth + 1)
    return found


def wandb(directory):
    """Of the run, and of the runs of its experiments, whose folders have its
    folder's name and a number."""
    run, *children = sorted(directory.glob("wandb/offline-run-*"))
    lines = wandb_run(run)
    for child in children:
        end = child.name[len(run.name):]
        assert child.name.startswith(run.name) and end, child
        lines += [json.dumps([end, line]) for line in wandb_run(child)]
    return lines


def wandb_run(run):
    lines = files(run / "files")
    for record in blocks(only(run.glob("*.wandb"), "log").read_bytes()):
        if any(number == STATS for number, _ in fields(record)):
            continue
        rows = sorted((k, v) for k, v in items(record) if not CLOCK.search(k))
        if any(key == "_step" for key, _ in rows):
            lines.append(json.dumps(["row", rows]))
        else:  # how many of these share a record is a matter of time
            lines += [json.dumps(["item", *row]) for row in rows]
    return [*{line: None for line in lines if '["item"' in line},
            *(line for line in lines if '["item"' not in line)]


def content(tracker, directory):
    return sorted(globals()[tracker](Path(directory)))


def steps(tracker, directory):
    """Of a run that goes on."""
    if tracker == "local":
        metrics = only(directory.glob("*/*/metrics.json"), "local runs")
        return [p["step"] for p in json.loads(metrics.read_text())]
    if tracker == "mlflow":
        return [int(line.split()[2])
                for path in directory.glob("*/*/metrics/total_count")
                for line in path.read_text().splitlines()]
    if tracker == "tensorboard":
        return [p[2] for p in map(json.loads, tensorboard(directory))
                if p[0] == "point"]
    return [int(value) + 1 for line in map(json.loads, wandb(directory))
            if line[0] == "row" for key, value in line[1] if key == "_step"]


def main():
    if sys.argv[1] == "--all":
        for tracker in sys.argv[3:]:
            for line in content(tracker, Path(sys.argv[2]) / tracker):
                print(tracker, line)
    elif sys.argv[1] == "--reached":
        sys.exit(any(max(steps(tracker, Path(sys.argv[3]) / tracker),
                         default=0) < int(sys.argv[2])
                     for tracker in sys.argv[4:]))
    else:
        print("\n".join(content(sys.argv[1], sys.argv[2])))


if __name__ == "__main__":
    main()
