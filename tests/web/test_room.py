"""The screen of a room in a real browser: messages, their ledger, and who is in it."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import PHONE
from tests.web.scene import Scene, armed, until

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

HOSTILE = "<img src=x onerror=alert(1)>\u202e"


def room_of(scene: Scene, *members: str) -> Any:
    """A room with these sessions in it; its row."""
    row = scene.call("POST", "/api/sessions", {"name": "release", "type": "chat"})
    for member in members:
        path = f"/api/sessions/{row['id']}/participants"
        scene.call("POST", path, {"session_id": member})
    return row


def post(scene: Scene, room: Any, content: str, **fields: Any) -> Any:
    body = {"content": content, "sender_id": "@ada", "role": "user", **fields}
    return scene.call("POST", f"/api/sessions/{room['id']}/messages", body)


def opened(scene: Scene, room: Any, **options: Any) -> "Page":
    page = scene.page(f"/#/room/{room['id']}", **options)
    expect(page.get_by_role("textbox", name="Message", exact=True)).to_be_visible()
    return page


def message(page: "Page", text: str) -> "Locator":
    return page.locator(".message", has_text=text)


def test_a_message_and_its_ledger(scene: Scene) -> None:
    """A mention is completed; each state of the delivery is shown as it comes."""
    agent = scene.agent("docs")
    room = room_of(scene, agent.id)
    page = opened(scene, room)
    field = page.get_by_role("textbox", name="Message", exact=True)
    field.press_sequentially("@do")
    expect(page.get_by_role("option", name="@docs")).to_be_visible()
    field.press("Enter")
    expect(field).to_have_value("@docs ")
    field.press_sequentially("update it")
    field.press("Enter")
    sent = message(page, "@docs update it")
    expect(sent).to_have_count(1)
    expect(field).to_have_value("")
    tick = sent.locator(".tick")
    expect(tick).to_contain_text("docs")
    listed = until(lambda: transitions(scene, room, {"reacted", "unconfirmed"}))
    expect(tick).to_have_attribute("data-state", listed[-1])
    tick.locator("summary").click()
    expect(tick.locator("li")).to_have_count(len(listed))
    shown = tick.locator("li").all_inner_texts()
    assert all(state in text for state, text in zip(listed, shown, strict=True))


def transitions(scene: Scene, room: Any, ends: set[str]) -> list[str] | None:
    """The states of the only delivery, once it is in one of the last ones."""
    path = f"/api/sessions/{room['id']}/deliveries"
    found = scene.call("GET", path)["deliveries"]
    if not found or found[0]["state"] not in ends:
        return None
    return [each["state"] for each in found[0]["transitions"]]


def test_withheld_says_why(scene: Scene) -> None:
    """A shell is typed no message, and the tick has the reason and the file."""
    row = scene.terminal("shell", "cat")
    page = opened(scene, room := room_of(scene, row["id"]))
    post(scene, room, "@shell hello @nobody")
    sent = message(page, "@shell hello")
    expect(sent.locator("[data-state=skipped]")).to_contain_text("unknown target")
    withheld = sent.locator("[data-state=withheld]")
    expect(withheld).to_contain_text("not an agent, for good")
    withheld.locator("summary").click()
    expect(withheld).to_contain_text("inbox/")


def test_reply_pin_reads_and_typing(scene: Scene) -> None:
    """Two people in one room: each sees at once what the other does."""
    room = room_of(scene)
    first = post(scene, room, "What is missing?")
    page, other = opened(scene, room), opened(scene, room, **PHONE)
    expect(message(page, "What is missing?")).to_contain_text("read by @operator")
    line = page.locator(".message").first
    line.hover()
    line.get_by_role("button", name="Reply").click()
    field = page.get_by_role("textbox", name="Message", exact=True)
    expect(field).to_be_focused()
    field.press_sequentially("Two tests")
    expect(other.get_by_text("@operator types…")).to_be_visible()
    field.press("Enter")
    answer = message(other, "Two tests")
    expect(answer.locator("blockquote")).to_contain_text("@ada: What is missing?")
    expect(other.get_by_text("@operator types…")).to_have_count(0)
    line.get_by_role("button", name="Pin").click()
    expect(message(other, "What is missing?").first).to_contain_text("pinned")
    other.get_by_role("button", name="Pinned").tap()
    expect(other.locator(".message")).to_have_count(1)
    scene.call("DELETE", f"/api/sessions/{room['id']}/messages", msgId=first["id"])
    expect(page.locator(".message")).to_have_count(1)


def test_older_messages_keep_the_place(scene: Scene) -> None:
    """Scrolling up reads the pages before; what was on the screen stays there."""
    room = room_of(scene)
    for n in range(120):
        post(scene, room, f"number {n:03}")
    page = opened(scene, room)
    expect(message(page, "number 119")).to_be_in_viewport()
    assert 50 == page.locator(".message").count()
    box = page.locator(".messages")
    box.evaluate("(element) => (element.scrollTop = 100)")
    seen = message(page, "number 072")
    expect(page.locator(".message")).to_have_count(100)
    expect(seen).to_be_in_viewport()
    box.evaluate("(element) => (element.scrollTop = 0)")
    expect(page.locator(".message")).to_have_count(120)
    post(scene, room, "the newest")
    expect(message(page, "the newest")).to_have_count(1)
    expect(message(page, "the newest")).not_to_be_in_viewport()


def test_members_tasks_files_and_links(scene: Scene) -> None:
    """Changed here or by others, without a reload."""
    scene.terminal("docs", "cat")
    room = room_of(scene)
    page = opened(scene, room)
    side = page.get_by_role("complementary", name="About this room")
    side.get_by_label("Add a handle").fill("@docs")
    side.get_by_role("button", name="Add").first.click()
    expect(side.get_by_role("link", name="docs")).to_be_visible()
    side.get_by_label("New task").fill("Write it")
    side.get_by_label("New task").press("Enter")
    task = side.get_by_role("checkbox", name="Write it")
    task.click()
    expect(side.get_by_text("done")).to_be_visible()
    path = f"/api/sessions/{room['id']}"
    scene.call("POST", f"{path}/file-refs", {"file_path": HOSTILE})
    expect(side).to_contain_text("<img src=x onerror=alert(1)>⟨202E⟩")
    side.get_by_label("A room, or the name").fill("aside")
    side.get_by_role("button", name="Link").click()
    expect(side.get_by_role("link", name="aside")).to_be_visible()
    side.get_by_role("button", name="Remove the link to aside").click()
    dialog = page.get_by_role("dialog", name="Remove the link to aside?")
    dialog.get_by_role("button", name="Keep").click()
    side.get_by_role("button", name="Remove the link to aside").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(side.get_by_role("link", name="aside")).to_have_count(0)
    assert [] == scene.call("GET", f"{path}/links")["outgoing"]
    side.get_by_role("button", name="Remove docs").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(side.get_by_role("link", name="docs")).to_have_count(0)


def test_a_card_is_answered_in_the_chat(scene: Scene) -> None:
    """The card of the inbox stands in the message that announces the prompt."""
    row = scene.terminal("deploy", 'read -r -p "Sure? [y/n] " a; echo "said <$a>"; cat')
    chat = {"id": row["linked_chat_id"]}
    page = opened(scene, chat)
    armed(page, "deploy").get_by_role("button", name="1 y").click()
    until(lambda: "said <y>" in scene.transcript(row["id"]))
    expect(page.locator(".message")).to_contain_text("“y”")


def test_hostile_messages_run_nothing(scene: Scene) -> None:
    """Names and text are text; an address asks before it opens."""
    room = room_of(scene)
    text = f"{HOSTILE} see https://evil.example/x?<b>."
    post(scene, room, text, sender_id=HOSTILE[:-1])
    page = opened(scene, room)
    line = page.locator(".message")
    expect(line.locator(".name")).to_have_text("<img src=x onerror=alert(1)>")
    expect(line).to_contain_text("<img src=x onerror=alert(1)>⟨202E⟩ see")
    assert 0 == page.locator(".message img").count()
    line.get_by_role("button", name="https://evil.example").click()
    target = page.get_by_role("dialog", name="Open this link?")
    anchor = target.get_by_role("link", name="Open")
    assert "noopener noreferrer" == anchor.get_attribute("rel")
    target.get_by_role("button", name="Stay here").click()


def test_words_find_messages_that_are_not_loaded(scene: Scene) -> None:
    """A search of the room shows its hits, and leads back to all messages."""
    room = room_of(scene)
    post(scene, room, "the needle is here")
    for n in range(60):
        post(scene, room, f"hay {n}")
    page = opened(scene, room)
    field = page.get_by_role("searchbox", name="Search this room")
    field.fill("needle")
    field.press("Enter")
    expect(page.locator(".message")).to_have_count(1)
    expect(message(page, "the needle is here")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    expect(message(page, "hay 59")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(scene: Scene, options: dict[str, Any], scheme: str) -> None:
    room = room_of(scene, scene.terminal("docs", "cat")["id"])
    post(scene, room, "hello @docs")
    where = f"/#/room/{room['id']}"
    watched = scene.watched(where, color_scheme=scheme, **options)
    expect(watched.page.locator(".tick")).to_be_visible()
    assert [] == watched.axe()
