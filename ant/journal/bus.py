"""Publish to sockets that pull: a bounded window of recent events and a bell for each.

Nothing is queued per subscriber. A subscription is a position; one that has fallen
behind the window reads what it missed from the event log, by `seq`.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ant.core.wakeup import Wakeup
from ant.model.events import Envelope

WINDOW = 1024
"""Events that a socket may be behind before it reads from the log instead."""


class Bus:
    """`end` counts the events published here, `seq` is that of the last durable one."""

    def __init__(self, seq: int = 0, window: int = WINDOW) -> None:
        self.end = 0
        self.seq = seq
        self.closed = False
        self._window: deque[Envelope] = deque(maxlen=window)
        self._wakeups: set[Wakeup] = set()

    def publish(self, envelope: Envelope) -> None:
        """Make an event visible. Never waits, never fails."""
        self._window.append(envelope)
        self.seq = envelope.seq or self.seq
        self.end += 1
        self._set()

    def close(self) -> None:
        """Wake everybody for the last time: the server is leaving."""
        self.closed = True
        self._set()

    @property
    def start(self) -> int:
        """The position of the oldest event in the window."""
        return self.end - len(self._window)

    def at(self, position: int) -> Envelope:
        """The event at a position from `start` to before `end`."""
        return self._window[position - self.start]

    @contextmanager
    def subscribed(self, wakeup: Wakeup) -> Iterator[None]:
        """Ring this bell at every event while inside."""
        self._wakeups.add(wakeup)
        try:
            yield
        finally:
            self._wakeups.discard(wakeup)

    def _set(self) -> None:
        for wakeup in self._wakeups:
            wakeup.set()
