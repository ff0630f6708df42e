"""The serve loop on real sockets: it serves, leaves in time, and leaves nothing."""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from quart import request, websocket
from quart_trio import QuartTrio

from ant import listener
from ant.listener import MAX_BODY, OVERSIZE, address, open_listeners, serve

ROOMY_S = 10.0  # What a test may take on a busy machine before it has failed.


class Site:
    """A served app, its address, and the events that its handlers wait for."""

    def __init__(self) -> None:
        self.stopped, self.entered, self.release = (trio.Event() for _ in range(3))
        self.left, self.done = trio.Event(), trio.Event()
        self.received: list[object] = []
        self.port = 0
        self.nursery: trio.Nursery
        self.app = self._app()

    def _app(self) -> QuartTrio:
        app = QuartTrio("site")
        app.config["MAX_CONTENT_LENGTH"] = MAX_BODY

        @app.get("/")
        async def index() -> str:
            return "ok"

        @app.get("/wait")
        async def wait() -> str:
            self.entered.set()
            await self.release.wait()
            return "waited"

        @app.post("/read")
        async def read() -> str:
            return str(len(await request.get_data()))

        @app.post("/ignore")
        async def ignore() -> str:
            self.entered.set()
            await self.release.wait()
            return "ignored"

        @app.websocket("/echo")
        async def echo() -> None:
            while True:
                message = await websocket.receive()
                self.received.append(message)
                oversize = message is OVERSIZE
                await websocket.send("oversize" if oversize else message)

        @app.websocket("/late")
        async def late() -> None:
            self.entered.set()
            await self.release.wait()
            await websocket.accept()
            await websocket.send(await websocket.receive())

        @app.websocket("/pour")
        async def pour() -> None:
            await websocket.accept()
            self.entered.set()
            try:
                while True:
                    await websocket.send("x" * 65536)
            finally:
                self.left.set()

        @app.websocket("/brief")
        async def brief() -> None:
            await websocket.accept()
            self.entered.set()
            with trio.move_on_after(0.05):
                while True:
                    await websocket.send("x" * 1_000_000)
            await websocket.send("after")

        @app.websocket("/deaf")
        async def deaf() -> None:
            await websocket.accept()
            self.entered.set()
            try:
                await self.release.wait()
            finally:
                self.left.set()

        @app.websocket("/until-stopped")
        async def until_stopped() -> None:
            await websocket.accept()
            self.entered.set()
            await self.stopped.wait()
            await websocket.close(1001)

        return app

    async def connect(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def get(self, path: str = "/") -> bytes:
        async with await self.connect() as stream:
            await stream.send_all(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
            )
            return await read_all(stream)

    async def upgraded(self, path: str, more: bytes = b"") -> trio.SocketStream:
        stream = await self.connect()
        await stream.send_all(upgrade(path) + more)
        head = await read_until(stream, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 "), head
        return stream

    async def is_well(self) -> None:
        """Both doors still work."""
        assert (await self.get()).endswith(b"ok")
        async with await self.upgraded("/echo") as stream:
            await stream.send_all(frame(1, b"hello"))
            assert (await read_frame(stream)) == (1, b"hello")


@asynccontextmanager
async def serving(*, grace_s: float = 5, stall_s: float = 5) -> AsyncIterator[Site]:
    site = Site()
    listeners = await open_listeners("127.0.0.1", 0)
    site.port = address(listeners)[1]

    async def run(task_status: trio.TaskStatus[None]) -> None:
        await serve(
            site.app,
            listeners,
            stopped=site.stopped,
            grace_s=grace_s,
            stall_s=stall_s,
            task_status=task_status,
        )
        site.done.set()

    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:
            site.nursery = nursery
            await nursery.start(run)
            yield site
            nursery.cancel_scope.cancel()


def main() -> None:
    """Serve the site alone in a process, for tests that measure one."""

    async def run() -> None:
        site, listeners = Site(), await open_listeners("127.0.0.1", 0)
        print(address(listeners)[1], flush=True)
        await serve(site.app, listeners, stopped=trio.Event(), grace_s=1, stall_s=5)

    trio.run(run)


def upgrade(path: str, *extra: str, version: str = "1.1") -> bytes:
    lines = [
        f"GET {path} HTTP/{version}",
        "Host: x",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *extra,
    ]
    return "\r\n".join(lines).encode("latin1") + b"\r\n\r\n"


def frame(
    opcode: int, data: bytes = b"", *, head: int = 0x80, mask: bool = True
) -> bytes:
    """A client frame; its mask is zero, so that the data shows."""
    bit = 0x80 if mask else 0
    if len(data) < 126:
        size = struct.pack("!B", bit | len(data))
    elif len(data) < 65536:
        size = struct.pack("!BH", bit | 126, len(data))
    else:
        size = struct.pack("!BQ", bit | 127, len(data))
    return bytes([head | opcode]) + size + (bytes(4) if mask else b"") + data


async def read_exactly(stream: trio.SocketStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = await stream.receive_some(size - len(data))
        if not more:
            raise EOFError(data)
        data += more
    return data


async def read_until(stream: trio.SocketStream, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        data += await read_exactly(stream, 1)
    return data


async def read_all(stream: trio.SocketStream) -> bytes:
    data = b""
    while more := await stream.receive_some():
        data += more
    return data


async def read_frame(stream: trio.SocketStream) -> tuple[int, bytes]:
    first, size = await read_exactly(stream, 2)
    if size == 126:
        (size,) = struct.unpack("!H", await read_exactly(stream, 2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await read_exactly(stream, 8))
    return first & 15, await read_exactly(stream, size)


async def test_it_serves_both_kinds() -> None:
    """A page and a WebSocket are answered on the port that was given out."""
    async with serving() as site:
        await site.is_well()


async def test_a_connection_is_kept_for_the_next_request() -> None:
    """Two requests are answered on one connection, and two at once are too."""
    ask = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    async with serving() as site, await site.connect() as stream:
        for asks in (1, 2):
            await stream.send_all(ask * asks)
            for _ in range(asks):
                await read_until(stream, b"\r\n\r\n")
                assert await read_exactly(stream, 2) == b"ok"


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


async def test_accepted_sockets_carry_the_options() -> None:
    """The kernel gives up on a dead peer by itself, and small frames go at once."""
    (mine,) = await open_listeners("127.0.0.1", 0)
    async with mine, await trio.open_tcp_stream(*address([mine])):
        accepted = await mine.accept()
        timeout = accepted.socket.getsockopt(
            trio.socket.IPPROTO_TCP, trio.socket.TCP_USER_TIMEOUT
        )
        assert timeout == listener.USER_TIMEOUT_MS
        assert accepted.socket.getsockopt(
            trio.socket.IPPROTO_TCP, trio.socket.TCP_NODELAY
        )
        await accepted.aclose()


async def test_a_taken_port_is_said_so() -> None:
    """The error of `bind` reaches the caller; a name may have many addresses."""
    taken = await open_listeners("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use") as caught:
        await open_listeners(*address(taken))
    assert caught.value.errno == errno.EADDRINUSE
    (named,) = await open_listeners("localhost", 0)
    for mine in (*taken, named):
        await mine.aclose()


async def test_stop_lets_websockets_say_goodbye() -> None:
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
    """No new connection after the stop, but the answer to what was asked before."""
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
    """Fresh, kept-alive and half-asked connections do not hold the exit."""
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
    """Neither a client that does not read nor a handler that stays holds the exit."""
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
async def test_a_stalled_reader_is_cut() -> None:
    """Who takes nothing for `stall_s` loses the connection, and its handler ends."""
    async with serving(stall_s=0.3) as site, await site.upgraded("/pour") as stream:
        await site.left.wait()
        with pytest.raises(trio.BrokenResourceError):
            await read_all(stream)
        await site.is_well()


@pytest.mark.slow
async def test_a_slow_reader_is_kept() -> None:
    """A trickle of far less than a frame per `stall_s` is progress."""
    async with serving(stall_s=0.3) as site:
        sock = trio.socket.socket()
        sock.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_RCVBUF, 4096)
        await sock.connect(("127.0.0.1", site.port))
        async with trio.SocketStream(sock) as stream:
            await stream.send_all(upgrade("/pour"))
            await read_until(stream, b"\r\n\r\n")
            end, taken = trio.current_time() + 1.5, 0
            while trio.current_time() < end:
                taken += len(await read_exactly(stream, 1024))
                await trio.sleep(0.05)
            assert 1024 <= taken < 65536
            assert not site.left.is_set()


async def test_a_cancelled_send_leaves_no_half_frame() -> None:
    """A handler may put a deadline around `send`; what is begun is still finished."""
    async with serving() as site, await site.upgraded("/brief") as stream:
        await site.entered.wait()
        await trio.testing.wait_all_tasks_blocked(0.15)
        sizes = []
        while (data := (await read_frame(stream))[1]) != b"after":
            sizes.append(len(data))
        assert set(sizes) == {1_000_000}


@pytest.mark.parametrize("flood", [False, True])
async def test_a_reset_ends_a_sending_loop(flood: bool) -> None:
    """A loop around `send` ends with its peer, though it never reads."""
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


async def test_a_silent_leave_ends_a_sending_loop() -> None:
    """An orderly end of the stream, without a close frame, is noticed as well."""
    async with serving() as site:
        stream = await site.upgraded("/pour")
        await stream.send_eof()
        await read_all(stream)
        await site.left.wait()
        await stream.aclose()
        await site.is_well()


@pytest.mark.slow
async def test_heads_have_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that drips, or never comes, is not waited for; idle is another matter."""
    monkeypatch.setattr(listener, "HEAD_S", 0.3)
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


async def test_logs_name_no_key(caplog: pytest.LogCaptureFixture) -> None:
    """No line of a log ever holds a query string, and a peer's fault is no error."""
    caplog.set_level(logging.DEBUG)
    async with serving() as site:
        for ask in (
            b"GET /?apiKey=sesame HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"GET /?apiKey=sesame HTTP/1.1\r\nHost: \x00\r\n\r\n",
            b"G@T /?apiKey=sesame HTTP/1.1\r\n\r\n",
            upgrade("/echo?apiKey=sesame", "Sec-WebSocket-Protocol: \xe9"),
            upgrade("/echo?apiKey=sesame") + frame(3),
        ):
            async with await site.connect() as stream:
                await stream.send_all(ask)
                await read_all(stream)
    text = caplog.text
    assert "sesame" not in text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_a_bug_ends_its_connection_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What an app lets out is an error in the log and a 500, and nothing more."""
    async with serving() as site:

        async def broken(*_: object) -> None:
            raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])

        works, site.app.asgi_app = site.app.asgi_app, broken
        assert (await site.get()).startswith(b"HTTP/1.1 500 ")
        site.app.asgi_app = works
        await site.is_well()
    (record,) = [r for r in caplog.records if r.name == "ant.listener"]
    assert record.levelno == logging.ERROR
    assert record.exc_info


async def drip(stream: trio.SocketStream, data: bytes) -> None:
    for at in range(len(data)):
        await stream.send_all(data[at : at + 1])
        await trio.sleep(0.02)


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
