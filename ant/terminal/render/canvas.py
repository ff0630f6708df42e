"""A terminal screen that keeps the text of its rows and their byte offsets, no style.

The canvas turns the rows that leave the screen into final lines. The alternate screen
covers the primary one. When it closes, its lines become final, as after a clear.
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
)
from ant.terminal.screen.char_width import char_width

_DRAWING = str.maketrans(
    "`abcdefghijklmnopqrstuvwxyz{|}~", "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·"
)
"""The line-drawing characters, which `ESC ( 0` selects."""


class Canvas:
    """The rows, the cursor and the modes; `out` has the final lines.

    `at` is the time of the current output in milliseconds. `under` has the rows of the
    primary screen while the alternate screen is shown, else None. `kept` are the
    fingerprints of the lines that the last `keep` made final. `pending`: the next
    character wraps to a new row. `homed`: the cursor has moved to the top left, and
    nothing since. `scrollback_erased`: the program has erased the scrollback, and
    nothing since.
    """

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = cols, rows
        self.out = RenderedLines()
        self.kept: set[int] = set()
        self.at = 0
        self.under: list[Row] | None = None
        self._blank()

    def _blank(self) -> None:
        """Set the initial state."""
        self.lines = [Row() for _ in range(self.rows)]
        self.row = self.col = 0
        self.top, self.bottom = 0, self.rows - 1
        self.pending = self.drawing = self.insert = self.origin = False
        self.autowrap = True
        self.sets = [False, False]
        self.shift_out = 0
        self.homed = self.scrollback_erased = False
        self.saved = (0, 0)

    # Text.

    def write(self, text: str, start: int, size: int) -> None:
        """Draw the characters that the `size` bytes from offset `start` on encode.

        With size 0 they repeat a character and have no bytes of their own.
        """
        self.homed = self.scrollback_erased = False
        if self.drawing:
            text = text.translate(_DRAWING)
        if text.isascii() or not ODD_WIDTH.search(text):
            each = 1 if size == len(text) else 0
            self._run(text, start, size, each)
            return
        for char in text:
            stop = start + (len(char.encode()) if size else 0)
            columns = char_width(char)
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
        """Draw one cell for each character of `text`.

        `each` is 1 if each character is one byte. If it is 0, the sizes are computed.
        """
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
                if text and not self.autowrap:  # Each overwrites the one before it.
                    skipped = len(text[:-1].encode())
                    start, size, text = start + skipped, size - skipped, text[-1]

    def _squeeze(self, row: Row, cells: str, start: int, stop: int) -> None:
        """Insert cells. The row keeps its first offset, as its old text stays."""
        drawn = row.start
        row.shift(self.col, len(cells))
        row.text = row.text[: self.cols]
        row.put(self.col, cells, start, stop, self.at)
        row.start, row.upto = (row.start if drawn < 0 else drawn), -1

    def _wrap(self) -> None:
        """Continue the line on the next row."""
        self.lines[self.row].wrapped = True
        self.feed_line()
        self.col = 0

    def _combine(self, char: str, end: int) -> None:
        """Add a combining character to the character before the cursor."""
        row = self.lines[self.row]
        col = self.col if self.pending else self.col - 1
        if col >= 0 and row.text[col : col + 1] == FILL:
            col -= 1
        if col >= 0:
            row.mark(col, char, end)

    # The cursor.

    def feed_line(self) -> None:
        """Move down one row; at the bottom of the scroll region, scroll up."""
        self.pending = self.homed = self.scrollback_erased = False
        if self.row == self.bottom:
            self.scroll(1)
        elif self.row < self.rows - 1:
            self.row += 1

    def reverse(self) -> None:
        """Move up one row; at the top of the scroll region, scroll down."""
        self.pending = self.homed = self.scrollback_erased = False
        if self.row == self.top:
            self.scroll(-1)
        elif self.row:
            self.row -= 1

    def place(self, row: int, col: int) -> None:
        """Move to a row and column, from 0; within the scroll region in origin mode."""
        low, high = (self.top, self.bottom) if self.origin else (0, self.rows - 1)
        self.row = max(low, min(row + (low if self.origin else 0), high))
        self.move_to(col)

    def move_to(self, col: int) -> None:
        """Move to a column of this row, from 0."""
        self.col = max(0, min(col, self.cols - 1))
        self.pending = self.homed = self.scrollback_erased = False

    def move(self, down: int) -> None:
        """Move down, or up for a negative count; stop at the edge of the region."""
        low = self.top if self.row >= self.top else 0
        high = self.bottom if self.row <= self.bottom else self.rows - 1
        self.row = max(low, min(self.row + down, high))
        self.pending = self.homed = self.scrollback_erased = False

    def tab(self, count: int) -> None:
        """Move by `count` tab stops, back for a negative count; one every 8 columns."""
        stop = self.col // TAB if count > 0 else -(-self.col // TAB)
        self.move_to((stop + count) * TAB)

    # Rows that move, and rows that leave the screen.

    def scroll(self, count: int) -> None:
        """Scroll the region up, or down for a negative count; add blank rows."""
        self.shift_rows(self.top, count, final=self.top == 0)

    def shift_rows(self, top: int, count: int, final: bool = False) -> None:
        """Scroll the rows from `top` to the end of the region.

        `final`: the rows that leave at the top become final lines.
        """
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
        """Make a row final that has left at the top.

        On the alternate screen, leave out blank lines and lines that were final before.
        """
        if self.under is None:
            self.out.add(row)
        elif (shown := row.shown().rstrip(" ")) and fingerprint(shown) not in self.kept:
            self.out.add(row)
            self.kept.add(fingerprint(shown))

    def erase_rows(self, start: int, stop: int) -> None:
        """Blank the rows from `start` up to `stop`."""
        for number in range(start, stop):
            self.lines[number] = Row()

    def clear(self) -> None:
        """Blank the screen; its lines become final."""
        self.keep()
        self.erase_rows(0, self.rows)

    def keep(self) -> None:
        """Make the lines on the screen final, except those of the last call."""
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

    def show_alternate(self, on: bool) -> None:
        """Show the alternate screen if `on`, else the primary screen."""
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
        """Return to the initial state; the lines on the screen become final."""
        self.show_alternate(False)
        self.keep()
        self._blank()

    def resize(self, cols: int, rows: int) -> None:
        """Change the size. Rows that no longer fit leave at the top and are final."""
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
        """Remove or add rows so that there are `rows`.

        Blank rows below the cursor go first. `final`: the rows that leave at the top
        become final lines.
        """
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
        """Return the lines on the screen, which may still change."""
        lines = joined(self.under or self.lines, self.out)
        if self.under is not None:
            lines += joined(self.lines, RenderedLines())
        return lines

    def state(self) -> dict[str, Any]:
        """Return the state without the final lines, as JSON values."""
        return {
            "size": [self.cols, self.rows],
            "lines": [row.state() for row in self.lines],
            "under": self.under and [row.state() for row in self.under],
            "cursor": [self.row, self.col, self.top, self.bottom, self.shift_out],
            "modes": [
                *(self.pending, self.drawing, self.insert, self.origin),
                *(self.homed, self.scrollback_erased, self.autowrap, *self.sets),
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
        """Return the canvas with this `state`."""
        canvas = cls(*state["size"])
        canvas.lines = [Row.of(row) for row in state["lines"]]
        if state["under"] is not None:
            canvas.under = [Row.of(row) for row in state["under"]]
        row, col, top, bottom, shift_out = state["cursor"]
        canvas.row, canvas.col, canvas.top, canvas.bottom = row, col, top, bottom
        canvas.shift_out = shift_out
        pending, drawing, insert, origin, *more = state["modes"]
        canvas.pending, canvas.drawing, canvas.insert = pending, drawing, insert
        canvas.homed, canvas.scrollback_erased, canvas.autowrap, *canvas.sets = more
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
