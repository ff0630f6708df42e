"""A wake-up that cannot be missed."""

import trio
import trio.testing
from trio.testing import wait_all_tasks_blocked

from ant.core.wakeup import Bell


async def test_a_ring_before_the_wait_is_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The waiter returns at once, and once only: many rings are one."""
    bell = Bell()
    bell.ring()
    bell.ring()
    with trio.fail_after(1):
        await bell.wait()
    with trio.move_on_after(1) as patience:
        await bell.wait()
    assert patience.cancelled_caught


async def test_a_ring_wakes_the_waiter(autojump_clock: trio.testing.MockClock) -> None:
    """Who waits is woken."""
    bell = Bell()
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(bell.wait)
            await wait_all_tasks_blocked()
            bell.ring()


async def test_a_cancelled_wait_keeps_the_ring(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A ring that comes with a cancellation is there for the next wait."""
    bell = Bell()
    with trio.CancelScope() as scope:
        scope.cancel()
        bell.ring()
        await bell.wait()
    assert scope.cancelled_caught
    with trio.fail_after(1):
        await bell.wait()
