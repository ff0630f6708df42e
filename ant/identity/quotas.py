"""How much a terminal's token may write in a minute, and how often it may be routed.

In memory only: a new server run begins with nothing spent. There is an entry for each
terminal and room that wrote in the last minute or two, and each has at most 61 pairs of
numbers. The loop's own thread calls it, so there is no lock.
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
    """What was spent in one second."""

    second: int
    amount: int = 0


class RateWindow:
    """What was spent in the last minute, by the second: never more than `most` in 60 s.

    `most` 0 is no bound. Times are seconds of a clock that only goes forward.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._slots: deque[_Second] = deque()
        self._spent = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing was spent in the minute before the last call."""
        return not self._slots

    def wait_s(self, amount: int, now: float) -> int:
        """Whole seconds until so much more may be spent; 0: now.

        More than may ever be spent at once waits for an empty minute.
        """
        self.forget(now)
        over = self._spent + amount - self._most
        if not self._most or over <= 0:
            return 0
        for slot in self._slots:
            over -= slot.amount
            if over <= 0 or slot is self._slots[-1]:
                return max(1, math.ceil(slot.second + 1 + MINUTE_S - now))
        return int(MINUTE_S)

    def spend(self, amount: int, now: float) -> _Second:
        """Spend it, whatever is left; what to `give_back`."""
        self.forget(now)
        if not self._slots or self._slots[-1].second != int(now):
            self._slots.append(_Second(int(now)))
        slot = self._slots[-1]
        slot.amount += amount
        self._spent += amount
        return slot

    def give_back(self, slot: _Second, amount: int) -> None:
        """It was not spent after all."""
        if slot in self._slots:
            slot.amount -= amount
            self._spent -= amount

    def forget(self, now: float) -> None:
        """Let go of what is a minute old; a second counts until all of it is."""
        while self._slots and self._slots[0].second + 1 + MINUTE_S <= now:
            self._spent -= self._slots.popleft().amount


@attrs.define(eq=False)
class QuotaReservation:
    """A post of a token; `is_routed` is to be set once it is known to reach others."""

    is_routed: bool = False


class Quotas:
    """What tokens have spent, by terminal and by room."""

    def __init__(
        self, config: Config, now: Callable[[], float] = clock.monotonic
    ) -> None:
        self._config, self._now = config, now
        self._terminals: dict[SessionId, tuple[RateWindow, RateWindow]] = {}
        self._rooms: dict[SessionId, RateWindow] = {}
        self._swept = now()

    def __len__(self) -> int:
        """How many terminals and rooms are remembered."""
        return len(self._terminals) + len(self._rooms)

    def spend(self, terminal_id: SessionId, size: int) -> None:
        """A request of a token that writes, with a body that keeps so many bytes.

        Raises `RateLimited`; nothing is spent then.
        """
        now = self._sweep()
        config = self._config
        written, asked = self._terminals.get(terminal_id) or (
            RateWindow(config.token_bytes_per_minute),
            RateWindow(config.token_requests_per_minute),
        )
        for wait_s, what in (
            (
                written.wait_s(size, now),
                f"{config.token_bytes_per_minute} bytes in a minute",
            ),
            (
                asked.wait_s(1, now),
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
        written.spend(size, now)
        asked.spend(1, now)
        self._terminals[terminal_id] = written, asked

    @contextmanager
    def posting(self, room_id: SessionId) -> Iterator[QuotaReservation]:
        """Post for a token inside; it counts if it reached others (`is_routed`).

        It counts meanwhile, too, so that many at once are not more. Raises
        `RateLimited`.
        """
        now, most = self._sweep(), self._config.room_posts_per_minute
        window = self._rooms.setdefault(room_id, RateWindow(most))
        wait_s = window.wait_s(1, now)
        if wait_s:
            increment(Limit.ROOM_POSTS)
            raise RateLimited(
                f"Programs may post {most} messages to others in this room in a "
                f"minute; try again in {wait_s} s.",
                wait_s,
            )
        slot, routed = window.spend(1, now), QuotaReservation()
        try:
            yield routed
        finally:
            if not routed.is_routed:
                window.give_back(slot, 1)

    def _sweep(self) -> float:
        """Forget whom nothing was heard of for a minute, once a minute; the time."""
        now = self._now()
        if now - self._swept >= MINUTE_S:
            self._swept = now
            for written, asked in self._terminals.values():
                written.forget(now)
                asked.forget(now)
            for window in self._rooms.values():
                window.forget(now)
            terminals, rooms = self._terminals.items(), self._rooms.items()
            self._terminals = {k: each for k, each in terminals if not each[1].is_idle}
            self._rooms = {k: each for k, each in rooms if not each.is_idle}
        return now
