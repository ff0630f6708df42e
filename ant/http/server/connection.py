"""What one connection speaks: hypercorn's HTTP/1.1 and WebSocket, made safe to offer.

Rule 1: whoever waits for the app stops waiting when the app has left.
Rule 2: the app is ended when it talks to a peer that is gone, and always yields.
Rule 3: what a peer can make us keep is bounded as it arrives, not when it is complete.
Rule 4: what hypercorn or Quart would trip over is refused before they see it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import cast

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event
from hypercorn.protocol.events import Body, Request
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import Handshake
from hypercorn.trio.task_group import TaskGroup
from hypercorn.typing import (
    AppWrapper,
    ASGIFramework,
    ASGIReceiveEvent,
    ASGISendEvent,
    Scope,
)

from ant.api import codec
from ant.api.problem import MEDIA_TYPE, problem
from ant.core.counters import Limit, increment
from ant.http.server.admission import peer_of
from ant.http.server.websocket import MAX_FRAME, SafeWebSocket

LOGGER = logging.getLogger("ant.listener")

#: A request body beyond this is answered with 413 while it is still being sent.
MAX_BODY = 10 * 1024 * 1024

#: A request head that is still incomplete may take this much memory, and no more.
MAX_HEAD = 16 * 1024

#: Messages kept for a handler that is busy; Quart-Trio keeps ten more of its own.
MAX_QUEUE = 2

#: Stripped from every request: hypercorn accepts any offer of compression, without a
#: limit on what a small frame may unpack to, and cannot be told not to.
EXTENSIONS_HEADER = b"sec-websocket-extensions"

_FULL = "This server has no room for another connection now; try again in a moment."
_SENTENCES = {
    413: "The body is larger than 10 MiB.",
    503: _FULL,
    431: "The head of the request is larger than 16 KiB.",
    505: "This server speaks HTTP/1.1.",
}
_LIMITS = {413: Limit.BODY, 431: Limit.HEAD}
_OTHER = "The server did not understand this request."


def configuration() -> Config:
    """What hypercorn may do: HTTP/1.1, no access log, errors to our own logger."""
    config = Config()
    # There is no access log at all, since a query string may hold a key.
    config.accesslog = None
    config.errorlog = LOGGER
    config.include_server_header = False
    config.h11_max_incomplete_size = MAX_HEAD
    config.max_app_queue_size = MAX_QUEUE
    config.websocket_max_message_size = MAX_FRAME
    # An idle connection is kept so long; browsers open another one soon enough.
    config.keep_alive_timeout = 75
    # It would end idle WebSockets too; the listener has its own patience.
    config.read_timeout = None
    return config


def refusal() -> bytes:
    """The whole answer to a connection for which there is no room."""
    body = codec.dumps(problem(HTTPStatus.SERVICE_UNAVAILABLE, _FULL))
    head = (
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Refused(Exception):
    """A request that is answered here and never reaches the app."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


class Application:
    """One run of the app for one stream: what it is told, and what it may still say."""

    def __init__(
        self, say: Callable[[ASGISendEvent | None], Awaitable[None]], room: int
    ) -> None:
        self._say = say
        self._inbox, self._outbox = trio.open_memory_channel[ASGIReceiveEvent](room)
        self._life = trio.CancelScope()
        self._farewell: ASGIReceiveEvent | None = None

    async def tell(self, event: ASGIReceiveEvent) -> None:
        """Queue an event; waits for room, but neither for a disconnect nor in vain."""
        try:
            if event["type"] in {"http.disconnect", "websocket.disconnect"}:
                self._farewell = event
                self._inbox.send_nowait(event)
                self._inbox.close()
            else:
                await self._inbox.send(event)
        except trio.WouldBlock:
            self._life.cancel()  # It does not listen, so it cannot be told.
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # It has left, or it knows already that the peer has.

    async def hear(self) -> ASGIReceiveEvent:
        """Receive for the app; its end if it listens on after the disconnect."""
        with suppress(trio.EndOfChannel):
            return await self._outbox.receive()
        self._life.cancel()
        await trio.lowlevel.checkpoint()
        assert self._farewell is not None
        return self._farewell

    async def say(self, event: ASGISendEvent) -> None:
        """Send for the app. What is written yields; the app ends if the peer is gone.

        Quart-Trio's `websocket.send` has no checkpoint of its own, and hypercorn's
        returns at once when the peer is gone: a loop around it would never yield again.
        A write shields itself, so a cancellation is looked for here.
        """
        if self._farewell is not None:
            self._life.cancel()
        await trio.lowlevel.checkpoint_if_cancelled()
        await self._say(event)

    async def run(self, app: ASGIFramework, scope: Scope) -> None:
        """Run the app to its end; its errors are logged and go no further.

        *Cancellation:* from outside it means that the connection is over: no last word.
        """
        try:
            with self._life, self._outbox:
                await app(scope, self.hear, self.say)
        except* Exception:
            LOGGER.exception("The application failed.")
        await self._say(None)


class RequestTasks(TaskGroup):
    """The tasks of one connection."""

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        application = Application(send, config.max_app_queue_size)
        self.spawn(application.run, app, scope)
        return application.tell


class Exchange(HTTPStream):
    """One request and its response, with a cap on the body."""

    _size = 0

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, Body):
            self._size += len(event.data)
            if self._size > MAX_BODY:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await super().handle(event)


class Protocol(H11Protocol):
    """HTTP/1.1 and its upgrade to WebSocket, and no way into HTTP/2."""

    async def handle(self, event: Event) -> None:
        try:
            await super().handle(event)
        except Refused as refused:
            await self._close_stream()
            if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                await self._send_error_response(refused.status)
            await self.send(Closed())

    async def _send_error_response(self, status_code: int) -> None:
        """What hypercorn answers by itself, with a body in the one error shape."""
        if status_code in _LIMITS:
            increment(_LIMITS[status_code])
        body = codec.dumps(problem(status_code, _SENTENCES.get(status_code, _OTHER)))
        headers = [
            (b"content-type", MEDIA_TYPE.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        await self._send_h11_event(
            h11.Response(
                status_code=status_code,
                headers=[*headers, *self.config.response_headers("h11")],
            )
        )
        with suppress(h11.LocalProtocolError):  # The answer to HEAD has no body.
            await self._send_h11_event(h11.Data(data=body))
            await self._send_h11_event(h11.EndOfMessage())

    async def _check_protocol(self, event: h11.Request) -> None:
        """Where hypercorn turns to HTTP/2. We do not."""

    async def _create_stream(self, request: h11.Request) -> None:
        headers = [
            header for header in request.headers if header[0] != EXTENSIONS_HEADER
        ]
        upgrade = _check(request, headers)
        path = _origin_form(request.target)
        kind: type[SafeWebSocket | Exchange] = Exchange
        peer = peer_of({"state": self.connection_state})
        if peer is not None:
            if upgrade and not peer.has_socket_room():
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
            await peer.wait_turn(headers, request.target)
        if upgrade:
            kind = SafeWebSocket
            self.connection = H11WSConnection(cast(h11.Connection, self.connection))
        self.stream = kind(
            self.app,
            self.config,
            self.context,
            self.task_group,
            self.ssl,
            self.client,
            self.server,
            self.stream_send,
            STREAM_ID,
        )
        await self.stream.handle(
            Request(
                stream_id=STREAM_ID,
                headers=headers,
                http_version=request.http_version.decode("ascii"),
                method=request.method.decode("ascii").upper(),
                raw_path=path,
                state=self.connection_state,
            )
        )
        self.keep_alive_requests += 1


def _check(request: h11.Request, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether this asks for a WebSocket. Raises `Refused` for what nobody would get."""
    fields = dict(headers)
    if request.http_version not in {b"1.0", b"1.1"}:
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if length is not None and coding is not None:
        # Two framings are two readings, and a proxy before us may take the other one.
        raise Refused(HTTPStatus.BAD_REQUEST)
    tokens = fields.get(b"connection", b"").lower().split(b",")
    if (
        request.method.upper() != b"GET"
        or fields.get(b"upgrade", b"").strip().lower() != b"websocket"
        or b"upgrade" not in (token.strip() for token in tokens)
    ):
        return False
    try:
        handshake = Handshake(headers, request.http_version.decode("ascii"))
    except UnicodeDecodeError:
        raise Refused(HTTPStatus.BAD_REQUEST) from None
    if not handshake.is_valid() or coding is not None or length not in {None, b"0"}:
        raise Refused(HTTPStatus.BAD_REQUEST)
    return True


def _origin_form(target: bytes) -> bytes:
    """The path and query of a target; of an absolute one the server name is dropped."""
    if target.lower().startswith((b"http://", b"https://")):
        rest = target.partition(b"://")[2]
        target = rest[rest.find(b"/") :] if b"/" in rest else b"/"
    if not target.startswith(b"/"):
        # Quart takes the first character of the path for granted.
        raise Refused(HTTPStatus.BAD_REQUEST)
    return target
