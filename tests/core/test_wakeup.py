"""A wake-up that is not lost."""

import trio
import trio.testing
from trio.testing import wait_all_tasks_blocked

from ant.core.wakeup import Wakeup


async def test_a_set_before_the_wait_is_kept(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """The next wait returns at once; several calls of `set` count once."""
    wakeup = Wakeup()
    wakeup.set()
    wakeup.set()
    with trio.fail_after(1):
        await wakeup.wait()
    with trio.move_on_after(1) as patience:
        await wakeup.wait()
    assert patience.cancelled_caught


async def test_a_set_wakes_the_waiter(autojump_clock: trio.testing.MockClock) -> None:
    """`set` wakes the waiting task."""
    wakeup = Wakeup()
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(wakeup.wait)
            await wait_all_tasks_blocked()
            wakeup.set()


async def test_a_cancelled_wait_keeps_the_flag(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A flag that is set during a cancellation is set for the next wait."""
    wakeup = Wakeup()
    with trio.CancelScope() as scope:
        scope.cancel()
        wakeup.set()
        await wakeup.wait()
    assert scope.cancelled_caught
    with trio.fail_after(1):
        await wakeup.wait()
