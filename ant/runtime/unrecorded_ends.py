"""The ends of runs that the database has not taken yet: tried again until it does.

One is kept for a session at most, and a new run begins only after it is recorded. So
what is kept is bounded by the sessions that ran.
"""

import logging
from collections.abc import Awaitable, Callable

import attrs
import trio

from ant.core.background import is_of_system, sentence
from ant.core.errors import Stopping, StorageFailed
from ant.core.log_rate import FailureLog
from ant.core.wakeup import Wakeup
from ant.model.sessions import SessionId

log = logging.getLogger(__name__)

RETRY_S = 0.5
"""Pause after the database refused."""

Record = Callable[[], Awaitable[None]]
"""Writes one end. It may be called again after it was cancelled or failed."""


@attrs.define(eq=False)
class _Kept:
    record: Record
    lock: trio.Lock = attrs.field(factory=trio.Lock)


class UnrecordedEnds:
    """Witnesses offer ends; a task of the server tries those again that failed."""

    def __init__(self) -> None:
        self._kept: dict[SessionId, _Kept] = {}
        self._offered = Wakeup()
        self._failures = FailureLog(log, "The end of a session waits")

    async def offer(self, session_id: SessionId, record: Record) -> None:
        """Record an end, now or as soon as the database takes it.

        Where an older one is kept the new run never began, and the older one is tried.
        Raises as `settle` does. *Cancellation:* it is tried again.
        """
        self._kept.setdefault(session_id, _Kept(record))
        await self.settle(session_id)

    async def settle(self, session_id: SessionId) -> None:
        """Record the end that is kept of a session; nothing where none is.

        Raises `StorageFailed` and `Stopping`, and then it is still kept; after any
        other error it would fail again, and is not. *Cancellation:* it is kept.
        """
        if (kept := self._kept.get(session_id)) is None:
            return
        async with kept.lock:
            if self._kept.get(session_id) is not kept:
                return  # Somebody else recorded it meanwhile.
            is_over = False
            try:
                await kept.record()
                is_over = True
            except Exception as exc:
                is_over = not (is_of_system(exc) or isinstance(exc, Stopping))
                raise
            finally:
                if is_over:
                    del self._kept[session_id]
                else:
                    self._offered.set()

    async def settle_all(self) -> None:
        """Record all that is kept, until one is refused. Raises as `settle` does."""
        for session_id in list(self._kept):
            await self.settle(session_id)

    async def run(self) -> None:
        """Try again for ever. *Cancellation:* what is not recorded is kept."""
        while True:
            while not self._kept:
                await self._offered.wait()
            await trio.sleep(RETRY_S)
            try:
                await self.settle_all()
            except StorageFailed as exc:
                self._failures.failed(sentence(exc))
