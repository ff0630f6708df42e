"""A terminal that is followed over lost connections."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from ant.client import (
    AntClient,
    Connected,
    ConnectionLost,
    Disconnected,
    Exit,
    Item,
    Output,
    Screen,
    SizeChanged,
    TerminalStream,
    Unreachable,
)
from ant.core.errors import Gone, NotFound, NotRunning
from tests.cli.real import Proxy, RealServer, proxy_of, real_server

pytestmark = pytest.mark.slow

PATIENCE_S = 30

ECHO = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
while (data := os.read(0, 4096)) != b"q":
    os.write(1, data)
os._exit(4)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def proxy(server: RealServer) -> Iterator[Proxy]:
    with proxy_of(server) as leading:
        yield leading


@asynccontextmanager
async def following(
    url: str, command: list[str] | None = None, **how: Any
) -> AsyncIterator[tuple[AntClient, str, TerminalStream]]:
    """A terminal that echoes, and a stream of it; the terminal goes at the end."""
    with trio.fail_after(PATIENCE_S):
        async with AntClient(url) as ant:
            argv = command or [sys.executable, "-c", ECHO]
            row = await ant.create(f"echo {id(how)}", command=argv)
            how = {"from_": 0, **how}
            async with ant.follow(row["id"], **how) as stream:
                yield ant, row["id"], stream
            with suppress(httpx.ConnectError):
                await ant.remove(row["id"], hard=True)


async def take(stream: TerminalStream, done: Callable[[Item], bool]) -> list[Item]:
    """The items up to the first for which this holds."""
    items = []
    async for item in stream:
        items.append(item)
        if done(item):
            return items
    raise AssertionError(items)


async def read(stream: TerminalStream, size: int) -> bytes:
    """The next bytes, at least so many, without a seam."""
    data = b""
    while len(data) < size:
        item = await stream.receive()
        if isinstance(item, Output):
            assert stream.offset == item.end
            data += item.data
    return data


def is_exit(item: Item) -> bool:
    return isinstance(item, Exit)


async def test_from_the_first_byte_to_the_exit(server: RealServer) -> None:
    """Bytes as they are, with offsets; then the code, and the end."""
    data = bytes(range(256))
    async with following(server.url) as (_, _, stream):
        assert Connected(0) == await stream.receive()
        assert b"ready" == await read(stream, 5)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.type, data)
            assert data == await read(stream, 256)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.type, b"q")
            *_, ended = await take(stream, is_exit)
        assert Exit("exited", 4, None, None) == ended
        with pytest.raises(trio.EndOfChannel):
            await stream.receive()


async def test_what_has_ended(server: RealServer) -> None:
    """All that is stored, and how it ended; also by a signal."""
    script = ["sh", "-c", "printf some; kill -9 $$"]
    async with following(server.url, script) as (ant, session_id, stream):
        first = await take(stream, is_exit)
        async with ant.follow(session_id, from_=1) as again:
            second = await take(again, is_exit)
    for items, expected in ((first, b"some"), (second, b"ome")):
        assert expected == b"".join(i.data for i in items if isinstance(i, Output))
        assert Exit("exited", None, 9, None) == items[-1]


async def test_an_end_that_is_not_recorded_yet(server: RealServer) -> None:
    """Of many programs that end as the stream joins, some are noticed in between."""
    for _ in range(40):
        async with following(server.url, ["sh", "-c", "exit 3"]) as (_, _, stream):
            (*_, ended) = await take(stream, is_exit)
        assert Exit("exited", 3, None, None) == ended


async def test_a_screen_at_its_size(server: RealServer) -> None:
    """The stream owns the size, and the drawing has it; leaving gives it back."""
    async with following(server.url, size=(50, 10), screen=True, from_=None) as (
        ant,
        session_id,
        stream,
    ):
        items = await take(stream, lambda item: isinstance(item, SizeChanged))
        screen = next(item for item in items if isinstance(item, Screen))
        assert (50, 10) == (screen.cols, screen.rows)
        assert SizeChanged(50, 10, "self") == items[-1]
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.resize, 60, 20)
            await take(stream, lambda item: item == SizeChanged(60, 20, "self"))
        await stream.leave()
        terminal = (await ant.session(session_id))["terminal"]
        assert (120, 30) == (terminal["cols"], terminal["rows"])


async def test_a_lost_connection(proxy: Proxy) -> None:
    """No byte is lost, and none comes twice; nothing is typed meanwhile."""
    async with following(proxy.url, size=(50, 10)) as (ant, session_id, stream):
        seen = await read(stream, 5)
        for part in range(5):
            proxy.cut()
            await take(stream, lambda item: isinstance(item, ConnectionLost))
            assert not stream.is_connected
            with pytest.raises(Disconnected):
                await stream.type(b"never typed")
            with pytest.raises(Disconnected):
                await stream.type(b"\xff")
            await stream.resize(50 + part, 10)  # The next connection has it.
            sent = b"<%d>" % part * 1000
            async with AntClient(ant.url) as other:
                await other.type(session_id, sent)
            items = await take(stream, lambda item: isinstance(item, Connected))
            missed = b"".join(i.data for i in items if isinstance(i, Output))
            seen += missed
            if len(missed) < len(sent):
                seen += await read(stream, len(sent) - len(missed))
            await take(stream, SizeChanged(50 + part, 10, "self").__eq__)
        expected = b"".join(b"<%d>" % part * 1000 for part in range(5))
        assert b"ready" + expected == seen


async def test_far_behind(server: RealServer, proxy: Proxy) -> None:
    """A stream with a screen gets a drawing, one without gets the bytes."""
    size = 200_000
    script = f"read x; head -c {size} /dev/zero | tr '\\\\0' y; printf end; read x"
    argv = ["sh", "-c", f"stty -echo; printf up; {script}"]
    async with following(proxy.url, argv) as (ant, session_id, stream):
        assert b"up" == await read(stream, 2)
        async with ant.follow(session_id, screen=True) as drawn:
            await take(drawn, lambda item: isinstance(item, Screen))
            proxy.lead_to(None)
            proxy.cut()
            await take(stream, lambda item: isinstance(item, ConnectionLost))
            await take(drawn, lambda item: isinstance(item, ConnectionLost))
            async with AntClient(server.url) as direct:
                await direct.type(session_id, "\r")
                await direct.wait(session_id, "output:end", after="0")
            proxy.lead_to(server)
            *_, screen = await take(drawn, lambda item: isinstance(item, Screen))
            assert isinstance(screen, Screen)
            assert size + 5 == screen.offset
            assert size + 3 == len(await read(stream, size + 3))


async def test_another_run(proxy: Proxy) -> None:
    """The exit of a run is never that of a later one."""
    async with following(proxy.url) as (ant, session_id, stream):
        await read(stream, 5)
        proxy.cut()
        await take(stream, lambda item: isinstance(item, ConnectionLost))
        async with AntClient(ant.url) as other:
            await other.type(session_id, "q")
            await other.wait(session_id, "exit", after="0")
            await other.start(session_id)
        *_, ended = await take(stream, is_exit)
        assert isinstance(ended, Exit)
        assert (None, None) == (ended.exit_code, ended.exit_signal)


async def test_the_server_stays_away(tmp_path: Path) -> None:
    """After the patience of the caller the stream raises."""
    with real_server(tmp_path) as server:
        async with following(server.url, retry_s=0.5) as (_, _, stream):
            await read(stream, 5)
            server.kill()
            with pytest.raises(Unreachable):
                await take(stream, is_exit)


async def test_what_cannot_be_followed(server: RealServer) -> None:
    """The error of the server, or of the connection, at the first item."""
    async with AntClient(server.url) as ant:
        chat = await ant.create("talk", "chat")
        gone = await ant.create("gone", command=["cat"])
        await ant.remove(gone["id"])
        for session_id, error in (
            ("nobody", NotFound),
            (chat["id"], NotRunning),
            (gone["id"], Gone),
        ):
            with pytest.raises(error):
                async with ant.follow(session_id) as stream:
                    await stream.receive()
        await ant.remove(chat["id"])
    async with AntClient("http://127.0.0.1:1") as ant:
        with pytest.raises(Unreachable):
            async with ant.follow("x") as stream:
                await stream.receive()
