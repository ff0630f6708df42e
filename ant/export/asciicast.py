"""Converts a transcript into an asciicast, version 3. Pure: chunks in, lines out.

Output is split between characters. Bytes that are not UTF-8 become U+FFFD, also within
an escape sequence, where a terminal would treat them differently. An incomplete
character at the end is left out, as terminals do not show it. Times are those at which
chunks were stored, so they are exact to a quarter of a second.
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
    """Terminal bytes, and the time of their storage; `offset` is that of the first."""

    offset: int
    at: datetime
    data: bytes


@attrs.frozen
class Marker:
    """A marker, such as a prompt or an answer, before the byte at `offset`."""

    offset: int
    label: str


def header(cols: int, rows: int, started: datetime, title: str) -> dict[str, Any]:
    """Return the first line of a cast."""
    return {
        "version": VERSION,
        "term": {"cols": cols, "rows": rows, "type": "xterm-256color"},
        "timestamp": int(started.timestamp()),
        "title": title,
    }


def events(
    pieces: Iterable[Piece], sizes: Iterable[SizeChange], marks: Iterable[Marker]
) -> Iterator[list[Any]]:
    """Yield the other lines: seconds since the previous line, kind, data.

    At one offset, sizes come before marks, each in the given order.
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
