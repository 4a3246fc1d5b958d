#!/usr/bin/env python3
"""MLflow's own server code, in a process that may be killed and is back at once.

usage: mlflow_again.py DIR

Run by a Python that has mlflow. What it keeps is in DIR/mlflow.db (SQLite) and
DIR/artifacts. Each line on standard input starts the server, always at the same
port of 127.0.0.1, and prints "PID URL" when it accepts; whoever wants to kills
that process before the next line. The start is a fork of this one, which has
loaded everything: `mlflow server` needs seconds for it.
"""
import os
import sys

from free_port import free_port

directory = os.path.abspath(sys.argv[1])
os.environ.update({
    "_MLFLOW_SERVER_FILE_STORE": f"sqlite:///{directory}/mlflow.db",
    "_MLFLOW_SERVER_REGISTRY_STORE": f"sqlite:///{directory}/mlflow.db",
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    "_MLFLOW_SERVER_ARTIFACT_DESTINATION": f"{directory}/artifacts",
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
})

from mlflow.server import app  # noqa: E402
from mlflow.server.handlers import _get_tracking_store  # noqa: E402
from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *args):
        pass


def in_child(work):
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(1)
    return pid


def make_tables():
    _get_tracking_store()
    os._exit(0)


def serve(port, ready):
    server = make_server("127.0.0.1", port, app, threaded=True,
                         request_handler=Handler)
    os.write(ready, b"x")
    os.close(ready)
    server.serve_forever()


def main():
    os.makedirs(directory + "/artifacts", exist_ok=True)
    os.waitpid(in_child(make_tables), 0)
    port = free_port()
    pid = 0
    for _ in sys.stdin:
        if pid:  # it holds the port until it is gone
            os.waitpid(pid, 0)
        ready, told = os.pipe()
        pid = in_child(lambda: serve(port, told))
        os.close(told)
        if os.read(ready, 1) != b"x":
            sys.exit("the server does not start")
        os.close(ready)
        print(pid, f"http://127.0.0.1:{port}", flush=True)


main()
