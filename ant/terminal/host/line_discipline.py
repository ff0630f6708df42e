"""The kernel's line discipline of a terminal: its modes, and its queue of unread input.

Every function takes a descriptor of the terminal and raises `OSError` or
`termios.error` when the terminal is gone. The modes can be read from either end of a
PTY. The queue is that of the program's end.
"""

import fcntl
import sys
import termios

import attrs

CTRL_C = b"\x03"

INPUT_UNREAD_MAX = 2048
"""Unread bytes above which Ctrl-C is sent as a signal, and input waits. At 4 KiB unread
the line discipline takes no more input, so Ctrl-C would wait behind it."""

_IFLAG, _LFLAG, _CC = 0, 3, 6  # Where they are in the list that `tcgetattr` returns.
_IUTF8 = 0o40000  # Linux: erase whole characters; Python names it from 3.13 on.


@attrs.frozen
class LineModes:
    """The modes of a terminal.

    `interrupts`: Ctrl-C sends SIGINT to the foreground group. `icrnl`: the terminal
    turns a typed CR into NL.
    """

    echo: bool
    canonical: bool
    interrupts: bool
    icrnl: bool

    @property
    def shows_input(self) -> bool:
        """Whether the terminal edits lines, and echoes them as they are typed."""
        return self.echo and self.canonical


def read_modes(fd: int) -> LineModes:
    """The modes of a terminal, from a descriptor of either end."""
    modes = termios.tcgetattr(fd)
    local, keys = modes[_LFLAG], modes[_CC]
    return LineModes(
        echo=bool(local & termios.ECHO),
        canonical=bool(local & termios.ICANON),
        interrupts=bool(local & termios.ISIG) and keys[termios.VINTR] == CTRL_C,
        icrnl=bool(modes[_IFLAG] & termios.ICRNL),
    )


def erase_whole_characters(fd: int) -> None:
    """Set IUTF8: in canonical mode, Backspace erases a character and not one byte."""
    modes = termios.tcgetattr(fd)
    modes[_IFLAG] |= _IUTF8
    termios.tcsetattr(fd, termios.TCSANOW, modes)


def count_unread(fd: int) -> int:
    """How many bytes of input the program has not read; `fd` is its end of the PTY."""
    return int.from_bytes(fcntl.ioctl(fd, termios.FIONREAD, bytes(4)), sys.byteorder)
