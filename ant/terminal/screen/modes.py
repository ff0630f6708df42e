"""The state of a terminal beside its cells: the cursor, the modes and the title."""

from typing import NamedTuple

import attrs

REPLIES_MAX = 4096
"""The most bytes of replies that a screen keeps. It drops a reply that does not fit."""

HELD_MAX = 4096
"""The most bytes of an unfinished sequence that a screen can repeat; only images are
longer."""

TITLE_MAX = 1024
"""The most characters of a window title; a longer one is cut or ignored."""

ALTERNATES = (1049, 1047, 47)
MOUSE = (1003, 1002, 1000, 9)
MOUSE_FORMAT = (1016, 1015, 1006, 1005)
"""Private modes; of each tuple, the first that is set is in force."""


class Cursor(NamedTuple):
    """The cursor's position, counted from 0, and whether it is visible."""

    row: int
    col: int
    visible: bool


@attrs.frozen
class Modes:
    """The terminal modes that affect the display or the encoding of input."""

    alternate: bool = False
    """Whether the alternate screen is shown."""
    bracketed_paste: bool = False
    """Whether a paste is to be bracketed."""
    application_cursor: bool = False
    """Whether the arrow keys send application sequences."""
    application_keypad: bool = False
    """Whether the keypad sends application sequences."""
    cursor_visible: bool = True
    """Whether the cursor is visible."""
    focus_events: bool = False
    """Whether the program wants to know when the terminal gains or loses the focus."""
    mouse: int = 0
    """The private mode that reports the mouse: 9, 1000, 1002 or 1003; 0 for none."""
    mouse_format: int = 0
    """The private mode with the format of these reports: 1005, 1006, 1015 or 1016; 0
    for none."""
    keyboard: int = 0
    """The flags of the kitty keyboard protocol; 0 for none, or if the screen library
    does not know them."""


def set_title(title: str) -> bytes:
    """Return the sequence that sets a window title, or b"" for an empty title."""
    return f"\x1b]2;{title}\x1b\\".encode() if title else b""
