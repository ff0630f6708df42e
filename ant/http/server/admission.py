"""Limits how many connections may be open, and chooses which one closes for a new one.

A connection is *unauthenticated* until the app has accepted a request on it
(`mark_authenticated`, called by the app's access check). Then it is *authenticated*.

Rule 1: unauthenticated connections have a share of their own. If it is full, the oldest
idle one is closed; if none is idle, the oldest one that is busy for longer than
`AUTHENTICATE_S`, since accepting a request takes milliseconds.
Rule 2: authenticated connections have the other share. If it is full, the one that has
waited longest for its next request is closed; if none waits, the new one is answered
once and not kept.
Rule 3: WebSockets may use three quarters of that share, so that requests are answered.
Rule 4: connections from terminals (with a token, or from a program of a terminal) may
use half of that share together, and three quarters of this half for WebSockets. The
rest is for the operator.
Rule 5: the app handles `SLOTS` requests on unauthenticated connections at a time, and
the connections whose requests wait for a slot, or whose refusals wait, may be closed.
Requests with priority (they show the key) do not wait.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import trio

from ant.core.counters import Limit, increment
from ant.core.descriptors import Shares
from ant.core.errors import CapacityReached
from ant.core.log_rate import FailureLog

log = logging.getLogger(__name__)

AUTHENTICATE_S = 2.0
"""Seconds that a request may take until the app accepts or refuses it."""

SLOTS = 2
"""Requests on unauthenticated connections that the app handles at a time: enough for
the work there is, and so few that requests with the key are not delayed."""

PriorityCheck = Callable[[Sequence[tuple[bytes, bytes]], bytes], bool]
"""Whether a request with these headers and this target skips the wait for a slot. It
grants nothing else."""

CONNECTION = "connection"
"""The key of a connection in the ASGI `state` of its requests."""


class AdmittedConnection(Protocol):
    """A connection, as admission uses it."""

    @property
    def is_idle(self) -> bool:
        """Whether no request is in progress: none has arrived, or all are answered."""
        ...

    def close_now(self) -> None:
        """Close the connection; its descriptor is free when this returns."""
        ...


class Admission:
    """The open connections, in two shares."""

    def __init__(
        self, shares: Shares, has_priority: PriorityCheck | None = None
    ) -> None:
        self._shares, self._has_priority = shares, has_priority
        self._slots = trio.Semaphore(SLOTS)
        self._unauthenticated: dict[AdmittedConnection, float] = {}
        self._authenticated: dict[AdmittedConnection, None] = {}
        self._sockets: set[AdmittedConnection] = set()
        self._terminals: set[AdmittedConnection] = set()
        self._failures = FailureLog(log, "All connections are in use")
        self.early_ends = FailureLog(log, "A connection ended early", logging.INFO)
        """Anybody can end many connections early, so not each is a line of the log."""

    def admit(self, connection: AdmittedConnection) -> bool:
        """Add a new connection; False if there is no room and none may be closed."""
        if len(self._unauthenticated) >= self._shares.strangers:
            self._report_full()
            if not self._close_unauthenticated():
                return False
        self._unauthenticated[connection] = trio.current_time()
        return True

    def make_room(self) -> bool:
        """Close a connection to free a descriptor; False if none may be closed."""
        self._report_full()
        return self._close_unauthenticated() or self._close_authenticated()

    def mark_authenticated(
        self,
        connection: AdmittedConnection,
        is_socket: bool,
        is_terminal: bool = False,
    ) -> None:
        """Note that the app accepted a request on a connection.

        `is_socket`: it is a WebSocket handshake. `is_terminal`: the caller is a
        terminal, not the operator. Raises `CapacityReached`; then the app must not
        serve the request.
        """
        if is_terminal:
            self._check_terminal(connection, is_socket)
        if connection not in self._authenticated:
            if connection not in self._unauthenticated:
                return  # It was closed meanwhile.
            most = self._shares.known
            if len(self._authenticated) >= most and not self._close_authenticated():
                most += self._shares.spare
            if len(self._authenticated) >= most:
                self._report_full()
                raise CapacityReached(
                    f"{len(self._authenticated)} connections are in use, which is all "
                    "that this server may have; close some, or raise its hard limit of "
                    "descriptors (ulimit -Hn)."
                )
        if is_socket:
            if not self.has_socket_room():
                raise CapacityReached(
                    "There is no room for another WebSocket; close some."
                )
            self._sockets.add(connection)
        self._unauthenticated.pop(connection, None)
        self._authenticated[connection] = None
        if is_terminal:
            self._terminals.add(connection)
        else:
            self._terminals.discard(connection)

    def _check_terminal(self, connection: AdmittedConnection, is_socket: bool) -> None:
        """Make sure that terminals may have one more. Raises `CapacityReached`."""
        most = self._shares.known // 2
        if connection not in self._terminals and len(self._terminals) >= most:
            of_terminals = [e for e in self._authenticated if e in self._terminals]
            if not self._close(dict.fromkeys(of_terminals), lambda e: e.is_idle):
                self._report_full()
                raise CapacityReached(
                    f"Terminals have {most} connections in use, which is all that they "
                    "may have together; close some."
                )
        if is_socket and len(self._sockets & self._terminals) >= most * 3 // 4:
            self._report_full()
            raise CapacityReached("There is no room for another WebSocket; close some.")

    def has_socket_room(self) -> bool:
        """Whether there may be another WebSocket."""
        if len(self._sockets) < self._shares.known * 3 // 4:
            return True
        self._report_full()
        return False

    async def wait_for_slot(
        self,
        connection: AdmittedConnection,
        headers: Sequence[tuple[bytes, bytes]],
        target: bytes,
    ) -> "RequestSlot":
        """Wait until the app may handle a request; release the slot afterwards.

        *Cancellation:* the slot goes to another request.
        """
        has_priority = self._has_priority
        if (
            has_priority is None
            or connection in self._authenticated
            or has_priority(headers, target)
        ):
            return RequestSlot(None)
        await self._slots.acquire()
        return RequestSlot(self._slots)

    def is_authenticated(self, connection: AdmittedConnection) -> bool:
        """Whether the app has accepted a request on a connection."""
        return connection in self._authenticated

    def finish_request(self, connection: AdmittedConnection) -> bool:
        """Note that a request is answered; whether the connection may stay open."""
        if connection in self._authenticated:
            del self._authenticated[connection]
            self._authenticated[connection] = None  # Now it is the last to be closed.
        return len(self._authenticated) <= self._shares.known

    def remove(self, connection: AdmittedConnection) -> None:
        """Remove a connection that is closed."""
        self._unauthenticated.pop(connection, None)
        self._authenticated.pop(connection, None)
        self._sockets.discard(connection)
        self._terminals.discard(connection)

    def _close_unauthenticated(self) -> bool:
        late = trio.current_time() - AUTHENTICATE_S
        opened_at = self._unauthenticated
        return self._close(opened_at, lambda each: each.is_idle) or self._close(
            opened_at, lambda each: opened_at[each] < late
        )

    def _close_authenticated(self) -> bool:
        return self._close(self._authenticated, lambda each: each.is_idle)

    def _close(
        self,
        connections: Mapping[AdmittedConnection, object],
        may_close: Callable[[AdmittedConnection], bool],
    ) -> bool:
        """Close the first connection that may be closed; False if there is none."""
        first = next(filter(may_close, connections), None)
        if first is None:
            return False
        self.remove(first)
        first.close_now()
        return True

    def _report_full(self) -> None:
        increment(Limit.CONNECTIONS)
        self._failures.failed("idle ones are closed, or new ones refused.")


class RequestSlot:
    """The right of one request to be handled; None where it needs no slot."""

    def __init__(self, slots: trio.Semaphore | None) -> None:
        self._slots = slots

    def release(self) -> None:
        """Give the slot to the next request; later calls do nothing."""
        if self._slots is not None:
            self._slots.release()
            self._slots = None


class RequestConnection(Protocol):
    """A connection, as the requests on it use it."""

    def has_socket_room(self) -> bool:
        """See `Admission.has_socket_room`."""
        ...

    async def wait_for_slot(
        self, headers: Sequence[tuple[bytes, bytes]], target: bytes
    ) -> None:
        """See `Admission.wait_for_slot`."""
        ...

    def mark_authenticated(self, is_socket: bool, is_terminal: bool) -> None:
        """See `Admission.mark_authenticated`."""
        ...

    def refusing(self) -> AbstractContextManager[None]:
        """While a refusal waits: the slot is free, and the connection may be closed."""
        ...


def mark_authenticated(
    scope: Mapping[str, Any], is_socket: bool = False, is_terminal: bool = False
) -> None:
    """Note that the app accepted a request. Raises `CapacityReached`.

    `scope` is the ASGI scope of the request; without a connection in it, as in a test
    of the app, nothing happens.
    """
    if (connection := connection_of(scope)) is not None:
        connection.mark_authenticated(is_socket, is_terminal)


def connection_of(scope: Mapping[str, Any]) -> RequestConnection | None:
    """The connection of an ASGI scope; None if there is none."""
    connection: RequestConnection | None = (scope.get("state") or {}).get(CONNECTION)
    return connection
