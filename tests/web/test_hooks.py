"""Permissions that an agent's hook asks for, answered on the page without a key."""

import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest

from tests.web.browser import PHONE
from tests.web.scene import Agent, Scene, armed, card, until

expect = pytest.importorskip("playwright.sync_api").expect
hooking = pytest.importorskip("tests.hooking", reason="needs hooks that answer")

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=window.pwned=1>"


@attrs.define(eq=False)
class Hook:
    """The hook of an agent: each request waits in a thread of its own."""

    scene: Scene
    agent: Agent
    pool: ThreadPoolExecutor

    def ask(self, stop: threading.Event | None = None, **fields: Any) -> "Future[Any]":
        """Ask for a permission, such as for `command`; the future has the answer.

        With `stop` the client leaves when that is set; the answer is then None.
        """
        row = self.scene.call("GET", f"/api/sessions/{self.agent.id}")
        found = Path(f"/proc/{row['terminal']['pid']}/environ").read_bytes()
        pairs = dict(each.partition(b"=")[::2] for each in found.split(b"\0"))
        headers = {"Authorization": f"Bearer {pairs[b'ANT_TOKEN'].decode()}"}
        work = self._leave if stop else self._post
        return self.pool.submit(work, hooking.payload(**fields), headers, stop)

    def _post(self, body: Any, headers: dict[str, str], _: None) -> Any:
        url = f"{self.scene.url}/api/hooks"
        with httpx.Client(timeout=60, trust_env=False) as client:
            return client.post(url, json=body, headers=headers).json()

    def _leave(self, body: Any, headers: dict[str, str], stop: threading.Event) -> None:
        """Send the request, and close the connection without its response."""
        text = json.dumps(body)
        host = self.scene.url.removeprefix("http://")
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        with socket.create_connection(tuple(host.split(":"))) as link:
            link.sendall(
                f"POST /api/hooks HTTP/1.1\r\nHost: {host}\r\n{head}"
                "Content-Type: application/json\r\n"
                f"Content-Length: {len(text)}\r\n\r\n{text}".encode()
            )
            assert stop.wait(60)


@pytest.fixture
def hook(scene: Scene) -> Iterator[Hook]:
    """The hook of an agent that is named `api`."""
    agent = scene.agent("api")
    with ThreadPoolExecutor() as pool:
        yield Hook(scene, agent, pool)
        # What still waits ends with its program.
        scene.call("DELETE", f"/api/sessions/{agent.id}")


def test_denied_with_a_reason_by_a_thumb(scene: Scene, hook: Hook) -> None:
    """The exact command is there, as text; another page shows it as it happens."""
    other, phone = scene.page(), scene.page(**PHONE)
    answer = hook.ask(command=f"echo {HOSTILE} \u202e &&\n  rm -r build")
    expect(card(other, "api")).to_be_visible()
    exact = armed(phone, "api").get_by_label("command", exact=True)
    expect(exact).to_have_text(f"echo {HOSTILE} ⟨202E⟩ &&\n  rm -r build")
    reason = card(phone, "api").get_by_label("Reason, if you deny it")
    reason.fill("Not on a Friday.")
    card(phone, "api").get_by_role("button", name="Deny").tap()
    assert hooking.denied("Not on a Friday.") == answer.result(30)
    expect(other.get_by_text("“Deny”").first).to_be_visible()
    expect(card(other, "api")).to_have_count(0)
    assert [] == hook.agent.log("byte")
    assert phone.evaluate("[window.pwned, document.images.length]") == [None, 0]


def test_allowed_by_two_keys_beside_its_dialog(scene: Scene, hook: Hook) -> None:
    """The dialog is on the screen, too: it is one card, and no key is pressed."""
    page = scene.page()
    hook.agent.order("dialog 0")
    expect(card(page, "api")).to_be_visible()
    answer = hook.ask(command="rm -r build")
    exact = card(page, "api").get_by_label("command", exact=True)
    expect(exact).to_have_text("rm -r build")
    armed(page, "api")
    expect(page.locator("article.card")).to_have_count(1)
    page.keyboard.press("n")
    page.keyboard.press("1")
    assert hooking.ALLOWED == answer.result(30)
    assert [] == hook.agent.log("byte")


def test_what_the_card_says_of_its_way(scene: Scene, hook: Hook) -> None:
    """To the hook while it waits, then by keys; and how many requests come after it.

    No button moves when that changes.
    """
    page = scene.page(**PHONE)
    stop = threading.Event()
    hook.agent.order("dialog 0")
    expect(card(page, "api")).to_be_visible()
    first = hook.ask(command="rm -r build", stop=stop)
    expect(card(page, "api").get_by_label("command", exact=True)).to_be_visible()
    reason = card(page, "api").get_by_label("Reason, if you deny it")
    reason.fill("Not now.")
    way = card(page, "api").locator(".way")
    expect(way).to_have_text("Its hook takes the answer: no key is pressed.")
    button = armed(page, "api").get_by_role("button", name="1 Yes (y)")
    place = button.bounding_box()
    second = hook.ask(command="make")
    expect(way).to_contain_text("1 more request behind this one.")
    stop.set()
    assert first.result(30) is None
    expect(way).to_contain_text("The answer goes by keys.")
    expect(reason).to_have_count(0)
    note = card(page, "api").locator(".reason")
    expect(note).to_have_text("The agent's hook has left. Keys tell no reason.")
    assert place == button.bounding_box()
    armed(page, "api")
    button.tap()
    exact = card(page, "api").get_by_label("command", exact=True)
    expect(exact).to_have_text("make")
    expect(way).to_have_text("Its hook takes the answer: no key is pressed.")
    armed(page, "api").get_by_role("button", name="1 Allow").tap()
    assert hooking.ALLOWED == second.result(30)
    assert ["Yes (y)"] == [each["label"] for each in hook.agent.log("chose")]


def test_the_terminal_was_first(scene: Scene, hook: Hook) -> None:
    """The card leaves, and the request is let go without a decision."""
    page = scene.page()
    hook.agent.order("dialog 0")
    answer = hook.ask(command="rm -r build")
    expect(card(page, "api").get_by_label("command", exact=True)).to_be_visible()
    scene.server.type(hook.agent.id, "\x1b")
    until(lambda: hook.agent.log("chose"))
    expect(card(page, "api")).to_have_count(0)
    assert {} == answer.result(30)
