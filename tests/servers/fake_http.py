#!/usr/bin/env python3
"""An HTTP server that keeps every request byte for byte and misbehaves on order.

usage: fake_http.py DIR [--tls CERT_AND_KEY.pem [CA.pem] | --one]

--one: one connection after the other.

Listens on a free port of 127.0.0.1 and writes its base URL to DIR/url as soon as
it accepts. Each request becomes DIR/requests/NNNN.head and NNNN.body (as they
came, chunks joined), and one line in DIR/log: "NNNN METHOD TARGET STATUS BYTES",
written before the answer is sent (STATUS is "stall" or "cut" for those).

DIR/rules.json says what to answer; it is read again for each request. A list of
objects; the first rule that matches and is not used up counts:

  match    regular expression on "METHOD TARGET" (search); absent: everything
  body_match  regular expression on the body, unpacked if it is gzip
  over     only requests whose body has more bytes
  times    use it so often, then pass it over; absent: always
  status   200
  headers  {"Retry-After": "1"}
  body     text, or any other JSON value, which is sent as JSON
  stall    true: never answer, keep the connection; a number: wait so many
           seconds before the answer; a name: until that file is in DIR
  cut      close after so many bytes of the answer (0: without any)
  early    true: answer (or cut) without reading the body

No rule: 200 and "{}".
"""
import gzip
import json
import os
import re
import socketserver
import ssl
import sys
import threading
import time

lock = threading.Lock()
count = 0
used = {}


def unpacked(body):
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def rule_for(directory, line, body):
    try:
        with open(os.path.join(directory, "rules.json")) as f:
            rules = json.load(f)
    except FileNotFoundError:
        rules = []
    for rule in rules:
        key = json.dumps(rule, sort_keys=True)
        if not re.search(rule.get("match", ""), line):
            continue
        if body is None and not rule.get("early"):
            continue
        if "body_match" in rule and not re.search(
            rule["body_match"].encode(), unpacked(body or b"")
        ):
            continue
        if body is not None and len(body) <= rule.get("over", -1):
            continue
        if "times" in rule and used.get(key, 0) >= rule["times"]:
            continue
        if body is not None or rule.get("early"):
            used[key] = used.get(key, 0) + 1
        return rule
    return {} if body is not None else None


class Handler(socketserver.StreamRequestHandler):
    def read_body(self, head):
        fields = {}
        for field in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = field.partition(":")
            fields[name.strip().lower()] = value.strip()
        if "100-continue" in fields.get("expect", ""):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if fields.get("transfer-encoding", "").lower() == "chunked":
            body = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                chunk = self.rfile.read(size + 2)[:size]
                if size == 0:
                    return body
                body += chunk
        return self.rfile.read(int(fields.get("content-length", "0")))

    def store(self, head, body, status):
        global count
        with lock:
            count += 1
            name = f"{count:04d}"
            base = os.path.join(self.server.directory, "requests", name)
            with open(base + ".head", "wb") as f:
                f.write(head)
            with open(base + ".body", "wb") as f:
                f.write(body or b"")
            method, target = head.split(b"\r\n")[0].decode("latin-1").split()[:2]
            with open(os.path.join(self.server.directory, "log"), "a") as f:
                f.write(f"{name} {method} {target} {status} {len(body or b'')}\n")

    def answer(self, rule):
        body = rule.get("body", {})
        data = body if isinstance(body, str) else json.dumps(body)
        data = data.encode()
        headers = {"Content-Type": "application/json"}
        if isinstance(body, str):
            headers["Content-Type"] = "text/plain"
        headers.update(rule.get("headers", {}))
        head = f"HTTP/1.1 {rule.get('status', 200)} Fake\r\n"
        for name, value in headers.items():
            head += f"{name}: {value}\r\n"
        head += f"Content-Length: {len(data)}\r\n\r\n"
        return head.encode() + data

    def one(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return False
            head += line
        line = " ".join(head.split(b"\r\n")[0].decode("latin-1").split()[:2])
        with lock:
            rule = rule_for(self.server.directory, line, None)
        body = None
        if rule is None:
            body = self.read_body(head)
            with lock:
                rule = rule_for(self.server.directory, line, body)
        stall, cut = rule.get("stall"), rule.get("cut")
        status = rule.get("status", 200)
        if stall is True:
            status = "stall"
        elif cut is not None:
            status = "cut"
        self.store(head, body, status)
        if stall is True:
            self.rfile.read()
            return False
        if isinstance(stall, str):
            while not os.path.exists(os.path.join(self.server.directory, stall)):
                time.sleep(0.01)
        elif stall:
            time.sleep(stall)
        data = self.answer(rule)
        self.wfile.write(data if cut is None else data[:cut])
        return cut is None and not rule.get("early")

    def handle(self):
        try:
            while self.one():
                pass
        except (OSError, ValueError):
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


class One(socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 64


def main(handler=Handler):
    directory = sys.argv[1]
    os.makedirs(os.path.join(directory, "requests"), exist_ok=True)
    server = (One if sys.argv[2:] == ["--one"] else Server)(("127.0.0.1", 0), handler)
    server.directory = directory
    scheme = "http"
    if len(sys.argv) > 3 and sys.argv[2] == "--tls":
        scheme = "https"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[3])
        if len(sys.argv) > 4:  # whoever comes needs a certificate of that CA
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(sys.argv[4])
        # The handshake comes with the first read: who is slow holds up nobody else.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False)
    url = os.path.join(directory, "url")
    with open(url + ".new", "w") as f:
        f.write(f"{scheme}://127.0.0.1:{server.server_address[1]}\n")
    os.rename(url + ".new", url)
    server.serve_forever()


if __name__ == "__main__":
    main()
