r"""Find texts in terminal output as it arrives, and the offset after each match.

Rule 1: the text is what the program printed, without escape sequences and control
characters. It is not the screen: text that the program drew over is found, too.
Rule 2: a match lies within one line. A carriage return and a sequence that moves the
cursor elsewhere end a line; one that moves it to the right is a space.
Rule 3: a literal is found at the same offset, in chunks of any size.
Rule 4: memory holds the incomplete line, at most `WINDOW` bytes of it.
"""

import re
from collections.abc import Sequence

import attrs

from ant.core.errors import Invalid
from ant.history.pattern import REGEX, Regex
from ant.model.sessions import SessionId
from ant.model.transcript import Gap
from ant.recording.reader import read_bytes
from ant.store import Unit

WINDOW = 8 << 10
"""Bytes of an incomplete line that are kept: four times a wide terminal's row in full
colour. Of a longer line only this much can be part of a match."""

LINE_MAX = 500
"""Characters of the matching line in an answer, around the match."""

PIECE = 64 << 10
"""Bytes searched at once: about a millisecond."""

SLICE = 4 << 20
"""Stored bytes that one read searches, so that reads of others come in between."""

_PAGE_CHUNKS = 64

_TOKEN = re.compile(
    rb"\x1b\[[0-?]*[ -/]*([@-~])"  # CSI: colours, cursor moves.
    rb"|\x1b\][^\x07\x18\x1a\x1b]*(?:[\x07\x18\x1a]|(?=\x1b))"  # OSC: titles, links.
    rb"|\x1b[PX^_][^\x18\x1a\x1b]*(?:[\x18\x1a]|(?=\x1b))"  # DCS, SOS, PM, APC.
    rb"|\x1b[ -/]*([0-~])"  # Two-character and charset sequences.
    rb"|[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]|\x1b"  # Controls, but tab and line ends.
)
_PARTIAL = re.compile(
    rb"\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x18\x1a]*|[PX^_][^\x18\x1a]*|[ -/]*)\Z"
)
_STRING = re.compile(rb"\x1b[]PX^_]")
_STRING_END = re.compile(rb"[\x07\x18\x1a\x1b]")
_LINE_ENDS = bytes.maketrans(b"\r\v\f", b"\n\n\n")
_MOVES = frozenset(b"ABEFGHdfrsu`")
"""Final bytes of the sequences that move the cursor away from the text before it."""
_ESCAPE_MOVES = frozenset(b"78DEMc")


@attrs.frozen
class OutputMatch:
    """A match: the byte offsets of its beginning and end, and the text of its line.

    `pattern` is the index of the pattern.
    """

    pattern: int
    start: int
    end: int
    line: str


@attrs.frozen
class TextPattern:
    """A text to find, as the bytes of a literal or as an expression of RE2."""

    literal: bytes | None
    regex: Regex | None

    @classmethod
    def of(cls, text: str, path: str) -> "TextPattern":
        """Read a literal, or what follows `re:`. Raises `Invalid` with `path`."""
        if not text.startswith(REGEX):
            if "\n" in text or "\r" in text:
                raise Invalid(f"expected a text of one line at {path}")
            return cls(text.encode("utf-8", "replace"), None)
        regex = Regex.of(text.removeprefix(REGEX), path)
        if regex.find("") is not None:
            raise Invalid(
                f"expected an expression that does not match an empty text at {path}"
            )
        return cls(None, regex)

    def find(self, text: bytes) -> tuple[int, int] | None:
        """Return the first match, as a range of bytes."""
        if self.literal is not None:
            at = text.find(self.literal)
            return None if at < 0 else (at, at + len(self.literal))
        assert self.regex is not None
        lines = text.decode("utf-8", "surrogateescape")
        shown = _readable(lines)
        if not self.regex.may_be_in(shown):
            return None
        place = 0
        for line in shown.split("\n"):
            if line and (found := self.regex.find(line)) is not None:
                low, high = (
                    _size(lines[: place + index]) for index in (found[0], found[1])
                )
                return low, high
            place += len(line) + 1
        return None


def _readable(text: str) -> str:
    """Text with U+FFFD for each byte that is not UTF-8; the same length."""
    if text.isascii():
        return text
    return re.sub("[\udc80-\udcff]", "\ufffd", text)


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


_Segment = tuple[bytes, int, int]
"""Text, and the range of bytes that it is from. Their lengths are equal, or a sequence
became one character."""


class OutputSearch:
    """Searches the output from one offset on; the caller feeds each byte once.

    `offset` is the offset of the next byte. `resume` is an offset from which another
    search finds every later match: the beginning of the incomplete line. `gap` is the
    first range of offsets that had no byte.
    """

    __slots__ = ("_held", "_in_string", "_patterns", "gap", "offset")

    def __init__(self, patterns: Sequence[TextPattern], offset: int) -> None:
        self._patterns = tuple(patterns)
        self._held, self._in_string = b"", False
        self.offset = offset
        self.gap: Gap | None = None

    @property
    def resume(self) -> int:
        """Where another search may begin without missing a match."""
        return self.offset - len(self._held)

    def skip(self, offset: int) -> None:
        """Continue at `offset`, since no byte before it exists."""
        if offset > self.offset:
            self.gap = self.gap or Gap(self.offset, offset)
            self._held, self._in_string, self.offset = b"", False, offset

    def feed(self, data: bytes) -> OutputMatch | None:
        """Search the next bytes; return the match that ends first.

        After a match the search is over.
        """
        if self._in_string:
            end = _STRING_END.search(data)
            if end is None:
                self.offset += len(data)
                return None
            at = end.start() if end[0] == b"\x1b" else end.end()
            self.offset += at
            data, self._in_string = data[at:], False
        start = self.resume
        self.offset += len(data)
        data = self._held + data
        if (escape := data.rfind(b"\x1b")) < 0 or not _PARTIAL.match(data, escape):
            escape = len(data) - _torn(data)
        segments = _segments(data[:escape])
        text = b"".join(shown for shown, _, _ in segments)
        tried = (pattern.find(text) for pattern in self._patterns)
        found = [(*each, index) for index, each in enumerate(tried) if each is not None]
        if found:
            low, high, index = min(found, key=lambda each: each[1])
            return OutputMatch(
                index,
                start + _position(segments, low)[0],
                start + _position(segments, high - 1)[1],
                _line(text, low, high),
            )
        line = text.rfind(b"\n") + 1
        at = _position(segments, line - 1)[1] if line else 0
        self._hold(data[at:], escape - at)
        return None

    def _hold(self, data: bytes, escape: int) -> None:
        """Keep the incomplete line, of which the sequence at `escape` is incomplete."""
        if len(data) > WINDOW and _STRING.match(data, escape):
            self._in_string = len(data) - escape > WINDOW // 2
            data = data[:escape] if self._in_string else data
        self._held = b"" if self._in_string else data[-WINDOW:]


def _torn(data: bytes) -> int:
    """The bytes at the end that are only the beginning of a character: at most 3."""
    for count in range(1, min(3, len(data)) + 1):
        if (byte := data[-count]) >= 0xC0:
            return count if (byte >= 0xE0) + (byte >= 0xF0) + 2 > count else 0
        if byte < 0x80:
            return 0
    return 0


def _segments(data: bytes) -> list[_Segment]:
    """The text of output, in the pieces between escape sequences and controls."""
    found: list[_Segment] = []
    at = 0
    for token in _TOKEN.finditer(data):
        start, end = token.span()
        if start > at:
            found.append((data[at:start].translate(_LINE_ENDS), at, start))
        final, plain = token[1], token[2]
        if final == b"C":
            found.append((b" ", start, end))
        elif (final and final[0] in _MOVES) or (plain and plain[0] in _ESCAPE_MOVES):
            found.append((b"\n", start, end))
        at = end
    if at < len(data):
        found.append((data[at:].translate(_LINE_ENDS), at, len(data)))
    return found


def _position(segments: Sequence[_Segment], index: int) -> tuple[int, int]:
    """The range in the output of the byte at `index` of the text."""
    for text, start, end in segments:
        if index < len(text):
            is_same = len(text) == end - start
            return (start + index, start + index + 1) if is_same else (start, end)
        index -= len(text)
    raise IndexError(index)


def _line(text: bytes, low: int, high: int) -> str:
    """The line of a match, cut to `LINE_MAX` characters."""
    start, end = text.rfind(b"\n", 0, low) + 1, text.find(b"\n", high)
    end = len(text) if end < 0 else end
    line = text[max(start, low - LINE_MAX) : end].decode("utf-8", "replace")
    if len(line) <= LINE_MAX:
        return line
    before = len(text[max(start, low - LINE_MAX) : low].decode("utf-8", "replace"))
    first = max(0, min(before - LINE_MAX // 4, len(line) - LINE_MAX))
    return line[first : first + LINE_MAX]


def search_stored(
    unit: Unit, session_id: SessionId, search: OutputSearch, end: int
) -> OutputMatch | None:
    """Search stored bytes below offset `end`, at most `SLICE` of them.

    All bytes below `end` are stored, or lost for good. `search.offset` is `end` when
    there are no more.
    """
    stop = search.offset + SLICE
    while search.offset < min(end, stop):
        chunks = read_bytes(unit, session_id, search.offset, _PAGE_CHUNKS, PIECE)
        if not chunks:
            search.skip(end)
        for chunk in chunks:
            unit.pause()
            if chunk.offset >= end:
                search.skip(end)
                break
            search.skip(chunk.offset)
            data = chunk.data[: end - chunk.offset]
            for at in range(0, len(data), PIECE):
                found = search.feed(data[at : at + PIECE])
                if found is not None:
                    return found
    return None
