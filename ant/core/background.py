"""Tasks that outlast errors of the system: no descriptor, disk or memory to be had.

Rule 1: after such an error a task runs again, after a pause; it grows to `PAUSE_MAX_S`.
Rule 2: so does one that met a bug, but only `BUGS` times in `BUGS_WITHIN_S`: then it
stays away, and health says so.
Rule 3: what a task of a server raises never reaches another one, nor a terminal.
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

log = logging.getLogger(__name__)

PAUSE_S, PAUSE_MAX_S = 0.1, 10.0
"""Pause before a task runs again; it doubles with each failure up to the second."""

STEADY_S = 10.0
"""A task that has run for so long is sound again."""

BUGS, BUGS_WITHIN_S = 10, 3600.0
"""So many bugs within so long, and a task is not started again."""

LOG_EVERY_S = 10.0
"""Between two lines of the log about the errors of one thing."""

_SYSTEM = (OSError, MemoryError, StorageFailed)


def is_of_system(exc: Exception) -> bool:
    """Whether an error, or each in a group, is of the system and no bug."""
    if isinstance(exc, ExceptionGroup):
        return all(map(is_of_system, exc.exceptions))
    return isinstance(exc, _SYSTEM)


def _is_stop(exc: Exception) -> bool:
    if isinstance(exc, ExceptionGroup):
        return all(map(_is_stop, exc.exceptions))
    return isinstance(exc, Stopping)


def sentence(exc: Exception) -> str:
    """What went wrong, in one line: of a group the first."""
    while isinstance(exc, ExceptionGroup):
        exc = exc.exceptions[0]
    return str(exc) or type(exc).__name__


class LogRate:
    """Says when the log may have another line, and how many it did not get."""

    def __init__(self, every_s: float = LOG_EVERY_S) -> None:
        self._every_s, self._next, self._held = every_s, float("-inf"), 0

    def error(self, text: str, *args: object) -> None:
        """Log an error, unless one was logged a moment ago: that one is counted."""
        now = trio.current_time()
        if now < self._next:
            self._held += 1
            return
        more = f" ({self._held} more like it before.)" if self._held else ""
        log.error(text + "%s", *args, more)
        self._next, self._held = now + self._every_s, 0


async def persist(what: str, work: Callable[..., Awaitable[None]], *args: Any) -> None:
    """Run work to its end; after an error of the system again, after a pause.

    Whatever else it raises is raised. `what` names it in the log. *Cancellation:* is
    that of the work.
    """
    pause_s, rate = PAUSE_S, LogRate()
    while True:
        began = trio.current_time()
        try:
            return await work(*args)
        except Exception as exc:
            if not is_of_system(exc):
                raise
            increment(Limit.SYSTEM)
            rate.error("%s has to wait: %s", what, sentence(exc))
        if trio.current_time() - began >= STEADY_S:
            pause_s = PAUSE_S
        await trio.sleep(pause_s)
        pause_s = min(2 * pause_s, PAUSE_MAX_S)


class ChildTasks:
    """The tasks that a task starts; one that fails is logged, and fails alone.

    While the nursery is being replaced, those that are started wait for the next one.
    """

    def __init__(self) -> None:
        self._nursery: trio.Nursery | None = None
        self._early: deque[tuple[Callable[..., Awaitable[None]], Any]] = deque()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Run them inside. *Cancellation:* cancels them."""
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
        """Run `work(*args)` beside what runs."""
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
    """A task that failed a moment ago, or is `stopped`: why, and since when."""

    task: str
    detail: str
    stopped: bool


Startable = Callable[..., Awaitable[None]]
"""Work that says when it has begun, to a `task_status` as of `trio.Nursery.start`."""


@attrs.define(eq=False)
class _Begun:
    """Passes on that a task has begun, once: those who come after it do not wait."""

    status: trio.TaskStatus[None]
    is_set: bool = False

    def started(self, value: None = None) -> None:
        if not self.is_set:
            self.is_set = True
            self.status.started()


@attrs.define(eq=False)
class _Task:
    name: str
    fault: Fault | None = None
    sound_at: float = 0.0
    pause_s: float = PAUSE_S
    rate: LogRate = attrs.field(factory=LogRate)
    bugs: deque[float] = attrs.field(factory=lambda: deque(maxlen=BUGS))


class Background:
    """The tasks that a server has beside its sessions; made by `open_background`."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self._tasks: dict[str, _Task] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every task that was started."""
        return tuple(self._tasks)

    def faults(self) -> tuple[Fault, ...]:
        """The tasks that failed a moment ago, or are not started again."""
        now = trio.current_time()
        return tuple(
            each.fault
            for each in self._tasks.values()
            if each.fault is not None and (each.fault.stopped or now < each.sound_at)
        )

    def start_soon(self, name: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run a task from now on."""
        task = self._tasks[name] = _Task(name)
        self._nursery.start_soon(self._keep, task, run, name=name)

    async def start(self, name: str, run: Startable) -> None:
        """Run a task, and wait until it has begun.

        Until then what it raises is raised here.
        """
        task = self._tasks[name] = _Task(name)

        async def _guarded(task_status: trio.TaskStatus[None]) -> None:
            begun = _Begun(task_status)

            async def work() -> None:
                await run(task_status=begun)

            await self._keep(task, work, begun)

        await self._nursery.start(_guarded, name=name)

    async def _keep(
        self,
        task: _Task,
        run: Callable[[], Awaitable[None]],
        begun: _Begun | None = None,
    ) -> None:
        while True:
            since = trio.current_time()
            try:
                await run()
                return
            except Exception as exc:
                if begun is not None and not begun.is_set:
                    raise
                if _is_stop(exc):
                    return
                self._failed(task, exc, since)
            if task.fault is not None and task.fault.stopped:
                return
            await trio.sleep(task.pause_s)
            task.pause_s = min(2 * task.pause_s, PAUSE_MAX_S)

    def _failed(self, task: _Task, exc: Exception, since: float) -> None:
        """Note it; whether it is started again is in the fault."""
        increment(Limit.SYSTEM)
        now, stopped = trio.current_time(), False
        if now - since >= STEADY_S:
            task.pause_s = PAUSE_S
        if is_of_system(exc):
            task.rate.error("Task %s has to wait: %s", task.name, sentence(exc))
        else:
            full = len(task.bugs) == BUGS
            stopped = full and now - task.bugs[0] < BUGS_WITHIN_S
            task.bugs.append(now)
            log.error("Task %s met a bug.", task.name, exc_info=exc)
        if stopped:
            log.error("Task %s is not started again: restart the server.", task.name)
        task.fault = Fault(task.name, sentence(exc), stopped)
        task.sound_at = now + task.pause_s + STEADY_S


@asynccontextmanager
async def open_background() -> AsyncIterator[Background]:
    """Tasks that end with the block. *Cancellation:* cancels them."""
    async with trio.open_nursery() as nursery:
        yield Background(nursery)
        nursery.cancel_scope.cancel()
