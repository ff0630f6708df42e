"""Blocks of consecutive lines as they are stored: one text, and spans of the lines."""

from array import array
from collections.abc import Iterator, Sequence

import attrs

from ant.model.sessions import SessionId
from ant.terminal.render.rows import Line

SMALL, LARGE = "I", "Q"
"""Array types of 4 and 8 bytes: a line that stays on the screen for long may span more
than 4 GiB of output."""

FIELDS = 3
"""Numbers of a line in `spans`: offsets less `start`, and the time less `since`."""


@attrs.frozen
class LineBlock:
    """`count` consecutive lines from number `first` on.

    They were drawn by the bytes from `start` to `stop`, at times from `since` to
    `until` in milliseconds since 1970.
    """

    session_id: SessionId
    first: int
    count: int
    start: int
    stop: int
    since: int
    until: int
    text: str
    spans: bytes

    @classmethod
    def of(
        cls, session_id: SessionId, first: int, lines: Sequence[Line]
    ) -> "LineBlock":
        """A block of at least one line."""
        starts = [line.start for line in lines]
        stops = [line.end for line in lines]
        times = [line.at for line in lines]
        start, stop = min(starts), max(stops)
        since, until = min(times), max(times)
        small = max(stop - start, until - since) < 1 << 32
        spans = array(SMALL if small else LARGE, bytes(0))
        for line in lines:
            spans.extend((line.start - start, line.end - start, line.at - since))
        text = "\n".join([line.text for line in lines])
        return cls(
            *(session_id, first, len(lines), start, stop, since, until),
            text,
            spans.tobytes(),
        )

    def lines(self) -> list[Line]:
        """All lines in order."""
        return [line for _, line in self.numbered()]

    def numbered(self) -> Iterator[tuple[int, Line]]:
        """All lines in order, each with its number."""
        size = len(self.spans) // (FIELDS * self.count)
        spans = array(SMALL if size == array(SMALL).itemsize else LARGE, self.spans)
        start, since, places = self.start, self.since, iter(spans)
        texts = enumerate(self.text.split("\n"), self.first)
        for (number, text), low, high, at in zip(
            texts, places, places, places, strict=True
        ):
            yield number, Line(text, start + low, start + high, since + at)
