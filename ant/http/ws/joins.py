"""The sessions that one socket has joined: places in bytes and in presence."""

from contextlib import ExitStack

import attrs

from ant.core.counters import Limit, met
from ant.core.errors import CapacityReached
from ant.core.wakeup import Bell
from ant.http.ws.output import Cursor
from ant.model.sessions import SessionId
from ant.rooms.presence import Seat
from ant.runtime.system import System

JOINS = 1000
"""Sessions that one socket may join."""


@attrs.define(eq=False)
class Join:
    """One socket's place in one session; closing `scope` and `typing` leaves it."""

    cursor: Cursor | None
    seat: Seat
    scope: ExitStack
    typing: ExitStack
    is_typist: bool = False

    def is_before(self, offset: int) -> bool:
        """Whether a byte below `offset` is still to be sent."""
        return self.cursor is not None and self.cursor.offset < offset


class Joins(dict[SessionId, Join]):
    """By session. The bell rings for the new bytes of all of them."""

    def __init__(self, system: System, bell: Bell) -> None:
        super().__init__()
        self._system, self._bell = system, bell

    def enter(
        self,
        session_id: SessionId,
        handle: str | None,
        cursor: Cursor | None,
        is_typist: bool = False,
    ) -> None:
        """Join, or join anew: the place before is left, but who was a typist stays one.

        Raises `CapacityReached`.
        """
        if (before := self.pop(session_id, None)) is not None:
            before.scope.close()
        elif len(self) >= JOINS:
            met(Limit.JOINS)
            raise CapacityReached(f"One socket may join {JOINS} sessions.")
        scope = ExitStack()
        seat = scope.enter_context(self._system.presence.seated(session_id, handle))
        viewers = self._system.stage.viewers
        scope.enter_context(viewers.watching(session_id, self._bell))
        typing = before.typing if before is not None else ExitStack()
        was_typist = before is not None and before.is_typist
        self[session_id] = Join(cursor, seat, scope, typing, was_typist)
        if is_typist:
            self.become_typist(session_id)
        self._bell.ring()

    def become_typist(self, session_id: SessionId) -> None:
        """Who sets a size has a terminal, which answers what the program asks of it."""
        join, viewers = self.get(session_id), self._system.stage.viewers
        if join is None:
            return
        if not join.is_typist:
            join.is_typist = True
            join.typing.enter_context(viewers.typing(session_id, self._bell))
        viewers.prefer(session_id, self._bell)

    def may_reply(self, session_id: SessionId) -> bool:
        """Whether this socket's terminal is the one that answers the program."""
        return self._system.stage.viewers.may_reply(session_id, self._bell)

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
