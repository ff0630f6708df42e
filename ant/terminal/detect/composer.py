"""Where a person writes to an agent, and whether that agent says that it works.

Rule 1: a composer is near the end of the screen; a row of the transcript that looks
like one is none.
Rule 2: what an agent says below its composer it says now. Above it, a row with a
spinner counts while nothing stands between the two but what belongs to it: a spinner
that an ended turn has left behind says nothing.
"""

import re
from collections.abc import Iterable, Sequence

from ant.terminal.agents.driver import Driver, Rule
from ant.terminal.detect.menus import is_footer
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border

BELOW = 8
"""Rows below a composer: borders, hints, a status; more of them are something else."""

NEAR = 40
"""Rows above a composer in which an agent says what it is doing: a list of what it is
to do may stand below that."""

STILL_S = 2.0
"""Quiet after which a spinner above rows of unknown text does not turn: the slowest
ones are redrawn every second."""

SPINNER = Rule("spinner", re.compile(r"^\s{0,4}[⠁-⣿] (?!Waiting for user\b)[^\W\d_]"))
"""A spinner of braille dots, as programs of any kind draw it."""

_HINT = "esc to interrupt"


def composer_of(snapshot: ScreenSnapshot, driver: Driver) -> tuple[int, Rule] | None:
    """The row in which a person writes, and the rule that knows it."""
    rows = [snapshot.cursor.row] if driver.inline else range(snapshot.last, -1, -1)
    if (found := first_row(snapshot, rows, driver.composer)) is None:
        return None
    row, _ = found
    if sum(not snapshot.is_blank(r) for r in range(row + 1, snapshot.last + 1)) > BELOW:
        return None  # A line of the transcript that looks like it.
    if driver.boxed and not (row and is_border(snapshot.lines[row - 1])):
        return None
    return found


def first_row(
    snapshot: ScreenSnapshot, rows: Iterable[int], rules: Sequence[Rule]
) -> tuple[int, Rule] | None:
    """The first of these rows that one of the rules knows, and that rule."""
    for row in rows:
        for rule in rules:
            if rule.pattern.search(snapshot.bare[row]):
                return row, rule
    return None


def find_busy(
    snapshot: ScreenSnapshot, driver: Driver, composer: int | None
) -> tuple[int, str] | None:
    """The row that says that the agent works, and the id of its rule."""
    top = snapshot.last + 1 if composer is None else composer
    for row in (
        range(snapshot.last, top, -1) if composer is None else _status(snapshot, top)
    ):
        if (found := first_row(snapshot, [row], driver.status)) is not None:
            return row, found[1].id
        if driver.status and _is_cut(snapshot, row):
            return row, driver.status[0].id
    return _spinner(snapshot, driver, top, composer is not None)


def find_spinner(snapshot: ScreenSnapshot, row: int) -> int | None:
    """The row right above that one, but for blank ones, if a spinner stands there."""
    row -= 1
    while row >= 0 and snapshot.is_blank(row):
        row -= 1
    is_turning = row >= 0 and SPINNER.pattern.search(snapshot.bare[row])
    return row if is_turning else None


def _status(snapshot: ScreenSnapshot, composer: int) -> Iterable[int]:
    """The rows below what is written in the composer, from the lowest one up."""
    first = composer + 1
    while first <= snapshot.last and not snapshot.is_blank(first):
        first += 1
    return range(snapshot.last, first, -1)


def _spinner(
    snapshot: ScreenSnapshot, driver: Driver, top: int, has_composer: bool
) -> tuple[int, str] | None:
    """The spinner nearest above that row, unless its turn is over."""
    ends = (*driver.ended, *driver.reply)
    passed: list[int] = []
    for row in range(top - 1, max(top - 1 - NEAR, -1), -1):
        if snapshot.is_blank(row):
            continue
        found = first_row(snapshot, [row], (*driver.busy, SPINNER))
        if found is None and first_row(snapshot, [row], ends) is not None:
            return None
        if found is None and not has_composer:
            found = first_row(snapshot, [row], driver.status)
        if found is not None:
            over = any(each <= _indent(snapshot, row) for each in passed)
            is_over = over and snapshot.quiet_s >= STILL_S
            return None if is_over else (row, found[1].id)
        neutral = first_row(snapshot, [row], driver.ready) is not None
        if not (neutral or (not has_composer and is_footer(snapshot, row))):
            passed.append(_indent(snapshot, row))
    return None


def _indent(snapshot: ScreenSnapshot, row: int) -> int:
    line = snapshot.bare[row]
    return len(line) - len(line.lstrip())


def _is_cut(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a row ends in what the width has left of the hint to interrupt."""
    line = snapshot.bare[row].rstrip()
    is_full = len(line) >= snapshot.cols - 2 or line.endswith("…")
    tail = line.rstrip("….").lower()
    at = tail.rfind("esc")
    is_word = at == 0 or (at > 0 and not tail[at - 1].isalnum())
    return is_full and is_word and _HINT.startswith(tail[at:])
