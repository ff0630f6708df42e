"""Something happens after a certain step of all tasks together, each tried in turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import trio
from trio.abc import Instrument
from trio.lowlevel import Task

from ant.store import Job
from tests.systems import Rig

MOST_STEPS = 1000
"""What takes more steps than this never ends."""


class InjectAt(Instrument):
    """Does something synchronous when all tasks together have made so many steps."""

    def __init__(self, action: Callable[[], None], step: int) -> None:
        self._action, self._left = action, step

    @property
    def fired(self) -> bool:
        return self._left <= 0

    def after_task_step(self, task: Task) -> None:
        self._left -= 1
        if self._left == 0:
            self._action()


@contextmanager
def injected(action: Callable[[], None], step: int) -> Iterator[InjectAt]:
    """Inside, that happens after so many steps; `fired` says whether it did."""
    instrument = InjectAt(action, step)
    trio.lowlevel.add_instrument(instrument)
    try:
        yield instrument
    finally:
        trio.lowlevel.remove_instrument(instrument)


def commit(rig: Rig, work: Callable[..., Any], *args: Any) -> Any:
    """Commit and publish without a step in between, as the journal does at its end."""
    job = Job(work, args)
    rig.store.transact_group([job])
    for envelope in job.envelopes:
        rig.bus.publish(envelope)
    return job.outcome()
