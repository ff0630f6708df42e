"""A terminal of ANT on the terminal of a person: bytes out, keys in, the size.

Rule 1: the person's terminal gets the bytes of the program exactly as they are, after a
drawing of the screen. Only what ANT itself reports is added: one line while the
connection is lost, and a new drawing after it.
Rule 2: the program gets what is typed exactly as it is, in order and each byte once.
What is typed while the connection is lost is dropped.
Rule 3: however the attachment ends, the modes of the person's terminal are reset.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import attrs
import trio
from httpx import TransportError

from ant.cli.runner import ServerCall
from ant.cli.terminal.detach_key import DetachKey
from ant.cli.terminal.endings import Detached, Signalled
from ant.cli.terminal.local_terminal import (
    CLEAR,
    NO_SEQUENCE,
    POP_TITLE,
    PUSH_TITLE,
    RESET,
    Hangup,
    LocalTerminal,
    scrolled,
)
from ant.client import (
    Connected,
    ConnectionLost,
    Disconnected,
    Exit,
    Gap,
    Item,
    Output,
    Screen,
    TerminalStream,
)
from ant.core.errors import AntError, CapacityReached, NotRunning

PIECE: Final = 32 << 10
"""Bytes of one input; the server accepts 1 MiB, and 64 inputs that wait."""

TYPED: Final = 4 << 20
"""Bytes that may wait for a program that does not read. Beyond, no key is read."""

RETRY_S: Final = 0.05
"""Pause before a refused input is sent again."""

UNSENT_S: Final = 1.0
"""The most seconds for what was typed before the key that detaches."""

BELL: Final = b"\x07"


@attrs.define(eq=False)
class Attachment:
    """One terminal of ANT, shown on an open `LocalTerminal`; `run` does all of it.

    `row` is the session. `is_inline`: the program began on a blank screen, so its
    output follows below the lines that are there. Otherwise a drawing of the screen
    comes first, and these lines move into the scrollback. `on_typed` is called with
    what was typed.
    """

    _call: ServerCall
    _row: dict[str, Any]
    _terminal: LocalTerminal
    _stream: TerminalStream
    _key: DetachKey
    _is_read_only: bool = False
    _is_inline: bool = False
    _on_typed: Callable[[bytes], Awaitable[None]] | None = None
    _scope: trio.CancelScope = attrs.field(factory=trio.CancelScope, init=False)
    _result: Exit | Detached | Signalled | None = attrs.field(default=None, init=False)
    _failure: Exception | None = attrs.field(default=None, init=False)
    _typed: bytearray = attrs.field(factory=bytearray, init=False)
    _sending: bytes = attrs.field(default=b"", init=False)
    _changed: trio.lowlevel.ParkingLot = attrs.field(
        factory=trio.lowlevel.ParkingLot, init=False
    )
    _connected: trio.Event = attrs.field(factory=trio.Event, init=False)
    _is_lost: bool = attrs.field(default=False, init=False)
    _is_drawn: bool = attrs.field(default=False, init=False)
    _shown_to: int = attrs.field(default=0, init=False)
    _repaint: tuple[int, bytes] | None = attrs.field(default=None, init=False)
    _colours: set[bytes] = attrs.field(factory=set, init=False)

    async def run(self) -> Exit | Detached | Signalled:
        """Show the terminal until the program ends, a key detaches, or a signal comes.

        Raises the errors of the stream.
        """
        tasks = (self._show, self._read_keys, self._send_keys, self._watch_signals)
        try:
            with self._scope:
                async with trio.open_nursery() as nursery:
                    for task in tasks:
                        nursery.start_soon(self._guarded, task)
            if isinstance(self._result, Detached | Signalled):
                await self._stream.leave()
        finally:
            self._close()
        if self._failure is not None:
            raise self._failure
        assert self._result is not None
        return self._result

    async def _guarded(self, task: Callable[[], Awaitable[None]]) -> None:
        """Run a task. Its end, and an error that `ant` reports, end all tasks."""
        try:
            await task()
        except Hangup:
            self._finish(Signalled(signal.SIGHUP))
        except (AntError, TransportError) as exc:
            if self._result is None:
                self._failure = self._failure or exc
            self._scope.cancel()

    def _finish(self, result: Exit | Detached | Signalled) -> None:
        if self._result is None and self._failure is None:
            self._result = result
        self._scope.cancel()

    # Output.

    async def _show(self) -> None:
        async for item in self._stream:
            await self._show_item(item)

    async def _show_item(self, item: Item) -> None:
        if isinstance(item, Output):
            await self._show_output(item.offset, item.data)
        elif isinstance(item, Screen):
            await self._draw(item.data.encode())
            self._shown_to = item.offset
        elif isinstance(item, Gap):
            self._shown_to = item.end
            if not self._is_inline:
                await self._draw_again()
        elif isinstance(item, ConnectionLost):
            self._is_lost = True
            self._typed.clear()
            await self._terminal.write(_notice(*self._terminal.size))
        elif isinstance(item, Connected):
            if self._is_lost:
                self._is_lost = False
                await self._draw_again()
            self._connected.set()
        elif isinstance(item, Exit):
            self._finish(item)

    async def _show_output(self, offset: int, data: bytes) -> None:
        """Write bytes; a drawing that waits for its offset comes between them."""
        self._colours.update(_COLOUR.findall(data))
        end = offset + len(data)
        if self._repaint is not None and offset <= self._repaint[0] <= end:
            (at, drawing), self._repaint = self._repaint, None
            await self._terminal.write(data[: at - offset])
            await self._draw(drawing)
            data = data[at - offset :]
        self._is_drawn = True
        await self._terminal.write(data)
        self._shown_to = end

    async def _draw(self, drawing: bytes) -> None:
        """Draw the screen; what was visible before goes into the scrollback once."""
        self._colours.update(_COLOUR.findall(drawing))
        _, rows = self._terminal.size
        begin = RESET + CLEAR
        if self._is_inline:
            self._is_inline = False
            begin = RESET + PUSH_TITLE + b"\x1b[%dH" % rows + scrolled(rows)
        elif not self._is_drawn:
            begin = PUSH_TITLE + scrolled(rows)
        self._is_drawn = True
        await self._terminal.write(begin + drawing)

    async def _draw_again(self) -> None:
        """Draw the screen over what the lost connection left, at its exact offset.

        Without a screen library on the server the notice stays until it scrolls away.
        """
        try:
            page = await self._call.ant.screen(self._row["id"])
        except (AntError, TransportError):
            return
        drawing = page["ansi"].encode()
        if page["offset"] == self._shown_to:
            await self._draw(drawing)
        elif page["offset"] > self._shown_to:
            self._repaint = page["offset"], drawing

    # Input.

    async def _read_keys(self) -> None:
        """Read what is typed, until the key that detaches."""
        while True:
            while len(self._typed) >= TYPED:
                await self._changed.park()
            typed, is_detaching = self._key.split(await self._terminal.read())
            if not (self._is_read_only or self._is_lost):
                self._typed += typed
                self._changed.unpark_all()
                if self._on_typed is not None:
                    await self._on_typed(typed)
            if is_detaching:
                break
        with trio.move_on_after(UNSENT_S):
            await trio.lowlevel.checkpoint()
            while self._typed or self._sending:
                await self._changed.park()
        self._finish(Detached(len(self._typed) + len(self._sending)))

    async def _send_keys(self) -> None:
        """Send what is typed, in order; an input that is refused is sent again."""
        await self._connected.wait()
        while True:
            await trio.lowlevel.checkpoint()
            if not (self._typed or self._sending):
                await self._changed.park()
            if not self._sending:
                self._sending = bytes(self._typed[:PIECE])
                del self._typed[:PIECE]
            try:
                await self._stream.type(self._sending)
            except CapacityReached:  # The program does not read.
                await trio.sleep(RETRY_S)
                continue
            except (Disconnected, NotRunning):
                self._typed.clear()
            except AntError:  # A token may not type while a question waits.
                self._typed.clear()
                await self._terminal.write(BELL)
            self._sending = b""
            self._changed.unpark_all()

    # The size, and signals.

    async def _watch_signals(self) -> None:
        """Let the size follow that of the person's terminal, and end at a signal."""
        ends = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
        with trio.open_signal_receiver(signal.SIGWINCH, signal.SIGCONT, *ends) as them:
            if not self._is_read_only:  # It may have changed before.
                await self._resize()
            async for number in them:
                if number in ends:
                    self._finish(Signalled(number))
                elif number == signal.SIGCONT:  # The shell has set its own modes.
                    self._terminal.make_raw()
                elif not self._is_read_only:
                    await self._resize()

    async def _resize(self) -> None:
        # The next connection has the size, or the end comes.
        with suppress(Disconnected, NotRunning):
            await self._stream.resize(*self._terminal.size)

    def _close(self) -> None:
        """Reset the modes; below a full screen, the cursor goes under it."""
        if not self._is_drawn and not self._is_lost:
            return
        resets = [RESET]
        resets += [b"\x1b]1%02d\x1b\\" % int(each) for each in sorted(self._colours)]
        if not self._is_inline:
            resets.append(POP_TITLE)
        if not self._is_inline or not self._has_ended:
            _, rows = self._terminal.size
            resets.append(b"\x1b[%dH\r\n" % rows)
        self._terminal.write_nowait(b"".join(resets))

    @property
    def _has_ended(self) -> bool:
        return isinstance(self._result, Exit)


_COLOUR: Final = re.compile(rb"\x1b\](4|10|11|12);[^?\x07\x1b]*[\x07\x1b]")
"""A program sets its palette, or the colour of the text, the ground or the cursor."""


def _notice(cols: int, rows: int) -> bytes:
    """The line that says that the connection is lost, on the last row."""
    text = " ant: the connection is lost; reconnecting "[: cols - 1].encode()
    shown = b"\x1b7\x1b[%dH\x1b[0;7m%b\x1b[0m\x1b8" % (rows, text)
    return NO_SEQUENCE + shown
