"""When a screen last changed, but for a cursor that the program draws itself.

Such a cursor blinks for ever, also while the program waits for its operator. Nothing
else that a program redraws counts as quiet.

A row that turns is the opposite: a number that counts, a bar that fills, a sign that
spins. It shows work for a while, also between two of its steps.
"""

import re
from itertools import zip_longest

from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.screen.style import PLAIN, Rows, Run, Style

TURN_S = 4.0
"""Seconds for which a row that has turned shows work: a step may take two or three."""

CELLS = 2
"""The least separators in a row of a status, which may have a clock at rest."""

_BLANK = " ", PLAIN
_CELL = re.compile(r"\s[│|·•]\s")
_TURNS = re.compile(r"\d+|[^\w\s]+|_+")
"""What may turn: numbers, and signs that are no words."""


class LastChange:
    """Compares each snapshot with the one before.

    A change that was undone between two snapshots is not seen. ANT takes one after each
    pause in the output, and four a second while it does not pause.
    """

    def __init__(self) -> None:
        self._shown: ScreenSnapshot | None = None
        self._at = 0.0
        self._turned = -1, 0.0
        """The row that turned last, and when."""

    def quiet_s(self, snapshot: ScreenSnapshot, at: float) -> float:
        """Return the seconds without a change, at least those without output.

        The snapshot was made `at` (monotonic seconds).
        """
        before, self._shown = self._shown, snapshot
        if before is None or not _is_same(before, snapshot):
            self._at = at - snapshot.quiet_s
            turned = -1 if before is None else _turned(before, snapshot)
            self._turned = turned, self._at
        return max(at - self._at, snapshot.quiet_s)

    def turned(self, at: float) -> int | None:
        """Return the row that has turned in the last `TURN_S`, or None.

        It was the last change. A row of cells does not count.
        """
        row, since = self._turned
        return row if row >= 0 and at - since < TURN_S else None


def _is_same(before: ScreenSnapshot, after: ScreenSnapshot) -> bool:
    if before.rows == after.rows:
        return True
    places = [(each.cursor.row, each.cursor.col) for each in (before, after)]
    return places[0] == places[1] and _blinks(before.rows, after.rows)


def _turned(before: ScreenSnapshot, after: ScreenSnapshot) -> int:
    """Return the only row that differs in text, if it has turned; else -1."""
    if len(before.lines) != len(after.lines):
        return -1
    pairs = enumerate(zip(before.lines, after.lines, strict=True))
    changed = [(row, was, now) for row, (was, now) in pairs if was != now]
    if len(changed) != 1:
        return -1
    row, was, now = changed[0]
    is_turned = bool(was and now) and _words(was) == _words(now)
    return row if is_turned and len(_CELL.findall(now)) < CELLS else -1


def _words(line: str) -> list[str]:
    return _TURNS.sub(" ", line).split()


def _blinks(before: Rows, after: Rows) -> bool:
    """Whether two screens differ in the background of one character only."""
    if len(before) != len(after):
        return False
    changed = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    if len(changed) != 1:
        return False
    one, other = changed[0]
    cells = zip_longest(_cells(one), _cells(other), fillvalue=_BLANK)
    odd = [(a, b) for a, b in cells if a != b]
    if len(odd) != 1:
        return False
    ((was, now),) = odd
    return was[0] == now[0] and _ground(was[1]) != _ground(now[1])


def _cells(row: tuple[Run, ...]) -> list[tuple[str, Style]]:
    return [(char, run.style) for run in row for char in run.text]


def _ground(style: Style) -> tuple[bool, str]:
    return style.inverse, style.bg
