"""The fleet, the search and the rooms in a real browser."""

import re

import pytest

from tests.web.browser import PHONE
from tests.web.scene import Scene, until

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow


def test_a_terminal_from_new_to_deleted_for_good(scene: Scene) -> None:
    """Created, shown, renamed, archived, restored, deleted; nothing is reloaded."""
    page = scene.page("/#/fleet")
    page.get_by_role("button", name="New").click()
    page.get_by_label("Name").fill("builder")
    page.get_by_role("textbox", name="Command").fill(r"sh -c 'echo two words; cat'")
    page.get_by_role("textbox", name="Folder").fill(str(scene.folder))
    page.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile("#/terminal/"))
    page.goto(f"{scene.url}/#/fleet")
    tile = page.locator(".tile")
    expect(tile).to_contain_text("two words")
    expect(page.locator("section h2")).to_contain_text(str(scene.folder))

    page.get_by_role("button", name="Actions of builder").click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("textbox", name="Name").fill("maker")
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(tile.get_by_role("heading")).to_have_text("maker")

    page.get_by_role("button", name="Actions of maker").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("Its program is ended.")).to_be_visible()
    page.get_by_role("button", name="Archive").click()
    expect(tile).to_have_count(0)
    page.get_by_text("Archived and deleted").click()
    page.get_by_role("button", name="Restore").click()
    expect(tile).to_contain_text("signal 1")

    page.get_by_role("button", name="Actions of maker").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Keep").click()
    expect(tile).to_have_count(1)
    page.get_by_role("button", name="Actions of maker").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tile).to_have_count(0)
    page.get_by_text("Archived and deleted").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Archived and deleted")).to_have_count(0)
    assert [] == scene.call("GET", "/api/sessions")["sessions"]


def test_a_refused_creation_says_why(scene: Scene) -> None:
    """The dialog stays with what was typed."""
    scene.accept(400, 409)
    scene.terminal("taken", "cat")
    page = scene.page("/#/fleet?new=1")
    page.get_by_label("Name").fill("taken")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("taken")
    page.get_by_role("textbox", name="Command").fill("echo 'open")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("quote")
    assert "taken" == page.get_by_label("Name").input_value()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_only_visible_tiles_are_streamed(
    scene: Scene, options: dict[str, object]
) -> None:
    """Tiles live; one that is scrolled away is left, and joined again."""
    script = "while read line; do echo got $line; done"
    rows = [scene.terminal(f"t{i:02}", script) for i in range(24)]
    watched = scene.watched("/#/inbox", **options)
    page = watched.page
    frames: list[str] = []
    page.on(
        "websocket", lambda it: it.on("framesent", lambda each: frames.append(each))
    )
    page.reload()
    page.goto(f"{scene.url}/#/fleet")
    expect(page.locator(".tile")).to_have_count(24)
    scene.server.type(rows[0]["id"], "hello\r")
    expect(page.locator(".tile").first).to_contain_text("got hello")
    joined = {each for each in frames if "join_session" in each}
    assert 0 < len(joined) < 24
    page.locator(".tile").last.scroll_into_view_if_needed()
    scene.server.type(rows[-1]["id"], "there\r")
    expect(page.locator(".tile").last).to_contain_text("got there")
    assert any("leave_session" in each for each in frames)


def test_tiles_keep_their_places(scene: Scene) -> None:
    """While programs are busy and ready by turns; who needs a person comes first."""
    first, second = scene.agent("a"), scene.agent("b")
    second.order("busy")
    first.order("busy")
    page = scene.page("/#/fleet")
    names = page.locator(".tile h3")
    tiles = {name: page.get_by_role("article", name=name, exact=True) for name in "ab"}
    expect(tiles["b"]).to_contain_text("busy")
    expect(names).to_have_text(["a", "b"])
    second.order("rest")
    expect(tiles["b"]).to_contain_text("ready")
    expect(names).to_have_text(["a", "b"])
    second.order("dialog 0")
    expect(tiles["b"]).to_contain_text("waiting")
    expect(names).to_have_text(["b", "a"])


def test_the_filter_and_the_groups(scene: Scene) -> None:
    """By words of the name and the folder, and by state."""
    scene.terminal("api", "cat", root_dir="/tmp")
    scene.terminal("web", "cat", root_dir="/")
    scene.terminal("over", "true", root_dir="/")
    page = scene.page("/#/fleet")
    tiles = page.locator(".tile")
    expect(tiles).to_have_count(3)
    expect(page.locator("section h2")).to_have_text(
        [re.compile("^/"), re.compile("^/")]
    )
    field = page.get_by_role("searchbox", name="Filter")
    field.fill("tmp")
    expect(tiles).to_have_count(1)
    field.fill("is:ended")
    expect(tiles).to_contain_text("over")
    field.fill("nothing like this")
    page.get_by_role("button", name="Show all").click()
    expect(tiles).to_have_count(3)
    page.get_by_label("Group").select_option("state")
    expect(page.get_by_role("region", name="ended")).to_contain_text("over")


def test_a_search_leads_to_its_place(scene: Scene) -> None:
    """From the top bar; a hit is text, and opens its terminal or room."""
    row = scene.terminal("api", "echo '<b>needle</b> in the hay'; cat")
    room = scene.call("POST", "/api/sessions", {"name": "release", "type": "chat"})
    body = {"role": "user", "content": "who has the needle?", "sender_id": "@ada"}
    scene.call("POST", f"/api/sessions/{room['id']}/messages", body)
    until(lambda: "hay" in scene.transcript(row["id"]))
    page = scene.page()
    page.keyboard.press("/")
    page.keyboard.type("needle")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("2 hits")
    line = page.locator(".hit", has_text="<b>needle</b> in the hay")
    line.click()
    expect(page).to_have_url(re.compile(f"#/terminal/{row['id']}\\?offset="))
    page.go_back()
    for n in range(60):
        more = {"role": "user", "content": f"hay {n}", "sender_id": "@ada"}
        scene.call("POST", f"/api/sessions/{room['id']}/messages", more)
    page.locator(".hit", has_text="who has the").click()
    expect(page.locator(".message.wanted")).to_have_text(
        re.compile("who has the needle")
    )
    expect(page.get_by_text("who has the needle?")).to_be_in_viewport()
    page.goto(f"{scene.url}/#/search?q=nothinglikethis")
    expect(page.get_by_text("Nothing was found.")).to_be_visible()
