#!/usr/bin/env python3
"""An HTTP server that wants to hurt its clients.

usage: hostile_http.py DIR body|headers|deep|redirects|drip|garbage

Listens on a free port of 127.0.0.1 and writes its URL to DIR/url. body: an
answer without end; headers: a head without end; deep: JSON of a million levels;
redirects: to itself for ever; drip: a byte each 50 ms; garbage: no HTTP.
"""
import os
import random
import socketserver
import sys
import time

CHUNK = b"x" * (1 << 16)


class Handler(socketserver.StreamRequestHandler):
    def answer(self):
        kind, out = self.server.kind, self.wfile
        if kind == "body":
            out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n"
                      b"Content-Type: application/json\r\n\r\n{\"a\": \"")
            while True:
                out.write(CHUNK)
        if kind == "headers":
            out.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                out.write(b"X-Long: " + CHUNK[:1000] + b"\r\n")
        if kind == "deep":
            body = b"[" * 500000 + b"]" * 500000
            out.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s"
                      % (len(body), body))
        if kind == "redirects":
            out.write(b"HTTP/1.1 307 Go\r\nLocation: /again%d\r\n"
                      b"Content-Length: 0\r\n\r\n" % random.randrange(10**9))
        if kind == "drip":
            out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                out.write(b" ")
                time.sleep(0.05)
        if kind == "garbage":
            out.write(random.randbytes(4096))

    def handle(self):
        try:
            length = 0
            for line in iter(self.rfile.readline, b"\r\n"):
                if not line:
                    return
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            self.answer()
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    server = Server(("127.0.0.1", 0), Handler)
    server.kind = sys.argv[2]
    url = os.path.join(sys.argv[1], "url")
    with open(url + ".new", "w") as f:
        f.write(f"http://127.0.0.1:{server.server_address[1]}\n")
    os.rename(url + ".new", url)
    server.serve_forever()


main()
