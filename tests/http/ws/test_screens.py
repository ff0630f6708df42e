"""Screens over REST and the socket: drawn, and then gone on from."""

import pytest

from ant.http.routes.terminal import screen_page
from ant.http.ws.screens import screen_frame
from ant.http.ws.socket import FAR_BEHIND
from ant.model.sessions import SessionId, SessionType, Status
from ant.terminal.screen.display import Display, Drawing
from tests.http.ws.test_socket import connected
from tests.live.waiting import eventually
from tests.runtime.test_terminals import finished, look, printed
from tests.systems import Rig

ONE = SessionId("one")


def drawing(data: bytes = b"") -> Drawing:
    display = Display.blank(20, 3, 0)
    display.feed(data, len(data))
    return display.drawing()


def test_the_rest_answer_and_the_frame_agree() -> None:
    """The frame omits the lines, which the client sees after drawing it."""
    drawn = drawing(b"a\x1b]2;t\x07b")
    page = screen_page(ONE, Status.RUNNING, drawn)
    frame = screen_frame(ONE, drawn)
    assert ("ab", "", "") == page.lines
    assert ("t", 0, 2) == (page.title, page.cursor.row, page.cursor.col)
    assert page.ansi == frame["data"]
    assert {"row": 0, "col": 2, "visible": True} == frame["cursor"]
    assert (8, 20, 3) == (frame["offset"], frame["cols"], frame["rows"])


async def test_a_join_with_the_screen(rig: Rig) -> None:
    """Health, the screen, the answer, and then exactly the bytes that follow."""
    session = await rig.started()
    await printed(rig, session, b"one\r\n" * 50 + b"tw\xc3")
    async with connected(rig) as client:
        ack = await client.ask("join_session", sessionId=session.id, screen=True)
        health, shown = client.passed
        assert ("session_health", "screen") == (health["type"], shown["type"])
        assert 252 == ack["offset"] == shown["offset"]
        await printed(rig, session, b"\xa9!")
        assert "\u00e9!" == await client.read(session, 255)
    seen = Display.blank(shown["cols"], shown["rows"], shown["offset"])
    seen._screen.feed(shown["data"].encode())
    seen.feed(b"\xc3\xa9!", 255)
    page = await look(rig, session)
    assert page["lines"] == list(seen.drawing().lines)
    assert page["cursor"] == seen.drawing().cursor._asdict()


@pytest.mark.parametrize("ended", [False, True])
async def test_a_join_far_behind_may_skip_to_the_screen(rig: Rig, ended: bool) -> None:
    """A `gap` names the skipped bytes, and the screen replaces them."""
    session = await rig.started()
    await printed(rig, session, b"x" * 1000)
    if ended:
        await finished(rig, session)
    async with connected(rig) as client:
        joining = {"sessionId": session.id, "screen": True}
        await client.ask("join_session", **joining, **{"from": 10})
        _, gap, shown = client.passed
        assert {
            "type": "gap",
            "scope": "terminal",
            "sessionId": session.id,
            "from": 10,
            "to": 1000,
        } == gap
        assert ("screen", 1000) == (shown["type"], shown["offset"])
        client.passed.clear()
        await client.ask("join_session", **joining)
        assert ["session_health", "screen"] == [each["type"] for each in client.passed]


async def test_a_resume_far_behind_may_skip_to_the_screen(rig: Rig) -> None:
    """For each session: a `gap` and a screen for much, the bytes for little."""
    size = FAR_BEHIND + 10
    far = await rig.started("far")
    await printed(rig, far, b"x" * size)
    near = await rig.started("near")
    await printed(rig, near, b"y" * size)
    places = {far.id: 9, near.id: size - 3}
    async with connected(rig) as client:
        resuming = {"seq": rig.bus.seq, "sessions": places}
        await client.ask("resume", screen=True, **resuming)
        about = [each for each in client.passed if each.get("sessionId") == far.id]
        assert ["session_health", "gap", "screen"] == [each["type"] for each in about]
        assert (9, size) == (about[1]["from"], about[1]["to"])
        assert size == about[2]["offset"]
        output = await client.expect("terminal_output")
        assert (near.id, "yyy") == (output["sessionId"], output["data"])
        client.passed.clear()
        await client.ask("resume", **resuming)
        assert "screen" not in {each["type"] for each in client.passed}
        output = await client.expect("terminal_output")
        assert (far.id, 9) == (output["sessionId"], output["offset"])


async def test_a_skip_while_output_is_sent(rig: Rig) -> None:
    """The bytes sent, the gap and the screen are adjacent; nothing comes twice."""
    session = await rig.started()
    line = b"0123456789abcdef" * 4096
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        for _ in range(8):
            rig.terminals[0].say(line)
            await client.send("join_session", sessionId=session.id, screen=True)
        at = 0
        while at < 8 * len(line):
            frame = await client.receive()
            if frame["type"] == "terminal_output":
                assert at == frame["offset"]
                at = frame["end"]
            elif frame["type"] == "gap":
                assert at == frame["from"]
                at = frame["to"]
            elif frame["type"] == "screen":
                assert at == frame["offset"]


async def test_the_socket_that_set_the_size_answers_queries(rig: Rig) -> None:
    """Without an interactive socket the server answers; with one, that one does."""
    session = await rig.started()
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        await printed(rig, session, b"\x1b[5n")
        await eventually(lambda: b"\x1b[0n" == rig.terminals[0].written)
        size = {"cols": 70, "rows": 20}
        await client.ask("terminal_resize", sessionId=session.id, **size)
        await printed(rig, session, b"\x1b[5n")
        await look(rig, session)
        await rig.settle()
    assert b"\x1b[0n" == rig.terminals[0].written


async def test_a_chat_is_joined_without_a_screen(rig: Rig) -> None:
    """It has no screen; requesting one is no error."""
    session = await rig.create("talk", type=SessionType.CHAT)
    async with connected(rig) as client:
        ack = await client.ask("join_session", sessionId=session.id, screen=True)
        assert ("ack", []) == (ack["type"], client.passed)
