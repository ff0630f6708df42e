"""Who looks at which terminal: bells to ring when it has new bytes."""

from collections.abc import Iterator
from contextlib import contextmanager

from ant.bell import Bell
from ant.model import SessionId


class Viewers:
    """Bells by session; a socket has one bell and may look at many."""

    def __init__(self) -> None:
        self._bells: dict[SessionId, set[Bell]] = {}

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

    def wake(self, session_id: SessionId) -> None:
        """That session has something new."""
        for bell in self._bells.get(session_id, ()):
            bell.ring()

    def count(self) -> int:
        """How many views there are, over all sessions."""
        return sum(map(len, self._bells.values()))
