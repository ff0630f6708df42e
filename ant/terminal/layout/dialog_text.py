"""The text above a menu, a row of buttons or a field: its question and its excerpt."""

import re
from collections.abc import Sequence

from ant.terminal.screen.snapshot import ScreenSnapshot, is_border, paragraph_above

_HINTED = re.compile(
    r"\s*›.*$|\s*[(\[‹](?=[^)\]›]*(arrow|space|enter|press|use|type|↑|↓|move))"
    r"[^)\]›]*[)\]›]\s*$",
    re.IGNORECASE,
)
"""A hint behind a question, such as `(use arrow keys)`."""

_SIGN = re.compile(r"^\s*[?❔✔◆◇▲■›⏺•✦●!]\s+|^\s*\[\?\]\s+")
"""A sign before a question."""

BODY = 16
"""The most rows above a menu that belong to its text."""


def question_above(snapshot: ScreenSnapshot, row: int) -> str:
    """Return the nearest question above `row`, else the text right above it."""
    rows = list(paragraph_above(snapshot, row))
    text = _sentence(snapshot, rows)
    if not text.endswith(("?", ":")):
        for each in range((rows or [row])[-1] - 1, top_of(snapshot, row) - 1, -1):
            if not any(line.strip() for line in snapshot.bare[each : each + 3]):
                break
            if "?" in snapshot.bare[each]:
                return _sentence(snapshot, list(paragraph_above(snapshot, each + 1)))
    return text


def _sentence(snapshot: ScreenSnapshot, rows: Sequence[int]) -> str:
    """Return the last question in these rows, else their whole text.

    `rows` are numbers, from the lowest row upwards.
    """
    text = " ".join(snapshot.bare[each].strip() for each in reversed(rows))
    text = _SIGN.sub("", _HINTED.sub("", text))
    sentences = re.split(r"(?<=[.!?])\s+(?=[A-Z\"'])", text)
    asking = [each for each in sentences if each.rstrip(" …›»").endswith("?")]
    return _SIGN.sub("", (asking or [text])[-1]).strip(" …›»")


def excerpt(snapshot: ScreenSnapshot, first: int, last: int) -> str:
    """Return the text of rows `first` to `last`, without the sides of a box."""
    rows = (snapshot.bare[row].rstrip() for row in range(first, last + 1))
    return "\n".join(rows).strip("\n")


def top_of(snapshot: ScreenSnapshot, first: int) -> int:
    """Return the first row of the text that belongs to a menu whose options begin at
    row `first`: below the nearest border, at most `BODY` rows up."""
    for row in range(first - 1, max(first - BODY, -1), -1):
        if is_border(snapshot.lines[row]):
            return row + 1
    return max(first - BODY, 0)


def is_full(snapshot: ScreenSnapshot) -> bool:
    """Whether text fills the screen from its first row to its last."""
    return snapshot.last == len(snapshot.lines) - 1 and not snapshot.is_blank(0)


def is_framed(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a border is between that row and the nearest text above it."""
    while row > 0 and snapshot.is_blank(row - 1):
        row -= 1
        if is_border(snapshot.lines[row]):
            return True
    return False
