"""So many large things a turn of the event loop."""

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.turns import Turns


async def test_so_many_go_on_in_a_turn(autojump_clock: MockClock) -> None:
    """Of twenty that ask at once at most three go on in one turn, in their order."""
    turns, turn = Turns(3), 0
    went: list[tuple[int, int]] = []

    async def count() -> None:
        nonlocal turn
        while len(went) < 20:
            turn += 1
            await trio.lowlevel.checkpoint()

    async def take(number: int) -> None:
        await turns.take()
        went.append((turn, number))

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await wait_all_tasks_blocked()
            for number in range(20):
                nursery.start_soon(take, number)
                await trio.lowlevel.checkpoint()
            nursery.start_soon(count)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
    assert set(range(20)) == {number for _, number in went}
    for each in range(turn):
        assert sum(at == each for at, _ in went if at) <= 2 * 3


async def test_who_is_alone_does_not_wait() -> None:
    """What is free is taken without a checkpoint; the next in the same turn waits."""
    turns = Turns(1)
    with trio.CancelScope() as scope:
        scope.cancel()
        await turns.take()
    assert not scope.cancelled_caught
    with trio.CancelScope() as scope:
        scope.cancel()
        await turns.take()
    assert scope.cancelled_caught


async def test_who_leaves_holds_nobody_up(autojump_clock: MockClock) -> None:
    """A turn that was waited for and given up goes to the next."""
    turns, went = Turns(1), trio.Event()
    await turns.take()

    async def second() -> None:
        await turns.take()
        went.set()

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            first = trio.CancelScope()

            async def give_up() -> None:
                with first:
                    await turns.take()

            nursery.start_soon(give_up)
            await wait_all_tasks_blocked()
            nursery.start_soon(second)
            await wait_all_tasks_blocked()
            first.cancel()
            nursery.start_soon(turns.run)
            await went.wait()
            nursery.cancel_scope.cancel()
