"""Who looks at which terminal: bells to ring when it has new bytes."""

from collections.abc import Iterator
from contextlib import contextmanager

from ant.core.wakeup import Wakeup
from ant.model.sessions import SessionId


class Broadcaster:
    """Bells by session; a socket has one bell and may look at many."""

    def __init__(self) -> None:
        self._wakeups: dict[SessionId, set[Wakeup]] = {}
        self._typists: dict[SessionId, dict[Wakeup, None]] = {}

    @contextmanager
    def watching(self, session_id: SessionId, wakeup: Wakeup) -> Iterator[None]:
        """Ring this bell at new bytes of that session while inside."""
        wakeups = self._wakeups.setdefault(session_id, set())
        wakeups.add(wakeup)
        try:
            yield
        finally:
            wakeups.discard(wakeup)
            if not wakeups and self._wakeups.get(session_id) is wakeups:
                del self._wakeups[session_id]

    @contextmanager
    def typing(self, session_id: SessionId, wakeup: Wakeup) -> Iterator[None]:
        """Be somebody with a terminal for that session's program while inside.

        A bell may be inside once.
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
        """This typist set the size: its terminal is the one that answers now."""
        typists = self._typists[session_id]
        del typists[wakeup]
        typists[wakeup] = None

    def may_reply(self, session_id: SessionId, wakeup: Wakeup) -> bool:
        """Whether an answer from there is the one: nobody else answers a query, too.

        Without a typist it is the server that answers.
        """
        typists = self._typists.get(session_id)
        return typists is not None and next(reversed(typists)) is wakeup

    def has_typist(self, session_id: SessionId) -> bool:
        """Whether somebody's terminal answers that program's queries."""
        return session_id in self._typists

    def wake(self, session_id: SessionId) -> None:
        """That session has something new."""
        for wakeup in self._wakeups.get(session_id, ()):
            wakeup.set()

    def count(self) -> int:
        """How many views there are, over all sessions."""
        return sum(map(len, self._wakeups.values()))
