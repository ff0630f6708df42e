"""Renders stored output into lines and maintains their index, in the background.

Rule 1: the indexer may fall behind. Only searches wait for it.
Rule 2: it waits for more bytes before it renders new ones, so that it renders many
small writes at once. After each piece of work it rests, for a multiple of the time that
the work took.
Rule 3: its progress is stored with the lines, so a crash loses nothing.
Rule 4: a session whose output it cannot render stays at its place, and does not affect
other sessions.
"""

import logging
import math

import trio

from ant.core import clock
from ant.core.errors import AntError, Stopping, StorageFailed
from ant.core.log_rate import FailureLog
from ant.core.wakeup import Wakeup
from ant.history import lines
from ant.history.lines import Rendered
from ant.journal.writer import Journal
from ant.model.sessions import SessionId

log = logging.getLogger(__name__)

LINGER_S = 2.0
"""How long it waits for more bytes after new ones. A search renders them itself
meanwhile."""

REST = 9
"""Ratio of rest to work: it uses a tenth of a core during continuous output."""

RETRY_S = 2.0
"""Pause after a failed commit."""

TIDY_S = 60.0
"""Between two checks for removed lines while there is no output."""


class Indexer:
    """The task that renders and indexes, and the sessions that wait for it."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._due: dict[SessionId, float] = {}
        self._broken: set[SessionId] = set()
        self._current: SessionId | None = None
        self._untidy = True
        self._wakeup, self._working = Wakeup(), trio.Lock()

    def mark(self, session_id: SessionId) -> None:
        """Render a session soon: bytes of it were stored."""
        if session_id not in self._due:
            self._due[session_id] = trio.current_time() + LINGER_S
            self._wakeup.set()

    def tidy_soon(self) -> None:
        """Clean the index soon: sessions or lines were removed."""
        self._untidy = True
        self._wakeup.set()

    async def run(self) -> None:
        """Work until the journal closes.

        *Cancellation:* a piece of work that was begun is stored, or repeated later.
        """
        is_begun, outage = False, FailureLog(log, "Lines wait for the disk")
        while True:
            began = clock.monotonic()
            try:
                if not is_begun:
                    for session_id in await self._journal.read_in_thread(lines.lagging):
                        self._due[session_id] = trio.current_time()
                    is_begun = True
                await self._wait()
                began = clock.monotonic()
                await self._work()
                outage.worked()
            except Stopping:
                return
            except StorageFailed as exc:
                outage.failed(exc)
                await trio.sleep(RETRY_S)
            await trio.sleep(REST * (clock.monotonic() - began))

    async def _wait(self) -> None:
        """Wait until a session is due or the index needs work."""
        while not self._untidy:
            due = min(self._due.values(), default=math.inf)
            if due <= (now := trio.current_time()):
                return
            with trio.move_on_at(min(due, now + TIDY_S)) as waited:
                await self._wakeup.wait()
            if waited.cancelled_caught and not self._due:
                self._untidy = not await self._journal.read(lines.is_tidy)

    async def _work(self) -> None:
        """Render a piece of the session that waited longest, and index one block."""
        session_id = min(self._due, key=self._due.__getitem__, default=None)
        if session_id is not None and self._due[session_id] <= trio.current_time():
            del self._due[session_id]
            self._current, more = session_id, True
            try:
                more = await self.advance(session_id)
            finally:
                self._current = None
                if more:
                    self._due[session_id] = trio.current_time()
        if self._untidy:
            # `tidy_soon` may be called meanwhile, and counts then.
            self._untidy, more = False, True
            try:
                more = await self._journal.write(lines.tidy)
            finally:
                self._untidy = self._untidy or more

    async def advance(self, session_id: SessionId) -> bool:
        """Render a piece of a session; return whether more is left.

        *Cancellation:* the piece is stored, or it is not and will be rendered again.
        """
        async with self._working:
            done = await self._render(session_id)
            if done is None:
                return False
            more = await self._journal.write(lines.store_rendered, done)
        if done.lines:
            self._untidy = True
            self._wakeup.set()
        return more

    async def _render(self, session_id: SessionId) -> Rendered | None:
        if session_id in self._broken:
            return None
        try:
            return await self._journal.read_in_thread(lines.render, session_id)
        except AntError:
            raise
        except Exception:
            log.exception("Session %s is rendered no further.", session_id)
            self._broken.add(session_id)
            return None

    async def settle(self) -> None:
        """Render all output that is stored now, of every session."""
        current = [] if self._current is None else [self._current]
        for session_id in [*current, *self._due]:
            await self.catch_up(session_id)

    async def catch_up(self, session_id: SessionId) -> None:
        """Render all stored output of a session, without a rest in between.

        *Cancellation:* lines that are rendered by then stay.
        """
        while await self.advance(session_id):
            pass
