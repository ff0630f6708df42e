"""A real server and real pages, for tests of the page in a real Chromium.

The tests are synchronous: Playwright has no trio. What a page does wrong by itself (an
error, a script that its policy forbids, a request that fails) fails the test.
"""

import contextlib
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import httpx
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.live.server import START_S, environment
from tests.mocks.named import NAMES, ROOT, mock_agent

__all__ = ["expect"]

PATIENCE_S = 10.0
DESKTOP: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
}


@attrs.define(eq=False)
class Agent:
    """A mock agent in a terminal: obeys orders, and logs every byte that it reads."""

    id: str
    folder: Path

    def order(self, line: str) -> Any:
        """Give an order, such as `dialog 0`; the answer comes when it is drawn."""
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(self.folder / "s"))
            link.sendall(f"{line}\n".encode())
            with link.makefile() as answers:
                return json.loads(answers.readline())

    def log(self, event: str) -> list[Any]:
        """The entries of its log of this kind, such as `byte` and `chose`."""
        entries = map(json.loads, (self.folder / "log").read_text().splitlines())
        return [each for each in entries if each["event"] == event]


@attrs.define(eq=False)
class Scene:
    """A server process and the pages that look at it."""

    folder: Path
    browser: Browser
    flags: tuple[str, ...] = ()
    key: str | None = None
    url: str = ""
    process: subprocess.Popen[bytes] | None = None
    contexts: list[BrowserContext] = attrs.field(factory=list)
    faults: list[str] = attrs.field(factory=list)
    allowed: tuple[str, ...] = ()
    """Parts of console messages that a test expects."""

    def start(self, port: int = 0) -> None:
        """Start the server, and wait until it listens."""
        words = "-m", "ant", "serve", "--port", str(port)
        data = "--data-dir", str(self.folder / "data")
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words, *data, *self.flags],
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment(),
                start_new_session=True,
            )
        assert self.process.stdout is not None
        said = self.process.stdout.readline().decode()
        assert "listening on" in said, (self.folder / "server.log").read_text()
        self.url = said.split()[-1]

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def clear(self) -> None:
        """Close the pages, and remove all sessions."""
        for context in self.contexts:
            context.close()
        self.contexts.clear()
        listed = self.call("GET", "/api/sessions")
        for row in listed["sessions"] + listed["recoverable"]:
            with contextlib.suppress(AssertionError):  # Removed with its terminal.
                self.call("DELETE", f"/api/sessions/{row['id']}?hard=true")

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(START_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A REST call as the operator; the JSON of the answer."""
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        got = httpx.request(
            method, f"{self.url}{path}", json=body, headers=headers, timeout=START_S
        )
        assert got.is_success, got.text
        return got.json() if got.content else None

    def terminal(self, name: str, script: str, **fields: Any) -> Any:
        """A terminal that runs a bash script; its row."""
        body = {"name": name, "type": "terminal", "command": ["bash", "-c", script]}
        return self.call("POST", "/api/sessions", body | fields)

    def agent(self, name: str, style: str = "claude", *orders: str) -> Agent:
        """A mock agent in a terminal, once it obeys orders."""
        folder = self.folder / f"agent-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        if style in NAMES:
            command = list(mock_agent(folder, style, *orders))
        else:  # A style of no agent that a driver knows.
            files = "--log", str(folder / "log"), "--control", str(folder / "s")
            words = "-m", "tests.mocks.agent", "--style", style, *files, *orders
            command = [sys.executable, *words]
        row = self.call(
            "POST",
            "/api/sessions",
            {"name": name, "type": "agent", "command": command, "root_dir": str(ROOT)},
        )
        until(lambda: (folder / "s").exists())
        return Agent(row["id"], folder)

    def transcript(self, session_id: str) -> str:
        path = f"/api/sessions/{session_id}/terminal/history?order=asc"
        rows = self.call("GET", path)["rows"]
        return "".join(each["text"] for each in rows)

    def page(self, place: str = "", **options: Any) -> Page:
        """A page in a browser of its own, opened at a place such as `#/fleet`."""
        context = self.browser.new_context(**(DESKTOP | options))
        context.set_default_timeout(PATIENCE_S * 1000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._heard(message))
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.faults.append(f"dialog: {dialog}"))
        page.goto(f"{self.url}/{place}")
        return page

    def _heard(self, message: Any) -> None:
        told = f"{message.type}: {message.text} {message.location.get('url')}"
        expected = any(each in told for each in self.allowed)
        if message.type in ("error", "warning") and not expected:
            self.faults.append(told)


def until(look: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """The first true answer of `look`: for what has no event of its own."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if answer := look():
            return answer
        time.sleep(0.02)
    raise AssertionError("It did not come true in time.")
