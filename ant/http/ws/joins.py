"""The sessions that one socket has joined: places in bytes and in presence."""

from contextlib import ExitStack

import attrs

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached
from ant.core.wakeup import Wakeup
from ant.http.ws.output import OutputCursor
from ant.model.sessions import SessionId
from ant.rooms.presence import PresenceEntry
from ant.runtime.system import System

JOINS = 1000
"""Sessions that one socket may join."""


@attrs.define(eq=False)
class JoinedSession:
    """One socket's place in one session; closing `scope` and `typing` leaves it."""

    cursor: OutputCursor | None
    seat: PresenceEntry
    scope: ExitStack
    typing: ExitStack
    is_typist: bool = False

    def is_before(self, offset: int) -> bool:
        """Whether a byte below `offset` is still to be sent."""
        return self.cursor is not None and self.cursor.offset < offset


class JoinedSessions(dict[SessionId, JoinedSession]):
    """By session. The bell rings for the new bytes of all of them."""

    def __init__(self, system: System, wakeup: Wakeup) -> None:
        super().__init__()
        self._system, self._wakeup = system, wakeup

    def enter(
        self,
        session_id: SessionId,
        handle: str | None,
        cursor: OutputCursor | None,
        is_typist: bool = False,
    ) -> None:
        """Join, or join anew: the place before is left, but who was a typist stays one.

        Raises `CapacityReached`.
        """
        if (before := self.pop(session_id, None)) is not None:
            before.scope.close()
        elif len(self) >= JOINS:
            increment(Limit.JOINS)
            raise CapacityReached(f"One socket may join {JOINS} sessions.")
        scope = ExitStack()
        seat = scope.enter_context(self._system.presence.joined(session_id, handle))
        broadcaster = self._system.services.broadcaster
        scope.enter_context(broadcaster.watching(session_id, self._wakeup))
        typing = before.typing if before is not None else ExitStack()
        was_typist = before is not None and before.is_typist
        self[session_id] = JoinedSession(cursor, seat, scope, typing, was_typist)
        if is_typist:
            self.become_typist(session_id)
        self._wakeup.set()

    def become_typist(self, session_id: SessionId) -> None:
        """Who sets a size has a terminal, which answers what the program asks of it."""
        join, broadcaster = self.get(session_id), self._system.services.broadcaster
        if join is None:
            return
        if not join.is_typist:
            join.is_typist = True
            join.typing.enter_context(broadcaster.typing(session_id, self._wakeup))
        broadcaster.prefer(session_id, self._wakeup)

    def may_reply(self, session_id: SessionId) -> bool:
        """Whether this socket's terminal is the one that answers the program."""
        return self._system.services.broadcaster.may_reply(session_id, self._wakeup)

    def leave(self, session_id: SessionId) -> None:
        """Leave it, if it was joined."""
        join = self.pop(session_id, None)
        if join is not None:
            join.scope.close()
            join.typing.close()

    def leave_all(self) -> None:
        """The socket is gone."""
        for session_id in list(self):
            self.leave(session_id)
