"""The async interface to the store: jobs wait in queues and run in groups in threads.

Writes: one thread takes the jobs that wait and runs them in one commit. ANT then
publishes their events in commit order and wakes the callers. It awaits nothing between
the commit and the publication.

Reads: `Journal.read` runs a read of a few rows on the loop, since passing it to a
thread costs more than the read. `Journal.read_in_thread` runs a read that grows with
the stored data in a thread. A read that may take long has threads of its own (`Lane`).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from enum import Enum
from functools import partial
from math import inf
from typing import Any, TypeVar

import attrs
import trio

from ant.api import codec
from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached, StorageFailed
from ant.journal.bus import Bus
from ant.journal.work_queue import WorkQueue
from ant.model.events import Envelope
from ant.store import Job, Store, Unit, Version

T = TypeVar("T")

GROUP = 64
"""Writes in one commit: enough to share its cost, few enough to finish soon."""

READ_GROUP = 16
"""Page reads that share a trip to a thread. A slow one delays at most that many."""

SEARCH_GROUP = 4
"""Searches by the index that share a trip to a thread. The trip costs more processor
time than such a search, most of it on the loop."""

READERS = 2
"""Threads of each lane. Each uses a connection of its own."""

HELP_S = 0.02
"""Seconds that a page read or a search by the index waits for the thread that runs
others, before the lane's second thread takes it. Most take less, and two threads that
run Python delay each other and the loop."""

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
        self._writes = WorkQueue(store.transact_group, self._publish, GROUP)
        reads = partial(WorkQueue, store.read_group, _publish_nothing, threads=READERS)
        self._lanes = {Lane.READ: reads(READ_GROUP, help_s=HELP_S)}
        for lane in (Lane.SEARCH, Lane.SCAN, Lane.REPORT):
            size, help_s = (SEARCH_GROUP, HELP_S) if lane is Lane.SEARCH else (1, 0.0)
            refusal = _LANE_FULL.format(lane.value)
            self._lanes[lane] = reads(
                size, help_s=help_s, capacity=LANE_QUEUE, refusal=refusal
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
            is_cancelled = trio.current_effective_deadline() == -inf
            for queue in [journal._writes, *journal._lanes.values()]:
                if is_cancelled or queue.is_long:
                    queue.abort()
                else:
                    queue.close()
