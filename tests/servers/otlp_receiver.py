#!/usr/bin/env python3
"""A strict receiver of OTLP over HTTP, as fake_http.py, with the same rules.

usage: otlp_receiver.py DIR     (a Python that has opentelemetry-proto)

What no rule answers is decoded and judged: protobuf alone, no unknown field,
times and IDs that are set, cumulative counters that never go back, histograms
whose buckets fit, points of a series in order of time, one resource for each
instance. What breaks that is answered by 400 and stands in DIR/violations.

Points, spans and log records that were taken become lines of DIR/metrics.jsonl,
DIR/traces.jsonl, DIR/logs.jsonl, each with its resource; requests stand in
DIR/requests as they came; DIR/plain has all bodies uncompressed.

A rule may also have "partial": {"rejected": N, "message": TEXT}, which is
answered with status 200; then nothing of the request is kept.
"""
import gzip
import json
import math
import os
import threading

import fake_http
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

SIGNALS = {
    "/v1/metrics": ("metrics", metrics.ExportMetricsServiceRequest,
                    metrics.ExportMetricsServiceResponse, "rejected_data_points"),
    "/v1/traces": ("traces", traces.ExportTraceServiceRequest,
                   traces.ExportTraceServiceResponse, "rejected_spans"),
    "/v1/logs": ("logs", logs.ExportLogsServiceRequest,
                 logs.ExportLogsServiceResponse, "rejected_log_records"),
}
lock = threading.Lock()
resources, last = {}, {}


class Bad(Exception):
    pass


def expect(truth, what):
    if not truth:
        raise Bad(what)


def no_unknown(message):
    expect(len(UnknownFieldSet(message)) == 0, f"unknown fields in {message.DESCRIPTOR.name}")
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            continue
        for one in value if hasattr(value, "__len__") and not hasattr(value, "ListFields") else [value]:
            no_unknown(one)


def value_of(any_value):
    kind = any_value.WhichOneof("value")
    expect(kind is not None, "an attribute without a value")
    return getattr(any_value, kind)


def attributes(pairs):
    names = [pair.key for pair in pairs]
    expect(len(set(names)) == len(names), f"an attribute twice: {names}")
    expect(all(names), "an attribute without a name")
    return {pair.key: value_of(pair.value) for pair in pairs}


def in_order(resource, name, point, kind, value):
    """Points of a series go on in time; counters start at one time and grow."""
    key = (resource["service.instance.id"], name,
           json.dumps(attributes(point.attributes), sort_keys=True))
    expect(point.time_unix_nano > 0, f"{name}: no time")
    before = last.get(key)
    if before == (point.time_unix_nano, point.start_time_unix_nano, value):
        return  # sent again
    if before is not None:
        expect(point.time_unix_nano // 1000000 > before[0] // 1000000,
               f"{key}: not later than the point before")
        if kind == "sum":
            expect(point.start_time_unix_nano == before[1], f"{key}: another start")
            expect(value >= before[2], f"{key}: a counter went back")
    last[key] = (point.time_unix_nano, point.start_time_unix_nano, value)


def number(resource, metric, kind, point):
    field = point.WhichOneof("value")
    expect(field is not None, f"{metric.name}: a point without a value")
    value = getattr(point, field)
    if kind == "sum":
        expect(field == "as_int", f"{metric.name}: a count that is no integer")
        expect(0 < point.start_time_unix_nano <= point.time_unix_nano,
               f"{metric.name}: no start")
    in_order(resource, metric.name, point, kind, value)
    return {"value": value}


def histogram(resource, metric, point):
    bounds = list(point.explicit_bounds)
    expect(bounds == sorted(set(bounds)), f"{metric.name}: bounds out of order")
    expect(len(point.bucket_counts) == len(bounds) + 1, f"{metric.name}: wrong number of buckets")
    expect(sum(point.bucket_counts) == point.count, f"{metric.name}: buckets and count differ")
    expect(point.min <= point.max and math.isfinite(point.sum), f"{metric.name}: min, max, sum")
    in_order(resource, metric.name, point, "histogram", point.count)
    return {"count": point.count, "sum": point.sum, "min": point.min, "max": point.max,
            "bounds": bounds, "buckets": list(point.bucket_counts)}


def read_metric(resource, metric):
    kind = metric.WhichOneof("data")
    expect(kind in ("gauge", "sum", "histogram"), f"{metric.name}: {kind}")
    expect(metric.name and len(metric.name) <= 255 and metric.name.isascii(), f"name {metric.name}")
    data = getattr(metric, kind)
    expect(len(data.data_points) > 0, f"{metric.name}: no points")
    if kind != "gauge":
        expect(data.aggregation_temporality == 2, f"{metric.name}: not cumulative")
    if kind == "sum":
        expect(data.is_monotonic, f"{metric.name}: not monotonic")
    for point in data.data_points:
        content = histogram(resource, metric, point) if kind == "histogram" \
            else number(resource, metric, kind, point)
        yield {"name": metric.name, "kind": kind, "unit": metric.unit,
               "attributes": attributes(point.attributes), "time": point.time_unix_nano,
               "start": point.start_time_unix_nano, **content}


def read_span(span):
    expect(len(span.trace_id) == 16 and any(span.trace_id), "a bad trace ID")
    expect(len(span.span_id) == 8 and any(span.span_id), "a bad span ID")
    expect(len(span.parent_span_id) in (0, 8), "a bad parent")
    expect(0 < span.start_time_unix_nano <= span.end_time_unix_nano, f"{span.name}: times")
    expect(span.name and span.kind, "a span without a name or a kind")
    yield {"name": span.name, "kind": span.kind, "trace": span.trace_id.hex(),
           "span": span.span_id.hex(), "parent": span.parent_span_id.hex(),
           "start": span.start_time_unix_nano, "end": span.end_time_unix_nano,
           "status": span.status.code, "message": span.status.message,
           "attributes": attributes(span.attributes)}


def read_log(record):
    expect(record.time_unix_nano > 0 and record.observed_time_unix_nano > 0, "a log without times")
    expect(record.event_name, "a log record that is no event")
    expect(len(record.trace_id) == 16 and len(record.span_id) == 8, "an event without its span")
    yield {"event": record.event_name, "trace": record.trace_id.hex(), "span": record.span_id.hex(),
           "time": record.time_unix_nano, "severity": record.severity_number,
           "attributes": attributes(record.attributes)}


PARTS = {"metrics": ("resource_metrics", "scope_metrics", "metrics"),
         "traces": ("resource_spans", "scope_spans", "spans"),
         "logs": ("resource_logs", "scope_logs", "log_records")}


def read(signal, request):
    resource_parts, scope_parts, items = PARTS[signal]
    for part in getattr(request, resource_parts):
        resource = attributes(part.resource.attributes)
        expect(resource.get("service.name"), "no service.name")
        instance = resource.get("service.instance.id")
        expect(instance, "no service.instance.id")
        expect(resources.setdefault(instance, resource) == resource,
               f"{instance}: another resource than before")
        for scoped in getattr(part, scope_parts):
            expect(scoped.scope.name == "itrack", "scope")
            seen = set()
            for item in getattr(scoped, items):
                if signal == "metrics":
                    expect(item.name not in seen, f"{item.name} twice in a request")
                    seen.add(item.name)
                    found = read_metric(resource, item)
                else:
                    found = read_span(item) if signal == "traces" else read_log(item)
                for one in found:
                    yield {"resource": resource, **one}


class Receiver(fake_http.Handler):
    def store(self, head, body, status):
        self.head, self.body = head, body or b""
        super().store(head, body, status)

    def plain(self):
        fields = self.head.decode("latin-1").lower()
        return gzip.decompress(self.body) if "content-encoding: gzip" in fields else self.body

    def judge(self):
        """Status and answer of a request that no rule answers."""
        words = self.head.split(b"\r\n")[0].decode("latin-1").split()
        path = words[1].split("?")[0]
        signal = next((s for p, s in SIGNALS.items() if path.endswith(p)), None)
        if signal is None or words[0] != "POST":
            return 404, b"", "text/plain"
        name, request_type, response_type, _ = signal
        directory = self.server.directory
        try:
            expect("content-type: application/x-protobuf\r\n" in self.head.decode("latin-1").lower(),
                   "not protobuf")
            request = request_type.FromString(self.plain())
            no_unknown(request)
            found = list(read(name, request))
        except Exception as error:
            with open(os.path.join(directory, "violations"), "a") as f:
                f.write(f"{path}: {type(error).__name__} {error}\n")
            return 400, str(error).encode(), "text/plain"
        with open(os.path.join(directory, name + ".jsonl"), "a") as f:
            f.writelines(json.dumps(one) + "\n" for one in found)
        return 200, response_type().SerializeToString(), "application/x-protobuf"

    def partial(self, rule):
        path = self.head.split(b"\r\n")[0].decode("latin-1").split()[1]
        _, _, response_type, field = next(s for p, s in SIGNALS.items() if path.endswith(p))
        response = response_type()
        setattr(response.partial_success, field, rule["partial"]["rejected"])
        response.partial_success.error_message = rule["partial"]["message"]
        return response.SerializeToString()

    def answer(self, rule):
        with lock:
            try:
                with open(os.path.join(self.server.directory, "plain"), "ab") as f:
                    f.write(self.plain() + b"\n")
            except OSError:
                pass
            if "partial" in rule:
                status, data, kind = 200, self.partial(rule), "application/x-protobuf"
            elif "status" in rule or "body" in rule:
                return super().answer(rule)
            else:
                status, data, kind = self.judge()
        head = f"HTTP/1.1 {status} Receiver\r\nContent-Type: {kind}\r\n" \
            f"Content-Length: {len(data)}\r\n\r\n"
        return head.encode() + data


if __name__ == "__main__":
    fake_http.main(Receiver)
