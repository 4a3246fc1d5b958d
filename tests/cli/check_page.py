#!/usr/bin/env python3
"""Reads a page of itrack report as a browser would, and says what is wrong with it.

    check_page.py PAGE [--show JSON]... [--without WORD]...

It must be whole, load nothing, run nothing and have no attribute or element but those
that the page's own code writes. --show: what `itrack show --json` says of the runs, in
their order; its numbers must stand in the page. --without: this word must not be
there."""
import argparse
import json
import re
import sys
from html.parser import HTMLParser

ELEMENTS = set("""html head meta title style body header h1 h2 h3 div b br small data nav ul
li a main section table caption thead tbody tr th td p details summary code pre figure
figcaption svg line polyline circle rect text em footer""".split())
VOID = {"meta", "br"}
ATTRIBUTES = set("""lang charset http-equiv content name class aria-label aria-hidden role
tabindex id href scope value open colspan viewbox width height x y x1 x2 y1 y2 cx cy r points
text-anchor""".split())


class Page(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.stack, self.faults, self.rows, self.words = [], [], [], []
        self.section = None

    def handle_starttag(self, tag, attributes):
        if tag not in ELEMENTS:
            self.faults.append(f"element {tag}")
        for name, value in attributes:
            if name not in ATTRIBUTES:
                self.faults.append(f"attribute {name} of {tag}")
            if name == "href" and not re.fullmatch(r"#[a-z]+", value):
                self.faults.append(f"leads to {value}")
        values = dict(attributes)
        if tag == "section":
            self.section = values["id"]
        if tag == "tr":
            self.rows.append((self.section, []))
        if tag in ("th", "td") and self.rows:
            self.rows[-1][1].append("")
        if tag == "data" and self.rows:
            self.words.append(("data", values["value"]))
            self.rows[-1][1][-1:] = [self.rows[-1][1][-1] + f"={values['value']}="]
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.stack.pop()

    def handle_endtag(self, tag):
        if not self.stack or self.stack.pop() != tag:
            self.faults.append(f"</{tag}> where none belongs")

    def handle_data(self, text):
        if re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text):
            self.faults.append(f"control characters: {text!r}")
        if self.rows and self.stack and "tbody" in self.stack and self.rows[-1][1]:
            self.rows[-1][1][-1] += text

    def handle_comment(self, text):
        self.faults.append(f"comment {text}")

    def handle_pi(self, text):
        self.faults.append(f"instruction {text}")


def row(page, section, head):
    found = [cells for where, cells in page.rows if where == section and cells
             and cells[0] == head]
    if len(found) != 1:
        sys.exit(f"{len(found)} rows {head} in {section}")
    return found[0]


def values(cells):
    got = [re.search(r"=([^=]*)=", cell) for cell in cells]
    return [float(g[1]) if g else None for g in got]


def compare(page, shown):
    """The numbers of `itrack show --json`."""
    counts = {"records": [s["record_count"] for s in shown],
              "successes": [s["status_counts"].get("success", 0) for s in shown]}
    for head, want in counts.items():
        assert values(row(page, "results", head)[1:]) == want, (head, want)
    got = values(row(page, "results", "success rate")[1:])
    assert got == [s["status_counts"].get("success", 0) / s["record_count"] for s in shown], got
    for s in {name for s in shown for name in s["scores"]}:
        got = values(row(page, "results", s)[1:])
        assert got == [x["scores"].get(s) for x in shown], (s, got)
    for s in {name for s in shown for name in s["usage"]}:
        got = values(row(page, "latency", "usage/" + s)[1:])
        assert got == [x["usage"].get(s) for x in shown], (s, got)
    slices = [cells for where, cells in page.rows if where == "slices" and cells]
    experiments = [x for s in shown for x in s["experiments"]]
    slices = [c for c in slices if c[0]]
    assert len(slices) == len(experiments), (len(slices), len(experiments))
    for cells, x in zip(slices, experiments):
        assert cells[0] == x["params"]["model_name"], (cells, x)
        rates = [v for v in values(cells) if v is not None]
        assert rates[0] == x["metrics"]["success_rate"], (cells, x)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("page")
    arguments.add_argument("--show", action="append", default=[])
    arguments.add_argument("--without", action="append", default=[])
    args = arguments.parse_args()
    text = open(args.page, encoding="utf-8", newline="").read()
    page = Page()
    page.feed(text)
    page.close()
    faults = page.faults + [f"open: {tag}" for tag in page.stack]
    faults += [f"has {word}" for word in args.without if word in text]
    faults += [f"has {word}" for word in ("<script", "javascript:", "@import", "url(", "http://",
                                          "https://", "src=") if word in text.lower()]
    for fault in faults[:20]:
        print(fault)
    if faults:
        sys.exit(1)
    if args.show:
        compare(page, [json.load(open(name)) for name in args.show])


main()
