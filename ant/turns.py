"""So many large things a turn of the event loop, so that a key need not wait."""

import trio
from trio.abc import Instrument

from ant.bell import Bell

WIDTH = 4
"""Large frames that are sent in one turn of the loop, over all sockets."""

LARGE = 4 << 10
"""Bytes from which on something takes turns: no key and few redraws are as many."""


class Turns(Instrument):
    """Lets `width` callers go on in each turn, first come first served.

    Who may go on at once does so without a checkpoint. `run` must be running.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._width = self._left = width
        self._woken = 0
        self._waiting = trio.lowlevel.ParkingLot()
        self._bell = Bell()

    async def take(self) -> None:
        """Return when it is one's turn. *Cancellation:* another goes on."""
        if self._left and not self._waiting:
            self._left -= 1
        else:
            self._bell.ring()
            await self._waiting.park()

    def after_io_wait(self, timeout: float) -> None:
        """A turn begins, says the loop; those woken in the last one go on in it."""
        self._left, self._woken = self._width - self._woken, 0

    async def run(self) -> None:
        """Wake who waits, turn after turn, for ever; a flood alone costs no wake-up."""
        trio.lowlevel.add_instrument(self)
        try:
            while True:
                await self._bell.wait()
                self._woken = len(self._waiting.unpark(count=self._width))
                if self._waiting:
                    self._bell.ring()
        finally:
            trio.lowlevel.remove_instrument(self)
