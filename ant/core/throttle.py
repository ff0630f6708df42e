"""Not every change is worth a record: one now and then, and the last one always; pure.

Rule 1: a change is told at once where none was told for `every_s` seconds, else when
they are over. Rule 2: told then is the last one, and how many before it were not.
Rule 3: what is again as it was told last is no change.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import attrs

T = TypeVar("T")


@attrs.frozen
class Change(Generic[T]):
    """From `before`, which was told last, to `now`; `passed_over` are not told."""

    before: T | None
    now: T
    passed_over: int


class Throttle(Generic[T]):
    """The changes of one thing; two are alike when their `key` is."""

    def __init__(self, every_s: float, key: Callable[[T], Hashable]) -> None:
        self.due: float | None = None
        self._every_s, self._key = every_s, key
        self._told: T | None = None
        self._told_at: float | None = None
        self._held: T | None = None
        self._changes = 0

    def offer(self, item: T, at: float) -> None:
        """It is so now (monotonic seconds); `take` it when that is due."""
        last = self._told if self._held is None else self._held
        if last is not None and self._key(item) == self._key(last):
            return
        self._changes += 1
        if self._told is not None and self._key(item) == self._key(self._told):
            self._held = self.due = None
            return
        self._held = item
        self.due = (
            at if self._told_at is None else max(at, self._told_at + self._every_s)
        )

    def take(self, at: float) -> Change[T] | None:
        """The change that is to be told, due or not; None where there is none."""
        if self._held is None:
            return None
        change = Change(self._told, self._held, self._changes - 1)
        self._told, self._told_at = self._held, at
        self._held, self.due, self._changes = None, None, 0
        return change
