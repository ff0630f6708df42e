"""A terminal under a thumb: the row of keys, raw keys, pastes, the keyboard."""

import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import PHONE
from tests.web.scene import Scene, until

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession, Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

RAW = "stty raw -echo; printf go; exec cat -v"


def opened(scene: Scene, script: str) -> tuple["Page", Any]:
    row = scene.terminal("keys", script)
    page = scene.page(f"/#/terminal/{row['id']}", **PHONE)
    expect(page.locator(".rows")).to_contain_text("go")
    return page, row


def typed(scene: Scene, row: Any) -> str:
    """What `cat -v` has got."""
    return scene.transcript(row["id"]).partition("go")[2]


def compose(browser: "CDPSession", text: str) -> None:
    """Compose a text with an input method, without its end."""
    place = {"selectionStart": len(text), "selectionEnd": len(text)}
    browser.send("Input.imeSetComposition", {"text": text, **place})


def test_each_key_of_the_row(scene: Scene) -> None:
    """In the order of the row; Ctrl holds for one letter, and can be let go."""
    page, row = opened(scene, RAW)
    for name in ("Esc", "Tab", "Left", "Up", "Down", "Right", "Control C"):
        page.get_by_role("button", name=name, exact=True).tap()
    until(lambda: typed(scene, row) == "^[\t^[[D^[[A^[[B^[[C^C")
    ctrl = page.get_by_role("button", name="Ctrl", exact=True)
    line = page.get_by_label("Line to type")
    ctrl.tap()
    expect(ctrl).to_have_attribute("aria-pressed", "true")
    line.press_sequentially("d")
    expect(ctrl).to_have_attribute("aria-pressed", "false")
    line.press_sequentially("x")
    expect(line).to_have_value("x")
    ctrl.tap()
    ctrl.tap()
    line.press_sequentially("y")
    expect(line).to_have_value("xy")
    until(lambda: typed(scene, row).endswith("^C^D"))


def test_raw_keys(scene: Scene) -> None:
    """Each key at once, Enter and Backspace, too; a composed text when it is done."""
    page, row = opened(scene, RAW)
    page.get_by_role("button", name="Raw").tap()
    line = page.get_by_label("Line to type")
    line.focus()
    page.keyboard.type("ls")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    until(lambda: typed(scene, row) == "ls^?^M")
    browser = page.context.new_cdp_session(page)
    compose(browser, "ni")
    compose(browser, "nih")
    expect(line).to_have_value("nih")
    assert "ls^?^M" == typed(scene, row)
    browser.send("Input.insertText", {"text": "é"})
    until(lambda: typed(scene, row) == "ls^?^MM-CM-)")
    expect(line).to_have_value("")


def test_the_enter_of_a_line_comes_by_itself(scene: Scene) -> None:
    """Codex takes an Enter that comes with its text for a line of a paste."""
    code = (
        "import os\nprint('go', end='', flush=True)\n"
        "while True: print(ascii(os.read(0, 99)), end=' ', flush=True)"
    )
    page, row = opened(scene, f"stty raw -echo; exec python3 -c {shlex.quote(code)}")
    page.get_by_label("Line to type").fill("demo run")
    page.get_by_role("button", name="Send", exact=True).tap()
    until(lambda: typed(scene, row).endswith("b'demo run' b'\\r' "))
    expect(page.get_by_label("Line to type")).to_have_value("")


def test_a_composed_line_is_sent_by_its_own_enter(scene: Scene) -> None:
    """The Enter that ends a composition sends nothing: in a terminal and in a room."""
    page, row = opened(scene, "printf go; stty -echo; exec cat")
    room = scene.call("POST", "/api/sessions", {"name": "release", "type": "chat"})
    browser = page.context.new_cdp_session(page)
    line = page.get_by_label("Line to type")
    message = page.get_by_role("textbox", name="Message", exact=True)
    for field in (line, message):
        if field is message:
            page.goto(f"{scene.url}/#/room/{room['id']}")
        field.focus()
        compose(browser, "にほん")
        # Chromium says of a key during a composition that it is 229.
        page.evaluate(
            """document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {
              key: "Enter", keyCode: 229, isComposing: true, bubbles: true,
              cancelable: true }))"""
        )
        browser.send("Input.insertText", {"text": "日本"})
        expect(field).to_have_value("日本")
        page.keyboard.press("Enter")
        expect(field).to_have_value("")
    until(lambda: "日本" in scene.transcript(row["id"]))
    assert "にほん" not in scene.transcript(row["id"])
    expect(page.locator(".message .content")).to_have_text("日本")


def test_a_paste(scene: Scene) -> None:
    """As it is for a program that marks pastes, else it asks; control keys go."""
    script = "stty raw -echo; printf 'go\\e[?2004h'; exec cat -v"
    page, row = opened(scene, script)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('one\\u001b\\ntwo')")
    page.get_by_role("button", name="Paste").tap()
    until(lambda: typed(scene, row) == "^[[200~one^Mtwo^[[201~")
    page.context.close()
    scene.call("DELETE", f"/api/sessions/{row['id']}", hard="true")
    page, row = opened(scene, RAW)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('one\\ntwo')")
    page.get_by_role("button", name="Paste").tap()
    page.get_by_role("dialog", name="Paste 2 lines?").get_by_text("Keep").tap()
    assert "" == typed(scene, row)
    page.context.clear_permissions()
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.get_by_role("button", name="Paste").tap()
    expect(page.get_by_role("alert")).to_contain_text("https pages only")


def test_the_last_row_is_in_view(scene: Scene) -> None:
    """Of a screen that is higher than the phone, unless a person reads further up."""
    script = "for i in {1..60}; do echo row $i; done; printf go; read -r; echo on; cat"
    row = scene.terminal("keys", script, cols=80, rows=70)
    page = scene.page(f"/#/terminal/{row['id']}", **PHONE)
    rows = page.locator(".rows div")
    expect(rows.filter(has_text="go")).to_be_in_viewport()
    expect(rows.filter(has_text="row 1").first).not_to_be_in_viewport()
    ground = page.get_by_role("region", name="Screen of keys")
    ground.evaluate("(element) => (element.scrollTop = 0)")
    expect(rows.filter(has_text="row 1").first).to_be_in_viewport()
    scene.server.type(row["id"], "\r")
    expect(rows.filter(has_text="on")).to_have_count(1)
    expect(rows.filter(has_text="row 1").first).to_be_in_viewport()


KEYBOARD = """
const fake = Object.assign(new EventTarget(), { height: innerHeight, scale: 1 });
Object.defineProperty(window, "visualViewport", { get: () => fake });
window.keyboard = (height) => {
  fake.height = height;
  fake.dispatchEvent(new Event("resize"));
};
"""
"""Chromium without a window has no keyboard of a phone: this tells of one."""


def test_a_keyboard_that_opens_resizes_nothing(scene: Scene) -> None:
    """Not the terminal: the page gets lower, and its tabs make room for the line."""
    row = scene.terminal("keys", RAW)
    page = scene.page("/favicon.ico", **PHONE)
    page.add_init_script(KEYBOARD)
    sent: list[str] = []
    page.on(
        "websocket", lambda it: it.on("framesent", lambda each: sent.append(str(each)))
    )
    page.goto(f"{scene.url}/#/terminal/{row['id']}")
    expect(page.locator(".rows")).to_contain_text("go")
    line, tabs = page.get_by_label("Line to type"), page.locator(".nav")
    expect(tabs).to_be_visible()
    page.evaluate("window.keyboard(480)")
    expect(tabs).to_be_hidden()
    box = line.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 480
    expect(page.locator(".rows")).to_contain_text("go")
    page.evaluate("window.keyboard(844)")
    expect(tabs).to_be_visible()
    assert not [each for each in sent if "terminal_resize" in each]
    now = scene.call("GET", f"/api/sessions/{row['id']}")["terminal"]
    assert (120, 30) == (now["cols"], now["rows"])


def test_who_zooms_in_has_no_keyboard(scene: Scene) -> None:
    """Two fingers make the view smaller, too; the page stays as it is."""
    page, _ = opened(scene, RAW)
    browser = page.context.new_cdp_session(page)
    heard = "visualViewport.addEventListener('resize', done, { once: true })"
    page.evaluate(f"window.zoomed = new Promise((done) => {heard}); undefined")
    browser.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 2})
    page.evaluate("window.zoomed.then(() => null)")
    assert page.evaluate("visualViewport.height") < 500
    assert not page.evaluate("document.documentElement.className")
