"""Listens, accepts connections and serves them with Hypercorn's protocol code.

ANT has a serve loop of its own, since Hypercorn's ends on one malformed request, and
waits without limit for a client that stopped reading. `protocol` and `connection` say
what else differs.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from contextlib import suppress

import trio
from hypercorn.trio.tcp_server import MAX_RECV
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.typing import ASGIFramework

from ant.core.background import persist
from ant.core.descriptors import Shares, add_connections, shares
from ant.core.log_rate import FailureLog
from ant.http.server.admission import Admission, PriorityCheck
from ant.http.server.connection import Connection, PeerLookup
from ant.http.server.protocol import MAX_BODY, configuration, refusal
from ant.http.server.tls import Certificate
from ant.http.server.websocket import MAX_FRAME, OVERSIZE

log = logging.getLogger(__name__)

__all__ = ["MAX_BODY", "MAX_FRAME", "OVERSIZE", "address", "open_listeners", "serve"]

USER_TIMEOUT_MS = 30_000
"""Milliseconds without an acknowledgement after which the kernel drops a peer. It is
longer than `stall_s`, so that ANT itself drops, and logs, a client that only stalls."""

ACCEPT_RETRY_S = 0.1
"""Seconds between two attempts to accept while the system has no descriptor."""

REFUSALS = 8
"""Refused connections that get a 503 at the same time; others are only closed."""

REFUSAL_S = 1.0
"""Seconds that one refusal may take."""


async def open_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Listen on every address of `host`. Port 0 is a free port, on the first address.

    Child processes do not inherit these sockets. Raises the `OSError` of `bind`, or of
    the resolution of the name, unchanged. *Cancellation:* leaves nothing open.
    """
    listeners = await trio.open_tcp_listeners(port, host=host)
    if port == 0:
        # A port that is free on one address need not be free on the next.
        for unused in listeners[1:]:
            unused.socket.close()
        del listeners[1:]
    option = trio.socket.IPPROTO_TCP, trio.socket.TCP_USER_TIMEOUT
    for listener in listeners:
        # Accepted sockets inherit it. trio itself sets TCP_NODELAY on each of them.
        listener.socket.setsockopt(*option, USER_TIMEOUT_MS)
    return listeners


def is_tcp(one: trio.socket.SocketType) -> bool:
    """Whether a socket is one of TCP, not a Unix socket."""
    return one.family != trio.socket.AF_UNIX


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
    on_small_input: Callable[[], None] = lambda: None,
    lookup_peer: PeerLookup | None = None,
    limits: Shares | None = None,
    has_priority: PriorityCheck | None = None,
    certificate: Certificate | None = None,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve `app` until `stopped`, then finish every connection within `grace_s`.

    At the stop, the listeners and all idle connections close at once. Requests in
    progress may finish. WebSocket handlers are not notified: they detect the stop
    themselves and close with 1001. After `grace_s`, what is left is reset. There are no
    ASGI lifespan events. The listeners are closed in any case.

    `stall_s`         a client that accepts nothing for this long, while there is
                      something to send, is reset
    `on_small_input`  called when a client has sent a small piece, such as a key press
    `lookup_peer`     called with the socket of a new connection; its result is
                      `state["peer"]` in the ASGI scopes of the requests
    `limits`          how many connections there may be; None derives it from the limit
                      of descriptors
    `has_priority`    selects requests that go before those of unauthenticated clients;
                      None gives priority to all
    `certificate`     TCP connections speak TLS with it; None: they speak plain HTTP

    *Cancellation:* resets every connection at once; no socket and no task is left.
    """
    config, context = configuration(), WorkerContext(None)
    connections: set[Connection] = set()
    admission = Admission(limits or shares(), has_priority)
    closed = trio.lowlevel.ParkingLot()

    def admit(stream: trio.SocketStream) -> bool:
        connection = Connection(
            app,
            config,
            context,
            stream,
            stall_s,
            admission,
            on_small_input,
            lookup_peer,
            certificate.session() if certificate and is_tcp(stream.socket) else None,
        )
        if not admission.admit(connection):
            return False
        connections.add(connection)
        add_connections(1)
        nursery.start_soon(run_connection, connection)
        return True

    async def run_connection(connection: Connection) -> None:
        try:
            await connection.run()
        finally:
            admission.remove(connection)
            connections.discard(connection)
            add_connections(-1)
            connection.close_now()
            closed.unpark_all()

    async def all_closed() -> None:
        while connections:
            await closed.park()

    async with trio.open_nursery() as nursery:
        try:
            async with trio.open_nursery() as accepting:
                for listener in listeners:
                    is_plain = certificate is None or not is_tcp(listener.socket)
                    listening = ListeningSocket(listener, admission, admit, is_plain)
                    accept = listening.run
                    accepting.start_soon(persist, "The listener", accept)
                task_status.started()
                await stopped.wait()
                accepting.cancel_scope.cancel()
            for listener in listeners:
                listener.socket.close()
            await context.terminated.set()
            for connection in connections:
                connection.finish()
            with trio.move_on_after(grace_s):
                await all_closed()
        finally:
            for listener in listeners:
                listener.socket.close()
            for connection in connections:
                connection.reset("the server stops")
            nursery.cancel_scope.cancel()


class ListeningSocket:
    """Accepts the connections of one listener until it is cancelled.

    It keeps one descriptor in reserve. If the process has no free descriptor, it closes
    an idle connection for each new one. If none is idle, it uses the reserve to accept
    the new connection and refuse it.
    """

    def __init__(
        self,
        listener: trio.SocketListener,
        admission: Admission,
        admit: Callable[[trio.SocketStream], bool],
        is_plain: bool = True,
    ) -> None:
        self._is_plain = is_plain
        self._listener, self._admission, self._admit = listener, admission, admit
        self._failures = FailureLog(log, "No connection can be accepted")
        self._refusals = 0
        self._reserve_fd = -1

    async def run(self) -> None:
        """Accept connections. *Cancellation:* comes between two connections."""
        try:
            async with trio.open_nursery() as nursery:
                while True:
                    await self._accept(nursery)
        finally:
            self._free_reserve()

    async def _accept(self, nursery: trio.Nursery) -> None:
        if self._reserve_fd < 0:
            with suppress(OSError):
                self._reserve_fd = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
        try:
            stream = await self._listener.accept()
        except OSError as exc:
            if exc.errno == errno.EMFILE:
                await self._make_room()
            else:
                self._log(exc)
                await trio.sleep(ACCEPT_RETRY_S)
            return
        if self._admit(stream):
            return
        if self._refusals < REFUSALS:
            self._refusals += 1
            nursery.start_soon(self._refuse, stream)
        else:
            stream.socket.close()

    async def _make_room(self) -> None:
        """Free a descriptor for the next connection, or refuse the connection."""
        # Linux reports EMFILE whether a connection is pending or not.
        await trio.lowlevel.wait_readable(self._listener.socket)
        if self._admission.make_room():
            return
        self._free_reserve()
        stream: trio.SocketStream | None = None
        try:
            with trio.move_on_after(ACCEPT_RETRY_S):
                stream = await self._listener.accept()
        except OSError as exc:  # Another task has used the free descriptor.
            self._log(exc)
            await trio.sleep(ACCEPT_RETRY_S)
        if stream is not None:
            self._refusals += 1
            await self._refuse(stream)

    def _log(self, exc: OSError) -> None:
        self._failures.failed(exc.strerror or exc)

    def _free_reserve(self) -> None:
        if self._reserve_fd >= 0:
            os.close(self._reserve_fd)
            self._reserve_fd = -1

    async def _refuse(self, stream: trio.SocketStream) -> None:
        """Answer 503 and close.

        It reads what the client sends until it closes: closing on unread bytes would
        reset the connection, and the client might lose the answer.
        """
        try:
            with suppress(trio.BrokenResourceError), trio.move_on_after(REFUSAL_S):
                if self._is_plain:  # A handshake costs too much where all is in use.
                    await stream.send_all(refusal())
                await stream.send_eof()
                while await stream.receive_some(MAX_RECV):
                    pass
        finally:
            self._refusals -= 1
            stream.socket.close()
