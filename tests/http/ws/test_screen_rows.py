"""The rows of a terminal, put together again from what changed."""

# The invariant: a client that applies every `screen_rows` has exactly the rows of the
# server's screen whenever a frame is `complete`, at whatever pace it takes the frames.

import json
from typing import Any

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from ant.core.fair_turns import LARGE
from ant.http.ws import screen_rows
from ant.http.ws.screen_rows import RowsCursor, RowsRenderer
from ant.model.sessions import Session, SessionId
from ant.terminal.screen import emulator
from ant.terminal.screen.display import Display, ShownScreen
from ant.terminal.screen.style import Run, Style
from tests.http.ws.test_socket import Client, connected
from tests.runtime.test_terminals import finished, look, printed
from tests.strategies import terminal_bytes
from tests.systems import PATIENCE_S, Rig
from tests.terminal.recorded import FOLDER, Recording, recordings

ONE = SessionId("one")


@attrs.define(eq=False)
class Page:
    """What a client draws of the frames."""

    cols: int = 0
    rows: list[list[dict[str, Any]]] = attrs.field(factory=list)
    frame: dict[str, Any] = attrs.field(factory=dict)
    frames: int = 0

    def apply(self, frame: dict[str, Any]) -> None:
        """Draw a frame."""
        self.frames += 1
        if frame["full"]:
            self.cols, self.rows = frame["cols"], [[] for _ in range(frame["rows"])]
        assert (self.cols, len(self.rows)) == (frame["cols"], frame["rows"])
        for each in frame["changed"]:
            self.rows[each["row"]] = each["spans"]
        self.frame = frame

    @property
    def text(self) -> list[str]:
        return ["".join(s["text"] for s in spans).rstrip(" ") for spans in self.rows]

    def check(self, shown: ShownScreen) -> None:
        """It shows exactly this, with every attribute."""
        assert self.frame["complete"]
        assert [[run_of(span) for span in spans] for spans in self.rows] == [
            list(row) for row in shown.rows
        ]
        assert self.cols == shown.cols
        assert self.frame["cursor"] == shown.cursor._asdict()
        assert self.frame["title"] == shown.title
        assert self.frame["alternate"] == shown.alternate


def run_of(span: dict[str, Any]) -> Run:
    """The run that a span stands for."""
    style = {key: value for key, value in span.items() if key != "text"}
    for key in ("fg", "bg"):
        colour = style.get(key)
        if colour and colour.startswith("#"):
            parts = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
            style[key] = "2;" + ";".join(map(str, parts))
        elif colour:
            style[key] = f"5;{colour}"
    return Run(span["text"], Style(**style))


SEQUENCES = (
    *("\x1b[2J", "\x1b[H", "\x1b[K", "\x1b[1K", "\x1b[L", "\x1b[M", "\x1b[P", "\x1b[@"),
    *("\x1b[?1049h", "\x1b[?1049l", "\x1b[3;8r", "\x1b[r", "\x1bM", "\x1bD", "\x1b7"),
    *("\x1b8", "\x1b[5;5H", "\x1b[A", "\x1b[3C", "\x1b[?25l", "\x1b[?25h", "\r\n"),
    *("\x1b[m", "\x1b[1;31m", "\x1b[38;5;208m", "\x1b[48;2;1;200;30m", "\x1b[7m"),
    *("\x1b[3;4;9m", "\x1b[4:3m", "\x1b[58;5;7m", "\x1b[8m", "\x1b[28m", "\x1b[2m"),
    *("\x1b]2;a title\x07", "\x1b]8;;http://x\x07", "\x1b]8;;\x07", "\x1bc", "\t"),
    *("\x1b#8", "\x1b[4h", "\x1b[20S", "\x1b[2T", "\x1b(0", "\x1b(B"),
)
DRAWN = st.lists(st.sampled_from(SEQUENCES), max_size=12)
OUTPUT = terminal_bytes(20) | DRAWN.map("".join).map(str.encode)
STEPS = st.lists(
    st.tuples(
        OUTPUT,
        st.sampled_from([None, None, None, (20, 6), (3, 2), (70, 12)]),
        st.sets(st.integers(0, 2)),
    ),
    max_size=12,
)


def advance(watched: screen_rows._Watched, cursor: RowsCursor, page: Page) -> bool:
    """Send one frame to a client, if there is something new; as the renderer does."""
    assert watched.shown is not None
    if cursor.look == watched.look:
        return False
    frame, cursor.place, is_complete = screen_rows._frame(
        cursor, watched, watched.shown
    )
    cursor.size_look = watched.size_look
    if is_complete:
        cursor.look = watched.look
    page.apply(json.loads(frame))
    return True


@pytest.mark.parametrize("frame_max", [1, 300, screen_rows.FRAME_MAX])
def test_the_rows_are_those_of_the_screen(
    monkeypatch: pytest.MonkeyPatch, frame_max: int
) -> None:
    """After any output and size, for clients of any pace, and frames of any size."""
    monkeypatch.setattr(screen_rows, "FRAME_MAX", frame_max)

    @settings(max_examples=60)
    @given(STEPS)
    def check(steps: list[tuple[bytes, tuple[int, int] | None, set[int]]]) -> None:
        display, watched, end = Display.blank(20, 6, 0), screen_rows._Watched(), 0
        clients = [(RowsCursor(ONE), Page()) for _ in range(3)]
        for data, size, takers in steps:
            end += len(data)
            display.feed(data, end)
            if size is not None:
                display.resize(*size)
            watched.update(display.shown())
            for taker in takers:
                advance(watched, *clients[taker])
        watched.update(display.shown())
        snapshot = display.look(None, 0.0)
        for cursor, page in clients:
            while advance(watched, cursor, page):
                pass
            page.check(display.shown())
            assert list(snapshot.lines) == page.text

    check()


NAMES = ("claude-code", "codex-cli", "gemini-cli", "htop", "less", "top", "vim", "rich")
RECORDED = [
    next(each for each in recordings() if each.name.startswith(name))
    for name in NAMES
    if (FOLDER / name).exists()
]


@pytest.mark.parametrize("recording", RECORDED, ids=lambda each: each.name)
def test_the_rows_of_real_programs(recording: Recording) -> None:
    """In pieces; one client takes every frame, another one only every seventh."""
    display = Display.blank(recording.cols, recording.rows, 0)
    watched = screen_rows._Watched()
    clients = [(RowsCursor(ONE), Page()) for _ in range(2)]
    pieces = range(0, len(recording.data), max(len(recording.data) // 60, 1))
    for number, start in enumerate((*pieces, len(recording.data))):
        display.feed(recording.data[display.end : start], start)
        watched.update(display.shown())
        for (cursor, page), every in zip(clients, (1, 7), strict=True):
            if number % every == 0 or start == len(recording.data):
                while advance(watched, cursor, page):
                    pass
                page.check(display.shown())


async def joined(client: Client, session: Session) -> Page:
    """A socket that has joined for the rows, and its first, full frame."""
    ack = await client.ask("join_session", sessionId=session.id, screenRows=True)
    assert {"type", "ref", "sessionId"} == ack.keys()
    page = Page()
    frame = await client.expect("screen_rows")
    assert frame["full"]
    page.apply(frame)
    return page


async def until(client: Client, page: Page, text: str) -> None:
    """Draw frames until this is shown; no output comes beside them."""
    with trio.fail_after(PATIENCE_S):
        while not (page.frame["complete"] and text in "\n".join(page.text)):
            frame = await client.receive()
            assert frame["type"] != "terminal_output"
            if frame["type"] == "screen_rows":
                page.apply(frame)


async def test_a_socket_gets_rows_in_place_of_output(rig: Rig) -> None:
    """At first all, then what changed; the same as over REST."""
    session = await rig.started()
    await printed(rig, session, b"one\r\n\x1b[1;31mtwo\x1b[m")
    async with connected(rig) as client:
        page = await joined(client, session)
        await until(client, page, "two")
        assert [{"text": "two", "fg": "1", "bold": True}] == page.rows[1]
        await printed(rig, session, b"\r\nthree \xf0\x9f\x99\x82\xe6")
        await until(client, page, "three \U0001f642")
        assert [2] == [each["row"] for each in page.frame["changed"]]
        assert not page.frame["full"]
        screen = await look(rig, session)
        assert screen["lines"] == page.text
        assert screen["offset"] == page.frame["offset"]
        rig.system.supervisor.need(session.id).resize(50, 10)
        await until(client, page, "three")
        while len(page.rows) != 10:
            page.apply(await client.expect("screen_rows"))
        assert (50, True) == (page.cols, page.frame["full"])
        await client.ask("leave_session", sessionId=session.id)
    assert 0 == rig.system.services.broadcaster.count()


async def test_the_last_screen_stays_and_a_new_run_follows(rig: Rig) -> None:
    """Also for a socket that joins after the end."""
    session = await rig.started()
    async with connected(rig) as client:
        page = await joined(client, session)
        await printed(rig, session, b"\x1b[1mlast words")
        await finished(rig, session)
        await until(client, page, "last words")
        async with connected(rig) as late:
            seen = await joined(late, session)
            await until(late, seen, "last words")
            assert [{"text": "last words", "bold": True}] == seen.rows[0]
            await rig.system.supervisor.start(session.id)
            await printed(rig, session, b"again")
            for each, drawn in ((client, page), (late, seen)):
                await until(each, drawn, "again")
                assert "last words" not in "\n".join(drawn.text)


async def test_a_socket_may_change_between_rows_and_output(rig: Rig) -> None:
    """Each join says which."""
    session = await rig.started()
    async with connected(rig) as client:
        await joined(client, session)
        await client.ask("join_session", sessionId=session.id, **{"from": 0})
        await printed(rig, session, b"bytes")
        assert "bytes" == await client.read(session, 5)
        page = await joined(client, session)
        await until(client, page, "bytes")


@pytest.mark.parametrize("more", [{"from": 0}, {"screen": True}, {"binary": True}])
async def test_rows_come_alone(rig: Rig, more: dict[str, Any]) -> None:
    """A join asks for rows or for bytes."""
    session = await rig.started()
    async with connected(rig) as client:
        own = {"sessionId": session.id, "screenRows": True}
        error = await client.ask("join_session", **own, **more)
        assert 400 == error["status"]


async def test_without_a_screen_library_there_are_no_rows(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The join is refused, and leaves nothing behind."""
    session = await rig.started()
    monkeypatch.setattr(emulator, "ADAPTERS", [])
    async with connected(rig) as client:
        own = {"sessionId": session.id, "screenRows": True}
        assert 409 == (await client.ask("join_session", **own))["status"]
        assert 0 == rig.system.presence.count()


async def test_looks_are_shared_and_bounded(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many sockets cost one look each tenth of a second, in a flood four a second.

    Without a socket that watches rows there is none.
    """
    looks = 0
    shown = Display.shown

    def counted(self: Display) -> ShownScreen:
        nonlocal looks
        looks += 1
        return shown(self)

    monkeypatch.setattr(Display, "shown", counted)
    session = await rig.started()
    renderer = RowsRenderer(rig.system)
    live = rig.system.supervisor.need(session.id)
    await printed(rig, session, b"unwatched")
    assert 0 == looks
    now = trio.current_time()
    monkeypatch.setattr(trio, "current_time", lambda: now)
    with renderer.watching(session.id):
        cursors = [RowsCursor(session.id) for _ in range(20)]
        for flood, every_s in (
            (False, screen_rows.LOOK_EVERY_S),
            (True, screen_rows.FLOOD_EVERY_S),
        ):
            looks, start = 0, now
            for number in range(200):
                live.flow.append(b"%d\r\n" % number + b"x" * (LARGE if flood else 0))
                assert live.flow.floods is flood
                live.flow.mark_seen(live.flow.tail.end)
                for cursor in cursors:
                    while await renderer.advance(cursor) is not None:
                        pass
                    assert cursor.look == renderer._watched[session.id].look
                now += 0.02
            assert looks <= (now - start) / every_s + 1
            assert looks >= (now - start) / every_s / 2
        await renderer.advance(cursors[0])
        live.flow.append(b"more")
        assert now < renderer.due(cursors[0]) <= now + screen_rows.FLOOD_EVERY_S
    assert {} == renderer._watched


def test_a_row_of_combining_characters_is_cut() -> None:
    """A frame stays bounded, whatever is piled up in a cell."""
    piled = (Run("a" + "\u0301" * 50_000, Style()), Run("b", Style(bold=True)))
    assert screen_rows.ROW_MAX == sum(
        len(run.text) for run in screen_rows._bounded(piled)
    )


async def test_one_rendering_serves_all_who_have_the_same_rows(rig: Rig) -> None:
    """The very same frame."""
    session = await rig.started()
    await printed(rig, session, b"text")
    renderer = RowsRenderer(rig.system)
    with renderer.watching(session.id):
        one, two = RowsCursor(session.id), RowsCursor(session.id)
        frame = await renderer.advance(one)
        assert frame is not None
        assert frame is await renderer.advance(two)
        assert one.place == two.place
        assert await renderer.advance(one) is None
