"""Who looks at which terminal: bells to ring when it has new bytes."""

from collections.abc import Iterator
from contextlib import contextmanager

from ant.core.wakeup import Bell
from ant.model.sessions import SessionId


class Viewers:
    """Bells by session; a socket has one bell and may look at many."""

    def __init__(self) -> None:
        self._bells: dict[SessionId, set[Bell]] = {}
        self._typists: dict[SessionId, dict[Bell, None]] = {}

    @contextmanager
    def watching(self, session_id: SessionId, bell: Bell) -> Iterator[None]:
        """Ring this bell at new bytes of that session while inside."""
        bells = self._bells.setdefault(session_id, set())
        bells.add(bell)
        try:
            yield
        finally:
            bells.discard(bell)
            if not bells and self._bells.get(session_id) is bells:
                del self._bells[session_id]

    @contextmanager
    def typing(self, session_id: SessionId, bell: Bell) -> Iterator[None]:
        """Be somebody with a terminal for that session's program while inside.

        A bell may be inside once.
        """
        typists = self._typists.setdefault(session_id, {})
        typists[bell] = None
        try:
            yield
        finally:
            del typists[bell]
            if not typists and self._typists.get(session_id) is typists:
                del self._typists[session_id]

    def prefer(self, session_id: SessionId, bell: Bell) -> None:
        """This typist set the size: its terminal is the one that answers now."""
        typists = self._typists[session_id]
        del typists[bell]
        typists[bell] = None

    def may_reply(self, session_id: SessionId, bell: Bell) -> bool:
        """Whether an answer from there is the one: nobody else answers a query, too.

        Without a typist it is the server that answers.
        """
        typists = self._typists.get(session_id)
        return typists is not None and next(reversed(typists)) is bell

    def has_typist(self, session_id: SessionId) -> bool:
        """Whether somebody's terminal answers that program's queries."""
        return session_id in self._typists

    def wake(self, session_id: SessionId) -> None:
        """That session has something new."""
        for bell in self._bells.get(session_id, ()):
            bell.ring()

    def count(self) -> int:
        """How many views there are, over all sessions."""
        return sum(map(len, self._bells.values()))
