"""Tasks that outlast system errors: no descriptor, disk space or memory is left.

Rule 1: after a system error a task runs again, after a pause that grows to
`PAUSE_MAX_S`.
Rule 2: after a bug it runs again, too, but only `BUGS` times in `BUGS_WITHIN_S`. Then
it stays stopped, and health reports it.
Rule 3: an exception of a server task never reaches another task or a terminal.
"""

import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import attrs
import trio

from ant.core.counters import Limit, increment
from ant.core.errors import Stopping, StorageFailed
from ant.core.log_rate import FailureLog

log = logging.getLogger(__name__)

PAUSE_S, PAUSE_MAX_S = 0.1, 10.0
"""Pause before a task runs again: it begins at the first and doubles to the second."""

STEADY_S = 10.0
"""A task that has run for so long without an error counts as healthy."""

BUGS, BUGS_WITHIN_S = 10, 3600.0
"""A task with more bugs than this in this time is not started again."""

_SYSTEM = (OSError, MemoryError, StorageFailed)


def is_of_system(exc: Exception) -> bool:
    """Whether an error is a system error and no bug; of a group, whether all are."""
    if isinstance(exc, ExceptionGroup):
        return all(map(is_of_system, exc.exceptions))
    return isinstance(exc, _SYSTEM)


def _is_stop(exc: Exception) -> bool:
    if isinstance(exc, ExceptionGroup):
        return all(map(_is_stop, exc.exceptions))
    return isinstance(exc, Stopping)


def sentence(exc: Exception) -> str:
    """The text of an error, in one line; of a group, that of its first error."""
    while isinstance(exc, ExceptionGroup):
        exc = exc.exceptions[0]
    return str(exc) or type(exc).__name__


async def persist(what: str, work: Callable[..., Awaitable[None]], *args: Any) -> None:
    """Run `work` until it returns; after a system error, run it again after a pause.

    `what` names the work in the log. Raises what the work raises, except for system
    errors. *Cancellation:* that of the work.
    """
    pause_s, failures = PAUSE_S, FailureLog(log, f"{what} has to wait")
    while True:
        began = trio.current_time()
        try:
            return await work(*args)
        except Exception as exc:
            if not is_of_system(exc):
                raise
            increment(Limit.SYSTEM)
            failures.failed(sentence(exc))
        if trio.current_time() - began >= STEADY_S:
            pause_s = PAUSE_S
        await trio.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_MAX_S)


class ChildTasks:
    """The tasks that a task starts; one that fails is logged and stops no other.

    Between two nurseries new tasks wait until the next one is open.
    """

    def __init__(self) -> None:
        self._nursery: trio.Nursery | None = None
        self._early: deque[tuple[Callable[..., Awaitable[None]], Any]] = deque()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Run the tasks while the block runs. *Cancellation:* cancels them."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            self._start_early()
            try:
                yield
            finally:
                self._nursery = None
            nursery.cancel_scope.cancel()

    def _start_early(self) -> None:
        while self._early:
            work, args = self._early.popleft()
            self.start_soon(work, *args)

    def start_soon(self, work: Callable[..., Awaitable[None]], *args: Any) -> None:
        """Run `work(*args)` as a task of its own."""
        if self._nursery is None:
            self._early.append((work, args))
        else:
            self._nursery.start_soon(self._guarded, work, args)

    async def _guarded(self, work: Callable[..., Awaitable[None]], args: Any) -> None:
        try:
            await work(*args)
        except Exception:
            increment(Limit.SYSTEM)
            log.exception("A task failed: %s.", getattr(work, "__qualname__", work))


@attrs.frozen
class Fault:
    """The last error of a task that is not healthy; `stopped`: it is not run again."""

    task: str
    """The name of the task."""
    detail: str
    """The last error, in a sentence."""
    stopped: bool
    """Whether ANT does not run it again."""


Startable = Callable[..., Awaitable[None]]
"""Work that reports its start to a `task_status`, as for `trio.Nursery.start`."""


@attrs.define(eq=False)
class _StartOnce:
    """A `task_status` that passes on the first start; a later run starts nothing."""

    status: trio.TaskStatus[None]
    is_set: bool = False

    def started(self, value: None = None) -> None:
        if not self.is_set:
            self.is_set = True
            self.status.started()


@attrs.define(eq=False)
class _Task:
    name: str
    failures: FailureLog
    fault: Fault | None = None
    healthy_at: float = 0.0
    pause_s: float = PAUSE_S
    bugs: deque[float] = attrs.field(factory=lambda: deque(maxlen=BUGS))


class Background:
    """The tasks that a server has beside its sessions; `open_background` makes it."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._tasks: dict[str, _Task] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tasks that were started."""
        return tuple(self._tasks)

    def faults(self) -> tuple[Fault, ...]:
        """The faults of tasks that are not healthy yet, or are stopped."""
        now = trio.current_time()
        return tuple(
            each.fault
            for each in self._tasks.values()
            if each.fault is not None and (each.fault.stopped or now < each.healthy_at)
        )

    def start_soon(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task from now on."""
        self._nursery.start_soon(self._keep, self._new(name), run, name=name)

    async def start(self, name: str, run: Startable) -> None:
        """Run a task, and wait until it reports its start.

        Raises what the task raises before that.
        """
        task = self._new(name)

        async def _guarded(task_status: trio.TaskStatus[None]) -> None:
            start = _StartOnce(task_status)

            async def work() -> None:
                await run(task_status=start)

            await self._keep(task, work, start)

        await self._nursery.start(_guarded, name=name)

    def _new(self, name: str) -> _Task:
        task = _Task(name, FailureLog(log, f"Task {name} has to wait"))
        self._tasks[name] = task
        return task

    async def _keep(
        self,
        task: _Task,
        run: Callable[[], Awaitable[None]],
        start: _StartOnce | None = None,
    ) -> None:
        while True:
            since = trio.current_time()
            try:
                await run()
                return
            except Exception as exc:
                if start is not None and not start.is_set:
                    raise
                if _is_stop(exc):
                    return
                self._failed(task, exc, since)
            if task.fault is not None and task.fault.stopped:
                return
            await trio.sleep(task.pause_s)
            task.pause_s = min(2 * task.pause_s, PAUSE_MAX_S)

    def _failed(self, task: _Task, exc: Exception, since: float) -> None:
        """Log an error and set the task's fault, with whether the task is stopped."""
        increment(Limit.SYSTEM)
        now, stopped = trio.current_time(), False
        if now - since >= STEADY_S:
            task.pause_s = PAUSE_S
        if is_of_system(exc):
            task.failures.failed(sentence(exc))
        else:
            full = len(task.bugs) == BUGS
            stopped = full and now - task.bugs[0] < BUGS_WITHIN_S
            task.bugs.append(now)
            log.error("Task %s met a bug.", task.name, exc_info=exc)
        if stopped:
            log.error("Task %s is not started again: restart the server.", task.name)
        task.fault = Fault(task.name, sentence(exc), stopped)
        task.healthy_at = now + task.pause_s + STEADY_S


@asynccontextmanager
async def open_background() -> AsyncIterator[Background]:
    """Tasks that end with the block. *Cancellation:* cancels them."""
    async with trio.open_nursery() as nursery:
        yield Background(nursery)
        nursery.cancel_scope.cancel()
