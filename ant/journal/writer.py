"""The async door to the store: work waits in a queue and is done in groups.

The writer takes what waits, runs it in a thread as one commit, and then, with no
checkpoint in between, publishes every event in commit order and lets the callers go on.
A read that is known to be quick is done on the spot: going to a thread and back costs
more than it. A kind of read that was slow goes to a thread until it has been quick for
a while; readers there take what waits as well. What grows with what is stored always
goes to a thread, and what may take long has readers of its own (`Lane`).
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
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
from ant.store import Job, Store

log = logging.getLogger(__name__)

T = TypeVar("T")

QUEUE = 256
"""Work that may wait for the writer, or for a reader; then the caller waits outside."""

GROUP = 64
"""Work that shares a commit: enough to pay for the commit, soon enough done."""

READ_GROUP = 16
"""Reads that share a trip to a thread; one that is slow delays so many at most."""

READERS = 2
"""Readers side by side, each on a connection of its own."""

SLOW_S = 0.002
"""A read that takes longer should not be done on the loop: others wait meanwhile."""

STRIKES = 2
"""Slow reads in a row that send their kind away: one may be another process's doing."""

QUICK_RUNS = 50
"""Quick reads in a thread, one after another, that bring their kind back."""

LANE_QUEUE = 16
"""Long reads that may wait in a lane; the next is refused."""

OWNER_QUEUE = 4
"""Reads of one caller that may wait for another of his; the next is refused."""


class Lane(Enum):
    """Which readers do a read: one kind of slow ones does not hold up another."""

    READ = "read"
    """A page of rows; others may share the trip to the thread."""
    SEARCH = "search"
    """Words that the index knows."""
    SCAN = "scan"
    """What looks through texts: regular expressions, and lines of terminals."""
    REPORT = "report"
    """What makes something of many rows: digests, exports, screens that were."""


@attrs.define(eq=False)
class _WaitingJob:
    job: Job
    over: trio.Event = attrs.field(factory=trio.Event)


class _WorkQueue:
    """A queue, and whoever serves it: a group at a time, in a thread.

    With `full`, who finds `room` others waiting is refused in these words.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Job]], None],
        over: Callable[[Job], None],
        size: int,
        servers: int,
        room: int = QUEUE,
        full: str | None = None,
    ) -> None:
        self._work, self._over, self._size = work, over, size
        self._full, self._servers = full, servers
        self._threads = trio.CapacityLimiter(servers)
        self._under_way: list[_WaitingJob] = []
        self._send, self._queue = trio.open_memory_channel[_WaitingJob](room)

    async def ask(self, job: Job) -> Any:
        """The job's outcome, once it is over.

        Raises `Stopping` if it never will be, `CapacityReached` where too many wait.
        *Cancellation:* a job that was not begun is not; a long one that was ends soon.
        """
        waiting = _WaitingJob(job)
        try:
            try:
                self._send.send_nowait(waiting)
            except trio.WouldBlock:
                if self._full is None:
                    increment(Limit.WRITES)
                    await self._send.send(waiting)
                else:
                    self._squeeze(waiting, self._full)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise Stopping("The server is stopping.") from None
        try:
            await waiting.over.wait()
        finally:
            job.withdrawn = True
        return job.outcome()

    def _squeeze(self, waiting: _WaitingJob, full: str) -> None:
        """Queue it in the place of one who has left. Raises `CapacityReached`."""
        others = self._also_waiting(all_of_them=True)
        others = [each for each in others if not each.job.withdrawn]
        for each in [*others, waiting]:
            try:
                self._send.send_nowait(each)
            except trio.WouldBlock:
                increment(Limit.LANES)
                raise CapacityReached(full) from None

    def serve(self, nursery: trio.Nursery) -> None:
        """Start whoever serves it."""
        for _ in range(self._servers):
            nursery.start_soon(self.attend)

    async def attend(self) -> None:
        """Until the counter closes. *Cancellation:* the group under way is finished."""
        group: list[_WaitingJob] = []
        try:
            await persist("The database's queue", self._serve, group)
        except trio.ClosedResourceError:
            pass  # Another server of this counter was the first to leave.
        finally:
            group += self._also_waiting(all_of_them=True)
            self._queue.close()
            for waiting in group:
                waiting.job.error = Stopping("The server is stopping.")
                waiting.over.set()

    async def _serve(self, group: list[_WaitingJob]) -> None:
        """Do what waits, and `group` is what is being done."""
        async for first in self._queue:
            taken = (first, *self._also_waiting())
            group[:] = (each for each in taken if not each.job.withdrawn)
            if group:
                self._under_way += group
                await self._do([waiting.job for waiting in group])
            for waiting in group:
                self._under_way.remove(waiting)
                self._over(waiting.job)
                waiting.over.set()
            group.clear()

    async def _do(self, jobs: Sequence[Job]) -> None:
        """Do them in a thread; what keeps that from being done is their error."""
        try:
            await trio.to_thread.run_sync(self._work, jobs, limiter=self._threads)
        except Exception as exc:  # RuntimeError: the system has no thread left.
            log.exception("The database was not asked.")
            for job in jobs:
                job.error = StorageFailed(f"The database was not asked: {exc}")

    def close(self) -> None:
        """Take no more; what waits is still served."""
        self._send.close()

    def dismiss(self) -> None:
        """Take no more, and end the long reads: who waits for one gets `Stopping`."""
        self.close()
        for waiting in [*self._under_way, *self._also_waiting(all_of_them=True)]:
            waiting.job.withdrawn = True
            if waiting not in self._under_way:
                waiting.job.error = Stopping("The server is stopping.")
                waiting.over.set()

    def _also_waiting(self, all_of_them: bool = False) -> list[_WaitingJob]:
        more: list[_WaitingJob] = []
        while all_of_them or len(more) < self._size - 1:
            try:
                more.append(self._queue.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
                break
        return more


_FULL = (
    f"{LANE_QUEUE} reads of this kind ({{}}) wait already; ask again when some of them "
    "are answered."
)


def _nothing(_: Job) -> None:
    """A read publishes nothing."""


class Journal:
    """`degraded` while the last commit failed."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self.degraded = False
        self._bus = bus
        self._read_group, self._store = store.read_group, store
        self._slow: dict[str, int] = {}
        self._away: dict[str, int] = {}
        self._folders = trio.CapacityLimiter(1)
        self._encoders = trio.CapacityLimiter(READERS)
        self._owners: dict[tuple[Lane, str], trio.Lock] = {}
        self._writer = _WorkQueue(store.transact_group, self._committed, GROUP, 1)
        self._readers = _WorkQueue(store.read_group, _nothing, READ_GROUP, READERS)
        self._lanes = {Lane.READ: self._readers}
        for lane in (Lane.SEARCH, Lane.SCAN, Lane.REPORT):
            bound = LANE_QUEUE, _FULL.format(lane.value)
            self._lanes[lane] = _WorkQueue(
                store.read_group, _nothing, 1, READERS, *bound
            )

    async def write(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` in a transaction; its result, once it is committed.

        Raises what the work raises, `StorageFailed`, or `Stopping` when the journal has
        closed. *Cancellation:* work that was not begun is withdrawn; work that was is
        committed and published as if nobody had left.
        """
        result: T = await self._writer.ask(Job(work, args))
        return result

    async def write_removal(self, work: Callable[..., T], *args: object) -> T:
        """As `write`, of what removes: where the disk is full it has the reserve."""
        result: T = await self._writer.ask(Job(work, args, makes_room=True))
        return result

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` on one snapshot, beside writes and other reads.

        Raises as `write` does. *Cancellation:* nothing to undo.
        """
        job, kind = Job(work, args), f"{work.__module__}.{work.__qualname__}"
        if self._away.get(kind):
            result: T = await self._readers.ask(job)
            # In a thread only work counts: it also waits for the loop to let it run.
            is_slow = job.busy_s > SLOW_S
            self._away[kind] = QUICK_RUNS if is_slow else self._away[kind] - 1
            return result
        await trio.lowlevel.checkpoint()
        start = clock.monotonic()
        self._read_group([job], keep=True)
        is_slow = clock.monotonic() - start > SLOW_S
        self._slow[kind] = self._slow.get(kind, 0) + 1 if is_slow else 0
        if self._slow[kind] >= STRIKES:
            self._away[kind] = QUICK_RUNS
        outcome: T = job.outcome()
        return outcome

    async def read_in_thread(
        self,
        work: Callable[..., T],
        *args: object,
        lane: Lane = Lane.READ,
        owner: str | None = None,
    ) -> T:
        """As `read`, of what grows with what is stored: always in a thread.

        Of one `owner` a lane does one at a time. Raises `CapacityReached` where too
        many wait. *Cancellation:* what is under way in a slow lane ends soon, where it
        asks SQLite for rows or calls `Unit.pause`.
        """
        job = Job(work, args, long=lane is not Lane.READ)
        if owner is None:
            result: T = await self._lanes[lane].ask(job)
            return result
        lock = self._owners.setdefault((lane, owner), trio.Lock())
        if lock.statistics().tasks_waiting >= OWNER_QUEUE:
            increment(Limit.LANES)
            raise CapacityReached(
                f"{OWNER_QUEUE} of your own asks of this kind wait already; "
                "ask again when they are answered."
            )
        try:
            async with lock:
                result = await self._lanes[lane].ask(job)
        finally:
            if not lock.locked():
                self._owners.pop((lane, owner), None)
        return result

    async def render(self, value: object) -> bytes:
        """A large answer as JSON, made in a thread. *Cancellation:* nothing to undo."""
        return await trio.to_thread.run_sync(
            codec.dumps, value, limiter=self._encoders, abandon_on_cancel=True
        )

    def wal_bytes(self) -> int:
        """The size of the write-ahead log."""
        return self._store.wal_bytes()

    async def checkpoint(self) -> bool:
        """`Store.checkpoint` in a thread. *Cancellation:* it is finished first."""
        return await trio.to_thread.run_sync(
            self._store.checkpoint, limiter=self._folders
        )

    def publish(self, envelope: Envelope) -> None:
        """Publish an event that is in no transaction: an ephemeral one."""
        self._bus.publish(envelope)

    def _committed(self, job: Job) -> None:
        """Publish; synchronous, and called right after the commit."""
        for envelope in job.envelopes:
            self._bus.publish(envelope)
        self.degraded = isinstance(job.error, StorageFailed)


@asynccontextmanager
async def open_journal(store: Store, bus: Bus) -> AsyncIterator[Journal]:
    """A journal with its writer and readers; leaving it finishes what was asked.

    *Cancellation:* the commit under way is finished; what waited gets `Stopping`.
    """
    journal = Journal(store, bus)
    async with trio.open_nursery() as nursery:
        counters = [journal._writer, *journal._lanes.values()]
        for counter in counters:
            counter.serve(nursery)
        try:
            yield journal
        finally:
            journal._writer.close()
            for lane, counter in journal._lanes.items():
                counter.close() if lane is Lane.READ else counter.dismiss()
