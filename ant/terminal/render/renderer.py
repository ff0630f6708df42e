"""Render terminal output as readable lines with their byte offsets.

Rule 1: the same bytes make the same lines, in chunks of any size.
Rule 2: the renderer accepts every byte. It ignores sequences that move no text.
Rule 3: plain lines, as in a flood of output, are processed in bulk without drawing.
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
"""The version of `state`; a change of its content or meaning increments it."""

WINDOW = 64 << 10
"""Characters in which one step looks for plain lines."""

BULK = 16
"""The least number of plain lines, beyond a full screen, for which bulk processing is
faster."""

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
    """Renders the output of one terminal.

    The caller feeds each byte once, in order, and calls `take` for the final lines.
    `offset` is the offset of the next byte.
    """

    def __init__(self, cols: int, rows: int, offset: int = 0) -> None:
        self.offset = offset
        self._canvas = Canvas(cols, rows)
        self._held, self._text = b"", ""
        self._string = ""
        self._skips = 0
        """Newlines to draw before `_bulk` looks for plain lines again."""

    @property
    def size(self) -> tuple[int, int]:
        """The columns and rows."""
        return self._canvas.cols, self._canvas.rows

    def feed(self, data: bytes, at: int) -> None:
        """Take the next bytes, written at the time `at` (milliseconds)."""
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
        """Change the size from the next byte on; ignore a size of 0, for unknown."""
        if (cols, rows) != self.size and cols > 0 and rows > 0:
            self._canvas.resize(cols, rows)

    def rest(self) -> None:
        """Make the alternate screen's lines final, because output has paused."""
        if self._canvas.under is not None:
            self._canvas.keep()

    def begin(self, cols: int, rows: int, offset: int) -> None:
        """Begin another run on a blank screen; the old screen's lines become final."""
        self._canvas.reset()
        self._canvas.out.forget()
        self._canvas.resize(cols, rows)
        self._held, self._text, self._string, self.offset = b"", "", "", offset

    def take(self) -> list[Line]:
        """Return the lines that became final since the last call, and forget them."""
        done, self._canvas.out.done = self._canvas.out.done, []
        return done

    def standing(self) -> list[Line]:
        """Return the lines on the screen, which may still change or disappear."""
        return self._canvas.standing()

    def state(self) -> dict[str, Any]:
        """Return the state without the final lines, as JSON values."""
        held = [self._held.decode("latin-1"), self._text, self._string]
        place = {"version": VERSION, "offset": self.offset}
        return {**place, "held": held, **self._canvas.state()}

    @classmethod
    def of(cls, state: dict[str, Any]) -> "Renderer":
        """Return the renderer with this `state`.

        If the state has another version, the renderer has a blank screen at its offset.
        """
        cols, rows = state["size"]
        renderer = cls(cols, rows, state["offset"])
        if state["version"] != VERSION:
            return renderer
        renderer._canvas = Canvas.of(state)
        held, renderer._text, renderer._string = state["held"]
        renderer._held = held.encode("latin-1")
        return renderer

    def _read(self, text: str, offset: int) -> None:
        """Draw the text that begins at `offset`; hold an unfinished sequence."""
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
        """Return the index at which the current control string ends."""
        while found := _STRING_END.search(text, at):
            if found[0] == "\x07" and self._string != "]":
                at = found.end()
                continue
            self._string = ""
            return found.start() if found[0] == "\x1b" else found.end()
        return len(text)

    def _write_lost(self, piece: str, offset: int) -> None:
        """Draw text with bytes that are not UTF-8."""
        for char in piece:
            size = _size(char)
            self._canvas.write(_LOST.sub("\ufffd", char), offset, size)
            offset += size

    def _control(self, char: str) -> None:
        """Apply a control character."""
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
        """Emit plain lines as final lines; return the index at which they end.

        Only lines that a full screen of plain lines follows count: those push them off
        the screen, so no later byte can change them.
        """
        canvas = self._canvas
        if self._skips:
            self._skips -= 1
            return at
        if not _is_plain(canvas):
            return at
        pieces = text[at : at + WINDOW].split("\r\n")
        pieces.pop()
        plain_lines: list[PlainLines] = []
        for piece in pieces:
            line = plain(piece, canvas.cols)
            if line is None:
                break
            plain_lines.append(line)
        count = len(plain_lines) - canvas.rows
        if count < BULK:
            self._skips = canvas.rows
            return at
        for row in canvas.lines[: canvas.row]:
            canvas.out.add(row)
        out, end, when = canvas.out, canvas.out.end, canvas.at
        emit: Callable[[Line], None] = (
            out.done.append if out.memory is None else out.emit
        )
        last = canvas.out.at
        for piece, (shown, start, stop) in zip(
            pieces[:count], plain_lines, strict=False
        ):
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
    """Whether the next lines are drawn on blank rows and scroll the whole screen."""
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
