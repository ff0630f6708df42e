"""Screens over REST and the socket: drawn, and then gone on from."""

from ant.http.screens import draw, screen_frame, screen_page
from ant.model import Session, SessionId, Status
from ant.terminal.display import Display, Drawing
from tests.systems import Rig

ONE = SessionId("one")


def drawing(data: bytes = b"") -> Drawing:
    display = Display.blank(20, 3, 0)
    display.feed(data, len(data))
    return display.drawing()


def test_a_page_and_a_frame_say_the_same() -> None:
    """The frame leaves out what its reader sees when it has drawn it."""
    drawn = drawing(b"a\x1b]2;t\x07b")
    page = screen_page(ONE, Status.RUNNING, drawn)
    frame = screen_frame(ONE, drawn)
    assert ("ab", "", "") == page.lines
    assert ("t", 0, 2) == (page.title, page.cursor.row, page.cursor.col)
    assert page.ansi == frame["data"]
    assert {"row": 0, "col": 2, "visible": True} == frame["cursor"]
    assert (8, 20, 3) == (frame["offset"], frame["cols"], frame["rows"])


async def said(rig: Rig, session: Session, data: bytes) -> None:
    """The program says this, and it was read."""
    live = rig.system.supervisor.need(session.id)
    end = live.flow.tail.end + len(data)
    rig.terminals[-1].say(data)
    await live.flow.wait_beyond(end - 1)


async def test_a_running_program_is_drawn_as_it_is(rig: Rig) -> None:
    """Up to the last byte that was read."""
    session = await rig.started()
    await said(rig, session, b"hello")
    drawn = await draw(rig.system, session.id)
    assert ("hello", 5) == (drawn.lines[0], drawn.offset)
