"""One connection over a real socket: its deadlines, and how a client ends it."""

import struct

import pytest
import trio

from ant.http.server import connection
from tests.http.server.test_listener import (
    frame,
    read_all,
    read_exactly,
    read_frame,
    read_until,
    serving,
)


async def test_small_input_is_reported_as_it_arrives() -> None:
    """A request and a frame; of a long body, its head at most."""
    calls: list[int] = []
    async with serving(on_small_input=lambda: calls.append(1)) as site:
        assert b" 200 " in await site.get()
        assert 1 == len(calls)
        async with await site.upgraded("/echo") as stream:
            before = len(calls)
            await stream.send_all(frame(1, b"x"))
            await read_frame(stream)
            assert before + 1 == len(calls)
            await stream.send_all(frame(1, b"x" * 60_000))
            await read_frame(stream)
            assert len(calls) <= before + 2, "what is left of a read may be short"


@pytest.mark.parametrize("flood", [False, True])
async def test_a_reset_ends_a_sending_loop(flood: bool) -> None:
    """A loop around `send` is cancelled when the client resets the connection."""
    async with serving() as site:
        stream = await site.upgraded("/pour")
        await site.entered.wait()
        if flood:
            with trio.move_on_after(0.1):
                while True:
                    await stream.send_all(frame(1, b"x" * 1000) * 50)
        await read_exactly(stream, 200_000)
        linger = struct.pack("ii", 1, 0)
        stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, linger)
        await stream.aclose()
        await site.left.wait()
        await site.is_well()


async def test_an_end_without_a_close_frame_ends_a_sending_loop() -> None:
    """An orderly end of the stream is detected as well."""
    async with serving() as site:
        stream = await site.upgraded("/pour")
        await stream.send_eof()
        await read_all(stream)
        await site.left.wait()
        await stream.aclose()
        await site.is_well()


@pytest.mark.slow
async def test_heads_have_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that comes slowly, or never, ends the connection; an idle one may stay."""
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    async with serving() as site, await site.connect() as stream:
        started = trio.current_time()
        with pytest.raises(trio.BrokenResourceError):
            await drip(stream, b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 1000)
        assert 0.2 < trio.current_time() - started < 2
        async with await site.connect() as silent:
            assert await read_all(silent) == b""
        async with await site.connect() as kept:
            await kept.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await read_until(kept, b"ok")
            with trio.move_on_after(0.4) as patience:
                await read_all(kept)
            assert patience.cancelled_caught
            await kept.send_all(b"G")
            assert await read_all(kept) == b""


async def drip(stream: trio.SocketStream, data: bytes) -> None:
    for at in range(len(data)):
        await stream.send_all(data[at : at + 1])
        await trio.sleep(0.02)


async def test_an_unauthenticated_connection_is_not_kept_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """If no request on it was accepted, the next one must come soon."""
    monkeypatch.setattr(connection, "UNAUTHENTICATED_IDLE_S", 0.05)
    async with serving() as site, await site.connect() as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await read_all(stream)).endswith(b"ok")
