"""What people type, a line at a time and never a secret; sans-io, given the time.

Rule 1: text is kept of a line that was shown from its first byte to its Enter, before
and after each write, and that somebody waited for. Of all else it is kept how many
bytes it was: what is typed ahead may be read by whoever asks for a password next.
Rule 2: what one write brings after its first Enter is typed ahead.
Rule 3: however fast somebody types, it is told once in `EVERY_S`, `KEPT` of it.
Rule 4: what a terminal says by itself, answers and where the mouse is, is not typed.
"""

import re

import attrs

from ant.terminal.buffer.tail import decode
from ant.terminal.input.query_replies import is_reply

EVERY_S = 1.0
"""Between two that are told."""

SETTLE_S = 0.2
"""After an Enter, what is typed is told so much later."""

PAUSE_S = 2.0
"""So long without a key ends what has no Enter, as keys in a menu."""

LONGEST_S = 10.0
"""What has no Enter and no pause is told after so long."""

LINE_S = 60.0
"""How long a line that is shown may wait for its Enter; then its text is given up."""

KEPT = 4096
"""Bytes of text in one telling, and of a line; the rest is counted only."""

_REPORTS = re.compile(rb"\x1b\[(?:<[\d;]*[Mm]|M[\x20-\xff]{3}|[IO])")
_ENTER = re.compile(rb"\r\n|\r|\n")
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]?|[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)?|O.|.)?"
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@attrs.frozen
class TypedSeen:
    """So much was typed from offset `start` of the output on: `size` bytes.

    `lines` are those whose text is kept, `hidden` the bytes whose text is not; `cut`:
    of what was shown, too, a part is left out.
    """

    size: int
    hidden: int
    lines: tuple[str, ...]
    cut: bool
    start: int


class TypedLines:
    """What one kind of client types into one terminal."""

    def __init__(self) -> None:
        self._line, self._line_size, self._line_at = b"", 0, 0.0
        self._line_start = 0
        self._is_hidden = self._is_doubtful = False
        self._size = self._hidden = self._kept = 0
        self._lines: list[tuple[str, bool]] = []
        self._cut = self._ended = False
        self._start: int | None = None
        self._began = self._last = 0.0
        self._told: float | None = None

    def feed(self, data: bytes, shown: bool | None, at: float, offset: int) -> None:
        """It was typed `at`, when the output was `offset` bytes long.

        `shown`: whether it showed and, if there is an Enter in it, somebody waited for
        the line; None where the latter cannot be known.
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
        """When to `take`; None while there is nothing."""
        if self._size:
            due = min(self._last + PAUSE_S, self._began + LONGEST_S)
            if self._ended:
                due = min(due, self._last + SETTLE_S)
            return due if self._told is None else max(due, self._told + EVERY_S)
        return self._line_at + LINE_S if self._line_size else None

    def take(self, shows: bool, at: float, over: bool = False) -> TypedSeen | None:
        """What to tell; `shows`: whether what is typed shows now.

        A line without its Enter waits on, unless it is `over` or has waited too long.
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
        self._told, self._began, self._start = at, at, None
        self._size = self._hidden = self._kept = 0
        self._lines, self._cut, self._ended = [], False, False
        return seen

    def _add(self, data: bytes, shown: bool | None, at: float, offset: int) -> None:
        """Bytes of a line; one that does not show from here on never did."""
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
        """Its Enter was typed, which has to show as well."""
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
        """All that there is of the line is not to be kept, nor what follows of it."""
        if self._line_size:
            self._hide(self._line_size, self._line_start)
        self._line, self._line_size, self._is_hidden = b"", 0, True

    def _hide(self, size: int, offset: int) -> None:
        self._start = offset if self._start is None else self._start
        self._size += size
        self._hidden += size


def clean(data: bytes) -> str:
    """A line as it was meant: without escapes, controls and what was erased."""
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
