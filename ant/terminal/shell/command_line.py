"""The command line as it stood there when it was sent, out of the bytes that drew it.

What a person types and takes back, fetches from a history or has completed, is drawn in
pieces: a screen of its own, that begins where the prompt has ended, puts them together.
"""

from itertools import pairwise

from ant.terminal.screen.base import open_screen
from ant.terminal.screen.display import CursorColumn

LINE_MAX = 64 << 10
"""Bytes of a line and of all that was done to it: more is not one that was typed."""

_WIDE = 1000
"""Columns on which rows that were wrapped are one line again: the widest screen."""

_LEFT_MOST = b"\x1b[m\x1b[H"


def typed_line(data: bytes, place: CursorColumn) -> str:
    """What is seen of `data` on a screen on which it begins at that place.

    Rows that were wrapped are joined. Raises `ImportError` where no screen library is.
    """
    rows = data.count(b"\n") + len(data) // place.cols + 2
    screen = open_screen(place.cols, min(rows, _WIDE))
    screen.feed(b" " * place.col + data + _LEFT_MOST)
    screen.resize(_WIDE, screen.rows)
    lines = screen.text()
    joined = lines[0][place.col :]
    for before, line in pairwise(lines):
        joined += line if len(before) == _WIDE else f"\n{line}"
    return joined.rstrip()
