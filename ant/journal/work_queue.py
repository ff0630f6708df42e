"""A bounded queue of database jobs, and the threads that run them in groups.

While jobs wait, a thread that has finished a group takes the next one by itself. So
under load a job costs one wake-up of the loop, which it may share with others, and
none of a thread.
"""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import trio

from ant.core.background import persist
from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached, Stopping, StorageFailed
from ant.store import Job

log = logging.getLogger(__name__)

QUEUE = 256
"""Jobs that may wait in a queue without a `refusal`. Further callers wait until the
queue has room."""


@attrs.define(eq=False)
class _WaitingJob:
    job: Job
    done: trio.Event = attrs.field(factory=trio.Event)


class WorkQueue:
    """A bounded queue of jobs and the tasks that run them, a group at a time.

    `run_group` runs a group in a thread. `on_done` runs on the loop for each job of the
    group, before its caller goes on. When `capacity` jobs wait, a caller waits for
    room; with `refusal`, the queue refuses the job with that text instead. While one
    thread runs jobs, another begins only after `help_s` seconds in which the first has
    taken no group.
    """

    def __init__(
        self,
        run_group: Callable[[Sequence[Job]], None],
        on_done: Callable[[Job], None],
        group_size: int,
        threads: int = 1,
        help_s: float = 0.0,
        capacity: int = QUEUE,
        refusal: str | None = None,
    ) -> None:
        self._run_group, self._on_done = run_group, on_done
        self._group_size, self._threads, self._help_s = group_size, threads, help_s
        self._capacity, self._refusal = capacity, refusal
        self._limiter = trio.CapacityLimiter(threads)
        # The loop appends; the loop and the threads remove, with atomic operations.
        self._waiting: deque[_WaitingJob] = deque()
        self._running: list[_WaitingJob] = []
        self._idle, self._room = trio.lowlevel.ParkingLot(), trio.lowlevel.ParkingLot()
        self._closing, self._is_aborted = trio.Event(), False
        self._busy = self._groups = 0

    @property
    def is_long(self) -> bool:
        """Whether its jobs may be long, and are ended when the journal closes."""
        return self._refusal is not None

    async def submit(self, job: Job) -> Any:
        """Wait until the job is done and return its result, or raise its error.

        Raises `Stopping` when the queue is closed, and `CapacityReached` when it is
        full and has a `refusal`.
        *Cancellation:* the queue drops a job that has not begun. A long read that has
        begun ends soon; other jobs are finished.
        """
        self._check_open()
        if len(self._waiting) >= self._capacity:
            await self._make_room()
        waiting = _WaitingJob(job)
        self._waiting.append(waiting)
        self._idle.unpark()
        try:
            await waiting.done.wait()
        finally:
            job.withdrawn = True
        return job.outcome()

    def _check_open(self) -> None:
        if self._closing.is_set():
            raise Stopping("The server is stopping.")

    async def _make_room(self) -> None:
        """Drop withdrawn jobs, or wait for room in a queue without a `refusal`.

        Raises `CapacityReached` when every job in a queue with one has a caller.
        """
        if self._refusal is None:
            increment(Limit.WRITES)
            while len(self._waiting) >= self._capacity:
                await self._room.park()
                self._check_open()
            return
        kept = [each for each in self._take_waiting() if not each.job.withdrawn]
        self._waiting.extend(kept)
        if len(kept) >= self._capacity:
            increment(Limit.LANES)
            raise CapacityReached(self._refusal)

    def start(self, nursery: trio.Nursery) -> None:
        """Start the tasks that serve the queue, one for each thread."""
        for _ in range(self._threads):
            nursery.start_soon(self.serve)

    async def serve(self) -> None:
        """Run groups of jobs until the queue is closed and empty.

        *Cancellation:* the running group is finished, and so may be jobs that wait
        while a thread runs. The others get `Stopping`.
        """
        try:
            await persist("The database's queue", self._run_groups)
        finally:
            self.close()
            self._stop_waiting()

    async def _run_groups(self) -> None:
        """Run jobs in a thread whenever some wait and no thread takes them."""
        while True:
            if not self._waiting:
                if self._closing.is_set():
                    return
                await self._idle.park()
            elif self._busy and self._help_s:
                groups = self._groups
                with trio.move_on_after(self._help_s):
                    await self._closing.wait()
                if self._waiting and self._busy and groups == self._groups:
                    await self._run(is_help=True)
            else:
                await self._run()
            self._unpark_callers()

    async def _run(self, is_help: bool = False) -> None:
        """Run groups in a thread; one group if it `is_help`.

        If no thread can start, fail the first group.
        """
        token = trio.lowlevel.current_trio_token()
        self._busy += 1
        try:
            await trio.to_thread.run_sync(
                self._run_in_thread, token, is_help, limiter=self._limiter
            )
        except Exception as exc:  # RuntimeError: the system has no thread left.
            log.exception("ANT could not start a database thread.")
            group = self._take_group()
            self._fail(group, f"No database thread could start: {exc}")
            self._finish(group)
        finally:
            self._busy -= 1

    def _run_in_thread(self, token: trio.lowlevel.TrioToken, is_help: bool) -> None:
        """Run groups until no job waits."""
        while group := self._take_group():
            try:
                self._run_group([waiting.job for waiting in group])
            except Exception as exc:
                log.exception("A group of database jobs failed.")
                self._fail(group, f"A database thread failed: {exc}")
            token.run_sync_soon(self._finish, group)
            if is_help:
                break

    def _take_group(self) -> list[_WaitingJob]:
        """Remove the oldest jobs that have a caller, and note that they run."""
        group: list[_WaitingJob] = []
        while len(group) < self._group_size and not self._is_aborted:
            try:
                waiting = self._waiting.popleft()
            except IndexError:
                break
            if not waiting.job.withdrawn:
                group.append(waiting)
        self._groups += 1
        self._running += group
        if self._is_aborted:  # `abort` did not see the group, or marks it itself.
            self._withdraw(group)
        return group

    def _finish(self, group: Sequence[_WaitingJob]) -> None:
        """Publish what a group did, and wake its callers. Runs on the loop."""
        for waiting in group:
            self._running.remove(waiting)
            try:
                self._on_done(waiting.job)
            except Exception:
                log.exception("The events of a job could not be published.")
            waiting.done.set()
        self._unpark_callers()

    def _unpark_callers(self) -> None:
        room = self._capacity - len(self._waiting)
        if room > 0 and self._room:
            self._room.unpark(count=room)

    def close(self) -> None:
        """Accept no more jobs. Those that wait still run."""
        self._closing.set()
        self._idle.unpark_all()
        self._room.unpark_all()

    def abort(self) -> None:
        """Accept no more jobs, end long reads, and fail the rest with `Stopping`."""
        self._is_aborted = True
        self.close()
        self._withdraw(self._running)
        self._stop_waiting()

    def _stop_waiting(self) -> None:
        for waiting in self._take_waiting():
            waiting.job.error = Stopping("The server is stopping.")
            waiting.done.set()

    @staticmethod
    def _withdraw(group: Sequence[_WaitingJob]) -> None:
        for waiting in tuple(group):
            waiting.job.withdrawn = True

    @staticmethod
    def _fail(group: Sequence[_WaitingJob], text: str) -> None:
        for waiting in group:
            waiting.job.error = StorageFailed(text)

    def _take_waiting(self) -> list[_WaitingJob]:
        """Remove and return the jobs that wait, oldest first."""
        taken: list[_WaitingJob] = []
        while self._waiting:
            try:
                taken.append(self._waiting.popleft())
            except IndexError:  # A thread took the last one.
                break
        return taken
