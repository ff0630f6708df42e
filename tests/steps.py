"""Something happens at a certain step of all tasks together; each is tried in turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import trio
from trio.abc import Instrument
from trio.lowlevel import Task


class Injection(Instrument):
    """Does something synchronous when all tasks together have made so many steps.

    Before a step: what was waited for has come, and the action comes after it.
    After it: the action comes instead of what is being waited for.
    """

    def __init__(self, action: Callable[[], object], step: int, before: bool) -> None:
        self._action, self._left, self._before = action, step, before

    @property
    def fired(self) -> bool:
        return self._left <= 0

    def before_task_step(self, task: Task) -> None:
        if self._before:
            self._count()

    def after_task_step(self, task: Task) -> None:
        if not self._before:
            self._count()

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._action()


@contextmanager
def injected(
    action: Callable[[], object], step: int, before: bool = False
) -> Iterator[Injection]:
    """Inside, that happens at that step; `fired` says whether it did."""
    injection = Injection(action, step, before)
    trio.lowlevel.add_instrument(injection)
    try:
        yield injection
    finally:
        trio.lowlevel.remove_instrument(injection)
