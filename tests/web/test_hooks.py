"""Permissions that an agent's hook asks for, answered on the page without a key."""

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

    def ask(self, **fields: Any) -> "Future[Any]":
        """Ask for a permission, such as for `command`; the future has the answer."""
        row = self.scene.call("GET", f"/api/sessions/{self.agent.id}")
        found = Path(f"/proc/{row['terminal']['pid']}/environ").read_bytes()
        pairs = dict(each.partition(b"=")[::2] for each in found.split(b"\0"))
        headers = {"Authorization": f"Bearer {pairs[b'ANT_TOKEN'].decode()}"}
        return self.pool.submit(self._post, hooking.payload(**fields), headers)

    def _post(self, body: Any, headers: dict[str, str]) -> Any:
        url = f"{self.scene.url}/api/hooks"
        with httpx.Client(timeout=60, trust_env=False) as client:
            return client.post(url, json=body, headers=headers).json()


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
