"""What a program asks of its terminal, beside what to show: cursor, modes, titles."""

from typing import NamedTuple

import attrs

REPLIES_MAX = 4096
"""Bytes of answers that wait to be asked for; one that finds no room is not given."""

HELD_MAX = 4096
"""Bytes of an unfinished sequence that a screen can repeat; only images are longer."""

TITLE_MAX = 1024
"""Characters of a window title; a longer one is cut, or not taken."""

ALTERNATES = (1049, 1047, 47)
MOUSE = (1003, 1002, 1000, 9)
MOUSE_FORMAT = (1016, 1015, 1006, 1005)
"""Private modes of which one is in force: the first that is set."""


class Cursor(NamedTuple):
    """Where the cursor is, counted from 0, and whether it is shown."""

    row: int
    col: int
    visible: bool


@attrs.frozen
class Modes:
    """What is switched on, as far as it changes what the program is shown or typed.

    `mouse` is the private mode that reports the mouse (9, 1000, 1002, 1003), and
    `mouse_format` the one that tells how (1005, 1006, 1015, 1016); 0 is neither.
    `keyboard` are the flags of the kitty protocol, 0 where an adapter knows none.
    """

    alternate: bool = False
    bracketed_paste: bool = False
    application_cursor: bool = False
    application_keypad: bool = False
    cursor_visible: bool = True
    focus_events: bool = False
    mouse: int = 0
    mouse_format: int = 0
    keyboard: int = 0


def set_title(title: str) -> bytes:
    """The sequence that sets a window title; nothing for no title."""
    return f"\x1b]2;{title}\x1b\\".encode() if title else b""
