"""A wake-up that cannot be missed."""

import trio
import trio.testing
from trio.testing import wait_all_tasks_blocked

from ant.core.wakeup import Wakeup


async def test_a_ring_before_the_wait_is_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The waiter returns at once, and once only: many rings are one."""
    wakeup = Wakeup()
    wakeup.set()
    wakeup.set()
    with trio.fail_after(1):
        await wakeup.wait()
    with trio.move_on_after(1) as patience:
        await wakeup.wait()
    assert patience.cancelled_caught


async def test_a_ring_wakes_the_waiter(autojump_clock: trio.testing.MockClock) -> None:
    """Who waits is woken."""
    wakeup = Wakeup()
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wakeup.wait)
            await wait_all_tasks_blocked()
            wakeup.set()


async def test_a_cancelled_wait_keeps_the_ring(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A ring that comes with a cancellation is there for the next wait."""
    wakeup = Wakeup()
    with trio.CancelScope() as scope:
        scope.cancel()
        wakeup.set()
        await wakeup.wait()
    assert scope.cancelled_caught
    with trio.fail_after(1):
        await wakeup.wait()
