"""The configuration as params against PyYAML's safe_load.

    config.py DRIVER

Scalars in all forms, structures as insideLLMs dumps them (yaml.safe_dump),
aliases and merges; what safe_load refuses must be refused. The leaves and their
names are made here once more, in Python, by what the manual says.
"""
import datetime
import json
import math
import random
import subprocess
import sys

import yaml

WORDS = ["yes", "No", "on", "OFF", "y", "n", "true", "True", "TRUE", "tRUE",
         "~", "null", "Null", "NULL", "nULL", "None", "", "!!str", "<<", "0",
         "-0", "+0", "00", "010", "-010", "08", "0o10", "0x1f", "0X1F", "-0x1f",
         "0x", "0b101", "-0b1", "0b2", "1_000", "_1", "1_", "0_7", "12e3",
         "1e5", "1.e5", "1.0e5", "1.0e+5", "1.5E-3", "1.", ".5", "-.5", "+.5",
         "1._5", ".5e+1", "._5", "5._", "1:30", "1:60", "1:3:59", "-1:30",
         "0:30", "190:20:30.15", "1:30.", "1:2:60.5", ".inf", "-.Inf", "+.INF",
         ".iNF", ".nan", "-.nan", ".NaN", "inf", "nan", "1.7e+308", "1.0e+400",
         "9223372036854775807", "9223372036854775808", "-9223372036854775808",
         "-9223372036854775809", "123456789012345678901234567890",
         "0xffffffffffffffffffff", "0777777777777777777777777",
         "99999999999999999999:10", "1.0000000000000000000001", "0.1", "1e-5",
         "1.0e-05", "2001-12-14", "2001-1-4", "2001-13-14", "2001-02-29",
         "2000-02-29", "2001-12-14t21:59:43.10-05:00",
         "2001-12-14 21:59:43.10 -5", "2001-12-15 2:59:43.10", "20:59",
         "2001-12-14 21:59:43Z", "2001-12-14  21:59:43.1234567 +05:30",
         "2001-12-14 21:59:43.", "2001-12-14T21:59:43", "2001-12-14 24:00:00",
         "2001-12-14 21:59:43 +99:00", "a b", "a: b", "'1'", '"yes"', "!!int 7",
         '!!int "7"', "!!int x", "!!float 3", "!!float 1e5", "!!float x",
         "!!bool yes", "!!bool 1", "!!null x", "!!str 12", "! 12", "!x 12",
         "!!timestamp 2001-12-14", "!!timestamp x", "!!python/name:os.system",
         "|\n  a\n  b\n", ">\n  a\n  b\n", "&a 1", "*b", "{}", "[]", "[1, 2.0]",
         "[a, [b, ~], true]", "[{a: 1}, 2, [3, {b: 4}]]", "[{}, 1]",
         "[.nan, -.inf, 2001-12-14]", "{a: {}, b: []}", "{1: a, 1.5: b, no: c}",
         "{~: a, 2001-12-14: b, '': c}", "{[1]: a}", "{{a: b}: c}", "{a, b}",
         "!!set {a, b}", "!!omap [a: 1, b: 2]", "!!map {a: 1}", "!!seq [1]",
         "!x {a: 1}", "!x [1]", '"\\u00e9\\U0001f600\\x07\\0"', "é", "'it''s'",
         "{a: 1, b: 2, a: 3}", "{a: {x: 1}, a: 2}", "[a", "{a", "@a", "\t"]

DOCUMENTS = ["", "# nothing", "~", "12", "[1, 2]", "a: 1\n---\nb: 2", "a: 1\n...",
             "--- {a: 1}", "%YAML 1.1\n---\na: yes", "a: 1\nb", "a: b: c",
             "a: &x {p: 1, q: {r: 2}}\nb: *x\nc: [*x, *x]", "a: *x",
             "a: &x [*x]", "a: &x {b: *x}", "a: &x 1\nb: &x 2\nc: *x",
             "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}", "b: {q: 3, <<: {q: 1, r: 2}}",
             "a: {<<: 1}", "a: {<<: [1]}", "a: {<<: []}", "a: {'<<': {b: 1}}",
             "a: [<<]",
             "a: &x {<<: {b: 1}}\nc: {<<: *x, b: 2}", "\ufeffa: 1", "a: 1\u2028b: 2",
             "&k a: 1\n*k : 2", "a: |\n  x\n\n  y\n", "? a\n: 1\n? b\n"]

MASK = "***"


WORDS_OF_SECRETS = ("key", "token", "secret", "password", "passwd", "passphrase",
                    "credential", "authorization", "cookie")


def secret(name):
    name = name.lower().replace("keyword", "").replace("tokeniz", "")
    return any(word in name for word in WORDS_OF_SECRETS) or \
        name.endswith(("auth", "pwd"))


def is_count(name, value):
    """A count of tokens is no secret."""
    return isinstance(value, (int, float)) and value <= 999999999 and \
        not secret(name.lower().replace("token", ""))


def has_map(value):
    return isinstance(value, dict) or \
        (isinstance(value, list) and any(map(has_map, value)))


def plain(value):
    """What a list holds, for json.dumps."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return str(value) if isinstance(value, datetime.date) else value


def without_sets(value):
    """Sets are maps to nothing, the pairs of an ordered map are maps of one."""
    if isinstance(value, dict):
        return {k: without_sets(v) for k, v in value.items()}
    if isinstance(value, set):
        return dict.fromkeys(sorted(value))
    if isinstance(value, tuple):
        return dict([value])
    return [without_sets(v) for v in value] if isinstance(value, list) else value


def leaves(name, value, masked=False):
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(f"{name}.{key}", item,
                              masked or secret(str(key)) and
                              not is_count(str(key), item))
    elif isinstance(value, list) and has_map(value):
        for i, item in enumerate(value):
            yield from leaves(f"{name}.{i}", item, masked)
    elif masked and not (value in ("", [], {}) or value is None
                         or isinstance(value, bool)):
        yield name, MASK
    elif isinstance(value, dict):
        yield name, "{}"
    elif isinstance(value, list):
        yield name, json.dumps(plain(value))
    elif isinstance(value, datetime.date):
        yield name, str(value)
    else:
        yield name, value


def expected(document):
    """None: refused."""
    try:
        value = without_sets(yaml.safe_load(document))
    except (RecursionError, yaml.YAMLError, ValueError, KeyError, AttributeError, TypeError):
        return None
    if value is None:
        return {}
    if not isinstance(value, dict):
        return None
    return {k: v for k, v in leaves("config", value)
            if not isinstance(v, str) or len(v) <= 500}


def read(value):
    """A value of the journal: a double is a list of one number."""
    if isinstance(value, list):
        return float(value[0])
    return value


def same(got, want):
    if isinstance(want, int) and not isinstance(want, bool) and \
            not -2**63 <= want < 2**63:
        want = str(want)
    if isinstance(want, float) and math.isnan(want):
        return isinstance(got, float) and math.isnan(got)
    return type(got) is type(want) and got == want


def random_scalar(r):
    kind = r.randrange(4)
    if kind == 0:
        return "".join(r.choice("0123456789+-._:eExXbB") for _ in
                       range(r.randrange(1, 9)))
    if kind == 1:
        return "".join(r.choice("0123456789-: TtZ+.") for _ in
                       range(r.randrange(1, 24)))
    if kind == 2:
        return r.choice(WORDS) + r.choice(["", "_", ".", "0", ":5", "e+1"])
    return "".join(r.choice("aàβ😀 _-yYnN~'\",[]{}:#&*!|>%@`\\") for _ in
                   range(r.randrange(1, 9)))


def random_value(r, depth=0):
    kind = r.randrange(9 if depth < 4 else 6)
    if kind < 3:
        return r.choice([None, True, False, 0, -5, 2**70, 0.1, 1e300, math.inf,
                         math.nan, -0.0, 1e-5, "", "yes", "012", "1:30", "~",
                         "a\nb", "é😀", " x ", "2001-12-14", "x" * 499,
                         datetime.date(2001, 2, 3),
                         datetime.datetime(2001, 2, 3, 4, 5, 6, 7)])
    if kind < 6:
        return random_scalar(r)
    if kind == 6:
        return [random_value(r, depth + 1) for _ in range(r.randrange(5))]
    return {r.choice([random_scalar(r), r.choice(["name", "type", "args", 3,
                                                  "max_tokens", "api_key"])]):
            random_value(r, depth + 1) for _ in range(r.randrange(5))}


def documents():
    yield from DOCUMENTS
    for word in WORDS:
        yield f"a: {word}\n"
        yield f"{word}: a\n" if ": " not in word else "a: 1\n"
        yield f"- {word}\n"
        yield f"x: [{word}, 1]\n"
    r = random.Random(7)
    for _ in range(4000):
        yield f"a: {random_scalar(r)}\n"
    for _ in range(1500):
        value = {"model": random_value(r), "probe": random_value(r)}
        shared = {"s": value["model"], "t": value["model"]}
        yield yaml.safe_dump(r.choice([value, shared]), sort_keys=True,
                             default_flow_style=r.choice([False, None]),
                             allow_unicode=r.choice([True, False]))


def is_other(document):
    """What is otherwise on purpose: keys of one text are one, the plain `=` is a
    text, some texts hold secrets; or because libyaml, which PyYAML's C loader
    uses too, takes what PyYAML's own scanner refuses."""
    if "\t" in document or "!!str," in document or ">#" in document:
        return True
    try:
        value = without_sets(yaml.safe_load(document))
    except Exception:
        return "=" in document

    def odd(v):
        if isinstance(v, dict):
            return len({str(k) for k in v}) < len(v) or \
                any(isinstance(k, (bytes, tuple)) for k in v) or \
                any(map(odd, v.values()))
        if isinstance(v, list):
            return any(map(odd, v))
        if isinstance(v, str):
            return v[:1] == "-" or "=" in v or "@" in v
        return False
    return odd(value)


def main():
    docs = list(documents())
    given = "".join(json.dumps(d) + "\n" for d in docs)
    out = subprocess.run([sys.argv[1]], input=given.encode(), check=True,
                         capture_output=True).stdout.decode()
    lines = out.split("\n")
    assert len(lines) == len(docs) + 1, (len(lines), len(docs))
    bad = compared = refused = 0
    for document, line in zip(docs, lines):
        want = expected(document)
        got, _ = line.rsplit("\t", 1)
        if got.startswith("-"):
            got = None
        else:
            got = {k: read(v) for k, v in json.loads(got)["params"].items()}
        if is_other(document):
            continue
        compared += 1
        refused += want is None
        if (want is None) != (got is None) or want is not None and (
                list(want) != list(got) or
                not all(same(got[k], want[k]) for k in want)):
            bad += 1
            if bad <= 20:
                print(f"{document!r}\n  got  {line}\n  want {want}")
    print(f"{compared} compared, {refused} of them refused, {bad} differ")
    return bad > 0 or compared < 4000 or refused < 100


sys.exit(main())
