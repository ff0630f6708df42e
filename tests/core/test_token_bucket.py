"""The token bucket: a burst, and then a steady rate."""

from hypothesis import given
from hypothesis import strategies as st

from ant.core.token_bucket import TokenBucket


def test_a_burst_and_then_one_at_a_time() -> None:
    """A pause fills the bucket again."""
    bucket = TokenBucket(3, 10.0)
    for _ in range(3):
        assert bucket.next_at <= 100.0
        bucket.take(100.0)
    assert 110.0 == bucket.next_at
    bucket.take(110.0)
    assert 120.0 == bucket.next_at
    for _ in range(3):
        assert bucket.next_at <= 200.0
        bucket.take(200.0)
    assert 210.0 == bucket.next_at


def test_a_token_may_be_taken_early() -> None:
    """The next ones come later for it."""
    bucket = TokenBucket(1, 10.0)
    for _ in range(3):
        bucket.take(0.0)
    assert 30.0 == bucket.next_at


@given(st.lists(st.integers(0, 50), max_size=50))
def test_never_more_than_the_rate(pauses: list[int]) -> None:
    """In no time span are there more than a burst and the refill."""
    bucket, now, taken = TokenBucket(3, 10.0), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if bucket.next_at <= now:
            bucket.take(now)
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            span = taken[last] - taken[first]
            assert last - first + 1 <= 3 + span / 10.0
