"""What somebody has begun to type where text would go: a composer, a command line.

A ghost text, which a program shows where nothing is typed, is faint or grey and no
draft; a suggestion that goes on behind the cursor is none either.
"""

import re
from collections.abc import Iterable

from ant.terminal.agents.driver import Driver
from ant.terminal.screen.snapshot import ScreenSnapshot, index_at

_PROMPT = re.compile(r".*?[$#%❯›»➜λ>](?:\s|$)")


def draft_of(snapshot: ScreenSnapshot, driver: Driver | None) -> str:
    """What stands in the composer of an agent, or behind the prompt of a shell."""
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
    found = _PROMPT.match(line)
    if found is None:
        return ""
    return _inked(snapshot, row, found.end())


def _inked(snapshot: ScreenSnapshot, row: int, start: int) -> str:
    """The text of a row from an index on that is not faint, without blanks around."""
    last = len(snapshot.lines[row])
    if snapshot.cursor.row == row and snapshot.cursor.visible:
        last = index_at(snapshot.lines[row], snapshot.cursor.col)
        start = min(start, last)
    chars = zip(range(start, last), snapshot.lines[row][start:last], strict=True)
    return _joined(snapshot, row, chars)


def _joined(
    snapshot: ScreenSnapshot, row: int, chars: Iterable[tuple[int, str]]
) -> str:
    kept = (char for at, char in chars if not snapshot.style_at(row, at).is_faint)
    return "".join(kept).strip(" │┃\u200b\xa0")
