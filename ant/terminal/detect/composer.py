"""Find an agent's composer, and the row that shows that the agent is busy.

The composer is the row in which the operator writes to the agent.

Rule 1: a composer is near the end of the screen. A row further up that looks like one
is part of the transcript.
Rule 2: a `status` row below the composer is current. A spinner above the composer is
current only if the rows between the two belong to it. Otherwise an ended turn has left
it behind, and it does not count.
"""

import re
from collections.abc import Iterable, Sequence

from ant.terminal.agents.driver import Driver, Rule
from ant.terminal.detect.menus import is_footer
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border

BELOW = 8
"""The most rows with text below a composer: hints and a status. Below more of them, the
row is no composer."""

NEAR = 40
"""Rows above a composer in which ANT looks for a spinner. An agent's list of tasks may
stand between the spinner and the composer."""

STILL_S = 2.0
"""Seconds without output after which a spinner above unknown text has stopped: even the
slowest spinners are redrawn every second."""

SPINNER = Rule("spinner", re.compile(r"^\s{0,4}[⠁-⣿] (?!Waiting for user\b)[^\W\d_]"))
"""A spinner of braille dots, which many programs draw."""

_HINT = "esc to interrupt"


def composer_of(snapshot: ScreenSnapshot, driver: Driver) -> tuple[int, Rule] | None:
    """Return the composer's row and the rule that matched it, or None (rule 1)."""
    rows = [snapshot.cursor.row] if driver.inline else range(snapshot.last, -1, -1)
    if (found := first_row(snapshot, rows, driver.composer)) is None:
        return None
    row, _ = found
    if sum(not snapshot.is_blank(r) for r in range(row + 1, snapshot.last + 1)) > BELOW:
        return None  # A row of the transcript that looks like a composer.
    if driver.boxed and not (row and is_border(snapshot.lines[row - 1])):
        return None
    return found


def first_row(
    snapshot: ScreenSnapshot, rows: Iterable[int], rules: Sequence[Rule]
) -> tuple[int, Rule] | None:
    """Return the first of these rows that any rule matches, and that rule, or None."""
    for row in rows:
        for rule in rules:
            if rule.pattern.search(snapshot.bare[row]):
                return row, rule
    return None


def find_busy(
    snapshot: ScreenSnapshot, driver: Driver, composer: int | None
) -> tuple[int, str] | None:
    """Return the row that shows that the agent is busy and its rule's id, or None.

    `composer` is the composer's row, None if there is none. Rows below the composer
    come first: they match `status`, or end in the cut-off hint to interrupt. Then comes
    the spinner above (see `_spinner`).
    """
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
    """Return the nearest row with text above `row` if it is a spinner, else None."""
    row -= 1
    while row >= 0 and snapshot.is_blank(row):
        row -= 1
    has_spinner = row >= 0 and SPINNER.pattern.search(snapshot.bare[row])
    return row if has_spinner else None


def _status(snapshot: ScreenSnapshot, composer: int) -> Iterable[int]:
    """Return the rows below the composer's text, from the lowest one up.

    The text may take several rows; it ends at the first blank row or border.
    """
    first = composer + 1
    while first <= snapshot.last and not snapshot.is_blank(first):
        first += 1
    return range(snapshot.last, first, -1)


def _spinner(
    snapshot: ScreenSnapshot, driver: Driver, top: int, has_composer: bool
) -> tuple[int, str] | None:
    """Return the row and rule id of the spinner nearest above row `top`, or None.

    A row of `ended` or `reply` below the spinner means that the turn is over. So does
    other text below it that is not indented further than the spinner, once the screen
    has been quiet for `STILL_S`. Rows of `ready` do not count as text. Without a
    composer, `status` rows are spinners too, and hints do not count as text.
    """
    ends = (*driver.ended, *driver.reply)
    indents: list[int] = []
    for row in range(top - 1, max(top - 1 - NEAR, -1), -1):
        if snapshot.is_blank(row):
            continue
        found = first_row(snapshot, [row], (*driver.busy, SPINNER))
        if found is None and first_row(snapshot, [row], ends) is not None:
            return None
        if found is None and not has_composer:
            found = first_row(snapshot, [row], driver.status)
        if found is not None:
            has_text = any(each <= _indent(snapshot, row) for each in indents)
            is_over = has_text and snapshot.quiet_s >= STILL_S
            return None if is_over else (row, found[1].id)
        neutral = first_row(snapshot, [row], driver.ready) is not None
        if not (neutral or (not has_composer and is_footer(snapshot, row))):
            indents.append(_indent(snapshot, row))
    return None


def _indent(snapshot: ScreenSnapshot, row: int) -> int:
    line = snapshot.bare[row]
    return len(line) - len(line.lstrip())


def _is_cut(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a full row ends in the beginning of `esc to interrupt`, cut off there."""
    line = snapshot.bare[row].rstrip()
    is_full = len(line) >= snapshot.cols - 2 or line.endswith("…")
    tail = line.rstrip("….").lower()
    at = tail.rfind("esc")
    is_word = at == 0 or (at > 0 and not tail[at - 1].isalnum())
    return is_full and is_word and _HINT.startswith(tail[at:])
