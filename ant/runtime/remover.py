"""Takes apart what is removed for good, and what is too old, a slice at a time.

Rule 1: what is removed is read by nobody once it is marked; its rows go later.
Rule 2: after each slice it rests for as long as that took, so others write meanwhile.
Rule 3: where the disk is full it has the reserve.
Rule 4: it waits while the write-ahead log is long, which an old read may keep so.
"""

import logging

import trio

from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import DiskFull, StorageFailed
from ant.core.log_rate import FailureLog
from ant.core.wakeup import Wakeup
from ant.history.indexer import Indexer
from ant.journal.writer import Journal
from ant.sessions import removal
from ant.store import Progress

log = logging.getLogger(__name__)

SWEEP_S = 60.0
"""Between two looks at what is no longer to be kept."""

RETRY_S = 2.0
"""Pause after the database refused, or while the write-ahead log is long."""

FOLD = 8
"""Slices between two times that the write-ahead log is folded in."""

WAL_MAX = 64 << 20
"""Bytes of write-ahead log at which nothing more is taken apart: four times the size at
which it is folded in by itself."""


class Remover:
    """The task that removes; `keep` events of the log, none older than `days`."""

    def __init__(
        self, journal: Journal, indexer: Indexer, keep: int, days: float
    ) -> None:
        self._journal, self._indexer = journal, indexer
        self._keep, self._days = keep, days
        self._wakeup, self._progress = Wakeup(), Progress()
        self._outage = FailureLog(log, "What is removed has to wait")
        self.idle = trio.Event()

    def wake(self) -> None:
        """A session was marked."""
        self.idle = trio.Event()
        self._wakeup.set()

    async def run(self) -> None:
        """Sweep now and then and remove when there is something, for ever.

        *Cancellation:* between two slices; what is left is marked, and is taken apart
        after the next start.
        """
        sweep_at = trio.current_time()
        while True:
            try:
                if trio.current_time() >= sweep_at:
                    await self._sweep()
                    self._progress = Progress()
                    sweep_at = trio.current_time() + SWEEP_S
                await self._remove()
            except StorageFailed as exc:
                self._outage.failed(exc)
                await trio.sleep(RETRY_S)
                if not isinstance(exc, DiskFull):  # That is no fault of the session.
                    self._pass_over()
                continue
            self._outage.worked()
            self.idle.set()
            with trio.move_on_at(sweep_at):
                await self._wakeup.wait()

    async def _remove(self) -> None:
        slices = 0
        while True:
            began = clock.monotonic()
            done = await self._journal.clear(removal.take, self._progress)
            if done is None:
                break
            self._progress = done
            slices += 1
            await trio.sleep(clock.monotonic() - began)
            if slices % FOLD == 0:
                await self._fold()
        if slices:
            self._indexer.tidy_soon()
            await self._journal.fold()

    def _pass_over(self) -> None:
        """What the database refused may be wrong with one session: others go before.

        The next sweep tries it again.
        """
        if self._progress.session_id is not None:
            self._progress.passed.add(self._progress.session_id)

    async def _fold(self) -> None:
        """Fold the write-ahead log in; where an old read forbids it, wait for that."""
        while not await self._journal.fold():
            if self._journal.wal_bytes() <= WAL_MAX:
                break
            await trio.sleep(RETRY_S)  # A read of another ends when it ends.

    async def _sweep(self) -> None:
        """Each write waits its turn, so others write in between."""
        write, more = self._journal.clear, True
        while more:
            pruned = await write(removal.prune, self._keep, self._days)
            increment(Limit.EVENT_LOG, pruned)
            buried = await write(removal.bury, self._days)
            purged = await write(removal.purge)
            more = bool(pruned or buried or purged)
