"""A screen of rows and a cursor that moves as a terminal's does, for what it says.

Colours and the like are none of its business. The alternate screen lies over the first
one; what stood on it is kept as a clear keeps it (`keep`).
"""

from collections import Counter, deque
from typing import Any

from ant.terminal.render.plain_lines import TAB
from ant.terminal.render.rows import (
    FILL,
    MEMORY,
    ODD_WIDTH,
    Line,
    RenderedLines,
    Row,
    fingerprint,
    joined,
    width,
)

_DRAWING = str.maketrans(
    "`abcdefghijklmnopqrstuvwxyz{|}~", "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"
)
"""The characters of boxes, as `ESC ( 0` switches them on."""


class Canvas:
    """Rows, cursor and modes; `out` has the lines that are final."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = cols, rows
        self.out = RenderedLines()
        self.kept: set[int] = set()
        self.at = 0
        self.under: list[Row] | None = None
        self._blank()

    def _blank(self) -> None:
        self.lines = [Row() for _ in range(self.rows)]
        self.row = self.col = 0
        self.top, self.bottom = 0, self.rows - 1
        self.pending = self.drawing = self.insert = self.origin = False
        self.autowrap = True
        self.sets = [False, False]
        self.shift_out = 0
        self.homed = self.forgot = False
        self.saved = (0, 0)

    # What is drawn.

    def write(self, text: str, start: int, size: int) -> None:
        """Draw characters that `size` bytes from offset `start` on spell."""
        self.homed = self.forgot = False
        if self.drawing:
            text = text.translate(_DRAWING)
        if text.isascii() or not ODD_WIDTH.search(text):
            each = 1 if size == len(text) else 0
            self._run(text, start, size, each)
            return
        for char in text:
            stop = start + (len(char.encode()) if size else 0)
            columns = width(char)
            if columns == 0:
                self._combine(char, stop)
            elif columns == 2 and self.cols > 1:
                if not self.pending and self.col == self.cols - 1:
                    self.pending = self.autowrap
                    self.col -= not self.autowrap
                self._run(char + FILL, start, stop - start, 0)
            else:
                self._run(char, start, stop - start, 0)
            start = stop

    def _run(self, text: str, start: int, size: int, each: int) -> None:
        """Characters of one column; each is a byte, or else they are measured."""
        while text:
            if self.pending:
                self._wrap()
            room = self.cols - self.col
            cells, text = text[:room], text[room:]
            if not text or not size:
                stop = start + size
            else:
                stop = start + (len(cells) if each else len(cells.encode()))
            row = self.lines[self.row]
            if self.insert:
                self._squeeze(row, cells, start, stop)
            else:
                row.put(self.col, cells, start, stop, self.at)
            size -= stop - start
            start = stop
            self.col += len(cells)
            if self.col >= self.cols:
                row.wrapped = False
                self.col = self.cols - 1
                self.pending = self.autowrap
                if text and not self.autowrap:  # Only the last one is seen in the end.
                    skipped = len(text[:-1].encode())
                    start, size, text = start + skipped, size - skipped, text[-1]

    def _squeeze(self, row: Row, cells: str, start: int, stop: int) -> None:
        """Insert cells: what was there stays part of the row."""
        drawn = row.start
        row.shift(self.col, len(cells))
        row.text = row.text[: self.cols]
        row.put(self.col, cells, start, stop, self.at)
        row.start, row.upto = (row.start if drawn < 0 else drawn), -1

    def _wrap(self) -> None:
        self.lines[self.row].wrapped = True
        self.feed_line()
        self.col = 0

    def _combine(self, char: str, end: int) -> None:
        row = self.lines[self.row]
        col = self.col if self.pending else self.col - 1
        if col >= 0 and row.text[col : col + 1] == FILL:
            col -= 1
        if col >= 0:
            row.mark(col, char, end)

    # Where the cursor goes.

    def feed_line(self) -> None:
        """One down; at the bottom of the region what is above moves up."""
        self.pending = self.homed = self.forgot = False
        if self.row == self.bottom:
            self.scroll(1)
        elif self.row < self.rows - 1:
            self.row += 1

    def reverse(self) -> None:
        """One up; at the top of the region what is below moves down."""
        self.pending = self.homed = self.forgot = False
        if self.row == self.top:
            self.scroll(-1)
        elif self.row:
            self.row -= 1

    def place(self, row: int, col: int) -> None:
        """To an absolute place, from 0; within the region in origin mode."""
        low, high = (self.top, self.bottom) if self.origin else (0, self.rows - 1)
        self.row = max(low, min(row + (low if self.origin else 0), high))
        self.move_to(col)

    def move_to(self, col: int) -> None:
        """To a column of this row, from 0."""
        self.col = max(0, min(col, self.cols - 1))
        self.pending = self.homed = self.forgot = False

    def move(self, down: int) -> None:
        """Up or down, not past the region's edge from within."""
        low = self.top if self.row >= self.top else 0
        high = self.bottom if self.row <= self.bottom else self.rows - 1
        self.row = max(low, min(self.row + down, high))
        self.pending = self.homed = self.forgot = False

    def tab(self, count: int) -> None:
        """To a stop, every eighth column; backwards for a negative count."""
        stop = self.col // TAB if count > 0 else -(-self.col // TAB)
        self.move_to((stop + count) * TAB)

    # What moves and goes.

    def scroll(self, count: int) -> None:
        """The region up, or down for a negative count; blank rows come in."""
        self.shift_rows(self.top, count, final=self.top == 0)

    def shift_rows(self, top: int, count: int, final: bool = False) -> None:
        """As `scroll`, from a row on; `final`: what goes at the top was seen."""
        lines, span = self.lines, self.bottom - top + 1
        for _ in range(min(abs(count), span)):
            if count > 0:
                row = lines.pop(top)
                lines.insert(self.bottom, Row())
                if final:
                    self._leave(row)
            else:
                del lines[self.bottom]
                lines.insert(top, Row())

    def _leave(self, row: Row) -> None:
        if self.under is None:
            self.out.add(row)
        elif (shown := row.shown().rstrip(" ")) and fingerprint(shown) not in self.kept:
            self.out.add(row)
            self.kept.add(fingerprint(shown))

    def erase_rows(self, start: int, stop: int) -> None:
        """Blank whole rows."""
        for number in range(start, stop):
            self.lines[number] = Row()

    def clear(self) -> None:
        """Blank all of it; what stood there is final."""
        self.keep()
        self.erase_rows(0, self.rows)

    def keep(self) -> None:
        """The lines that stand there are final, but those that stood so before."""
        over = self.under is not None
        lines = joined(self.lines, RenderedLines() if over else self.out)
        known, self.kept = self.kept, {fingerprint(line.text) for line in lines}
        if not over:
            self.out.resume([], self.out.end, self.out.at)
        fresh = [
            line for line in lines if line.text and fingerprint(line.text) not in known
        ]
        if fresh:
            self.out.end, self.out.at = fresh[-1].end, fresh[-1].at
            for line in fresh:
                self.out.emit(line)

    def cover(self, on: bool) -> None:
        """Show the alternate screen, or what lies under it again."""
        if on == (self.under is not None):
            return
        if on:
            self.under, self.lines = self.lines, [Row() for _ in range(self.rows)]
            self.kept = set()
        elif self.under is not None:
            self.keep()
            self.lines, self.under, self.kept = self.under, None, set()
        self.pending = False

    def reset(self) -> None:
        """As it was in the beginning; what stood there is final."""
        self.cover(False)
        self.keep()
        self._blank()

    def resize(self, cols: int, rows: int) -> None:
        """Have this size: what has no room at the top is final."""
        row = self.row
        self._fit(self.lines, rows, final=self.under is None)
        if self.under is not None:
            self.row = rows - 1
            self._fit(self.under, rows, final=False)
            self.row = min(row, rows - 1)
        self.cols, self.rows = cols, rows
        self.top, self.bottom = 0, rows - 1
        self.move_to(self.col)
        self.saved = (min(self.saved[0], rows - 1), self.saved[1])

    def _fit(self, lines: list[Row], rows: int, final: bool) -> None:
        while len(lines) > rows:
            if len(lines) - 1 > self.row and not lines[-1].text:
                lines.pop()
                continue
            row = lines.pop(0)
            self.row = max(self.row - 1, 0)
            if final:
                self.out.add(row)
        lines += [Row() for _ in range(rows - len(lines))]

    def standing(self) -> list[Line]:
        """The lines that may yet change."""
        lines = joined(self.under or self.lines, self.out)
        if self.under is not None:
            lines += joined(self.lines, RenderedLines())
        return lines

    def state(self) -> dict[str, Any]:
        """All of it but what is done, as JSON takes it."""
        return {
            "size": [self.cols, self.rows],
            "lines": [row.state() for row in self.lines],
            "under": self.under and [row.state() for row in self.under],
            "cursor": [self.row, self.col, self.top, self.bottom, self.shift_out],
            "modes": [
                *(self.pending, self.drawing, self.insert, self.origin),
                *(self.homed, self.forgot, self.autowrap, *self.sets),
            ],
            "saved": list(self.saved),
            "kept": sorted(self.kept),
            "open": [list(part) for part in self.out.open],
            "last": [self.out.end, self.out.at, self.at],
            "memory": None if self.out.memory is None else list(self.out.memory),
            "again": [sorted(self.out.again.elements()), self.out.fresh],
        }

    @classmethod
    def of(cls, state: dict[str, Any]) -> "Canvas":
        """The inverse of `state`."""
        canvas = cls(*state["size"])
        canvas.lines = [Row.of(row) for row in state["lines"]]
        if state["under"] is not None:
            canvas.under = [Row.of(row) for row in state["under"]]
        row, col, top, bottom, shift_out = state["cursor"]
        canvas.row, canvas.col, canvas.top, canvas.bottom = row, col, top, bottom
        canvas.shift_out = shift_out
        pending, drawing, insert, origin, *more = state["modes"]
        canvas.pending, canvas.drawing, canvas.insert = pending, drawing, insert
        canvas.homed, canvas.forgot, canvas.autowrap, *canvas.sets = more
        canvas.origin = origin
        canvas.saved = (state["saved"][0], state["saved"][1])
        canvas.kept = set(state["kept"])
        end, at, canvas.at = state["last"]
        canvas.out.resume(state["open"], end, at)
        if state["memory"] is not None:
            canvas.out.memory = deque(state["memory"], MEMORY)
        again, canvas.out.fresh = state["again"]
        canvas.out.again = Counter(again)
        return canvas
