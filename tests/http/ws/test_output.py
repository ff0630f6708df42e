"""Terminal bytes on their way to sockets."""

# The invariant: a cursor gets every byte once and in order, live or late, and every
# hole as a gap; a character is never cut, whatever moves while the store is read.

import json
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from ant.api import binary_output
from ant.core import clock
from ant.http.server.websocket import Binary, Encoded
from ant.http.ws import output
from ant.http.ws.output import OutputCursor, OutputRenderer, scrollback_start
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from tests.strategies import terminal_bytes

ONE = SessionId("one")
AT = clock.parse_stamp("2026-05-17T12:00:00Z")


class MemoryStore:
    """Chunks as the database has them."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.reads = self.left_out = 0

    def store(self, flow: OutputFlow, limit: int) -> None:
        """What the transcript writer does: the next chunk, of at most `limit`."""
        if pending := flow.tail.pending(limit):
            offset, data = pending[0]
            self.add(offset, data[:limit])
            flow.mark_stored(offset + len(data[:limit]))

    def add(self, offset: int, data: bytes) -> None:
        self.chunks.append(Chunk(len(self.chunks), ONE, offset, AT, data))


def _chunks_from(
    store: MemoryStore, offset: int, limit: int, budget: int
) -> list[Chunk]:
    found: list[Chunk] = []
    for chunk in store.chunks:
        if chunk.end > offset and len(found) < limit and budget > 0:
            found.append(chunk)
            budget -= chunk.end - max(chunk.offset, offset)
    return found


@attrs.define
class FakeUnit:
    """What `evidence.read_on` needs of a unit."""

    store: MemoryStore

    @property
    def transcripts(self) -> "FakeUnit":
        return self

    def read(self, _: str, offset: int, limit: int, budget: int) -> list[Chunk]:
        return _chunks_from(self.store, offset, limit, budget)

    def end(self, _: str) -> int:
        ends = (chunk.end for chunk in self.store.chunks)
        return max(*ends, self.store.left_out, 0)


def read_message(frame: Encoded | Binary) -> dict[str, Any]:
    """A frame, or what a binary message says; its bytes become characters."""
    if isinstance(frame, Encoded):
        body: dict[str, Any] = json.loads(frame)
        return body
    kind, stream, offset = binary_output.HEADER.unpack_from(frame)
    assert (binary_output.OUTPUT, 7) == (kind, stream)
    data = frame[binary_output.HEADER.size :].decode("latin-1")
    end = offset + len(data)
    return {"type": "terminal_output", "data": data, "offset": offset, "end": end}


class World:
    """One session's flow and store, and one viewer that writes down what it gets."""

    def __init__(
        self, start: int = 0, keep: int = 6, stream: int | None = None
    ) -> None:
        self.store = MemoryStore()
        self.unit = FakeUnit(self.store)
        self.flows: dict[SessionId, OutputFlow] = {}
        self.renderer = OutputRenderer(self, self.flows)  # type: ignore[arg-type]
        self.cursor = OutputCursor(ONE, start, stream)
        self.frames: list[dict[str, Any]] = []
        self.keep = keep
        self.meanwhile: list[Callable[[], None]] = []

    async def read(self, work: Callable[..., Any], *args: Any) -> Any:
        """The journal's part: something may happen while it reads."""
        self.store.reads += 1
        found = work(self.unit, *args)
        if self.meanwhile:
            self.meanwhile.pop()()
        await trio.lowlevel.checkpoint()
        return found

    def begin(self, start: int) -> OutputFlow:
        """A new run, numbered from there."""
        self.flows[ONE] = OutputFlow(Tail(start, capacity=10_000, keep=self.keep))
        return self.flows[ONE]

    def move(self, kind: str, count: int) -> None:
        """The transcript writer, the detector or the end of the run."""
        flow = self.flows.get(ONE)
        if flow is None:
            return
        if kind == "store":
            self.store.store(flow, count)
        elif kind == "see":
            flow.mark_seen(min(flow.tail.end, flow.tail.seen + count))

    def end(self) -> None:
        """All is stored, and the run is over."""
        flow = self.flows[ONE]
        flow.mark_seen(flow.tail.end)
        while flow.tail.stored < flow.tail.end:
            self.store.store(flow, 1000)
        flow.finish()
        flow.tail.trim()

    async def look(self) -> bool:
        """One frame, if there is one."""
        before = self.cursor.offset
        frame = await self.renderer.advance(self.cursor)
        if frame is None:
            assert before == self.cursor.offset
            return False
        body = read_message(frame)
        self.frames.append(body)
        start = body["offset" if body["type"] == "terminal_output" else "from"]
        end = body["end" if body["type"] == "terminal_output" else "to"]
        assert (before, self.cursor.offset) == (start, end)
        assert start < end
        return True

    async def look_on(self) -> None:
        """Until there is nothing more."""
        while await self.look():
            pass

    def text(self) -> str:
        """What was shown; a gap is `<from-to>`."""
        return "".join(
            frame["data"]
            if frame["type"] == "terminal_output"
            else f"<{frame['from']}-{frame['to']}>"
            for frame in self.frames
        )


MOVES = st.tuples(st.sampled_from(["store", "see", "look"]), st.integers(1, 12))


@given(
    terminal_bytes().filter(len),
    st.lists(st.integers(1, 9), max_size=20),
    st.lists(MOVES, max_size=60),
    st.lists(MOVES, max_size=20),
    st.integers(0, 8),
    st.sampled_from([7, 11, 65536]),
    st.sampled_from([None, 7]),
)
def test_no_byte_is_twice_or_missing_at_any_split(
    data: bytes,
    pieces: list[int],
    moves: list[tuple[str, int]],
    meanwhile: list[tuple[str, int]],
    keep: int,
    frame_size: int,
    stream: int | None,
) -> None:
    """However bytes come, are stored, forgotten and looked at, they are the same."""

    async def main() -> None:
        world = World(keep=keep, stream=stream)
        world.begin(0)
        rest = data

        def feed() -> None:
            nonlocal rest
            size = pieces.pop() if pieces else 5
            world.flows[ONE].append(rest[:size])
            rest = rest[size:]

        def act(kind: str, count: int) -> Callable[[], None]:
            def now() -> None:
                world.move(kind, count)
                feed()

            return now

        world.meanwhile = [act(kind, count) for kind, count in meanwhile]
        for kind, count in moves:
            feed()
            if kind == "look":
                await world.look()
            else:
                world.move(kind, count)
        while rest:
            feed()
        await world.look_on()
        world.end()
        await world.look_on()
        assert len(data) == world.cursor.offset
        expected = data.decode("latin-1" if stream else "utf-8", "replace")
        assert expected == world.text()

    with patch.object(output, "MAX_READ", frame_size):
        trio.run(main)


@given(
    st.lists(
        st.tuples(terminal_bytes(10).filter(len), st.integers(1, 5)),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, 3),
    st.booleans(),
    st.sampled_from([None, 7]),
)
def test_gaps_are_reported_at_any_split(
    runs: list[tuple[bytes, int]], late: int, restarted: bool, stream: int | None
) -> None:
    """Between interrupted runs there is a gap, and no text is joined across it."""

    async def main() -> None:
        world, expected, offset = World(stream=stream), "", 0
        for number, (data, hole) in enumerate(runs):
            world.begin(offset)
            world.flows[ONE].append(data)
            if number >= late:
                await world.look_on()
            expected += data.decode("latin-1" if stream else "utf-8", "replace")
            world.end()
            offset += len(data)
            if number + 1 < len(runs):
                expected += f"<{offset}-{offset + hole}>"
                offset += hole
        if restarted:
            world.flows.clear()
        await world.look_on()
        assert expected == world.text()

    trio.run(main)


async def test_an_incomplete_character_waits_for_its_rest() -> None:
    """It is held back while it may be completed; otherwise it becomes U+FFFD."""
    world = World(keep=100)
    flow = world.begin(0)
    flow.append(b"a\xe6\xbc")
    await world.look_on()
    assert "a" == world.text()
    flow.append(b"\xa2\xe6")
    await world.look_on()
    assert "a\u6f22" == world.text()
    flow.finish()
    await world.look_on()
    assert "a\u6f22\ufffd" == world.text()
    assert 0 == world.store.reads


async def test_a_full_frame_of_a_finished_run_cuts_no_character() -> None:
    """What follows is in the next frame, so the last character waits for it."""
    world = World(keep=100)
    flow = world.begin(0)
    flow.append("ab\u6f22c".encode())
    flow.finish()
    with patch.object(output, "MAX_READ", 3):
        await world.look_on()
    assert "ab\u6f22c" == world.text()


async def test_a_character_across_store_and_tail_is_whole() -> None:
    """Its first byte is only in the store, its rest only in the tail."""
    world = World(keep=0)
    flow = world.begin(0)
    flow.append(b"a\xe6")
    flow.mark_seen(2)
    world.store.store(flow, 10)
    assert 2 == flow.tail.base
    await world.look_on()
    assert "a" == world.text()
    flow.append(b"\xbc")
    await world.look_on()
    assert "a" == world.text()
    flow.append(b"\xa2\xe6\xbc")
    await world.look_on()
    assert "a\u6f22" == world.text()


async def test_the_end_of_the_store_is_read_once() -> None:
    """For a session that does not run, the database is not read a second time."""
    world = World()
    world.store.add(0, b"abc")
    await world.look_on()
    assert "abc" == world.text()
    reads = world.store.reads
    assert not await world.look()
    assert reads == world.store.reads
    world.begin(3).append(b"def")
    await world.look_on()
    assert "abcdef" == world.text()


async def test_a_gap_at_the_end_is_reported_without_a_run() -> None:
    """Its bytes do not exist, and no run says where output continues."""
    world = World()
    world.store.add(0, b"abc")
    world.store.left_out = 9
    await world.look_on()
    assert "abc<3-9>" == world.text()


async def test_one_rendering_serves_all_who_are_at_the_same_place() -> None:
    """Two cursors at one offset get the very same text."""
    world = World(keep=100)
    world.begin(0).append(b"abc")
    other = OutputCursor(ONE, 0)
    frame = await world.renderer.advance(world.cursor)
    assert frame is await world.renderer.advance(other)
    assert 3 == other.offset


async def test_one_copy_of_bytes_serves_all_who_are_at_the_same_place() -> None:
    """Each message has the number of its own stream; text is rendered beside it."""
    world = World(keep=100)
    world.begin(0).append(b"a\xe6")
    assert b"a" in (await world.renderer.advance(world.cursor) or b"")
    for stream in (3, 4):
        cursor = OutputCursor(ONE, 0, stream)
        message = await world.renderer.advance(cursor)
        assert binary_output.HEADER.pack(1, stream, 0) + b"a\xe6" == message
        assert 2 == cursor.offset
    assert 2 == len(world.renderer._recent)


async def test_a_cancelled_read_does_not_move_the_cursor() -> None:
    """The next read continues at the same offset."""
    world = World()
    world.store.add(0, b"abc")
    with trio.CancelScope() as scope:
        scope.cancel()
        await world.look()
    assert scope.cancelled_caught
    assert 0 == world.cursor.offset
    await world.look_on()
    assert "abc" == world.text()


@pytest.mark.parametrize(
    ("data", "oldest", "expected"),
    [
        (b"one\ntwo\n", 0, 0),
        (b"x" * output.SCROLLBACK, 0, 0),
        (b"x\n" * output.SCROLLBACK, 0, output.SCROLLBACK + 2),
        (b"y" * 9 + b"x" * output.SCROLLBACK, 0, 9),
        (b"one\ntwo\n", 1, 4),
    ],
)
def test_scrollback_begins_with_a_line(data: bytes, oldest: int, expected: int) -> None:
    """Not too far back, and at the beginning of a line where there is one."""
    flow = OutputFlow(Tail(0, keep=1 << 20))
    flow.append(data)
    assert expected == scrollback_start(flow, oldest)
