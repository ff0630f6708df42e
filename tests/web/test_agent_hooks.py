"""Permissions of the real agent CLIs, answered on the page in a real browser."""

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.live.agents import claude, codex, gemini, needs_agent
from tests.soak import LONGEST_S, soak
from tests.terminal.private_tmux import ended_with_us, needs_tmux
from tests.web import browser
from tests.web.browser import PHONE
from tests.web.coder import (
    NAME,
    PATIENCE_MS,
    PATIENCE_S,
    answers_sent,
    coder,
    press,
    pumped,
)
from tests.web.scene import Scene, card, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Route, WebSocketRoute

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = [pytest.mark.slow, pytest.mark.timeout(LONGEST_S)]
needs_claude = needs_agent("claude")

DIALOG = "Do you want to proceed?"
REASON = "Reason, if you deny it"


@pytest.fixture(autouse=True)
def _patience(browser: object) -> Iterator[None]:
    """An agent takes its time to start and to react."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=BROWSER_MS)


BROWSER_MS = browser.PATIENCE_MS


def allow(found: "Locator") -> "Locator":
    """The button of a card that allows once: by the hook's words, or the dialog's."""
    return found.get_by_role("button", name=re.compile(r"^1 (Allow|Yes)$"))


def deny(found: "Locator") -> "Locator":
    """The button of a card that denies."""
    return found.get_by_role("button", name=re.compile(r"^\d (Deny|No)\b"))


@needs_claude
def test_allow(scene: Scene) -> None:
    """By a button, and no key is pressed; the card stays until ANT says resolved."""
    held: list[str | bytes] = []
    sockets: list[WebSocketRoute] = []

    def hold(socket: "WebSocketRoute") -> None:
        def passed(message: str | bytes) -> None:
            is_end = '"prompt_bridge_resolved"' in str(message)
            held.append(message) if is_end else socket.send(message)

        sockets.append(socket)
        socket.connect_to_server().on_message(passed)

    page = scene.page("/favicon.ico")
    page.route_web_socket("**/ws", hold)
    with coder(scene, "touch one.txt") as one:
        page.goto(f"{scene.url}/#/inbox")
        found = one.asks(page, "touch one.txt")
        one.shown(DIALOG)
        before = one.desk.typed
        press(allow(found))
        one.done()
        assert one.desk.has("one.txt")
        said = "The agent has the answer. Waiting for the program…"
        expect(found.get_by_text(said)).to_be_visible()
        pumped(page, lambda: held)
        (resolved,) = held
        sockets[0].send(resolved)
        expect(page.get_by_text(", by you").first).to_be_visible()
        expect(found).to_have_count(0)
        assert before == one.desk.typed
        (answer,) = one.answers(1)
        assert ("hook", "page") == (answer["via"], answer["source"])


@needs_claude
def test_deny_with_a_reason(scene: Scene) -> None:
    """The model reads what the person typed on the card; nothing ran, no key."""
    page = scene.page(**PHONE)
    why = "Only on Fridays, “please”."
    with coder(scene, "touch one.txt", "touch two.txt") as one:
        found = one.asks(page, "touch one.txt")
        before = one.desk.typed
        found.get_by_label(REASON).fill(why)
        press(deny(found))
        second = one.asks(page, "touch two.txt")
        expect(second.get_by_label(REASON)).to_have_value("")
        press(allow(second))
        one.done()
        assert (False, True) == (one.desk.has("one.txt"), one.desk.has("two.txt"))
        told = json.dumps(why, ensure_ascii=False)[1:-1]
        assert any(told in body for body in one.model.asked)
        assert before == one.desk.typed
        assert ["hook", "hook"] == [each["via"] for each in one.answers(2)]


@needs_claude
def test_the_terminal_first(scene: Scene) -> None:
    """A person answers in the page's own terminal: the card leaves both pages."""
    inbox = scene.page()
    # The tap passes no size on, and the terminal gets that of the page.
    with coder(scene, "touch one.txt", "touch two.txt", make=claude) as one:
        found = one.asks(inbox, "touch one.txt")
        one.shown(DIALOG)
        desk = scene.page(f"/#/terminal/{one.id}")
        beside = one.asks(desk, "touch one.txt")
        before = beside.get_attribute("data-prompt")
        desk.locator(".xterm-screen").wait_for()
        desk.locator(".xterm-helper-textarea").focus()
        desk.keyboard.press("1")
        second = one.asks(inbox, "touch two.txt")
        assert one.desk.has("one.txt")
        assert before != second.get_attribute("data-prompt")
        assert [] == one.answers()
        one.asks(desk, "touch two.txt")
        one.shown("touch two.txt", DIALOG)
        desk.locator(".xterm-helper-textarea").focus()
        desk.keyboard.press("Escape")
        expect(beside).to_have_count(0)
        expect(found).to_have_count(0)
        assert not one.desk.has("two.txt")
        assert [] == one.answers()
        said = inbox.get_by_text("answered in the terminal, or gone")
        expect(said.first).to_be_visible()


@needs_claude
@pytest.mark.soak
def test_two_answerers(scene: Scene) -> None:
    """Two people at two pages, at once: one wins, and the other learns it."""
    scene.accept(409)
    pages = scene.page(), scene.page(**PHONE)
    names = [f"{i}.txt" for i in range(4)]
    held: list[Route] = []

    def hold(route: "Route") -> None:
        held.append(route)

    for page in pages:
        page.route("**/prompt-bridge/respond", hold)
    wins = [0, 0]
    with coder(scene, *(f"touch {name}" for name in names)) as one:
        before = None
        for i, name in enumerate(names):
            ours, theirs = (one.asks(each, f"touch {name}") for each in pages)
            before = before or one.desk.typed
            requests = press(allow(ours)), press(deny(theirs))
            pumped(pages[0], lambda: len(held) == 2)
            by_page = sorted(held, key=lambda each: each.request.frame.page is pages[1])
            for route in by_page if i % 2 else reversed(by_page):
                route.continue_()
            held.clear()
            responses = [each.response() for each in requests]
            statuses = [each.status for each in responses if each is not None]
            assert [200, 409] == sorted(statuses)
            wins[statuses.index(200)] += 1
            if statuses[0] == 200:
                until(lambda name=name: one.desk.has(name), PATIENCE_S)
            else:
                lost = responses[0]
                assert lost is not None
                assert "already-answered" in lost.json()["type"]
        one.done()
        answers = one.answers(4)
        is_allowed = [each["chosen"] in ("Allow", "Yes") for each in answers]
        assert [one.desk.has(name) for name in names] == is_allowed
        assert wins[0] == sum(is_allowed)
        assert ["hook"] * 4 == [each["via"] for each in answers]
        assert before == one.desk.typed
        for page, won in zip(pages, wins, strict=True):
            expect(card(page, NAME)).to_have_count(0)
            expect(page.locator(".resolved .by-you")).to_have_count(won)


WAKE = "dispatchEvent(new Event('online'))"
"""The browser says that the network is there: the page connects at once."""


@needs_claude
@needs_tmux
@pytest.mark.soak
def test_a_killed_server(fragile: Scene) -> None:
    """The page queues nothing; the dialog stays, and its answer goes by keys."""
    fragile.accept("WebSocket", "ERR_CONNECTION_REFUSED")
    commands = "touch one.txt", "touch two.txt"
    with (
        ended_with_us(fragile.server.data_dir),
        coder(fragile, *commands, host="tmux") as one,
    ):
        page = fragile.page()
        found = one.asks(page, "touch one.txt")
        one.shown(DIALOG)
        before = one.desk.typed
        with answers_sent(page) as sent:
            fragile.kill_server()
            away = page.get_by_text(re.compile(r"away, last seen \d\d:\d\d"))
            expect(away).to_be_visible()
            expect(allow(found)).to_be_disabled()
            page.keyboard.press("n")
            said = found.get_by_text("Not connected. Nothing was pressed.")
            pumped(page, lambda: (page.keyboard.press("1"), said.count())[1])
            fragile.restart_server()
            page.evaluate(WAKE)
            expect(page.get_by_text("last seen")).to_have_count(0)
            one.shown(DIALOG)
            found = one.still(page)
            way = "The answer goes by keys."
            expect(found.locator(".way")).to_have_text(way)
            expect(said).to_have_count(0)
            expect(found.get_by_label(REASON)).to_have_count(0)
        assert [] == sent
        assert before == one.desk.typed
        assert not one.desk.has("one.txt")
        press(allow(found))
        # The agent knows the address of its server, which is the same.
        press(allow(one.asks(page, "touch two.txt")))
        one.done()
        assert (True, True) == (one.desk.has("one.txt"), one.desk.has("two.txt"))
        assert ["keys", "hook"] == [each["via"] for each in one.answers(2)]
        assert before != one.desk.typed


@needs_claude
@pytest.mark.parametrize("count", [soak(200)])
def test_many_requests(scene: Scene, count: int) -> None:
    """Each answer reaches its own request and no other, and no key is pressed."""
    page = scene.page()
    names = [f"{i:03}.txt" for i in range(count)]
    with (
        coder(scene, *(f"touch {name}" for name in names)) as one,
        answers_sent(page) as sent,
    ):
        before = None
        for i, name in enumerate(names):
            found = one.asks(page, f"touch {name}")
            before = before or one.desk.typed
            if i % 3 == 1:
                found.get_by_label(REASON).fill(f"Reason {i:03}.")
                press(deny(found))
            else:
                press(allow(found))
        one.done()
        denied = [i for i in range(count) if i % 3 == 1]
        assert [i % 3 != 1 for i in range(count)] == [one.desk.has(n) for n in names]
        told = [result for result in one.model.results() if "Reason" in result]
        assert len(denied) == len(told)
        for i, result in zip(denied, told, strict=True):
            assert f"Reason {i:03}." in result
        assert before == one.desk.typed
        assert [("hook", "select")] * count == [
            (each["via"], each["type"]) for each in one.answers(count)
        ]
        assert count == len(sent)


FORGE = """
import json, os, sys, urllib.error, urllib.request
body = {
    "hook_event_name": "PermissionRequest",
    "ant_session_id": sys.argv[1],
    "tool_name": "Bash",
    "tool_input": {"command": "touch bad.txt"},
}
request = urllib.request.Request(
    os.environ["ANT_SERVER_URL"] + "/api/hooks",
    json.dumps(body).encode(),
    {
        "Authorization": "Bearer " + os.environ["ANT_TOKEN"],
        "Content-Type": "application/json",
    },
)
try:
    status = urllib.request.urlopen(request, timeout=30).status
except urllib.error.HTTPError as exc:
    status = exc.code
open("status", "w").write(str(status))
"""


@needs_claude
@pytest.mark.soak
def test_a_hook_for_another_terminal(scene: Scene) -> None:
    """The agent's own shell posts it with the agent's token: 403, and no card."""
    page = scene.page()
    other = scene.terminal("other", "exec cat")
    command = f"python3 forge.py {other['id']}"
    with coder(scene, command, "touch two.txt") as one:
        (one.desk.project / "forge.py").write_text(FORGE)
        press(allow(one.asks(page, command)))
        # What the page got before this card is there, too.
        found = one.asks(page, "touch two.txt")
        assert "403" == (one.desk.project / "status").read_text()
        expect(page.locator("article.card")).to_have_count(1)
        expect(card(page, "other")).to_have_count(0)
        expect(page.get_by_text("bad.txt")).to_have_count(0)
        path = f"/api/sessions/{other['id']}/status"
        assert scene.call("GET", path)["prompt"] is None
        press(deny(found))
        one.done()


@needs_agent("codex")
@pytest.mark.soak
def test_codex_asks_by_a_command(scene: Scene) -> None:
    """Its trust in the hooks is asked on the page, too; then they take the answers."""
    page = scene.page()
    commands = [f"touch {n}.txt && rm -f old.txt" for n in ("one", "two")]
    with coder(scene, *commands, make=codex) as one:
        one.shown("Hooks need review", "Trust all and continue")
        trust = one.still(page).get_by_role("button", name="Trust all and continue")
        press(trust)
        press(allow(one.asks(page, commands[0])))
        second = one.asks(page, commands[1])
        second.get_by_label(REASON).fill("Not on Fridays.")
        press(deny(second))
        one.done()
        assert (True, False) == (one.desk.has("one.txt"), one.desk.has("two.txt"))
        assert any("Not on Fridays." in each for each in one.model.asked)
        ways = [each["via"] for each in one.answers(2)]
        assert ["hook", "hook"] == ways


@needs_agent("gemini")
@pytest.mark.soak
def test_gemini_reports_and_is_answered_by_keys(scene: Scene) -> None:
    """Its hooks tell the page what it does; its dialog takes keys."""
    page = scene.page()
    command = "touch one.txt && rm -f old.txt"
    with coder(scene, command, make=gemini) as one:
        found = one.still(page)
        expect(found).to_contain_text(command)
        expect(found.get_by_label(REASON)).to_have_count(0)
        press(found.get_by_role("button", name=re.compile("^1 ")))
        one.done()
        assert one.desk.has("one.txt")
        expect(page.locator("a.line", has_text=NAME)).to_contain_text("ready")
        path = f"/api/sessions/{one.id}/run-events"
        events = scene.call("GET", path, source="hook")["events"]
        reported = [each["payload"]["source_event"] for each in events]
        assert "BeforeAgent" == reported[0]
        # Its hooks are programs: one that starts late reports late.
        assert {"BeforeTool", "AfterAgent"} <= set(reported)
        assert ["keys"] == [each["via"] for each in one.answers(1)]
