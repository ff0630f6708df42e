"""The terminal of a desk as WebGL draws it, in a browser where a program draws that."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.soak import soak
from tests.web.browser import PHONE, SOFTWARE_GL, WebServer, launch
from tests.web.scene import Scene, until
from tests.web.scene import opened as scenes
from tests.web.test_terminal import assert_whole, shows

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.slow

CANVAS = """[...document.querySelectorAll(".xterm canvas")]
  .find((each) => each.getContext("webgl2"))"""

PAINT = r"""
stty -echo
printf '\e[41m%200s\e[0m\r\n\e[42m%200s\e[0m\r\nready' ' ' ' '
exec cat
"""
"""Rows of two colours; each is longer than the screen is wide, so it takes two."""

FLOOD = "read -r; for i in {1..6000}; do echo line-$i-end; done; cat"

RED, GREEN, GROUND = "f28b82", "7fbf90", "0f0f0f"
"""Of `THEME` in `ant/web/terminal_emulator.js`."""

COUNTS = """async (data) => {
  const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const { data: pixels } = context.getImageData(0, 0, image.width, image.height);
  const counts = {};
  for (let n = 0; n < pixels.length; n += 4) {
    const colour = [...pixels.slice(n, n + 3)];
    const name = colour.map((each) => each.toString(16).padStart(2, "0")).join("");
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}"""
"""The number of pixels of each colour of a PNG."""


@pytest.fixture(scope="module")
def drawing(browser: "Browser") -> Iterator["Browser"]:
    """A browser that has WebGL."""
    one = launch(browser.browser_type, *SOFTWARE_GL)
    yield one
    one.close()


@pytest.fixture
def scene(shared: WebServer, drawing: "Browser", tmp_path: Path) -> Iterator[Scene]:
    """Programs and pages in that browser."""
    for one in scenes(tmp_path, shared, drawing):
        # The addon says so where others use the machine, too.
        one.accept("task queue exceeded")
        yield one


def started(scene: Scene, row: Any, choice: str, *before: str, **options: Any) -> Any:
    """The screen of a terminal in a browser that chose a renderer.

    `before` is what the page runs first.
    """
    watched = scene.watched("/#/settings", **options)
    page = watched.page
    page.get_by_label("Drawn by").select_option(choice)
    for script in before:
        page.add_init_script(script)
    page.goto(f"{scene.url}/#/terminal/{row['id']}")
    page.reload()  # What was chosen is kept.
    page.locator(".xterm-screen").wait_for()
    return watched


def has_canvas(page: "Page") -> bool:
    return bool(page.evaluate(f"!!{CANVAS}"))


def drawn_rows(page: "Page") -> list[str]:
    """The rows of elements, once they show what the program printed."""
    rows = page.locator(".xterm-rows > div")
    expect(rows.filter(has_text="ready")).to_have_count(1)
    return [each.replace("\u00a0", " ").rstrip() for each in rows.all_inner_texts()]


def buffer_rows(page: "Page") -> list[str]:
    """The rows of the screen in the emulator's buffer."""
    rows: list[str] = page.evaluate(
        """() => {
          const { term } = document.querySelector(".emulator").emulator;
          const buffer = term.buffer.active;
          return Array.from({ length: term.rows }, (_, y) =>
            buffer.getLine(buffer.baseY + y).translateToString());
        }"""
    )
    return [each.rstrip() for each in rows]


def lose(page: "Page") -> None:
    """Take the context away, as a driver that fails does."""
    page.evaluate(
        f"""{CANVAS}.getContext("webgl2").getExtension("WEBGL_lose_context")
          .loseContext()"""
    )


def colours(scene: Scene, page: "Page") -> dict[str, int]:
    """The number of pixels of each colour on the terminal's screen."""
    data = base64.b64encode(page.locator(".xterm-screen").screenshot()).decode()
    counter = scene.browser.new_context()
    try:
        return counter.new_page().evaluate(COUNTS, data)
    finally:
        counter.close()


@pytest.mark.parametrize(
    ("choice", "scheme"),
    [("WebGL", "dark"), ("DOM", "light"), soak("WebGL", "light"), soak("DOM", "dark")],
)
def test_what_is_drawn(scene: Scene, choice: str, scheme: str) -> None:
    """The same text and colours, by WebGL on a canvas and by elements without one."""
    row = scene.terminal("paint", PAINT)
    watched = started(scene, row, choice, color_scheme=scheme)
    page = watched.page
    shows(page, "ready")
    assert (choice == "WebGL") == has_canvas(page)
    assert (choice == "WebGL") == any("addon-webgl" in e for e in watched.requests)

    def is_painted() -> bool:
        """Two colours of 200 cells each, in a screen of 3,600: a frame may be late."""
        found = colours(scene, page)
        area = sum(found.values())
        red, green = (found.get(each, 0) / area for each in (RED, GREEN))
        ground = found.get(GROUND, 0) / area
        return 0.05 < red < 0.07 and 0.05 < green < 0.07 and 0.8 < ground < 0.9

    until(is_painted)


def test_a_lost_context_leaves_the_same_rows(scene: Scene) -> None:
    """At once, and the program goes on; the canvas is gone."""
    row = scene.terminal("paint", PAINT)
    page = started(scene, row, "WebGL").page
    shows(page, "ready")
    assert has_canvas(page)
    lose(page)
    assert 0 == page.locator(".xterm canvas").count()
    assert buffer_rows(page) == drawn_rows(page)
    scene.server.type(row["id"], "after\r")
    expect(page.locator(".xterm-rows")).to_contain_text("after")


@pytest.mark.parametrize(
    "broken",
    [
        "HTMLCanvasElement.prototype.getContext = () => null",
        "WebGL2RenderingContext.prototype.createProgram = () => null",
    ],
)
def test_without_a_context_elements_draw(scene: Scene, broken: str) -> None:
    """A browser without WebGL, and a driver that fails after the canvas was added."""
    row = scene.terminal("paint", PAINT)
    page = started(scene, row, "WebGL", broken).page
    shows(page, "ready")
    assert 0 == page.locator(".xterm canvas").count()
    assert buffer_rows(page) == drawn_rows(page)


def test_a_terminal_that_was_left_has_no_context(scene: Scene) -> None:
    """A browser has a few for all its tabs. Back in the terminal there is a new one."""
    row = scene.terminal("paint", PAINT)
    page = started(scene, row, "WebGL").page
    shows(page, "ready")
    page.evaluate(f"() => {{ window.left = {CANVAS}.getContext('webgl2') }}")
    page.get_by_role("link", name="Inbox").click()
    page.wait_for_function("() => window.left.isContextLost()")
    page.go_back()
    shows(page, "ready")
    assert has_canvas(page)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_a_program_that_draws_webgl_is_not_taken(
    scene: Scene, options: dict[str, Any]
) -> None:
    """Without a graphics card nothing more is loaded, and never on a phone."""
    row = scene.terminal("paint", PAINT)
    watched = scene.watched(f"/#/terminal/{row['id']}", **options)
    expect(watched.page.locator(".rows, .xterm-rows")).to_contain_text("ready")
    assert not [each for each in watched.requests if "webgl" in each]


def test_a_reload_has_the_same_bytes(scene: Scene) -> None:
    """The flood of the other renderer's test, drawn by WebGL, and again."""
    row = scene.terminal("flood", FLOOD)
    page = started(scene, row, "WebGL").page
    expect(page.locator(".size")).to_be_visible()
    scene.server.type(row["id"], "\r")
    shows(page, "line-6000-end")
    assert_whole(scene, page, row)
    page.reload()
    shows(page, "line-6000-end")
    assert_whole(scene, page, row)
    assert has_canvas(page)
