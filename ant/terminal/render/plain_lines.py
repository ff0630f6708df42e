"""Lines whose text is known without drawing them on a screen: most lines of a flood."""

import re
from typing import NamedTuple

from ant.terminal.render.rows import ODD_WIDTH, Row

TAB = 8
"""Columns between two tab stops."""

LONGEST = 2000
"""The most characters of a plain line; a longer one is drawn."""

_SGR = re.compile("\x1b\\[[\\d;:]*m")
_BEFORE = re.compile("(?:\x1b\\[[\\d;:]*m|\t)*")
_AFTER = re.compile("(?:\x1b\\[[\\d;:]*m|\t)*\\Z")
_PARTS = re.compile("(\x1b\\[[\\d;:]*m|\x1b\\[[02]?K)")


class PlainLines(NamedTuple):
    """The visible text of a line and the range of bytes that drew it.

    The offsets count from the beginning of the line. `start` is -1 if it has no text.
    """

    text: str
    start: int
    end: int


def plain(piece: str, cols: int) -> PlainLines | None:
    """Return the text that `piece`, a line without its end, draws on a blank row.

    It may have tabs, colours and overwritten text. Returns None for any other content,
    or if the row is too narrow: then the caller draws the line.
    """
    if len(piece) > LONGEST:
        return None
    if piece.isprintable():
        size = len(piece) if piece.isascii() else len(piece.encode())
        return PlainLines(piece, 0 if piece else -1, size)
    if "\r" in piece or "K" in piece:
        return _overwritten(piece, cols)
    shown = _SGR.sub("", piece) if "\x1b" in piece else piece
    if "\t" in shown:
        if not shown.isascii():
            return None
        shown = shown.rstrip("\t").expandtabs(TAB)
        if len(shown) >= cols:
            return None
    if not shown.isprintable():
        return None
    if not shown:
        return PlainLines("", -1, -1)
    size = len(piece) if piece.isascii() else len(piece.encode())
    before, after = _BEFORE.match(piece), _AFTER.search(piece)
    assert before is not None
    assert after is not None
    return PlainLines(shown, before.end(), size - (len(piece) - after.start()))


def _overwritten(piece: str, cols: int) -> PlainLines | None:
    """Return a line that is overwritten or erased from the left: a progress bar."""
    if not piece.isascii() and ODD_WIDTH.search(piece):
        return None
    row, offset = Row(), 0
    for number, part in enumerate(piece.split("\r")):
        offset += number > 0
        col = 0
        for place, token in enumerate(_PARTS.split(part)):
            if place % 2:
                if token[-1] == "K":
                    row.erase(0 if token[2] == "2" else col, 1 << 20)
                offset += len(token)
            elif token:
                if not token.isprintable() or col + len(token) >= cols:
                    return None
                size = len(token) if token.isascii() else len(token.encode())
                row.put(col, token, offset, offset + size, 0)
                col += len(token)
                offset += size
    return PlainLines(row.text, row.start, row.end)
