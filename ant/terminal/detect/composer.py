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


def composer_of(look: ScreenSnapshot, driver: Driver) -> tuple[int, Rule] | None:
    """The row in which a person writes, and the rule that knows it."""
    rows = [look.cursor.row] if driver.inline else range(look.last, -1, -1)
    if (found := first_row(look, rows, driver.composer)) is None:
        return None
    row, _ = found
    if sum(not look.is_blank(r) for r in range(row + 1, look.last + 1)) > BELOW:
        return None  # A line of the transcript that looks like it.
    if driver.boxed and not (row and is_border(look.lines[row - 1])):
        return None
    return found


def first_row(
    look: ScreenSnapshot, rows: Iterable[int], rules: Sequence[Rule]
) -> tuple[int, Rule] | None:
    """The first of these rows that one of the rules knows, and that rule."""
    for row in rows:
        for rule in rules:
            if rule.pattern.search(look.bare[row]):
                return row, rule
    return None


def find_busy(
    look: ScreenSnapshot, driver: Driver, composer: int | None
) -> tuple[int, str] | None:
    """The row that says that the agent works, and the id of its rule."""
    top = look.last + 1 if composer is None else composer
    for row in range(look.last, top, -1) if composer is None else _status(look, top):
        if (found := first_row(look, [row], driver.status)) is not None:
            return row, found[1].id
        if driver.status and _is_cut(look, row):
            return row, driver.status[0].id
    return _spinner(look, driver, top, composer is not None)


def find_spinner(look: ScreenSnapshot, row: int) -> int | None:
    """The row right above that one, but for blank ones, if a spinner stands there."""
    row -= 1
    while row >= 0 and look.is_blank(row):
        row -= 1
    is_turning = row >= 0 and SPINNER.pattern.search(look.bare[row])
    return row if is_turning else None


def _status(look: ScreenSnapshot, composer: int) -> Iterable[int]:
    """The rows below what is written in the composer, from the lowest one up."""
    first = composer + 1
    while first <= look.last and not look.is_blank(first):
        first += 1
    return range(look.last, first, -1)


def _spinner(
    look: ScreenSnapshot, driver: Driver, top: int, has_composer: bool
) -> tuple[int, str] | None:
    """The spinner nearest above that row, unless its turn is over."""
    ends = (*driver.ended, *driver.reply)
    passed: list[int] = []
    for row in range(top - 1, max(top - 1 - NEAR, -1), -1):
        if look.is_blank(row):
            continue
        found = first_row(look, [row], (*driver.busy, SPINNER))
        if found is None and first_row(look, [row], ends) is not None:
            return None
        if found is None and not has_composer:
            found = first_row(look, [row], driver.status)
        if found is not None:
            over = any(each <= _indent(look, row) for each in passed)
            is_over = over and look.quiet_s >= STILL_S
            return None if is_over else (row, found[1].id)
        neutral = first_row(look, [row], driver.ready) is not None
        if not (neutral or (not has_composer and is_footer(look, row))):
            passed.append(_indent(look, row))
    return None


def _indent(look: ScreenSnapshot, row: int) -> int:
    line = look.bare[row]
    return len(line) - len(line.lstrip())


def _is_cut(look: ScreenSnapshot, row: int) -> bool:
    """Whether a row ends in what the width has left of the hint to interrupt."""
    line = look.bare[row].rstrip()
    is_full = len(line) >= look.cols - 2 or line.endswith("…")
    tail = line.rstrip("….").lower()
    at = tail.rfind("esc")
    is_word = at == 0 or (at > 0 and not tail[at - 1].isalnum())
    return is_full and is_word and _HINT.startswith(tail[at:])
