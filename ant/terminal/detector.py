"""What the bytes say about the program; sans-io, fed with bytes and a time.

Today it knows one honest thing: there is output. It claims neither idle nor busy.
"""

from ant.terminal.observations import ActivitySeen, Observation

ACTIVITY_EVERY_S = 10.0
"""Seconds between two notices of activity: the original's clients expect no more."""


class Detector:
    """Feed it every byte once, in order, in pieces of any size."""

    def __init__(self) -> None:
        self.last_output: float | None = None
        self._last_told: float | None = None

    def feed(self, data: bytes, end: int, at: float) -> list[Observation]:
        """`data` ends at offset `end` and was seen `at` (monotonic seconds)."""
        if not data:
            return []
        self.last_output = at
        if self._last_told is not None and at - self._last_told < ACTIVITY_EVERY_S:
            return []
        self._last_told = at
        return [ActivitySeen(end)]
