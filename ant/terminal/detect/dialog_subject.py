"""What a dialog is about: its question is the same for all it may want."""

import re
import unicodedata
from collections.abc import Iterable

from ant.terminal.agents.driver import Driver
from ant.terminal.detect.composer import SPINNER
from ant.terminal.detect.menus import BODY
from ant.terminal.screen.snapshot import ScreenSnapshot, is_border, width

_SIDES = frozenset("│┃║╎╏┆┇┊┋")
_TOPS = frozenset("─━═▔▁╭┌┏╔╒╓")
_TICKS = re.compile(r"^[|/\\-] |\d+([.:]\d+)*(?=\s?(%|m?s\b))|\d+(:\d\d)+")

ABOVE = 5
"""Lines above a prompt that are its subject where no driver tells what that is."""


def subject_of(snapshot: ScreenSnapshot, first: int, driver: Driver) -> str:
    """All that the frame of a dialog shows above its first option, at that row.

    Blank rows, lines and signs are left out: where it is wrapped between words and what
    blinks beside it is not what it is about. A dashed line, or a box within, does not
    end the frame. Without a frame it is some rows above, but those that tell how long
    it works.
    """
    sided, rows = snapshot.lines[first].lstrip()[:1] in _SIDES, list[int]()
    for row in range(first - 1, -1, -1):
        lead = snapshot.lines[row].lstrip()[:1]
        is_top = is_border(snapshot.lines[row]) and lead in _TOPS
        if is_top or (sided and lead not in _SIDES):
            return _inked(map(snapshot.lines.__getitem__, rows))
        rows.insert(0, row)
    near = (row for row in rows[-BODY:] if not _is_busy(snapshot, row, driver))
    return _inked(map(snapshot.lines.__getitem__, near))


def lines_above(snapshot: ScreenSnapshot, first: int) -> str:
    """The nearest lines above that row, whole where they are wrapped, but spinners.

    What counts time or percents in them is left out, as it is no other subject.
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
        found.insert(0, _TICKS.sub("", _inked([text])))
    return "\n".join(filter(None, found))


def _is_busy(snapshot: ScreenSnapshot, row: int, driver: Driver) -> bool:
    rules = (*driver.busy, *driver.status)
    return any(rule.pattern.search(snapshot.bare[row]) for rule in rules)


def _inked(rows: Iterable[str]) -> str:
    """The text of these rows; blanks within a row are kept, since they tell apart."""
    texts = (
        "".join(
            char if char.isascii() or _kind(char) not in "PSC" else " " for char in row
        ).strip()
        for row in rows
    )
    return " ".join(filter(None, texts))


def _kind(char: str) -> str:
    return unicodedata.category(char)[0]
