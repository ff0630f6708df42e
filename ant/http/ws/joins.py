"""The sessions that one socket has joined, each with its place in the transcript."""

import itertools
from contextlib import ExitStack

import attrs

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached
from ant.core.wakeup import Wakeup
from ant.http.ws.output import OutputCursor
from ant.http.ws.screen_rows import RowsCursor
from ant.model.sessions import SessionId
from ant.rooms.presence import PresenceEntry
from ant.runtime.system import System
from ant.runtime.terminal_sizes import Size, View

JOINS = 1000
"""Sessions that one socket may join."""


@attrs.define(eq=False)
class JoinedSession:
    """One session as one socket has joined it.

    `cursor` is the place in the transcript; None for a chat, and for a terminal whose
    rows the socket gets: `rows_cursor` says which rows it has. Closing `subscriptions`
    and `interactive_scope` leaves the session. An interactive socket has a terminal
    emulator, which replies to what the program queries. `view` is the session as the
    owner of a size knows it; None for a chat. `size_version` is that of the size that
    the socket was last sent.
    """

    cursor: OutputCursor | None
    presence: PresenceEntry
    subscriptions: ExitStack
    interactive_scope: ExitStack
    is_interactive: bool = False
    view: View | None = None
    size_version: int = -1
    rows_cursor: RowsCursor | None = None

    def is_before(self, offset: int) -> bool:
        """Whether a byte below `offset` is still to be sent."""
        return self.cursor is not None and self.cursor.offset < offset


class JoinedSessions(dict[SessionId, JoinedSession]):
    """The joined sessions by id. New bytes of any of them set `wakeup`."""

    def __init__(self, system: System, wakeup: Wakeup) -> None:
        super().__init__()
        self._system, self._wakeup = system, wakeup
        self._streams = itertools.count(1)

    def new_stream(self) -> int:
        """A number for the binary output of one join; this socket never had it."""
        return next(self._streams)

    def join(
        self,
        session_id: SessionId,
        handle: str | None,
        cursor: OutputCursor | None,
        is_interactive: bool = False,
        size: Size | None = None,
        rows_cursor: RowsCursor | None = None,
    ) -> None:
        """Join a session, or join it again at another place.

        `size` is that of the terminal in the database; None for a chat. A socket that
        was interactive in the session, or owned its size, stays so. Raises
        `CapacityReached`.
        """
        if (before := self.pop(session_id, None)) is not None:
            before.subscriptions.close()
        elif len(self) >= JOINS:
            increment(Limit.JOINS)
            raise CapacityReached(
                f"One socket may join {JOINS} sessions; leave one, or open another "
                "socket."
            )
        scope = ExitStack()
        presence = scope.enter_context(self._system.presence.joined(session_id, handle))
        broadcaster = self._system.services.broadcaster
        scope.enter_context(broadcaster.watching(session_id, self._wakeup))
        if before is not None:
            join = JoinedSession(
                cursor,
                presence,
                scope,
                before.interactive_scope,
                before.is_interactive,
                before.view,
            )
        else:
            join = JoinedSession(cursor, presence, scope, ExitStack())
        join.rows_cursor = rows_cursor
        self[session_id] = join
        sizes = self._system.services.sizes
        if join.view is not None:
            sizes.rename(join.view, handle)
        elif size is not None:
            join.view = View(session_id, self._wakeup, handle)
            join.interactive_scope.enter_context(sizes.viewing(join.view, size))
        if is_interactive:
            self.become_interactive(session_id)
        self._wakeup.set()

    def become_interactive(self, session_id: SessionId) -> None:
        """Let replies to queries from this socket reach the program, if no other socket
        owns the size.

        A client that sends a size has a terminal emulator. Nothing happens if the
        session is not joined.
        """
        join, broadcaster = self.get(session_id), self._system.services.broadcaster
        if join is None:
            return
        if not join.is_interactive:
            join.is_interactive = True
            registration = broadcaster.typing(session_id, self._wakeup)
            join.interactive_scope.enter_context(registration)
        broadcaster.prefer(session_id, self._wakeup)

    def may_reply(self, session_id: SessionId) -> bool:
        """Whether replies to queries from this socket reach the program.

        Those of the size's owner do. While nobody owns it, those of the socket do that
        became interactive last.
        """
        owner = self._system.services.sizes.owner(session_id)
        if owner is not None:
            join = self.get(session_id)
            return join is not None and join.view is owner
        return self._system.services.broadcaster.may_reply(session_id, self._wakeup)

    def leave(self, session_id: SessionId) -> None:
        """Leave a session, if it is joined."""
        join = self.pop(session_id, None)
        if join is not None:
            join.subscriptions.close()
            join.interactive_scope.close()

    def leave_all(self) -> None:
        """Leave every session, when the socket has closed."""
        for session_id in list(self):
            self.leave(session_id)
