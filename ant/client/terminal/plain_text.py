"""Terminal bytes as lines of text, piece by piece as they come."""

from collections.abc import Iterator

import attrs

from ant.terminal.screen.strip_escapes import strip

LONGEST = 64 << 10
"""Bytes of a line that has no end yet: a longer one is printed in parts, so that a
program without newlines takes no memory."""


@attrs.frozen
class PlainLine:
    """A line without escape sequences, and the offset of its first byte."""

    offset: int
    text: str


@attrs.define
class Lines:
    """Makes lines of the bytes that it is fed.

    A line ends at its newline, so an escape sequence or a character that two pieces
    share is seen whole.
    """

    _rest: bytes = b""
    _offset: int = 0

    def feed(self, offset: int, data: bytes) -> Iterator[PlainLine]:
        """The lines that these bytes complete, without their ends."""
        if not self._rest:
            self._offset = offset
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest
        for each in whole:
            yield PlainLine(self._offset, strip(each + b"\n").rstrip("\n"))
            self._offset += len(each) + 1
        if len(self._rest) > LONGEST:
            yield from self.end()

    def end(self) -> Iterator[PlainLine]:
        """What is left of a line without an end; no bytes stay behind."""
        if self._rest:
            yield PlainLine(self._offset, strip(self._rest))
            self._offset += len(self._rest)
            self._rest = b""

    @property
    def partial(self) -> str:
        """The text of the line that has no end yet."""
        return strip(self._rest)
