"""The frame of the page: keys, sign-in, lost connections, accessibility."""

import contextlib
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import segno

import ant
from ant.core import visible_text
from ant.terminal.model.prompt import LASTING
from tests.installed import needs
from tests.soak import soak
from tests.web.browser import PHONE
from tests.web.scene import ARMED_MS, Scene, armed, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

WEB = Path(ant.__file__).parent / "web"
ASKS = 'read -r -p "Delete all of it? [y/n] " a; echo "said <$a>"; exec sleep 1000'


WAKE = "dispatchEvent(new Event('online')); undefined"
"""The network is back: the page tries at once, and does not wait for its next turn."""


def test_keyboard_only_from_start_to_answer(scene: Scene) -> None:
    """Create, walk, look, go back, answer; no pointer is used."""
    page = scene.page()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.keyboard.press("Control+k")
    page.keyboard.type("new")
    page.keyboard.press("Enter")
    page.get_by_label("Name").fill("deploy")
    page.get_by_role("textbox", name="Command").fill(f"bash -c '{ASKS}'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="deploy", level=1)).to_be_visible()
    expect(page.get_by_role("region", name="Screen of deploy")).to_contain_text(
        "Delete all of it?"
    )
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    page.keyboard.press("Control+]")
    page.keyboard.press("f")
    expect(page.locator(".tile")).to_contain_text("Delete all of it?")
    page.keyboard.press("j")
    expect(page.locator(".tile")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#/terminal/"))
    expect(page.locator(".xterm-helper-textarea")).to_be_focused()
    page.keyboard.press("Control+]")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    page.keyboard.press("n")
    expect(page.locator("article.card")).to_be_focused()
    page.wait_for_timeout(ARMED_MS)
    page.keyboard.press("2")
    expect(page.locator("article.card")).to_have_count(0)
    (row,) = [
        e for e in scene.call("GET", "/api/sessions")["sessions"] if e["terminal"]
    ]
    until(lambda: "said <n>" in scene.transcript(row["id"]))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()


def test_the_server_is_killed_and_comes_back(fragile: Scene) -> None:
    """The page says since when it is away, sends nothing meanwhile, and catches up."""
    fragile.accept("WebSocket", "ERR_CONNECTION_REFUSED")
    row = fragile.terminal("deploy", ASKS)
    page = fragile.page()
    expect(page.locator("article.card")).to_be_visible()
    fragile.kill_server()
    expect(page.get_by_text(re.compile(r"away, last seen \d\d:\d\d"))).to_be_visible()
    expect(page.get_by_role("button", name="1 y")).to_be_disabled()
    page.wait_for_timeout(ARMED_MS)
    page.keyboard.press("n")
    page.keyboard.press("1")
    expect(page.get_by_text("Not connected. Nothing was pressed.")).to_be_visible()
    fragile.restart_server()
    page.evaluate(WAKE)
    expect(page.get_by_text("last seen")).to_have_count(0)
    expect(page.locator("article.card")).to_have_count(0)
    expect(page.locator("a.line", has_text="deploy")).to_contain_text("lost")
    fragile.call("POST", f"/api/sessions/{row['id']}/terminal/start")
    expect(page.locator("article.card")).to_be_visible()
    assert "said" not in fragile.transcript(row["id"])


@needs("tmux")
def test_what_happened_meanwhile_is_there(fragile: Scene) -> None:
    """A program in tmux asks while the server is away; the page shows it after."""
    fragile.accept("WebSocket", "ERR_CONNECTION_REFUSED")
    flag = fragile.folder / "flag"
    script = f"until [ -e {flag} ]; do sleep 0.05; done; {ASKS}"
    row = fragile.terminal("deploy", script, host="tmux")
    page = fragile.page()
    expect(page.locator("a.line", has_text="deploy")).to_be_visible()
    fragile.kill_server()
    expect(page.get_by_text("away, last seen")).to_be_visible()
    flag.touch()
    fragile.restart_server()
    page.evaluate(WAKE)
    armed(page, "deploy")
    expect(page.get_by_text("away, last seen")).to_have_count(0)
    page.keyboard.press("n")
    page.keyboard.press("1")
    expect(page.locator("article.card")).to_have_count(0)
    until(lambda: "said <y>" in fragile.transcript(row["id"]))


def signed_in(scene: Scene, *scopes: str) -> "Page":
    """A page of a browser that has opened the link to sign in with these scopes."""
    body = {"label": "Test", "scopes": scopes}
    page = scene.page(scene.call("POST", "/api/sign-in/codes", body)["path"])
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    assert f"{scene.url}/" == page.url.partition("#")[0]
    return page


def test_who_is_not_signed_in_learns_how(locked: Scene) -> None:
    """By the screen; the link that it names works, and a revoked one ends at once."""
    locked.accept(401, "WebSocket")
    watched = locked.watched()
    page = watched.page
    expect(page.get_by_role("heading", name="Sign in to ANT")).to_be_visible()
    assert [] == watched.axe()
    page.emulate_media(color_scheme="dark")
    assert [] == watched.axe()
    expect(page.get_by_text("ant open", exact=True)).to_be_visible()
    port = locked.url.rpartition(":")[2]
    scanned = f"ant open --qr --url http://ADDRESS:{port}"
    expect(page.get_by_text(scanned, exact=True)).to_be_visible()
    page = signed_in(locked, "view", "answer")
    (token,) = locked.call("GET", "/api/tokens")["tokens"]
    locked.call("DELETE", f"/api/tokens/{token['id']}")
    expect(page.get_by_role("heading", name="Sign in to ANT")).to_be_visible()


def test_who_may_only_look_gets_no_buttons(locked: Scene) -> None:
    """Neither on a card, nor in the fleet, nor by keys."""
    row = locked.terminal("deploy", ASKS)
    page = signed_in(locked, "view")
    expect(page.get_by_text("It only views.")).to_be_visible()
    card = page.locator("article.card")
    expect(card).to_contain_text("Delete all of it?")
    expect(card.get_by_role("button")).to_have_count(0)
    expect(card.get_by_role("textbox")).to_have_count(0)
    page.wait_for_timeout(ARMED_MS)
    page.keyboard.press("n")
    page.keyboard.press("1")
    page.goto(f"{locked.url}/#/fleet")
    expect(page.locator(".tile")).to_contain_text("Delete all of it?")
    expect(page.get_by_role("button", name="New")).to_have_count(0)
    page.goto(f"{locked.url}/#/settings")
    expect(page.get_by_text("This browser: Test, view.")).to_be_visible()
    expect(page.get_by_text("Limits met since the start")).to_be_visible()
    assert "said" not in locked.transcript(row["id"])


def test_keys_are_made_and_revoked(scene: Scene) -> None:
    """A token is shown once; the list follows what happens elsewhere."""
    page = scene.page("/#/settings")
    page.get_by_role("button", name="New access token").click()
    page.get_by_label("Name").fill("CI")
    page.get_by_role("button", name="Make").click()
    expect(page.locator(".secret")).to_contain_text("ant_")
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".line", has_text="CI")).to_contain_text("view")
    page.get_by_role("button", name="Revoke CI").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.locator(".line", has_text="CI")).to_have_count(0)
    page.get_by_role("button", name="Sign a device in").click()
    page.get_by_label("Name").fill("Phone")
    page.get_by_role("button", name="Make").click()
    expect(page.locator(".secret")).to_contain_text("/sign-in#")


SPY = """
const Real = Notification;
window.told = [];
window.Notification = class extends Real {
  constructor(title, options) {
    super(title, options);
    told.push([title, options.body]);
  }
  close() { told.push("closed"); super.close(); }
};
Object.defineProperty(document, "hidden", { get: () => window.away === "hidden" });
document.hasFocus = () => window.away !== "behind";
"""


def test_new_prompts_are_told(scene: Scene) -> None:
    """Not what waited already, nor what is before the eyes; it goes with its prompt."""
    looked = scene.terminal("looked at", f"read -r; {ASKS}")
    scene.terminal("before", ASKS)
    page = scene.page("/#/settings")
    page.context.grant_permissions(["notifications"])
    page.add_init_script(SPY)
    page.reload()
    page.get_by_role("button", name="Turn on").click()
    page.get_by_role("button", name="Send a test").click()
    pill = page.locator(".pill")
    expect(pill).to_have_text("● 1 waiting")
    row = scene.terminal("elsewhere", ASKS)
    expect(pill).to_have_text("● 2 waiting")
    scene.server.type(row["id"], "n\r")
    expect(pill).to_have_text("● 1 waiting")
    page.evaluate("location.hash = '#/inbox'")
    scene.terminal("seen", ASKS)
    expect(pill).to_have_text("● 2 waiting")
    for n, away in enumerate(("hidden", "behind"), 3):
        page.evaluate(f"window.away = '{away}'")
        scene.terminal(away, ASKS)
        expect(pill).to_have_text(f"● {n} waiting")
    page.evaluate(f"window.away = ''; location.hash = '#/terminal/{looked['id']}'")
    expect(page.get_by_role("heading", name="looked at")).to_be_visible()
    scene.server.type(looked["id"], "\r")
    expect(pill).to_have_text("● 5 waiting")
    test, *told = page.evaluate("window.told")
    assert "ANT" == test[0]
    names = [each if each == "closed" else each[0] for each in told]
    assert ["elsewhere", "closed", "hidden", "behind"] == names
    assert ["elsewhere", "Delete all of it?"] == told[0]


def test_a_phone_signs_in_by_a_code(locked: Scene) -> None:
    """The code has the link, at the address that the person gave; it works."""
    locked.accept(401, "WebSocket")
    page = signed_in(locked, "view", "answer", "admin")
    page.goto(f"{locked.url}/#/settings")
    page.get_by_role("button", name="Sign a device in").click()
    dialog = page.get_by_role("dialog", name="Sign a device in")
    expect(dialog.get_by_text("A phone does not reach 127.0.0.1.")).to_be_visible()
    dialog.get_by_label("Name").fill("Phone")
    # A link that fills its code has no padding, in which two libraries may differ.
    others = f"http://.localhost:{locked.url.rpartition(':')[2]}/sign-in#{'c' * 43}"
    host = f"{'a' * (FULL - len(others))}.localhost"
    near = locked.url.replace("127.0.0.1", host)
    dialog.get_by_label("Address").fill(near)
    dialog.get_by_role("button", name="Make").click()
    code = dialog.get_by_role("img", name="QR code of the link")
    expect(code).to_be_visible()
    link = dialog.locator(".secret").inner_text()
    assert link.startswith(f"{near}/sign-in#")
    dark = {tuple(each) for each in page.evaluate(DARK)}
    assert dark in codes(link, int(page.locator(".qr").get_attribute("data-size")))
    dialog.get_by_role("button", name="Done").click()
    phone = locked.page("/favicon.ico", **PHONE)
    phone.goto(link.replace(host, "127.0.0.1"))
    expect(phone.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(page.locator(".line", has_text="Phone")).to_be_visible()


FULL = 78
"""The bytes of a QR code of version 4 that corrects the least."""

DARK = """() => {
  const path = document.querySelector(".qr path");
  const found = path.getAttribute("d").matchAll(/M(\\d+) (\\d+)h1v1h-1z/g);
  return [...found].map(([, x, y]) => [Number(y), Number(x)]);
}"""


def codes(text: str, size: int) -> list[set[tuple[int, int]]]:
    """The dark modules of every QR code of this size that a text has.

    A library is free in how much it corrects, and in the mask that it chooses.
    """
    found = []
    for error, mask in itertools.product("LMQH", range(8)):
        with contextlib.suppress(segno.DataOverflowError):
            code = segno.make_qr(
                text,
                error=error,
                mask=mask,
                version=(size - 17) // 4,
                mode="byte",
                boost_error=False,
            )
            rows = enumerate(code.matrix)
            found.append(
                {(y, x) for y, row in rows for x, dark in enumerate(row) if dark}
            )
    return found


TOGETHER = """async () => {
  const src = document.querySelector("script[type=module]").src;
  const { together } = await import(new URL("drawing.js", src));
  const ran = [];
  let task = 0;
  return new Promise((resolve) => {
    const note = (name) => {
      if (!ran.length) setTimeout(() => { task += 1; });
      ran.push(`${name} ${task}`);
    };
    const first = () => note("first");
    const second = () => note("second");
    together(first);
    setTimeout(() => together(second), 10);
    setTimeout(() => together(first), 20);
    setTimeout(() => together(() => resolve(ran)), 30);
  });
}"""


def test_frequent_changes_are_drawn_at_once(scene: Scene) -> None:
    """Each once, and in one task."""
    page = scene.page()
    assert ["first 0", "second 0"] == page.evaluate(TOGETHER)


def test_the_figures_follow_events(scene: Scene) -> None:
    """Without a reload: a terminal begins, and it is removed.

    The page may ask for it once more, as it is removed.
    """
    scene.accept(404)
    page = scene.page("/#/settings")
    sessions = page.locator("dt:text-is('Sessions') + dd")
    expect(sessions).to_have_text(re.compile("^0"))
    row = scene.terminal("counted", "exec cat")
    expect(sessions).to_have_text(re.compile("^1"))
    scene.call("DELETE", f"/api/sessions/{row['id']}", hard="true")
    expect(sessions).to_have_text(re.compile("^0"))


@pytest.mark.parametrize(
    ("place", "scheme"),
    [
        ("inbox", "light"),
        ("inbox", "dark"),
        ("fleet", "light"),
        soak("fleet", "dark"),
        soak("rooms", "light"),
        ("rooms", "dark"),
        ("search?q=line", "light"),
        soak("search?q=line", "dark"),
        soak("settings", "light"),
        ("settings", "dark"),
    ],
)
def test_axe_has_no_serious_finding(scene: Scene, place: str, scheme: str) -> None:
    """With content: a dialog, a question, a colourful program, a room, an ended one."""
    scene.agent("api", "claude", "dialog 0")
    scene.terminal("deploy", 'read -r -p "Version? " a')
    scene.terminal(
        "colours", r"printf '\033[31mline \033[1;32mgreen\033[0m\n'; sleep 99"
    )
    scene.terminal("over", "echo line")
    scene.call("POST", "/api/sessions", {"name": "release", "type": "chat"})
    watched = scene.watched(f"/#/{place}", color_scheme=scheme)
    page = watched.page
    if place == "inbox":
        expect(page.locator("article.card")).to_have_count(2)
    if place == "fleet":
        expect(page.locator(".tile", has_text="colours")).to_contain_text("green")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert [] == watched.axe()
    for key, name in (("Control+k", "Commands"), ("?", "Keys")):
        page.keyboard.press(key)
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert [] == watched.axe()
        page.keyboard.press("Escape")
    if place == "fleet":
        for name in ("New", "Actions of api"):
            page.get_by_role("button", name=name).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            assert [] == watched.axe()
            page.keyboard.press("Escape")


@pytest.mark.parametrize("place", ["inbox", "fleet", "rooms", "search", "settings"])
def test_axe_has_no_serious_finding_on_a_phone(scene: Scene, place: str) -> None:
    """With targets that are large enough, too: axe knows the smallest size."""
    scene.agent("api", "claude", "dialog 0")
    scene.terminal("deploy", 'read -r -p "Version? " a')
    watched = scene.watched(f"/#/{place}", **PHONE)
    page = watched.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    if place in ("inbox", "fleet"):
        expect(page.get_by_text("deploy").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert [] == watched.axe()


def test_every_module_is_fetched_at_once() -> None:
    """The first file names all of them: a chain of imports would take turns."""
    index = (WEB / "index.html").read_text()
    named = set(re.findall(r'modulepreload" href="\{\{assets\}\}/(\S+\.js)"', index))
    imported = set()
    for path in WEB.glob("*.js"):
        code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        imported |= set(re.findall(r'from "\./(\S+\.js)"', code))
    assert imported <= named, imported - named
    missing = [each for each in named if not (WEB / each).exists()]
    assert not missing, missing


def test_the_page_and_the_server_agree_on_words() -> None:
    """Which options last, and which characters are hidden."""

    def literal(module: str, name: str) -> str:
        source = (WEB / module).read_text()
        found = re.search(rf"export const {name} =\s*([^;]+);", source)
        assert found is not None
        parts = re.findall(r'"((?:[^"\\]|\\.)*)"', found[1])
        return "".join(parts).replace("\\\\", "\\")

    assert LASTING.pattern == literal("options.js", "LASTING")
    hidden = literal("text.js", "HIDDEN")
    ranges = re.findall(r"\\u\{([0-9a-f]+)\}(?:-\\u\{([0-9a-f]+)\})?", hidden)
    ours = {(int(a, 16), int(b or a, 16)) for a, b in ranges}
    assert set(visible_text._RANGES) == ours
