"""An output buffer that tasks can wait on."""

import trio
import trio.testing
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.fair_turns import LARGE, FairTurns
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import MAX_READ, Tail


async def test_waiting_for_bytes(autojump_clock: MockClock) -> None:
    """A task that waits is woken by bytes; it gets False when none will come."""
    flow = OutputFlow(Tail(10))
    said: list[bool] = []

    async def wait(offset: int) -> None:
        said.append(await flow.wait_beyond(offset))

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, 10)
            await wait_all_tasks_blocked()
            assert [] == said
            flow.append(b"x")
            await wait_all_tasks_blocked()
            assert [True] == said
            nursery.start_soon(wait, 11)
            await wait_all_tasks_blocked()
            flow.finish()
        assert [True, False] == said
        assert await flow.wait_beyond(10), "bytes before the end are still there"


async def test_waiting_for_room(autojump_clock: MockClock) -> None:
    """There is room for a read once both the store and the detector have passed."""
    flow = OutputFlow(Tail(0, capacity=2 * MAX_READ))
    flow.append(bytes(MAX_READ))
    assert flow.has_room
    flow.append(b"x")
    assert not flow.has_room
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flow.wait_room)
            await wait_all_tasks_blocked()
            flow.mark_stored(1)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            flow.mark_seen(1)


async def test_waiting_for_the_store(autojump_clock: MockClock) -> None:
    """It returns once that offset is stored, and not before."""
    flow = OutputFlow(Tail(0))
    flow.append(b"abc")
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flow.wait_stored, 3)
            flow.mark_stored(2)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            flow.mark_stored(3)
        await flow.wait_stored(3)


async def test_gaps_in_a_row_are_one(autojump_clock: MockClock) -> None:
    """The first waits for the bytes before it, the others do not wait."""
    flow = OutputFlow(Tail(0))
    flow.append(b"abc")
    flow.mark_seen(3)
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flow.skip, 10)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            flow.mark_stored(3)
        await flow.skip(10)
    assert [(23, b"")] == flow.tail.pending(9)


async def test_a_flood_takes_turns(autojump_clock: MockClock) -> None:
    """After a large read the next one waits for its turn; after a key it does not."""
    turns = FairTurns(1)
    flow = OutputFlow(Tail(0), turns)
    await turns.take()
    with trio.fail_after(1):
        flow.append(b"x")
        await flow.wait_room()
        flow.append(bytes(LARGE + 1))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(flow.wait_room)
            await wait_all_tasks_blocked()
            assert len(nursery.child_tasks) == 1
            async with trio.open_nursery() as others:
                others.start_soon(turns.run)
                await wait_all_tasks_blocked()
                assert not nursery.child_tasks
                others.cancel_scope.cancel()
