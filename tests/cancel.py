"""Cancellation at every step: the test behind the words *cancellation-safe*."""

from collections.abc import Awaitable, Callable

import trio

from tests.steps import injected

MOST_STEPS = 2000
"""An operation that takes more steps than this never ends."""


async def cancel_at_every_step(
    op: Callable[[], Awaitable[object]], check: Callable[[], Awaitable[object]]
) -> int:
    """Run `op` and cancel it at step 1, 2, 3 … until it completes; how many it took.

    A step is one of any task while `op` runs: what it starts and whom it waits for are
    stepped through as well. `check` is awaited after each run, uncancelled; it puts
    everything back as it was.
    """
    for before in (False, True):
        for step in range(1, MOST_STEPS):
            with trio.CancelScope() as scope, injected(scope.cancel, step, before):
                await op()
            await check()
            if not scope.cancel_called:
                break
        else:
            raise AssertionError(f"{op} did not end within {MOST_STEPS} steps")
    return step
