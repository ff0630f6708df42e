"""What a dialog of an agent is about: its question is the same for all it may want."""

import unicodedata
from collections.abc import Iterable

from ant.terminal.driver import Driver
from ant.terminal.look import Look, is_border
from ant.terminal.menus import BODY

_SIDES = frozenset("│┃║╎╏┆┇┊┋")
_TOPS = frozenset("─━═▔▁╭┌┏╔╒╓")


def subject_of(look: Look, first: int, driver: Driver) -> str:
    """All that the frame of a dialog shows above its first option, at that row.

    Blanks, lines and signs are left out: where it is wrapped and what blinks beside it
    is not what it is about. A dashed line, or a box within, does not end the frame.
    Without a frame it is some rows above, but those that tell how long it works.
    """
    sided, rows = look.lines[first].lstrip()[:1] in _SIDES, list[int]()
    for row in range(first - 1, -1, -1):
        lead = look.lines[row].lstrip()[:1]
        is_top = is_border(look.lines[row]) and lead in _TOPS
        if is_top or (sided and lead not in _SIDES):
            return _inked(map(look.lines.__getitem__, rows))
        rows.insert(0, row)
    near = (row for row in rows[-BODY:] if not _is_busy(look, row, driver))
    return _inked(map(look.lines.__getitem__, near))


def _is_busy(look: Look, row: int, driver: Driver) -> bool:
    rules = (*driver.busy, *driver.status)
    return any(rule.pattern.search(look.bare[row]) for rule in rules)


def _inked(rows: Iterable[str]) -> str:
    return "".join(
        char
        for char in "".join(rows)
        if not char.isspace() and (char.isascii() or _kind(char) not in "PSC")
    )


def _kind(char: str) -> str:
    return unicodedata.category(char)[0]
