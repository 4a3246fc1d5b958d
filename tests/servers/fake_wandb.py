#!/usr/bin/env python3
"""A W&B server as small as the SDK takes it: keeps runs, misbehaves on order.

usage: fake_wandb.py DIR [--key KEY | --again]

Listens on a free port of 127.0.0.1 and writes its base URL to DIR/url. What it
has is in DIR/state.json after every request (before the answer):

  runs       by run ID: entity, project, displayName, notes, tags, groupName,
             jobType, host, commit, repo, config (object), history (lines by
             offset), summary, console, events, uploaded, files (path ->
             {md5, size}), complete, exitcode, requests, resent (lines that came
             again), conflicts (lines that came again and differed), gaps
             (offsets beyond the end)
  artifacts  by ID: name, type, digest, aliases, run, runs (the first one, and
             all that have it), state, files (path -> md5 asked for), uploaded
             (path -> md5 of the bytes), manifest (object)
  problems   what W&B would have refused or lost

DIR/log has a line for each request: "SECONDS METHOD PATH OPERATION STATUS BYTES".

DIR/faults.json, read again for each request, is a list of rules; the first that
matches "METHOD PATH OPERATION" and is not used up counts:

  match    regular expression
  times    use it so often; absent: always
  body_match  only requests whose body has this text
  over     only requests whose body has more bytes
  after    let so many matching requests pass first
  status   answer that, without doing anything
  headers  {"Retry-After": "1"}
  body     text or JSON
  answer   text or JSON: the answer to what is done all the same
  cut_host true: answered URLs begin with their path
  delay    seconds before anything is done
  cut      "before": close without doing it; "after": do it, then close
  stall    true: never answer

The key is 40 times "k" unless --key says otherwise; the entity "nobody" does not
exist. With --again it goes on where one that was killed has stopped, at the same
address.
"""
import base64
import hashlib
import http.server
import json
import os
import random
import re
import sys
import threading
import time
import urllib.parse

lock = threading.RLock()
state = {"runs": {}, "artifacts": {}, "problems": [], "uploads": {}}
used = {}
passed = {}
directory = sys.argv[1]
again = sys.argv[2:] == ["--again"]
key = sys.argv[3] if len(sys.argv) > 3 else "k" * 40
authorization = "Basic " + base64.b64encode(b"api:" + key.encode()).decode()


def save():
    temporary = os.path.join(directory, ".state.tmp")
    with open(temporary, "w") as f:
        json.dump(state, f, indent=1)
    os.replace(temporary, os.path.join(directory, "state.json"))


def problem(text):
    state["problems"].append(text)


def fault_for(line, body):
    length = len(body)
    try:
        with open(os.path.join(directory, "faults.json")) as f:
            rules = json.load(f)
    except (FileNotFoundError, ValueError):
        return {}
    for rule in rules:
        name = json.dumps(rule, sort_keys=True)
        if not re.search(rule.get("match", ""), line):
            continue
        if rule.get("body_match", "").encode() not in body:
            continue
        if length <= rule.get("over", -1):
            continue
        if passed.get(name, 0) < rule.get("after", 0):
            passed[name] = passed.get(name, 0) + 1
            continue
        if "times" in rule and used.get(name, 0) >= rule["times"]:
            continue
        used[name] = used.get(name, 0) + 1
        return rule
    return {}


def is_strict_json(text):
    def refuse(name):
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=refuse)
        return True
    except ValueError:
        return False


def new_run(name, variables):
    return {
        "entity": variables.get("entity") or "default-team",
        "project": variables.get("project") or "uncategorized",
        "name": name, "history": [], "console": [], "events": [],
        "summary": None, "config": {}, "uploaded": [], "files": {},
        "complete": False, "exitcode": None, "requests": 0, "resent": 0,
        "conflicts": 0, "gaps": 0,
    }


def upsert(v):
    if v.get("entity") == "nobody":
        return {"errors": [{"message": "entity nobody not found"}]}
    name = v.get("name") or "r" + os.urandom(4).hex()
    inserted = name not in state["runs"]
    run = state["runs"].setdefault(name, new_run(name, v))
    if "host" in v:  # a start, not a later change; an import has no host
        run["complete"] = False
    fields = {"displayName": "displayName", "notes": "notes", "tags": "tags",
              "group": "groupName", "groupName": "groupName",
              "jobType": "jobType", "host": "host", "commit": "commit",
              "repo": "repo", "program": "program", "sweep": "sweep"}
    for variable, field in fields.items():
        if v.get(variable) is not None:
            run[field] = v[variable]
    if v.get("summaryMetrics") is not None:
        if not is_strict_json(v["summaryMetrics"]):
            problem("the summary is no strict JSON")
        else:
            run["summary"] = json.loads(v["summaryMetrics"])
    if v.get("config") is not None:
        if not isinstance(v["config"], str) or not is_strict_json(v["config"]):
            problem("config is no JSON text")
            return {"errors": [{"message": "config is no JSONString"}]}
        run["config"] = json.loads(v["config"])
    bucket = {
        "id": "b-" + name, "name": name,
        "displayName": run.get("displayName") or "n",
        "sweepName": None, "historyLineCount": len(run["history"]),
        "eventsLineCount": len(run["events"]),
        "project": {"id": "p", "name": run["project"],
                    "entity": {"id": "e", "name": run["entity"]}},
    }
    return {"upsertBucket": {"bucket": bucket, "inserted": inserted}}


def upload_url(what):
    token = os.urandom(8).hex()
    state["uploads"][token] = what
    return base_url + "/upload/" + token


def create_run_files(v):
    files = []
    for path in v["files"]:
        url = upload_url({"run": v.get("run") or v.get("runName"),
                          "path": path})
        files.append({"name": path, "uploadUrl": url})
    return {"createRunFiles": {"runID": "b", "uploadHeaders": [],
                               "files": files}}


def create_artifact(i):
    for number, a in state["artifacts"].items():
        if (a["digest"], a["name"]) == (i["digest"],
                                        i["artifactCollectionName"]):
            if a["state"] == "COMMITTED" or a["clientID"] == i["clientID"]:
                a["runs"].append(i.get("runName"))
                return number, a
    number = "a%d" % (len(state["artifacts"]) + 1)
    a = {"name": i["artifactCollectionName"], "type": i["artifactTypeName"],
         "digest": i["digest"], "run": i.get("runName"),
         "runs": [i.get("runName")], "files": {},
         "uploaded": {}, "state": "PENDING", "manifest": None,
         "clientID": i["clientID"], "entity": i["entityName"],
         "aliases": [x["alias"] for x in i.get("aliases") or []]}
    if not i["entityName"]:
        problem("artifact without an entity")
    state["artifacts"][number] = a
    return number, a


def artifact_files(i):
    edges = []
    for spec in i["artifactFiles"]:
        a = state["artifacts"][spec["artifactID"]]
        a["files"][spec["name"]] = spec["md5"]
        url = upload_url({"artifact": spec["artifactID"],
                          "path": spec["name"]})
        edges.append({"node": {
            "storagePath": None, "uploadUrl": url, "uploadHeaders": [],
            "uploadMultipartUrls": None,
            "artifact": {"id": spec["artifactID"]}}})
    return {"createArtifactFiles": {"files": {"edges": edges}}}


def commit_artifact(i):
    a = state["artifacts"][i["artifactID"]]
    if a["uploaded"] != a["files"]:
        problem("artifact committed without its files")
    contents = (a["manifest"] or {}).get("contents")
    if contents is None:
        problem("artifact committed without a manifest")
        contents = {}
    text = "wandb-artifact-manifest-v1\n"
    for path in sorted(contents, key=lambda p: p.encode()):
        text += "%s:%s\n" % (path, contents[path]["digest"])
    if hashlib.md5(text.encode()).hexdigest() != a["digest"]:
        problem("the artifact's digest is not its manifest's")
    a["state"] = "COMMITTED"
    return {"commitArtifact": {"artifact": {"id": i["artifactID"],
                                            "digest": a["digest"]}}}


def graphql(body):
    query, v = body["query"], body.get("variables") or {}
    name = re.search(r"(?:query|mutation)\s+(\w+)", query)
    if name and body.get("operationName", name[1]) != name[1]:
        return {"errors": [{"message": "Unknown operation named " +
                            body["operationName"]}]}
    i = v.get("input") or v.get("i") or v
    if "upsertBucket" in query:
        answer = upsert(v)
        return answer if "errors" in answer else {"data": answer}
    if "createRunFiles" in query:
        return {"data": create_run_files(v)}
    if "createArtifactFiles" in query:
        return {"data": artifact_files(i)}
    if "createArtifactManifest" in query:
        number = i["artifactID"]
        answer = {"id": "m-" + number}
        if i.get("includeUpload", "file" in query):
            url = upload_url({"manifest": number, "digest": i["digest"]})
            answer["file"] = {"id": "f", "uploadUrl": url,
                              "uploadHeaders": []}
        return {"data": {"createArtifactManifest":
                         {"artifactManifest": answer}}}
    if "createArtifact" in query:
        number, a = create_artifact(i)
        return {"data": {"createArtifact": {"artifact": {
            "id": number, "state": a["state"],
            "artifactSequence": {"latestArtifact": None}}}}}
    if "notifyScriptableRunAlert" in query:
        if v["runName"] not in state["runs"]:
            return {"errors": [{"message": "run not found"}]}
        state.setdefault("alerts", []).append(v)
        return {"data": {"notifyScriptableRunAlert": {"success": True}}}
    if "commitArtifact" in query:
        return {"data": commit_artifact(i)}
    if "viewer" in query:
        return {"data": {"viewer": {
            "id": "u", "entity": "default-team", "username": "u", "email": "",
            "flags": "{}", "teams": {"edges": []}}}}
    if "serverInfo" in query:
        return {"data": {"serverInfo": {"features": []}}}
    if "model(" in query:
        run = state["runs"].get(v.get("name") or v.get("n"))
        return {"data": {"model": {"bucket": run and {
            "id": "b-" + run["name"], "historyLineCount": len(run["history"]),
            "eventsLineCount": len(run["events"]),
            "logLineCount": len(run["console"]),
            "summaryMetrics": json.dumps(run["summary"] or {}),
            "config": json.dumps(run["config"]), "tags": run.get("tags"),
            "notes": run.get("notes"), "historyTail": "[]",
            "eventsTail": "[]", "wandbConfig": '{"t":{}}'}}}}
    if "artifactType" in query:
        return {"data": {"project": None}}
    if "organization" in query:
        return {"data": {"entity": None}}
    return {"data": {}}


def put_lines(run, name, lines, part):
    for n, line in enumerate(part["content"], part["offset"]):
        if n > len(lines):
            run["gaps"] += 1
            problem("%s: a gap before line %d" % (name, n))
        if name == "wandb-history.jsonl" and not is_strict_json(line):
            problem("a history line is no strict JSON: " + line[:200])
        if n < len(lines):
            run["resent"] += 1
            if lines[n] != line:
                run["conflicts"] += 1
                lines[n] = line
        else:
            lines.append(line)


def contents(run):
    return json.dumps([run[what] for what in
                       ("history", "events", "console", "summary")])


def file_stream(name, body):
    run = state["runs"].get(name)
    if run is None:
        return 404, {"error": "no such run"}
    # The last request may come again, because its answer was lost.
    ended, before = run["complete"], contents(run)
    run["requests"] += 1
    for path, part in (body.get("files") or {}).items():
        if path == "wandb-history.jsonl":
            put_lines(run, path, run["history"], part)
        elif path == "wandb-events.jsonl":
            put_lines(run, path, run["events"], part)
        elif path == "output.log":
            put_lines(run, path, run["console"], part)
        elif path == "wandb-summary.json":
            text = part["content"][-1]
            if not is_strict_json(text):
                problem("the summary is no strict JSON")
            else:
                run["summary"] = json.loads(text)
    run["uploaded"] += [u for u in body.get("uploaded") or []
                        if u not in run["uploaded"]]
    if ended and contents(run) != before:
        problem("other values behind the end")
    if body.get("complete"):
        run["complete"] = True
        run["exitcode"] = body.get("exitcode")
    return 200, {}


def put_upload(token, body):
    what = state["uploads"].get(token)
    if what is None:
        return 404
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    if "run" in what:
        run = state["runs"].get(what["run"])
        if run is not None:
            run["files"][what["path"]] = {"md5": md5, "size": len(body)}
    elif "artifact" in what:
        a = state["artifacts"][what["artifact"]]
        a["uploaded"][what["path"]] = md5
        if a["files"][what["path"]] != md5:
            problem("%s: other bytes than its digest" % what["path"])
    else:
        if what["digest"] != md5:
            problem("the manifest's digest is wrong")
        state["artifacts"][what["manifest"]]["manifest"] = json.loads(body)
    return 200


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def read_body(self):
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                body += self.rfile.read(size + 2)[:size]
                if size == 0:
                    return body
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionError
        return body

    def perform(self, path, body):
        """-> status, answer"""
        if path.startswith("/upload/"):
            if self.headers.get("Authorization"):
                problem("credentials on a signed URL")
            if self.headers.get("Content-Type"):
                problem("a Content-Type that was not signed")
            return put_upload(path[8:], body), ""
        if self.headers.get("Authorization") != authorization:
            return 401, {"error": "invalid api key"}
        if path == "/graphql":
            return 200, graphql(json.loads(body))
        match = re.fullmatch("/files/([^/]*)/([^/]*)/([^/]*)/file_stream",
                             path)
        if match:
            name = urllib.parse.unquote(match.group(3))
            return file_stream(name, json.loads(body))
        return 404, {"error": "no such path"}

    def handle_any(self):
        try:
            body = self.read_body()
        except (ConnectionError, ValueError):
            self.close_connection = True
            return
        path = urllib.parse.urlsplit(self.path).path
        operation = "-"
        if path == "/graphql":
            found = re.search(r"(upsertBucket|create[A-Z]\w+|commitArtifact|"
                              r"viewer|serverInfo)",
                              body.decode(errors="replace"))
            operation = found.group(1) if found else "other"
        with lock:
            fault = fault_for("%s %s %s" % (self.command, path, operation),
                              body)
        if fault.get("delay"):
            time.sleep(fault["delay"])
        with lock:
            if fault.get("status"):
                status, answer = fault["status"], fault.get("body", {})
            elif fault.get("cut") == "before" or fault.get("stall"):
                status, answer = 0, {}
            else:
                status, answer = self.perform(path, body)
            if fault.get("body") is not None:
                answer = fault["body"]
            if "answer" in fault:
                answer = fault["answer"]
            if fault.get("cut_host"):
                answer = json.loads(
                    json.dumps(answer).replace(base_url + "/", "/"))
            with open(os.path.join(directory, "log"), "a") as f:
                f.write("%.3f %s %s %s %s %d\n" % (
                    time.monotonic(), self.command, path, operation,
                    status, len(body)))
            save()
        if fault.get("stall"):
            time.sleep(3600)
        if fault.get("cut"):
            self.close_connection = True
            return
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.send_response(status)
        for name, value in fault.get("headers", {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = handle_any


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


port = 0
if again:  # one that the kernel gives nobody else while the server is down
    port = random.randrange(20000, 30000)
if again and os.path.exists(os.path.join(directory, "url")):
    with open(os.path.join(directory, "url")) as url_file:
        port = int(url_file.read().rsplit(":", 1)[1])
    with open(os.path.join(directory, "state.json")) as state_file:
        state = json.load(state_file)
server = Server(("127.0.0.1", port), Handler)
base_url = "http://127.0.0.1:%d" % server.server_address[1]
save()
temporary_url = os.path.join(directory, ".url.tmp")
with open(temporary_url, "w") as url_file:
    url_file.write(base_url + "\n")
os.replace(temporary_url, os.path.join(directory, "url"))
server.serve_forever()
