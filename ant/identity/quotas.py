"""Rate limits for tokens: requests and bytes of a terminal, and routed posts in a room.

The limits hold in any 60 s, not per calendar minute. A `RateWindow` adds up the amounts
spent in each whole second of a monotonic clock. A second counts until all of it is 60 s
old, so an amount counts for 60 to 61 s. A request that would exceed the limit is
`RateLimited`. Its error has the seconds after which enough old amounts have left the
window.

- A request of a token that writes spends 1 of `token_requests_per_minute` and its bytes
  of `token_bytes_per_minute`, both for its terminal (`Quotas.spend`).
- A post of a token spends 1 of `room_posts_per_minute`, for its room. It counts while
  it is posted, and afterwards if it was routed to others (`Quotas.posting`).

The operator has no limits, and 0 is no limit. The windows are in memory only: a restart
begins with empty ones. Each terminal and room that wrote in the last minute or two has
one, of at most 61 pairs of numbers. Only the loop's thread uses them, so there is no
lock.
"""

import math
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import attrs

from ant.config import Config
from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import RateLimited
from ant.model.sessions import SessionId

MINUTE_S: Final = 60.0


@attrs.define(eq=False)
class _Second:
    """The amount spent in one second."""

    second: int
    amount: int = 0


class RateWindow:
    """The amounts spent in the last minute, by the second.

    A caller that spends only when `wait_s` is 0 spends at most `limit` in any 60 s; a
    `limit` of 0 is none. Times are seconds of a monotonic clock.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slots: deque[_Second] = deque()
        self._spent = 0

    @property
    def is_idle(self) -> bool:
        """Whether the window was empty at the last call."""
        return not self._slots

    def wait_s(self, amount: int, now: float) -> int:
        """Whole seconds until `amount` fits into the window; 0 when it fits now.

        For more than the limit these are the seconds until the window is empty.
        """
        self.forget(now)
        over = self._spent + amount - self._limit
        if not self._limit or over <= 0:
            return 0
        for slot in self._slots:
            over -= slot.amount
            if over <= 0 or slot is self._slots[-1]:
                return max(1, math.ceil(slot.second + 1 + MINUTE_S - now))
        return int(MINUTE_S)

    def spend(self, amount: int, now: float) -> _Second:
        """Spend an amount without a check; return the slot to pass to `give_back`."""
        self.forget(now)
        if not self._slots or self._slots[-1].second != int(now):
            self._slots.append(_Second(int(now)))
        slot = self._slots[-1]
        slot.amount += amount
        self._spent += amount
        return slot

    def give_back(self, slot: _Second, amount: int) -> None:
        """Take back an amount that `spend` put into this slot."""
        if slot in self._slots:
            slot.amount -= amount
            self._spent -= amount

    def forget(self, now: float) -> None:
        """Drop the seconds all of which are a minute old."""
        while self._slots and self._slots[0].second + 1 + MINUTE_S <= now:
            self._spent -= self._slots.popleft().amount


@attrs.define(eq=False)
class QuotaReservation:
    """A post of a token. The caller sets `is_routed` if it was routed to others."""

    is_routed: bool = False


class Quotas:
    """The rate windows of all terminals and rooms."""

    def __init__(
        self, config: Config, now: Callable[[], float] = clock.monotonic
    ) -> None:
        self._config, self._now = config, now
        self._terminals: dict[SessionId, tuple[RateWindow, RateWindow]] = {}
        self._rooms: dict[SessionId, RateWindow] = {}
        self._swept = now()

    def spend(self, terminal_id: SessionId, size: int) -> None:
        """Count a request that writes, of which ANT stores `size` bytes.

        Raises `RateLimited`, and then spends nothing.
        """
        now = self._sweep()
        config = self._config
        bytes_window, requests_window = self._terminals.get(terminal_id) or (
            RateWindow(config.token_bytes_per_minute),
            RateWindow(config.token_requests_per_minute),
        )
        for wait_s, what in (
            (
                bytes_window.wait_s(size, now),
                f"{config.token_bytes_per_minute} bytes in a minute",
            ),
            (
                requests_window.wait_s(1, now),
                f"{config.token_requests_per_minute} times in a minute",
            ),
        ):
            if wait_s:
                increment(Limit.TOKEN_QUOTA)
                raise RateLimited(
                    f"The token of a terminal may write {what}; "
                    f"try again in {wait_s} s.",
                    wait_s,
                )
        bytes_window.spend(size, now)
        requests_window.spend(1, now)
        self._terminals[terminal_id] = bytes_window, requests_window

    @contextmanager
    def posting(self, room_id: SessionId) -> Iterator[QuotaReservation]:
        """Reserve a post in a room for the block; keep it if `is_routed` is set.

        The reservation counts inside the block, so concurrent posts do not exceed the
        limit. Raises `RateLimited`.
        """
        now, limit = self._sweep(), self._config.room_posts_per_minute
        window = self._rooms.setdefault(room_id, RateWindow(limit))
        wait_s = window.wait_s(1, now)
        if wait_s:
            increment(Limit.ROOM_POSTS)
            raise RateLimited(
                f"Programs may post {limit} messages to others in this room in a "
                f"minute; try again in {wait_s} s.",
                wait_s,
            )
        slot, reservation = window.spend(1, now), QuotaReservation()
        try:
            yield reservation
        finally:
            if not reservation.is_routed:
                window.give_back(slot, 1)

    def _sweep(self) -> float:
        """Delete empty windows, at most once a minute; return the time."""
        now = self._now()
        if now - self._swept >= MINUTE_S:
            self._swept = now
            for bytes_window, requests_window in self._terminals.values():
                bytes_window.forget(now)
                requests_window.forget(now)
            for window in self._rooms.values():
                window.forget(now)
            terminals, rooms = self._terminals.items(), self._rooms.items()
            self._terminals = {k: each for k, each in terminals if not each[1].is_idle}
            self._rooms = {k: each for k, each in rooms if not each.is_idle}
        return now
