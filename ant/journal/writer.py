"""The async interface to the store: jobs wait in queues and run in groups in threads.

Writes: one thread takes the jobs that wait and runs them in one commit. ANT then
publishes their events in commit order and wakes the callers. It awaits nothing between
the commit and the publication.

Reads: `Journal.read` runs a read of a few rows on the loop, since passing it to a
thread costs more than the read. `Journal.read_in_thread` runs a read that grows with
the stored data in a thread. A read that may take long has threads of its own (`Lane`).
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import attrs
import trio

from ant.api import codec
from ant.core import clock
from ant.core.background import persist
from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached, Stopping, StorageFailed
from ant.journal.bus import Bus
from ant.model.events import Envelope
from ant.store import Job, Store, Unit, Version

log = logging.getLogger(__name__)

T = TypeVar("T")

QUEUE = 256
"""Jobs that may wait in the queue of writes, and in that of page reads. Further callers
wait until the queue has room."""

GROUP = 64
"""Writes in one commit: enough to share its cost, few enough to finish soon."""

READ_GROUP = 16
"""Page reads that share a trip to a thread. A slow one delays at most that many."""

SEARCH_GROUP = 4
"""Searches by the index that share a trip to a thread. The trip costs more processor
time than such a search, most of it on the loop."""

READERS = 2
"""Threads of each lane. Each uses a connection of its own."""

SMALL = 64 << 10
"""Bytes of JSON that the loop reads and renders itself: half a millisecond of work. To
pass it to a thread and back costs as much."""

KEPT = 1 << 20
"""Bytes of JSON in the answer that `Journal.read_json` keeps."""

LANE_QUEUE = 16
"""Long reads that may wait in a lane. ANT refuses the next one."""

OWNER_QUEUE = 4
"""Reads of one owner that may wait in a lane. ANT refuses the owner's next one."""


class Lane(Enum):
    """A queue of reads with threads of its own, so that lanes do not delay each other.

    A read in any lane but `READ` is long: cancelling its caller ends it.
    """

    READ = "read"
    """A page of rows. Several may share the trip to the thread."""
    SEARCH = "search"
    """A search for words that the full-text index has."""
    SCAN = "scan"
    """A scan of texts: regular expressions, and lines of terminals."""
    REPORT = "report"
    """An answer made of many rows: digests, exports, replayed screens."""


@attrs.frozen
class _Answer:
    """An answer as JSON, what it answers, and the version of the database before.

    It holds before `until`, for ever if that is None.
    """

    version: Version
    work: Callable[..., Any]
    args: tuple[object, ...]
    content: bytes
    until: datetime | None

    def answers(
        self, version: Version, work: Callable[..., Any], args: tuple[object, ...]
    ) -> bool:
        """Whether this is the answer now, if that is the version of the database."""
        asked = version, work, args
        if asked != (self.version, self.work, self.args):
            return False
        return self.until is None or clock.now() < self.until


@attrs.define(eq=False)
class _WaitingJob:
    job: Job
    done: trio.Event = attrs.field(factory=trio.Event)


class _WorkQueue:
    """A bounded queue of jobs and the tasks that run them, a group at a time.

    `run_group` runs a group in a thread. `on_done` runs on the loop for each job of the
    group, before its caller goes on. When `capacity` jobs wait, a caller waits for
    room; with `refusal`, the queue refuses the job with that text instead.
    """

    def __init__(
        self,
        run_group: Callable[[Sequence[Job]], None],
        on_done: Callable[[Job], None],
        group_size: int,
        threads: int,
        capacity: int = QUEUE,
        refusal: str | None = None,
    ) -> None:
        self._run_group, self._on_done = run_group, on_done
        self._group_size, self._threads = group_size, threads
        self._refusal = refusal
        self._limiter = trio.CapacityLimiter(threads)
        self._running: list[_WaitingJob] = []
        self._send, self._receive = trio.open_memory_channel[_WaitingJob](capacity)

    async def submit(self, job: Job) -> Any:
        """Wait until the job is done and return its result, or raise its error.

        Raises `Stopping` when the queue is closed, and `CapacityReached` when it is
        full and has a `refusal`.
        *Cancellation:* the queue drops a job that has not begun. A long read that has
        begun ends soon; other jobs are finished.
        """
        waiting = _WaitingJob(job)
        try:
            try:
                self._send.send_nowait(waiting)
            except trio.WouldBlock:
                if self._refusal is None:
                    increment(Limit.WRITES)
                    await self._send.send(waiting)
                else:
                    self._replace_withdrawn(waiting, self._refusal)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise Stopping("The server is stopping.") from None
        try:
            await waiting.done.wait()
        finally:
            job.withdrawn = True
        return job.outcome()

    def _replace_withdrawn(self, waiting: _WaitingJob, refusal: str) -> None:
        """Queue a job in place of a withdrawn one.

        Raises `CapacityReached` when every job in the queue still has a caller.
        """
        others = self._take_waiting()
        others = [each for each in others if not each.job.withdrawn]
        for each in [*others, waiting]:
            try:
                self._send.send_nowait(each)
            except trio.WouldBlock:
                increment(Limit.LANES)
                raise CapacityReached(refusal) from None

    def start(self, nursery: trio.Nursery) -> None:
        """Start the tasks that serve the queue, one for each thread."""
        for _ in range(self._threads):
            nursery.start_soon(self.serve)

    async def serve(self) -> None:
        """Run groups of jobs until the queue is closed and empty.

        *Cancellation:* the running group is finished; jobs that wait get `Stopping`.
        """
        group: list[_WaitingJob] = []
        try:
            await persist("The database's queue", self._run_groups, group)
        except trio.ClosedResourceError:
            pass  # Another task that serves this queue closed it first.
        finally:
            group += self._take_waiting()
            self._receive.close()
            for waiting in group:
                waiting.job.error = Stopping("The server is stopping.")
                waiting.done.set()

    async def _run_groups(self, group: list[_WaitingJob]) -> None:
        """Run jobs as they come; `group` holds those that are running."""
        async for first in self._receive:
            taken = (first, *self._take_waiting(self._group_size - 1))
            group[:] = (each for each in taken if not each.job.withdrawn)
            if group:
                self._running += group
                await self._run([waiting.job for waiting in group])
            for waiting in group:
                self._running.remove(waiting)
                self._on_done(waiting.job)
                waiting.done.set()
            group.clear()

    async def _run(self, jobs: Sequence[Job]) -> None:
        """Run jobs in a thread. If no thread can start, fail them."""
        try:
            await trio.to_thread.run_sync(self._run_group, jobs, limiter=self._limiter)
        except Exception as exc:  # RuntimeError: the system has no thread left.
            log.exception("ANT could not start a database thread.")
            for job in jobs:
                job.error = StorageFailed(f"No database thread could start: {exc}")

    def close(self) -> None:
        """Accept no more jobs. Those that wait still run."""
        self._send.close()

    def abort(self) -> None:
        """Accept no more jobs, end long reads, and fail the rest with `Stopping`."""
        self.close()
        for waiting in [*self._running, *self._take_waiting()]:
            waiting.job.withdrawn = True
            if waiting not in self._running:
                waiting.job.error = Stopping("The server is stopping.")
                waiting.done.set()

    def _take_waiting(self, limit: int | None = None) -> list[_WaitingJob]:
        """Remove and return the jobs that wait, at most `limit`, oldest first."""
        taken: list[_WaitingJob] = []
        while limit is None or len(taken) < limit:
            try:
                taken.append(self._receive.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
                break
        return taken


_LANE_FULL = (
    f"{LANE_QUEUE} reads of this kind ({{}}) wait already; try again when some of them "
    "are done."
)


def _rendered(
    unit: Unit,
    work: Callable[..., tuple[object, datetime | None]],
    args: tuple[object, ...],
) -> tuple[bytes, datetime | None]:
    value, until = work(unit, *args)
    return codec.dumps(value), until


def _publish_nothing(_: Job) -> None:
    """Do nothing: a read has no events."""


class Journal:
    """The queues of writes and reads of one store; `open_journal` makes it.

    `degraded` is true while the last commit failed.
    """

    def __init__(self, store: Store, bus: Bus) -> None:
        self.degraded = False
        self._bus, self._store = bus, store
        self._answer: _Answer | None = None
        self._checkpoint_limiter = trio.CapacityLimiter(1)
        self._render_limiter = trio.CapacityLimiter(READERS)
        self._owner_locks: dict[tuple[Lane, str], trio.Lock] = {}
        self._writes = _WorkQueue(store.transact_group, self._publish, GROUP, 1)
        self._lanes = {
            Lane.READ: _WorkQueue(
                store.read_group, _publish_nothing, READ_GROUP, READERS
            )
        }
        for lane in (Lane.SEARCH, Lane.SCAN, Lane.REPORT):
            bound = LANE_QUEUE, _LANE_FULL.format(lane.value)
            size = SEARCH_GROUP if lane is Lane.SEARCH else 1
            self._lanes[lane] = _WorkQueue(
                store.read_group, _publish_nothing, size, READERS, *bound
            )

    async def write(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` in a transaction; return its result after the commit.

        Its events are published before this returns. Raises the error of the work,
        `StorageFailed`, or `Stopping` when the journal is closed.
        *Cancellation:* the journal drops work that has not begun. It commits and
        publishes work that has begun.
        """
        result: T = await self._writes.submit(Job(work, args))
        return result

    async def write_removal(self, work: Callable[..., T], *args: object) -> T:
        """Like `write`, for work that removes rows: it may use the disk reserve."""
        result: T = await self._writes.submit(Job(work, args, makes_room=True))
        return result

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` on the loop, on one snapshot of the database.

        For work that reads a few rows by an index, below 2 ms: the loop runs nothing
        else meanwhile. Use `read_in_thread` for work that grows with the stored data
        (`docs/decisions/0010`). Raises the error of the work, or `StorageFailed`.
        *Cancellation:* nothing to undo.
        """
        await trio.lowlevel.checkpoint()
        job = Job(work, args)
        self._store.read_group([job], keep=True)
        result: T = job.outcome()
        return result

    async def read_in_thread(
        self,
        work: Callable[..., T],
        *args: object,
        lane: Lane = Lane.READ,
        owner: str | None = None,
    ) -> T:
        """Run `work(unit, *args)` in a thread, on one snapshot of the database.

        For work that grows with the stored data. A lane runs one read of an `owner` at
        a time. Raises the error of the work, `StorageFailed`, `Stopping`, or
        `CapacityReached` when too many reads of the lane or of the owner wait.
        *Cancellation:* a running read in a lane other than `READ` ends soon: while
        SQLite steps through rows, or when it calls `Unit.pause`.
        """
        job = Job(work, args, long=lane is not Lane.READ)
        if owner is None:
            result: T = await self._lanes[lane].submit(job)
            return result
        lock = self._owner_locks.setdefault((lane, owner), trio.Lock())
        if lock.statistics().tasks_waiting >= OWNER_QUEUE:
            increment(Limit.LANES)
            raise CapacityReached(
                f"{OWNER_QUEUE} of your own reads of this kind ({lane.value}) wait "
                "already; try again when they are done."
            )
        try:
            async with lock:
                result = await self._lanes[lane].submit(job)
        finally:
            if not lock.locked():
                self._owner_locks.pop((lane, owner), None)
        return result

    async def read_json(
        self, work: Callable[..., tuple[object, datetime | None]], *args: object
    ) -> bytes:
        """Run `work(unit, *args)` in a thread, and return its result as JSON.

        The work also returns until when its result holds if nothing is committed; None
        is for ever. The last answer is kept and returned again for the same work and
        arguments until then, or until anything is committed to the database. It has at
        most `KEPT` bytes. Raises as `read_in_thread` does.
        *Cancellation:* nothing to undo.
        """
        await trio.lowlevel.checkpoint()
        version, kept = self._store.version(), self._answer
        if kept is not None and kept.answers(version, work, args):
            return kept.content
        content, until = await self.read_in_thread(_rendered, work, args)
        if len(content) <= KEPT:
            self._answer = _Answer(version, work, args, content, until)
        return content

    async def render(self, value: object) -> bytes:
        """Encode an answer as JSON in a thread. *Cancellation:* nothing to undo."""
        return await trio.to_thread.run_sync(
            codec.dumps, value, limiter=self._render_limiter, abandon_on_cancel=True
        )

    def wal_bytes(self) -> int:
        """The size of the write-ahead log in bytes."""
        return self._store.wal_bytes()

    async def checkpoint(self) -> bool:
        """Run `Store.checkpoint` in a thread; return whether it was complete.

        Raises `StorageFailed`. *Cancellation:* the checkpoint is finished first.
        """
        return await trio.to_thread.run_sync(
            self._store.checkpoint, limiter=self._checkpoint_limiter
        )

    def publish(self, envelope: Envelope) -> None:
        """Publish an ephemeral event, which belongs to no transaction."""
        self._bus.publish(envelope)

    def _publish(self, job: Job) -> None:
        """Publish the events of a job, right after its commit, without a checkpoint."""
        for envelope in job.envelopes:
            self._bus.publish(envelope)
        self.degraded = isinstance(job.error, StorageFailed)


@asynccontextmanager
async def open_journal(store: Store, bus: Bus) -> AsyncIterator[Journal]:
    """A journal whose queues are served inside the block.

    Leaving the block finishes writes and page reads that wait, and ends long reads.
    *Cancellation:* the running commit is finished; jobs that wait get `Stopping`.
    """
    journal = Journal(store, bus)
    async with trio.open_nursery() as nursery:
        for queue in [journal._writes, *journal._lanes.values()]:
            queue.start(nursery)
        try:
            yield journal
        finally:
            journal._writes.close()
            for lane, queue in journal._lanes.items():
                queue.close() if lane is Lane.READ else queue.abort()
