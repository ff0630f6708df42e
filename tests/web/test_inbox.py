"""The inbox in a real browser: real prompts of real programs, and real answers."""

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import PHONE
from tests.web.scene import ARMED_MS, Scene, armed, card, until

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

SURE = 'read -r -p "Delete all of it? [y/n] " a; echo "said <$a>"; exec sleep 1000'


def test_an_answer_by_two_keys(scene: Scene) -> None:
    """`n` and a digit: the card says what was chosen, and leaves when it resolves."""
    row = scene.terminal("deploy", SURE)
    page = scene.page()
    armed(page, "deploy")
    assert page.title().startswith("(1) ")
    page.keyboard.press("n")
    expect(card(page, "deploy")).to_be_focused()
    page.keyboard.press("1")
    expect(page.get_by_text("“y”, by you")).to_be_visible()
    expect(card(page, "deploy")).to_have_count(0)
    expect(page.get_by_text("Nobody waits for you.")).to_be_visible()
    until(lambda: "said <y>" in scene.transcript(row["id"]))
    expect(page).to_have_title("Inbox · ANT")


def test_an_answer_by_a_thumb(scene: Scene) -> None:
    """On a phone: targets of 44 px, and nothing is wider than the screen."""
    row = scene.terminal("deploy", SURE)
    page = scene.page(**PHONE)
    button = armed(page, "deploy").get_by_role("button", name="2 n")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44
    assert 390 >= page.evaluate("document.documentElement.scrollWidth")
    button.tap()
    expect(card(page, "deploy")).to_have_count(0)
    until(lambda: "said <n>" in scene.transcript(row["id"]))


def test_a_digit_needs_a_focused_card(scene: Scene) -> None:
    """Elsewhere on the page it does nothing; a held key is one answer."""
    row = scene.terminal("deploy", SURE)
    page = scene.page()
    armed(page, "deploy")
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.method))
    page.keyboard.press("1")
    page.locator("#find").press("1")
    assert "POST" not in sent
    page.locator("#find").blur()
    assert "said" not in scene.transcript(row["id"])
    page.keyboard.press("n")
    page.keyboard.down("1")
    page.keyboard.down("1")
    page.keyboard.up("1")
    expect(card(page, "deploy")).to_have_count(0)
    assert 1 == sent.count("POST")


def test_another_dialog_under_the_button(scene: Scene) -> None:
    """It comes when the finger is down: 409, no key, and the card shows the new one."""
    scene.accept(409)
    agent = scene.agent("api", "claude", "dialog 0")
    page = scene.page()
    button = armed(page, "api").get_by_role("button", name="1 Yes (y)")

    def swap(route: "Route") -> None:
        agent.order("dialog 6")
        path = f"/api/sessions/{agent.id}/prompt-bridge/pending"
        until(lambda: "force" in str(scene.call("GET", path)))
        route.continue_()

    page.route("**/prompt-bridge/respond", swap)
    button.click()
    expect(card(page, "api")).to_contain_text("It changed. Nothing was pressed.")
    expect(
        card(page, "api").get_by_text("Do you want to force it?").first
    ).to_be_visible()
    assert [] == agent.log("byte")
    assert [] == agent.log("chose")


ANSWER_AT_ONCE = """
new Promise((resolve) => {
  const card = document.querySelector("article.card");
  const before = card.dataset.prompt;
  card.focus();
  const observer = new MutationObserver(() => {
    if (card.dataset.prompt === before) return;
    observer.disconnect();
    card.dispatchEvent(new KeyboardEvent("keydown", { key: "1", bubbles: true }));
    card.querySelector("button").click();
    resolve(document.activeElement === card);
  });
  observer.observe(card, { attributes: true });
})
"""


def test_a_card_that_has_just_changed_is_not_armed(scene: Scene) -> None:
    """A key and a press that were meant for the dialog before do nothing."""
    agent = scene.agent("api", "claude", "dialog 0")
    page = scene.page()
    armed(page, "api")
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.method))
    page.evaluate(f"window.pressed = {ANSWER_AT_ONCE}; undefined")
    agent.order("dialog 6")
    assert page.evaluate("window.pressed") is True
    expect(page.get_by_text("It changed.")).to_be_visible()
    page.wait_for_timeout(ARMED_MS)
    assert "POST" not in sent
    assert [] == agent.log("byte")
    page.keyboard.press("2")
    expect(card(page, "api")).to_have_count(0)
    (chosen,) = agent.log("chose")
    assert "No (esc)" == chosen["label"]


PRESS_WHEN_MOVED = """
new Promise((resolve) => {
  const [first, second] = document.querySelectorAll("article.card");
  const observer = new MutationObserver(() => {
    if (first.isConnected) return;
    observer.disconnect();
    const button = second.querySelector("button");
    button.dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
    button.dispatchEvent(new MouseEvent("click", { bubbles: true, detail: 1 }));
    resolve(second.isConnected);
  });
  observer.observe(first.parentElement, { childList: true });
})
"""


def test_a_card_that_moved_under_a_finger_is_not_pressed(scene: Scene) -> None:
    """One above it left the page just before; a moment later it can be pressed."""
    first = scene.terminal("first", SURE)
    page = scene.page()
    armed(page, "first")
    row = scene.terminal("second", SURE)
    armed(page, "second")
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.method))
    page.evaluate(f"window.pressed = {PRESS_WHEN_MOVED}; undefined")
    scene.server.type(first["id"], "n\r")
    assert page.evaluate("window.pressed") is True
    expect(card(page, "first")).to_have_count(0)
    page.wait_for_timeout(ARMED_MS)
    assert "POST" not in sent
    card(page, "second").get_by_role("button", name="1 y").click()
    expect(card(page, "second")).to_have_count(0)
    until(lambda: "said <y>" in scene.transcript(row["id"]))


def test_a_line_is_typed_where_one_is_asked(scene: Scene) -> None:
    """A question takes a text, a secret a hidden one; a menu takes none."""
    script = (
        'read -p "Version? " a; read -s -p "Password: " b; echo;'
        ' echo "<$a/$b>"; exec sleep 1000'
    )
    row = scene.terminal("deploy", script)
    scene.agent("api", "claude", "dialog 0")
    page = scene.page()
    expect(card(page, "api").get_by_role("textbox")).to_have_count(0)
    field = armed(page, "deploy").get_by_role("textbox")
    field.fill("1.2")
    field.press("Enter")
    secret = page.get_by_placeholder("Type a secret")
    expect(secret).to_be_visible()
    assert "password" == secret.get_attribute("type")
    page.wait_for_timeout(ARMED_MS)
    secret.fill("horse")
    card(page, "deploy").get_by_role("button", name="Send").click()
    until(lambda: "<1.2/horse>" in scene.transcript(row["id"]))


def test_boxes_are_ticked_and_sent_together(scene: Scene) -> None:
    """A digit ticks; nothing is sent before Send."""
    agent = scene.agent("api", "checkbox", "dialog 5")
    page = scene.page()
    armed(page, "api").focus()
    page.keyboard.press("2")
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="2 PostgreSQL")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert [] == agent.log("byte")
    card(page, "api").get_by_role("button", name="Send the ticked").click()
    expect(card(page, "api")).to_have_count(0)
    (chosen,) = agent.log("chose")
    assert ["PostgreSQL", "Files"] == chosen["ticked"]


def test_a_lasting_choice_is_dashed_and_light(scene: Scene) -> None:
    """It is never the first in weight, wherever it stands."""
    scene.agent("api", "claude", "dialog 0")
    page = scene.page()
    lasting = card(page, "api").get_by_role("button", name="don't ask again")
    expect(lasting).to_have_css("border-style", "dashed")
    first = card(page, "api").locator("button.first")
    expect(first).to_have_text("1 Yes (y)")


def test_two_pages(scene: Scene) -> None:
    """What one answers leaves the other, and says that it was not you."""
    scene.terminal("deploy", SURE)
    ours, theirs = scene.page(), scene.page(**PHONE)
    expect(card(theirs, "deploy")).to_be_visible()
    armed(ours, "deploy").get_by_role("button", name="1 y").click()
    expect(card(ours, "deploy")).to_have_count(0)
    expect(card(theirs, "deploy")).to_have_count(0)
    expect(theirs.get_by_text("“y”")).to_be_visible()
    expect(theirs.get_by_text("by you")).to_have_count(0)


def test_two_answers_at_once(scene: Scene) -> None:
    """One is typed; the other page says that it changed, and shows how it ended."""
    scene.accept(409)
    row = scene.terminal("deploy", SURE)
    ours, theirs = scene.page(), scene.page(**PHONE)
    button = armed(theirs, "deploy").get_by_role("button", name="2 n")

    def answer_first(route: "Route") -> None:
        armed(ours, "deploy").get_by_role("button", name="1 y").click()
        until(lambda: "said <y>" in scene.transcript(row["id"]))
        route.continue_()

    theirs.route("**/prompt-bridge/respond", answer_first)
    button.tap()
    expect(theirs.get_by_text("“y”").first).to_be_visible()
    expect(card(theirs, "deploy")).to_have_count(0)
    expect(theirs.get_by_text("by you")).to_have_count(0)
    assert 1 == scene.transcript(row["id"]).count("said")


def test_a_card_says_in_which_room_its_terminal_is(scene: Scene) -> None:
    """Also of one that joined the room, or left it, while the page was open."""
    row = scene.terminal("deploy", SURE, root_dir="/")
    page = scene.page()
    where = card(page, "deploy").locator(".where")
    expect(where).to_have_text("/")
    room = scene.call("POST", "/api/sessions", {"name": "release", "type": "chat"})
    path = f"/api/sessions/{room['id']}/participants"
    scene.call("POST", path, {"session_id": row["id"]})
    expect(where).to_have_text("#release · /")
    scene.call("DELETE", path, session_id=row["id"])
    expect(where).to_have_text("/")
    scene.terminal("new", SURE, root_dir="/tmp")
    expect(card(page, "new").locator(".where")).to_have_text("/tmp")


def test_the_longest_wait_is_first_and_new_ones_come_last(scene: Scene) -> None:
    """Nothing moves under a finger; a reload shows the same."""
    page = scene.page()
    names = page.locator("article.card h3")
    for count, name in enumerate(("one", "two", "three"), 1):
        scene.terminal(name, SURE)
        expect(names).to_have_count(count)
    expect(names).to_have_text(["one", "two", "three"])
    page.reload()
    expect(names).to_have_text(["one", "two", "three"])


def test_who_is_busy_ready_and_in_use(scene: Scene) -> None:
    """Each by a shape and a word, without a reload."""
    page = scene.page()
    expect(page.get_by_text("No terminal runs yet.")).to_be_visible()
    agent = scene.agent("worker", "claude", "busy")
    scene.terminal("reader", "seq 1 1000 | less")
    line = page.locator("a.line", has_text="worker")
    expect(line).to_contain_text("▸ busy")
    expect(page.locator("a.line", has_text="reader")).to_contain_text("in use")
    agent.order("rest")
    expect(line).to_contain_text("✓ ready")
    agent.order("dialog 0")
    expect(card(page, "worker")).to_be_visible()


HOSTILE = "<img src=x onerror=window.pwned=1>"


def test_hostile_text_stays_text(scene: Scene) -> None:
    """Names, questions, rows and titles; what is hidden is made visible."""
    script = (
        rf"printf '\033]2;{HOSTILE}\007{HOSTILE}\nrm \xe2\x80\xaegpj.x\n';"
        rf' read -r -p "{HOSTILE} ok? [y/n] " a; sleep 1000'
    )
    scene.terminal(HOSTILE, script)
    page = scene.page()
    expect(page.locator("article.card h3")).to_have_text(HOSTILE)
    expect(page.locator("article.card .question")).to_contain_text(HOSTILE)
    expect(page.locator("article.card .screen")).to_contain_text("gpj.x")
    assert "\u202e" not in page.locator("body").inner_text()
    page.goto(f"{scene.url}/#/fleet")
    expect(page.locator(".tile .rows")).to_contain_text("gpj.x")
    assert "\u202e" not in page.locator("body").inner_text()
    assert page.evaluate("[window.pwned, document.images.length]") == [None, 0]


def visible(page: "Page", text: str, **options: Any) -> str:
    """What the page makes of a text."""
    script = """async ([text, options]) => {
      const src = document.querySelector("script[type=module]").src;
      const { visible } = await import(new URL("text.js", src));
      return visible(text, options);
    }"""
    return str(page.evaluate(script, [text, options]))


def test_hidden_characters(scene: Scene) -> None:
    """The same ones as in the server; words of Persian and emoji stay whole."""
    page = scene.page()
    assert "a⟨202E⟩b" == visible(page, "a\u202eb")
    assert "⟨1B⟩[2J" == visible(page, "\x1b[2J")
    assert "a⟨0A⟩b" == visible(page, "a\nb")
    assert "a\nb\tc" == visible(page, "a\nb\tc", lines=True)
    assert "می\u200cخواهم 👩\u200d💻" == visible(page, "می\u200cخواهم 👩\u200d💻")
    assert "a⟨200D⟩b" == visible(page, "a\u200db")


EDIT = {
    "agent": "claude",
    "tool": "Edit",
    "input": {
        "file_path": "/src/\u202ecod.exe",
        "old_string": "one\ntwo",
        "new_string": f"<b>{HOSTILE}\nthree",
        "replace_all": False,
    },
    "complete": False,
    "folder": "/src",
    "mode": "plan",
}
"""What an agent's hook says of an edit, as the contract has it."""


def test_what_a_hook_says_is_shown_exactly(scene: Scene) -> None:
    """As text, each line marked; the reason goes with the denial."""
    agent = scene.agent("api", "claude", "dialog 0")
    bodies: list[Any] = []

    def reported(route: "Route") -> None:
        answer = route.fetch()
        body = answer.json()
        for each in body["terminals"]:
            each["prompt"]["details"] = EDIT
            each["agent_status"]["via"] = "hook"
        route.fulfill(response=answer, json=body)

    def answered(route: "Route") -> None:
        bodies.append(route.request.post_data_json)
        route.continue_()

    watched = scene.watched("/favicon.ico")
    page = watched.page
    page.route("**/api/status", reported)
    page.route("**/prompt-bridge/respond", answered)
    page.goto(f"{scene.url}/#/inbox")
    about = armed(page, "api").get_by_role("group", name="What Edit would do")
    expect(about).to_contain_text("file path /src/⟨202E⟩cod.exe")
    expect(about.get_by_label("old string")).to_have_text("- one\n- two")
    new = about.get_by_label("new string")
    expect(new).to_have_text(f"+ <b>{HOSTILE}\n+ three")
    expect(about).to_contain_text("replace all false")
    expect(about).to_contain_text("longer than this")
    assert [] == watched.axe("article.card")
    page.emulate_media(color_scheme="dark")
    assert [] == watched.axe("article.card")
    reason = card(page, "api").get_by_label("Reason, if you deny it")
    reason.fill("Use the other file.")
    reason.press("Enter")
    expect(card(page, "api")).to_have_count(0)
    (denial,) = bodies
    assert {"index": 2, "text": "Use the other file."} == denial["choice"]
    (chosen,) = agent.log("chose")
    assert "No (esc)" == chosen["label"]
    assert page.evaluate("[window.pwned, document.images.length]") == [None, 0]
