"""The serve loop on real sockets, and the small site that its tests share."""

from __future__ import annotations

import errno
import json
import logging
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio
import trio.testing
from quart import Response, request, websocket
from quart_trio.wrappers.response import TrioIterableBody

from ant.core.counters import Limit
from ant.core.descriptors import Shares
from ant.http.api_app import ApiApp
from ant.http.contract.endpoint import JsonAnswer
from ant.http.server import admission, listener
from ant.http.server.admission import mark_authenticated
from ant.http.server.listener import MAX_BODY, OVERSIZE, address, open_listeners, serve

LARGE = 1 << 20
"""Bytes in the string of the large answer."""

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

    def _app(self) -> ApiApp:
        app = ApiApp("site")
        app.config["MAX_CONTENT_LENGTH"] = MAX_BODY

        async def index() -> Response:
            return Response("ok")

        async def wait() -> Response:
            mark_authenticated(request.scope)
            self.entered.set()
            try:
                await self.release.wait()
            finally:
                self.left.set()
            return Response("waited")

        async def read() -> Response:
            return Response(str(len(await request.get_data())))

        async def ignore() -> Response:
            self.entered.set()
            await self.release.wait()
            return Response("ignored")

        async def large() -> JsonAnswer:
            return JsonAnswer(b'"' + b"x" * LARGE + b'"', 200)

        async def pieces() -> Response:
            response = Response(b"", content_type="text/plain")
            response.response = TrioIterableBody(["one ", "two"])
            response.headers.pop("Content-Length", None)
            return response

        app.add_view("/", "GET", "index", index)
        app.add_view("/wait", "GET", "wait", wait)
        app.add_view("/read", "POST", "read", read)
        app.add_view("/ignore", "POST", "ignore", ignore)
        app.add_view("/large", "GET", "large", large)
        app.add_view("/pieces", "GET", "pieces", pieces)

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
        """HTTP and WebSocket still work."""
        assert (await self.get()).endswith(b"ok")
        async with await self.upgraded("/echo") as stream:
            await stream.send_all(frame(1, b"hello"))
            assert (await read_frame(stream)) == (1, b"hello")


@asynccontextmanager
async def serving(
    *,
    grace_s: float = 5,
    stall_s: float = 5,
    on_small_input: Callable[[], None] = lambda: None,
    limits: Shares | None = None,
    listeners: list[trio.SocketListener] | None = None,
) -> AsyncIterator[Site]:
    site = Site()
    if listeners is None:
        listeners = await open_listeners("127.0.0.1", 0)
        site.port = address(listeners)[1]

    async def run(task_status: trio.TaskStatus[None]) -> None:
        await serve(
            site.app,
            listeners,
            stopped=site.stopped,
            grace_s=grace_s,
            stall_s=stall_s,
            on_small_input=on_small_input,
            limits=limits,
            task_status=task_status,
        )
        site.done.set()

    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:
            site.nursery = nursery
            await nursery.start(run)
            yield site
            nursery.cancel_scope.cancel()


def main(limits: Shares | None = None) -> None:
    """Serve the site alone in a process, for tests that measure one."""

    async def run() -> None:
        site, listeners = Site(), await open_listeners("127.0.0.1", 0)
        print(address(listeners)[1], flush=True)
        await serve(
            site.app,
            listeners,
            stopped=trio.Event(),
            grace_s=1,
            stall_s=5,
            limits=limits,
        )

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


async def test_it_serves_http_and_websocket() -> None:
    """A page and a WebSocket are served on the same port."""
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


async def test_a_port_in_use_raises() -> None:
    """The error of `bind` reaches the caller; a name may have many addresses."""
    taken = await open_listeners("127.0.0.1", 0)
    with pytest.raises(OSError, match="in use") as caught:
        await open_listeners(*address(taken))
    assert caught.value.errno == errno.EADDRINUSE
    (named,) = await open_listeners("localhost", 0)
    for mine in (*taken, named):
        await mine.aclose()


async def test_logs_name_no_key(caplog: pytest.LogCaptureFixture) -> None:
    """No log line holds a query string, and a client's mistake is not an error."""
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
    """What an app raises is an error in the log and a 500, and nothing more."""
    async with serving() as site:

        async def broken(*_: object) -> None:
            raise ExceptionGroup("both", [ValueError("one"), KeyError("two")])

        works, site.app.asgi_app = site.app.asgi_app, broken
        assert (await site.get()).startswith(b"HTTP/1.1 500 ")
        site.app.asgi_app = works
        await site.is_well()
    (record,) = [r for r in caplog.records if r.name == "ant.http.server.protocol"]
    assert record.levelno == logging.ERROR
    assert record.exc_info


@pytest.mark.meets(Limit.CONNECTIONS)
async def test_the_oldest_idle_connection_makes_room() -> None:
    """One without data, or with half of a head; a request in progress continues."""
    shares = Shares(known=9, strangers=2, spare=1)
    async with serving(limits=shares) as site, await site.connect() as waiting:
        await waiting.send_all(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
        await site.entered.wait()
        silent, half, newest = [await site.connect() for _ in range(3)]
        await half.send_all(b"GET / HTTP/1.1\r\nHo")
        assert b"" == await silent.receive_some()
        await site.is_well()  # These are accepted, too, and others are closed.
        with suppress(trio.BrokenResourceError):
            assert b"" == await half.receive_some()
        await newest.aclose()
        site.release.set()
        assert (await read_until(waiting, b"waited")).startswith(b"HTTP/1.1 200 ")


@pytest.mark.meets(Limit.CONNECTIONS)
async def test_a_new_connection_is_refused_if_none_may_close(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a 503 and a problem object, and the end of the connection."""
    monkeypatch.setattr(admission, "AUTHENTICATE_S", 1000.0)
    shares = Shares(known=9, strangers=1, spare=1)
    async with serving(limits=shares) as site, await site.connect() as busy:
        await busy.send_all(
            b"POST /ignore HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        )
        await site.entered.wait()
        async with await site.connect() as newcomer:
            await newcomer.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await read_all(newcomer)
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"Connection: close" in head
        assert 503 == json.loads(body)["status"]
        site.release.set()
        assert (await read_until(busy, b"ignored")).startswith(b"HTTP/1.1 200 ")
