"""The task that removes: behind everybody's back, and to the end."""

import pytest
import trio

from ant.model.sessions import Session
from ant.runtime import remover
from ant.sessions import sessions
from ant.store import removals
from tests.large import fill, rows_of
from tests.systems import PATIENCE_S, Rig


async def large(rig: Rig) -> Session:
    """A terminal with much in it."""
    session = await rig.create()
    await trio.to_thread.run_sync(fill, rig.store, session, 1)
    return session


def left(rig: Rig, session: Session) -> int:
    counts = rig.store.read(lambda _: rows_of(session.id)).items()
    return sum(count for (_, outlives), count in counts if not outlives)


async def gone(rig: Rig, session: Session) -> None:
    await rig.system.journal.write(sessions.remove_sessions, [session.id])
    rig.system.remover.wake()
    with trio.fail_after(PATIENCE_S):
        await rig.system.remover.idle.wait()


async def test_it_removes_all_rows(rig: Rig) -> None:
    """Then the remover is idle, until it is woken again."""
    session = await large(rig)
    assert left(rig, session) > 100
    await gone(rig, session)
    assert 0 == left(rig, session)


async def test_others_write_between_its_slices(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write waits for a slice or two, and not for all of them."""
    monkeypatch.setattr(removals, "SLICE_S", -1.0)
    session = await large(rig)
    written: list[int] = []

    async def write() -> None:
        while True:
            await rig.settle()
            written.append(left(rig, session))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write)
        await gone(rig, session)
        nursery.cancel_scope.cancel()
    assert len({count for count in written if count}) > 3


async def test_it_waits_for_a_long_write_ahead_log(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a read keeps the write-ahead log long, the remover removes nothing."""
    monkeypatch.setattr(removals, "SLICE_S", -1.0)
    monkeypatch.setattr(remover, "WAL_MAX", 0)
    monkeypatch.setattr(remover, "FOLD", 1)
    monkeypatch.setattr(remover, "RETRY_S", 0.01)
    session = await large(rig)
    journal, folds = rig.system.journal, 0
    fold = journal.checkpoint

    async def refused() -> bool:
        nonlocal folds
        folds += 1
        return folds > 5 and await fold()

    monkeypatch.setattr(journal, "checkpoint", refused)
    before = left(rig, session)
    await rig.system.journal.write(sessions.remove_sessions, [session.id])
    rig.system.remover.wake()
    with trio.fail_after(PATIENCE_S):
        while folds < 4:
            await trio.lowlevel.checkpoint()
        assert before - left(rig, session) < before / 2
        await rig.system.remover.idle.wait()
    assert 0 == left(rig, session)
