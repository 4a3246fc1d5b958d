#!/usr/bin/env python3
"""Several runs of one process, and what becomes of their directories.

    several.py WHAT FROM TO [GATE]

threads     three runs at once in three threads, below TO: each record waits for
            a line of GATE
overwrite   three runs one after the other in TO, which is removed before each
moved       the directory is renamed behind the manifest: TO.tmp to TO
parent      the directory above it is: TO's
removed     a temporary directory, gone behind the manifest
server      a run, then the process waits for GATE's end
inplace     three runs in TO, whose files are written again in place: 12 records
            and no manifest, 4, 2; each waits for a line of GATE behind it
rewritten   a manifest that says run_completed: false, replaced by the true one
            when GATE has a line, or at its end left so

The runs get the IDs run-0, run-1, ... in the place of the fixture's.
"""
import json
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path

import write_run


def renamed_source(source, number, into):
    """The fixture with the run ID run-<number>."""
    target = Path(into) / f"source-{number}"
    # Without the marker, so that it is no run directory itself.
    shutil.copytree(source, target, symlinks=True,
                    ignore=shutil.ignore_patterns(".insidellms_run"))
    old = json.loads((source / "manifest.json").read_text())["run_id"]
    for name in ("manifest.json", "records.jsonl"):
        path = target / name
        path.write_text(path.read_text().replace(old, f"run-{number}"))
    return target


def at_once(source, to, turn, work):
    lock = threading.Lock()
    all_write = threading.Barrier(3, timeout=60)
    own = threading.local()

    def in_turn():
        # One of them could take all the lines before the others have begun.
        own.turns = getattr(own, "turns", 0) + 1
        if own.turns == 2:
            all_write.wait()
        with lock:
            turn()

    threads = [threading.Thread(target=write_run.write, args=(
        "run", renamed_source(source, n, work), to / f"r{n}", in_turn))
        for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_place(source, to, turn, work):
    to.mkdir()
    for number, count in enumerate((12, 4, 2)):
        run = renamed_source(source, number, work)
        (to / ".insidellms_run").write_text("insideLLMs run directory\n")
        shutil.copyfile(run / "config.resolved.yaml",
                        to / "config.resolved.yaml")
        lines = (run / "records.jsonl").read_text().splitlines(True)
        (to / "records.jsonl").write_text("".join(lines[:count]))
        manifest = json.loads((run / "manifest.json").read_text())
        manifest["record_count"] = manifest["success_count"] = count
        if number > 0:
            write_run.replace(to, "manifest.json", write_run.dump(manifest))
        turn()


def rewritten(source, to, turn):
    write_run.write("run", source, to, lambda: None)
    path = to / "manifest.json"
    text = path.read_text()
    manifest = json.loads(text)
    manifest["run_completed"] = False
    write_run.replace(to, "manifest.json", write_run.dump(manifest))
    if turn():
        write_run.replace(to, "manifest.json", text)


def main():
    what, source, to = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    gate = open(sys.argv[4]) if len(sys.argv) > 4 else None
    turn = gate.readline if gate else lambda: ""
    to = Path(os.path.abspath(to))
    with tempfile.TemporaryDirectory() as work:
        first = renamed_source(source, 0, work) if what not in (
            "threads", "overwrite", "inplace") else None
        if what == "threads":
            at_once(source, to, turn, work)
        elif what == "overwrite":
            for n in range(3):
                shutil.rmtree(to, ignore_errors=True)
                write_run.write("run", renamed_source(source, n + 1, work), to,
                                lambda: None)
        elif what == "inplace":
            in_place(source, to, turn, work)
        elif what == "moved":
            write_run.write("run", first, Path(f"{to}.tmp"), lambda: None)
            os.rename(f"{to}.tmp", to)
        elif what == "parent":
            write_run.write("run", first, to.parent / "tmp" / to.name,
                            lambda: None)
            os.rename(to.parent / "tmp", to.parent / "final")
        elif what == "removed":
            write_run.write("run", first, to, lambda: None)
            shutil.rmtree(to)
        elif what == "server":
            write_run.write("run", first, to, lambda: None)
        elif what == "rewritten":
            rewritten(first, to, turn)
        while gate and turn():
            pass


main()
