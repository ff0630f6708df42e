"""Who looks at which terminal: bells to ring when it has new bytes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from ant.bell import Bell
from ant.model import SessionId


class Viewers:
    """Bells by session; a socket has one bell and may look at many."""

    def __init__(self) -> None:
        self._bells: dict[SessionId, set[Bell]] = {}
        self._typists: Counter[SessionId] = Counter()

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
    def typing(self, session_id: SessionId) -> Iterator[None]:
        """Be somebody with a terminal for that session's program while inside."""
        self._typists[session_id] += 1
        try:
            yield
        finally:
            self._typists[session_id] -= 1
            if not self._typists[session_id]:
                del self._typists[session_id]

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
