"""One accepted connection: timeouts, writes that cannot block for ever, closing, TLS.

It drives `protocol.Protocol` in place of Hypercorn's `TCPServer.run`.

Rule 1: a read has a deadline: for a request head, and for an idle connection.
Rule 2: a write that makes no progress for `stall_s` resets the connection.
Rule 3: after its last byte the connection stays open for a moment. Closing it on unread
bytes would reset it, and a reset can overtake the answer or the close frame.
"""

from __future__ import annotations

import fcntl
import logging
import struct
import sys
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from math import inf
from typing import Any, cast

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.tcp_server import MAX_RECV, TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework, ConnectionState
from hypercorn.utils import parse_socket_addr

from ant.core.counters import Limit, increment
from ant.core.fair_turns import LARGE
from ant.http.server.admission import CONNECTION, Admission, RequestSlot
from ant.http.server.protocol import ONLY_HTTPS, Protocol, RequestTasks, refusal
from ant.http.server.tls import TlsError, TlsSession

log = logging.getLogger(__name__)

PeerLookup = Callable[[trio.socket.SocketType], Any]
"""Called with the socket of a connection when it is accepted."""

HEAD_S = 20.0
"""Seconds for a request head, from its first byte, or from the accept for the first."""

UNAUTHENTICATED_IDLE_S = 5.0
"""Seconds that a connection without an accepted request waits for another request."""

LINGER_S = 2.0
"""Seconds that a connection stays open for reading after its last byte was sent."""

STOP_LINGER_S = 0.3
"""The same when the server stops: a round trip is enough then."""


class Connection(TCPServer):
    """One accepted socket. Errors of its client and of its app stay in `run`."""

    def __init__(
        self,
        app: ASGIFramework,
        config: Config,
        context: WorkerContext,
        stream: trio.SocketStream,
        stall_s: float,
        admission: Admission,
        on_small_input: Callable[[], None],
        lookup_peer: PeerLookup | None,
        tls: TlsSession | None = None,
    ) -> None:
        wrapped = cast(AppWrapper, app)
        secure = cast("trio.SSLStream[trio.SocketStream]", stream)
        super().__init__(wrapped, config, context, {}, secure)
        self._socket, self._stall_s, self._tls = stream.socket, stall_s, tls
        self._on_small_input, self._lookup_peer = on_small_input, lookup_peer
        self._admission, self._slot = admission, RequestSlot(None)
        self._is_waiting = False
        self._scope, self._read_scope = trio.CancelScope(), trio.CancelScope()
        self._read_deadline = inf  # Of `_read_scope`; it takes effect at the next read.
        self._idle, self._closing = True, False

    async def run(self) -> None:
        """Serve until the client or the app is done; the caller closes the socket.

        *Cancellation:* ends the app, but not a write in progress: call `reset` first.
        """
        if self._socket.fileno() < 0:
            return  # It was closed before it began.
        try:
            family = self._socket.family
            client = parse_socket_addr(family, self._socket.getpeername())
            server = parse_socket_addr(family, self._socket.getsockname())
            with self._scope:
                async with RequestTasks() as tasks:
                    state: dict[str, object] = {CONNECTION: self}
                    if self._lookup_peer is not None:
                        state["peer"] = self._lookup_peer(self._socket)
                    self._protocol = Protocol(
                        self.app,
                        self.config,
                        self.context,
                        tasks,
                        ConnectionState(state),
                        self._tls is not None,
                        client,
                        server,
                        self.protocol_send,
                    )
                    is_stopping = self.context.terminated.is_set()
                    self._set_read_timeout(0 if is_stopping else HEAD_S)
                    await self._read_data()
        except* OSError as errors:
            self._admission.early_ends.failed(errors.exceptions[0])
        except* Exception:
            log.exception("A connection failed.")

    @property
    def is_idle(self) -> bool:
        """Whether no request is handled now, or the last byte was sent."""
        return self._idle or self._closing or self._is_waiting

    def mark_authenticated(self, is_socket: bool, is_terminal: bool) -> None:
        """See `Admission.mark_authenticated`."""
        self._slot.release()
        self._admission.mark_authenticated(self, is_socket, is_terminal)

    def has_socket_room(self) -> bool:
        """See `Admission.has_socket_room`."""
        return self._admission.has_socket_room()

    async def wait_for_slot(
        self, headers: Sequence[tuple[bytes, bytes]], target: bytes
    ) -> None:
        """See `Admission.wait_for_slot`; the connection counts as idle meanwhile."""
        self._is_waiting = True
        self._slot = await self._admission.wait_for_slot(self, headers, target)
        self._is_waiting = False

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """See `RequestConnection.refusing`."""
        self._slot.release()
        self._is_waiting = True
        try:
            yield
        finally:
            self._is_waiting = False

    def close_now(self) -> None:
        """Close the socket at once, and cancel what is in progress."""
        if self._socket.fileno() >= 0:
            self._socket.close()
        self._slot.release()
        self._scope.cancel()

    def finish(self) -> None:
        """Close if no request is in progress; a request in progress may finish."""
        if self._idle:
            self._set_read_timeout(0)
        elif self._closing:
            self._set_read_timeout(STOP_LINGER_S)

    def reset(self, reason: str) -> None:
        """Reset the connection: a blocked write raises, and the app is cancelled."""
        if self._socket.fileno() >= 0:
            log.info("A connection was reset: %s.", reason)
            # With SO_LINGER 0 the kernel also drops the bytes that it has not sent.
            option = trio.socket.SOL_SOCKET, trio.socket.SO_LINGER
            self._socket.setsockopt(*option, struct.pack("ii", 1, 0))
            self._socket.close()
        self._scope.cancel()

    async def protocol_send(self, event: Event) -> None:
        """Handle what Hypercorn's protocol code emits: data, idleness, and the end."""
        if isinstance(event, RawData):
            await self._write(event.data)
        elif isinstance(event, Updated):
            self._idle = event.idle
            if event.idle:
                self._slot.release()
            self._set_read_timeout(self._keep_alive_s() if event.idle else inf)
        elif isinstance(event, Closed):
            self._slot.release()
            await self._close()
            await self._protocol.handle(event)

    def _keep_alive_s(self) -> float:
        """Seconds to wait for another request."""
        if not self._admission.finish_request(self):
            return 0
        if self._admission.is_authenticated(self):
            return self.config.keep_alive_timeout
        return UNAUTHENTICATED_IDLE_S

    async def _write(self, data: bytes) -> None:
        """Write all of `data`, or reset. Always a checkpoint, for apps that only send.

        *Cancellation:* only before the first byte.
        """
        try:  # `acquire` would be a checkpoint even if the lock is free.
            self.send_lock.acquire_nowait()
        except trio.WouldBlock:
            await self.send_lock.acquire()
        try:
            if self._tls is not None:
                data = self._tls.encrypt(data)
            left = memoryview(data)
            while left and not self._closing:
                before = self._unacknowledged()
                with trio.move_on_after(self._stall_s, shield=True) as timeout:
                    left = left[await self._socket.send(left) :]
                if timeout.cancelled_caught and self._unacknowledged() >= before:
                    increment(Limit.STALLED)
                    self.reset("the client stopped reading")
        except (OSError, trio.ClosedResourceError) as error:
            self.reset(f"a write raised {type(error).__name__}")
        finally:
            self.send_lock.release()
        if len(left) == len(data):
            await trio.lowlevel.checkpoint()

    def _unacknowledged(self) -> int:
        """Bytes that the client has not acknowledged.

        The number falls with every acknowledgement, long before `send` can go on.
        """
        if self._socket.fileno() < 0:
            return -1
        count = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(count, sys.byteorder)

    async def _read_data(self) -> None:
        while True:
            data = b""  # A timeout and a reset count as the end of the stream.
            self._read_scope = trio.CancelScope(deadline=self._read_deadline)
            with suppress(OSError, trio.ClosedResourceError), self._read_scope:
                data = await self._socket.recv(MAX_RECV)
            if not data:
                break
            if self._tls is not None and not self._closing:
                data = await self._decrypt(self._tls, data)
            if 0 < len(data) <= LARGE:
                self._on_small_input()
            if self._idle:
                head_deadline = trio.current_time() + HEAD_S
                self._read_deadline = min(self._read_deadline, head_deadline)
            if data and not self._closing:
                await self._protocol.handle(RawData(data))
            if self._tls is not None and self._tls.is_ended:
                break
        await self._protocol.handle(Closed())

    async def _decrypt(self, tls: TlsSession, data: bytes) -> bytes:
        """The plain bytes in `data`, if any; close if the client does not speak TLS."""
        try:
            plain = tls.decrypt(data)
        except TlsError as exc:
            self._admission.early_ends.failed(f"TLS: {exc}")
            if exc.is_plain_http:
                self._tls = None
                await self._write(refusal(HTTPStatus.BAD_REQUEST, ONLY_HTTPS))
            else:
                await self._write(b"")  # The alert, which says what is wrong.
            await self._close()
            return b""
        if tls.has_pending:
            await self._write(b"")
        return plain

    async def _close(self) -> None:
        """Send the end of the stream; the reader then waits for the client's end.

        *Cancellation:* shielded. When Quart has sent its last event, it cancels itself
        before the bytes are written.
        """
        with trio.move_on_after(LINGER_S, shield=True):
            async with self.send_lock:
                self._closing = True
                is_stopping = self.context.terminated.is_set()
                self._set_read_timeout(STOP_LINGER_S if is_stopping else LINGER_S)
                with suppress(OSError, trio.ClosedResourceError):
                    if self._tls is not None:
                        await self._socket.send(self._tls.end())
                    self._socket.shutdown(trio.socket.SHUT_WR)

    def _set_read_timeout(self, seconds: float) -> None:
        """Set the deadline of the current read, or of the next one, from now."""
        self._read_deadline = trio.current_time() + seconds
        self._read_scope.deadline = self._read_deadline
