"""Times a log call of four metrics with a peer's own library.

usage: log_speed.py wandb|mlflow|tensorboardX|itrack CALLS
Prints microseconds of wall clock and of CPU time a call, a line each.
"""

import http.server
import os
import sys
import time


class Yes(http.server.BaseHTTPRequestHandler):
    """The least that an MLflow server must say; no peer is faster."""

    protocol_version = "HTTP/1.1"
    # Head and body would wait for each other's acknowledgement.
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass


def make_wandb():
    import wandb

    run = wandb.init(project="speed", mode="offline", dir=".",
                     settings=wandb.Settings(console="off", silent=True))
    return lambda metrics, step: run.log(metrics, step=step), run.finish


def make_mlflow():
    import mlflow
    from mlflow.entities import Metric

    ready, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Yes)
        os.write(write, str(server.server_port).encode())
        os.close(write)
        server.serve_forever()
    os.close(write)
    port = os.read(ready, 16).decode()
    client = mlflow.MlflowClient(f"http://127.0.0.1:{port}")

    def log(metrics, step):
        now = int(time.time() * 1000)
        client.log_batch("run", metrics=[
            Metric(name, value, now, step) for name, value in metrics.items()])

    return log, lambda: os.kill(pid, 9)


def make_tensorboardX():
    from tensorboardX import SummaryWriter

    writer = SummaryWriter("tb")

    def log(metrics, step):
        for name, value in metrics.items():
            writer.add_scalar(name, value, step)

    return log, writer.close


def make_itrack():
    import itrack

    tracker = itrack.LocalFileTracker()
    tracker.start_run("speed")
    return tracker.log_metrics, tracker.end_run


def main():
    calls = int(sys.argv[2])
    log, end = globals()["make_" + sys.argv[1]]()
    wall, cpu = time.perf_counter(), time.process_time()
    for i in range(calls):
        log({"accuracy": 0.5, "loss": 1 / (i + 1), "latency_ms": i * 0.37,
             "tokens": 128.0}, i)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{wall / calls * 1e6:.3f}\n{cpu / calls * 1e6:.3f}", flush=True)
    end()
    os._exit(0)


if __name__ == "__main__":
    main()
