"""What somebody has begun to type where text would go: a composer, a command line.

A ghost text, which a program shows where nothing is typed, is faint or grey and no
draft; a suggestion that goes on behind the cursor is none either.
"""

import re
from collections.abc import Iterable

from ant.terminal.agents.driver import Driver
from ant.terminal.screen.snapshot import ScreenSnapshot, index_at

_PROMPT = re.compile(r".*?[$#%❯›»➜λ>](?:\s|$)")


def draft_of(look: ScreenSnapshot, driver: Driver | None) -> str:
    """What stands in the composer of an agent, or behind the prompt of a shell."""
    if driver is not None and driver.composer:
        rows = range(look.last, -1, -1)
        for row in [look.cursor.row] if driver.inline else rows:
            for rule in driver.composer:
                if (found := rule.pattern.search(look.bare[row])) is not None:
                    above = row - driver.draft_above
                    start = 0 if driver.draft_above else found.end()
                    draft = _inked(look, max(above, 0), start)
                    ghosts = (each.pattern.fullmatch(draft) for each in driver.ghost)
                    return "" if any(ghosts) else draft
        return ""
    row = look.cursor.row
    line = look.lines[row] if row < len(look.lines) else ""
    found = _PROMPT.match(line)
    if found is None:
        return ""
    return _inked(look, row, found.end())


def _inked(look: ScreenSnapshot, row: int, start: int) -> str:
    """The text of a row from an index on that is not faint, without blanks around."""
    last = len(look.lines[row])
    if look.cursor.row == row and look.cursor.visible:
        last = index_at(look.lines[row], look.cursor.col)
        start = min(start, last)
    chars = zip(range(start, last), look.lines[row][start:last], strict=True)
    return _joined(look, row, chars)


def _joined(look: ScreenSnapshot, row: int, chars: Iterable[tuple[int, str]]) -> str:
    kept = (char for at, char in chars if not look.style_at(row, at).is_faint)
    return "".join(kept).strip(" │┃\u200b\xa0")
