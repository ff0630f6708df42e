"""How often bounds were met; `meets` marks the tests of the bounds themselves."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from ant.core.counters import Limit, counted, increment
from ant.journal.writer import QUEUE, _WorkQueue
from ant.store import Job


def test_every_limit_has_a_policy_and_a_count() -> None:
    """A sentence each, no two alike: equal values would be one member."""
    for limit in Limit:
        assert limit.value.endswith((".", "`."))
        before = counted(limit)
        increment(limit)
        increment(limit, 2)
        assert before + 3 == counted(limit)
    assert 32 == len(Limit)


@pytest.mark.meets(Limit.WRITES)
async def test_work_beyond_the_queue_waits() -> None:
    """Nobody serves the counter, so what comes after the last place waits outside."""
    counter = _WorkQueue(lambda jobs: None, lambda job: None, 1, 1)
    async with trio.open_nursery() as nursery:
        for _ in range(QUEUE + 1):
            nursery.start_soon(counter.submit, Job(print, ()))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
