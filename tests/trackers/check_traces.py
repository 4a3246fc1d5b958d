#!/usr/bin/env python3
"""Reads the traces of a run back from an MLflow server by its REST API and compares
them with the run directory's records.

usage: check_traces.py [--text] [--runs N] URL EXPERIMENT RUN_DIR

Every record is one trace of the run that has its experiment, with its input, output,
reference answer, scores, tokens and state; nothing stands twice. Without --text no word
of a prompt, an answer or an error may be anywhere. --runs: so many attempts of the
directory are in the experiment, each complete. Differences go to standard output, status
1.
"""
import argparse
import collections
import hashlib
import json
import urllib.request

parser = argparse.ArgumentParser()
parser.add_argument("--text", action="store_true")
parser.add_argument("--runs", type=int, default=1)
parser.add_argument("url")
parser.add_argument("experiment")
parser.add_argument("run_dir")
args = parser.parse_args()
bad = 0


def differ(*what):
    global bad
    bad += 1
    if bad < 20:
        print(*(str(w)[:1000] for w in what))


def call(path, body=None):
    request = urllib.request.Request(
        args.url + path,
        None if body is None else json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def traces_of(run_id):
    got, token = [], None
    while True:
        body = {
            "locations": [
                {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}
            ],
            "filter": f"run_id = '{run_id}'",
            "max_results": 100,
        }
        if token:
            body["page_token"] = token
        page = call("/api/3.0/mlflow/traces/search", body)
        got += page.get("traces", [])
        token = page.get("next_page_token")
        if not token:
            return got


def value(any_value):
    """OTLP's AnyValue in its JSON form."""
    kind, inner = next(iter(any_value.items()), (None, None))
    if kind == "kvlist_value":
        return {p["key"]: value(p["value"]) for p in inner.get("values", [])}
    if kind == "array_value":
        return [value(v) for v in inner.get("values", [])]
    return int(inner) if kind == "int_value" else inner


def clean(thing):
    """What has no place in a database."""
    if isinstance(thing, str):
        return "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in thing)
    if isinstance(thing, list):
        return [clean(v) for v in thing]
    if isinstance(thing, dict):
        return {clean(k): clean(v) for k, v in thing.items()}
    return thing


def question(record):
    got = record.get("input")
    if isinstance(got, dict):
        got = {k: v for k, v in got.items() if k != "reference_answer"}
    return got


def words(thing):
    """The texts that must not leave the machine."""
    if isinstance(thing, str):
        yield from ([thing] if len(thing) > 4 else [])
    elif isinstance(thing, dict):
        for k, v in thing.items():
            if k not in ("example_id", "primary_metric", "usage", "scores"):
                yield from words(v)
    elif isinstance(thing, list):
        for v in thing:
            yield from words(v)


def compare(record, trace):
    info = call("/api/3.0/mlflow/traces/get?trace_id=" + trace["trace_id"])["trace"]
    spans = info["spans"]
    info = info["trace_info"]
    where = (trace["trace_id"], record.get("example_id"))
    if len(spans) != 1:
        differ(where, len(spans), "spans")
        return
    attributes = {a["key"]: value(a["value"]) for a in spans[0]["attributes"]}
    compact = json.dumps(question(record), separators=(",", ":"))
    want = question(record) if args.text else {"sha256": hashlib.sha256(compact.encode()).hexdigest()}
    if attributes.get("mlflow.spanInputs") != clean(want):
        differ(where, "input", attributes.get("mlflow.spanInputs"), "not", want)
    want = record.get("output_text")
    want = record.get("output") if want is None else want
    if attributes.get("mlflow.spanOutputs") != (clean(want) if args.text else None):
        differ(where, "output", attributes.get("mlflow.spanOutputs"), "not", want)
    if info["state"] != ("OK" if record["status"] == "success" else "ERROR"):
        differ(where, "state", info["state"])
    for name, key in (("prompt_tokens", "input"), ("completion_tokens", "output")):
        tokens = record.get("usage", {}).get(name)
        if attributes.get(f"gen_ai.usage.{key}_tokens") != tokens:
            differ(where, key, "tokens", tokens)
    scores = {
        name: score
        for name, score in (record.get("scores") or {}).items()
        if isinstance(score, (int, float)) and score == score and abs(score) != float("inf")
        or args.text and isinstance(score, str)
    }
    got = collections.defaultdict(list)
    for a in info.get("assessments", []):
        got[a["assessment_name"]].append(a)
    expected = got.pop("expected_response", [])
    if {n: [a["feedback"]["value"] for a in l] for n, l in got.items()} != {
        n: [s] for n, s in scores.items()
    }:
        differ(where, "scores", dict(got), "not", scores)
    reference = record["input"].get("reference_answer") if isinstance(record.get("input"), dict) else None
    want = [reference] if args.text and reference is not None else []
    if [a["expectation"]["value"] for a in expected] != want:
        differ(where, "expected", expected, "not", want)
    everything = json.dumps([info, spans], ensure_ascii=False)
    for part in ("input", "output", "output_text", "error"):
        for word in words(record.get(part)):
            if not args.text and clean(word) in everything:
                differ(where, "has a text:", word)


def inputs(run, name):
    """The dataset of every run, and the model of the one that has an experiment."""
    where = run["info"]["run_id"]
    # A search does not tell of models.
    got = call("/api/2.0/mlflow/runs/get?run_id=" + where)["run"].get("inputs", {})
    hashes = {r["dataset"]["dataset_hash"].split(":")[1][:32] for r in records}
    datasets = [d["dataset"]["digest"] for d in got.get("dataset_inputs", [])]
    if datasets != sorted(hashes):
        differ(where, "datasets", datasets, "not", hashes)
    index = int(name.split("/")[1]) if "/" in name else None if len(order) > 1 else 0
    want = []
    if index is not None:
        first = records[keys.index(order[index])]
        harness = first["custom"].get("harness", {})
        want = [harness.get("model_name") or first["model"]["params"]["name"]]
    models = []
    for model in got.get("model_inputs", []):
        answer = call("/api/2.0/mlflow/logged-models/" + model["model_id"])["model"]
        if answer["info"]["status"] != "LOGGED_MODEL_READY":
            differ(where, "model", answer)
        models.append(answer["info"]["name"])
    if models != want:
        differ(where, "models", models, "not", want)


records = []
with open(args.run_dir + "/records.jsonl", "rb") as lines:
    for line in lines:
        if line.endswith(b"\n"):
            records.append(json.loads(line))
harness = any("harness" in (r.get("custom") or {}) for r in records)
keys = []
for r in records:
    keys.append(r["custom"]["harness"]["experiment_id"] if harness else None)
order = list(dict.fromkeys(keys))
experiment = call("/api/2.0/mlflow/experiments/get-by-name?experiment_name=" + args.experiment)
experiment = experiment["experiment"]["experiment_id"]
runs = call("/api/2.0/mlflow/runs/search", {"experiment_ids": [experiment], "max_results": 1000})
ids = {}
for run in runs.get("runs", []):
    tags = {t["key"]: t["value"] for t in run["data"]["tags"]}
    ids[tags["itrack.id"]] = run["info"]["run_id"]
    inputs(run, tags["itrack.id"])
    if tags.get("mlflow.runType") != "genai_evaluate":
        differ(tags["itrack.id"], "is no evaluation run")
attempts = sorted({name.split("/")[0] for name in ids})
if len(attempts) != args.runs:
    differ(len(attempts), "attempts, not", args.runs)
for attempt in attempts:
    left = {run_id: traces_of(run_id) for name, run_id in ids.items() if name.startswith(attempt)}
    for number, record in enumerate(records):
        index = order.index(keys[number])
        run_id = ids.get(f"{attempt}/{index}" if len(order) > 1 else attempt)
        # Traces have no number; records of one example are told by their probe.
        mine = [
            t
            for t in left.get(run_id, [])
            if t["tags"].get("example_id") == record.get("example_id")
        ]
        if not mine:
            differ(attempt, "has no trace of record", number + 1)
            continue
        left[run_id].remove(mine[0])
        compare(record, mine[0])
    for run_id, rest in left.items():
        if rest:
            differ(run_id, "has", len(rest), "traces too many")
raise SystemExit(1 if bad else 0)
