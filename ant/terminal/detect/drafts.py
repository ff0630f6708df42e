"""The draft: text that the operator has typed but not sent, in a composer or shell.

Two kinds of text are not part of it. Placeholder text, which a program shows in an
empty composer, is faint or grey. A suggestion continues behind the cursor.
"""

from collections.abc import Iterable

from ant.terminal.agents.driver import Driver
from ant.terminal.detect.menus import PROMPT_SIGN
from ant.terminal.screen.snapshot import ScreenSnapshot, index_at


def draft_of(snapshot: ScreenSnapshot, driver: Driver | None) -> str:
    """Return the draft in the agent's composer or behind the shell's prompt, or "".

    If the driver has no `composer` rule, the draft is the text behind the prompt sign
    on the cursor's row.
    """
    if driver is not None and driver.composer:
        rows = range(snapshot.last, -1, -1)
        for row in [snapshot.cursor.row] if driver.inline else rows:
            for rule in driver.composer:
                if (found := rule.pattern.search(snapshot.bare[row])) is not None:
                    above = row - driver.draft_above
                    start = 0 if driver.draft_above else found.end()
                    draft = _inked(snapshot, max(above, 0), start)
                    ghosts = (each.pattern.fullmatch(draft) for each in driver.ghost)
                    return "" if any(ghosts) else draft
        return ""
    row = snapshot.cursor.row
    line = snapshot.lines[row] if row < len(snapshot.lines) else ""
    found = PROMPT_SIGN.match(line)
    if found is None:
        return ""
    return _inked(snapshot, row, found.end())


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
