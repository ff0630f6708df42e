"""Rows of a screen with the bytes that drew them, and the lines that rows become.

Rule 1: a row that leaves at the top of the screen is final. Together with the rows that
it wraps into, it is one line.
Rule 2: the rows of a screen that is cleared as a whole, or closed, are final, too,
except lines that became final before.
Rule 3: a change of size does not wrap the rows again.
"""

import re
import zlib
from collections import Counter, deque
from typing import Any, NamedTuple

LINE_MAX = 16 << 10
"""The most characters of a line that wraps; a longer one is cut."""

MEMORY = 1000
"""Lines that ANT recognises when a program prints all its output again."""

FRESH = 50
"""New lines in a row after which a program is no longer reprinting its output."""

FILL = "\0"
"""The right half of a wide character, so that an index is a column."""

ODD_WIDTH = re.compile(
    "[\xad\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a"
    "\u064b-\u065f\u0670-\u08ff\u0900-\u0dff\u0e31-\u0e4e\u0eb1-\u0ece\u0f18-\u11ff"
    "\u135d-\u135f\u1712-\u1dff\u200b-\u200f\u2028-\u202e\u2060-\u206f\u20d0-\u20f0"
    "\u231a-\u231b\u2329-\u232a\u23e9-\u23f3\u25fd-\u25fe\u2614-\u2615\u2630-\u2637"
    "\u2648-\u2653\u267f-\u268f\u2693-\u27bf\u2b1b-\u2b55\u2ce0-\u303e\u3041-\ud7ff"
    "\uf900-\ufeff\uff00-\uff60\uffe0-\uffe6\U00010000-\U0010ffff]"
)
"""Matches every character that may be wide or without width, and many others."""


class Line(NamedTuple):
    """A final line, drawn by bytes between the offsets `start` and `end`.

    `at` is the time of the last of them, in milliseconds. A blank line that no byte
    drew has the end of the line before it as its `start` and `end`.
    """

    text: str
    start: int
    end: int
    at: int


class Row:
    """A row without trailing blanks, drawn by bytes from offset `start` to `end`.

    `start` is -1 until a byte draws the row. `at` is the time of the last byte, in
    milliseconds. `wrapped`: the line continues on the next row. While a program
    overwrites the row from its left edge, `since` is the first byte of the new text and
    `upto` the column it has reached. `marks` are the combining characters, by column.
    """

    __slots__ = ("at", "end", "marks", "since", "start", "text", "upto", "wrapped")

    def __init__(self) -> None:
        self.text, self.start, self.end, self.at = "", -1, -1, 0
        self.wrapped = False
        self.since, self.upto = -1, -1
        self.marks: dict[int, str] = {}

    def put(self, col: int, cells: str, start: int, end: int, at: int) -> None:
        """Write `cells` from `col` on, drawn by bytes `start` to `end` at time `at`.

        Once the new text has replaced the whole row, `start` is its first byte.
        """
        text, after = self.text, col + len(cells)
        if col == len(text):
            self.text = text + cells
        elif col > len(text):
            self.text = text.ljust(col) + cells
        else:
            self.text = _left(text, col) + cells + _right(text, after)
            if self.marks:
                self._unmark(col, after)
        if col == 0:
            self.since, self.upto = start, after
        elif col == self.upto:
            self.upto = after
        else:
            self.upto = -1
        if self.upto >= len(self.text):  # The new text has replaced the whole row.
            self.start = self.since
        elif self.start < 0:
            self.start = start
        self.end, self.at = end, at

    def mark(self, col: int, char: str, end: int) -> None:
        """Add a combining character to a column; a blank one takes none."""
        if col < len(self.text) and self.text[col] != " ":
            self.marks[col] = (self.marks.get(col, "") + char)[:16]
            self.end = end

    def erase(self, start: int, stop: int) -> None:
        """Blank the columns from `start` up to `stop`."""
        text = self.text
        if stop >= len(text):
            self.text = _left(text, start).rstrip(" ")
        elif start < stop:
            blank = " " * (stop - start)
            self.text = _left(text, start) + blank + _right(text, stop)
        if self.marks:
            self._unmark(start, stop)
        self.upto = -1
        if not self.text:
            self.start = self.end = -1

    def shift(self, col: int, count: int) -> None:
        """Insert blanks at a column, or delete cells there for a negative count."""
        text = self.text
        if col < len(text):
            if count > 0:
                self.text = _left(text, col) + " " * count + _right(text, col)
            else:
                self.text = _left(text, col) + _right(text, col - count)
            self.marks, self.upto = {}, -1

    def shown(self) -> str:
        """Return the text with its combining characters."""
        text = self.text
        if self.marks:
            cells = enumerate(text)
            text = "".join(cell + self.marks.get(col, "") for col, cell in cells)
        return text.replace(FILL, "") if FILL in text else text

    def _unmark(self, start: int, stop: int) -> None:
        for col in [col for col in self.marks if start <= col < stop]:
            del self.marks[col]

    def state(self) -> list[Any]:
        """Return the whole row as JSON values."""
        marks = [[col, char] for col, char in self.marks.items()]
        flags = [self.wrapped, self.since, self.upto, marks]
        return [self.text, self.start, self.end, self.at, *flags]

    @classmethod
    def of(cls, state: list[Any]) -> "Row":
        """Return the row with this `state`."""
        row = cls()
        row.text, row.start, row.end, row.at, row.wrapped, *rest = state
        row.since, row.upto, marks = rest
        row.marks = dict(marks)
        return row


def _left(text: str, col: int) -> str:
    """Return the columns before `col`; half a wide character becomes a blank."""
    if col < len(text) and text[col] == FILL:
        return text[: col - 1] + " "
    return text[:col]


def _right(text: str, col: int) -> str:
    """Return the columns from `col` on; half a wide character becomes a blank."""
    if col < len(text) and text[col] == FILL:
        return " " + text[col + 1 :]
    return text[col:]


class RenderedLines:
    """Joins rows, in order, into lines.

    `done` are the final lines, `open` the rows of the line that has not ended.

    Some agents print all their output again from the beginning. After a call of
    `reprint`, lines that were final before do not become final again. `memory` has the
    fingerprints of the last lines, None before the first reprint. `again` counts, for
    each fingerprint, how often the line may still be a repetition. `fresh` is the
    number of new lines since the last repetition.
    """

    def __init__(self) -> None:
        self.memory: deque[int] | None = None
        self.again: Counter[int] = Counter()
        self.fresh = 1
        self.done: list[Line] = []
        self.open: list[Line] = []
        self._size = 0
        self.end, self.at = 0, 0

    def add(self, row: Row) -> None:
        """Add the next row."""
        if row.start < 0 and not self.open and not row.wrapped:
            self.emit(Line("", self.end, self.end, self.at))
            return
        text = row.shown()
        start, end = (row.start, row.end) if row.start >= 0 else (self.end, self.end)
        part = Line(text, start, end, row.at or self.at)
        if row.wrapped and self._size + len(text) < LINE_MAX:
            self.open.append(part)
            self._size += len(text)
        else:
            self._close(part)

    def finish(self) -> None:
        """End the open line."""
        if self.open:
            self._close(self.open.pop())

    def _close(self, last: Line) -> None:
        """Emit the open rows and `last` as one line."""
        if self.open:
            parts = [*self.open, last]
            last = Line(
                "".join(part.text for part in parts),
                min(part.start for part in parts),
                max(part.end for part in parts),
                max(part.at for part in parts),
            )
            self.open, self._size = [], 0
        self.end, self.at = last.end, last.at
        self.emit(last._replace(text=last.text.rstrip(" ")))

    def emit(self, line: Line) -> None:
        """Add a final line, unless it is a repetition."""
        if self.memory is None or not self._is_again(self.memory, line.text):
            self.done.append(line)

    def _is_again(self, memory: deque[int], text: str) -> bool:
        """Whether a line repeats an earlier one; update the counters."""
        if text:
            mark = fingerprint(text)
            if self.again[mark] > 0:
                self.again[mark] -= 1
                self.fresh = 0
            else:
                memory.append(mark)
                self.fresh += 1
                if self.fresh > FRESH:
                    self.again.clear()
        return self.fresh == 0

    def reprint(self) -> None:
        """Expect the program to print the lines in `memory` again."""
        if self.memory is None:
            self.memory = deque(maxlen=MEMORY)
        self.again = Counter(self.memory)

    def forget(self) -> None:
        """End the open line and forget the lines to recognise: another program runs."""
        self.finish()
        self.memory, self.again = None, Counter()

    def resume(self, parts: list[list[Any]], end: int, at: int) -> None:
        """Set `open` to `parts`, and `end` and `at`, from another instance's state."""
        self.open = [Line(*part) for part in parts]
        self._size = sum(len(part.text) for part in self.open)
        self.end, self.at = end, at


def joined(rows: list[Row], before: RenderedLines) -> list[Line]:
    """Return the lines that the rows would become, without blank ones at the end.

    The first of them continues the line that is open in `before`, which stays as it is.
    """
    lines = RenderedLines()
    lines.resume([list(part) for part in before.open], before.end, before.at)
    count = len(rows)
    while count and not rows[count - 1].text.strip(" "):
        count -= 1
    for row in rows[:count]:
        lines.add(row)
    lines.finish()
    return lines.done


def fingerprint(text: str) -> int:
    """Return a hash by which ANT recognises a line."""
    return zlib.crc32(text.encode())
