"""How a person reads what happened in a terminal, in a real browser."""

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import PHONE
from tests.web.scene import Scene, armed, until
from tests.web.test_page import signed_in

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

NUMBERED = "for i in {1..400}; do echo line $i of many; done; exec cat"


def transcript(page: "Page") -> "Locator":
    return page.locator(".transcript")


def side(page: "Page") -> "Locator":
    return page.get_by_role("complementary", name="About this terminal")


def shows(page: "Page", text: str) -> None:
    """Wait until the emulator has a text."""
    look = (
        "(text) => document.querySelector('.emulator')?.emulator.text().includes(text)"
    )
    page.wait_for_function(look, arg=text)


def test_words_are_found_in_all_output(scene: Scene) -> None:
    """From the keyboard: the leader and `/`; a hit leads to its line, marked alone."""
    row = scene.terminal("log", NUMBERED)
    page = scene.page(f"/#/terminal/{row['id']}")
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    shows(page, "line 400 of many")
    page.keyboard.press("Control+]")
    page.keyboard.press("/")
    field = side(page).get_by_role("searchbox", name="Find in this terminal")
    expect(field).to_be_focused()
    page.keyboard.type("LINE 7 of")
    page.keyboard.press("Enter")
    expect(side(page).get_by_text("Nothing was found.")).to_be_visible()
    field.fill("line 7 of")
    field.press("Enter")
    hit = side(page).locator(".jump")
    expect(hit).to_have_text(re.compile(r"line 7 of many\s+line 7"))
    expect(hit.locator("mark")).to_have_text("line 7 of")
    hit.click()
    expect(transcript(page).locator("mark")).to_have_text("line 7 of many")
    expect(transcript(page)).to_contain_text("line 6 of many\nline 7 of many\nline 8")
    assert "line 300" not in transcript(page).inner_text()
    expect(hit).to_have_count(1)
    page.get_by_role("button", name="Later").click()
    expect(transcript(page)).to_contain_text("line 300")
    page.get_by_role("link", name="Bytes").click()
    expect(transcript(page).locator("mark")).to_have_text("line 7 of many")
    expect(page).to_have_url(re.compile("as=bytes"))
    until(lambda: 1 == transcript(page).inner_text().count("line 300 of"))
    page.get_by_role("link", name="Back to the live screen").click()
    shows(page, "line 400 of many")


def test_what_an_agent_did_is_readable(scene: Scene) -> None:
    """On a phone: from the screen of now to the lines before it, and back."""
    agent = scene.agent("api", "claude", "dialog 0")
    page = scene.page(f"/#/terminal/{agent.id}", **PHONE)
    armed(page, "api").get_by_role("button", name="Yes (y)").tap()
    expect(page.locator(".rows")).to_contain_text("You chose: Yes (y)")
    page.get_by_role("button", name="Earlier output").tap()
    expect(transcript(page)).to_contain_text("You chose: Yes (y)")
    expect(transcript(page)).not_to_contain_text("Do you want to proceed?")
    page.get_by_role("button", name="Timeline").tap()
    side(page).get_by_role("tab", name="Prompts").tap()
    side(page).locator(".jump", has_text="Do you want to proceed?").tap()
    then = page.get_by_role("region", name=re.compile("Screen at byte"))
    expect(then).to_contain_text("Do you want to proceed?")
    expect(then).to_contain_text("rm -r build")
    page.get_by_role("link", name="Back to the live screen").tap()
    expect(page.locator(".rows")).to_contain_text("You chose: Yes (y)")


def marked_shell(scene: Scene) -> Any:
    """A shell whose prompts are marked, once it is at the first one."""
    row = scene.server.create("shell", "bash", env={"HOME": str(scene.folder)})
    path = f"/api/sessions/{row['id']}/wait"
    scene.call("GET", path, until="ready", timeout=20)
    return row


def test_a_command_leads_to_its_bytes(scene: Scene) -> None:
    """It is listed as it ends, with its exit code; nothing is reloaded."""
    row = marked_shell(scene)
    page = scene.page(f"/#/terminal/{row['id']}")
    side(page).get_by_role("tab", name="Blocks").click()
    expect(side(page).get_by_text("No command yet.")).to_be_visible()
    for line in ("seq 900 | tail -n 1", "sh -c 'exit 3'"):
        scene.server.type(row["id"], f"{line}\r")
        expect(side(page).locator(".jump", has_text=line)).to_have_count(1)
    jumps = side(page).locator(".jump")
    expect(jumps.first).to_contain_text("exit 3")
    expect(jumps.last).to_contain_text("exit 0")
    jumps.last.click()
    expect(page).to_have_url(re.compile(r"offset=\d+"))
    expect(transcript(page).locator("mark")).to_contain_text("seq 900 | tail -n 1")
    expect(transcript(page)).to_contain_text("900")


def test_a_delivery_leads_to_its_bytes_and_its_message(scene: Scene) -> None:
    """Listed as it happens, with each step; also for a message that is far up."""
    agent = scene.agent("docs")
    room = scene.call("POST", "/api/sessions", {"name": "release", "type": "chat"})
    path = f"/api/sessions/{room['id']}"
    scene.call("POST", f"{path}/participants", {"session_id": agent.id})
    page = scene.page(f"/#/terminal/{agent.id}")
    side(page).get_by_role("tab", name="Deliveries").click()
    expect(side(page).get_by_text("No delivery yet.")).to_be_visible()
    say = {"content": "@docs the first page", "sender_id": "@ada", "role": "user"}
    scene.call("POST", f"{path}/messages", say)
    jump = side(page).locator(".jump")
    over = re.compile("submitted|reacted|unconfirmed")
    expect(jump.locator("[data-state]")).to_have_attribute("data-state", over)
    for n in range(60):
        more = {"content": f"note {n}", "sender_id": "@ada", "role": "user"}
        scene.call("POST", f"{path}/messages", {**more, "target": "@ada"})
    jump.get_by_role("link", name=re.compile(r"^byte \d+")).last.click()
    expect(transcript(page)).to_contain_text("the first page")
    page.go_back()
    side(page).get_by_role("tab", name="Deliveries").click()
    jump.get_by_role("link", name="message in release").click()
    found = page.locator(".message.wanted")
    expect(found).to_contain_text("@docs the first page")
    expect(found).to_be_in_viewport()


def test_a_screen_as_text_at_a_desk(scene: Scene) -> None:
    """For a screen reader and for selection; kept, and typed into by a line."""
    row = scene.terminal("echo", "stty -echo; while read -r x; do echo got $x; done")
    page = scene.page(f"/#/terminal/{row['id']}")
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator(".xterm")).to_have_count(0)
    line = page.get_by_label("Line to type")
    expect(line).to_be_focused()
    page.keyboard.type("hello")
    page.keyboard.press("Enter")
    screen = page.get_by_role("region", name="Screen of echo")
    expect(screen).to_contain_text("got hello")
    page.reload()
    expect(screen).to_contain_text("got hello")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    shows(page, "got hello")


def test_who_only_views_gets_text(locked: Scene) -> None:
    """Without a line to type into; the size stays as it is."""
    row = locked.terminal("deploy", "echo output of deploy; exec cat")
    page = signed_in(locked, "view")
    page.goto(f"{locked.url}/#/terminal/{row['id']}")
    page.reload()
    screen = page.get_by_role("region", name="Screen of deploy")
    expect(screen).to_contain_text("output of deploy")
    expect(page.locator(".xterm")).to_have_count(0)
    expect(page.get_by_label("Line to type")).to_have_count(0)
    expect(page.get_by_role("button", name="Earlier output")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_where_one_reads(scene: Scene, scheme: str) -> None:
    """In the three forms of a transcript, in text at a desk, and in hits."""
    row = scene.terminal("log", "echo a needle; exec cat")
    until(lambda: "needle" in scene.transcript(row["id"]))
    place = f"/#/terminal/{row['id']}"
    watched = scene.watched(f"{place}?offset=0", color_scheme=scheme)
    page = watched.page
    for form in ("Lines", "Bytes", "Screen"):
        page.get_by_role("link", name=form, exact=True).click()
        expect(transcript(page)).to_be_visible()
        assert [] == watched.axe()
    field = page.get_by_role("searchbox", name="Find in this terminal")
    field.fill("needle")
    field.press("Enter")
    expect(side(page).locator(".jump")).to_have_count(1)
    assert [] == watched.axe()
    page.get_by_role("link", name="Back to the live screen").click()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.get_by_role("region", name="Screen of log")).to_contain_text("needle")
    assert [] == watched.axe()
