"""A program's input queue: all input goes through it, in order, from one writer.

While the queue is empty, input is written at once: each task that handles a key costs a
turn of the loop. Input that finds no room waits in the queue, which is bounded. While
ANT answers a prompt or types a message it holds the write lock, and all other input
waits.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import attrs
import trio

from ant.core.counters import Limit, increment
from ant.core.errors import CapacityReached, NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host.host_terminal import HostTerminal

INBOX = 64
"""Inputs that may wait for the program to read; further ones are refused."""

INBOX_BYTES = 4 << 20
"""Bytes of all waiting inputs together: four of the largest inputs."""

WRITE_S = 5.0
"""How long a program may take to read a text that ANT types."""

ENDED = "The program of this session has ended."


@attrs.define(eq=False)
class QueuedInput:
    """An input on its way; `written` bytes of it are in the terminal.

    `over` is set when all is written, or when `error` prevents it.
    """

    data: bytes
    written: int = 0
    error: NotRunning | None = None
    over: trio.Event = attrs.field(factory=trio.Event)

    async def wait(self, patience_s: float) -> int:
        """Wait at most `patience_s` until it is written; how many bytes are.

        Raises `NotRunning` if the terminal ended first.
        *Cancellation:* the input stays queued.
        """
        with trio.move_on_after(patience_s):
            await self.over.wait()
        if self.error is not None:
            raise self.error
        return self.written


class InputQueue:
    """The input that waits for one terminal, and the lock for writing to it.

    `on_written` is called with each part of queued input that was written. It is not
    called for what the holder of the write lock writes.
    """

    def __init__(
        self,
        terminal: HostTerminal,
        on_written: Callable[[bytes], None] = lambda data: None,
    ) -> None:
        self._terminal, self._on_written = terminal, on_written
        self._exclusive = trio.Lock()
        self._queued = 0
        self._ended = False
        self._last_over = trio.Event()
        self._last_over.set()
        self._send, self._waiting = trio.open_memory_channel[QueuedInput](INBOX)

    def type_nowait(self, data: bytes) -> QueuedInput:
        """Write input now, or queue what finds no room behind what is queued already.

        Raises `NotRunning`, or `CapacityReached` when the program does not read.
        """
        if self._ended:
            raise NotRunning(ENDED)
        typed = QueuedInput(data)
        if data and not self._queued and not self._exclusive.locked():
            typed.written = self._terminal.write_nowait(data[:MAX_READ])
            self._on_written(data[: typed.written])
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
        """Hold the write lock inside; what was queued before is written first.

        Raises `NotRunning`. *Cancellation:* releases the lock; queued input goes on.
        """
        await self._last_over.wait()
        async with self._exclusive:
            if self._ended:
                raise NotRunning(ENDED)
            yield

    @property
    def is_awaited(self) -> bool:
        """Whether input, an answer or a message waits for the write lock."""
        return self._exclusive.statistics().tasks_waiting > 0

    def press(self, data: bytes) -> None:
        """Write all of `data` now; only inside `exclusive`.

        Raises `NotRunning`, or `CapacityReached` when there is no room: a part of it
        may be written then.
        """
        while data:
            count = self._terminal.write_nowait(data)
            if not count:
                raise CapacityReached(
                    "The program is not reading its input; "
                    "a part of this input may have been typed."
                )
            data = data[count:]

    async def write(self, data: bytes, patience_s: float = WRITE_S) -> None:
        """As `press`, but wait for room, `patience_s` at most."""
        with trio.move_on_after(patience_s):
            while True:
                data = data[await self._terminal.write(data[:MAX_READ]) :]
                if not data:
                    return
        raise CapacityReached(
            f"The program did not read its input within {patience_s:g} s; "
            "a part of the text was typed."
        )

    async def run(self) -> None:
        """Write queued input, for ever. *Cancellation:* `close` fails what is left."""
        async for typed in self._waiting:
            rest = memoryview(typed.data)[typed.written :]
            try:
                async with self._exclusive:
                    while rest:
                        count = await self._terminal.write(bytes(rest[:MAX_READ]))
                        typed.written += count
                        self._on_written(bytes(rest[:count]))
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
        """Refuse further input, and fail what is queued with `NotRunning`."""
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
