"""A WebSocket client without manners: bytes on a socket, and no library behind it."""

import json
import struct
from typing import Any

import trio

UPGRADE = (
    "GET /ws HTTP/1.1\r\nHost: localhost\r\n"
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def barge_in(port: int, session_id: str, **join: Any) -> trio.SocketStream:
    """Upgrade and join in one packet, before the server has answered; nothing read."""
    ask = {"type": "join_session", "sessionId": session_id, **join}
    text = json.dumps(ask).encode()
    assert len(text) < 126
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    frame = bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text
    await stream.send_all(UPGRADE.encode() + frame)
    return stream


def reset(stream: trio.SocketStream) -> None:
    """Leave with an RST: close with a linger of nothing."""
    linger = struct.pack("ii", 1, 0)
    stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, linger)
    stream.socket.close()
