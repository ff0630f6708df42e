"""When a screen last changed, but for a cursor that the program draws itself.

Such a cursor blinks for ever, also while the program waits for its operator. Nothing
else that a program redraws counts as quiet.
"""

from itertools import zip_longest

from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.screen.style import PLAIN, Rows, Run, Style

_BLANK = " ", PLAIN


class LastChange:
    """Compares each snapshot with the one before.

    A change that was undone between two snapshots is not seen. ANT takes one after each
    pause in the output, and four a second while it does not pause.
    """

    def __init__(self) -> None:
        self._rows: Rows | None = None
        self._col = 0, 0
        self._at = 0.0

    def quiet_s(self, snapshot: ScreenSnapshot, at: float) -> float:
        """Return the seconds without a change, at least those without output.

        The snapshot was made `at` (monotonic seconds).
        """
        place = snapshot.cursor.row, snapshot.cursor.col
        is_same = self._rows is not None and (
            snapshot.rows == self._rows
            or (place == self._col and _blinks(self._rows, snapshot.rows))
        )
        if not is_same:
            self._at = at - snapshot.quiet_s
        self._rows, self._col = snapshot.rows, place
        return max(at - self._at, snapshot.quiet_s)


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
