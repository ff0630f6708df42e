"""Tables and colours on standard output."""

import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Final

import click

from ant.cli.runner import Safe, printable

COLOURS: Final = {
    "waiting": "yellow",
    "error": "red",
    "busy": "cyan",
    "ready": "green",
    "running": "green",
    "lost": "red",
    "ok": "green",
    "warning": "yellow",
    "problem": "red",
}
"""The colour of a cell with one of these states."""


def has_colours() -> bool:
    """Whether standard output is a terminal on which `NO_COLOR` forbids no colours."""
    is_plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not is_plain


def table(rows: Iterable[tuple[str, ...]]) -> Iterator[Safe]:
    """The lines of a table with aligned columns. Cells that name a state get a colour.

    A cell is printed on one line, whatever it has.
    """
    cells = [tuple(printable(" ".join(cell.split("\n"))) for cell in r) for r in rows]
    widths = [max(map(width, column)) for column in zip(*cells, strict=True)]
    colours = COLOURS if has_colours() else {}
    for row in cells:
        line = ""
        for cell, room in zip(row, widths, strict=True):
            pad = " " * (room - width(cell) + 2)
            colour = colours.get(cell)
            line += (click.style(cell, fg=colour) if colour else cell) + pad
        yield Safe(line.rstrip())


def width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )
