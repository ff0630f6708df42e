"""Collects typed lines for the record, and leaves secrets out; sans-io, given the time.

Rule 1: ANT records the text of a line if the terminal showed it from its first byte to
its Enter, before and after each write, and a program was reading a line. Of all other
input ANT records the number of bytes: a program that asks for a password next may read
what is typed ahead.
Rule 2: what follows the first Enter in one write is typed ahead.
Rule 3: there is one record in `EVERY_S` at most, with `KEPT` bytes of text at most.
Rule 4: what a terminal sends by itself, such as replies and mouse reports, is not typed
input.
"""

import re

import attrs

from ant.terminal.buffer.tail import decode
from ant.terminal.input.query_replies import is_reply

EVERY_S = 1.0
"""Between two records, at least."""

SETTLE_S = 0.2
"""From an Enter to its record."""

PAUSE_S = 2.0
"""From the last key to the record, for input without an Enter, such as in a menu."""

LONGEST_S = 10.0
"""From the first key to the record, for input without an Enter and without a pause."""

LINE_S = 60.0
"""How long a shown line may wait for its Enter; then its text is not recorded."""

KEPT = 4096
"""Bytes of text in one record, and of one line; further bytes are only counted."""

_REPORTS = re.compile(rb"\x1b\[(?:<[\d;]*[Mm]|M[\x20-\xff]{3}|[IO])")
_ENTER = re.compile(rb"\r\n|\r|\n")
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|O.|.)?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@attrs.frozen
class TypedSeen:
    """A record of typed input: `size` bytes, since the output had `start` bytes.

    `lines` are the lines whose text is recorded, `hidden` the number of bytes whose
    text is not. `cut`: a part of the shown text is left out, too.
    """

    size: int
    hidden: int
    lines: tuple[str, ...]
    cut: bool
    start: int


class TypedLines:
    """The input that one kind of client types into one terminal."""

    def __init__(self) -> None:
        self._line, self._line_size, self._line_at = b"", 0, 0.0
        self._line_start = 0
        self._is_hidden = self._is_doubtful = False
        self._size = self._hidden = self._kept = 0
        self._lines: list[tuple[str, bool]] = []
        self._cut = self._ended = False
        self._start: int | None = None
        self._began = self._last = 0.0
        self._recorded: float | None = None

    def feed(self, data: bytes, shown: bool | None, at: float, offset: int) -> None:
        """Add input, typed `at` (seconds), when the output was `offset` bytes long.

        `shown`: whether the terminal showed it and, if it has an Enter, a program was
        reading a line. None where it was shown, but the latter is unknown.
        """
        data = b"" if is_reply(data) else _REPORTS.sub(b"", data)
        if not data:
            return
        self._last = at
        if not self._size and not self._line_size:
            self._began = at
        self._ended = data[-1:] in (b"\r", b"\n")
        enter = _ENTER.search(data)
        if enter is None:
            self._add(data, shown, at, offset)
            return
        self._add(data[: enter.start()], shown, at, offset)
        self._finish(enter.end() - enter.start(), shown, offset)
        rest = data[enter.end() :]
        if lines := max(rest.rfind(b"\r"), rest.rfind(b"\n")) + 1:
            self._hide(lines, offset)
        self._add(rest[lines:], False, at, offset)

    @property
    def due(self) -> float | None:
        """When to call `take`; None while there is nothing to record."""
        if self._size:
            due = min(self._last + PAUSE_S, self._began + LONGEST_S)
            if self._ended:
                due = min(due, self._last + SETTLE_S)
            last = self._recorded
            return due if last is None else max(due, last + EVERY_S)
        return self._line_at + LINE_S if self._line_size else None

    def take(self, shows: bool, at: float, over: bool = False) -> TypedSeen | None:
        """The next record; `shows`: whether the terminal shows input now.

        A line without an Enter stays, unless the terminal is `over`, or the line has
        waited for `LINE_S`: then only its bytes are counted.
        """
        if self._line_size and (over or at >= self._line_at + LINE_S):
            self._hide(self._line_size, self._line_start)
            self._line, self._line_size, self._is_hidden = b"", 0, True
        if not self._size:
            return None
        kept = [line for line, is_sure in self._lines if is_sure or shows]
        doubted = [line for line, is_sure in self._lines if not (is_sure or shows)]
        hidden = self._hidden + sum(len(line.encode()) for line in doubted)
        seen = TypedSeen(self._size, hidden, tuple(kept), self._cut, self._start or 0)
        self._recorded, self._began, self._start = at, at, None
        self._size = self._hidden = self._kept = 0
        self._lines, self._cut, self._ended = [], False, False
        return seen

    def _add(self, data: bytes, shown: bool | None, at: float, offset: int) -> None:
        """Add bytes to the line. If these are not shown, hide the whole line."""
        if not data:
            return
        if shown is False or self._is_hidden:
            self._conceal(offset)
            self._hide(len(data), offset)
            return
        if not self._line_size:
            self._line_at, self._line_start = at, offset
        self._is_doubtful = self._is_doubtful or shown is None
        self._line_size += len(data)
        self._line = (self._line + data)[: KEPT + 1]

    def _finish(self, enter: int, shown: bool | None, offset: int) -> None:
        """End the line at its Enter. If that is not shown, hide the whole line."""
        if shown is False:
            self._conceal(offset)
        self._is_doubtful = self._is_doubtful or shown is None
        text = "" if self._is_hidden else clean(self._line)
        if self._start is None:
            self._start = self._line_start if self._line_size else offset
        self._size += self._line_size + enter
        self._cut = self._cut or self._line_size > KEPT
        if text and self._kept + len(text) <= KEPT:
            self._kept += len(text)
            self._lines.append((text, not self._is_doubtful))
        elif text:
            self._cut = True
        self._line, self._line_size = b"", 0
        self._is_hidden = self._is_doubtful = False

    def _conceal(self, offset: int) -> None:
        """Hide the line: drop the text so far, and that of what follows in it."""
        if self._line_size:
            self._hide(self._line_size, self._line_start)
        self._line, self._line_size, self._is_hidden = b"", 0, True

    def _hide(self, size: int, offset: int) -> None:
        self._start = offset if self._start is None else self._start
        self._size += size
        self._hidden += size


def clean(data: bytes) -> str:
    """The text of a typed line, without escapes, controls and erased characters."""
    text = _ESCAPES.sub("", decode(data[:KEPT], final=True)[0])
    kept: list[str] = []
    for char in text:
        if char in "\b\x7f":
            del kept[-1:]
        elif char in "\x03\x15":
            kept.clear()
        else:
            kept.append(char)
    return _CONTROLS.sub("", "".join(kept)).strip()
