"""The page by other ways than a plain port: below a path, by https, after a sleep."""

import json
import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import httpx
import pytest

from tests import certificates
from tests.live.https_proxy import BASE, HttpsProxy, https_proxy
from tests.soak import soak
from tests.web.browser import PHONE, WebServer, web_server
from tests.web.conftest import Opener
from tests.web.relay import beside, relay
from tests.web.scene import Scene, armed, card, until

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

KEY = "a-key-of-the-operator"
ASKS = 'read -r -p "Delete all of it? [y/n] " a; echo "said <$a>"; exec sleep 1000'


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificates.make(tmp_path_factory.mktemp("pair"))


def by(server: WebServer, url: str, cert: Path) -> WebServer:
    """The same server at another address, with that certificate."""
    context = ssl.create_default_context(cafile=str(cert))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    headers = server.http.headers
    server.http.close()
    http = httpx.Client(
        base_url=url, headers=headers, timeout=30, trust_env=False, verify=context
    )
    return attrs.evolve(server, url=url, http=http)


def answers_and_looks(page: "Page", server: WebServer) -> None:
    """The page is live: a prompt comes and is answered, a tile and the contract show.

    It needs REST, the socket and the files below the address of the server.
    """
    row = server.create("deploy", "bash", "-c", ASKS)
    armed(page, "deploy").get_by_role("button", name="1 y").click()
    expect(page.get_by_text("“y”, by you")).to_be_visible()
    expect(card(page, "deploy")).to_have_count(0)
    page.get_by_role("link", name="Fleet").first.click()
    expect(page.locator(".tile")).to_contain_text("said <y>")
    page.reload()
    expect(page.locator(".tile")).to_contain_text("said <y>")
    server.call("DELETE", f"/api/sessions/{row['id']}")
    expect(page.locator(".tile")).to_have_count(0)
    page.goto(f"{server.url}/docs")
    expect(page.get_by_role("link", name="Frames of /ws")).to_be_visible()


def port_of(server: WebServer) -> int:
    return int(server.url.removesuffix(BASE).rpartition(":")[2])


@pytest.mark.parametrize("strips", [True, soak(False)], ids=["stripped", "passed on"])
def test_below_a_path_of_a_proxy(
    window: Opener, tmp_path: Path, pair: tuple[Path, Path], strips: bool
) -> None:
    """By https, with a sign-in; nothing is asked outside the path, sockets included."""
    flags = ("--base-path", BASE, "--proxy", "127.0.0.1")
    with web_server(tmp_path / "keyed", *flags, ANT_API_KEY=KEY) as behind:
        proxy = HttpsProxy(port_of(behind), strips)
        with beside(lambda: https_proxy(proxy, *pair)) as url:
            server = by(behind, url, pair[0])
            watched = window(server, ignore_https_errors=True)
            body = {"label": "Test", "scopes": ["view", "answer", "type", "admin"]}
            path = server.call("POST", "/api/sign-in/codes", body)["path"]
            page = watched.open(path.removeprefix(BASE))
            expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
            answers_and_looks(page, server)
            (cookie,) = page.context.cookies()
            assert (BASE, True) == (cookie["path"], cookie["secure"])
            inside = re.compile(rf"(https|wss)://127\.0\.0\.1:\d+{BASE}/")
            assert [] == [e for e in watched.requests if not inside.match(e)]
            assert any(e.startswith("wss:") for e in watched.requests)
            page.context.close()
            server.http.close()


def test_by_https(window: Opener, tmp_path: Path, pair: tuple[Path, Path]) -> None:
    """With the server's own certificate."""
    cert, key = pair
    flags = ("--cert", str(cert), "--key", str(key))
    with web_server(tmp_path / "secure", *flags, ANT_API_KEY=KEY) as plain:
        server = by(plain, plain.url, cert)
        watched = window(server, ignore_https_errors=True)
        body = {"label": "Test", "scopes": ["view", "answer"]}
        page = watched.open(server.call("POST", "/api/sign-in/codes", body)["path"])
        expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        answers_and_looks(page, server)
        (cookie,) = page.context.cookies()
        assert cookie["secure"]
        assert any(e.startswith("wss:") for e in watched.requests)
        page.context.close()
        server.http.close()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_page_that_slept(scene: Scene, options: dict[str, object]) -> None:
    """It was frozen and cut off: it says so, and then shows all that came meanwhile.

    That is a new prompt, the outcome of one that it knew, and of one that it never saw.
    """
    scene.accept("WebSocket", "ERR_")
    known = scene.terminal("known", ASKS)
    with relay(port_of(scene.server)) as way:
        watched = scene.watched("/favicon.ico", **options)
        watched.server = attrs.evolve(scene.server, url=way.url)
        sent: list[dict[str, object]] = []
        heard: list[dict[str, object]] = []
        page = watched.page
        page.on(
            "websocket",
            lambda it: (
                it.on("framesent", lambda each: sent.append(json.loads(each))),
                it.on("framereceived", lambda each: heard.append(json.loads(each))),
            ),
        )
        watched.open()
        expect(card(page, "known")).to_be_visible()
        browser = page.context.new_cdp_session(page)
        browser.send("Page.setWebLifecycleState", {"state": "frozen"})
        way.cut()
        scene.server.type(known["id"], "n\r")
        unseen = scene.terminal("unseen", ASKS)
        pending = f"/api/sessions/{unseen['id']}/prompt-bridge/pending"
        until(lambda: scene.call("GET", pending)["pending"])
        scene.server.type(unseen["id"], "y\r")
        until(lambda: not scene.call("GET", pending)["pending"])
        scene.terminal("new", ASKS)
        browser.send("Page.setWebLifecycleState", {"state": "active"})
        expect(page.get_by_text(re.compile(r"last seen \d\d:\d\d"))).to_be_visible()
        before = len(heard)
        way.mend()
        expect(card(page, "new")).to_be_visible()
        expect(page.get_by_text("last seen")).to_have_count(0)
        expect(card(page, "known")).to_have_count(0)
        resolved = page.get_by_role("region", name="Resolved just now")
        expect(resolved.get_by_text("known")).to_be_visible()
        expect(resolved.get_by_text("unseen")).to_be_visible()
        (resume,) = [each for each in sent if each["type"] == "resume"]
        known_seqs = [e["seq"] for e in heard[:before] if "seq" in e]
        assert resume["seq"] == max(known_seqs)
        assert "gap" not in [each["type"] for each in heard]
        page.close()


def test_hostile_names_and_messages_elsewhere(scene: Scene) -> None:
    """In a room, a search, dialogs and the palette they are text, too."""
    name = "<img src=x onerror=window.pwned=1>"
    script = "<script>window.pwned=1</script> javascript:window.pwned=1 needle"
    scene.terminal(name, "cat")
    body = {"name": f"{name} room", "type": "chat"}
    room = scene.call("POST", "/api/sessions", body)
    body = {"role": "user", "content": script, "sender_id": "@ada"}
    scene.call("POST", f"/api/sessions/{room['id']}/messages", body)
    page = scene.page("/#/search?q=needle")
    expect(page.locator(".hit", has_text="<script>")).to_be_visible()
    page.goto(f"{scene.url}/#/rooms")
    expect(page.locator("main").get_by_text(f"{name} room")).to_be_visible()
    page.goto(f"{scene.url}/#/room/{room['id']}")
    expect(page.locator("main").get_by_text(script).first).to_be_visible()
    page.goto(f"{scene.url}/#/fleet")
    page.get_by_role("button", name=f"Actions of {name}").click()
    expect(page.get_by_role("dialog")).to_contain_text(name)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("img")
    expect(page.get_by_role("dialog")).to_contain_text(name)
    assert page.evaluate("[window.pwned, document.images.length]") == [None, 0]
