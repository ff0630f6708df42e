"""Wakes the sockets that view a session when it has new output.

The broadcaster sends no bytes. Each socket pulls output from the session's flow at its
own cursor, when it can send. The broadcaster only keeps which socket views which
session, and sets the socket's wakeup when there is something new. So a slow socket
delays no other, and no output is queued per socket.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ant.core.wakeup import Wakeup
from ant.model.sessions import SessionId


class Broadcaster:
    """Wakeups by session. A socket has one wakeup and may view many sessions.

    It also keeps the typists of each session: the sockets whose terminal may answer the
    queries of the session's program.
    """

    def __init__(self) -> None:
        self._wakeups: dict[SessionId, set[Wakeup]] = {}
        self._typists: dict[SessionId, dict[Wakeup, None]] = {}

    @contextmanager
    def watching(self, session_id: SessionId, wakeup: Wakeup) -> Iterator[None]:
        """Set this wakeup at new output of the session while the context is open."""
        self.watch(session_id, wakeup)
        try:
            yield
        finally:
            self.unwatch(session_id, wakeup)

    def watch(self, session_id: SessionId, wakeup: Wakeup) -> None:
        """Set this wakeup at new output of the session, until `unwatch`."""
        self._wakeups.setdefault(session_id, set()).add(wakeup)

    def unwatch(self, session_id: SessionId, wakeup: Wakeup) -> None:
        """End what `watch` began; without that it does nothing."""
        wakeups = self._wakeups.get(session_id, set())
        wakeups.discard(wakeup)
        if not wakeups:
            self._wakeups.pop(session_id, None)

    @contextmanager
    def typing(self, session_id: SessionId, wakeup: Wakeup) -> Iterator[None]:
        """Be a typist of the session while the context is open.

        A wakeup must not be a typist of the same session twice.
        """
        typists = self._typists.setdefault(session_id, {})
        typists[wakeup] = None
        try:
            yield
        finally:
            del typists[wakeup]
            if not typists and self._typists.get(session_id) is typists:
                del self._typists[session_id]

    def prefer(self, session_id: SessionId, wakeup: Wakeup) -> None:
        """Let this typist answer queries from now on: it set the terminal's size."""
        typists = self._typists[session_id]
        del typists[wakeup]
        typists[wakeup] = None

    def may_reply(self, session_id: SessionId, wakeup: Wakeup) -> bool:
        """Whether this typist answers the program's queries; only one typist does.

        Without a typist the server answers them.
        """
        typists = self._typists.get(session_id)
        return typists is not None and next(reversed(typists)) is wakeup

    def has_typist(self, session_id: SessionId) -> bool:
        """Whether a socket's terminal answers the queries of the session's program."""
        return session_id in self._typists

    def wake(self, session_id: SessionId) -> None:
        """Wake all sockets that view the session: it has something new."""
        for wakeup in self._wakeups.get(session_id, ()):
            wakeup.set()

    def count(self) -> int:
        """Return the number of views, over all sessions."""
        return sum(map(len, self._wakeups.values()))
