"""The queue of database jobs: groups, the second thread, and the end."""

import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from ant.core.errors import Stopping, StorageFailed
from ant.journal.work_queue import WorkQueue
from ant.store import Job
from tests.systems import PATIENCE_S


def run_group(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.result = job.work(*job.args)


@asynccontextmanager
async def serving(
    run: Callable[[Sequence[Job]], None] = run_group,
    on_done: Callable[[Job], None] = lambda job: None,
    **fields: Any,
) -> AsyncIterator[WorkQueue]:
    """A queue of jobs that use no database; each job is a group."""
    queue = WorkQueue(run, on_done, 1, **fields)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            queue.start(nursery)
            yield queue
            queue.close()
    with pytest.raises(Stopping):
        await queue.submit(Job(str))


async def test_a_group_that_fails_as_a_whole_stops_no_other() -> None:
    """Its callers get `StorageFailed`; so does an event that cannot be published."""

    def run(jobs: Sequence[Job]) -> None:
        if jobs[0].args == ("bad",):
            raise MemoryError("none")
        run_group(jobs)

    def on_done(job: Job) -> None:
        if job.args == ("unpublished",):
            raise ValueError

    async with serving(run, on_done) as queue:
        with pytest.raises(StorageFailed, match="none"):
            await queue.submit(Job(str, ("bad",)))
        for text in ("unpublished", "good"):
            assert text == await queue.submit(Job(str, (text,)))


async def test_the_second_thread_helps_only_with_a_slow_job() -> None:
    """Jobs that wait in a row share a thread; one behind a slow job gets another."""
    threads: list[int] = []
    go_on, entered = threading.Event(), trio.Event()
    token = trio.lowlevel.current_trio_token()

    def note() -> None:
        threads.append(threading.get_ident())

    def hold() -> None:
        note()
        token.run_sync_soon(entered.set)
        assert go_on.wait(PATIENCE_S)

    async with (
        serving(threads=2, help_s=3600) as queue,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(queue.submit, Job(hold))
        await entered.wait()
        for _ in range(5):
            nursery.start_soon(queue.submit, Job(note))
        await trio.testing.wait_all_tasks_blocked()
        go_on.set()
        while len(threads) < 6:
            await trio.lowlevel.checkpoint()
        assert 1 == len(set(threads))
        nursery.cancel_scope.cancel()

    threads.clear()
    go_on.clear()
    entered = trio.Event()
    async with (
        serving(threads=2, help_s=0.001) as queue,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(queue.submit, Job(hold))
        await entered.wait()
        await queue.submit(Job(note))
        go_on.set()
    assert 2 == len(set(threads))
