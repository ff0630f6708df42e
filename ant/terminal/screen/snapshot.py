"""One look at a terminal: rows, cursor, line discipline, and how quiet it is.

All that is held true of a program comes from looks; they hold no secrets of a screen
library, so one can be made of a recording as well.
"""

import functools
import re
import unicodedata
from collections.abc import Iterator

import attrs

from ant.terminal.model.tty import Tty
from ant.terminal.screen.modes import Cursor, Modes
from ant.terminal.screen.style import PLAIN, Rows, Style

_SIDE = "│┃║╎╏┆┇┊┋|"
_LEFT = re.compile(rf"(\s*[{re.escape(_SIDE)}]){{1,2}}")
_RULE = re.compile(r"[\s─-╿▀-▟▲▼△▽\-=_~·.⎯]*")
_BORDER = re.compile(r"[─━═▔▁╌┄┈⎯]{3}|[-=_]{5}")
_TITLED = re.compile(r"\s*[┌┏╔╭├┠╟╒╓+][─━═┄\-].*|.*[─━═]{10}.*")
_NO_WIDTH = frozenset(["Mn", "Me", "Cf"])

CHARACTERS = 4096
"""Characters whose width is remembered: a screen has the same few again and again."""

WRAPPED = 4
"""Rows over which one line at the cursor may go."""


@attrs.frozen
class ScreenSnapshot:
    """What is there after the byte before `end`, `quiet_s` seconds after it came.

    `tty` is None where nobody can tell, as for a transcript of another machine. `last`
    is the last row that has anything on it, -1 on a blank screen.
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

    def __attrs_post_init__(self) -> None:
        lines = tuple("".join(run.text for run in row).rstrip() for row in self.rows)
        object.__setattr__(self, "lines", lines)
        object.__setattr__(self, "bare", tuple(map(without_sides, lines)))
        last = next((row for row in reversed(range(len(lines))) if lines[row]), -1)
        object.__setattr__(self, "last", last)

    @property
    def takes_lines(self) -> bool:
        """Whether the program is given whole lines, so that no key of its moves."""
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
        """As `typed_at`, with the rows above that were full before it went on there."""
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
        """The style of the character with that index in its row."""
        for run in self.rows[row]:
            if index < len(run.text):
                return run.style
            index -= len(run.text)
        return PLAIN

    def is_blank(self, row: int) -> bool:
        """Whether nothing but a border is on that row."""
        return is_rule(self.lines[row])


def index_at(line: str, col: int) -> int:
    """Which character of a line is at that column; wide ones take two."""
    at = 0
    for index, char in enumerate(line):
        if at >= col and width(char):
            return index
        at += width(char)
    return len(line)


def width(text: str) -> int:
    """How many columns a text takes: two for a wide character, none for an accent."""
    return len(text) if text.isascii() else sum(map(_width, text))


@functools.lru_cache(CHARACTERS)
def _width(char: str) -> int:
    if unicodedata.category(char) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def without_sides(line: str) -> str:
    """The line with blanks for the sides of a box it stands in."""
    left = _LEFT.match(line)
    if left is not None:
        line = " " * left.end() + line[left.end() :]
    line = line.rstrip()
    for _ in range(2):  # No pattern: it would try each blank of a wide box.
        if line.endswith(tuple(_SIDE)):
            line = line[:-1].rstrip()
    return line


def is_border(line: str) -> bool:
    """Whether a line is a horizontal border."""
    return is_rule(line) and bool(_BORDER.search(line))


def is_rule(line: str) -> bool:
    """Whether a line is blank or a border, a titled top border too."""
    return bool(_RULE.fullmatch(line) or _TITLED.fullmatch(line))


def paragraph_above(snapshot: ScreenSnapshot, row: int, most: int = 6) -> Iterator[int]:
    """The rows of the nearest text above `row`, from the lowest upwards."""
    at = row - 1
    while at >= 0 and snapshot.is_blank(at) and row - at <= 3:
        at -= 1
    floor = at - most
    while at > floor and at >= 0 and not snapshot.is_blank(at):
        if not snapshot.bare[at].strip():
            return
        yield at
        at -= 1
