"""One WebSocket as hypercorn and wsproto speak it, made safe to offer.

Rule 1: a frame that comes early waits in the kernel until the handshake is decided.
Rule 2: a message that is too long is forgotten as it arrives, and the app is told.
Rule 3: a peer is asked now and then whether it lives; one that says nothing is cut.
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

#: A WebSocket message beyond this, in bytes of UTF-8, is dropped as it arrives.
MAX_FRAME = 1024 * 1024

#: What a handler receives in place of an over-long message: `message is OVERSIZE`. A
#: sentence and no JSON, so that even a handler that forgets to ask refuses it.
OVERSIZE = "This message was over 1 MiB and was dropped."

#: Between two pings. A peer answers by itself: whatever is heard tells that it lives.
PING_S = 6.0

#: Silence after which a peer is dead: it is found well within half a minute.
SILENCE_S = 18.0

#: Close code for a peer that makes no progress.
NO_PROGRESS = 4408


class Encoded(bytes):
    """Text for a WebSocket that is UTF-8 already: to send it costs no more coding."""


def _text_frame(data: bytes) -> bytes:
    """A whole text message as one frame; a server's frames are not masked."""
    size = len(data)
    if size < 126:
        return bytes((0x81, size)) + data
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2, "big") + data
    return b"\x81\x7f" + size.to_bytes(8, "big") + data


class Buffer(WebsocketBuffer):
    """Gathers the fragments of a message, or forgets them once they are too many."""

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
    """One WebSocket. Frames that come before the handshake is decided wait for it."""

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
        self._decided, self._over = trio.Event(), trio.Event()
        self._heard = trio.current_time()

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, StreamClosed):
            self._decided.set()
            self._over.set()
        elif isinstance(event, Data):
            self._heard = trio.current_time()
            # It is the reader that waits here, so the kernel keeps whatever follows.
            await self._decided.wait()
        await super().handle(event)

    async def app_send(self, message: ASGISendEvent | None) -> None:
        if message is not None and message["type"] == "websocket.send":
            data = message.get("bytes")
            if isinstance(data, Encoded) and not self.closed:
                if self.connection.state is wsproto.ConnectionState.OPEN:
                    await self.send(Data(self.stream_id, _text_frame(data)))
                return
        await super().app_send(message)

    async def _accept(self, message: WebsocketAcceptEvent) -> None:
        await super()._accept(message)
        self._decided.set()
        self.task_group.spawn(self._beat)

    async def _beat(self) -> None:
        """Ping, and part from a peer that answers nothing; until the socket is over."""
        while True:
            with trio.move_on_after(PING_S):
                await self._over.wait()
            if self._over.is_set():
                return
            if trio.current_time() - self._heard >= SILENCE_S:
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
                    # wsproto found a fault (1002, 1007); hypercorn would not say so.
                    await self._send_wsproto_event(CloseConnection(code=event.code))
                await self.send(StreamClosed(stream_id=self.stream_id))
                break
