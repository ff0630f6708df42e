"""A terminal's transcript as an asciicast, version 3; pure: chunks in, lines out.

Output is cut at characters, bytes that are no UTF-8 become U+FFFD (within an escape
sequence that is not what a terminal makes of them); a character that has not ended by
the last byte is not shown, as no terminal shows it. Times are those at which chunks
were stored, so they are exact to a quarter of a second.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import attrs

from ant.recording.size_timeline import SizeChange
from ant.terminal.buffer.tail import decode

VERSION = 3


@attrs.frozen
class Piece:
    """Terminal bytes, and when they were stored; `offset` is that of the first."""

    offset: int
    at: datetime
    data: bytes


@attrs.frozen
class Marker:
    """Something to find again: a prompt, an answer. It stands after `offset`."""

    offset: int
    label: str


def header(cols: int, rows: int, started: datetime, title: str) -> dict[str, Any]:
    """The first line."""
    return {
        "version": VERSION,
        "term": {"cols": cols, "rows": rows, "type": "xterm-256color"},
        "timestamp": int(started.timestamp()),
        "title": title,
    }


def events(
    pieces: Iterable[Piece], sizes: Iterable[SizeChange], marks: Iterable[Marker]
) -> Iterator[list[Any]]:
    """The other lines: seconds since the line before, kind, data.

    At one offset sizes come first, then marks in the order in which they are given.
    """
    turns = sorted(
        [(size.offset, "r", f"{size.cols}x{size.rows}") for size in sizes]
        + [(mark.offset, "m", mark.label) for mark in marks],
        key=lambda turn: turn[0],
    )
    last: datetime | None = None
    held, gap = b"", 0.0
    for piece in pieces:
        gap += max((piece.at - last).total_seconds(), 0.0) if last else 0.0
        last, at = piece.at, piece.offset
        data = piece.data
        while turns and turns[0][0] <= at + len(data):
            offset, kind, text = turns.pop(0)
            before, data = data[: max(offset - at, 0)], data[max(offset - at, 0) :]
            at += len(before)
            shown, held = _text(held + before)
            if shown:
                yield [round(gap, 6), "o", shown]
                gap = 0.0
            yield [round(gap, 6), kind, text]
            gap = 0.0
        shown, held = _text(held + data)
        if shown:
            yield [round(gap, 6), "o", shown]
            gap = 0.0
    for _, kind, text in turns:
        yield [0.0, kind, text]


def _text(data: bytes) -> tuple[str, bytes]:
    text, used = decode(data)
    return text, data[used:]
