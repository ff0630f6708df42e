"""Iterators over what goes on; `test_async_handles.py` has them on a real server."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
import trio
import trio.testing

from ant.client import Unreachable
from ant.client.errors import RETRY_S
from ant.client.feeds import AsyncEvents, AsyncMessages
from ant.core.errors import NotFound


class Stream(httpx.AsyncByteStream):
    """A body in these pieces, which then ends, breaks or goes on without a word."""

    def __init__(self, *pieces: bytes | Exception | None) -> None:
        self._pieces = pieces
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                await trio.sleep_forever()
            else:
                yield piece

    async def aclose(self) -> None:
        self.is_closed = True


def event(seq: int, **fields: Any) -> bytes:
    data = json.dumps({"type": "a", "seq": seq, **fields})
    return f"id: {seq}\nevent: a\ndata: {data}\n\n".encode()


GAP = b'event: gap\ndata: {"scope": "events", "from": 1, "to": 4}\n\n'
HI = b": still here\n\n"


class Server:
    """Opens these streams in turn; the last one for ever. `asked` is after what."""

    def __init__(self, *streams: Stream | Exception) -> None:
        self.streams = list(streams)
        self.asked: list[int] = []

    async def open(self, last: int) -> httpx.Response:
        self.asked.append(last)
        found = self.streams[0] if len(self.streams) == 1 else self.streams.pop(0)
        if isinstance(found, Exception):
            raise found
        return httpx.Response(200, stream=found)

    async def newest(self) -> int:
        return 7


async def test_events_come_once_each(autojump_clock: trio.testing.MockClock) -> None:
    """A connection that ends or breaks is opened again after the last whole event."""
    broken = Stream(HI, GAP, event(4), b"id: 5\nevent: a\n", httpx.ReadError("gone"))
    server = Server(broken, Stream(event(5)[:9], event(5)[9:]), Stream(event(6), None))
    events = AsyncEvents(server.open, server.newest, 0)
    got = [await anext(events) for _ in range(4)]
    assert [("gap", None), ("a", 4), ("a", 5), ("a", 6)] == [
        (each["type"], each.get("seq")) for each in got
    ]
    assert [0, 4, 5] == server.asked
    assert broken.is_closed


async def test_events_begin_when_the_caller_says() -> None:
    """Or with the first read."""
    server = Server(Stream(event(8), None))
    events = AsyncEvents(server.open, server.newest, None)
    await events.begin()
    assert 8 == (await anext(events))["seq"]
    assert [7] == server.asked


async def test_the_last_event_has_the_type_that_was_named() -> None:
    """Its connection is closed."""
    stream = Stream(event(1), event(2, type="b"), event(3))
    events = AsyncEvents(Server(stream).open, Server().newest, 0, until="b")
    assert [1, 2] == [each["seq"] async for each in events]
    assert stream.is_closed


async def test_a_lost_server_is_called_for_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Then the feed raises what the last call did."""
    server = Server(Stream(event(1)), Unreachable("no answer"))
    events = AsyncEvents(server.open, server.newest, 0)
    await anext(events)
    begin = trio.current_time()
    with pytest.raises(Unreachable, match="no answer"):
        await anext(events)
    assert RETRY_S <= trio.current_time() - begin < RETRY_S + 3
    assert 20 < len(server.asked) < 50


async def test_a_refusal_is_final(autojump_clock: trio.testing.MockClock) -> None:
    """Only a server that is lost is called again."""
    server = Server(Stream(event(1)), NotFound("session", "x"))
    events = AsyncEvents(server.open, server.newest, 0)
    await anext(events)
    with pytest.raises(NotFound):
        await anext(events)


async def test_a_cancelled_read_loses_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The next one opens another connection, where the last event was."""
    server = Server(Stream(event(1), None), Stream(event(2), None))
    events = AsyncEvents(server.open, server.newest, 0)
    await anext(events)
    with trio.move_on_after(5) as scope:
        await anext(events)
    assert scope.cancelled_caught
    assert 2 == (await anext(events))["seq"]
    assert [0, 1] == server.asked


async def test_tasks_share_a_feed(autojump_clock: trio.testing.MockClock) -> None:
    """Each row goes to one of them."""
    server = Server(Stream(*map(event, range(1, 21)), None))
    events = AsyncEvents(server.open, server.newest, 0, until="none")
    got: list[int] = []

    async def read() -> None:
        async for each in events:
            got.append(each["seq"])
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert [*range(1, 21)] == got


async def test_a_feed_that_is_closed_ends_its_reader() -> None:
    """Also one that waits for the next row."""
    server = Server(Stream(event(1), httpx.ReadError("closed")))
    events = AsyncEvents(server.open, server.newest, 0)
    await anext(events)
    await events.aclose()
    assert [] == [each async for each in events]
    assert [0] == server.asked


def pages(*found: Any) -> Callable[[str | None], Any]:
    """Reads of pages: ids of messages, or an error."""
    left = list(found)

    async def read(since: str | None) -> Any:
        page = left.pop(0)
        if isinstance(page, Exception):
            raise page
        wanted, ids, more = page
        assert wanted == since
        return {"messages": [{"id": each} for each in ids], "next": more}

    return read


async def test_messages_come_page_by_page(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """From the last one that was read; a server may be lost between two pages."""
    read = pages((None, ["a", "b"], "b"), Unreachable("no answer"), ("b", ["c"], None))
    feed = AsyncMessages(read, None, None)
    assert ["a", "b", "c"] == [each["id"] async for each in feed]


async def test_posts_are_followed_from_before_the_first_page() -> None:
    """An event makes the feed look again; a look may find none, or more than one."""
    server = Server(Stream(event(8), event(9), event(10), None))
    events = AsyncEvents(server.open, server.newest, None)
    read = pages(
        (None, ["a"], None),
        ("a", ["b", "c"], None),
        ("c", [], None),
        ("c", ["d"], None),
    )
    feed = AsyncMessages(read, None, events)
    assert ["a", "b", "c", "d"] == [(await anext(feed))["id"] for _ in range(4)]
    assert [7] == server.asked
    await feed.aclose()
    assert [] == [each async for each in feed]


async def test_a_room_that_is_not_there_is_told_at_once() -> None:
    """Nothing is called again that never answered."""
    for error in (NotFound("session", "x"), Unreachable("no answer")):
        with pytest.raises(type(error)):
            await anext(AsyncMessages(pages(error), None, None))
