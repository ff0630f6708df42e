"""How connections end: at the stop, by a cancellation, and without progress."""

from __future__ import annotations

import os
import socket
import struct

import pytest
import trio
import trio.testing

from ant.core.counters import Limit
from tests.http.server.test_listener import (
    read_all,
    read_exactly,
    read_frame,
    read_until,
    serving,
    upgrade,
)


async def test_sockets_are_not_inherited_and_are_closed() -> None:
    """No child can hold the port, and after `serve` nothing holds it."""
    before = sockets()
    async with serving() as site:
        async with await site.upgraded("/until-stopped"):
            await site.entered.wait()
            mine = sockets() - before
            assert len(mine) >= 3
            assert not any(os.get_inheritable(fd) for fd in mine)
            site.stopped.set()
            await site.done.wait()
        with pytest.raises(OSError, match="connect"):
            await site.connect()
        assert sockets() == before


async def test_stop_lets_websockets_close() -> None:
    """The handler's 1001 reaches the client, and `serve` returns soon."""
    async with serving() as site, await site.upgraded("/until-stopped") as stream:
        await site.entered.wait()
        with trio.fail_after(0.8):
            site.stopped.set()
            assert await read_frame(stream) == (8, struct.pack("!H", 1001))
            assert await read_all(stream) == b""
            await stream.aclose()
            await site.done.wait()


async def test_stop_lets_a_request_finish() -> None:
    """No new connection after the stop, but the answer to an earlier request."""
    async with serving() as site, await site.connect() as stream:
        await stream.send_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await site.entered.wait()
        site.stopped.set()
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(OSError, match="connect"):
            await site.connect()
        assert not site.done.is_set()
        site.release.set()
        assert (await read_all(stream)).endswith(b"waited")
        await stream.aclose()
        await site.done.wait()


async def test_stop_closes_what_is_idle_at_once() -> None:
    """New connections, kept ones and half requests do not delay the exit."""
    async with serving() as site:
        fresh, kept, half = [await site.connect() for _ in range(3)]
        await kept.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await read_until(kept, b"ok")
        await half.send_all(b"GET / HT")
        await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(0.5):
            site.stopped.set()
            await site.done.wait()
            for stream in (fresh, kept, half):
                async with stream:
                    assert await read_all(stream) == b""


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/pour", "/deaf"])
async def test_stop_waits_no_longer_than_its_grace(path: str) -> None:
    """Neither a client that does not read nor a handler that stays delays the exit."""
    async with (
        serving(grace_s=0.4, stall_s=60) as site,
        await site.upgraded(path) as stream,
    ):
        await site.entered.wait()
        await trio.testing.wait_all_tasks_blocked(0.05)
        before = trio.current_time()
        site.stopped.set()
        await site.done.wait()
        assert 0.35 < trio.current_time() - before < 1.5
        assert site.left.is_set()
        with pytest.raises(trio.BrokenResourceError):
            await read_all(stream)


async def test_cancelling_leaves_nothing() -> None:
    """A cancelled `serve` returns at once, from a blocked write too, and closes all."""
    before = sockets()
    async with serving(grace_s=60, stall_s=60) as site:
        paths = ("/pour", "/deaf", "/until-stopped")
        streams = [await site.upgraded(path) for path in paths]
        await trio.testing.wait_all_tasks_blocked(0.05)
        site.nursery.cancel_scope.cancel()
        started = trio.current_time()
    assert trio.current_time() - started < 0.5
    assert site.left.is_set()
    for stream in streams:
        await stream.aclose()
    assert sockets() == before


@pytest.mark.slow
@pytest.mark.meets(Limit.STALLED)
async def test_a_stalled_client_is_reset() -> None:
    """A client that reads nothing for `stall_s` is reset, and its handler ends."""
    async with serving(stall_s=0.3) as site, await site.upgraded("/pour") as stream:
        await site.left.wait()
        with pytest.raises(trio.BrokenResourceError):
            await read_all(stream)
        await site.is_well()


@pytest.mark.slow
async def test_a_slow_reader_is_kept() -> None:
    """A trickle of far less than a frame per `stall_s` is progress."""
    async with serving(stall_s=1.0) as site:
        sock = trio.socket.socket()
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
        await sock.connect(("127.0.0.1", site.port))
        async with trio.SocketStream(sock) as stream:
            await stream.send_all(upgrade("/pour"))
            await read_until(stream, b"\r\n\r\n")
            end, taken = trio.current_time() + 3, 0
            while trio.current_time() < end:
                taken += len(await read_exactly(stream, 1024))
                await trio.sleep(0.05)
            assert 1024 <= taken < 65536
            assert not site.left.is_set()


async def test_a_cancelled_send_leaves_no_half_frame() -> None:
    """A handler may put a deadline around `send`; a begun frame is finished."""
    async with serving() as site, await site.upgraded("/brief") as stream:
        await site.entered.wait()
        await trio.testing.wait_all_tasks_blocked(0.15)
        sizes = []
        while (data := (await read_frame(stream))[1]) != b"after":
            sizes.append(len(data))
        assert set(sizes) == {1_000_000}


def sockets() -> set[int]:
    """The sockets that this process has open, but for those of the event loop."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                family = socket.socket(fileno=os.dup(int(name)))
                with family:
                    if family.family == socket.AF_INET:
                        found.add(int(name))
        except OSError:
            continue
    return found
