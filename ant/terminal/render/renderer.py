"""Terminal bytes as lines that can be read: what was finally seen, and where it is.

Rule 1: fed whole or cut anywhere, the same bytes make the same lines.
Rule 2: no byte is refused; what is no text and moves nothing is passed over.
Rule 3: plain lines, of which floods are made, are not drawn: they go past in bulk.
"""

import codecs
import re
from collections.abc import Callable
from typing import Any

from ant.terminal.render.canvas import Canvas
from ant.terminal.render.plain_lines import PlainLines, plain
from ant.terminal.render.rows import Line
from ant.terminal.render.sequences import control_sequence, escape

VERSION = 1
"""Of a state: to be counted up when it has other things in it, or means others."""

WINDOW = 64 << 10
"""Characters that are looked at for plain lines at once."""

BULK = 16
"""Plain lines, beyond a screen full, that are worth it."""

_TEXT, _CSI, _ESC, _BROKEN, _CONTROL = range(1, 6)
_TOKEN = re.compile(
    "([^\x00-\x1f\x7f-\x9f]+)"
    "|(\x1b\\[[0-?]{0,256}[ -/]{0,16}[@-~])"
    "|(\x1b[ -/]{0,16}[0-Z\\\\-~])"
    "|(\x1b(?:\\[[0-?]{0,256}|)[ -/]{0,16})"
    "|([\x00-\x1f\x7f-\x9f])"
)
_PARTIAL = re.compile("\x1b(?:\\[[0-?]{0,256}[ -/]{0,16}|[ -/]{0,16})\\Z")
_STRING_END = re.compile("[\x18\x1a\x1b]|\x07")
_LOST = re.compile("[\udc80-\udcff]")
_STRINGS = "]PX^_"


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


class Renderer:
    """Feed it every byte once, in order; `take` the lines that are final.

    `offset` is that of the next byte.
    """

    def __init__(self, cols: int, rows: int, offset: int = 0) -> None:
        self.offset = offset
        self._canvas = Canvas(cols, rows)
        self._held, self._text = b"", ""
        self._string = ""
        self._pass = 0

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._canvas.cols, self._canvas.rows

    def feed(self, data: bytes, at: int) -> None:
        """Take the next bytes, which were put out at this time, in milliseconds."""
        if not data:
            return
        self._canvas.at = at
        start = self.offset - len(self._held) - len(self._text)
        self.offset += len(data)
        if self._held:
            data = self._held + data
        if data.isascii():
            fresh, self._held = data.decode("ascii"), b""
        else:
            fresh, used = codecs.utf_8_decode(data, "surrogateescape", False)
            self._held = data[used:]
        text, self._text = self._text + fresh, ""
        self._read(text, start)

    def resize(self, cols: int, rows: int) -> None:
        """Have this size from the next byte on; none is where nobody knew one."""
        if (cols, rows) != self.size and cols > 0 and rows > 0:
            self._canvas.resize(cols, rows)

    def rest(self) -> None:
        """Nothing came for a while: what stands on the alternate screen was read."""
        if self._canvas.under is not None:
            self._canvas.keep()

    def begin(self, cols: int, rows: int, offset: int) -> None:
        """Another run begins on a blank screen; what stood there is final."""
        self._canvas.reset()
        self._canvas.out.forget()
        self._canvas.resize(cols, rows)
        self._held, self._text, self._string, self.offset = b"", "", "", offset

    def take(self) -> list[Line]:
        """The lines that became final since this was last called."""
        done, self._canvas.out.done = self._canvas.out.done, []
        return done

    def standing(self) -> list[Line]:
        """The lines that are on the screen, and may yet change, or go."""
        return self._canvas.standing()

    def state(self) -> dict[str, Any]:
        """All of it but what is to be taken, as JSON takes it."""
        held = [self._held.decode("latin-1"), self._text, self._string]
        place = {"version": VERSION, "offset": self.offset}
        return {**place, "held": held, **self._canvas.state()}

    @classmethod
    def of(cls, state: dict[str, Any]) -> "Renderer":
        """The inverse of `state`; of one by other code a blank screen from there on."""
        cols, rows = state["size"]
        renderer = cls(cols, rows, state["offset"])
        if state["version"] != VERSION:
            return renderer
        renderer._canvas = Canvas.of(state)
        held, renderer._text, renderer._string = state["held"]
        renderer._held = held.encode("latin-1")
        return renderer

    def _read(self, text: str, offset: int) -> None:
        at, length, canvas = 0, len(text), self._canvas
        token = _TOKEN.match
        while at < length:
            if self._string:
                stop = self._end_of_string(text, at)
                offset += _size(text[at:stop])
                at = stop
                continue
            found = token(text, at)
            assert found is not None
            kind, piece = found.lastindex, found[0]
            stop = found.end()
            if kind == _TEXT:
                size = _size(piece)
                if not piece.isascii() and _LOST.search(piece):
                    self._write_lost(piece, offset)
                else:
                    canvas.write(piece, offset, size)
                offset += size
                at = stop
                continue
            if stop == length and _PARTIAL.match(piece):
                self._text = piece
                return
            offset += stop - at if piece < "\x7f" else _size(piece)
            at = stop
            if kind == _CONTROL:
                self._control(piece)
                if piece == "\n" and length - at > 1024:
                    passed = self._bulk(text, at, offset)
                    offset += _size(text[at:passed]) if passed > at else 0
                    at = passed
            elif kind == _CSI:
                control_sequence(canvas, piece)
            elif kind == _ESC:
                if piece[1] in _STRINGS and len(piece) == 2:
                    self._string = piece[1]
                else:
                    escape(canvas, piece[1:])

    def _end_of_string(self, text: str, at: int) -> int:
        while found := _STRING_END.search(text, at):
            if found[0] == "\x07" and self._string != "]":
                at = found.end()
                continue
            self._string = ""
            return found.start() if found[0] == "\x1b" else found.end()
        return len(text)

    def _write_lost(self, piece: str, offset: int) -> None:
        """Draw text of which some bytes were no UTF-8."""
        for char in piece:
            size = _size(char)
            self._canvas.write(_LOST.sub("\ufffd", char), offset, size)
            offset += size

    def _control(self, char: str) -> None:
        canvas = self._canvas
        if char == "\r":
            canvas.move_to(0)
        elif char in "\n\v\f":
            canvas.feed_line()
        elif char == "\b":
            canvas.move_to(canvas.col - 1)
        elif char == "\t":
            canvas.tab(1)
        elif char in "\x0e\x0f":
            canvas.shift_out = int(char == "\x0e")
            canvas.drawing = canvas.sets[canvas.shift_out]

    def _bulk(self, text: str, at: int, offset: int) -> int:
        """Let plain lines go past that nothing can change any more; where they end.

        A screen full of plain lines after them is what pushes them out.
        """
        canvas = self._canvas
        if self._pass:
            self._pass -= 1
            return at
        if not _is_plain(canvas):
            return at
        pieces = text[at : at + WINDOW].split("\r\n")
        pieces.pop()
        seen: list[PlainLines] = []
        for piece in pieces:
            line = plain(piece, canvas.cols)
            if line is None:
                break
            seen.append(line)
        count = len(seen) - canvas.rows
        if count < BULK:
            self._pass = canvas.rows
            return at
        for row in canvas.lines[: canvas.row]:
            canvas.out.add(row)
        out, end, when = canvas.out, canvas.out.end, canvas.at
        emit: Callable[[Line], None] = (
            out.done.append if out.memory is None else out.emit
        )
        last = canvas.out.at
        for piece, (shown, start, stop) in zip(pieces[:count], seen, strict=False):
            if start < 0:
                emit(Line("", end, end, last))
            else:
                last, end = when, offset + stop
                emit(Line(shown.rstrip(" "), offset + start, end, when))
            at += len(piece) + 2
            offset += (len(piece) if piece.isascii() else len(piece.encode())) + 2
        canvas.out.end, canvas.out.at = end, last
        canvas.erase_rows(0, canvas.rows)
        canvas.row = 0
        return at


def _is_plain(canvas: Canvas) -> bool:
    """Whether what comes now is drawn on blank rows, and pushes what is above out."""
    if canvas.under is not None or canvas.col or canvas.pending or canvas.drawing:
        return False
    if canvas.insert or not canvas.autowrap:
        return False
    if canvas.top or canvas.bottom != canvas.rows - 1 or canvas.out.open:
        return False
    lines, row = canvas.lines, canvas.row
    if row and lines[row - 1].wrapped:
        return False
    return all(not line.text and not line.wrapped for line in lines[row:])
