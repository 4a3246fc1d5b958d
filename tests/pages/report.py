#!/usr/bin/env python3
"""Opens a page of itrack report in a real browser, light and dark, on paper and on a
telephone, and says what is wrong with it.

usage: report.py PAGE PICTURE AXE

PICTURE-light.png and PICTURE-dark.png are for a person to look at. AXE: axe.min.js,
which looks for what a screen reader or weak eyes trip over. Status 1: something runs or
is loaded, the page is wider than a telephone, or axe finds a serious fault."""
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

BROWSER = "/usr/bin/chromium"
# Whatever runs leaves a trace here.
TRAP = """window.ran = [];
for (const name of ["alert", "confirm", "prompt", "fetch", "open"])
    window[name] = () => window.ran.push(name);"""

address = Path(sys.argv[1]).resolve().as_uri()
picture, axe = sys.argv[2:]
faults = []


def look(browser, scheme):
    """As a reader opens it."""
    context = browser.new_context(color_scheme=scheme, viewport={"width": 1200, "height": 900})
    context.add_init_script(TRAP)
    page = context.new_page()
    requests = []
    page.on("request", lambda r: requests.append(r.url))
    page.on("dialog", lambda d: (faults.append(f"a dialog: {d.message}"), d.dismiss()))
    page.goto(address)
    for summary in page.query_selector_all("summary"):
        summary.click()
    page.screenshot(path=f"{picture}-{scheme}.png", full_page=True)
    ran = page.evaluate("window.ran")
    faults.extend([f"ran {name}" for name in ran])
    faults.extend([f"loaded {url}" for url in requests if url != address])
    if page.evaluate("""[...document.querySelectorAll("#comparison .wide, .many")]
            .some(e => e.scrollWidth > e.clientWidth)"""):
        faults.append("a comparison's verdict or one of many runs is beyond the edge")
    if page.query_selector_all("script, iframe, object, embed, img, link, form, input"):
        faults.append("an element that may load or run")
    context.close()


def without_script(browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(address)
    text = page.inner_text("body")
    context.close()
    return text


def examine(browser, scheme):
    """axe itself is a script, so it gets past what the page forbids."""
    context = browser.new_context(color_scheme=scheme, bypass_csp=True,
                                  viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    for v in found["violations"]:
        line = f"axe, {scheme}: {v['impact']}: {v['id']}: {v['help']} ({v['nodes'][0]['html'][:200]})"
        if v["impact"] in ("serious", "critical"):
            faults.append(line)
        else:
            print("#", line)
    passed = page.evaluate("axe.run(document, {resultTypes: ['passes']}).then(r => r.passes.length)")
    if passed < 10:
        faults.append(f"axe has looked at {passed} rules only")
    context.close()


def on_paper(browser):
    """White, whatever the reader's system is, and what is folded is there."""
    context = browser.new_context(color_scheme="dark", viewport={"width": 800, "height": 1100})
    page = context.new_page()
    page.goto(address)
    page.emulate_media(media="print", color_scheme="dark")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    if colour != "rgb(255, 255, 255)":
        faults.append(f"on paper the background is {colour}")
    # A4 without its margins.
    page.set_viewport_size({"width": 718, "height": 1000})
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 718:
        faults.append(f"{width} pixels wide on paper of 718")
    for details in page.query_selector_all("details:not([open]):not(.long) > :nth-child(2)"):
        if not details.is_visible():
            faults.append("folded on paper: " + details.inner_html()[:100])
            break
    page.screenshot(path=f"{picture}-print.png")
    context.close()


def narrow(browser):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(address)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 390:
        faults.append(f"{width} pixels wide on a telephone of 390")
    for moved in page.evaluate("""[...document.querySelectorAll(".wide")].map(e => {
            e.scrollLeft = 200;
            const head = e.querySelector("tbody th[scope=row]");
            return head && e.getBoundingClientRect().x - head.getBoundingClientRect().x;
            }).filter(x => x > 1)"""):
        faults.append(f"what a row is of is {moved} pixels beyond the edge")
    page.pdf(path=f"{picture}.pdf")
    context.close()


with sync_playwright() as playwright:
    # Root's browser has no sandbox of its own.
    browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
    for scheme in ("light", "dark"):
        look(browser, scheme)
        examine(browser, scheme)
    on_paper(browser)
    narrow(browser)
    print(without_script(browser))
    browser.close()
for fault in faults:
    print("report:", fault, file=sys.stderr)
sys.exit(1 if faults else 0)
