"""So many large things a turn of the event loop, so that a key need not wait."""

import trio
from trio.abc import Instrument

from ant.core.wakeup import Wakeup

WIDTH = 2
"""Large things that go on in one turn of the loop, over all terminals and sockets."""

LARGE = 4 << 10
"""Bytes from which on something takes turns: no key and few redraws are as many."""

HOLD = 4
"""Turns that large things wait for something small: a key passes through three on its
way to the terminal, its echo through two on its way back."""

HOLD_MAX = 8
"""Turns in a row that they wait at most, whatever small things come."""


class FairTurns(Instrument):
    """Lets `width` callers go on in each turn, first come first served.

    Who may go on at once does so without a checkpoint. `run` must be running.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._width = self._left = width
        self._held, self._may_hold = 0, HOLD_MAX
        self._waiting = trio.lowlevel.ParkingLot()
        self._wakeup = Wakeup()

    async def take(self) -> bool:
        """Return when it is one's turn, and whether that had to be waited for.

        *Cancellation:* another goes on.
        """
        if self._left and not self._waiting:
            self._left -= 1
            return False
        self._wakeup.set()
        await self._waiting.park()
        return True

    def hurry(self) -> None:
        """Something small is under way: nobody goes on in the next `HOLD` turns."""
        if held := min(HOLD, self._may_hold):
            self._held, self._left = held, 0

    def after_io_wait(self, timeout: float) -> None:
        """A turn begins, says the loop; who waited longest goes on in it."""
        if self._held:
            self._held -= 1
            self._may_hold -= 1
        else:
            self._left = self._width - len(self._waiting.unpark(count=self._width))
            self._may_hold = HOLD_MAX

    async def run(self) -> None:
        """Keep the loop turning while somebody waits, for ever."""
        trio.lowlevel.add_instrument(self)
        try:
            while True:
                await self._wakeup.wait()
                if self._waiting:
                    self._wakeup.set()
        finally:
            trio.lowlevel.remove_instrument(self)
