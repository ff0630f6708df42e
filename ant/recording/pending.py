"""What waits until the bytes that it points at are stored; bounded, session by session.

Rule 1: of one session all comes out in the order in which it went in.
Rule 2: beyond the bound the oldest goes, and so does what an earlier run left.
"""

from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from ant.model.sessions import SessionId
from ant.terminal.buffer.flow import OutputFlow

T = TypeVar("T")


class PendingByOffset(Generic[T]):
    """At most `size` things of each session, each with the offset it waits for."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: dict[SessionId, tuple[OutputFlow, deque[tuple[int, T]]]] = {}

    def add(self, session_id: SessionId, flow: OutputFlow, end: int, item: T) -> int:
        """It waits for the byte before `end`; how many others had to go."""
        known = self._waiting.get(session_id)
        gone = 0
        if known is None or known[0] is not flow:
            gone = len(known[1]) if known else 0
            known = self._waiting[session_id] = flow, deque()
        known[1].append((end, item))
        if len(known[1]) > self._size:
            known[1].popleft()
            gone += 1
        return gone

    def ready(self) -> list[tuple[SessionId, list[tuple[int, T]]]]:
        """What need not wait any longer; it is taken out."""
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
        """It was taken out and could not be stored; how many are too many now."""
        known = self._waiting.get(session_id)
        if known is None:  # The run is over: what it had is stored otherwise.
            return len(taken)
        known[1].extendleft(reversed(taken))
        gone = max(len(known[1]) - self._size, 0)
        for _ in range(gone):
            known[1].popleft()
        return gone

    def leave(self, session_id: SessionId) -> list[tuple[int, T]]:
        """The run is over: all that waits still, taken out."""
        known = self._waiting.pop(session_id, None)
        return list(known[1]) if known else []
