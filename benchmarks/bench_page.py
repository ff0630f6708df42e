"""The operator's page in the Chromium of the system: sizes, times, processor, memory.

The budgets are those of `tests/web/test_loading.py`, and 5 % of a core in the browser
for 50 live terminals. Shares of a core are sums over processes, from /proc. The browser
shows a blank page, the fleet and the inbox by turns, so that its own noise is known.
"""

import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import pytest
import trio

from ant.http.pages.web_files import read_files
from ant.terminal.host import processes
from benchmarks.bench_binary import make_colours
from benchmarks.bench_stream import make_text
from tests.installed import need_page
from tests.web.browser import (
    DESKTOP,
    SOFTWARE_GL,
    WebServer,
    chromium,
    launch,
    web_server,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LOADS = 10
LIVE = 50
WATCHED_S = 20.0
SETTLE_S = 4.0
"""After a screen has opened, before it is watched."""

TURNS = 2
ANSWERS = 20
DRAWN = 140_000
"""Lines, 4 MB in all: the page passes over what is 8 MiB behind."""

PRINTS = "while sleep 1; do echo line $((++n)) of $$; done"
ASKS = "while read -r -p 'Go on? [y/n] ' a; do clear; sleep 2; done"
"""It asks again when the card of the last question has left the page."""

_KIND = re.compile(r"--type=([\w-]+)")
_TICKS = os.sysconf("SC_CLK_TCK")

SHOWN = """
window.shown = new Promise((resolve) => {
  new MutationObserver((_, observer) => {
    if (!document.querySelector("h1")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  }).observe(document, { childList: true, subtree: true });
});
"""
"""When the first screen with its content has been drawn, in ms since the navigation."""

PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"

RESOLVED = """
window.resolved = new Promise((resolve) => {
  let pressed = 0;
  addEventListener("click", () => { pressed = performance.now(); },
    { capture: true, once: true });
  new MutationObserver((_, observer) => {
    if (!document.querySelector("article.card.done")) return;
    observer.disconnect();
    resolve(performance.now() - pressed);
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}); undefined
"""
"""Milliseconds from the click to the card that says how its prompt was resolved."""

FLOOD = """
([id, binary, size]) => new Promise((resolve, reject) => {
  const address = new URL("ws", location.href);
  address.protocol = "ws:";
  address.hash = "";
  const socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  const encoder = new TextEncoder();
  const send = (frame) => socket.send(JSON.stringify({ ...frame, sessionId: id }));
  const wire = (count) => count + (count < 126 ? 2 : count < 65536 ? 4 : 10);
  let bytes = 0;
  let end = 0;
  socket.onopen = () => send({ type: "join_session", from: 0, binary, ref: "join" });
  socket.onerror = reject;
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") {
      const frame = JSON.parse(data);
      if (frame.ref === "join") send({ type: "terminal_input", data: "\\n" });
      if (frame.type === "gap") reject(new Error("gap"));
      if (frame.type !== "terminal_output") return;
      bytes += wire(encoder.encode(data).length);
      end = frame.end;
    } else {
      bytes += wire(data.byteLength);
      end = Number(new DataView(data).getBigUint64(5)) + data.byteLength - 13;
    }
    if (end < size) return;
    socket.close();
    resolve(bytes);
  };
})
"""
"""Bytes on the wire, frame headers included, of all output of a terminal."""


DREW = """(size) => {
  const { emulator } = document.querySelector(".emulator");
  const { end, gaps, inFlight } = emulator.extent();
  return end >= size && !gaps.length && !inFlight;
}"""


@attrs.frozen
class Usage:
    """Seconds of processor time until now, and bytes in PSS."""

    cpu_s: float
    pss: int


def usage_of(pids: Iterator[int] | list[int]) -> Usage:
    """The sums over processes; one that has gone counts as nothing."""
    ticks = pss = 0
    for pid in pids:
        try:
            found = processes.look(pid)
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        ticks += found.cpu_ticks if found else 0
        pss += next(int(e.split()[1]) for e in rollup.splitlines() if e[:4] == "Pss:")
    return Usage(ticks / _TICKS, pss << 10)


def browser_pids() -> dict[str, list[int]]:
    """The processes of our Chromium, by what each is for: `main`, `renderer` …"""
    every = processes.snapshot()
    children: dict[int, list[int]] = {}
    for each in every:
        children.setdefault(each.ppid, []).append(each.pid)
    found: dict[str, list[int]] = {}
    ours = list(children.get(os.getpid(), []))
    while ours:
        pid = ours.pop()
        ours += children.get(pid, [])
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if "chrom" in words.partition(" ")[0]:
            kind = _KIND.search(words)
            found.setdefault(kind[1] if kind else "main", []).append(pid)
    return found


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def sizes() -> None:
    """All files of the page, those of third parties included."""
    found = read_files()
    assert found.index is not None
    files = [found.index, *found.files.values()]
    raw = sum(len(each.content) for each in files)
    sent = sum(len(each.least) for each in files)
    gzipped = sum(len(each.gzipped or each.content) for each in files)
    print(
        f"size: {len(files)} files, {raw:,} bytes, {sent:,} as they are sent "
        f"({gzipped:,} as gzip)"
    )


@contextmanager
def opened(browser: "Browser", url: str = "about:blank") -> Iterator["Page"]:
    """A page in a context of its own, with nothing in its cache."""
    context = browser.new_context(**DESKTOP)
    try:
        page = context.new_page()
        page.add_init_script(SHOWN)
        page.goto(url)
        yield page
    finally:
        context.close()


def first_paint(browser: "Browser", server: WebServer) -> None:
    """Anything at all, and the first screen with its content; nothing is cached."""
    painted, shown, again = [], [], []
    for _ in range(LOADS):
        with opened(browser, server.url) as page:
            shown.append(page.evaluate("window.shown"))
            painted.append(page.evaluate(PAINTED))
            page.goto("about:blank")
            page.goto(server.url)
            again.append(page.evaluate("window.shown"))
    first, whole, next_ = (statistics.median(e) for e in (painted, shown, again))
    print(
        f"first paint: {first:.0f} ms; the inbox {whole:.0f} ms, worst "
        f"{max(shown):.0f}; at the next visit {next_:.0f} "
        f"(medians of {LOADS}, {load()})",
        flush=True,
    )


def watch(server: WebServer, page: "Page", what: str) -> tuple[float, float]:
    """Shares of a core of the browser and of the server for a while."""
    time.sleep(SETTLE_S)
    kinds = browser_pids()
    pids = [pid for each in kinds.values() for pid in each]
    before = {kind: usage_of(of) for kind, of in kinds.items()}
    ours, start = usage_of([server.process.pid]), time.perf_counter()
    # The page is asked nothing meanwhile: Playwright would wake it.
    time.sleep(WATCHED_S)
    took = time.perf_counter() - start
    shares = {
        kind: (usage_of(of).cpu_s - before[kind].cpu_s) / took
        for kind, of in kinds.items()
    }
    theirs = (usage_of([server.process.pid]).cpu_s - ours.cpu_s) / took
    page_pss = max(usage_of([pid]).pss for pid in kinds["renderer"])
    parts = ", ".join(f"{k} {100 * v:.1f}" for k, v in sorted(shares.items()))
    print(
        f"{what}: browser {100 * sum(shares.values()):.1f} % of a core ({parts}), "
        f"page {page_pss / 2**20:.0f} MiB of {usage_of(pids).pss / 2**20:.0f} PSS; "
        f"server {100 * theirs:.1f} % of a core, "
        f"{usage_of([server.process.pid]).pss / 2**20:.0f} MiB ({load()})",
        flush=True,
    )
    return sum(shares.values()), theirs


def live(browser: "Browser", server: WebServer) -> None:
    """50 terminals that print a line each second, seen by nobody and by the page."""
    rows = [server.create(f"live {n:02}", "bash", "-c", PRINTS) for n in range(LIVE)]
    places: dict[str, str | None] = {
        "no page": None,
        "the fleet": "/#/fleet",
        "the inbox": "/#/inbox",
    }
    found: dict[str, list[tuple[float, float]]] = {each: [] for each in places}
    for _ in range(TURNS):
        for name, place in places.items():
            url = server.url + place if place else "about:blank"
            with opened(browser, url) as page:
                seen = ""
                if name == "the fleet":
                    page.locator(".tile", has_text="line").first.wait_for()
                    tiles = "[...document.querySelectorAll('.tile .rows')]"
                    inside = "(e) => e.getBoundingClientRect().top < innerHeight"
                    seen = f", {page.evaluate(f'{tiles}.filter({inside}).length')} seen"
                found[name].append(watch(server, page, f"{LIVE} live, {name}{seen}"))
    idle = [statistics.median(each) for each in zip(*found["no page"], strict=True)]
    for name in list(places)[1:]:
        shares = [statistics.median(each) for each in zip(*found[name], strict=True)]
        print(
            f"{name} beside no page: browser +{100 * (shares[0] - idle[0]):.1f} % of a "
            f"core (wanted < 5), server {shares[1] / idle[1]:.2f} times"
        )
    for row in rows:
        server.call("DELETE", f"/api/sessions/{row['id']}", hard="true")


def resolved(browser: "Browser", server: WebServer) -> None:
    """From a click on an option to the card that says how it was resolved."""
    row = server.create("asks", "bash", "-c", ASKS)
    took = []
    with opened(browser, server.url) as page:
        for _ in range(ANSWERS):
            page.locator("article.card:not(.done)").wait_for()
            page.wait_for_timeout(450)  # Until then the card is not armed.
            page.evaluate(RESOLVED)
            page.get_by_role("button", name="1 y").click()
            took.append(page.evaluate("window.resolved"))
    cuts = sorted(took)
    print(
        f"click to resolved: median {statistics.median(cuts):.0f} ms, "
        f"worst {cuts[-1]:.0f} ms (of {ANSWERS}, {load()})",
        flush=True,
    )
    server.call("DELETE", f"/api/sessions/{row['id']}", hard="true")


def flood(browser: "Browser", server: WebServer, folder: Path) -> None:
    """64 MiB to a socket in the page that counts bytes, as binary and as JSON."""
    makers: dict[str, Callable[[Path], int]] = {
        "text": make_text,
        "colours": make_colours,
    }
    for kind, make in makers.items():
        path = folder / kind
        size = make(path)
        for binary in (True, False):
            script = f"stty -echo; read x; cat {path}; exec sleep 1000"
            row = server.create(f"{kind} {binary}", "sh", "-c", script)
            with opened(browser, server.url) as page:
                pids = browser_pids()["renderer"]
                before, start = usage_of(pids).cpu_s, time.perf_counter()
                wire = page.evaluate(FLOOD, [row["id"], binary, size])
                took, busy = time.perf_counter() - start, usage_of(pids).cpu_s - before
            print(
                f"flood, {kind}, {'binary' if binary else 'JSON'}: {wire:,} bytes, "
                f"{wire / size:.3f} for a byte; {took:.1f} s, "
                f"{busy:.2f} s of the renderer ({load()})",
                flush=True,
            )
            server.call("DELETE", f"/api/sessions/{row['id']}", hard="true")


def drawn(browser: "Browser", server: WebServer, folder: Path) -> None:
    """4 MB in a terminal, drawn by elements and by WebGL without a card."""
    path = folder / "drawn"
    path.write_bytes(
        b"".join(b"line %07d of some output\r\n" % n for n in range(DRAWN))
    )
    size = path.stat().st_size
    browser = launch(browser.browser_type, *SOFTWARE_GL)
    found: dict[str, list[float]] = {"DOM": [], "WebGL": []}
    for _ in range(TURNS):
        for choice, busy in found.items():
            row = server.create(
                "drawn", "sh", "-c", f"stty raw -echo; read x; cat {path}"
            )
            context = browser.new_context(**DESKTOP)
            page = context.new_page()
            page.add_init_script(f"localStorage.setItem('ant.renderer', '{choice}')")
            page.goto(f"{server.url}/#/terminal/{row['id']}")
            page.locator(".size").wait_for()
            pids = [pid for each in browser_pids().values() for pid in each]
            before, start = usage_of(pids).cpu_s, time.perf_counter()
            server.type(row["id"], "\n")
            page.wait_for_function(DREW, arg=size)
            took, used = time.perf_counter() - start, usage_of(pids).cpu_s - before
            busy.append(used)
            context.close()
            server.call("DELETE", f"/api/sessions/{row['id']}", hard="true")
            print(
                f"drawn by {choice}: {size:,} bytes in {took:.1f} s, {used:.2f} s of "
                f"the browser ({load()})",
                flush=True,
            )
    browser.close()
    dom, webgl = (statistics.median(each) for each in found.values())
    print(f"WebGL by a program beside DOM: {webgl / dom:.2f} times the processor time")


def measure() -> None:
    """All of it, with one browser and one server."""
    need_page()
    sizes()
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium() as browser,
        web_server(Path(folder, "data")) as server,
    ):
        first_paint(browser, server)
        resolved(browser, server)
        live(browser, server)
        flood(browser, server, Path(folder))
        drawn(browser, server, Path(folder))


async def main() -> None:
    try:
        # Playwright has an event loop of its own, which needs a thread of its own.
        await trio.to_thread.run_sync(measure, abandon_on_cancel=True)
    except pytest.skip.Exception as lacks:
        print(f"not measured: it {lacks}")
