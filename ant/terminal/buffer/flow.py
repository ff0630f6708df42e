"""A tail that tasks can wait on: bytes flow in, readers follow at their own pace."""

import trio

from ant.core.counters import Limit, increment
from ant.core.fair_turns import LARGE, FairTurns
from ant.terminal.buffer.tail import MAX_READ, Tail

CALM_BYTES_S = 256 << 10
"""Bytes a second that are no flood, however they come: sixty redraws of 4 KiB."""


class OutputFlow:
    """One session's bytes in memory. It outlives the run; a new run has a new flow.

    It `floods` while the program puts out more than some screens at once.
    """

    def __init__(self, tail: Tail, turns: FairTurns | None = None) -> None:
        self.tail, self._turns = tail, turns
        self.floods = False
        self._level, self._weighed_at = 0.0, 0.0
        self.finished = False
        self._moved = trio.lowlevel.ParkingLot()
        self._grown = trio.lowlevel.ParkingLot()

    def append(self, data: bytes) -> None:
        """Take bytes from the terminal; whoever waits for them is woken."""
        self.tail.append(data)
        if self._turns is not None:
            self._weigh(len(data), self._turns)
        self._grown.unpark_all()

    def _weigh(self, size: int, turns: FairTurns) -> None:
        """Tell floods from the rest: floods wait a moment for what is none."""
        now = trio.current_time()
        left = max(self._level - (now - self._weighed_at) * CALM_BYTES_S, 0.0)
        self._level, self._weighed_at = min(left + size, 2 * LARGE), now
        self.floods = self._level > LARGE
        if not self.floods:
            turns.hold()

    async def skip(self, count: int) -> None:
        """Leave offsets out, once all before them is stored and seen.

        Who reads past them finds a hole. *Cancellation:* none was left out.
        """
        while self.tail.waiting:
            await self._moved.park()
        self.tail.skip(count)
        increment(Limit.SPOOL, count)
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

    async def wait_room(self) -> bool:
        """Wait until a whole read fits: this is the back-pressure on the program.

        In a flood wait for a turn, too; True where that was waited for, and is now.
        """
        while True:
            waited = await self.wait_turn()
            if self.has_room:
                return waited
            increment(Limit.TAIL)
            while not self.has_room:
                await self._moved.park()

    async def wait_turn(self) -> bool:
        """In a flood, wait until the next large thing may be done; whether it waited.

        Floods take turns with one another and with the sockets that send them.
        """
        if self.floods and self._turns is not None:
            return await self._turns.take()
        return False

    def hurry(self) -> None:
        """Something was typed: floods wait a moment for it and for its echo."""
        if self._turns is not None:
            self._turns.hold()

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
