"""The throttle of changes, which always lets the last one through."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ant.core.throttle import Change, Throttle
from ant.core.token_bucket import TokenBucket


def pace() -> Throttle[str]:
    """One in five seconds, of words that are alike whatever their case."""
    return Throttle(5.0, str.lower, TokenBucket(1000, 1.0))


def test_the_first_change_is_due_at_once() -> None:
    """Its `before` is None."""
    one = pace()
    assert one.due is None
    assert one.take(0.0) is None
    one.offer("busy", 1.0)
    assert 1.0 == one.due
    assert Change(None, "busy", 0) == one.take(1.0)
    assert one.due is None


def test_flapping_is_one_change_to_the_last_value() -> None:
    """It counts the changes that it replaced."""
    one = pace()
    one.offer("busy", 0.0)
    one.take(0.0)
    for n in range(10):
        one.offer("ready" if n % 2 == 0 else "waiting", 1.0 + n / 10)
    assert 5.0 == one.due
    assert Change("busy", "waiting", 9) == one.take(5.0)
    one.offer("ready", 100.0)
    assert 100.0 == one.due, "after a pause it is due at once"


def test_a_value_that_returns_is_no_change() -> None:
    """Nothing is due; the next change counts those in between."""
    one = pace()
    one.offer("busy", 0.0)
    one.take(0.0)
    one.offer("BUSY", 0.5)
    assert one.due is None
    one.offer("ready", 1.0)
    one.offer("busy", 2.0)
    assert (None, None) == (one.due, one.take(9.0))
    one.offer("ready", 9.0)
    assert Change("busy", "ready", 2) == one.take(9.0)


def test_an_empty_bucket_delays_a_change() -> None:
    """Beside the distance to the last one; the last value is still taken."""
    one = Throttle(5.0, str.lower, TokenBucket(2, 60.0))
    for at, word in ((0.0, "a"), (5.0, "b")):
        one.offer(word, at)
        assert at == one.due
        one.take(at)
    one.offer("c", 10.0)
    one.offer("d", 11.0)
    assert 60.0 == one.due
    assert Change("b", "d", 1) == one.take(60.0)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from("abc")), max_size=50))
def test_never_too_many_and_never_behind(steps: list[tuple[int, str]]) -> None:
    """For any sequence: changes keep their distance, and the last value is taken."""
    one, now, changes, last = pace(), 0.0, [], None
    for pause, item in steps:
        while one.due is not None and one.due <= now + pause:
            at = max(one.due, now)
            change = one.take(at)
            assert change is not None
            changes.append((at, change))
        now, last = now + pause, item
        one.offer(item, now)
    if (change := one.take(now + 5)) is not None:
        changes.append((now + 5, change))
    times = [at for at, _ in changes]
    assert all(b - a >= 5 for a, b in pairwise(times))
    words = [change.now for _, change in changes]
    assert (words[-1] if words else None) == last
    assert [None, *words[:-1]][: len(words)] == [change.before for _, change in changes]
