"""A session's output buffer that tasks can wait on.

The PTY reader appends to it. The detector, the store and the sockets follow, each at
its own pace.
"""

import trio

from ant.core.counters import Limit, increment
from ant.core.fair_turns import LARGE, FairTurns
from ant.terminal.buffer.tail import MAX_READ, Tail

CALM_BYTES_S = 256 << 10
"""Bytes a second that are never a flood: sixty redraws of 4 KiB."""


class OutputFlow:
    """One run's output in memory, as a `Tail` with tasks that wait on it.

    It outlives the run; a new run has a new flow. `floods` is true while the program
    prints more than a few screens at once.
    """

    def __init__(self, tail: Tail, turns: FairTurns | None = None) -> None:
        self.tail, self._turns = tail, turns
        self.floods = False
        self._level, self._measured_at = 0.0, 0.0
        self.finished = False
        self._moved = trio.lowlevel.ParkingLot()
        self._grown = trio.lowlevel.ParkingLot()

    def append(self, data: bytes) -> None:
        """Append bytes from the terminal, and wake the tasks that wait for them."""
        self.tail.append(data)
        if self._turns is not None:
            self._measure(len(data), self._turns)
        self._grown.unpark_all()

    def _measure(self, size: int, turns: FairTurns) -> None:
        """Decide whether this is a flood. Floods wait a moment for all other output.

        A leaky bucket: it fills with bytes, and leaks `CALM_BYTES_S`.
        """
        now = trio.current_time()
        left = max(self._level - (now - self._measured_at) * CALM_BYTES_S, 0.0)
        self._level, self._measured_at = min(left + size, 2 * LARGE), now
        self.floods = self._level > LARGE
        if not self.floods:
            turns.hold()

    async def skip(self, count: int) -> None:
        """Leave `count` offsets out, once all bytes before them are stored and seen.

        Readers find a gap there. *Cancellation:* no offset was left out.
        """
        while self.tail.waiting:
            await self._moved.park()
        self.tail.skip(count)
        increment(Limit.SPOOL, count)
        self._grown.unpark_all()

    def finish(self) -> None:
        """Wake all waiting tasks: no more bytes will come."""
        self.finished = True
        self._grown.unpark_all()
        self._moved.unpark_all()

    def mark_stored(self, offset: int) -> None:
        """Record that the store has everything below `offset`."""
        self.tail.mark_stored(offset)
        self._moved.unpark_all()

    def mark_seen(self, offset: int) -> None:
        """Record that the detector has passed `offset`."""
        self.tail.mark_seen(offset)
        self._moved.unpark_all()

    @property
    def has_room(self) -> bool:
        """Whether a whole read (`MAX_READ`) still fits."""
        return self.tail.room >= MAX_READ

    async def wait_room(self) -> bool:
        """Wait until a whole read fits: this is the back-pressure on the program.

        In a flood, also wait for a turn. True if the caller has just got one.
        """
        while True:
            waited = await self.wait_turn()
            if self.has_room:
                return waited
            increment(Limit.TAIL)
            while not self.has_room:
                await self._moved.park()

    async def wait_turn(self) -> bool:
        """In a flood, wait for a turn to do something large; whether this waited.

        Floods take turns with one another and with the sockets that send them.
        """
        if self.floods and self._turns is not None:
            return await self._turns.take()
        return False

    def hurry(self) -> None:
        """Input was typed: floods wait a moment for it and for its echo."""
        if self._turns is not None:
            self._turns.hold()

    async def wait_beyond(self, offset: int) -> bool:
        """Wait for bytes beyond `offset`; False when none will come."""
        while self.tail.end <= offset:
            if self.finished:
                return False
            await self._grown.park()
        return True

    async def wait_stored(self, offset: int) -> None:
        """Wait until everything below `offset` is in the database."""
        while self.tail.stored < offset:
            await self._moved.park()
