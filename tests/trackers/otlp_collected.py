#!/usr/bin/env python3
"""Brings what a Collector's file exporter wrote into the form of check_otlp.py.

usage: otlp_collected.py FILE DIR
"""
import json
import sys
from pathlib import Path


def value_of(value):
    (kind, content), = value.items()
    return int(content) if kind == "intValue" else content


def attributes(pairs):
    return {pair["key"]: value_of(pair["value"]) for pair in pairs or []}


def points_of(metric):
    kind = next(k for k in ("gauge", "sum", "histogram") if k in metric)
    for point in metric[kind]["dataPoints"]:
        one = {"name": metric["name"], "kind": kind, "unit": metric.get("unit", ""),
               "attributes": attributes(point.get("attributes")),
               "time": int(point["timeUnixNano"]),
               "start": int(point.get("startTimeUnixNano", 0))}
        if kind == "histogram":
            one.update(count=int(point["count"]), sum=point["sum"],
                       min=point["min"], max=point["max"])
        else:
            one["value"] = int(point["asInt"]) if "asInt" in point else point["asDouble"]
        yield one


def span_of(span):
    status = span.get("status", {})
    return {"name": span["name"], "kind": span["kind"], "trace": span["traceId"],
            "span": span["spanId"], "parent": span.get("parentSpanId", ""),
            "start": int(span["startTimeUnixNano"]), "end": int(span["endTimeUnixNano"]),
            "status": status.get("code", 0), "message": status.get("message", ""),
            "attributes": attributes(span.get("attributes"))}


def event_of(record):
    return {"event": record["eventName"], "trace": record["traceId"], "span": record["spanId"],
            "time": int(record["timeUnixNano"]), "severity": record["severityNumber"],
            "attributes": attributes(record.get("attributes"))}


FORMS = {"resourceMetrics": ("metrics", "scopeMetrics", "metrics", points_of),
         "resourceSpans": ("traces", "scopeSpans", "spans", lambda s: [span_of(s)]),
         "resourceLogs": ("logs", "scopeLogs", "logRecords", lambda r: [event_of(r)])}


def main():
    lines = {"metrics": [], "traces": [], "logs": []}
    for line in open(sys.argv[1]):
        for member, parts in json.loads(line).items():
            signal, scoped, items, read = FORMS[member]
            for part in parts:
                resource = attributes(part["resource"].get("attributes"))
                for scope in part[scoped]:
                    for item in scope[items]:
                        lines[signal] += [{"resource": resource, **one} for one in read(item)]
    for signal, found in lines.items():
        found.sort(key=lambda one: one.get("time", one.get("start")))
        (Path(sys.argv[2]) / f"{signal}.jsonl").write_text(
            "".join(json.dumps(one) + "\n" for one in found))


main()
