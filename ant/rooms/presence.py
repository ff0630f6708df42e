"""Presence: which sockets have joined which sessions, for as long as they stay open."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs

from ant.core import clock
from ant.model.sessions import SessionId


@attrs.define(eq=False)
class PresenceEntry:
    """One socket's presence in a session; `handle` is the one it joined with."""

    session_id: SessionId
    handle: str | None
    last_seen: datetime


@attrs.frozen
class Present:
    """The presence of one handle."""

    last_seen: int = attrs.field(metadata={"wire": "lastSeen"})
    """When its socket last sent something, in epoch milliseconds."""
    status: str
    """`active` up to 60 seconds after that, `idle` up to 5 minutes, then `offline`."""


ACTIVE_S, IDLE_S = 60, 300
"""Seconds of silence after which a handle is no longer active, and then offline instead
of idle."""


class Presence:
    """The presence entries of all sockets, by session."""

    def __init__(self) -> None:
        self._entries: dict[SessionId, set[PresenceEntry]] = {}

    @contextmanager
    def joined(
        self, session_id: SessionId, handle: str | None
    ) -> Iterator[PresenceEntry]:
        """Be present in a session while the context is open, however it is left."""
        entry = PresenceEntry(session_id, handle, clock.now())
        self._entries.setdefault(session_id, set()).add(entry)
        try:
            yield entry
        finally:
            entries = self._entries[session_id]
            entries.discard(entry)
            if not entries:
                del self._entries[session_id]

    def of(self, session_id: SessionId) -> dict[str, Present]:
        """Return who is in a session, by handle; the latest of its sockets counts."""
        present: dict[str, Present] = {}
        entries = self._entries.get(session_id, ())
        for entry in sorted(entries, key=lambda entry: entry.last_seen):
            if entry.handle is not None:
                silence = (clock.now() - entry.last_seen).total_seconds()
                status = "active" if silence <= ACTIVE_S else "idle"
                status = status if silence <= IDLE_S else "offline"
                last_seen = clock.epoch_ms(entry.last_seen)
                present[entry.handle] = Present(last_seen, status)
        return present

    def count(self, session_id: SessionId | None = None) -> int:
        """Return the number of entries, of one session or of all."""
        if session_id is not None:
            return len(self._entries.get(session_id, ()))
        return sum(map(len, self._entries.values()))
