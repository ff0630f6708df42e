"""A server and the programs and pages of a test that uses several of them."""

import json
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tests.mocks.named import NAMES, ROOT, mock_agent
from tests.web.browser import DESKTOP, Watched, WebServer, start_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PATIENCE_S = 15.0

ARMED_MS = 450
"""A bit more than a card is disarmed after it changed."""


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
    """A server, and the pages that look at it."""

    folder: Path
    server: WebServer
    browser: "Browser"
    _opened: list[Watched] = attrs.field(factory=list)
    _expected: list[int] = attrs.field(factory=list)
    _accepted: list[str] = attrs.field(factory=list)

    @property
    def url(self) -> str:
        return self.server.url

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        return self.server.call(method, path, body, **query)

    def accept(self, *what: int | str) -> None:
        """Accept these statuses, and what goes wrong with one of these texts."""
        self._expected += [each for each in what if isinstance(each, int)]
        self._accepted += [each for each in what if isinstance(each, str)]

    def kill_server(self) -> None:
        """kill -9."""
        self.server.kill()
        self.server.http.close()

    def restart_server(self) -> None:
        """A server on the same data directory and port."""
        port = int(self.url.rpartition(":")[2])
        self.server = start_server(self.server.data_dir, port=port)

    def terminal(self, name: str, script: str, **fields: Any) -> Any:
        """A terminal that runs a bash script; its row."""
        return self.server.create(name, "bash", "-c", script, **fields)

    def agent(self, name: str, style: str = "claude", *orders: str) -> Agent:
        """A mock agent in a terminal, once it obeys orders."""
        folder = self.folder / f"agent-{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        if style in NAMES:
            command = mock_agent(folder, style, *orders)
        else:  # A style of no agent that a driver knows.
            files = "--log", str(folder / "log"), "--control", str(folder / "s")
            words = "-m", "tests.mocks.agent", "--style", style, *files, *orders
            command = sys.executable, *words
        row = self.server.create(name, *command, type="agent", root_dir=str(ROOT))
        until(lambda: (folder / "s").exists())
        return Agent(row["id"], folder)

    def transcript(self, session_id: str) -> str:
        path = f"/api/sessions/{session_id}/terminal/history"
        rows = self.call("GET", path, order="asc")["rows"]
        return "".join(each["text"] for each in rows)

    def watched(self, where: str = "/", **options: Any) -> Watched:
        """A page in a browser of its own, opened at a place such as `/#/fleet`."""
        context = self.browser.new_context(**(DESKTOP | options))
        one = Watched(context.new_page(), self.server)
        one.expect_status(*self._expected)
        self._opened.append(one)
        one.open(where)
        return one

    def page(self, where: str = "/", **options: Any) -> "Page":
        return self.watched(where, **options).page

    def clear(self) -> None:
        """Close the pages, and remove all sessions."""
        for one in self._opened:
            one.page.context.close()
        listed = self.call("GET", "/api/sessions")
        for row in listed["sessions"] + listed["recoverable"]:
            path = f"/api/sessions/{row['id']}"
            self.server.http.delete(path, params={"hard": "true"})

    def check(self) -> None:
        """Fail for what went wrong in the pages, and forget it."""
        wrong = [each for one in self._opened for each in one.wrong]
        accepted = tuple(self._accepted)
        self._opened, self._expected, self._accepted = [], [], []
        wrong = [each for each in wrong if not any(a in each for a in accepted)]
        assert not wrong, wrong


def opened(folder: Path, server: WebServer, browser: "Browser") -> Iterator[Scene]:
    """A scene for the length of a test, whose pages are checked at its end."""
    one = Scene(folder, server, browser)
    try:
        yield one
    finally:
        one.clear()
        if one.server is not server:  # The fixture ends only the one that it made.
            one.server.http.close()
            one.server.stop()
    one.check()


def until(look: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """The first true answer of `look`: for what has no event of its own."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if answer := look():
            return answer
        time.sleep(0.02)
    raise AssertionError("It did not come true in time.")


def card(page: "Page", name: str) -> "Locator":
    """The card of a terminal, by its accessible name."""
    return page.get_by_role("article", name=f"{name} waits")


def armed(page: "Page", name: str) -> "Locator":
    """The card of a terminal, once it has not changed for 400 ms."""
    found = card(page, name)
    found.wait_for()
    page.wait_for_timeout(ARMED_MS)
    return found
