"""The draft: text that the operator has typed but not sent, in a composer or shell.

Two kinds of text are not part of it. Placeholder text, which a program shows in an
empty composer, is faint or grey. A suggestion continues behind the cursor.
"""

from collections.abc import Iterable

from ant.terminal.agents.driver import Driver
from ant.terminal.detect.composer import composer_rows, find_composer, first_row
from ant.terminal.detect.menu_rows import PROMPT_SIGN
from ant.terminal.layout.fields import text_in
from ant.terminal.screen.snapshot import ScreenSnapshot, index_at


def draft_of(snapshot: ScreenSnapshot, driver: Driver | None) -> str:
    """Return the draft in the agent's composer or behind the shell's prompt, or "".

    If no driver knows the composer, it is the text field that `find_composer` finds.
    Without one, the draft is the text behind the prompt sign on the cursor's row.
    """
    if driver is not None and driver.composer:
        return _composer_draft(snapshot, driver)
    if (field := find_composer(snapshot)) is not None:
        return text_in(snapshot, field)
    row = snapshot.cursor.row
    line = snapshot.lines[row] if row < len(snapshot.lines) else ""
    found = PROMPT_SIGN.match(line)
    return _inked(snapshot, row, found.end()) if found else ""


def _composer_draft(snapshot: ScreenSnapshot, driver: Driver) -> str:
    """Return the text of the lowest row that looks like a composer, without ghosts."""
    rows = composer_rows(snapshot, driver)
    if (composer := first_row(snapshot, rows, driver.composer)) is None:
        field = find_composer(snapshot)
        return text_in(snapshot, field) if field is not None else ""
    row, rule = composer
    found = rule.pattern.search(snapshot.bare[row])
    start = 0 if driver.draft_above or found is None else found.end()
    draft = _inked(snapshot, max(row - driver.draft_above, 0), start)
    is_ghost = any(each.pattern.fullmatch(draft) for each in driver.ghost)
    return "" if is_ghost else draft


def _inked(snapshot: ScreenSnapshot, row: int, start: int) -> str:
    """Return the text of a row from index `start` on, without its faint characters.

    On the cursor's row, the text ends at a visible cursor.
    """
    last = len(snapshot.lines[row])
    if snapshot.cursor.row == row and snapshot.cursor.visible:
        last = index_at(snapshot.lines[row], snapshot.cursor.col)
        start = min(start, last)
    chars = zip(range(start, last), snapshot.lines[row][start:last], strict=True)
    return _joined(snapshot, row, chars)


def _joined(
    snapshot: ScreenSnapshot, row: int, chars: Iterable[tuple[int, str]]
) -> str:
    """Join the characters that are not faint; strip blanks and frame sides."""
    kept = (char for at, char in chars if not snapshot.style_at(row, at).is_faint)
    return "".join(kept).strip(" │┃\u200b\xa0")
