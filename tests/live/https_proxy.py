"""A reverse proxy for tests: TLS outside, plain HTTP to the server, below a path."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import attrs
import trio

BASE = "/ant"


@attrs.frozen
class HttpsProxy:
    """How it forwards: with the base path or without, and with what headers.

    It handles one request on a connection, or one WebSocket.
    """

    port: int
    strips: bool
    adds_headers: bool = True

    async def handle(self, stream: trio.SSLStream[trio.SocketStream]) -> None:
        """Forward one connection."""
        with suppress(trio.BrokenResourceError):
            head = b""
            while b"\r\n\r\n" not in head:
                part = await stream.receive_some()
                if not part:
                    return
                head += part
            head, _, rest = head.partition(b"\r\n\r\n")
            async with await trio.open_tcp_stream("127.0.0.1", self.port) as server:
                await server.send_all(self._changed(head) + rest)
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._carry, stream, server)
                    await self._carry(server, stream)
                    nursery.cancel_scope.cancel()

    def _changed(self, head: bytes) -> bytes:
        line, *headers = head.split(b"\r\n")
        method, target, version = line.split(b" ")
        if self.strips:
            target = target.removeprefix(BASE.encode()) or b"/"
        if b"upgrade: websocket" not in head.lower():
            headers = [e for e in headers if not e.lower().startswith(b"connection:")]
            headers.append(b"Connection: close")
        if self.adds_headers:
            headers.append(b"X-Forwarded-For: 192.0.2.7")
            headers.append(b"X-Forwarded-Proto: https")
        lines = [b" ".join((method, target, version)), *headers]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    async def _carry(self, source: trio.abc.Stream, target: trio.abc.Stream) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await source.receive_some(65536):
                await target.send_all(data)


@asynccontextmanager
async def https_proxy(proxy: HttpsProxy, cert: Path, key: Path) -> AsyncIterator[str]:
    """The URL of the server behind a proxy that runs for the length of a block."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_ssl_over_tcp, host="127.0.0.1")
        (listener,) = await nursery.start(serve, proxy.handle, 0, context)
        inner = listener.transport_listener
        yield f"https://127.0.0.1:{inner.socket.getsockname()[1]}{BASE}"
        nursery.cancel_scope.cancel()
