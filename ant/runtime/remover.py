"""Removes the rows of deleted sessions and of expired events, one slice at a time.

Rule 1: a session that is marked for removal cannot be read; its rows are removed later.
Rule 2: after each slice the remover pauses for as long as the slice took, so that
others can write meanwhile. Rule 3: on a full disk it uses the reserve. Rule 4: it waits
while the write-ahead log is long, which a long read can cause.
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
from ant.store import RemovalProgress

log = logging.getLogger(__name__)

SWEEP_S = 60.0
"""Seconds between two searches for rows past their retention."""

RETRY_S = 2.0
"""Pause after the database refused a write, or while the write-ahead log is long."""

FOLD = 8
"""Slices between two checkpoints of the write-ahead log."""

WAL_MAX = 64 << 20
"""Bytes of write-ahead log at which the remover stops: four times the size at which
SQLite checkpoints by itself."""


class Remover:
    """The task that removes rows; the log keeps `keep` events for at most `days`."""

    def __init__(
        self, journal: Journal, indexer: Indexer, keep: int, days: float
    ) -> None:
        self._journal, self._indexer = journal, indexer
        self._keep, self._days = keep, days
        self._wakeup, self._progress = Wakeup(), RemovalProgress()
        self._outage = FailureLog(log, "Removal has to wait")
        self.idle = trio.Event()

    def wake(self) -> None:
        """Remove soon: a session was marked for removal."""
        self.idle = trio.Event()
        self._wakeup.set()

    async def run(self) -> None:
        """Sweep at intervals, and remove when there is something, for ever.

        *Cancellation:* between two slices. Rows that are left stay marked, and are
        removed after the next start.
        """
        sweep_at = trio.current_time()
        while True:
            try:
                if trio.current_time() >= sweep_at:
                    await self._sweep()
                    self._progress = RemovalProgress()
                    sweep_at = trio.current_time() + SWEEP_S
                await self._remove()
            except StorageFailed as exc:
                self._outage.failed(exc)
                await trio.sleep(RETRY_S)
                if not isinstance(exc, DiskFull):  # Which is no fault of the session.
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
            done = await self._journal.write_removal(
                removal.remove_slice, self._progress
            )
            if done is None:
                break
            self._progress = done
            slices += 1
            await trio.sleep(clock.monotonic() - began)
            if slices % FOLD == 0:
                await self._fold()
        if slices:
            self._indexer.tidy_soon()
            await self._journal.checkpoint()

    def _pass_over(self) -> None:
        """Skip the session whose removal the database refused.

        Its rows may be at fault. The next sweep tries it again.
        """
        if self._progress.session_id is not None:
            self._progress.passed.add(self._progress.session_id)

    async def _fold(self) -> None:
        """Checkpoint the write-ahead log; while it is too long, wait for readers."""
        while not await self._journal.checkpoint():
            if self._journal.wal_bytes() <= WAL_MAX:
                break
            await trio.sleep(RETRY_S)  # The remover cannot interrupt a read.

    async def _sweep(self) -> None:
        """Prune the event log, and mark what is past retention.

        Each write takes its turn in the queue, so that others can write in between.
        """
        write, more = self._journal.write_removal, True
        while more:
            pruned = await write(removal.prune, self._keep, self._days)
            increment(Limit.EVENT_LOG, pruned)
            buried = await write(removal.prune_tombstones, self._days)
            purged = await write(removal.purge)
            more = bool(pruned or buried or purged)
