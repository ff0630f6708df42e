"""So many large things a turn of the event loop, so that a key need not wait."""

import trio

from ant.bell import Bell

WIDTH = 4
"""Large frames that are sent in one turn of the loop, over all sockets."""

LARGE = 4 << 10
"""Bytes from which on something takes turns: no key and few redraws are as many."""


class Turns:
    """Lets `width` callers go on in each turn, first come first served.

    Who may go on at once does so without a checkpoint. `run` must be running.
    """

    def __init__(self, width: int = WIDTH) -> None:
        self._width = self._left = width
        self._waiting = trio.lowlevel.ParkingLot()
        self._bell = Bell()

    async def take(self) -> None:
        """Return when it is one's turn. *Cancellation:* another goes on."""
        self._bell.ring()
        if self._left and not self._waiting:
            self._left -= 1
        else:
            await self._waiting.park()

    async def run(self) -> None:
        """Begin turn after turn while there is somebody, for ever."""
        while True:
            await self._bell.wait()
            # Those woken go on in the turn that begins with our next wait.
            self._left = self._width - len(self._waiting.unpark(count=self._width))
            if self._waiting:
                self._bell.ring()
