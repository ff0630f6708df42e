"""Which connections may be open: so many, and somebody goes before the next one comes.

A connection is a stranger until a request on it was accepted (`trust`, which the guard
of the app calls); after that it is known.

Rule 1: strangers have a share of their own. Where it is full, the oldest that is idle
goes, else the oldest that has been under way for `ASKING_S`: to be accepted takes
milliseconds.
Rule 2: known ones have the other share. Where it is full, the one that has been between
two requests for longest goes; where none is, the next is answered once and not kept.
Rule 3: WebSockets take three quarters of it at most, so that requests are answered.
Rule 4: who calls from a terminal (a token, or a program of it) is one of a group that
has half of it together, and three quarters of that for WebSockets: the operator has the
rest.
Rule 5: of the requests of strangers `ASKING` are looked at together, and the others can
be let go of; those that are favoured (they show the key) do not wait in that line.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import trio

from ant.core.counters import Limit, increment
from ant.core.descriptors import Shares
from ant.core.errors import CapacityReached
from ant.core.log_rate import FailureLog

log = logging.getLogger(__name__)

ASKING_S = 2.0
"""What a stranger's request may take until it is accepted or refused."""

ASKING = 2
"""Requests of strangers that the app looks at together: enough for all there is to do,
and so few that who shows the key need not wait for them."""

Favours = Callable[[Sequence[tuple[bytes, bytes]], bytes], bool]
"""Whether a request with these headers and this target need not wait: it decides
nothing else."""

CONNECTION = "connection"
"""The name of a connection in the `state` of what is asked on it."""


class AdmittedConnection(Protocol):
    """A connection, as far as admission is concerned."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way: no whole request has come, or all is said."""
        ...

    def let_go(self) -> None:
        """Close it now: its descriptor is free when this returns."""
        ...


class Admission:
    """The connections that are open, in two shares."""

    def __init__(self, shares: Shares, favours: Favours | None = None) -> None:
        self._shares, self._favours = shares, favours
        self._line = trio.Semaphore(ASKING)
        self._strangers: dict[AdmittedConnection, float] = {}
        self._known: dict[AdmittedConnection, None] = {}
        self._sockets: set[AdmittedConnection] = set()
        self._terminals: set[AdmittedConnection] = set()
        self._failures = FailureLog(log, "All connections are in use")

    def enter(self, held: AdmittedConnection) -> bool:
        """Take one in; False where there is no room and nobody can go."""
        if len(self._strangers) >= self._shares.strangers:
            self._met()
            if not self._close_stranger():
                return False
        self._strangers[held] = trio.current_time()
        return True

    def make_room(self) -> bool:
        """Close one, for a descriptor; False where none can go."""
        self._met()
        return self._close_stranger() or self._close_known()

    def trust(
        self, held: AdmittedConnection, is_socket: bool, is_terminal: bool = False
    ) -> None:
        """A request on it was accepted; what it asks for is a WebSocket, or not.

        `is_terminal`: it comes from a terminal, not from the operator. Raises
        `CapacityReached`: then it is not served.
        """
        if is_terminal:
            self._check_terminal(held, is_socket)
        if held not in self._known:
            if held not in self._strangers:
                return  # It was let go of meanwhile.
            most = self._shares.known
            if len(self._known) >= most and not self._close_known():
                most += self._shares.spare
            if len(self._known) >= most:
                self._met()
                raise CapacityReached(
                    f"{len(self._known)} connections are in use, which is all that "
                    "this server may have; close some, or raise its hard limit of "
                    "descriptors (ulimit -Hn)."
                )
        if is_socket:
            if not self.has_socket_room():
                raise CapacityReached("There is no room for another WebSocket.")
            self._sockets.add(held)
        self._strangers.pop(held, None)
        self._known[held] = None
        if is_terminal:
            self._terminals.add(held)
        else:
            self._terminals.discard(held)

    def _check_terminal(self, held: AdmittedConnection, is_socket: bool) -> None:
        """Whether terminals may have one more. Raises `CapacityReached`."""
        most = self._shares.known // 2
        if held not in self._terminals and len(self._terminals) >= most:
            resting = [each for each in self._known if each in self._terminals]
            if not self._close(dict.fromkeys(resting), lambda each: each.is_idle):
                self._met()
                raise CapacityReached(
                    f"Terminals have {most} connections in use, which is all that they "
                    "may have together; close some."
                )
        if is_socket and len(self._sockets & self._terminals) >= most * 3 // 4:
            self._met()
            raise CapacityReached("There is no room for another WebSocket.")

    def has_socket_room(self) -> bool:
        """Whether there may be another WebSocket."""
        if len(self._sockets) < self._shares.known * 3 // 4:
            return True
        self._met()
        return False

    async def wait_turn(
        self,
        held: AdmittedConnection,
        headers: Sequence[tuple[bytes, bytes]],
        target: bytes,
    ) -> "RequestSlot":
        """Return when the app may look at a request; end the turn when it has.

        *Cancellation:* another one is looked at.
        """
        favours = self._favours
        if favours is None or held in self._known or favours(headers, target):
            return RequestSlot(None)
        await self._line.acquire()
        return RequestSlot(self._line)

    def is_known(self, held: AdmittedConnection) -> bool:
        """Whether a request on it was accepted."""
        return held in self._known

    def rest(self, held: AdmittedConnection) -> bool:
        """A request on it is over; whether it may wait for another one."""
        if held in self._known:
            del self._known[held]
            self._known[held] = None  # Now it is the last to go.
        return len(self._known) <= self._shares.known

    def leave(self, held: AdmittedConnection) -> None:
        """It is closed."""
        self._strangers.pop(held, None)
        self._known.pop(held, None)
        self._sockets.discard(held)
        self._terminals.discard(held)

    def _close_stranger(self) -> bool:
        late = trio.current_time() - ASKING_S
        return self._close(self._strangers, lambda each: each.is_idle) or self._close(
            self._strangers, lambda each: self._strangers[each] < late
        )

    def _close_known(self) -> bool:
        return self._close(self._known, lambda each: each.is_idle)

    def _close(
        self,
        held: Mapping[AdmittedConnection, object],
        may_go: Callable[[AdmittedConnection], bool],
    ) -> bool:
        first = next(filter(may_go, held), None)
        if first is None:
            return False
        self.leave(first)
        first.let_go()
        return True

    def _met(self) -> None:
        increment(Limit.CONNECTIONS)
        self._failures.failed("idle ones are closed, or new ones refused.")


class RequestSlot:
    """A place among the requests of strangers that the app looks at."""

    def __init__(self, line: trio.Semaphore | None) -> None:
        self._line = line

    def end(self) -> None:
        """Give it to the next, once."""
        if self._line is not None:
            self._line.release()
            self._line = None


class RequestPeer(Protocol):
    """A connection, as what is asked on it sees it."""

    def has_socket_room(self) -> bool:
        """See `Admission.has_socket_room`."""
        ...

    async def wait_turn(
        self, headers: Sequence[tuple[bytes, bytes]], target: bytes
    ) -> None:
        """See `Admission.wait_turn`."""
        ...

    def trust(self, is_socket: bool, is_terminal: bool) -> None:
        """See `Admission.trust`."""
        ...


def trust(
    scope: Mapping[str, Any], is_socket: bool = False, is_terminal: bool = False
) -> None:
    """Say that a request was accepted. Raises `CapacityReached`.

    `scope` is that of ASGI; without a connection behind it nothing is done.
    """
    if (peer := peer_of(scope)) is not None:
        peer.trust(is_socket, is_terminal)


def peer_of(scope: Mapping[str, Any]) -> RequestPeer | None:
    """The connection on which something is asked; None where there is none."""
    peer: RequestPeer | None = (scope.get("state") or {}).get(CONNECTION)
    return peer
