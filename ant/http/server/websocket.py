"""Hypercorn's and wsproto's WebSocket, hardened against hostile and dead clients.

Rule 1: a frame that arrives before the handshake is accepted or refused stays in the
kernel until then.
Rule 2: a message that is too long is discarded as it arrives; the app receives
`OVERSIZE` in its place.
Rule 3: the server pings the client. A client from which nothing arrives for `SILENCE_S`
is closed with 4408.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio
from hypercorn import typing
from hypercorn.config import Config
from hypercorn.protocol.events import Data, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.ws_stream import WebsocketBuffer, WSStream
from hypercorn.typing import AppWrapper, ASGISendEvent, WebsocketAcceptEvent
from wsproto import connection as wsproto
from wsproto.events import CloseConnection, Message, Ping

from ant.core.counters import Limit, increment

MAX_FRAME = 1024 * 1024
"""Bytes of UTF-8 of one message; a longer one is discarded as it arrives."""

OVERSIZE = "This message was over 1 MiB and was dropped."
"""What a handler receives in place of a message that is too long; it checks for
`message is OVERSIZE`. It is not JSON, so that a handler without the check rejects it
as well."""

PING_S = 6.0
"""Seconds between two pings. Whatever arrives from the client proves that it lives."""

SILENCE_S = 18.0
"""Seconds without data after which a client counts as dead: well below 30 seconds."""

NO_PROGRESS = 4408
"""Close code for a client that makes no progress."""


class Encoded(bytes):
    """Text that is encoded as UTF-8 already, so that `send` need not encode it."""


class Binary(bytes):
    """A binary message."""


_KINDS = {Encoded: 0x81, Binary: 0x82}


def _frame(data: Encoded | Binary) -> bytes:
    """A message as a single frame; frames of a server are not masked."""
    kind, size = _KINDS[type(data)], len(data)
    if size < 126:
        return bytes((kind, size)) + data
    if size < 1 << 16:
        return bytes((kind, 0x7E)) + size.to_bytes(2, "big") + data
    return bytes((kind, 0x7F)) + size.to_bytes(8, "big") + data


class Buffer(WebsocketBuffer):
    """Collects the fragments of a message, or discards them if they are too long."""

    def __init__(self, max_length: int) -> None:
        super().__init__(max_length)
        self._size = 0

    def extend(self, event: Message[Any]) -> None:
        data = event.data
        if isinstance(data, str) and not data.isascii():
            data = data.encode()
        self._size += len(data)
        if self._size > self.max_length:
            self.value = None
        else:
            super().extend(event)

    def clear(self) -> None:
        super().clear()
        self._size = 0

    def to_message(self) -> dict[str, object]:
        if self._size > self.max_length:
            return {"type": "websocket.receive", "bytes": None, "text": OVERSIZE}
        return super().to_message()


class SafeWebSocket(WSStream):
    """One WebSocket connection."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: typing.WorkerContext,
        task_group: typing.TaskGroup,
        ssl: bool,
        client: tuple[str, int] | None,
        server: tuple[str, int] | None,
        send: Callable[[StreamEvent], Awaitable[None]],
        stream_id: int,
    ) -> None:
        super().__init__(
            app, config, context, task_group, ssl, client, server, send, stream_id
        )
        self.buffer = Buffer(config.websocket_max_message_size)
        self._handshake_done, self._closed = trio.Event(), trio.Event()
        self._last_data = trio.current_time()

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, StreamClosed):
            self._handshake_done.set()
            self._closed.set()
        elif isinstance(event, Data):
            self._last_data = trio.current_time()
            # The task that reads the socket waits here, so the kernel keeps the rest.
            await self._handshake_done.wait()
        await super().handle(event)

    async def app_send(self, message: ASGISendEvent | None) -> None:
        if message is not None and message["type"] == "websocket.send":
            data = message.get("bytes")
            if isinstance(data, Encoded | Binary) and not self.closed:
                if self.connection.state is wsproto.ConnectionState.OPEN:
                    await self.send(Data(self.stream_id, _frame(data)))
                return
        await super().app_send(message)

    async def _accept(self, message: WebsocketAcceptEvent) -> None:
        await super()._accept(message)
        self._handshake_done.set()
        self.task_group.spawn(self._ping)

    async def _ping(self) -> None:
        """Ping until the socket closes; close it if nothing arrives for too long."""
        while True:
            with trio.move_on_after(PING_S):
                await self._closed.wait()
            if self._closed.is_set():
                return
            if trio.current_time() - self._last_data >= SILENCE_S:
                increment(Limit.SILENT)
                await self._send_wsproto_event(CloseConnection(code=NO_PROGRESS))
                await self.send(StreamClosed(stream_id=self.stream_id))
                return
            await self._send_wsproto_event(Ping())

    async def _handle_events(self) -> None:
        for event in self.connection.events():
            if isinstance(event, Message):
                self.buffer.extend(event)
                if event.message_finished:
                    message = self.buffer.to_message()
                    self.buffer.clear()
                    assert self.app_put is not None
                    await self.app_put(message)
            elif isinstance(event, Ping):
                await self._send_wsproto_event(event.response())
            elif isinstance(event, CloseConnection):
                if self.connection.state is wsproto.ConnectionState.REMOTE_CLOSING:
                    await self._send_wsproto_event(event.response())
                elif self.connection.state is wsproto.ConnectionState.OPEN:
                    # wsproto found an error (1002, 1007), which Hypercorn would not
                    # report to the client.
                    await self._send_wsproto_event(CloseConnection(code=event.code))
                await self.send(StreamClosed(stream_id=self.stream_id))
                break
