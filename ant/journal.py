"""The async door to the store: work waits in a queue and is done in groups.

The writer takes what waits, runs it in a thread as one commit, and then, with no
checkpoint in between, publishes every event in commit order and lets the callers go on.
A read that is known to be quick is done on the spot: going to a thread and back costs
more than it. A kind of read that was slow goes to a thread until it has been quick for
a while; readers there take what waits as well.
"""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import attrs
import trio

from ant import clock
from ant.background import persist
from ant.bus import Bus
from ant.errors import Stopping, StorageFailed
from ant.events import Envelope
from ant.store import Job, Store
from ant.tally import Limit, met

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


@attrs.define(eq=False)
class _Waiting:
    job: Job
    withdrawn: bool = False
    over: trio.Event = attrs.field(factory=trio.Event)


class _Counter:
    """A queue, and whoever serves it: a group at a time, in a thread."""

    def __init__(
        self,
        work: Callable[[Sequence[Job]], None],
        over: Callable[[Job], None],
        size: int,
        servers: int,
    ) -> None:
        self._work, self._over, self._size = work, over, size
        self._threads = trio.CapacityLimiter(servers)
        self._send, self._queue = trio.open_memory_channel[_Waiting](QUEUE)

    async def ask(self, job: Job) -> Any:
        """The job's outcome, once it is over. Raises `Stopping` if it never will be."""
        waiting = _Waiting(job)
        try:
            try:
                self._send.send_nowait(waiting)
            except trio.WouldBlock:
                met(Limit.WRITES)
                await self._send.send(waiting)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise Stopping("The server is stopping.") from None
        try:
            await waiting.over.wait()
        finally:
            waiting.withdrawn = True
        return job.outcome()

    async def attend(self) -> None:
        """Until the counter closes. *Cancellation:* the group under way is finished."""
        group: list[_Waiting] = []
        try:
            await persist("The database's queue", self._serve, group)
        except trio.ClosedResourceError:
            pass  # Another server of this counter was the first to leave.
        finally:
            while more := self._also_waiting():
                group += more
            self._queue.close()
            for waiting in group:
                waiting.job.error = Stopping("The server is stopping.")
                waiting.over.set()

    async def _serve(self, group: list[_Waiting]) -> None:
        """Do what waits, and `group` is what is being done."""
        async for first in self._queue:
            taken = (first, *self._also_waiting())
            group[:] = (waiting for waiting in taken if not waiting.withdrawn)
            if group:
                await self._do([waiting.job for waiting in group])
            for waiting in group:
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

    def _also_waiting(self) -> list[_Waiting]:
        more: list[_Waiting] = []
        while len(more) < self._size - 1:
            try:
                more.append(self._queue.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
                break
        return more


class Journal:
    """`degraded` while the last commit failed."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self.degraded = False
        self._bus = bus
        self._read_group = store.read_group
        self._slow: dict[str, int] = {}
        self._away: dict[str, int] = {}
        self._writer = _Counter(store.transact_group, self._committed, GROUP, 1)
        self._readers = _Counter(store.read_group, lambda _: None, READ_GROUP, READERS)

    async def write(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` in a transaction; its result, once it is committed.

        Raises what the work raises, `StorageFailed`, or `Stopping` when the journal has
        closed. *Cancellation:* work that was not begun is withdrawn; work that was is
        committed and published as if nobody had left.
        """
        result: T = await self._writer.ask(Job(work, args))
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

    async def study(self, work: Callable[..., T], *args: object) -> T:
        """As `read`, of what is known to take its time: always in a thread."""
        result: T = await self._readers.ask(Job(work, args))
        return result

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
        nursery.start_soon(journal._writer.attend)
        for _ in range(READERS):
            nursery.start_soon(journal._readers.attend)
        try:
            yield journal
        finally:
            journal._writer.close()
            journal._readers.close()
