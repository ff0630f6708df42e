"""Who is joined right now, as a scope: leaving it, however, takes the person out."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import attrs

from ant.core import clock
from ant.model.sessions import SessionId


@attrs.define(eq=False)
class PresenceEntry:
    """One socket's place in one session; `handle` is the person's, if they said it."""

    session_id: SessionId
    handle: str | None
    last_seen: datetime


@attrs.frozen
class Present:
    """When somebody was last heard of, epoch ms; `active`, `idle` or `offline`."""

    last_seen: int = attrs.field(metadata={"wire": "lastSeen"})
    status: str


ACTIVE_S, IDLE_S = 60, 300
"""Silence after which somebody is no longer active, and no longer idle but offline."""


class Presence:
    """Every seat that is taken."""

    def __init__(self) -> None:
        self._seats: dict[SessionId, set[PresenceEntry]] = {}

    @contextmanager
    def seated(
        self, session_id: SessionId, handle: str | None
    ) -> Iterator[PresenceEntry]:
        """Be in a session while inside."""
        seat = PresenceEntry(session_id, handle, clock.now())
        self._seats.setdefault(session_id, set()).add(seat)
        try:
            yield seat
        finally:
            seats = self._seats[session_id]
            seats.discard(seat)
            if not seats:
                del self._seats[session_id]

    def of(self, session_id: SessionId) -> dict[str, Present]:
        """Who is in a session, by handle; of several sockets the latest word counts."""
        present: dict[str, Present] = {}
        seats = self._seats.get(session_id, ())
        for seat in sorted(seats, key=lambda seat: seat.last_seen):
            if seat.handle is not None:
                silence = (clock.now() - seat.last_seen).total_seconds()
                status = "active" if silence <= ACTIVE_S else "idle"
                status = status if silence <= IDLE_S else "offline"
                last_seen = clock.epoch_ms(seat.last_seen)
                present[seat.handle] = Present(last_seen, status)
        return present

    def count(self, session_id: SessionId | None = None) -> int:
        """How many seats are taken, in one session or in all."""
        if session_id is not None:
            return len(self._seats.get(session_id, ()))
        return sum(map(len, self._seats.values()))
