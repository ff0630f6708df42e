"""A throttle of changes, which always lets the last one through; pure.

Rule 1: a change is due at once if none was taken for `every_s` seconds and the bucket
has a token, else as soon as both hold. Rule 2: then the latest change is taken, with
the number of changes that it replaced. Rule 3: a value that returns to the one that was
taken last is no change.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import attrs

from ant.core.token_bucket import TokenBucket

T = TypeVar("T")


@attrs.frozen
class Change(Generic[T]):
    """A change from `before`, the value taken last; `passed_over` were replaced."""

    before: T | None
    now: T
    passed_over: int


class Throttle(Generic[T]):
    """The changes of one value; two values are equal if their keys are."""

    def __init__(
        self, every_s: float, key: Callable[[T], Hashable], bucket: TokenBucket
    ) -> None:
        self.due: float | None = None
        self._every_s, self._key, self._bucket = every_s, key, bucket
        self._taken: T | None = None
        self._taken_at: float | None = None
        self._held: T | None = None
        self._changes = 0

    def offer(self, item: T, at: float) -> None:
        """Set the value at `at`, in monotonic seconds; call `take` when it is `due`."""
        last = self._taken if self._held is None else self._held
        if last is not None and self._key(item) == self._key(last):
            return
        self._changes += 1
        if self._taken is not None and self._key(item) == self._key(self._taken):
            self._held = self.due = None
            return
        self._held = item
        self.due = max(at, self._bucket.next_at)
        if self._taken_at is not None:
            self.due = max(self.due, self._taken_at + self._every_s)

    def take(self, at: float) -> Change[T] | None:
        """The pending change, due or not; None if there is none."""
        if self._held is None:
            return None
        change = Change(self._taken, self._held, self._changes - 1)
        self._taken, self._taken_at = self._held, at
        self._held, self.due, self._changes = None, None, 0
        self._bucket.take(at)
        return change
