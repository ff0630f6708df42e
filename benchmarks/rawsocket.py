"""A WebSocket reader that costs next to nothing, so that the server is timed."""

import re
from urllib.parse import urlsplit

import orjson
import trio

_END = re.compile(rb'"end":(\d+)\}\Z')


class RawSocket:
    """Frames are cut by their headers; only what is asked for is parsed."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._buffer = bytearray()

    @classmethod
    async def open(cls, url: str) -> "RawSocket":
        parts = urlsplit(url)
        assert parts.hostname
        assert parts.port
        self = cls(await trio.open_tcp_stream(parts.hostname, parts.port))
        await self._stream.send_all(
            f"GET /ws HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += await self._stream.receive_some()
        del self._buffer[: self._buffer.index(b"\r\n\r\n") + 4]
        return self

    async def send(self, **frame: object) -> None:
        """Send one frame, masked with zeros."""
        data = orjson.dumps(frame)
        size = bytes([0x80 | len(data)])
        if len(data) > 125:
            size = bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
        await self._stream.send_all(b"\x81" + size + bytes(4) + data)

    async def receive(self) -> bytes:
        """The payload of the next frame: servers do not mask and ours does not cut."""
        while True:
            while (frame := self._cut()) is None:
                data = await self._stream.receive_some(1 << 18)
                if not data:
                    raise EOFError
                self._buffer += data
            if frame:
                return frame
            await self._stream.send_all(b"\x8a\x80" + bytes(4))

    def _cut(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        size, start = buffer[1] & 127, 2
        if size > 125:
            start = 4 if size == 126 else 10
            if len(buffer) < start:
                return None
            size = int.from_bytes(buffer[2:start], "big")
        if len(buffer) < start + size:
            return None
        # A ping is an empty frame, as ours send it; JSON never is one.
        frame = bytes(buffer[start : start + size])
        del buffer[: start + size]
        return frame

    async def receive_up_to(self, end: int) -> None:
        """Read terminal output until the byte before offset `end` is there."""
        while True:
            frame = await self.receive()
            if frame.startswith(b'{"type":"terminal_output"'):
                match = _END.search(frame, len(frame) - 30)
                if match and int(match[1]) >= end:
                    return

    async def close(self) -> None:
        await self._stream.aclose()
