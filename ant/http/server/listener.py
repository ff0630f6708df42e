"""Our own serve loop over hypercorn's connection class, so that no client ends it.

Hypercorn's own dies of one malformed request, and waits without limit for a client that
stopped reading. Its protocol code is kept; `connection` says what is different in it.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import struct
import sys
import termios
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import inf
from typing import Any, cast

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.trio.tcp_server import MAX_RECV, TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import AppWrapper, ASGIFramework, ConnectionState
from hypercorn.utils import parse_socket_addr

from ant.core.background import persist
from ant.core.counters import Limit, increment
from ant.core.descriptors import Shares, add_connections, shares
from ant.core.fair_turns import LARGE
from ant.core.log_rate import FailureLog
from ant.http.server.admission import CONNECTION, Admission, Favours, RequestSlot
from ant.http.server.connection import (
    MAX_BODY,
    Protocol,
    RequestTasks,
    configuration,
    refusal,
)
from ant.http.server.websocket import MAX_FRAME, OVERSIZE

Note = Callable[[tuple[str, int] | None, tuple[str, int] | None], Any]
"""Is told the address of a peer, and ours, when its connection is accepted."""

LOGGER = logging.getLogger(__name__)

__all__ = ["MAX_BODY", "MAX_FRAME", "OVERSIZE", "address", "open_listeners", "serve"]

#: After this long without an acknowledgement the kernel drops a peer by itself. Longer
#: than `stall_s`, so that a client which merely stalls is dropped by us, and logged.
USER_TIMEOUT_MS = 30_000

#: A head is complete this long after its first byte, or after the connection opened.
HEAD_S = 20.0

#: A connection on which nothing was accepted waits so long for another request.
STRANGER_IDLE_S = 5.0

#: Between two tries to accept a connection while the system has none to give.
ACCEPT_AGAIN_S = 0.1

#: Refused connections that hear why at the same time; the next are only closed.
REFUSING = 8

#: What each of them has to hear it.
REFUSING_S = 1.0

#: After our last word we still listen so long. To close on unread bytes is to reset,
#: and a reset can overtake the answer or the close frame that explains it.
LINGER_S = 2.0

#: The same when the server leaves: a round trip, and then it has waited enough.
LAST_LINGER_S = 0.3


async def open_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Listen on every address of `host`; port 0 is a free port, on the first of them.

    No child inherits these sockets. An `OSError` of `bind` or of the name's resolution
    is raised as it came. *Cancellation:* leaves nothing open.
    """
    listeners = await trio.open_tcp_listeners(port, host=host)
    if port == 0:
        # A port that is free on one address need not be free on the next.
        for spare in listeners[1:]:
            spare.socket.close()
        del listeners[1:]
    option = trio.socket.IPPROTO_TCP, trio.socket.TCP_USER_TIMEOUT
    for listener in listeners:
        # Accepted sockets inherit it. trio itself sets TCP_NODELAY on each of them.
        listener.socket.setsockopt(*option, USER_TIMEOUT_MS)
    return listeners


def address(listeners: list[trio.SocketListener]) -> tuple[str, int]:
    """The host and the port that the first listener is bound to."""
    host, port = listeners[0].socket.getsockname()[:2]
    return host, port


async def serve(
    app: ASGIFramework,
    listeners: list[trio.SocketListener],
    *,
    stopped: trio.Event,
    grace_s: float,
    stall_s: float = 15.0,
    heard: Callable[[], None] = lambda: None,
    note: Note | None = None,
    divided: Shares | None = None,
    favours: Favours | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until `stopped`, then see every connection out within `grace_s`.

    At the stop the listeners and all idle connections close at once. Requests under
    way may finish. WebSocket handlers are not told: they know of the stop by themselves
    and close with 1001. What is left after `grace_s` is cut. So is, at any time, a
    client that takes nothing for `stall_s` while there is something for it. There are
    no lifespan events. The listeners are closed in any case. `heard` is called whenever
    a client has sent something short. What `note` makes of both addresses of a
    connection is `state["peer"]` in the scopes of its requests. `divided` is how many
    connections there may be: what the limit of descriptors allows, where it is None.
    `favours` tells requests that go before those of strangers; without it all do.

    *Cancellation:* cuts every connection at once; no socket and no task is left.
    """
    config, context = configuration(), WorkerContext(None)
    live: set[Connection] = set()
    admission = Admission(divided or shares(), favours)
    departures = trio.lowlevel.ParkingLot()

    def admit(stream: trio.SocketStream) -> bool:
        connection = Connection(
            app, config, context, stream, stall_s, admission, heard, note
        )
        if not admission.enter(connection):
            return False
        live.add(connection)
        add_connections(1)
        connections.start_soon(converse, connection)
        return True

    async def converse(connection: Connection) -> None:
        try:
            await connection.run()
        finally:
            admission.leave(connection)
            live.discard(connection)
            add_connections(-1)
            connection.let_go()
            departures.unpark_all()

    async def everybody_left() -> None:
        while live:
            await departures.park()

    async with trio.open_nursery() as connections:
        try:
            async with trio.open_nursery() as door:
                for listener in listeners:
                    work = ListeningSocket(listener, admission, admit).run
                    door.start_soon(persist, "The listener", work)
                task_status.started()
                await stopped.wait()
                door.cancel_scope.cancel()
            for listener in listeners:
                listener.socket.close()
            await context.terminated.set()
            for connection in live:
                connection.retire()
            with trio.move_on_after(grace_s):
                await everybody_left()
        finally:
            for listener in listeners:
                listener.socket.close()
            for connection in live:
                connection.cut("the server leaves")
            connections.cancel_scope.cancel()


class ListeningSocket:
    """Accepts the connections of one listener, for ever.

    Without a free descriptor it closes an idle connection for each that comes; where
    there is none, it has one in hand, which it gives for as long as a refusal takes.
    """

    def __init__(
        self,
        listener: trio.SocketListener,
        admission: Admission,
        admit: Callable[[trio.SocketStream], bool],
    ) -> None:
        self._listener, self._admission, self._admit = listener, admission, admit
        self._failures = FailureLog(LOGGER, "No connection can be accepted")
        self._refusing = 0
        self._spare = -1

    async def run(self) -> None:
        """Accept. *Cancellation:* comes between two connections."""
        try:
            async with trio.open_nursery() as refusals:
                while True:
                    await self._accept(refusals)
        finally:
            self._give()

    async def _accept(self, refusals: trio.Nursery) -> None:
        if self._spare < 0:
            with suppress(OSError):
                self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            stream = await self._listener.accept()
        except OSError as exc:
            if exc.errno == errno.EMFILE:
                await self._make_room()
            else:
                self._say_why(exc)
                await trio.sleep(ACCEPT_AGAIN_S)
            return
        if self._admit(stream):
            return
        if self._refusing < REFUSING:
            self._refusing += 1
            refusals.start_soon(self._refuse, stream)
        else:
            stream.socket.close()

    async def _make_room(self) -> None:
        """Have a descriptor for who comes next, or refuse him."""
        # Linux says EMFILE whether somebody has come or not.
        await trio.lowlevel.wait_readable(self._listener.socket)
        if self._admission.make_room():
            return
        self._give()
        stream: trio.SocketStream | None = None
        try:
            with trio.move_on_after(ACCEPT_AGAIN_S):
                stream = await self._listener.accept()
        except OSError as exc:  # Somebody else took it.
            self._say_why(exc)
            await trio.sleep(ACCEPT_AGAIN_S)
        if stream is not None:
            self._refusing += 1
            await self._refuse(stream)

    def _say_why(self, exc: OSError) -> None:
        self._failures.failed(f"{exc.strerror or exc}.")

    def _give(self) -> None:
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1

    async def _refuse(self, stream: trio.SocketStream) -> None:
        """Say why and close; what the peer has sent is read, or it would not hear."""
        try:
            with suppress(trio.BrokenResourceError), trio.move_on_after(REFUSING_S):
                await stream.send_all(refusal())
                await stream.send_eof()
                while await stream.receive_some(MAX_RECV):
                    pass
        finally:
            self._refusing -= 1
            stream.socket.close()


class Connection(TCPServer):
    """One accepted socket. What its peer sends and its app raises stays in `run`."""

    def __init__(
        self,
        app: ASGIFramework,
        config: Config,
        context: WorkerContext,
        stream: trio.SocketStream,
        stall_s: float,
        admission: Admission,
        heard: Callable[[], None],
        note: Note | None,
    ) -> None:
        wrapped = cast(AppWrapper, app)
        secure = cast("trio.SSLStream[trio.SocketStream]", stream)
        super().__init__(wrapped, config, context, {}, secure)
        self._socket, self._stall_s = stream.socket, stall_s
        self._heard, self._note = heard, note
        self._admission, self._turn = admission, RequestSlot(None)
        self._in_line = False
        self._life, self._reading = trio.CancelScope(), trio.CancelScope()
        self._until = inf  # The deadline of `_reading`, in force when it reads.
        self._idle, self._closing = True, False

    async def run(self) -> None:
        """Speak until either side is done; the caller closes the socket.

        *Cancellation:* ends the app, but not a write under way: for that, `cut` first.
        """
        if self._socket.fileno() < 0:
            return  # It was let go of before it began.
        try:
            family = self._socket.family
            client = parse_socket_addr(family, self._socket.getpeername())
            server = parse_socket_addr(family, self._socket.getsockname())
            with self._life:
                async with RequestTasks() as tasks:
                    given = (self.app, self.config, self.context, tasks)
                    told: dict[str, object] = {CONNECTION: self}
                    if self._note is not None:
                        told["peer"] = self._note(client, server)
                    peers = (ConnectionState(told), False, client, server)
                    self._protocol = Protocol(*given, *peers, self.protocol_send)
                    self._expect(0 if self.context.terminated.is_set() else HEAD_S)
                    await self._read_data()
        except* OSError as errors:
            LOGGER.info("A connection ended early: %s.", errors.exceptions[0])
        except* Exception:
            LOGGER.exception("A connection failed.")

    @property
    def is_idle(self) -> bool:
        """Whether no request is under way, or our last word is said."""
        return self._idle or self._closing or self._in_line

    def trust(self, is_socket: bool, is_terminal: bool) -> None:
        """See `Admission.trust`."""
        self._turn.end()
        self._admission.trust(self, is_socket, is_terminal)

    def has_socket_room(self) -> bool:
        """See `Admission.has_socket_room`."""
        return self._admission.has_socket_room()

    async def wait_turn(
        self, headers: Sequence[tuple[bytes, bytes]], target: bytes
    ) -> None:
        """See `Admission.wait_turn`; meanwhile nothing is under way."""
        self._in_line = True
        self._turn = await self._admission.wait_turn(self, headers, target)
        self._in_line = False

    def let_go(self) -> None:
        """Close it at once, whatever is under way."""
        if self._socket.fileno() >= 0:
            self._socket.close()
        self._turn.end()
        self._life.cancel()

    def retire(self) -> None:
        """Close now if nothing is under way; else nothing changes."""
        if self._idle:
            self._expect(0)
        elif self._closing:
            self._expect(LAST_LINGER_S)

    def cut(self, reason: str) -> None:
        """Close by force: a blocked write raises, the app is cancelled."""
        if self._socket.fileno() >= 0:
            LOGGER.info("A connection was cut: %s.", reason)
            # A reset also drops what the peer did not take from the kernel.
            option = trio.socket.SOL_SOCKET, trio.socket.SO_LINGER
            self._socket.setsockopt(*option, struct.pack("ii", 1, 0))
            self._socket.close()
        self._life.cancel()

    async def protocol_send(self, event: Event) -> None:
        """What hypercorn's protocol code calls to write, to close, and to be idle."""
        if isinstance(event, RawData):
            await self._write(event.data)
        elif isinstance(event, Updated):
            self._idle = event.idle
            if event.idle:
                self._turn.end()
            self._expect(self._patience() if event.idle else inf)
        elif isinstance(event, Closed):
            self._turn.end()
            await self._close()
            await self._protocol.handle(event)

    def _patience(self) -> float:
        """How long to wait for another request."""
        if not self._admission.rest(self):
            return 0
        known = self._admission.is_known(self)
        return self.config.keep_alive_timeout if known else STRANGER_IDLE_S

    async def _write(self, data: bytes) -> None:
        """Write all of it, or cut. Always a checkpoint: the app may do nothing else.

        *Cancellation:* only before the first byte.
        """
        left = memoryview(data)
        try:  # To wait for a free lock is a turn of the loop all the same.
            self.send_lock.acquire_nowait()
        except trio.WouldBlock:
            await self.send_lock.acquire()
        try:
            while left and not self._closing:
                waiting = self._unacknowledged()
                with trio.move_on_after(self._stall_s, shield=True) as patience:
                    left = left[await self._socket.send(left) :]
                if patience.cancelled_caught and self._unacknowledged() >= waiting:
                    increment(Limit.STALLED)
                    self.cut("the peer stopped reading")
        except (OSError, trio.ClosedResourceError) as error:
            self.cut(f"writing met {type(error).__name__}")
        finally:
            self.send_lock.release()
        if len(left) == len(data):
            await trio.lowlevel.checkpoint()

    def _unacknowledged(self) -> int:
        """Bytes that the peer did not take yet: finer than what the kernel accepts."""
        if self._socket.fileno() < 0:
            return -1
        count = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(count, sys.byteorder)

    async def _read_data(self) -> None:
        while True:
            data = b""  # So a timeout and a reset are ends of the stream as well.
            self._reading = trio.CancelScope(deadline=self._until)
            with suppress(OSError, trio.ClosedResourceError), self._reading:
                data = await self._socket.recv(MAX_RECV)
            if not data:
                break
            if len(data) <= LARGE:
                self._heard()
            if self._idle:
                self._until = min(self._until, trio.current_time() + HEAD_S)
            if not self._closing:
                await self._protocol.handle(RawData(data))
        await self._protocol.handle(Closed())

    async def _close(self) -> None:
        """Say that we are done; the reader waits a moment for the peer to say so too.

        *Cancellation:* shielded. Quart ends itself by its last word, before it is out.
        """
        with trio.move_on_after(LINGER_S, shield=True):
            async with self.send_lock:
                self._closing = True
                last = self.context.terminated.is_set()
                self._expect(LAST_LINGER_S if last else LINGER_S)
                with suppress(OSError):
                    self._socket.shutdown(trio.socket.SHUT_WR)

    def _expect(self, seconds: float) -> None:
        """Let the reader wait this long from now, be it reading now or later."""
        self._until = trio.current_time() + seconds
        self._reading.deadline = self._until
