"""The nursery of sessions: start, find and stop them, and isolate their bugs."""

import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import trio

from ant.core.counters import Limit, increment
from ant.core.errors import AntError, CapacityReached, NotRunning, Stopping
from ant.model.sessions import SessionId
from ant.runtime.services import RunServices
from ant.runtime.session_run import SessionRun
from ant.terminal.run_session import run_session
from ant.terminal.session import LiveTerminal
from ant.terminal.tmux.tmux_server import SurvivingPane

log = logging.getLogger(__name__)


class Supervisor:
    """Runs every live session as a task of its nursery, each in a guard of its own."""

    def __init__(
        self, services: RunServices, nursery: trio.Nursery, cap: int = 0
    ) -> None:
        self.services = services
        self.cap = cap
        self._nursery = nursery
        self._starting: dict[SessionId, trio.Event] = {}
        self._slots = 0
        self._stopping = False

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold a slot under the cap while inside. Raises `CapacityReached`."""
        if self.cap and len(self.services.running) + self._slots >= self.cap:
            increment(Limit.SESSIONS)
            raise CapacityReached(
                f"{self.cap} sessions run, "
                "and ANT_MAX_ACTIVE_SESSIONS allows no more; stop one first."
            )
        self._slots += 1
        try:
            yield
        finally:
            self._slots -= 1

    def find(self, session_id: SessionId) -> LiveTerminal | None:
        """Return the live terminal of a session."""
        return self.services.find(session_id)

    def need(self, session_id: SessionId) -> LiveTerminal:
        """Return the live terminal of a session. Raises `NotRunning`."""
        live = self.find(session_id)
        if live is None:
            raise NotRunning(f"Session {session_id!r} has no running program.")
        return live

    async def start(
        self,
        session_id: SessionId,
        cols: int | None = None,
        rows: int | None = None,
        cwd: str | None = None,
    ) -> LiveTerminal:
        """Return the session's live terminal; start it if there is none.

        Raises `NotFound`, `Gone`, `NotRunning` (a chat), `Invalid` (program or
        directory), `CapacityReached`, `StorageFailed`, `Stopping`. *Cancellation:* a
        half-open session is cleaned up; one that was reported as started continues.
        """
        await self._settled(session_id)
        while (live := self.find(session_id)) is not None:
            if not live.flow.finished:
                return live
            await live.over.wait()
            await self._settled(session_id)
        if self._stopping:
            raise Stopping("The server is stopping.")
        with self.slot():
            self._starting[session_id] = trio.Event()
            try:
                session_run = SessionRun(self.services, session_id, cols, rows, cwd)
                started: LiveTerminal = await self._nursery.start(
                    self._guarded, session_run
                )
            finally:
                self._starting.pop(session_id).set()
        return started

    async def resume(self, session_id: SessionId, surviving: SurvivingPane) -> None:
        """Resume a program that survived the last server run, even over the cap.

        If that fails, ANT marks its session as lost and logs the error. *Cancellation:*
        ANT detaches from it.
        """
        self._starting[session_id] = trio.Event()
        try:
            session_run = SessionRun(self.services, session_id, surviving=surviving)
            await self._nursery.start(self._guarded, session_run)
        except (AntError, OSError) as exc:
            log.error("Session %s is lost: %s", session_id, exc)
        finally:
            self._starting.pop(session_id).set()

    async def stop(self, session_id: SessionId) -> None:
        """End the session's program and wait for its end; does nothing if none runs."""
        await self._settled(session_id)
        if (live := self.find(session_id)) is not None:
            live.stop()
            await live.over.wait()

    async def stop_all(self, grace_s: float) -> None:
        """End every session concurrently. No session starts afterwards.

        ANT detaches from programs that outlive the server.
        """
        self._stopping = True
        for session_id in list(self._starting):
            await self._settled(session_id)
        for live in end_all(self.services, grace_s):
            await live.over.wait()

    async def _settled(self, session_id: SessionId) -> None:
        while (starting := self._starting.get(session_id)) is not None:
            await starting.wait()

    async def _guarded(
        self, session_run: SessionRun, task_status: trio.TaskStatus[LiveTerminal]
    ) -> None:
        """Raise an error to the caller until the run has begun; log it afterwards."""
        try:
            await run_session(session_run.detector, session_run, task_status)
        except Exception:
            if not session_run.has_begun:
                raise
            log.exception("Session %s crashed.", session_run.session_id)


def end_all(services: RunServices, grace_s: float) -> list[LiveTerminal]:
    """Begin to end every live session, or to detach from it; return their terminals."""
    ending = [session_run.live for session_run in services.running.values()]
    for live in ending:
        if live.terminal.outlives_server:
            live.detach()
        else:
            live.stop(grace_s)
    return ending


@asynccontextmanager
async def open_supervisor(
    services: RunServices, cap: int, grace_s: float
) -> AsyncIterator[Supervisor]:
    """Open a supervisor whose sessions outlive the body of the context.

    Leaving the context ends every session. *Cancellation:* they are killed without
    grace.
    """
    async with trio.open_nursery() as nursery:
        supervisor = Supervisor(services, nursery, cap)
        yield supervisor
        await supervisor.stop_all(grace_s)
