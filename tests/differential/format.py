#!/usr/bin/env python3
"""Compares lib/format with Python 3.11 on many inputs, the same every time.

    format.py DRIVER json|iso|float|text

Prints the differences (at most SHOWN) and ends with status 1 if there are any.
With ITRACK_TORTURE set ten times as many inputs, of another seed every time.
"""
import datetime
import glob
import json
import math
import os
import random
import struct
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SHOWN = 20
LINES = {"json": 130000, "iso": 120000, "float": 120000, "text": 60000}
# Between Python's own limit and ours (900) nothing is compared.
DEPTH_SURE = 850

SEEDS = [
    b'{"a":1,"b":[1,2.5,{"x":null}],"a":"it\'s","\\ud83d":1e999}',
    b'{"a":{"a":1,"a":{"b":[],"b":{}}},"\\u0061":[true,false,null]}',
    b'["\\ud83d\\ude00","\\ud83d\\ud83d\\ude00","\\ude00\\ud83d","\\ud83dx"]',
    b'["\\u0000\\u001f\\u007f\\u0080\\u00a0\\u2028\\u200b\\ue000\\uffff"]',
    b'["\\udb40\\udc01\\ud83c\\udf00","\xe2\x82\xac\xc3\xa9\xf0\x9f\x98\x80"]',
    b'["\\"\\\\\\/\\b\\f\\n\\r\\t", "it\'s", "\\"", "\'\\""]',
    b'"\xff\xe2\x82\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80 and 16 bytes more"',
    b'[NaN,Infinity,-Infinity,-0,-0.0,0,0.0,1e16,1e-5,1E+2,5e-324,1e-999]',
    b'[9007199254740993,123456789012345678901234567890,-9223372036854775809]',
    b' \t\r{ "k" : [ ] , "l" : { } } \r', b'[]', b'{}', b'""', b'0', b'-0',
    b'-0.0', b'NaN', b'1e999', b'true', b'null', b'"x"', b'12', b'1.',
    b'\xef\xbb\xbf{}', b'', b' ', b'[1,]', b'{"a":1,}', b'{"a"}', b'-', b'[',
    b'"\xe2\x80\xa8"', b'"a\tb"', b'"a\x00b"', b'[]\x00', b'\xc2\xa0[]',
    b'"2026-01-01T10:30:00.123456+02:00"',
]
PIECES = [b'"', b'\\', b'\\u', b'\\ud83d', b'\\ude00', b'\\"', b'\\n', b'{',
          b'}', b'[', b']', b',', b':', b' ', b'\t', b'\r', b'\x00', b'\x1f',
          b'\x7f', b'\x80', b'\xff', b'\xe2\x82', b'\xf0\x9f\x98\x80',
          b'\xed\xa0\x80', b'\xc0\x80', b'e', b'E', b'.', b'-', b'+', b'0',
          b'1', b'12345678901234567890', b'null', b'true', b'NaN',
          b'-Infinity', b'"a":', b'"k":[],', b'1e5', b"'", b'/',
          b'\xef\xbb\xbf', b'\xc2\xa0', b'\xe2\x80\xa8', b'a' * 17]


def mutate(rng, data, pieces, joined):
    """One to four changes: replace, insert, delete, or splice another seed."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        at = rng.randrange(len(data) + 1)
        to = min(len(data), at + rng.choice((0, 1, 1, 1, 2, 5)))
        what = rng.random()
        if what < 0.7:
            data = data[:at] + rng.choice(pieces) + data[to:]
        elif what < 0.9:
            data = data[:at] + data[to:]
        else:
            other = rng.choice(joined)
            start = rng.randrange(len(other) + 1)
            data = data[:at] + other[start:start + 40] + data[at:]
    return data


def number(rng):
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 25)))
    text = rng.choice(("", "-")) + digits
    if rng.random() < 0.6:
        text += "." + str(rng.randrange(10 ** rng.randrange(1, 18)))
    if rng.random() < 0.5:
        text += "e%d" % rng.randrange(-330, 310)
    return text.encode()


def string(rng):
    body = "".join(chr(rng.choice((rng.randrange(0x20, 0x7f),
                                   rng.randrange(0x80, 0x3000),
                                   rng.randrange(0x110000))))
                   for _ in range(rng.randrange(30)))
    return json.dumps(body, ensure_ascii=rng.random() < 0.5).encode(
        errors="surrogatepass")


ESCAPED = [b"\\\\", b'\\"', b"\\n", b"\\/", b"\\u00e9", b"\\ud83d\\ude00", b"\xc3\xa9",
           b"a", b"some more bytes", b"bytes " * 12]
BROKEN = [b"\\", b'"', b"\\x", b"\\u12g4", b"\x1f", b"\\u123"]


def escapes(rng):
    """A long string of escapes, sometimes broken: runs of backslashes at every
    place of the blocks that are looked at as a whole."""
    pieces = rng.choices(ESCAPED, k=rng.randrange(5, 60))
    if rng.random() < 0.5:
        pieces[rng.randrange(len(pieces))] = rng.choice(BROKEN)
    return b'["' + b"".join(pieces) + b'",1]'


def json_lines(rng):
    """Fixed cases first, then records, numbers and strings, mutated."""
    deep = DEPTH_SURE
    yield from SEEDS
    yield from (b"7" * n for n in (4299, 4300, 4301, 5000))
    yield from (b"-" + b"7" * n for n in (4300, 4301))
    yield b"[" + b"7" * 4301 + b".5]"
    yield b"[" * deep + b"]" * deep
    yield b'{"a":' * deep + b"1" + b"}" * deep
    yield b"[" * 5000
    yield b"[" * 5000 + b"]" * 5000
    for n in range(64):
        yield b'"' + b"a" * n + b'"'
        yield b'"' + b"a" * n + b'\x1f"'
        yield b'"' + b"a" * n
    records = []
    for name in sorted(glob.glob(HERE + "/../fixtures/*/run/records.jsonl")):
        with open(name, "rb") as file:
            records += file.read().split(b"\n")[:4]
    yield from records
    records = [r for r in records if len(r) < 1500]
    while True:
        kind = rng.random()
        if kind < 0.15:
            yield number(rng)
        elif kind < 0.3:
            yield b"[" + string(rng) + b"]"
        elif kind < 0.45:
            yield escapes(rng)
        elif kind < 0.55:
            yield mutate(rng, rng.choice(records), PIECES, SEEDS)
        else:
            yield mutate(rng, rng.choice(SEEDS), PIECES, SEEDS)


def check_json(line, got):
    try:
        value = json.loads(line.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None if got == "-" else "Python refuses it"
    if got == "-":
        return "Python accepts it"
    again, text, truth, real = got[1:].split("\t")
    want = json.dumps(value, separators=(",", ":"))
    # What is written again still has the duplicate keys.
    if again != want and json.dumps(json.loads(again),
                                    separators=(",", ":")) != want:
        return "value: want " + want
    if json.loads(text) != str(value):
        return "str(): want " + ascii(str(value))
    if bool(int(truth)) != bool(value):
        return "bool()"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            want = repr(float(value))
        except OverflowError:
            want = "-inf" if value < 0 else "inf"
        if real != want:
            return "float(): want " + want
    elif real != "-":
        return "no number"
    return None


TIMES = [
    "2026-01-01T00:00:00.750000+00:00", "20260101T101112", "2026-W01-1",
    "2026W011", "2026W01", "2026-W01", "2026-W01-0000", "2026W010101",
    "2026W0110101", "2026-01-01", "2026-01-01 10", "2026-01-01T10:11",
    "2026-01-01T10:11:12,5Z", "2026-01-01T10:11:12.1234567890-0530",
    "2020-W53-7T23:59:59+23:59:59.999999", "2021-W53", "0001-W01-1",
    "0001-01-01T00:00+01:00", "9999-W52-7", "9999-12-31T23:59:59.999999-01:00",
    "2024-02-29", "2023-02-29", "2026-01-01\ud800", "2026-01-01\ud80010:00",
    "2026-01-01\u00e910:00", "2026-01-01\U0001f60010:00", "20260101\u20ac10",
    "2026-01-01T10:00\0", "2026-01-01T10\0", "2026-01-01T10:+00:00",
    "2026-01-01T10:00:00.1234567x+00:00", "2026-01-01T10:00:00.+00:00",
    "2026-01-01T10:00:00.", "2026-01-01T", "2026-01-01TT", "2026W531",
    "9999-W53", "2026-01-01T24:00", "2026-01-01T10:00Z ",
    "2026-01-01T10:00+24:00", "2026-01-01T10:00-00:00:00.5",
    "2026-01-01T10:00+1", "2026-01-01T10:00+", "2026-01-01T10:00:60", "",
]


def iso_lines(rng):
    pieces = list("0123456789-:.,WTZ+ \0x\u00e9\ud83d\u20ac")
    texts = list(TIMES)
    yield from (json.dumps(t).encode() for t in texts)
    while True:
        yield json.dumps(mutate(rng, rng.choice(texts), pieces, texts)).encode()


def check_iso(line, got):
    try:
        time = datetime.datetime.fromisoformat(json.loads(line))
    except ValueError:
        return None if got == "-" else "Python refuses it"
    offset = time.utcoffset() or datetime.timedelta(0)
    since = time.replace(tzinfo=None) - datetime.datetime(1970, 1, 1) - offset
    want = str(since // datetime.timedelta(microseconds=1))
    return None if got == want else "want " + want


def float_lines(rng):
    def plain(value):
        return repr(value).encode()

    for exponent in range(-1074, 1024):
        power = math.ldexp(1.0, exponent)
        for value in (power, math.nextafter(power, 0), math.nextafter(power, 2e308)):
            yield plain(value)
    for exponent in range(-330, 310):
        for digits in ("1", "9", "5", "123456789"):
            yield ("%se%d" % (digits, exponent)).encode()
    yield from (b"nan", b"inf", b"-inf", b"0", b"-0")
    while True:
        kind = rng.random()
        if kind < 0.5:
            bits = struct.pack("<Q", rng.getrandbits(64))
            yield plain(struct.unpack("<d", bits)[0])
        elif kind < 0.8:
            yield plain(rng.randrange(1, 10000) / rng.randrange(1, 10000))
        else:
            yield plain(rng.uniform(0, 10 ** rng.randrange(-6, 20)))


def check_float(line, got):
    want = repr(float(line))
    return None if got == want else "want " + want


def text_lines(rng):
    seeds = [s for s in SEEDS if b"\x00" not in s]
    pieces = [p for p in PIECES if b"\x00" not in p]
    pieces += [bytes([b]) for b in range(0x80, 0x100)]
    yield from seeds
    while True:
        yield mutate(rng, rng.choice(seeds), pieces, seeds)


def check_text(line, got):
    text, length, path = got.split("\t")
    want = line.decode(errors="replace")
    if text != json.dumps(want) or int(length) != len(want):
        return "replace: want " + ascii(want)
    want = line.decode(errors="surrogateescape")
    return None if path == json.dumps(want) else "path: want " + ascii(want)


def main():
    driver, kind = sys.argv[1:]
    seed, count = 20260101, LINES[kind]
    if os.environ.get("ITRACK_TORTURE"):
        seed, count = random.randrange(1 << 32), 10 * count
        print("seed %d" % seed)
    rng = random.Random(seed)
    source = globals()[kind + "_lines"](rng)
    check = globals()["check_" + kind]
    lines = []
    while len(lines) < count:
        line = next(source)
        if b"\n" not in line:
            lines.append(line)
    run = subprocess.run([driver, kind], input=b"\n".join(lines) + b"\n",
                         stdout=subprocess.PIPE, check=True)
    answers = run.stdout.decode().split("\n")[:-1]
    if len(answers) != len(lines):
        print("%d lines, %d answers" % (len(lines), len(answers)))
        return 1
    wrong = accepted = 0
    for line, got in zip(lines, answers):
        accepted += got != "-"
        problem = check(line, got)
        if problem is None:
            continue
        wrong += 1
        if wrong <= SHOWN:
            print("%r: got %s: %s" % (line[:200], ascii(got[:200]), problem[:300]))
    print("%s: %d lines, %d accepted, %d wrong"
          % (kind, len(lines), accepted, wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
