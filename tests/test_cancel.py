"""The harness itself: it finds the one step between a commit and its publication."""

import pytest
import trio
import trio.testing

from tests.cancel import cancel_at_every_step


async def test_it_visits_every_step() -> None:
    """Cancelled at each wait in turn, both instead of it and after it."""
    reached: list[int] = []

    async def op() -> None:
        reached.append(0)
        for _ in range(3):
            await trio.lowlevel.checkpoint()
            reached[-1] += 1

    async def check() -> None:
        pass

    assert 4 <= await cancel_at_every_step(op, check)
    assert {0, 1, 2, 3} == set(reached)


async def test_it_finds_a_checkpoint_that_should_not_be() -> None:
    """A wait between the two leaves a commit that nobody hears of."""
    committed, published = 0, 0

    async def post() -> None:
        nonlocal committed, published
        await trio.lowlevel.checkpoint()
        committed += 1
        await trio.lowlevel.checkpoint()
        published += 1

    async def check() -> None:
        assert committed == published

    with pytest.raises(AssertionError):
        await cancel_at_every_step(post, check)


async def test_it_reaches_what_the_operation_started(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Steps of its children count as well."""
    interrupted = 0

    async def child(task_status: trio.TaskStatus[None]) -> None:
        nonlocal interrupted
        try:
            for _ in range(5):
                await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            interrupted += 1
            raise
        task_status.started()

    async def op() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(child)

    async def check() -> None:
        pass

    await cancel_at_every_step(op, check)
    assert interrupted >= 5
