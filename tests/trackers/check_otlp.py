#!/usr/bin/env python3
"""Compares what a receiver of OTLP has with a run directory.

usage: check_otlp.py RECEIVED RUN_DIR [--attempt NAME] [--records[=text]]

RECEIVED: the folder of servers/otlp_receiver.py. The run directory is read by
cli/rundirs.py, which shares nothing with the C code.
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "cli"))
import rundirs  # noqa: E402


def lines_of(received, signal):
    path = Path(received) / f"{signal}.jsonl"
    return [json.loads(line) for line in path.open()] if path.exists() else []


def of_run(received, run_id, attempt):
    """The run's metrics, spans and events; there is one attempt of it."""
    found = {}
    for signal in ("metrics", "traces", "logs"):
        found[signal] = [one for one in lines_of(received, signal)
                         if one["resource"].get("insidellms.run_id") == run_id
                         and attempt in (None, one["resource"]["service.instance.id"])]
    names = {one["resource"]["service.instance.id"] for each in found.values() for one in each}
    assert len(names) == 1, names
    return found


def last_values(metrics):
    values = {}
    for one in metrics:
        values[one["name"], json.dumps(one["attributes"], sort_keys=True)] = \
            one.get("value", one.get("count"))
    return values


def near(a, b):
    return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))


def wanted_of(records, run_dir):
    """What the last points must say."""
    wanted = {}

    def put(name, value, **labels):
        wanted[name, json.dumps(labels, sort_keys=True)] = value

    statuses = [rundirs.status_of(record) for record in records]
    if records:
        put("insidellms.success_rate", statuses.count("success") / len(records))
    for params, group in rundirs.experiments_of(records):
        labels = {"model": params["model_name"], "probe": params["probe_name"]}
        counts = [rundirs.status_of(record) for record in group]
        others = len(group)
        for status in ("success", "error", "timeout"):
            others -= counts.count(status)
            put("insidellms.records", counts.count(status), status=status, **labels)
        if others:
            put("insidellms.records", others, status="other", **labels)
        scores = {}
        for record in group:
            for name, score in rundirs.as_dict(record.get("scores")).items():
                if isinstance(score, (int, float)) and not isinstance(score, bool):
                    scores.setdefault(name, []).append(score)
        for name, values in scores.items():
            put("insidellms.score", sum(values) / len(values),
                **{"gen_ai.evaluation.name": name}, **labels)
    for kind, key in (("input", "prompt_tokens"), ("output", "completion_tokens")):
        used = [rundirs.as_dict(record.get("usage")).get(key) for record in records]
        used = [n for n in used if isinstance(n, (int, float))]
        if used:
            put("insidellms.tokens", sum(used), **{"gen_ai.token.type": kind})
    return wanted


def check_metrics(metrics, records, run_dir):
    values = last_values(metrics)
    for key, value in wanted_of(records, run_dir).items():
        assert key in values, (key, sorted(values))
        assert near(values[key], value), (key, values[key], value)
    for one in metrics:
        labels = {k: v for k, v in one["attributes"].items()}
        for name in labels:
            assert name in ("model", "probe", "status", "usage", "error.type", "experiment",
                            "gen_ai.token.type", "gen_ai.evaluation.name"), one
    latencies = [record["latency_ms"] for record in records
                 if isinstance(record.get("latency_ms"), (int, float))]
    found = [one for one in metrics if one["name"] == "insidellms.latency"]
    assert bool(found) == bool(latencies), (found, latencies)
    if found:
        one = found[-1]
        assert one["unit"] == "s" and one["count"] == len(latencies)
        assert near(one["sum"], sum(latencies) / 1000) and near(one["max"], max(latencies) / 1000)
        assert near(one["min"], min(latencies) / 1000)


def check_root(spans, run_id, records):
    root, = [span for span in spans if span["parent"] == ""]
    assert root["name"] == f"evaluation {run_id}", root["name"]
    assert root["attributes"]["insidellms.run_id"] == run_id
    assert root["attributes"]["insidellms.record_count"] == len(records), root["attributes"]
    assert root["kind"] == 1 and root["start"] <= root["end"]
    return root


def check_span(span, record, root, text):
    a = span["attributes"]
    assert span["trace"] == root["trace"] and span["parent"] == root["span"], span
    model = rundirs.as_dict(record.get("model"))
    assert span["name"] == f"chat {model['model_id']}" and span["kind"] == 3, span
    assert a["gen_ai.operation.name"] == "chat"
    assert a["gen_ai.request.model"] == model["model_id"]
    assert a["insidellms.status"] == record["status"]
    assert a["insidellms.started_at"] == record["started_at"]
    assert a.get("insidellms.example_id") == record["example_id"]
    usage = rundirs.as_dict(record.get("usage"))
    assert a.get("gen_ai.usage.input_tokens") == usage.get("prompt_tokens"), a
    assert a.get("gen_ai.usage.output_tokens") == usage.get("completion_tokens"), a
    good = record["status"] == "success"
    assert span["status"] == (1 if good else 2), span
    assert ("error.type" in a) == (not good), a
    assert ("input.value" in a) == text, a
    if isinstance(record.get("latency_ms"), (int, float)):
        assert near((span["end"] - span["start"]) / 1e6, record["latency_ms"]) or \
            abs((span["end"] - span["start"]) / 1e6 - record["latency_ms"]) < 0.002, span
    if not text:
        assert span["message"] in ("", record.get("error_type"), record["status"]), span
        return
    assert span["message"] == ("" if good else record["error"] or record["error_type"]), span
    messages = json.loads(a["gen_ai.input.messages"])
    assert messages[0]["role"] == "user" and messages[0]["parts"][0]["type"] == "text"
    assert messages[0]["parts"][0]["content"] == a["input.value"]
    if record.get("output_text"):
        assert a["output.value"] == record["output_text"], a
        answer = json.loads(a["gen_ai.output.messages"])[0]
        assert answer["role"] == "assistant" and answer["finish_reason"] == "stop"
        assert answer["parts"][0]["content"] == record["output_text"]


def check_events(events, record, span, text):
    scores = {}
    for name, score in rundirs.as_dict(record.get("scores")).items():
        if isinstance(score, (int, float)) or (text and isinstance(score, str)):
            scores[name] = score
    got = {}
    for event in events:
        assert event["event"] == "gen_ai.evaluation.result" and event["severity"] == 9
        assert event["trace"] == span["trace"] and event["time"] == span["end"], event
        a = event["attributes"]
        got[a["gen_ai.evaluation.name"]] = a.get(
            "gen_ai.evaluation.score.value", a.get("gen_ai.evaluation.score.label"))
    assert got == scores, (got, scores)


def check_records(found, records, root, text):
    spans = {}
    for span in found["traces"]:
        if span["parent"]:
            assert span["attributes"]["insidellms.record"] not in spans, "a span twice"
            spans[span["attributes"]["insidellms.record"]] = span
    assert sorted(spans) == list(range(1, len(records) + 1)), sorted(spans)
    assert len({span["span"] for span in spans.values()}) == len(records)
    for number, record in enumerate(records, 1):
        span = spans[number]
        check_span(span, record, root, text)
        check_events([e for e in found["logs"] if e["span"] == span["span"]],
                     record, span, text)


def main():
    received, run_dir = sys.argv[1:3]
    attempt = sys.argv[4] if "--attempt" in sys.argv else None
    records, _ = rundirs.records_of(rundirs.whole_lines(run_dir))
    run_id = json.loads((Path(run_dir) / "manifest.json").read_text())["run_id"] \
        if (Path(run_dir) / "manifest.json").exists() else str(records[0]["run_id"])
    found = of_run(received, run_id, attempt)
    check_metrics(found["metrics"], records, run_dir)
    root = check_root(found["traces"], run_id, records)
    modes = [word for word in sys.argv[3:] if word.startswith("--records")]
    if modes:
        check_records(found, records, root, modes[0] == "--records=text")
    else:
        assert found["traces"] == [root] and not found["logs"], "records without --records"
    status = [one for one in found["metrics"] if one["name"] == "insidellms.run.status"]
    assert status[-1]["value"] in (0, -1), status
    assert (status[-1]["value"] == 0) == (root["status"] == 1), (status[-1], root)
    assert not (Path(received) / "violations").exists(), \
        (Path(received) / "violations").read_text()


if __name__ == "__main__":
    main()
