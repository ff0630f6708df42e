"""Connections that end: when a client opens another one."""

from __future__ import annotations

import math

import attrs
import httpx
import trio

from ant.client.errors import Unreachable
from ant.core import errors

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""The second try waits the first one; each further pause is twice as long."""

STEADY_S = 1.0
"""A connection that lasted so long ends the row of failures."""


RETRIED = (Unreachable, httpx.TransportError, errors.CapacityReached, errors.Stopping)
"""Errors after which `Reconnection` tries again."""


@attrs.define
class Reconnection:
    """When a client that has lost its connection opens another one.

    The first try is at once, and the pauses between further tries grow. After
    `patience_s` seconds without a steady connection it gives up. An error before the
    first connection is final, too: a wrong address is no lost connection.
    """

    patience_s: float = math.inf
    _opened_at: float | None = attrs.field(default=None, init=False)
    _lost_at: float | None = attrs.field(default=None, init=False)
    _failures: int = attrs.field(default=0, init=False)

    def opened(self) -> None:
        """A connection is open and works."""
        self._opened_at = trio.current_time()

    @property
    def was_open(self) -> bool:
        """Whether a connection worked since the last error."""
        return self._opened_at is not None

    @property
    def is_lost(self) -> bool:
        """Whether a connection worked once, and none does now."""
        return self._lost_at is not None and self._opened_at is None

    def is_worth_a_try(self, error: Exception) -> bool:
        """Note that the connection has ended, or none could be opened, by this error.

        Returns whether to open another one.
        """
        now = trio.current_time()
        if not isinstance(error, RETRIED):
            return False
        if self._opened_at is not None:
            if self._lost_at is None or now - self._opened_at >= STEADY_S:
                self._lost_at, self._failures = now, 0
            self._opened_at = None
        return self._lost_at is not None and now - self._lost_at < self.patience_s

    async def pause(self) -> None:
        """Sleep until the next try."""
        seconds = FIRST_PAUSE_S * 2 ** (self._failures - 1) if self._failures else 0
        self._failures = min(self._failures + 1, 32)
        await trio.sleep(min(seconds, LONGEST_PAUSE_S))
