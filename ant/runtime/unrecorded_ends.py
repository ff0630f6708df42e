"""Ends of runs that the database has refused so far; ANT tries again until it accepts.

At most one end per session is kept, because a new run begins only after the last end is
recorded. So their number is bounded by the sessions that ran.
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
"""Pause after the database refused a write."""

Record = Callable[[], Awaitable[None]]
"""Writes one end. It may be called again after it failed or was cancelled."""


@attrs.define(eq=False)
class _Kept:
    record: Record
    lock: trio.Lock = attrs.field(factory=trio.Lock)


class UnrecordedEnds:
    """Keeps the ends that runs offer; a task of the server tries failed ones again."""

    def __init__(self) -> None:
        self._kept: dict[SessionId, _Kept] = {}
        self._offered = Wakeup()
        self._failures = FailureLog(log, "The end of a session waits")

    async def offer(self, session_id: SessionId, record: Record) -> None:
        """Record an end, now or as soon as the database accepts it.

        Where an older end of the session is kept, the new run never began, and the
        older end is tried instead. Raises as `settle` does. *Cancellation:* the end is
        tried again.
        """
        self._kept.setdefault(session_id, _Kept(record))
        await self.settle(session_id)

    async def settle(self, session_id: SessionId) -> None:
        """Record the end that is kept for a session; does nothing without one.

        Raises `StorageFailed` and `Stopping`, and then keeps the end. After any other
        error it would fail again, so it is dropped. *Cancellation:* the end is kept.
        """
        if (kept := self._kept.get(session_id)) is None:
            return
        async with kept.lock:
            if self._kept.get(session_id) is not kept:
                return  # Another task recorded it meanwhile.
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
        """Record all ends until the database refuses one. Raises as `settle` does."""
        for session_id in list(self._kept):
            await self.settle(session_id)

    async def run(self) -> None:
        """Try again for ever. *Cancellation:* ends that are not recorded are kept."""
        while True:
            while not self._kept:
                await self._offered.wait()
            await trio.sleep(RETRY_S)
            try:
                await self.settle_all()
            except StorageFailed as exc:
                self._failures.failed(sentence(exc))
