"""Cancellation at every step: the test behind the words *cancellation-safe*."""

from collections.abc import Awaitable, Callable

import trio
from trio.abc import Instrument
from trio.lowlevel import Task

MOST_STEPS = 2000
"""An operation that takes more steps than this never ends."""


class _CancelAt(Instrument):
    """Cancels a scope when all tasks together have made so many steps.

    Before a step: what was waited for has come, and the cancellation comes after it.
    After it: the cancellation comes instead of what is being waited for.
    """

    def __init__(self, scope: trio.CancelScope, step: int, *, before: bool) -> None:
        self._scope, self._left, self._before = scope, step, before

    def before_task_step(self, task: Task) -> None:
        if self._before:
            self._count()

    def after_task_step(self, task: Task) -> None:
        if not self._before:
            self._count()

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._scope.cancel()


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
            with trio.CancelScope() as scope:
                instrument = _CancelAt(scope, step, before=before)
                trio.lowlevel.add_instrument(instrument)
                try:
                    await op()
                finally:
                    trio.lowlevel.remove_instrument(instrument)
            await check()
            if not scope.cancel_called:
                break
        else:
            raise AssertionError(f"{op} did not end within {MOST_STEPS} steps")
    return step
