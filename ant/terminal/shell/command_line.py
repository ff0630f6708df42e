"""The submitted command line, reconstructed from the bytes that drew it.

A shell draws a line in pieces while the operator edits it, recalls it from the history
or completes it. A separate screen that begins where the prompt ended combines them.
"""

from itertools import pairwise

from ant.terminal.screen.display import CursorColumn
from ant.terminal.screen.emulator import open_screen

LINE_MAX = 64 << 10
"""The most bytes that draw a line and its edits: more of them are no typed line."""

_WIDE = 1000
"""Columns of the widest screen, on which wrapped rows become one line again."""

_LEFT_MOST = b"\x1b[m\x1b[H"


def typed_line(data: bytes, place: CursorColumn) -> str:
    """Return the text that `data` draws on a screen, beginning at column `place`.

    Wrapped rows are joined. Raises `ImportError` if no screen library is installed.
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
