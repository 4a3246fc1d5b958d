#!/usr/bin/env python3
"""Cases of the W&B tracker against tests/servers/fake_wandb.py, each by name.

usage: wandb_cases.py CASE [argument]...

  compare STATE_A STATE_B     two servers' only runs are the same run
  faults                      each kind of trouble; nothing lost, nothing twice
  kill online|offline COUNT   kill -9 at random moments until COUNT is reached
  drain                       a silent server holds nobody up

Needs BUILD, the build directory. Works in the current directory.
"""
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
DRIVER = os.path.join(os.environ["BUILD"], "tests", "drivers", "deliver")
FIXTURE = os.path.join(HERE, "..", "fixtures", "run_plain", "run")
KEY = "k" * 40


def fail(text):
    print("# " + text)
    sys.exit(1)


def expect(good, text):
    if not good:
        fail(text)


class Server:
    def __init__(self, directory, faults=None):
        self.directory = directory
        os.makedirs(directory)
        self.faults(faults or [])
        script = os.path.join(HERE, "..", "servers", "fake_wandb.py")
        self.process = subprocess.Popen(
            [sys.executable, script, directory], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL)
        url = os.path.join(directory, "url")
        limit = time.monotonic() + 60
        while not os.path.exists(url):
            expect(time.monotonic() < limit, "the server did not start")
            time.sleep(0.01)
        with open(url) as f:
            self.url = f.read().strip()

    def faults(self, rules):
        path = os.path.join(self.directory, "faults.json")
        with open(path + ".tmp", "w") as f:
            json.dump(rules, f)
        os.replace(path + ".tmp", path)

    def state(self):
        with open(os.path.join(self.directory, "state.json")) as f:
            return json.load(f)

    def log(self):
        with open(os.path.join(self.directory, "log")) as f:
            return [line.split() for line in f]

    def stop(self):
        self.process.kill()
        self.process.wait()


def environment(url=None):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith("WANDB_") and "proxy" not in k.lower()}
    env.update(HOME=os.getcwd(), WANDB_ENTITY="team")
    if url:
        env.update(WANDB_BASE_URL=url, WANDB_API_KEY=KEY)
    return env


def make_entries(path, *arguments):
    with open(path, "w") as f:
        subprocess.run(
            [sys.executable, os.path.join(HERE, "make_entries.py"),
             "--artifact", os.path.join(FIXTURE, "manifest.json"),
             "--artifact", os.path.join(FIXTURE, "records.jsonl"),
             "--table", os.path.join(FIXTURE, "records.jsonl"),
             *arguments], stdout=f, check=True)


def command(state, entries, *options, drain=120000, pause=0):
    return [DRIVER, "-d", str(drain), "-p", str(pause), state, entries,
            "wandb", *options]


def deliver(url, state, entries, **keywords):
    result = subprocess.run(
        command(state, entries, "wandb-dir=out", **keywords),
        env=environment(url), capture_output=True, text=True, timeout=600)
    expect(KEY not in result.stdout + result.stderr, "the key was printed")
    return result


def essence(state):
    """What counts of a server's only run, and of the runs of its experiments,
    whose IDs begin with its own."""
    ids = sorted(state["runs"])
    expect(ids and all(i.startswith(ids[0]) for i in ids), "runs: %s" % ids)
    parts = essence_of(state, state["runs"][ids[0]])
    parts["experiments"] = {
        i[len(ids[0]):]: essence_of(state, state["runs"][i]) for i in ids[1:]}
    for part in parts["experiments"].values():
        expect(part.pop("artifacts") == parts["artifacts"], "artifacts")
    return parts


def essence_of(state, run):
    # Each attempt has its own end of the name.
    name = (run.get("displayName") or "").removesuffix("-" + run["name"][-4:])
    config = dict(run["config"])
    config.pop("_wandb", None)
    made_by_wandb = {"config.yaml", "wandb-summary.json",
                     "wandb-metadata.json"}
    # The rest of /proc's "program" is the uploader's own.
    return {
        "history": [json.loads(line) for line in run["history"]],
        "summary": run["summary"],
        "config": config,
        "files": {path: file for path, file in run["files"].items()
                  if path not in made_by_wandb},
        "uploaded": sorted(set(run["uploaded"]) - made_by_wandb),
        "artifacts": [
            {k: a[k] for k in ("name", "type", "digest", "state", "files",
                               "uploaded", "aliases", "entity")}
            for a in state["artifacts"].values()],
        **{k: run.get(k) for k in (
            "entity", "project", "notes", "tags", "host", "jobType",
            "groupName", "complete", "exitcode")},
        "displayName": name,
    }


def expect_same(got, want):
    for part in want:
        expect(got[part] == want[part], "%s: %s\n# want %s" % (
            part, json.dumps(got[part])[:2000],
            json.dumps(want[part])[:2000]))


def expect_whole(state, want):
    """Everything is there, once."""
    expect(state["problems"] == [], "problems: %s" % state["problems"])
    for run in state["runs"].values():
        expect(run["conflicts"] == 0, "%d lines differed" % run["conflicts"])
    expect_same(essence(state), want)


def reference(entries):
    server = Server("reference")
    try:
        result = deliver(server.url, "state-reference", entries)
        expect(result.returncode == 0, "no reference: " + result.stdout)
        want = essence(server.state())
        expect(want["complete"] and want["exitcode"] == 0, "not complete")
        expect(server.state()["problems"] == [], "reference has problems")
        return want
    finally:
        server.stop()


STREAM, PUT = "file_stream", "^PUT"
FAULTS = {
    # Each part of a run fails twice.
    **{"500 on " + op: [{"match": match, "status": 500, "times": 2}]
       for op, match in [
           ("upsert", "upsertBucket"), ("stream", STREAM), ("PUT", PUT),
           ("createRunFiles", "createRunFiles"),
           ("createArtifact", "createArtifact$"),
           ("manifest", "createArtifactManifest"),
           ("createArtifactFiles", "createArtifactFiles"),
           ("commit", "commitArtifact")]},
    "429": [{"match": STREAM, "status": 429, "times": 1,
             "headers": {"Retry-After": "1"}}],
    "cut before": [{"match": STREAM, "cut": "before", "times": 2}],
    "cut after": [{"match": STREAM, "cut": "after", "times": 2}],
    "cut after upsert": [{"match": "upsertBucket", "cut": "after",
                          "times": 1}],
    "cut after PUT": [{"match": PUT, "cut": "after", "times": 2}],
    "cut after commit": [{"match": "commitArtifact", "cut": "after",
                          "times": 1}],
    "half an answer": [{"match": "upsertBucket", "status": 200, "times": 1,
                        "body": "{\"data\":{\"upse"}],
    "no JSON": [{"match": "upsertBucket", "status": 200, "times": 1,
                 "body": "<html>busy</html>"}],
    "a portal's 200": [{"match": STREAM, "status": 200, "times": 2,
                         "body": "<html>log in</html>"}],
    "slow": [{"delay": 0.1}],
    "409": [{"match": "upsertBucket", "status": 409, "times": 1}],
}


def each(names, case):
    """Calls case(name) for each name, in a process and a new directory of its own:
    they wait for the most part, so four of them are under way at a time."""
    running, failed = {}, []

    def wait():
        pid, status = os.wait()
        name = running.pop(pid)
        if status != 0:
            failed.append(name)

    for name in names:
        while len(running) >= 4:
            wait()
        os.mkdir(name)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.chdir(name)
                case(name)
                status = 0
            except SystemExit:
                pass
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                sys.stdout.flush()
                os._exit(status)
        running[pid] = name
    while running:
        wait()
    expect(not failed, "failed: %s" % failed)


def case_faults():
    make_entries("entries", "--points", "30", "--experiments", "2",
                 "--hostile")
    want = reference("entries")
    each(FAULTS, lambda name: under_fault(name, want))


def under_fault(name, want):
    server = Server("server", FAULTS[name])
    try:
        result = deliver(server.url, "state", "../entries")
        # A server that never answered gets one last try, no more.
        if name == "500 on upsert" and result.returncode != 0:
            result = deliver(server.url, "state", "../entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect_whole(server.state(), want)
        if name == "429":
            times = [float(line[0]) for line in server.log()
                     if STREAM in line[2]]
            expect(times[1] - times[0] >= 1, "came back too early")
    finally:
        server.stop()


def case_refused():
    """A key that is refused in the middle blocks; the right one completes."""
    make_entries("entries", "--points", "30")
    want = reference("entries")
    each(["file_stream", "createRunFiles", "createArtifact"],
         lambda when: refused(when, want))


def refused(when, want):
    server = Server("server", [{"match": when, "status": 401}])
    try:
        result = deliver(server.url, "state", "../entries", drain=3000)
        expect(result.returncode != 0 and "state blocked" in result.stdout,
               "not blocked: " + result.stdout)
        expect(not os.path.exists("out"), "there is an offline folder")
        server.faults([])
        result = deliver(server.url, "state", "../entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect_whole(server.state(), want)
    finally:
        server.stop()


def case_waiting():
    """What it waits for is said, whatever else succeeds meanwhile."""
    make_entries("entries", "--points", "5")
    server = Server("server", [{"match": STREAM, "status": 429,
                                "headers": {"Retry-After": "60"}}])
    try:
        result = deliver(server.url, "state", "entries", drain=1500)
        expect(result.returncode != 0, "finished?")
        expect(any("PUT" in line for line in server.log()), "no upload")
        expect("why W&B: HTTP 429" in result.stdout,
               "not said: " + result.stdout)
    finally:
        server.stop()


def case_stopped():
    make_entries("entries", "--points", "5")
    server = Server("server", [{"match": STREAM, "body": {"stopped": True}}])
    try:
        result = deliver(server.url, "state", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect("stopped" in result.stdout, "not said: " + result.stdout)
    finally:
        server.stop()


def case_config():
    """A config that is refused costs the config alone."""
    make_entries("entries", "--points", "5")
    want = reference("entries")
    server = Server("server", [{
        "match": "upsertBucket", "after": 1, "status": 200,
        "body": {"errors": [{"message": "config is too large"}]}}])
    try:
        result = deliver(server.url, "state", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect("config is too large" in result.stdout, "not said")
        want["config"] = {}
        expect_whole(server.state(), want)
    finally:
        server.stop()


def case_too_large():
    """A server that takes small requests only gets all of it in those; what is
    too large alone is named, and the rest arrives."""
    make_entries("entries", "--points", "400")
    want = reference("entries")
    large = {"match": STREAM, "over": 3000, "status": 413, "body": "<html>"}
    server = Server("server", [large])
    try:
        result = deliver(server.url, "state", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect("413" not in result.stdout, "said: " + result.stdout)
        expect_whole(server.state(), want)
    finally:
        server.stop()
    # No row with values, no summary, no config, and one file fit in.
    rules = [dict(large, over=170),
             dict(large, match="upsertBucket", over=1500),
             dict(large, match=PUT, over=1000)]
    server = Server("tiny", rules)
    try:
        result = deliver(server.url, "state-tiny", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        for said in ("a row is too large", "without its values: the row of "
                     '"_step":', "the summary is too large",
                     "records.jsonl: W&B: HTTP 413"):
            expect(said in result.stdout, said + ": " + result.stdout)
        run = next(iter(server.state()["runs"].values()))
        expect(len(run["history"]) == len(want["history"]), "rows are lost")
        expect([json.loads(line)["_step"] for line in run["history"]] ==
               [row["_step"] for row in want["history"]], "other steps")
        expect(run["complete"], "no end")
        expect("records.jsonl" not in run["files"], "a file came")
        expect(server.state()["problems"] == [], "problems")
    finally:
        server.stop()


def case_page():
    """A login page is called one, and what it answers is not taken for done."""
    make_entries("entries", "--points", "5")
    want = reference("entries")
    for match in ("upsertBucket", STREAM, PUT):
        server = Server("server-" + match.strip("^"), [{
            "match": match, "times": 1, "status": 200,
            "body": "<!DOCTYPE html><title>Sign in</title>"}])
        try:
            # On a busy machine a drain may end before the page was answered.
            for _ in range(30):
                result = deliver(server.url, "state-" + server.directory,
                                 "entries", drain=1000)
                said = "a web page answers, not W&B" in result.stderr + result.stdout
                if said or result.returncode == 0:
                    break
            expect(said or result.returncode == 0, "not said: " + result.stdout)
            result = deliver(server.url, "state-" + server.directory,
                             "entries")
            expect(result.returncode == 0, "not finished: " + result.stdout)
            expect_whole(server.state(), want)
        finally:
            server.stop()


def case_no_run_files():
    """The files are in the artifact, the table is refused, the run is whole."""
    make_entries("entries", "--points", "5")
    want = reference("entries")
    each(['{"errors":[{"message":"no such field"}]}', '{"data":{}}',
          '{"data":null}', "403"], lambda answer: no_run_files(answer, want))


def no_run_files(answer, want):
    rule = {"match": "createRunFiles", "status": 200, "body": json.loads(answer)}
    if answer == "403":
        # Each of three files twice: without the key, and with it.
        rule = {"match": "^PUT", "status": 403, "times": 6}
    server = Server("server", [rule])
    try:
        result = deliver(server.url, "state", "../entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        lost = 3 if answer == "403" else 1
        expect("entries %d %d 0" % (want_entries("../entries") - lost, lost)
               in result.stdout, "not counted: " + result.stdout)
        want["files"], want["uploaded"] = {}, []
        want["summary"].pop("records", None)
        expect_whole(server.state(), want)
    finally:
        server.stop()


def want_entries(path):
    with open(path) as f:
        return sum('"entry":"start"' not in line and '"entry":"end"' not in line
                   for line in f)


def case_artifact_refused():
    """A storage that refuses us costs the artifact alone."""
    make_entries("entries", "--points", "5")
    want = reference("entries")
    server = Server("server", [{"match": "^PUT", "after": 3, "status": 403}])
    try:
        result = deliver(server.url, "state", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect("refused the artifact" in result.stdout, "not said")
        want["artifacts"] = []
        got = server.state()
        for artifact in got["artifacts"].values():
            expect(artifact["state"] == "PENDING", "committed?")
        got["artifacts"] = {}
        expect_whole(got, want)
    finally:
        server.stop()


def case_answers():
    """Answers that are small, empty or name places without a host."""
    make_entries("entries", "--points", "5")
    want = reference("entries")
    for body in ("", "null", {"exitcode": None}):
        server = Server("server-%s" % len(json.dumps(body)),
                        [{"match": STREAM, "answer": body}])
        try:
            result = deliver(server.url, "state-" + server.directory,
                             "entries")
            expect(result.returncode == 0, "not finished: " + result.stdout)
            expect_whole(server.state(), want)
        finally:
            server.stop()
    server = Server("relative", [{"match": "create", "cut_host": True}])
    try:
        result = deliver(server.url, "state-relative", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect_whole(server.state(), want)
    finally:
        server.stop()


def case_removed():
    """The folder is removed under us: said, and written again by the next."""
    with open("entries", "w") as f:
        subprocess.run([sys.executable, os.path.join(HERE, "make_entries.py"),
                        "--points", "200"], stdout=f, check=True)
    result = subprocess.run(command("state-reference", "entries",
                                    "wandb-dir=" + os.path.abspath("want")),
                            env=environment(), capture_output=True, text=True)
    expect(result.returncode == 0, "no reference: " + result.stdout)
    folder = os.path.abspath("out")
    process = subprocess.Popen(
        command("state", "entries", "wandb-dir=" + folder, pause=100),
        env=environment(), stdout=subprocess.PIPE, text=True)
    limit = time.monotonic() + 60
    while not (os.path.exists(folder) and any(
            len(content) > 2000 for content in tree(folder).values())):
        expect(time.monotonic() < limit and process.poll() is None,
               "no folder")
        time.sleep(0.01)
    shutil.rmtree(folder)
    out, _ = process.communicate()
    expect(process.returncode != 0 and "was removed" in out,
           "not said: " + out)
    result = subprocess.run(
        command("state", "entries", "wandb-dir=" + folder),
        env=environment(), capture_output=True, text=True)
    expect(result.returncode == 0, "not finished: " + result.stdout)
    expect(list(tree(folder).values()) == list(tree("want").values()),
           "it differs")


def case_long_names():
    """A batch that becomes 170 MB of rows: every row is there, in 40 MiB."""
    make_entries("plain", "--points", "1")
    with open("plain") as f:
        start = json.loads(f.readline())
    at = start["time_us"]
    entries = [start]
    # So many experiments share one run, where each name has model and probe.
    for k in range(51):
        entries.append({
            "entry": "experiment", "time_us": at, "index": k,
            "experiment_id": "e", "model_name": "m" * 5000 + str(k),
            "model_provider": "", "probe_name": "p" * 4000,
            "probe_category": ""})
    for step in range(1, 601):
        for k in range(2):
            entries.append({
                "entry": "metrics", "time_us": at + step, "experiment": k,
                "step": step, "metrics": {"m%d" % n: n for n in range(8)}})
    entries.append({"entry": "end", "time_us": at + 999, "last_step": 600,
                    "status": "finished", "exit_code": 0})
    with open("entries", "w") as f:
        for entry in entries:
            f.write(json.dumps(entry, separators=(",", ":")) + "\n")
    folder = os.path.abspath("out")
    result = subprocess.run(
        command("state", "entries", "wandb-dir=" + folder),
        env=environment(), capture_output=True, text=True)
    expect(result.returncode == 0, "not finished: " + result.stdout)
    expect("left out" not in result.stdout, "rows are lost")
    size = sum(map(len, tree(folder).values()))
    expect(size > 170e6, "it has only %d bytes" % size)
    most_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    expect(most_kib < 40 * 1024, "it took %d KiB" % most_kib)


def case_pace():
    """A request at once, then one every 15 s; the last rows and the end at once."""
    make_entries("entries", "--points", "100")
    server = Server("server")
    try:
        result = subprocess.run(
            command("state", "entries", pause=350),
            env=environment(server.url), capture_output=True, text=True)
        expect(result.returncode == 0, "not finished: " + result.stdout)
        times = [float(line[0]) for line in server.log()
                 if STREAM in line[2]]
        steps = [b - a for a, b in zip(times, times[1:])]
        print("# " + str(steps))
        expect(len(steps) >= 3, "%d requests" % len(times))
        # As the server saw them: what is on the way longer comes later.
        for step in steps[:-2]:
            expect(step > 14, "%.1f s between two" % step)
    finally:
        server.stop()


def case_drain():
    """No answer: it ends all the same, and nothing is lost."""
    make_entries("entries", "--points", "5")
    want = reference("entries")
    server = Server("server", [{"match": STREAM, "stall": True}])
    try:
        result = deliver(server.url, "state", "entries", drain=1500)
        expect(result.returncode != 0, "finished?")
        server.faults([])
        result = deliver(server.url, "state", "entries")
        expect(result.returncode == 0, "not finished: " + result.stdout)
        expect_whole(server.state(), want)
    finally:
        server.stop()


def kill_until_done(cmd, env, most_ms):
    """Kills at random moments; returns how often, until it ended itself."""
    kills = 0
    while True:
        process = subprocess.Popen(cmd, env=env, stdout=subprocess.PIPE,
                                   text=True)
        try:
            out, _ = process.communicate(
                timeout=random.uniform(0, most_ms) / 1000)
            expect(process.returncode == 0, "not finished: " + out)
            return kills
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            most_ms *= 1.02


def case_kill(mode, count):
    random.seed(count)
    make_entries("entries", "--points", "40", "--experiments", "2")
    folder = os.path.join(os.getcwd(), "out")
    kills = rounds = 0
    if mode == "online":
        want = reference("entries")
    else:
        want = None
    while kills < int(count):
        rounds += 1
        shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree("state", ignore_errors=True)
        server = None
        if mode == "online":
            shutil.rmtree("server", ignore_errors=True)
            server = Server("server")
        env = environment(server.url if server else None)
        if want is None:
            result = subprocess.run(
                command("state-reference", "entries", "wandb-dir=" + folder),
                env=env, capture_output=True, text=True)
            expect(result.returncode == 0, "no reference: " + result.stdout)
            want = tree(folder)
            shutil.rmtree(folder)
        kills += kill_until_done(
            command("state", "entries", "wandb-dir=" + folder, pause=1),
            env, 150 if mode == "online" else 100)
        if server:
            server.stop()
            expect_whole(server.state(), want)
        else:
            got = tree(folder)
            expect(got.keys() == want.keys(), "%s\n# want %s" % (
                sorted(got), sorted(want)))
            for path in want:
                expect(got[path] == want[path], path + " differs")
    print("# %d kills in %d runs" % (kills, rounds))


def tree(folder):
    """Path -> content of every file below."""
    result = {}
    for top, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(top, name)
            with open(path, "rb") as f:
                result[os.path.relpath(path, folder)] = f.read()
    return result


def case_compare(a, b):
    states = []
    for path in (a, b):
        with open(path) as f:
            states.append(json.load(f))
        expect(states[-1]["problems"] == [],
               "%s: problems: %s" % (path, states[-1]["problems"]))
    expect_same(essence(states[0]), essence(states[1]))


if __name__ == "__main__":
    globals()["case_" + sys.argv[1]](*sys.argv[2:])
