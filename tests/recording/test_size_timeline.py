"""The sizes of a terminal, in the order in which its transcript is played."""

from hypothesis import given
from hypothesis import strategies as st

from ant.recording.size_timeline import SizeChange, SizeTimeline
from tests.strategies import CUTS, cut

DEFAULT = 80, 24


def test_the_size_at_the_start_is_that_of_the_last_entry_before_it() -> None:
    """A recorded size or that of a run; the entry later in the transcript counts."""
    run, sizes = [(0, 90, 20)], [(5, 91, 21), (10, 92, 22)]
    assert DEFAULT == SizeTimeline(7, [], [], DEFAULT).size
    assert (90, 20) == SizeTimeline(7, [], run, DEFAULT).size
    assert (91, 21) == SizeTimeline(7, sizes, run, DEFAULT).size
    assert (92, 22) == SizeTimeline(10, sizes, run, DEFAULT).size
    assert (90, 20) == SizeTimeline(12, [], [(11, 90, 20)], DEFAULT).size
    assert (93, 23) == SizeTimeline(12, sizes, [(11, 93, 23)], DEFAULT).size


def test_without_a_size_at_the_start_the_first_one_counts() -> None:
    """It is nearer to it than a size that the terminal had at its end."""
    assert (91, 21) == SizeTimeline(0, [(5, 91, 21)], [], DEFAULT).size


def test_a_size_that_is_not_positive_is_ignored() -> None:
    """Rows of old databases and of verdicts without a screen have none."""
    timeline = SizeTimeline(0, [(0, 0, 0), (5, 0, 24)], [], DEFAULT)
    assert (DEFAULT, []) == (timeline.size, timeline.take(9))


def test_changes_apply_before_the_byte_at_their_offset() -> None:
    """In the order in which they were recorded, each once."""
    timeline = SizeTimeline(0, [(5, 91, 21), (5, 92, 22), (9, 93, 23)], [], DEFAULT)
    assert [] == timeline.take(4)
    assert [(91, 21), (92, 22)] == [each.size for each in timeline.take(5)]
    assert [] == timeline.take(8)
    assert [SizeChange(9, 93, 23)] == timeline.take(100)


def test_a_run_starts_in_its_own_size() -> None:
    """Sizes recorded at or before its first byte belong to the run before."""
    sizes, runs = [(5, 91, 21), (7, 92, 22), (8, 93, 23)], [(0, 80, 24), (7, 60, 9)]
    timeline = SizeTimeline(1, sizes, runs, DEFAULT)
    start = SizeChange(7, 60, 9, starts_run=True)
    assert [start] == timeline.take(7)
    assert [SizeChange(8, 93, 23)] == timeline.take(8)
    seen = SizeTimeline(1, sizes, runs, DEFAULT)
    assert [(91, 21), (92, 22)] == [each.size for each in seen.take_seen(7)]
    assert [start] == seen.take(7)
    assert [start] == SizeTimeline(7, sizes, runs, DEFAULT).take(7)
    passed = SizeTimeline(8, [], runs, DEFAULT)
    assert ((60, 9), []) == (passed.size, passed.take(8))


def test_a_size_that_was_recorded_late_applies_at_the_start() -> None:
    """What played the bytes before it could not know it."""
    timeline = SizeTimeline(9, [(7, 91, 21)], [(0, 80, 24)], DEFAULT)
    assert [SizeChange(9, 91, 21)] == timeline.take(9)


def test_bytes_are_cut_at_the_changes_among_them() -> None:
    """A change at the first byte comes before it, one behind the last byte waits."""
    sizes = [(10, 91, 21), (12, 92, 22), (15, 93, 23)]
    timeline = SizeTimeline(0, sizes, [], DEFAULT)
    first, second, third = (SizeChange(*size) for size in sizes)
    assert [first, b"ab", second, b"cde"] == list(timeline.steps(10, b"abcde"))
    assert [] == list(timeline.steps(15, b""))
    assert [third, b"f"] == list(timeline.steps(20, b"f"))


@given(CUTS, st.lists(st.tuples(st.integers(0, 70), st.integers(1, 9)), max_size=9))
def test_any_split_into_chunks_cuts_at_the_same_bytes(
    cuts: list[int], places: list[tuple[int, int]]
) -> None:
    """Each byte is played in the size of the last change at or before its offset."""
    data = bytes(range(60))
    sizes = [(offset, cols, 5) for offset, cols in sorted(places)]
    timeline, at, cols, played = SizeTimeline(0, sizes, [], DEFAULT), 0, 0, []
    for piece in cut(data, cuts):
        for step in timeline.steps(at, piece):
            if isinstance(step, SizeChange):
                cols = step.cols
            else:
                played += [(byte, cols) for byte in step]
        at += len(piece)
    wanted = {n: [cols for offset, cols, _ in sizes if offset <= n] for n in data}
    assert [(n, wanted[n][-1] if wanted[n] else 0) for n in data] == played


def test_resizes_are_changes_to_another_size() -> None:
    """The size at the start is none, and neither is a size recorded twice."""
    sizes = [(0, 80, 24), (5, 80, 24), (7, 90, 24), (8, 90, 24), (9, 80, 24)]
    timeline = SizeTimeline(3, sizes, [(8, 70, 24)], DEFAULT)
    assert [(7, 90), (8, 70), (9, 80)] == [
        (each.offset, each.cols) for each in timeline.resizes()
    ]
    assert [] == timeline.take(100)
