#!/usr/bin/env python3
"""Opens a page in a real browser, waits until it shows each text of --see, takes
a screenshot and prints what a person could read there.

usage: page.py URL PICTURE [--see TEXT]... [--click TEXT]... [--size WxH]

--click: before it looks, it clicks on what has this text or this label, one after
the other, where there is such a thing. Status 1: a text did not come within a
minute; the picture is taken all the same."""
import argparse
import sys

from playwright.sync_api import TimeoutError as Late
from playwright.sync_api import sync_playwright

BROWSER = "/usr/bin/chromium"
PATIENCE_MS = 60000

arguments = argparse.ArgumentParser()
arguments.add_argument("url")
arguments.add_argument("picture")
arguments.add_argument("--see", action="append", default=[])
arguments.add_argument("--click", action="append", default=[])
arguments.add_argument("--size", default="1400x900")
args = arguments.parse_args()
width, height = map(int, args.size.split("x"))


def click(page, what):
    target = page.get_by_label(what, exact=True).or_(page.get_by_text(what, exact=True))
    target.first.wait_for(timeout=PATIENCE_MS)
    target.first.click()


missing = []
with sync_playwright() as playwright:
    # Root's browser has no sandbox of its own.
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(args.url)
    try:
        for what in args.click:
            click(page, what)
        for text in args.see:
            page.get_by_text(text).first.wait_for(timeout=PATIENCE_MS, state="attached")
    except Late as late:
        missing.append(str(late))
    page.wait_for_timeout(500)  # for the picture: what is drawn slides into its place
    page.screenshot(path=args.picture)
    print(page.inner_text("body"))
    browser.close()
for text in missing:
    print("page:", text, file=sys.stderr)
sys.exit(1 if missing else 0)
