"""A Chromium of the system that is watched: what goes wrong in a page fails its test.

Playwright's synchronous interface has an event loop of its own, so tests of the page
are not `async`.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import httpx
import pytest

from tests.installed import need, need_page
from tests.live.server import environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserType, ConsoleMessage, Page, Response

ROOT = Path(__file__).parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

PATIENCE_MS = 15_000
"""No test waits longer for anything that must show."""

DESKTOP = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
"""The windows of the two people that the page is for: at a desk, and with a thumb."""

SOFTWARE_GL = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""WebGL without a graphics card: a program of Chromium draws it."""

_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  antViolated(`${event.effectiveDirective}: ${event.blockedURI} ${event.sample}`);
});
"""

_STATUS = re.compile(r"responded with a status of (\d{3})")


@attrs.define(eq=False)
class WebServer:
    """A server process, and the operator's calls of it."""

    data_dir: Path
    process: subprocess.Popen[str]
    url: str
    http: httpx.Client

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call the API as the operator; the JSON of an answer without an error."""
        sent = {} if body is None else {"json": body}
        answer = self.http.request(method, path, params=query or None, **sent)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def create(self, name: str, *command: str, **fields: Any) -> Any:
        """A new terminal that runs a command; its row."""
        body = {"name": name, "type": "terminal", **fields}
        if command:
            body["command"] = list(command)
        return self.call("POST", "/api/sessions", body)

    def type(self, session_id: str, text: str) -> None:
        """Type into a terminal."""
        path = f"/api/sessions/{session_id}/terminal/input"
        self.call("POST", path, {"data": text})

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """SIGTERM, and kill -9 for one that does not leave."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.kill()


def start_server(data_dir: Path, *flags: str, port: int = 0, **env: str) -> WebServer:
    """Start `ant serve` in a folder and wait until it listens; `port` 0 is a free one.

    A second server on the folder of one that was killed continues it.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    place = ["--port", str(port), "--data-dir", str(data_dir)]
    with (data_dir / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ant", "serve", *place, *flags],
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(**env),
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    if not (said := process.stdout.readline()):
        process.wait()
        raise RuntimeError((data_dir / "server.log").read_text())
    url = said.split()[-1]
    key = env.get("ANT_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    http = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)
    return WebServer(data_dir, process, url, http)


@contextmanager
def web_server(data_dir: Path, *flags: str, **env: str) -> Iterator[WebServer]:
    """A server for the length of a block."""
    server = start_server(data_dir, *flags, **env)
    try:
        yield server
    finally:
        server.http.close()
        if server.process.poll() is None:
            server.stop()


def launch(kind: "BrowserType", *flags: str) -> "Browser":
    """Start the Chromium of the system; `flags` are of its command line."""
    # Chromium has no sandbox for root.
    args = [*flags, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    return kind.launch(executable_path=shutil.which("chromium"), args=args)


@contextmanager
def chromium() -> Iterator["Browser"]:
    """The Chromium of the system, without a window.

    Skips where there is none, and where the page is not complete.
    """
    need_page()
    need("chromium")
    try:
        from playwright.sync_api import expect, sync_playwright
    except ImportError:
        pytest.skip("needs playwright, which is not installed")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright.chromium)
        try:
            yield browser
        finally:
            browser.close()


@attrs.define(eq=False, slots=False)  # Playwright keeps things on a method's object.
class Watched:
    """A page, and all that went wrong in it.

    `check` fails for every violation of the policy, error in the console, exception,
    request to another host, and response with an error, unless the test says that it
    expects its status (`expect_status`). `requests` are the addresses asked for.
    """

    page: "Page"
    server: WebServer
    requests: list[str] = attrs.field(factory=list)
    wrong: list[str] = attrs.field(factory=list)
    _expected: set[int] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.expose_function("antViolated", self._violated)
        self.page.add_init_script(_VIOLATIONS)
        self.page.on("console", self._printed)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("websocket", lambda socket: self._asked(socket.url))
        self.page.on("response", self._answered)

    def expect_status(self, *statuses: int) -> None:
        """Accept responses with these statuses from now on: the test causes them."""
        self._expected |= set(statuses)

    def open(self, where: str = "/") -> "Page":
        """Open a path of the server."""
        self.page.goto(self.server.url + where)
        return self.page

    def axe(self, *selectors: str) -> list[str]:
        """Faults that axe finds and calls serious or critical. Skips without axe.

        `selectors` are the parts to look at; without any, it is the whole page.
        """
        if not AXE.exists():
            pytest.skip("needs axe-core, which is not installed")
        self.page.evaluate(AXE.read_text())
        parts = [[each] for each in selectors] or [["html"]]
        found = self.page.evaluate("(include) => axe.run({ include })", parts)
        return [
            f"{each['id']}: {node['html']}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def check(self) -> None:
        """Fail for what went wrong so far."""
        assert [] == self.wrong

    def kinds(self) -> set[str]:
        """The kinds of what went wrong, such as `policy` and `console`."""
        return {each.partition(":")[0] for each in self.wrong}

    def _violated(self, what: str) -> None:
        self.wrong.append(f"policy: {what}")

    def _printed(self, message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            status = _STATUS.search(message.text)
            if status is None or int(status[1]) not in self._expected:
                self.wrong.append(f"console: {message.text}")

    def _asked(self, url: str) -> None:
        self.requests.append(url)
        ours = f"{self.server.url}/"
        if not url.startswith(("data:", ours, ours.replace("http", "ws", 1))):
            self.wrong.append(f"another host: {url}")

    def _answered(self, response: "Response") -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.wrong.append(f"status {response.status}: {response.url}")
