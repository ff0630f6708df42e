"""An HTTP client that costs next to nothing, so that the server is timed."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import trio


def request(url: str, method: str, path: str, body: bytes = b"") -> bytes:
    """A whole HTTP/1.1 request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


class RawHttp:
    """One kept-alive connection."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream

    @classmethod
    async def open(cls, url: str) -> "RawHttp":
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        return cls(await trio.open_tcp_stream(parts.hostname, parts.port))

    async def ask(self, message: bytes) -> bytes:
        """The body of the answer, which must be a success."""
        await self._stream.send_all(message)
        buffer = b""
        while (end := buffer.find(b"\r\n\r\n")) < 0:
            part = await self._stream.receive_some()
            if not part:
                raise EOFError
            buffer += part
        head, body = buffer[:end].lower(), buffer[end + 4 :]
        assert head.startswith(b"http/1.1 2"), buffer[:500]
        at = head.index(b"content-length:") + 15
        size = int(head[at:].split(b"\r\n", 1)[0])
        while len(body) < size:
            body += await self._stream.receive_some(1 << 18)
        return body

    async def close(self) -> None:
        await self._stream.aclose()


async def hammer(
    url: str, make: Callable[[int], bytes], clients: int, count: int
) -> float:
    """Answers a second of `count` requests by `clients` side by side."""
    numbers = iter(range(count))

    async def client() -> None:
        # Hypercorn closes a connection after 1,000 requests; a client opens another.
        connection = await RawHttp.open(url)
        for done, number in enumerate(numbers, 1):
            await connection.ask(make(number))
            if done % 900 == 0:
                await connection.close()
                connection = await RawHttp.open(url)
        await connection.close()

    start = time.perf_counter()
    async with trio.open_nursery() as nursery:
        for _ in range(clients):
            nursery.start_soon(client)
    return count / (time.perf_counter() - start)
