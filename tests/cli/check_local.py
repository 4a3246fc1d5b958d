#!/usr/bin/env python3
"""Is LOCAL, a run of the local tracker, all that RUN_DIR asks for?

    check_local.py [option]... RUN_DIR LOCAL

Prints each difference; status 1 if there is one. What must be there comes from
rundirs.py, which shares nothing with the C code, and from the files of
insideLLMs' own tracker (--like): metrics and params, each point on the way,
artifacts byte for byte with their times, and the exact form of the five files.
"""
import argparse
import collections
import json
import math
import re
import sys
from datetime import datetime
from pathlib import Path

import rundirs

ARTIFACTS = ("manifest.json", "records.jsonl", "config.resolved.yaml",
             "summary.json", "explain.json", "report.html")
SENSITIVE = ("records.jsonl", "report.html", "explain.json")
METADATA = ["run_id", "run_name", "project", "tags", "notes", "started_at"]
POINT = ["step", "timestamp", "metrics"]
ARTIFACT = ["name", "type", "path", "original_path"]
FINAL = ["status", "ended_at", "total_steps", "metrics_count"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")
# What only somebody who was there can know.
LIVE_PARAMS = ("exit_code", "exit_signal")
LIVE_METRICS = ("process/user_cpu_seconds", "process/system_cpu_seconds",
                "process/max_rss_bytes", "wall_time_seconds")
# Their last value is the whole run's, behind that of the last seconds.
WINDOW = ("observed/records_per_second", "observed/latency_ms")


class Checker:
    def __init__(self):
        self.problems = []

    def same(self, what, got, want):
        if got != want:
            self.problems.append(f"{what}: got {got!r}, want {want!r}")
        return got == want

    def true(self, what, condition):
        if not condition:
            self.problems.append(what)


def no_duplicates(pairs):
    if len({k for k, _ in pairs}) != len(pairs):
        raise ValueError(f"duplicate keys in {[k for k, _ in pairs]}")
    return dict(pairs)


def load(check, local, name):
    """The document, after its form was checked: Python's json.dump."""
    try:
        text = (local / name).read_bytes().decode("ascii")
        document = json.loads(text, object_pairs_hook=no_duplicates)
    except (OSError, ValueError) as error:
        check.problems.append(f"{name}: {error}")
        return None
    check.true(f"{name}: not as json.dump(indent=2) writes it",
               json.dumps(document, indent=2) == text)
    return document


def check_time(check, what, text):
    if not TIME.fullmatch(str(text)):
        check.problems.append(f"{what}: {text!r} is no local time")
        return None
    return datetime.fromisoformat(text)


def passed_pairs(records):
    """What plain records before the first of a harness were called: they are no
    experiment any more, and the names they had are taken all the same."""
    of_harness = [rundirs.harness_of(r) is not None for r in records]
    if True not in of_harness:
        return set()
    before = rundirs.experiments_of(records[:of_harness.index(True)])
    return {f"{params['model_name']}/{params['probe_name']}/"
            for params, _ in before}


def prefixes(experiments, taken=()):
    """One for each experiment: none, if there is only one."""
    if len(experiments) < 2:
        return [""] * len(experiments)
    seen, result = set(taken), []
    for params, _ in experiments:
        name = f"{params['model_name']}/{params['probe_name']}/"
        if name in seen:
            name += params["experiment_id"] + "/"
        seen.add(name)
        result.append(name)
    return result


def running(records, prefix):
    values = rundirs.count_metrics(records)
    if "success_rate" not in values:
        values["success_rate"] = None
    values = {prefix + k: v for k, v in values.items() if v is not None}
    values["timeout_count"] = float(
        [rundirs.status_of(r) for r in records].count("timeout"))
    return values


def end_values(records, user_prefix):
    """(metrics, params) that must stand in the end, by the rundirs."""
    experiments = rundirs.experiments_of(records)
    names = prefixes(experiments, passed_pairs(records))
    metrics, params = {}, {}
    for (values, group), name in zip(experiments, names):
        for key, value in rundirs.metrics_of(group).items():
            metrics[name + user_prefix + key] = value
        for key, value in values.items():
            params[name + user_prefix + key] = value
    counted = [r for _, group in experiments for r in group]
    if len(experiments) != 1:
        metrics.update({user_prefix + k: v
                        for k, v in rundirs.count_metrics(counted).items()})
    return metrics, params


def last_values(points):
    values = {}
    for point in points:
        values.update(point["metrics"])
    return values


def close(got, want):
    return got == want or (isinstance(got, float) and math.isclose(
        got, want, rel_tol=1e-12, abs_tol=0))


def check_points(check, points, records, args):
    steps = [p["step"] for p in points]
    check.true(f"steps go back: {steps[:20]}", steps == sorted(steps))
    times, seen = [], set()
    for point in points:
        check.same("keys of a point", list(point), POINT)
        times.append(check_time(check, "timestamp", point["timestamp"]))
        check.true("a point without metrics", point["metrics"])
        for key, value in point["metrics"].items():
            check.true(f"{key} is no double",
                       isinstance(value, float) or value is None)
            check.true(f"{key} twice at step {point['step']}",
                       (point["step"], key) not in seen or
                       key.startswith("system/") or
                       (key in WINDOW and point["step"] == len(records)))
            seen.add((point["step"], key))
    times = [t for t in times if t]
    check.true("timestamps go back", times == sorted(times))
    at = {}
    for point in points:
        # A sample of the machine stands at the step that is the last by then.
        if not all(key.startswith("system/") for key in point["metrics"]):
            at.setdefault(point["step"], {}).update(point["metrics"])
    last = len(records)
    want = [n for n in range(1, last + 1)
            if n == last or rundirs.is_point(n, args.points)]
    check.same("steps", sorted(at), want or ([0] if at else []))
    for n in want if args.all_points else want[-3:]:
        for key, value in running(records[:n], args.prefix).items():
            check.same(f"{key} at step {n}", at.get(n, {}).get(key), value)


def check_extras(check, values, records):
    """Running means of scores, sums of usage; never with the prefix. Records of
    each error type."""
    types = collections.Counter(r["error_type"] for r in records
                                if isinstance(r.get("error_type"), str)
                                and r["error_type"])
    for name, count in list(types.items())[:32]:
        check.same(f"errors/{name}", values.get(f"errors/{name}"),
                   float(count))
    for folder, mean in (("scores", True), ("usage", False)):
        numbers = {}
        for record in records:
            for key, v in rundirs.as_dict(record.get(folder)).items():
                if isinstance(v, (int, float)) and not isinstance(v, bool):
                    numbers.setdefault(key, []).append(v)
        for key, list_ in numbers.items():
            want = sum(list_) / (len(list_) if mean else 1)
            name = f"{folder}/{key}"
            check.true(f"{name}: got {values.get(name)}, want {want}",
                       close(values.get(name), want))


def check_artifacts(check, artifacts, run_dir, local, args):
    names = [n for n in ARTIFACTS if (run_dir / n).exists()]
    if args.artifacts == "any":
        return
    if args.artifacts == "none":
        names = []
    if args.artifacts == "safe":
        names = [n for n in names if n not in SENSITIVE]
    check.same("artifacts", [a["name"] for a in artifacts], names)
    for artifact in artifacts:
        name = artifact["name"]
        check.same("keys of an artifact", list(artifact), ARTIFACT)
        check.same(f"type of {name}", artifact["type"], "file")
        check.same(f"path of {name}", artifact["path"],
                   f"{args.local}/artifacts/{name}")
        check.same(f"original_path of {name}", artifact["original_path"],
                   f"{args.run_dir_as}/{name}")
        copy, original = Path(artifact["path"]), run_dir / name
        if not copy.exists():
            check.problems.append(f"no {copy}")
            continue
        check.true(f"{name} differs from its original",
                   copy.read_bytes() == original.read_bytes())
        a, b = copy.stat(), original.stat()
        check.same(f"time of {name}", a.st_mtime_ns, b.st_mtime_ns)
        check.same(f"mode of {name}", oct(a.st_mode), oct(b.st_mode))
    stored = local / "artifacts"
    there = sorted(p.name for p in stored.iterdir()) if stored.exists() else []
    check.same("files in artifacts/", there, sorted(names))


def check_like(check, like, values, params):
    """What insideLLMs' own tracker has must be here under the same names."""
    theirs = last_values(json.loads((like / "metrics.json").read_text()))
    for key, value in theirs.items():
        if key != "wall_time_seconds":
            check.same(f"insideLLMs' {key}", values.get(key), value)
    for key, value in json.loads((like / "params.json").read_text()).items():
        if key not in ("config_path", "run_dir"):
            check.same(f"insideLLMs' param {key}", params.get(key, "absent"),
                       value)


def check_end(check, final, points, records, args):
    check.same("keys of final_state", list(final), FINAL)
    check.same("status", final["status"], args.status)
    check_time(check, "ended_at", final["ended_at"])
    check.same("total_steps", final["total_steps"], len(records))
    check.same("metrics_count", final["metrics_count"], len(points))


def check_params(check, params, want, run_id, args):
    check.same("param run_id", params.get("run_id"), run_id)
    check.same("param run_dir", params.get("run_dir"), args.run_dir_as)
    for key, value in want.items():
        check.same(f"param {key}", params.get(key), value)
    if args.live:
        check.true("neither exit_code nor exit_signal",
                   set(LIVE_PARAMS) & set(params))
    elif args.live is not None:
        check.same("params that import can't know",
                   sorted(set(LIVE_PARAMS) & set(params)), [])


def check_all(args):
    check = Checker()
    run_dir, local = Path(args.run_dir), Path(args.local)
    documents = {n: load(check, local, n + ".json")
                 for n in ("metadata", "metrics", "params", "artifacts",
                           "final_state")}
    if None in documents.values():
        return check.problems
    metadata, points = documents["metadata"], documents["metrics"]
    params = documents["params"]
    check.same("keys of metadata", list(metadata), METADATA)
    check.same("run_id", metadata["run_id"], local.name)
    check.same("project", metadata["project"], args.project)
    check_time(check, "started_at", metadata["started_at"])
    records, _ = rundirs.records_of(rundirs.whole_lines(run_dir))
    run_ids = [str(r["run_id"]) for r in records if r.get("run_id")]
    run_id = args.run_id or (run_ids[0] if run_ids else run_dir.name)
    metrics, want_params = end_values(records, args.prefix)
    values = last_values(points)
    for key, value in metrics.items():
        check.same(f"last {key}", values.get(key), value)
    check.true("a duration of several experiments, which have no common clock",
               args.prefix + "duration_seconds" in metrics or
               args.prefix + "duration_seconds" not in values)
    if args.live is not None:
        check.same("metrics of an observer",
                   sorted(set(LIVE_METRICS) & set(values)),
                   sorted(LIVE_METRICS) if args.live else [])
    check_points(check, points, records, args)
    check_extras(check, values, records)
    check_params(check, params, want_params, run_id, args)
    check_artifacts(check, documents["artifacts"], run_dir, local, args)
    check_end(check, documents["final_state"], points, records, args)
    if args.like:
        check_like(check, Path(args.like), values, params)
    return check.problems


def parser():
    p = argparse.ArgumentParser()
    p.add_argument("--status", default="finished")
    p.add_argument("--project", default="insidellms")
    p.add_argument("--prefix", default="")
    p.add_argument("--artifacts", default="all",
                   help="all, safe, none; any: don't look at them")
    p.add_argument("--points", default=512,
                   type=lambda t: t if t == "all" else int(t))
    p.add_argument("--like", help="a directory of insideLLMs' own tracker")
    p.add_argument("--run-dir-as", help="RUN_DIR as the program names it")
    p.add_argument("--run-id")
    p.add_argument("--import", dest="live", action="store_const", const=False,
                   default=True, help="nobody was there")
    p.add_argument("--child", dest="live", action="store_const", const=None,
                   help="the writer was not the command, or not to its end")
    p.add_argument("--last-points", dest="all_points", action="store_false",
                   help="look at the values of the last points only")
    p.add_argument("run_dir")
    p.add_argument("local")
    return p


def main(arguments=None):
    args = parser().parse_args(arguments)
    args.run_dir_as = args.run_dir_as or args.run_dir
    problems = check_all(args)
    for problem in problems[:20]:
        print("#", problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
