"""The one way into a program: what is typed goes in order, by one writer at a time.

Whoever types while nothing waits writes at once, since each task on a key's way costs
a turn of the loop. What finds no room waits, bounded. Who answers a prompt holds the
pen meanwhile, and what others type waits behind.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host.base import Terminal

INBOX = 64
"""Inputs that may wait for the program to read; the next is refused, not dropped."""

INBOX_BYTES = 4 << 20
"""And their bytes together: four of the largest inputs."""

WRITE_S = 5.0
"""What a program is given to read a text that is typed to it."""

ENDED = "The program of this session has ended."


@attrs.define(eq=False)
class QueuedInput:
    """An input on its way; `written` bytes of it are in the terminal."""

    data: bytes
    written: int = 0
    error: NotRunning | None = None
    over: trio.Event = attrs.field(factory=trio.Event)

    async def wait(self, patience_s: float) -> int:
        """Wait till it is written or patience ends; how much was written by then.

        Raises `NotRunning` if the terminal ended first.
        *Cancellation:* it stays queued.
        """
        with trio.move_on_after(patience_s):
            await self.over.wait()
        if self.error is not None:
            raise self.error
        return self.written


class InputQueue:
    """What waits to be typed into one terminal.

    `told` is called with what others than who holds the pen have typed, once written.
    """

    def __init__(
        self, terminal: Terminal, told: Callable[[bytes], None] = lambda data: None
    ) -> None:
        self._terminal, self._told = terminal, told
        self._exclusive = trio.Lock()
        self._queued = 0
        self._ended = False
        self._last_over = trio.Event()
        self._last_over.set()
        self._send, self._waiting = trio.open_memory_channel[QueuedInput](INBOX)

    def type_nowait(self, data: bytes) -> QueuedInput:
        """Write it, or what there is no room for yet behind what is queued already.

        Raises `NotRunning`, or `CapacityReached` when the program does not read.
        """
        if self._ended:
            raise NotRunning(ENDED)
        typed = QueuedInput(data)
        if data and not self._queued and not self._exclusive.locked():
            typed.written = self._terminal.write_nowait(data[:MAX_READ])
            self._told(data[: typed.written])
        rest = len(data) - typed.written
        if not rest:
            typed.over.set()
            return typed
        try:
            if self._queued + rest > INBOX_BYTES:
                raise trio.WouldBlock
            self._send.send_nowait(typed)
        except trio.WouldBlock:
            increment(Limit.INPUT_QUEUE)
            raise CapacityReached(
                "The program is not reading its input and the queue for it is full; "
                "nothing of this input was typed."
            ) from None
        except trio.BrokenResourceError:
            raise NotRunning(ENDED) from None
        self._queued += rest
        self._last_over = typed.over
        return typed

    @asynccontextmanager
    async def exclusive(self) -> AsyncIterator[None]:
        """Be the only one who writes while inside; what was queued before goes first.

        Raises `NotRunning`. *Cancellation:* what others typed meanwhile goes on.
        """
        await self._last_over.wait()
        async with self._exclusive:
            if self._ended:
                raise NotRunning(ENDED)
            yield

    def press(self, data: bytes) -> None:
        """Write it all, now; only inside `pen`.

        Raises `NotRunning`, or `CapacityReached` when it finds no room: a part of it
        may be written then.
        """
        while data:
            count = self._terminal.write_nowait(data)
            if not count:
                raise CapacityReached("The program is not reading its input.")
            data = data[count:]

    async def write(self, data: bytes, patience_s: float = WRITE_S) -> None:
        """As `press`, waiting for room: no longer than that."""
        with trio.move_on_after(patience_s):
            while True:
                data = data[await self._terminal.write(data[:MAX_READ]) :]
                if not data:
                    return
        raise CapacityReached("The program does not read; a part of it was typed.")

    async def run(self) -> None:
        """Write what waits, for ever. *Cancellation:* `close` tells those who wait."""
        async for typed in self._waiting:
            rest = memoryview(typed.data)[typed.written :]
            try:
                async with self._exclusive:
                    while rest:
                        count = await self._terminal.write(bytes(rest[:MAX_READ]))
                        typed.written += count
                        self._told(bytes(rest[:count]))
                        self._queued -= count
                        rest = rest[count:]
            except NotRunning as exc:
                typed.error = exc
            finally:
                self._queued -= len(rest)
                if rest and typed.error is None:
                    typed.error = NotRunning(ENDED)
                typed.over.set()

    def close(self) -> None:
        """Nothing more is typed; what waits is told so."""
        self._ended = True
        self._send.close()
        while True:
            try:
                typed = self._waiting.receive_nowait()
            except (trio.WouldBlock, trio.EndOfChannel):
                break
            typed.error = NotRunning(ENDED)
            typed.over.set()
        self._waiting.close()
