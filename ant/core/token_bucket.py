"""A token bucket, which allows a burst and then a steady rate; pure.

Rule 1: a full bucket has `size` tokens, and each event takes one.
Rule 2: a token comes back every `refill_s` seconds.
"""

import math


class TokenBucket:
    """A bucket that is full at first; times are monotonic seconds."""

    def __init__(self, size: int, refill_s: float) -> None:
        self._refill_s, self._burst_s = refill_s, (size - 1) * refill_s
        self._full_at = -math.inf

    @property
    def next_at(self) -> float:
        """When the next token is there; in the past if there is one now."""
        return self._full_at - self._burst_s

    def take(self, at: float) -> None:
        """Take a token at `at`, even if there is none: the next ones come later."""
        self._full_at = max(self._full_at, at) + self._refill_s
