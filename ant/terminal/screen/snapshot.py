"""A screen snapshot: rows, cursor, modes, line discipline and time without output.

ANT computes every verdict from a snapshot. A snapshot holds no object of a screen
library, so a test can also make one from a recording.
"""

import functools
import re
from collections.abc import Iterator

import attrs

from ant.terminal.model.tty import Tty
from ant.terminal.screen.char_width import char_width
from ant.terminal.screen.modes import Cursor, Modes
from ant.terminal.screen.style import PLAIN, Rows, Style

_SIDE = "│┃║╎╏┆┇┊┋|"
_LEFT = re.compile(rf"(\s*[{re.escape(_SIDE)}]){{1,2}}")
_RULE = re.compile(r"[\s─-╿▀-▟▲▼△▽\-=_~·.⎯]*")
_BORDER = re.compile(r"[─━═▔▁╌┄┈⎯]{3}|[-=_]{5}")
_TITLED = re.compile(r"\s*[┌┏╔╭├┠╟╒╓+][─━═┄\-].*|.*[─━═]{10}.*")

ROWS = 1024
"""Rows of which ANT keeps what they are, such as a border or a hint: those of some
screens. Most rows of a screen are the same at the next look."""

WRAPPED = 4
"""The most rows above the cursor that are part of its line."""


@attrs.frozen
class ScreenSnapshot:
    """The screen after the output up to offset `end`, `quiet_s` seconds later.

    Of a terminal that runs, it is the time since the screen last changed, but for a
    cursor that the program draws (`LastChange`). It is 0 while a row shows work.

    `tty` is None if the line discipline is unknown, as for a transcript of another
    machine. `lines` are the rows as text, `bare` the same without the sides of boxes.
    `last` is the index of the last row with text, -1 on a blank screen. `blanks` tells
    of each row whether it is blank or only a border.
    """

    rows: Rows
    cursor: Cursor
    modes: Modes
    tty: Tty | None
    quiet_s: float
    end: int
    cols: int
    lines: tuple[str, ...] = attrs.field(init=False)
    bare: tuple[str, ...] = attrs.field(init=False)
    last: int = attrs.field(init=False)
    blanks: tuple[bool, ...] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        lines = tuple("".join(run.text for run in row).rstrip() for row in self.rows)
        object.__setattr__(self, "lines", lines)
        object.__setattr__(self, "bare", tuple(map(without_sides, lines)))
        object.__setattr__(self, "blanks", tuple(map(is_rule, lines)))
        last = next((row for row in reversed(range(len(lines))) if lines[row]), -1)
        object.__setattr__(self, "last", last)

    @property
    def takes_lines(self) -> bool:
        """Whether the program reads whole lines, so that it gets no single key."""
        return self.tty is not None and self.tty.canonical

    @property
    def typed_at(self) -> str:
        """The text on the cursor's row, up to the cursor."""
        if self.cursor.row >= len(self.lines):
            return ""
        line = self.lines[self.cursor.row]
        typed = line[: index_at(line, self.cursor.col)]
        return typed + " " if 0 < width(typed) < self.cursor.col else typed

    @property
    def typed_line(self) -> str:
        """Like `typed_at`, with the full rows above: the line wraps at them."""
        text, row = self.typed_at, self.cursor.row
        for above in reversed(self.lines[max(row - WRAPPED, 0) : row]):
            if (wide := width(above)) < self.cols - 1:
                break
            text = above + " " * (self.cols - wide) + text
        return text

    @property
    def typed_row(self) -> int:
        """The row on which `typed_line` begins."""
        row = self.cursor.row
        top = max(row - WRAPPED, 0)
        while row > top and width(self.lines[row - 1]) >= self.cols - 1:
            row -= 1
        return row

    def style_at(self, row: int, index: int) -> Style:
        """Return the style of the character at that index of a row."""
        for run in self.rows[row]:
            if index < len(run.text):
                return run.style
            index -= len(run.text)
        return PLAIN

    def is_blank(self, row: int) -> bool:
        """Whether a row is blank or only a border."""
        return self.blanks[row]

    def text_row_above(self, row: int) -> int:
        """Return the nearest row with text above `row`, or -1."""
        return next((each for each in range(row)[::-1] if not self.blanks[each]), -1)


def index_at(line: str, col: int) -> int:
    """Return the index of the character at a column; wide ones take two columns."""
    at = 0
    for index, char in enumerate(line):
        if at >= col and width(char):
            return index
        at += width(char)
    return len(line)


def width(text: str) -> int:
    """Return the columns of a text: two for a wide character, none for an accent."""
    return len(text) if text.isascii() else sum(map(char_width, text))


@functools.lru_cache(ROWS)
def without_sides(line: str) -> str:
    """Replace the sides of a box around a line by blanks, and a scroll bar's thumb."""
    if not line:
        return line
    left = _LEFT.match(line)
    if left is not None:
        line = " " * left.end() + line[left.end() :]
    line = line.rstrip()
    for _ in range(2):  # A pattern would backtrack over the blanks of a wide box.
        if line.endswith(tuple(_SIDE)):
            line = line[:-1].rstrip()
    return line[:-1].rstrip() if line.endswith("  █") else line


def is_border(line: str) -> bool:
    """Whether a line is a horizontal border."""
    return bool(line and _BORDER.search(line)) and is_rule(line)


@functools.lru_cache(ROWS)
def is_rule(line: str) -> bool:
    """Whether a line is blank or a border, with or without a title."""
    return not line or bool(_RULE.fullmatch(line) or _TITLED.fullmatch(line))


def paragraph_above(snapshot: ScreenSnapshot, row: int, most: int = 6) -> Iterator[int]:
    """Yield the rows of the nearest text above `row`, from the lowest upwards.

    Up to three blank rows may separate the two. At most `most` rows are yielded.
    """
    at = row - 1
    while at >= 0 and snapshot.is_blank(at) and row - at <= 3:
        at -= 1
    floor = at - most
    while at > floor and at >= 0 and not snapshot.is_blank(at):
        if not snapshot.bare[at].strip():
            return
        yield at
        at -= 1
