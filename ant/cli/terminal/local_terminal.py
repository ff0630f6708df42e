"""The terminal of the person who runs `ant`: raw mode, exact bytes, modes as before."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import attrs
import trio

READ: Final = 32 << 10
"""Bytes of one read; a paste comes in pieces of at most 4 KiB."""

WRITE: Final = 16 << 10
"""Bytes of one write: the key that detaches is seen between two."""

BLOCKING_WRITE: Final = 256
"""Bytes of one write where the terminal cannot be opened anew: Linux says that there is
room for so many before it says that a terminal is writable."""

FALLBACK: Final = (80, 24)
"""The size of a terminal that does not know its own."""

LARGEST: Final = 1000
"""Columns or rows; the server accepts no more."""

NO_SEQUENCE: Final = b"\x18\x1b\\"
"""CAN and ST end a sequence that was cut."""

_KEYBOARD: Final = b"\x1b[<99u\x1b[>4m"
"""Pop the flags of the kitty keyboard (each screen has its own), and of xterm's."""

_TERMINAL: Final = b"\x1b<\x1b%G"
"""Leave the VT52 mode, in which no other sequence counts, and read UTF-8."""

_KEYS: Final = b"\x1b[2l\x1b[12h\x1b[?8h"
"""Unlock the keyboard, echo no key locally, and repeat a key that is held."""

_MODES_OFF: Final = (
    *(1, 5, 9, 45, 66, 69),
    *(1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016),
    *(2004, 2026, 2027, 2031, 2048),
)
"""Private modes: cursor keys, reverse video, mouse, focus, margins, bracketed paste,
synchronised output, reports of colours and sizes."""

RESET: Final = b"".join(
    (
        NO_SEQUENCE,
        _TERMINAL,
        b"\x1b[0m\x1b]8;;\x1b\\",  # Colours, and an open link.
        _KEYBOARD,
        b"\x1b7\x1b[?1049l\x1b[?1047l\x1b[?47l",  # The main screen and its cursor.
        _KEYBOARD,
        b"\x1b7\x1b[r\x1b[?6l\x1b8",  # Margins and origin move the cursor.
        b"".join(b"\x1b[?%dl" % mode for mode in _MODES_OFF),
        _KEYS,
        b"\x1b[4l\x1b[20l\x1b[?7h\x1b[?25h\x1b>\x1b[0 q",
        b"\x0f\x1b(B\x1b)B",  # Character sets.
        b"\x1b[0m",
    )
)
"""Resets what a program may have set and a shell does not; the cursor stays."""

PUSH_TITLE, POP_TITLE = b"\x1b[22;0t", b"\x1b[23;0t"
CLEAR: Final = b"\x1b[H\x1b[J"


class Hangup(Exception):
    """The terminal is gone: its window or its connection was closed."""


@attrs.define(eq=False)
class LocalTerminal:
    """An open terminal in raw mode; `opened` makes it."""

    _input: int
    _output: int
    _is_blocking: bool

    @classmethod
    @contextmanager
    def opened(cls) -> Iterator[LocalTerminal]:
        """Standard input and output as a terminal in raw mode, while it is open.

        Both must be terminals. The line discipline is as before at the end, and what
        was typed but not read is dropped: it was meant for the program.
        """
        before = termios.tcgetattr(0)
        with ExitStack() as scope:
            keyboard, _ = _anew(0, os.O_RDONLY, scope)
            screen, is_blocking = _anew(1, os.O_WRONLY, scope)
            terminal = cls(keyboard, screen, is_blocking)
            terminal.make_raw()
            try:
                yield terminal
            finally:
                _set(before)

    def make_raw(self) -> None:
        """Put the terminal into raw mode, at first or after something else left it."""
        tty.setraw(0, termios.TCSANOW)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; 80×24 if the terminal does not know them."""
        return size_of_terminal()

    async def read(self) -> bytes:
        """The next bytes that are typed. Raises `Hangup`."""
        while True:
            await trio.lowlevel.wait_readable(self._input)
            try:
                data = os.read(self._input, READ)
            except BlockingIOError:
                continue
            except OSError as exc:
                raise Hangup from exc
            if not data:
                raise Hangup
            return data

    async def write(self, data: bytes) -> None:
        """Write all of it, byte by byte as it is. Raises `Hangup`.

        *Cancellation:* a part of it may be written.
        """
        size = BLOCKING_WRITE if self._is_blocking else WRITE
        rest = memoryview(data)
        while rest:
            await trio.lowlevel.wait_writable(self._output)
            try:
                rest = rest[os.write(self._output, rest[:size]) :]
            except BlockingIOError:
                pass
            except OSError as exc:
                raise Hangup from exc

    def write_nowait(self, data: bytes) -> None:
        """Write what finds room; for the last words to a terminal that may be stuck."""
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[os.write(self._output, rest[:BLOCKING_WRITE]) :]
            except OSError:
                return


def scrolled(rows: int) -> bytes:
    """Moves what is visible into the scrollback, and clears the screen.

    Lines above the cursor go up, no more: the cursor is on an empty one.
    """
    return b"\n" * (rows - 1) + CLEAR


def size_of_terminal() -> tuple[int, int]:
    """Columns and rows of standard output; 80×24 if they are not known."""
    try:
        packed = fcntl.ioctl(1, termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return FALLBACK
    rows, cols, *_ = struct.unpack("4H", packed)
    return (min(cols, LARGEST), min(rows, LARGEST)) if cols and rows else FALLBACK


def _anew(fd: int, how: int, scope: ExitStack) -> tuple[int, bool]:
    """The terminal behind a descriptor, opened anew without blocking.

    Others share the descriptor itself, such as the shell, so it stays as it is. Where
    the terminal cannot be opened, as after `su`, it is the descriptor, which blocks.
    """
    try:
        new = os.open(os.ttyname(fd), how | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return fd, True
    scope.callback(os.close, new)
    return new, False


def _set(modes: list[Any]) -> None:
    try:
        termios.tcsetattr(0, termios.TCSANOW, modes)
        termios.tcflush(0, termios.TCIFLUSH)
    except termios.error:
        pass  # The terminal is gone.
