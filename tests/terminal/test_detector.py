"""What the bytes say about the program."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.detector import ACTIVITY_EVERY_S, Detector
from ant.terminal.observations import ActivitySeen


def test_activity_is_told_at_most_once_in_a_while() -> None:
    """The first output at once, and then not before the time is up."""
    detector = Detector()
    assert [ActivitySeen(1)] == detector.feed(b"a", 1, 100.0)
    assert [] == detector.feed(b"b", 2, 100.0 + ACTIVITY_EVERY_S - 0.1)
    assert [ActivitySeen(3)] == detector.feed(b"c", 3, 100.0 + ACTIVITY_EVERY_S)
    assert 100.0 + ACTIVITY_EVERY_S == detector.last_output


def test_nothing_is_no_output() -> None:
    """An empty piece moves nothing."""
    detector = Detector()
    assert [] == detector.feed(b"", 0, 1.0)
    assert detector.last_output is None


@given(st.lists(st.floats(0, 100), min_size=1))
def test_notices_are_apart_at_any_split(gaps: list[float]) -> None:
    """However output is cut and timed, two notices are never closer than they may."""
    detector, at, told = Detector(), 0.0, []
    for end, gap in enumerate(gaps, 1):
        at += gap
        told += [at] * len(detector.feed(b"x", end, at))
        assert at == detector.last_output
    assert all(b - a >= ACTIVITY_EVERY_S for a, b in pairwise(told))
