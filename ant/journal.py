"""The async door to the store: work waits in one queue and commits in groups.

One writer task takes what waits, runs it in a thread as one commit, and then, with no
checkpoint in between, publishes every event in commit order and lets the callers go on.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import attrs
import trio

from ant.bus import Bus
from ant.errors import Stopping, StorageFailed
from ant.events import Envelope
from ant.store import Job, Store

T = TypeVar("T")

QUEUE = 256
"""Work that may wait for the writer; whoever comes then waits to be let in."""

GROUP = 64
"""Work that shares a commit: enough to pay for the commit, soon enough done."""

READERS = 4
"""Reads that may run at once, each on a connection of its own."""


@attrs.define(eq=False)
class _Waiting:
    job: Job
    withdrawn: bool = False
    over: trio.Event = attrs.field(factory=trio.Event)


class Journal:
    """`degraded` while the last commit failed."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self.degraded = False
        self._store, self._bus = store, bus
        self._readers = trio.CapacityLimiter(READERS)
        self._writers = trio.CapacityLimiter(1)
        self._send, self._queue = trio.open_memory_channel[_Waiting](QUEUE)

    async def write(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` in a transaction; its result, once it is committed.

        Raises what the work raises, `StorageFailed`, or `Stopping` when the journal has
        closed. *Cancellation:* work that was not begun is withdrawn; work that was is
        committed and published as if nobody had left.
        """
        waiting = _Waiting(Job(work, args))
        try:
            await self._send.send(waiting)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise Stopping("The server is stopping.") from None
        try:
            await waiting.over.wait()
        finally:
            waiting.withdrawn = True
        result: T = waiting.job.outcome()
        return result

    async def read(self, work: Callable[..., T], *args: object) -> T:
        """Run `work(unit, *args)` on one snapshot, beside writes and other reads."""
        result: T = await trio.to_thread.run_sync(
            self._store.read, work, *args, limiter=self._readers
        )
        return result

    def publish(self, envelope: Envelope) -> None:
        """Publish an event that is in no transaction: an ephemeral one."""
        self._bus.publish(envelope)

    async def _run(self) -> None:
        group: list[_Waiting] = []
        try:
            async for first in self._queue:
                group = [first, *self._also_waiting()]
                group = [waiting for waiting in group if not waiting.withdrawn]
                if group:
                    await trio.to_thread.run_sync(
                        self._store.transact_group,
                        [waiting.job for waiting in group],
                        limiter=self._writers,
                    )
                self._finish(group)
                group = []
        finally:
            while more := self._also_waiting():
                group += more
            self._queue.close()
            for waiting in group:
                waiting.job.error = Stopping("The server is stopping.")
                waiting.over.set()

    def _also_waiting(self) -> list[_Waiting]:
        more: list[_Waiting] = []
        while len(more) < GROUP:
            try:
                more.append(self._queue.receive_nowait())
            except (trio.WouldBlock, trio.EndOfChannel, trio.ClosedResourceError):
                break
        return more

    def _finish(self, group: list[_Waiting]) -> None:
        """Publish and let go; synchronous, so nothing can come between."""
        for waiting in group:
            for envelope in waiting.job.envelopes:
                self._bus.publish(envelope)
            self.degraded = isinstance(waiting.job.error, StorageFailed)
            waiting.over.set()


@asynccontextmanager
async def open_journal(store: Store, bus: Bus) -> AsyncIterator[Journal]:
    """A journal with its writer task; leaving it finishes what was asked.

    *Cancellation:* the commit under way is finished; what waited gets `Stopping`.
    """
    journal = Journal(store, bus)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal._run)
        try:
            yield journal
        finally:
            journal._send.close()
