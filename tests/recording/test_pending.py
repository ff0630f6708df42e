"""Items wait for their bytes and come out in order; no event loop."""

from ant.model.sessions import SessionId
from ant.recording.pending import PendingByOffset
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail

ONE, TWO = SessionId("one"), SessionId("two")


def flow(stored: int = 0) -> OutputFlow:
    """One that has all of its bytes stored up to there."""
    made = OutputFlow(Tail(0))
    made.append(b"x" * 100)
    made.mark_stored(stored)
    return made


def test_nothing_comes_before_its_bytes_or_out_of_order() -> None:
    """An item holds back those behind it in its session, and no others."""
    pending: PendingByOffset[str] = PendingByOffset(9)
    first, second = flow(), flow(50)
    pending.add(ONE, first, 10, "a")
    pending.add(ONE, first, 0, "b")
    pending.add(TWO, second, 50, "c")
    assert [(TWO, [(50, "c")])] == pending.ready()
    first.mark_stored(10)
    assert [(ONE, [(10, "a"), (0, "b")])] == pending.ready()
    assert [] == pending.ready()


def test_the_oldest_item_is_dropped() -> None:
    """Beyond the bound, on adding and on putting back."""
    pending: PendingByOffset[int] = PendingByOffset(3)
    one = flow(100)
    assert [0, 0, 0, 1] == [pending.add(ONE, one, n, n) for n in range(4)]
    ((_, taken),) = pending.ready()
    assert [1, 2, 3] == [n for _, n in taken]
    assert 0 == pending.add(ONE, one, 4, 4)
    assert 1 == pending.put_back(ONE, taken)
    assert [(ONE, [(2, 2), (3, 3), (4, 4)])] == pending.ready()


def test_the_end_of_a_run_takes_its_items() -> None:
    """Items of an earlier run are dropped."""
    pending: PendingByOffset[str] = PendingByOffset(9)
    old, new = flow(), flow(100)
    pending.add(ONE, old, 90, "a")
    assert 1 == pending.add(ONE, new, 5, "b")
    assert [(5, "b")] == pending.leave(ONE)
    assert [] == pending.leave(ONE)
    assert 1 == pending.put_back(ONE, [(5, "b")])
