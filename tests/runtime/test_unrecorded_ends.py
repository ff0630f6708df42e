"""What the database refused is kept and tried again; memory only, on a test clock."""

import attrs
import pytest
import trio
from trio.testing import MockClock

from ant.core.errors import NotFound, StorageFailed
from ant.model.sessions import SessionId
from ant.runtime.unrecorded_ends import RETRY_S, UnrecordedEnds

ONE, TWO = SessionId("one"), SessionId("two")


@attrs.define(eq=False)
class Write:
    """Fails in these ways, one after another, and then succeeds."""

    faults: list[Exception] = attrs.field(factory=list)
    done: int = 0

    async def __call__(self) -> None:
        await trio.lowlevel.checkpoint()
        if self.faults:
            raise self.faults.pop(0)
        self.done += 1


async def test_a_refused_end_is_tried_until_it_is_recorded(
    autojump_clock: MockClock,
) -> None:
    """Each once, and later ones as well."""
    endings = UnrecordedEnds()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(endings.run)
        for _ in range(2):
            writes = {ONE: Write([StorageFailed("full")] * 3), TWO: Write()}
            with pytest.raises(StorageFailed):
                await endings.offer(ONE, writes[ONE])
            await endings.offer(TWO, writes[TWO])
            await trio.sleep(RETRY_S * 10)
            assert [1, 1] == [each.done for each in writes.values()]
        nursery.cancel_scope.cancel()


async def test_of_two_ends_the_older_is_kept(
    autojump_clock: MockClock,
) -> None:
    """The new run never began, so it has no end to record."""
    endings, older, newer = (
        UnrecordedEnds(),
        Write([StorageFailed("full")] * 2),
        Write(),
    )
    for write in (older, newer):
        with pytest.raises(StorageFailed):
            await endings.offer(ONE, write)
    await endings.settle(ONE)
    await endings.settle(ONE)
    assert (1, 0) == (older.done, newer.done)


async def test_an_end_that_fails_otherwise_is_not_kept() -> None:
    """It would fail again each time."""
    endings, write = UnrecordedEnds(), Write([NotFound("session", "one")])
    with pytest.raises(NotFound):
        await endings.offer(ONE, write)
    await endings.settle_all()
    assert 0 == write.done


async def test_a_cancelled_end_is_kept(autojump_clock: MockClock) -> None:
    """Two tasks that settle it at the same time record it once."""
    endings, write = UnrecordedEnds(), Write()
    with trio.CancelScope() as scope:
        scope.cancel()
        await endings.offer(ONE, write)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(endings.settle, ONE)
        nursery.start_soon(endings.settle_all)
    assert 1 == write.done
