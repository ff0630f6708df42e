"""The subject of a prompt: the command, file or text that it asks about.

Agents ask the same question for every command, so the subject is part of a prompt's
fingerprint. It leaves out everything that is redrawn while the prompt stays the same.
"""

import re
import unicodedata
from collections.abc import Iterable

from ant.terminal.agents.driver import Driver
from ant.terminal.detect.composer import SPINNER, first_row
from ant.terminal.layout.dialog_text import BODY
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border, width

_SIDES = frozenset("│┃║╎╏┆┇┊┋")
"""Characters of the sides of a frame."""

_TOPS = frozenset("─━═▔▁╭┌┏╔╒╓")
"""Characters that begin a solid top border."""

_TICKS = re.compile(r"^[|/\\-] |\d+([.:]\d+)*(?=\s?(%|m?s\b))|\d+(:\d\d)+")
"""A spinner, a percentage, a duration or a clock."""

ABOVE = 5
"""Lines above a prompt that are its subject, if it is not a dialog of a known agent."""


def subject_of(snapshot: ScreenSnapshot, first: int, driver: Driver) -> str:
    """Return the text in a dialog's frame above its first option, at row `first`.

    The text leaves out blank rows, borders and symbols: they depend on where the text
    wraps and on what blinks beside it. The frame ends at a solid top border, or, if it
    has sides, at the first row without them. A dashed line or an inner box does not end
    it. Without a frame, the text is up to `BODY` rows above, except `busy` and `status`
    rows, which show how long the agent has been working.
    """
    sided, rows = snapshot.lines[first].lstrip()[:1] in _SIDES, list[int]()
    for row in range(first - 1, -1, -1):
        lead = snapshot.lines[row].lstrip()[:1]
        is_top = is_border(snapshot.lines[row]) and lead in _TOPS
        if is_top or (sided and lead not in _SIDES):
            return _text(map(snapshot.lines.__getitem__, rows))
        rows.insert(0, row)
    near = (row for row in rows[-BODY:] if not _is_busy(snapshot, row, driver))
    return _text(map(snapshot.lines.__getitem__, near))


def lines_above(snapshot: ScreenSnapshot, first: int) -> str:
    """Return the text of up to `ABOVE` lines above row `first`.

    A wrapped line counts once, as a whole. Spinners are left out, and so are clocks and
    percentages: they change while the subject stays the same.
    """
    found, row = list[str](), first
    while row > 0 and len(found) < ABOVE:
        row -= 1
        if snapshot.is_blank(row) or SPINNER.pattern.search(snapshot.bare[row]):
            continue
        text = snapshot.lines[row]
        while (
            row
            and width(snapshot.lines[row - 1]) == snapshot.cols
            and not snapshot.is_blank(row - 1)
        ):
            row -= 1
            text = snapshot.lines[row] + text
        found.insert(0, _TICKS.sub("", _text([text])))
    return "\n".join(filter(None, found))


def _is_busy(snapshot: ScreenSnapshot, row: int, driver: Driver) -> bool:
    return first_row(snapshot, [row], (*driver.busy, *driver.status)) is not None


def _text(rows: Iterable[str]) -> str:
    """Return the text of these rows without symbols, joined by spaces.

    A non-ASCII symbol, punctuation or control character becomes a space. Spaces within
    a row stay, because they may distinguish two subjects.
    """
    texts = (
        "".join(
            char if char.isascii() or _kind(char) not in "PSC" else " " for char in row
        ).strip()
        for row in rows
    )
    return " ".join(filter(None, texts))


def _kind(char: str) -> str:
    return unicodedata.category(char)[0]
