"""The bounds of requests that wait for terminals: how many wait, and how many scan."""

from collections import Counter

import trio

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached

WAITS = 1024
"""Requests that may wait together. An open request takes some 35 KiB by itself."""

OWN_WAITS = 16
"""Of one token, so that no program takes the places of all others."""

SCANS = 2
"""Waits that search stored output together; the next ones wait for their turn. So waits
leave the queue of scans to other requests."""


class WaitSlots:
    """Counts the waits of a server. `scans` limits those that search stored output."""

    def __init__(self) -> None:
        self._count = 0
        self._own: Counter[str] = Counter()
        self.scans = trio.Semaphore(SCANS)

    @property
    def count(self) -> int:
        """The number of requests that wait now."""
        return self._count

    def take(self, owner: str | None) -> None:
        """Take a place until `free`; `owner` is a token's terminal,
        or the id of an access token.

        Raises `CapacityReached`.
        """
        own = self._own[owner] if owner is not None else 0
        if self._count >= WAITS or own >= OWN_WAITS:
            increment(Limit.WAITS)
            raise CapacityReached(
                f"{OWN_WAITS} requests of this token wait already; end one first."
                if own >= OWN_WAITS
                else f"{WAITS} requests wait for terminals already; try again later."
            )
        self._count += 1
        if owner is not None:
            self._own[owner] += 1

    def free(self, owner: str | None) -> None:
        """Give up a place that was taken."""
        self._count -= 1
        if owner is not None:
            self._own[owner] -= 1
            if not self._own[owner]:
                del self._own[owner]
