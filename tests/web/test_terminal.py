"""The screen of a terminal in a real browser: its bytes, its keys, whose size it is."""

import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import PHONE
from tests.web.scene import Scene, armed, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

ECHO = 'stty -echo; while read -r line; do echo "got <$line>"; done'


def of(page: "Page", what: str) -> Any:
    """Ask the emulator, such as `text()` and `extent()`."""
    code = f"document.querySelector('.emulator')?.emulator?.{what} ?? null"
    return page.evaluate(code)


def shows(page: "Page", text: str) -> None:
    """Wait until the buffer of the emulator has a text."""
    look = (
        "(text) => document.querySelector('.emulator')?.emulator.text().includes(text)"
    )
    page.wait_for_function(look, arg=text)


def opened(scene: Scene, row: Any, **options: Any) -> "Page":
    """The screen of a terminal, once xterm.js is there and the stream is joined."""
    page = scene.page(f"/#/terminal/{row['id']}", **options)
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    expect(page.locator(".size")).to_be_visible()
    return page


def size(scene: Scene, row: Any) -> tuple[int, int]:
    now = scene.call("GET", f"/api/sessions/{row['id']}")["terminal"]
    return now["cols"], now["rows"]


def test_a_new_terminal_shows_its_output(scene: Scene) -> None:
    """From the fleet: created, opened, typed into; all keys are the program's."""
    page = scene.page("/#/fleet?new=1")
    page.get_by_label("Name").fill("fresh")
    page.get_by_role("textbox", name="Command").fill(f"bash -c '{ECHO}'")
    page.get_by_role("button", name="Create").click()
    page.locator(".xterm-screen").wait_for()
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    page.keyboard.type("n1gi/?")
    page.keyboard.press("Enter")
    shows(page, "got <n1gi/?>")
    assert "/terminal/" in page.url


def test_the_leader_leads_out(scene: Scene) -> None:
    """Ctrl+] and a key are the page's; Ctrl+] twice is the program's."""
    row = scene.terminal("keys", "stty raw -echo; exec cat -v")
    page = opened(scene, row)
    page.keyboard.press("Control+k")
    shows(page, "^K")
    page.keyboard.press("Control+]")
    expect(page.get_by_text("Ctrl+] and then")).to_be_visible()
    page.keyboard.press("Control+]")
    shows(page, "^]")
    page.keyboard.press("Control+]")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="keys")).to_be_focused()
    assert "^[" not in of(page, "text()")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_another_leader(scene: Scene) -> None:
    """Chosen by pressing it; the usual one is the program's key then."""
    row = scene.terminal("keys", "stty raw -echo; exec cat -v")
    page = scene.page("/#/settings")
    page.get_by_role("button", name="Change the leader").click()
    dialog = page.get_by_role("dialog", name="Press the new leader")
    page.keyboard.press("a")
    expect(dialog.get_by_role("alert")).to_contain_text("It needs Ctrl or Alt")
    page.keyboard.press("Control+^")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("region", name="Keyboard").locator("kbd")).to_have_text(
        "Ctrl+^"
    )
    page.goto(f"{scene.url}/#/terminal/{row['id']}")
    page.reload()
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    page.keyboard.press("Control+]")
    shows(page, "^]")
    page.keyboard.press("Control+^")
    expect(page.get_by_text("Ctrl+^ and then")).to_be_visible()
    page.keyboard.press("s")
    page.get_by_role("button", name="Back to Ctrl+]").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_contain_text("Ctrl+]")


def test_read_only_types_nothing(scene: Scene) -> None:
    """The switch stops keys and pastes, and says so."""
    row = scene.terminal("still", ECHO)
    page = opened(scene, row)
    page.get_by_role("button", name="Read only").click()
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("rm\n")
    expect(
        page.get_by_text("This page is read-only. Nothing was typed.")
    ).to_be_visible()
    page.get_by_role("button", name="Read only").click()
    page.locator(".xterm-helper-textarea").focus()
    page.keyboard.type("ls\n")
    shows(page, "got <ls>")
    assert "rm" not in scene.transcript(row["id"])


def test_a_reload_and_a_dead_server_lose_no_byte(fragile: Scene) -> None:
    """kill -9 in the middle of a flood, then a reload: the page has the same bytes."""
    script = (
        "for i in {1..6000}; do echo line-$i-end; (( i % 300 )) || sleep 0.1; done; cat"
    )
    row = fragile.terminal("flood", f"read -r; {script}", host="tmux")
    fragile.accept(502, "WebSocket", "ERR_CONNECTION", "Failed to load")
    page = opened(fragile, row)
    fragile.server.type(row["id"], "\r")
    shows(page, "line-900-end")
    fragile.kill_server()
    expect(page.get_by_text("away, last seen")).to_be_visible()
    fragile.restart_server()
    shows(page, "line-6000-end")
    assert_whole(fragile, page, row)
    page.reload()
    shows(page, "line-6000-end")
    assert_whole(fragile, page, row)


def assert_whole(scene: Scene, page: "Page", row: Any) -> None:
    """Every line once and in order, but for what ANT itself reports as a gap."""
    history = scene.call("GET", f"/api/sessions/{row['id']}/terminal/history", limit=1)
    end = history["end"]
    until(lambda: of(page, "extent()")["end"] == end)
    shown = of(page, "extent()")
    missing = sum(to - begin for begin, to in shown["gaps"])
    assert shown["end"] - shown["start"] == shown["fed"] + missing
    found = re.findall(r"line-(\d+)-end", of(page, "text()"))
    assert [str(n) for n in range(1, 6001)] == found


def test_an_echo_beside_a_flood(scene: Scene) -> None:
    """16 MB run through another terminal while a person types."""
    flood = scene.terminal(
        "flood", "read -r; head -c 16000000 /dev/zero | tr '\\0' x; cat"
    )
    row = scene.terminal("typed", ECHO)
    page = opened(scene, row)
    scene.server.type(flood["id"], "\r")
    began = time.monotonic()
    for n in range(5):
        page.keyboard.type(f"word{n}")
        page.keyboard.press("Enter")
        shows(page, f"got <word{n}>")
    assert time.monotonic() - began < 10


def test_a_flood_beyond_the_backlog_says_what_it_left_out(scene: Scene) -> None:
    """It goes on at the present screen; what was fed and what was not are all bytes."""
    script = "read -r; yes 0123456789 | head -c 3000000; echo over; cat"
    row = scene.terminal("flood", script)
    page = opened(scene, row)
    # All that is fed stays in the scrollback, however often something was left out.
    page.evaluate(
        "const e = document.querySelector('.emulator').emulator;"
        "e.backlog = 65536; e.term.options.scrollback = 400000"
    )
    scene.server.type(row["id"], "\r")
    shows(page, "over")
    shown = of(page, "extent()")
    missing = sum(to - begin for begin, to in shown["gaps"])
    assert shown["end"] - shown["start"] == shown["fed"] + missing
    assert missing
    assert "bytes are not shown here" in of(page, "text()")


def test_the_size_stays_the_desktops(scene: Scene) -> None:
    """A phone looks and types without a change; it takes the size only if asked to."""
    row = scene.terminal("sized", ECHO)
    desk = opened(scene, row)
    assert (120, 30) == size(scene, row)
    desk.keyboard.type("a")
    expect(desk.get_by_text("sized by this page")).to_be_visible()
    mine = size(scene, row)
    assert mine != (120, 30)
    phone = scene.page(f"/#/terminal/{row['id']}", **PHONE)
    phone.get_by_label("Line to type").fill("b")
    phone.get_by_role("button", name="Send").tap()
    expect(phone.locator(".rows")).to_contain_text("got <ab>")
    assert mine == size(scene, row)
    phone.get_by_role("button", name="Fit to this screen").tap()
    expect(desk.get_by_text("sized by another page")).to_be_visible()
    assert size(scene, row)[0] < mine[0]
    phone.goto(f"{scene.url}/#/inbox")
    expect(desk.get_by_text("sized by this page")).to_be_visible()
    until(lambda: mine == size(scene, row))


def test_keys_of_a_phone(scene: Scene) -> None:
    """Escape, an arrow in both modes, and a sticky Ctrl; targets of 44 px."""
    row = scene.terminal("keys", "stty raw -echo; printf 'go\\e[?1h'; exec cat -v")
    page = scene.page(f"/#/terminal/{row['id']}", **PHONE)
    rows = page.locator(".rows")
    expect(rows).to_contain_text("go")
    for name, shown in {"Esc": "^[", "Up": "^[OA", "Control C": "^C"}.items():
        button = page.get_by_role("button", name=name, exact=True)
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
        button.tap()
        expect(rows).to_contain_text(shown)
    page.get_by_role("button", name="Ctrl", exact=True).tap()
    page.get_by_label("Line to type").fill("w")
    expect(rows).to_contain_text("^W")
    assert 390 >= page.evaluate("document.documentElement.scrollWidth")


def test_a_prompt_is_answered_above_its_terminal(scene: Scene) -> None:
    """The card of the inbox; it changes no size, and leaves when it resolves."""
    script = 'read -r; read -r -p "Sure? [y/n] " a; echo "said <$a>"; cat'
    row = scene.terminal("asks", script)
    page = opened(scene, row)
    page.keyboard.type("x")
    expect(page.get_by_text("sized by this page")).to_be_visible()
    before = size(scene, row)
    page.keyboard.press("Enter")
    button = armed(page, "asks").get_by_role("button", name="1 y")
    # The card takes room of the screen, and the program asks in its first rows.
    expect(page.locator(".xterm-rows > div", has_text="Sure?")).to_be_in_viewport()
    button.click()
    shows(page, "said <y>")
    expect(page.locator("article.card")).to_have_count(0)
    assert before == size(scene, row)
    page.get_by_role("tab", name="Prompts").click()
    jump = page.locator(".jump", has_text="Sure?")
    expect(jump).to_contain_text("“y”")
    jump.click()
    expect(page).to_have_url(re.compile("offset="))
    expect(page.locator(".transcript")).to_contain_text("Sure? [y/n]")
    page.get_by_role("link", name="Back to the live screen").click()
    shows(page, "said <y>")


def test_hostile_output_does_nothing(scene: Scene) -> None:
    """A title is text, a link asks, the clipboard asks, a query is answered once."""
    hidden = "\\e]2;<img src=x onerror=alert(1)>\\u202e\\a"
    link = "\\e]8;;https://evil.example/?a\\e\\\\HERE\\e]8;;\\e\\\\"
    copy = "\\e]52;c;cm0gLXJmIH4=\\a"
    row = scene.terminal("hostile", f"read -r; printf '{hidden}{link}{copy}'; cat")
    page = opened(scene, row)
    scene.server.type(row["id"], "\r")
    shows(page, "HERE")
    where = page.locator(".terminal-bar .where")
    expect(where).to_contain_text("<img src=x onerror=alert(1)>⟨202E⟩")
    expect(page.get_by_text("The program wants to copy")).to_contain_text("rm -rf ~")
    page.get_by_role("button", name="No", exact=True).click()
    drawn = page.locator(".xterm-rows >> text=HERE").first
    # xterm.js draws its rows anew at any time: an element may be gone again.
    box = until(drawn.bounding_box)
    page.mouse.move(box["x"] + 10, box["y"] + 8)
    expect(page.get_by_text("Link to https://evil.example/?a")).to_be_visible()
    page.mouse.click(box["x"] + 10, box["y"] + 8)
    target = page.get_by_role("dialog", name="Open this link?")
    expect(target).to_contain_text("https://evil.example/?a")
    anchor = target.get_by_role("link", name="Open")
    assert "noopener noreferrer" == anchor.get_attribute("rel")
    target.get_by_role("button", name="Stay here").click()


def test_a_reload_answers_no_old_query(scene: Scene) -> None:
    """The owner's emulator replies to a live query, not to one that is read again."""
    wait = "read -rsn1"
    script = f"stty raw -echo; {wait}; {wait}; printf 'ask\\e[c'; exec cat -v"
    row = scene.terminal("query", script)
    page = opened(scene, row)
    page.keyboard.type("a")
    expect(page.get_by_text("sized by this page")).to_be_visible()
    kept = (
        "Object.values(sessionStorage).some((each) => !each.includes('\"cols\":120'))"
    )
    page.wait_for_function(f"() => {kept}")
    page.keyboard.type("x")
    shows(page, "ask")
    shows(page, "^[[?1;2c")
    page.reload()
    shows(page, "^[[?1;2c")
    assert of(page, "extent()")["fed"] > 0
    page.keyboard.type("y")
    shows(page, "y")
    assert 1 == of(page, "text()").count("^[[?1;2c")


def test_a_paste_of_lines_asks(scene: Scene) -> None:
    """Of a program that does not mark pastes; Escape is no key of a paste."""
    row = scene.terminal("paste", ECHO)
    page = opened(scene, row)
    code = """(text) => {
      const data = new DataTransfer();
      data.setData('text/plain', text);
      const options = { clipboardData: data, bubbles: true, cancelable: true };
      const event = new ClipboardEvent('paste', options);
      document.querySelector('.xterm-helper-textarea').dispatchEvent(event);
    }"""
    page.evaluate(code, "one\x1b\ntwo\n")
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    assert "got" not in scene.transcript(row["id"])
    page.evaluate(code, "one\x1b\ntwo\n")
    page.get_by_role("dialog").get_by_role("button", name="Paste").click()
    shows(page, "got <two>")
    assert "got <one>" in of(page, "text()")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(scene: Scene, options: dict[str, Any], scheme: str) -> None:
    """In the frame, the bar and the column; the canvas of xterm.js is its own."""
    row = scene.terminal("plain", ECHO)
    where = f"/#/terminal/{row['id']}"
    watched = scene.watched(where, color_scheme=scheme, **options)
    expect(
        watched.page.get_by_role("button", name="Fit to this screen")
    ).to_be_visible()
    assert [] == watched.axe(
        ".terminal-bar", *([".side"] if not options else [".text-keys"])
    )
