"""The event bus: a bounded window of recent events, which subscribers read.

A subscriber keeps its position and gets a wakeup for each event. The bus queues nothing
for it. A subscriber whose position has left the window reads the events that it missed
from the event log, by `seq`.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from ant.core.wakeup import Wakeup
from ant.model.events import Envelope, SessionsChanged
from ant.model.sessions import SessionId

WINDOW = 1024
"""Events in the window: how far a subscriber may lag before it must read the log."""


class Bus:
    """The recent events of this server run.

    `end` is the number of events published so far, `seq` that of the last durable one.
    """

    def __init__(self, seq: int = 0, window: int = WINDOW) -> None:
        self.end = 0
        self.seq = seq
        self.closed = False
        self._window: deque[Envelope] = deque(maxlen=window)
        self._wakeups: set[Wakeup] = set()
        self._by_session: dict[SessionId, set[Wakeup]] = {}

    def publish(self, envelope: Envelope) -> None:
        """Append an event and wake the subscribers. Never waits, never fails."""
        self._window.append(envelope)
        self.seq = envelope.seq or self.seq
        self.end += 1
        self._wake_subscribers()
        event = envelope.event
        if event.session_id is not None:
            self._wake_session(event.session_id)
        if isinstance(event, SessionsChanged):
            for session_id in event.removed_ids:
                self._wake_session(session_id)

    def close(self) -> None:
        """Wake the subscribers for the last time, since the server stops."""
        self.closed = True
        self._wake_subscribers()
        for session_id in self._by_session:
            self._wake_session(session_id)

    @property
    def start(self) -> int:
        """The position of the oldest event in the window."""
        return self.end - len(self._window)

    def at(self, position: int) -> Envelope:
        """The event at a position from `start` to before `end`."""
        return self._window[position - self.start]

    @contextmanager
    def subscribed(self, wakeup: Wakeup) -> Iterator[None]:
        """Set a wakeup at every event inside the block."""
        self._wakeups.add(wakeup)
        try:
            yield
        finally:
            self._wakeups.discard(wakeup)

    def subscribe_to(self, session_id: SessionId, wakeup: Wakeup) -> None:
        """Set a wakeup at every event of one session, until `unsubscribe_from`.

        So a thousand subscribers of quiet sessions cost nothing while others are busy.
        A context manager for each of them would cost half a kilobyte.
        """
        self._by_session.setdefault(session_id, set()).add(wakeup)

    def unsubscribe_from(self, session_id: SessionId, wakeup: Wakeup) -> None:
        """End a subscription to one session."""
        wakeups = self._by_session[session_id]
        wakeups.discard(wakeup)
        if not wakeups:
            del self._by_session[session_id]

    def _wake_session(self, session_id: SessionId) -> None:
        for wakeup in self._by_session.get(session_id, ()):
            wakeup.set()

    def _wake_subscribers(self) -> None:
        for wakeup in self._wakeups:
            wakeup.set()
