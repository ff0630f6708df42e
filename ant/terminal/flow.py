"""A tail that tasks can wait on: bytes flow in, readers follow at their own pace."""

import trio

from ant.tally import Limit, met
from ant.terminal.host import MAX_READ
from ant.terminal.transcript import Tail
from ant.turns import LARGE, Turns


class Flow:
    """One session's bytes in memory. It outlives the run; a new run has a new flow."""

    def __init__(self, tail: Tail, turns: Turns | None = None) -> None:
        self.tail, self._turns = tail, turns
        self._floods = False
        self.finished = False
        self._moved = trio.lowlevel.ParkingLot()
        self._grown = trio.lowlevel.ParkingLot()

    def append(self, data: bytes) -> None:
        """Take bytes from the terminal; whoever waits for them is woken."""
        self.tail.append(data)
        self._floods = len(data) > LARGE
        self._grown.unpark_all()

    async def skip(self, count: int) -> None:
        """Leave offsets out, once all before them is stored and seen.

        Who reads past them finds a hole. *Cancellation:* none was left out.
        """
        while self.tail.waiting:
            await self._moved.park()
        self.tail.skip(count)
        met(Limit.SPOOL, count)
        self._grown.unpark_all()

    def finish(self) -> None:
        """No more bytes will come."""
        self.finished = True
        self._grown.unpark_all()
        self._moved.unpark_all()

    def mark_stored(self, offset: int) -> None:
        """The store has everything below `offset`."""
        self.tail.mark_stored(offset)
        self._moved.unpark_all()

    def mark_seen(self, offset: int) -> None:
        """The detector has passed `offset`."""
        self.tail.mark_seen(offset)
        self._moved.unpark_all()

    @property
    def has_room(self) -> bool:
        """Whether a whole read still fits."""
        return self.tail.room >= MAX_READ

    async def wait_room(self) -> None:
        """Wait until a whole read fits: this is the back-pressure on the program.

        A flood takes turns with the sockets that send it, so that they can keep up.
        """
        if self._floods and self._turns is not None:
            await self._turns.take()
        if not self.has_room:
            met(Limit.TAIL)
        while not self.has_room:
            await self._moved.park()

    async def wait_beyond(self, offset: int) -> bool:
        """Wait for bytes past `offset`; False when there will be none."""
        while self.tail.end <= offset:
            if self.finished:
                return False
            await self._grown.park()
        return True

    async def wait_stored(self, offset: int) -> None:
        """Wait until everything below `offset` is in the database."""
        while self.tail.stored < offset:
            await self._moved.park()
