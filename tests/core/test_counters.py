"""Counts of reached bounds; `meets` marks the tests of the bounds themselves."""

from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from ant.core.counters import Limit, counted, increment, limits_page
from ant.journal.work_queue import QUEUE, WorkQueue
from ant.store import Job


def test_every_limit_has_a_policy_and_a_count() -> None:
    """Each policy is a sentence of its own: members with equal values would be one."""
    for limit in Limit:
        assert limit.value.endswith((".", "`."))
        before = counted(limit)
        increment(limit)
        increment(limit, 2)
        assert before + 3 == counted(limit)
    assert 38 == len(Limit)


def test_the_page_of_limits_is_up_to_date() -> None:
    """`docs/limits.md` is what the policies make."""
    page = Path(__file__).parents[2] / "docs" / "limits.md"
    assert limits_page() == page.read_text(), "Policies have changed: run `make docs`."


@pytest.mark.meets(Limit.WRITES)
async def test_work_beyond_the_queue_waits() -> None:
    """While no thread takes work from the queue, a caller without a place waits."""
    queue = WorkQueue(lambda jobs: None, lambda job: None, 1)
    async with trio.open_nursery() as nursery:
        for _ in range(QUEUE + 1):
            nursery.start_soon(queue.submit, Job(print, ()))
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
