"""Rows of real programs over real sockets, held against the screen over REST."""

import sys
from pathlib import Path

import pytest
import trio

from ant.client import AntClient, EventSocket
from tests.http.ws.test_screen_rows import Page
from tests.installed import needs
from tests.live.server import shared_server
from tests.live.viewer import PATIENCE_S

LOOK_AGAIN_S = 0.5

FLOOD = """
import sys
for number in range(60_000):
    print(f"\\x1b[{31 + number % 6}mline {number}\\x1b[m", end="\\r\\n")
print("that was all", end="", flush=True)
sys.stdin.read(1)
"""


async def join(socket: EventSocket, session_id: str) -> Page:
    await socket.send("join_session", sessionId=session_id, screenRows=True, ref="r")
    await socket.expect("ack", ref="r")
    page = Page()
    page.apply(await socket.expect("screen_rows", sessionId=session_id))
    return page


async def until(socket: EventSocket, page: Page, text: str) -> None:
    """Draw until this is shown."""
    with trio.fail_after(PATIENCE_S):
        while not (page.frame["complete"] and text in "\n".join(page.text)):
            page.apply(await socket.expect("screen_rows"))


async def resized(socket: EventSocket, page: Page, size: tuple[int, int]) -> None:
    """Draw until the page has this size."""
    with trio.fail_after(PATIENCE_S):
        while size != (page.cols, len(page.rows)):
            page.apply(await socket.expect("screen_rows"))


async def exited(socket: EventSocket, page: Page) -> None:
    """Draw until the program has ended."""
    with trio.fail_after(PATIENCE_S):
        while (frame := await socket.receive())["type"] != "session_exited":
            if frame["type"] == "screen_rows":
                page.apply(frame)


async def check(
    ant: AntClient, session_id: str, socket: EventSocket, page: Page
) -> None:
    """The page shows what the server says, once both have all output."""
    path = f"/api/sessions/{session_id}/terminal/screen"
    with trio.fail_after(PATIENCE_S):
        while True:
            screen = await ant.call("GET", path)
            if (page.text, page.frame["cursor"]) == (screen["lines"], screen["cursor"]):
                break
            # A screen that is again as the page has it makes no frame.
            with trio.move_on_after(LOOK_AGAIN_S):
                page.apply(await socket.expect("screen_rows"))
    assert (page.cols, len(page.rows)) == (screen["cols"], screen["rows"])
    assert page.frame["title"] == screen["title"]


@pytest.mark.slow
async def test_a_flood_ends_with_its_last_screen() -> None:
    """Few frames for much output, on two sockets; and other output on a third."""
    async with shared_server() as server, server.client() as ant:
        command = [sys.executable, "-Sc", FLOOD]
        async with ant.socket() as one, ant.socket() as two:
            name = (await ant.create("flood", command=command))["id"]
            start = trio.current_time()
            pages = [(socket, await join(socket, name)) for socket in (one, two)]
            for socket, page in pages:
                await until(socket, page, "that was all")
                await check(ant, name, socket, page)
                assert page.frames <= 10 * (trio.current_time() - start) + 2


@pytest.mark.slow
@needs("less")
async def test_a_pager_is_followed_through_keys_and_sizes(tmp_path: Path) -> None:
    """The alternate screen, scrolling, a smaller and a larger terminal, the end."""
    text = tmp_path / "text"
    text.write_text("".join(f"{n} \u6f22\u5b57 \u2713\n" for n in range(500)))
    async with shared_server() as server, server.client() as ant:
        name = (await ant.create("less", command=["less", str(text)]))["id"]
        own = {"sessionId": name}
        async with ant.socket() as socket:
            page = await join(socket, name)
            await until(socket, page, "28 \u6f22\u5b57")
            assert page.frame["alternate"]
            for keys in (" ", "j", "G", "g"):
                await socket.send("terminal_input", data=keys, **own)
                await check(ant, name, socket, page)
            for cols, rows in ((40, 12), (100, 50)):
                await socket.send("terminal_resize", cols=cols, rows=rows, **own)
                await resized(socket, page, (cols, rows))
                await until(socket, page, f"{rows - 2} \u6f22\u5b57")
                await check(ant, name, socket, page)
            await socket.send("terminal_input", data="q", **own)
            await exited(socket, page)
            await check(ant, name, socket, page)
            assert not page.frame["alternate"]
