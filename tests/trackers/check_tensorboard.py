#!/usr/bin/env python3
"""Reads runs back with TensorBoard's own readers and compares them with entries.

usage: check_tensorboard.py files ENTRIES RUN_DIR [EXPECTED]
       check_tensorboard.py all-files [ENTRIES RUN_DIR EXPECTED]...
       check_tensorboard.py beginning ENTRIES RUN_DIR
       check_tensorboard.py server fast|slow LOGDIR [ENTRIES RUN_DIR]...
       check_tensorboard.py watch fast|slow LOGDIR TAG COUNT

ENTRIES is a file of entries as in journal.jsonl, RUN_DIR what came of it.
files: every point, text and tag by EventAccumulator, and the last points
against insideLLMs' own values in EXPECTED (a fixture's expected.json). all-files:
the same of many. beginning: the run's own points, as far as they go. server: the
same by HTTP from a server on a loading path, and the rows of the HParams tab. watch:
starts a server first, prints "ready", and waits until the tag has so many points in
some run; prints each run that appears. Differences go to standard output, status 1.
"""
import html
import json
import math
import os
import re
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

LIMIT = 120  # seconds that a server may take for anything
bad = 0
differences = []


def differ(*what):
    global bad
    bad += 1
    if bad < 30:
        differences.append(" ".join(map(str, what)))


def number(value):
    return float(value[0] if isinstance(value, list) else value)


def float32(value):
    """As the file holds it, in a form that compares (NaN too)."""
    try:
        value = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        value = math.copysign(math.inf, value)
    return repr(value)


def valid(text):
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def utf8(text):
    return valid(text).replace("\0", "\ufffd")


def digest(data):
    h = 2166136261
    for byte in data:
        h = (h ^ byte) * 16777619 % 2**32
    return "-%s%07x" % ("abcdef"[(h >> 28) % 6], h & 0xFFFFFFF)


def named(text):
    """A name: its components that are no UTF-8 have a digest."""
    return "/".join(
        c if utf8(c) == c else utf8(c) + digest(
            c.encode("utf-8", "surrogatepass").replace(b"\0", b"\xc0\x80"))
        for c in text.split("/"))


def component(text):
    """A name of an experiment as a directory, for the names that the tests use."""
    if text in (".", ".."):
        return "%2E" + text[1:]
    text = re.sub(r"[/%\x00-\x1f\x7f]", lambda m: "%%%02X" % ord(m[0]), text)
    return text.replace("tfevents", "tfevent%73") or "%"


def span(text):
    return "".join(" " if ord(c) < 32 or 127 <= ord(c) < 160 or c in "\u2028\u2029"
                   else c for c in valid(text))


def shown(value):
    if isinstance(value, list):  # [x]: a double
        value = float(value[0])
    return "" if value == "" else str(value)


class Run:
    """What one directory should hold."""

    def __init__(self):
        self.points = {}
        self.params = {}
        self.results = {}
        self.artifacts = {}
        self.histograms = {}

    def texts(self):
        results = {"results/text_summary"} if self.results else set()
        return {"params/text_summary"} | results | set(self.artifacts)


def expected(path):
    runs, names, status = {"": Run()}, {}, None
    for line in open(path):
        entry = json.loads(line)
        index = entry.get("experiment")
        if entry["entry"] == "experiment":
            name = component(entry["model_name"]) + "/" + component(entry["probe_name"])
            if entry.get("name_has_id"):
                name += "/" + component(entry["experiment_id"])
            names[entry["index"]] = name
            continue
        place = "" if index is None else names[index]
        run = runs.setdefault(place, Run())
        # In a run of its own an experiment counts its own records.
        step = entry.get("step") if index is None else entry.get(
            "experiment_step", entry.get("step"))
        if entry["entry"] == "params":
            run.params.update(entry["params"])
        elif entry["entry"] == "metrics":
            for tag, value in entry["metrics"].items():
                # A name without points stands in text and in the row.
                if entry.get("summary") and named(tag) not in run.points:
                    run.results[tag] = value if isinstance(value, str) else [value]
                    continue
                run.points.setdefault(named(tag), []).append(
                    (step, float32(number(value))))
        elif entry["entry"] == "histogram":
            run.histograms.setdefault(named(entry["name"]), []).append(
                (step, entry["count"]))
        elif entry["entry"] == "artifact":
            tag = named("artifact/%s/text_summary" % entry["name"])
            runs[""].artifacts[tag] = entry["path"]
        elif entry["entry"] == "end":
            status = entry["status"]
    return runs, status


def below(run_dir, name):
    return os.path.join(run_dir, name) if name else run_dir


def check_files(entries, run_dir):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator, SCALARS, TENSORS)
    runs, status = expected(entries)
    found = {os.path.relpath(d, run_dir).replace(".", "", 1) if d == run_dir
             else os.path.relpath(d, run_dir)
             for d, _, files in os.walk(run_dir)
             if any("tfevents" in f for f in files)}
    if found != set(runs):
        differ("runs", found, set(runs))
    for name, run in runs.items():
        acc = EventAccumulator(below(run_dir, name),
                               size_guidance={SCALARS: 0, TENSORS: 0})
        acc.Reload()
        tags = acc.Tags()
        if set(tags["scalars"]) != set(run.points):
            differ(name, "scalar tags", set(tags["scalars"]) ^ set(run.points))
        for tag in set(tags["scalars"]) & set(run.points):
            got = [(e.step, float32(e.value)) for e in acc.Scalars(tag)]
            if got != run.points[tag]:
                differ(name, tag, "got", got[:5], len(got), "want",
                       run.points[tag][:5], len(run.points[tag]))
        got = {t: [(e.step, e.histogram_value.num) for e in acc.Histograms(t)]
               for t in tags["histograms"]}
        if got != run.histograms:
            differ(name, "histograms", got, run.histograms)
        texts = run.texts()
        if set(tags["tensors"]) != texts:
            differ(name, "text tags", set(tags["tensors"]) ^ texts)
        for tag in texts & set(tags["tensors"]):
            content = acc.Tensors(tag)
            if tag in run.artifacts and len(content) != 1:
                differ(name, tag, "stands", len(content), "times")
            last = content[-1].tensor_proto.string_val[0].decode()
            if tag in run.artifacts:
                want = span(run.artifacts[tag])
                if last.strip("`").strip() != want.strip():
                    differ(name, tag, repr(last), repr(want))
                continue
            head, rows = last.split("| --- | --- |\n")
            rows = rows.splitlines()
            if name == "" and tag.startswith("params") and \
                    not head.startswith("Run `"):
                differ(name, "no name in", head)
            want = run.results if tag.startswith("results") else run.params
            if len(rows) != len(want):
                differ(name, tag, rows, want)
        rows = acc.PluginTagToContent("hparams")
        if len(rows) != (2 if status else 0):
            differ(name, "hparams records", list(rows))


def check_beginning(entries, run_dir):
    from tensorboard.backend.event_processing.event_accumulator import (
        EventAccumulator, SCALARS)
    runs, _ = expected(entries)
    acc = EventAccumulator(run_dir, size_guidance={SCALARS: 0})
    acc.Reload()
    for tag in acc.Tags()["scalars"]:
        got = [(e.step, float32(e.value)) for e in acc.Scalars(tag)]
        if got != runs[""].points[tag][:len(got)]:
            differ(tag, "is no beginning", got[-5:])
    if not acc.Tags()["scalars"]:
        differ("nothing is there")


def check_expected(expected_file, entries):
    """The last point of each metric is what insideLLMs computes."""
    runs, _ = expected(entries)
    want = json.load(open(expected_file))["experiments"]
    for experiment in want:
        params = experiment["params"]
        name = params["model_name"] + "/" + params["probe_name"]
        run = runs.get(component(params["model_name"]) + "/" +
                       component(params["probe_name"])) if len(want) > 1 else runs[""]
        for tag, value in experiment["metrics"].items():
            got = run.points.get(tag, [(None, None)])[-1][1] if run else None
            if run and tag in run.results:
                got = float32(number(run.results[tag]))
            if got != float32(value):
                differ(name, tag, got, value)
        for step, count in run.points["total_count"] if run else []:
            if count != float32(step):
                differ(name, "has", count, "records at its step", step)


class Server:
    def __init__(self, path, logdir):
        self.errors = open(os.path.join(os.environ.get("TMPDIR", "/tmp"),
                                        "tb-%d.log" % os.getpid()), "w+")
        os.unlink(self.errors.name)
        program = os.path.join(os.path.dirname(sys.executable), "tensorboard")
        self.process = subprocess.Popen(
            [program, "--logdir", logdir, "--host", "127.0.0.1", "--port", "0",
             "--reload_interval", "1", "--samples_per_plugin",
             "scalars=100000,text=100", "--load_fast",
             "true" if path == "fast" else "false"],
            stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        self.base = None
        self.wait(self.find_address, "the server's address")
        want = "GrpcDataProvider" if path == "fast" else "MultiplexerDataProvider"
        got = self.get("environment")["debug"]["data_provider"]
        if want not in got:
            differ("not the", path, "path:", got)

    def find_address(self):
        if self.process.poll() is not None:
            self.fail()
        self.errors.seek(0)
        match = re.search(r"http://127\.0\.0\.1:\d+", self.errors.read())
        self.base = match and match[0]
        return self.base

    def fail(self):
        self.errors.seek(0)
        sys.exit("the server ended:\n" + self.errors.read()[-2000:])

    def wait(self, condition, what):
        end = time.monotonic() + LIMIT
        while not condition():
            if time.monotonic() > end:
                self.stop()
                sys.exit("waited too long for " + what)
            time.sleep(0.1)

    def get(self, path, **query):
        url = self.base + "/data/" + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(url, timeout=LIMIT) as answer:
            return json.load(answer)

    def post(self, path, body):
        request = urllib.request.Request(
            self.base + "/data/" + path, json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=LIMIT) as answer:
            return json.load(answer)

    def settle(self):
        """Loading is done when two answers, one interval apart, are equal."""
        before = None
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            now = (self.get("runs"), self.get("plugin/scalars/tags"),
                   self.get("plugin/text/tags"))
            if now == before and now[0]:
                return
            before = now
            time.sleep(1.2)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def json_float(value):
    special = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    return special.get(value, value)


def cells(fragment):
    """The code spans of a table's cells, as a reader sees them."""
    rows = re.findall(r"<tr>(.*?)</tr>", fragment, re.S)
    return [[html.unescape(re.sub(r"</?code>", "", c)) for c in
             re.findall(r"<td>(.*?)</td>", row, re.S)] for row in rows[1:]]


def hparam(value):
    if isinstance(value, list):
        value = float(value[0])
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return float(value) if abs(value) <= 2**53 else str(value)
    return utf8(value)


def check_run(server, logdir, entries, run_dir, groups):
    runs, status = expected(entries)
    tags, texts = server.get("plugin/scalars/tags"), server.get("plugin/text/tags")
    for name, run in runs.items():
        full = os.path.relpath(below(run_dir, name), logdir)
        if set(tags.get(full, {})) != set(run.points):
            differ(full, "tags", set(tags.get(full, {})) ^ set(run.points))
            continue
        for tag, want in run.points.items():
            got = [(s, float32(json_float(v))) for _, s, v in
                   server.get("plugin/scalars/scalars", run=full, tag=tag)]
            if got != want:
                differ(full, tag, "got", got[:5], "want", want[:5])
        for tag, want in run.histograms.items():
            got = [(s, sum(b[2] for b in buckets)) for _, s, buckets in
                   server.get("plugin/histograms/histograms", run=full, tag=tag)]
            if got != want:
                differ(full, tag, "histogram", got, want)
        if set(texts.get(full, [])) != run.texts():
            differ(full, "texts", texts.get(full))
        for tag in texts.get(full, []):
            got = server.get("plugin/text/text", run=full, tag=tag)[-1]["text"]
            if tag in run.artifacts:
                got = html.unescape(re.sub(r"</?(p|code)>", "", got)).strip()
                if got != span(run.artifacts[tag]).strip():
                    differ(full, tag, repr(got), repr(run.artifacts[tag]))
                continue
            got = {tuple(c.strip() for c in row) for row in cells(got)}
            want = {(span(k).strip(), span(shown(v)).strip())
                    for k, v in (run.results if tag.startswith("results")
                                 else run.params).items()}
            if got != want:
                differ(full, "params", got ^ want)
        check_row(full, run, status, groups)
        check_row_name(full, name, json.loads(open(entries).readline()), groups)


def check_row_name(full, name, start, groups):
    """People know the row by the run's name, which no other attempt has."""
    row = groups.get(full)
    if row is None or start["entry"] != "start":
        return
    if start["source"] == "library":
        want = re.escape(full)
    else:
        want = ".*-" + start["attempt"][-4:] + re.escape("/" + name if name else "")
    if not re.fullmatch(want, row["name"]):
        differ(full, "name of the row", row["name"], want)


def check_row(full, run, status, groups):
    row = groups.get(full)
    if status is None:
        if row is not None:
            differ(full, "a row before the end")
        return
    if row is None:
        differ(full, "no row in the HParams tab")
        return
    want = "STATUS_SUCCESS" if status == "finished" else "STATUS_FAILURE"
    if row["sessions"][0]["status"] != want:
        differ(full, "status", row["sessions"][0]["status"], want)
    got = {k: v for k, v in row["hparams"].items() if v is not None}
    want = {named(k): hparam(v)
            for k, v in {**run.params, **run.results}.items()}
    missing = {k for k in want if want[k] is not None
               and not (isinstance(want[k], float) and not math.isfinite(want[k]))
               and str(got.get(k)) != str(want[k]) and got.get(k) != want[k]}
    if missing:
        differ(full, "hparams", {k: (got.get(k), want[k]) for k in missing})
    # Beside them the last values of the run's own curves, under plain names.
    got = {m["name"]["tag"]: float32(json_float(m["value"]))
           for m in row["metricValues"] if not m["name"].get("group")}
    want = {tag: points[-1][1] for tag, points in run.points.items()
            if math.isfinite(float(points[-1][1]))}
    if not want.items() <= got.items():
        differ(full, "last values", set(want.items()) - set(got.items()))


def check_all(server, logdir, pairs):
    try:
        ask_all(server, logdir, pairs)
    except urllib.error.HTTPError as error:
        differ(error.url, error)


def ask_all(server, logdir, pairs):
    server.post("plugin/hparams/experiment", {})
    groups = server.post("plugin/hparams/session_groups", {
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_SUCCESS",
                            "STATUS_FAILURE", "STATUS_RUNNING"],
        "startIndex": 0, "sliceSize": 1000})
    by_name = {g["sessions"][0]["name"]: g for g in groups["sessionGroups"]}
    for entries, run_dir in pairs:
        check_run(server, logdir, entries, run_dir, by_name)


def check_server(path, logdir, pairs):
    """On a machine that is busy two equal answers may come before the rest is
    loaded: what differs then is asked for again."""
    global bad
    server = Server(path, logdir)
    end = time.monotonic() + LIMIT
    before = bad
    try:
        while True:
            server.settle()
            check_all(server, logdir, pairs)
            if bad == before or time.monotonic() > end:
                return
            bad = before
            differences.clear()
    finally:
        server.stop()


def watch(path, logdir, tag, count):
    server = Server(path, logdir)
    print("ready", flush=True)

    seen = set()

    def enough():
        runs = server.get("plugin/scalars/tags")
        for run in set(runs) - seen:
            seen.add(run)
            print("run", run, flush=True)
        for run, tags in runs.items():
            if tag in tags and len(server.get(
                    "plugin/scalars/scalars", run=run, tag=tag)) >= count:
                return True
        return False

    try:
        server.wait(enough, "%d points of %s" % (count, tag))
    finally:
        server.stop()


arguments = sys.argv[1:]
if arguments[0] == "files":
    check_files(arguments[1], arguments[2])
    if len(arguments) > 3:
        check_expected(arguments[3], arguments[1])
elif arguments[0] == "all-files":
    for entries, run_dir, expected_json in zip(*(arguments[i::3] for i in (1, 2, 3))):
        check_files(entries, run_dir)
        check_expected(expected_json, entries)
elif arguments[0] == "beginning":
    check_beginning(arguments[1], arguments[2])
elif arguments[0] == "watch":
    watch(arguments[1], arguments[2], arguments[3], int(arguments[4]))
else:
    check_server(arguments[1], arguments[2],
                 list(zip(arguments[3::2], arguments[4::2])))
print("".join(text + "\n" for text in differences), end="")
if bad:
    print(bad, "differences")
sys.exit(bad != 0)
