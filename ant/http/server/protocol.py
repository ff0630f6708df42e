"""Hypercorn's HTTP/1.1 and WebSocket protocol, hardened against hostile clients.

Rule 1: a task that waits for the app stops waiting when the app has returned.
Rule 2: the app is cancelled when it sends to a client that has disconnected, and every
send is a checkpoint.
Rule 3: what a client can make the server keep is bounded as it arrives, not when it is
complete.
Rule 4: a request that would raise in Hypercorn or Quart is refused before they see it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.events import Body, Request, StreamClosed
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol, H11WSConnection
from hypercorn.protocol.http_stream import ASGIHTTPState, HTTPStream
from hypercorn.protocol.ws_stream import Handshake
from hypercorn.trio.task_group import TaskGroup
from hypercorn.typing import (
    AppWrapper,
    ASGIFramework,
    ASGIReceiveEvent,
    ASGISendEvent,
    H11SendableEvent,
    Scope,
)
from hypercorn.utils import UnexpectedMessageError, suppress_body

from ant.api import codec
from ant.api.problem import MEDIA_TYPE, problem
from ant.core.counters import Limit, increment
from ant.http.server.admission import connection_of
from ant.http.server.hardening import hardened
from ant.http.server.websocket import MAX_FRAME, SafeWebSocket

log = logging.getLogger(__name__)

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a request body. A larger one is answered with 413 while it is being sent."""

MAX_HEAD = 16 * 1024
"""Bytes of a request head. h11 refuses a longer one only while it is incomplete;
`_head_size` measures one that came whole."""

MAX_QUEUE = 2
"""Messages queued for a handler that is busy; Quart-Trio queues ten more of its own."""

EXTENSIONS_HEADER = b"sec-websocket-extensions"
"""Removed from every request: Hypercorn accepts every offer of compression, without a
limit on the size that a small frame decompresses to, and has no setting against it."""

EXCHANGE: Final = "ant.exchange"
"""The key of a request's ASGI `extensions` whose value is its `Application`."""

ONE_WRITE = 64 << 10
"""Bytes of a body that are copied behind the head, so that both are one write."""

_WHOLE: Final = "ant.response"
"""The type of the event that `Application.respond` sends."""

_FULL = "This server has no room for another connection now; try again in a moment."
_SENTENCES = {
    413: "The body is larger than 10 MiB.",
    503: _FULL,
    431: "The head of the request is larger than 16 KiB.",
    505: "This server supports HTTP/1.1 only.",
}
_LIMITS = {413: Limit.BODY, 431: Limit.HEAD}
_OTHER = "This is not a valid HTTP/1.1 request."


def configuration() -> Config:
    """Hypercorn's settings: HTTP/1.1, no access log, errors to our own logger."""
    config = Config()
    # There is no access log, since a query string may hold a key.
    config.accesslog = None
    config.errorlog = log
    config.include_server_header = False
    config.h11_max_incomplete_size = MAX_HEAD
    config.max_app_queue_size = MAX_QUEUE
    config.websocket_max_message_size = MAX_FRAME
    # Seconds that an idle connection is kept; browsers reconnect by themselves.
    config.keep_alive_timeout = 75
    # It would end idle WebSockets, too; `connection` has its own timeouts.
    config.read_timeout = None
    return config


ONLY_HTTPS = "This port speaks https: call https:// instead of http://."


def refusal(
    status: HTTPStatus = HTTPStatus.SERVICE_UNAVAILABLE, sentence: str = _FULL
) -> bytes:
    """The whole response to a connection whose request is not read.

    By default, the 503 of a connection for which there is no room.
    """
    body = codec.dumps(problem(status, sentence))
    again = "Retry-After: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n{again}Connection: close\r\n"
        f"Content-Type: {MEDIA_TYPE}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return hardened(head.encode()) + body


class Refused(Exception):
    """Raised for a request that is answered here and never reaches the app."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


@dataclass(frozen=True)
class WholeResponse(StreamEvent):
    """A response whose body is in memory."""

    status_code: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Application:
    """One call of the ASGI app, for one request or WebSocket.

    An app that knows it, by `EXCHANGE` in the scope of a request, may spare a task that
    waits for the disconnect (`end_with_client`), and two of three events of a response
    (`respond`).
    """

    def __init__(
        self, send: Callable[[ASGISendEvent | None], Awaitable[None]], queue_size: int
    ) -> None:
        self._send = send
        self._events_in, self._events_out = trio.open_memory_channel[ASGIReceiveEvent](
            queue_size
        )
        self._scope = trio.CancelScope()
        self._disconnect: ASGIReceiveEvent | None = None
        self._ends_with_client = self._has_responded = False

    def end_with_client(self) -> None:
        """Cancel the app at a disconnect, which it need not receive then."""
        self._ends_with_client = True
        if self._disconnect is not None:
            self._scope.cancel()

    async def respond(
        self, status: int, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> None:
        """Send a whole response; `send` sends one in pieces. Header names are lower.

        *Cancellation:* comes before the first byte, or after the last one.
        """
        self._has_responded = True
        event = {"type": _WHOLE, "status": status, "headers": headers, "body": body}
        await self.send(cast(ASGISendEvent, event))

    async def put(self, event: ASGIReceiveEvent) -> None:
        """Queue an event for the app, and wait for room in the queue.

        A disconnect does not wait: if the queue is full, the app is cancelled. An event
        for an app that has returned is dropped.
        """
        try:
            if event["type"] in {"http.disconnect", "websocket.disconnect"}:
                self._disconnect = event
                if self._ends_with_client:
                    if not self._has_responded:
                        self._scope.cancel()
                    return
                self._events_in.send_nowait(event)
                self._events_in.close()
            else:
                await self._events_in.send(event)
        except trio.WouldBlock:
            self._scope.cancel()  # The app does not receive, so it cannot be notified.
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # The app has returned, or has received the disconnect.

    async def receive(self) -> ASGIReceiveEvent:
        """The app's `receive`; a second one after the disconnect cancels the app."""
        with suppress(trio.EndOfChannel):
            return await self._events_out.receive()
        self._scope.cancel()
        await trio.lowlevel.checkpoint()
        assert self._disconnect is not None
        return self._disconnect

    async def send(self, event: ASGISendEvent) -> None:
        """The app's `send`; it cancels the app if the client has disconnected.

        Quart-Trio's `websocket.send` has no checkpoint of its own, and Hypercorn's
        returns at once if the client has disconnected, so a loop around it would never
        yield. A write is shielded, so this checks for a cancellation first.
        """
        if self._disconnect is not None:
            self._scope.cancel()
        await trio.lowlevel.checkpoint_if_cancelled()
        await self._send(event)

    async def run(self, app: ASGIFramework, scope: Scope) -> None:
        """Run the app to its end; its errors are logged and not raised.

        *Cancellation:* from outside it means that the connection has ended: Hypercorn
        is not notified of the app's end.
        """
        try:
            with self._scope, self._events_out:
                await app(scope, self.receive, self.send)
        except* Exception:
            log.exception("The application failed.")
        await self._send(None)


class RequestTasks(TaskGroup):
    """The task group of one connection; it runs the app as an `Application`."""

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        application = Application(send, config.max_app_queue_size)
        if scope["type"] == "http":
            cast(dict[str, Any], scope["extensions"])[EXCHANGE] = application
        self.spawn(application.run, app, scope)
        return application.put


class LimitedStream(HTTPStream):
    """One request and its response, with a limit on the size of the body."""

    _size = 0

    async def handle(self, event: StreamEvent) -> None:
        if isinstance(event, Body):
            self._size += len(event.data)
            if self._size > MAX_BODY:
                raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        await super().handle(event)

    async def app_send(self, message: ASGISendEvent | None) -> None:
        whole = cast("dict[str, Any] | None", message)
        if whole is None or whole["type"] != _WHOLE:
            await super().app_send(message)
            return
        if self.state is not ASGIHTTPState.REQUEST:
            raise UnexpectedMessageError(self.state, _WHOLE)
        status, body = whole["status"], whole["body"]
        if suppress_body(self.scope["method"], status):
            body = b""
        self.state = ASGIHTTPState.RESPONSE
        await self.send(WholeResponse(self.stream_id, status, whole["headers"], body))
        self.state = ASGIHTTPState.CLOSED
        await self.send(StreamClosed(stream_id=self.stream_id))


class Protocol(H11Protocol):
    """HTTP/1.1 and its upgrade to WebSocket, without HTTP/2."""

    async def handle(self, event: Event) -> None:
        try:
            await super().handle(event)
        except Refused as refused:
            await self._close_stream()
            if self.connection.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
                await self._send_error_response(refused.status)
            await self.send(Closed())

    async def stream_send(self, event: StreamEvent) -> None:
        if isinstance(event, WholeResponse):
            await self._send_whole(event)
        else:
            await super().stream_send(event)

    async def _send_whole(self, event: WholeResponse) -> None:
        """Send a response, in one write unless it is large."""
        headers = event.headers + self.config.response_headers("h11")
        if self.keep_alive_requests >= self.config.keep_alive_max_requests:
            headers.append((b"connection", b"close"))
        response = h11.Response(status_code=event.status_code, headers=headers)
        try:
            head = hardened(self.connection.send(response))
            body = b""
            if event.body:
                body = self.connection.send(h11.Data(data=event.body))
            body += self.connection.send(h11.EndOfMessage())
        except h11.LocalProtocolError:
            if self.connection.their_state != h11.ERROR:
                raise
            return
        if len(body) > ONE_WRITE:
            await self.send(RawData(head))
            await self.send(RawData(body))
        else:
            await self.send(RawData(head + body))

    async def _send_h11_event(self, event: H11SendableEvent) -> None:
        """Send an event; the head of a response gets the headers of `hardening`."""
        try:
            data = self.connection.send(event)
        except h11.LocalProtocolError:
            if self.connection.their_state != h11.ERROR:
                raise
            return
        if isinstance(event, h11.Response):
            data = hardened(data)
        await self.send(RawData(data))

    async def _send_error_response(self, status_code: int) -> None:
        """Send an error response of Hypercorn's own, with a problem object as body."""
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
        with suppress(h11.LocalProtocolError):  # The response to HEAD has no body.
            await self._send_h11_event(h11.Data(data=body))
            await self._send_h11_event(h11.EndOfMessage())

    async def _check_protocol(self, event: h11.Request) -> None:
        """Do nothing; Hypercorn switches to HTTP/2 here."""

    async def _create_stream(self, request: h11.Request) -> None:
        if _head_size(request) > MAX_HEAD:
            raise Refused(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        headers = [
            header for header in request.headers if header[0] != EXTENSIONS_HEADER
        ]
        is_websocket = _is_websocket(request, headers)
        path = _origin_form(request.target)
        kind: type[SafeWebSocket | LimitedStream] = LimitedStream
        connection = connection_of({"state": self.connection_state})
        if connection is not None:
            if is_websocket and not connection.has_socket_room():
                raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
            await connection.wait_for_slot(headers, request.target)
        if is_websocket:
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


def _head_size(request: h11.Request) -> int:
    """The bytes of a head, without the blanks that h11 removes around values."""
    line = len(request.method) + len(request.target) + len(" HTTP/1.1 \r\n")
    fields = sum(len(name) + len(value) + 4 for name, value in request.headers)
    return line + fields + 2


def _is_websocket(request: h11.Request, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request is a WebSocket handshake.

    Raises `Refused` for a request that Hypercorn would read ambiguously, or not at all.
    """
    fields = dict(headers)
    if request.http_version not in {b"1.0", b"1.1"}:
        raise Refused(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED)
    length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if length is not None and coding is not None:
        # The two define different bodies, and a proxy in front of the server may use
        # the other one.
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
    """The path and query of a request target, without the host of an absolute one.

    Raises `Refused` for any other form.
    """
    if target.lower().startswith((b"http://", b"https://")):
        rest = target.partition(b"://")[2]
        target = rest[rest.find(b"/") :] if b"/" in rest else b"/"
    if not target.startswith(b"/"):
        # Quart relies on the leading slash.
        raise Refused(HTTPStatus.BAD_REQUEST)
    return target
