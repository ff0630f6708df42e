"""Items that wait until the bytes that they point at are stored, bounded per session.

Rule 1: the items of one session come out in the order in which they were added.
Rule 2: beyond the bound the oldest item is dropped, as are the items of an earlier run.
"""

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from ant.model.sessions import SessionId
from ant.terminal.buffer.flow import OutputFlow

T = TypeVar("T")


class PendingByOffset(Generic[T]):
    """At most `size` items per session, each with the offset that must be stored."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: dict[SessionId, tuple[OutputFlow, deque[tuple[int, T]]]] = {}

    def add(self, session_id: SessionId, flow: OutputFlow, end: int, item: T) -> int:
        """Keep `item` until the bytes before `end` are stored.

        Return how many items were dropped for it.
        """
        entry = self._waiting.get(session_id)
        dropped = 0
        if entry is None or entry[0] is not flow:
            dropped = len(entry[1]) if entry else 0
            entry = self._waiting[session_id] = flow, deque()
        entry[1].append((end, item))
        if len(entry[1]) > self._size:
            entry[1].popleft()
            dropped += 1
        return dropped

    def ready(self) -> list[tuple[SessionId, list[tuple[int, T]]]]:
        """Remove and return, by session, the items whose bytes are stored.

        An item whose bytes are not stored holds back those behind it.
        """
        due = []
        for session_id, (flow, waiting) in list(self._waiting.items()):
            taken = []
            while waiting and waiting[0][0] <= flow.tail.stored:
                taken.append(waiting.popleft())
            if taken:
                due.append((session_id, taken))
            if not waiting and not taken:
                del self._waiting[session_id]
        return due

    def put_back(self, session_id: SessionId, taken: Sequence[tuple[int, T]]) -> int:
        """Put items back that `ready` returned and that could not be stored.

        Return how many items were dropped for them.
        """
        entry = self._waiting.get(session_id)
        if entry is None:  # The run is over: `leave` returned the items it had then.
            return len(taken)
        entry[1].extendleft(reversed(taken))
        dropped = max(len(entry[1]) - self._size, 0)
        for _ in range(dropped):
            entry[1].popleft()
        return dropped

    def leave(self, session_id: SessionId) -> list[tuple[int, T]]:
        """Remove and return all items of a session whose run is over."""
        entry = self._waiting.pop(session_id, None)
        return list(entry[1]) if entry else []
