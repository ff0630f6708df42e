"""Limits large operations per turn of the event loop, so that a key does not wait."""

import trio
from trio.abc import Instrument

from ant.core.wakeup import Wakeup

WIDTH = 2
"""Large operations in one turn of the loop, over all terminals and sockets."""

LARGE = 4 << 10
"""Bytes that make an operation large. No key has so many, and few redraws have."""

HOLD = 4
"""Turns that large operations pause for a small one. A key takes three turns to the
terminal, and its echo takes two turns back."""

HOLD_MAX = 8
"""The most turns in a row that large operations pause, whatever small ones come."""


class FairTurns(Instrument):
    """Lets `width` callers proceed in each turn of the loop, in order of arrival.

    A caller that need not wait passes without a checkpoint. `run` must be running.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._width = self._left = width
        self._held, self._may_hold = 0, HOLD_MAX
        self._waiting = trio.lowlevel.ParkingLot()
        self._wakeup = Wakeup()

    async def take(self) -> bool:
        """Wait for the caller's turn; whether it had to wait.

        *Cancellation:* the next caller takes the turn.
        """
        if self._left and not self._waiting:
            self._left -= 1
            return False
        self._wakeup.set()
        await self._waiting.park()
        return True

    def hold(self) -> None:
        """Pause large operations for `HOLD` turns, since a small one is under way."""
        if held := min(HOLD, self._may_hold):
            self._held, self._left = held, 0

    def after_io_wait(self, timeout: float) -> None:
        """Begin a turn, and release the callers that have waited longest."""
        if self._held:
            self._held -= 1
            self._may_hold -= 1
        else:
            self._left = self._width - len(self._waiting.unpark(count=self._width))
            self._may_hold = HOLD_MAX

    async def run(self) -> None:
        """Keep the loop turning while a caller waits. *Cancellation:* stops that."""
        trio.lowlevel.add_instrument(self)
        try:
            while True:
                await self._wakeup.wait()
                if self._waiting:
                    self._wakeup.set()  # The loop would block until the next event.
        finally:
            trio.lowlevel.remove_instrument(self)
