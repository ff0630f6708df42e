"""Parse shell marks in the output: prompts and commands (OSC 133), folders; sans-io.

Rule 1: the same bytes make the same marks, in chunks of any size.
Rule 2: a caller may feed the same bytes twice; the second time has no effect. A mark
has the exact range of its bytes.
Rule 3: the parser keeps up to `HELD_MAX` bytes of an unfinished sequence. A longer
sequence is no mark.
Rule 4: any program can print a mark. Which ones the shell printed is decided by their
codes, in `shell_state`.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

import attrs

from ant.terminal.model.tty import ShellStep

KEY_FD_NAME = "ANT_SHELL_KEY_FD"
"""The environment variable with the descriptor of the key, `host_terminal.SECRET_FD`.
The startup file of a shell reads it, closes the descriptor and unsets the variable."""

HELD_MAX = 4096
"""The most bytes of a sequence: no path is longer, so a longer sequence is garbage."""

_ENDS = (b"\x07", b"\x1b\\")
_PREFIXES = (b"\x1b]133;", b"\x1b]7;", b"\x1b]1337;CurrentDir=")
_SEQUENCE = re.compile(
    rb"\x1b\](133;|7;|1337;CurrentDir=)([^\x07\x18\x1a\x1b]*)(\x07|\x1b\\|\x1b?\Z)?"
)
"""The last group is empty or ESC if the bytes end there, and missing if the sequence is
broken off."""


@attrs.frozen
class ShellMark:
    """A shell mark, the bytes from offset `start` to `end`.

    `exit_code` is that of the command that has ended, None if the mark has none.
    """

    step: ShellStep
    start: int
    end: int
    params: dict[str, str] = attrs.field(factory=dict)
    exit_code: int | None = None

    @property
    def code(self) -> str | None:
        """The number and the code that it carries, right or wrong."""
        return self.params.get("ant")


@attrs.frozen
class Folder:
    """The shell's folder, from the bytes `start` to `end`; `host` may be empty."""

    path: str
    start: int
    end: int
    host: str = ""
    code: str | None = None


class ShellMarks:
    """The parser of one terminal's output; `end` is the offset of the next byte."""

    def __init__(self, end: int) -> None:
        self.end = end
        self._held = b""

    @property
    def settled(self) -> int:
        """The offset before which no byte can still belong to an unfinished mark."""
        return self.end - len(self._held)

    def feed(self, data: bytes, end: int) -> list[ShellMark | Folder]:
        """Take bytes that end at offset `end`; return what they complete, in order."""
        fresh = data[max(self.end - (end - len(data)), 0) :]
        if not fresh:
            return []
        if end - len(fresh) > self.end:
            self._held = b""  # Bytes are missing, so the sequence stays incomplete.
        self.end = end
        if self._held:
            fresh, self._held = self._held + fresh, b""
        found: list[ShellMark | Folder] = []
        offset = end - len(fresh)
        for sequence in _sequences(fresh):
            short = len(sequence[0]) <= HELD_MAX
            if sequence[3] in _ENDS and short:
                found += _read(sequence, offset)
            elif sequence[3] is not None and sequence.end() == len(fresh) and short:
                self._held = sequence[0]
                return found
        last = fresh[-len(_PREFIXES[-1]) :]
        last = last[max(last.rfind(b"\x1b"), 0) :]
        if any(prefix.startswith(last) for prefix in _PREFIXES):
            self._held = last
        return found


def _sequences(data: bytes) -> Iterable[re.Match[bytes]]:
    """Find the sequences to parse.

    A flood of output has none, and a search for one byte is faster than for two.
    """
    if b"\x1b" in data and b"]" in data and (at := data.find(b"\x1b]")) >= 0:
        return _SEQUENCE.finditer(data, at)
    return ()


def _read(sequence: re.Match[bytes], offset: int) -> list[ShellMark | Folder]:
    """Return the mark or the folder of a complete sequence, in data at `offset`."""
    start, end = offset + sequence.start(), offset + sequence.end()
    kind, text = sequence[1], sequence[2].decode("utf-8", "replace")
    if kind == b"133;":
        return _mark(text, start, end)
    if kind != b"7;":
        return [Folder(text, start, end)]
    url, _, code = text.partition("#ant=")
    host, slash, path = url.removeprefix("file://").partition("/")
    if not (slash and url.startswith("file://")):
        return []
    return [Folder(unquote(slash + path), start, end, host, code or None)]


def _mark(text: str, start: int, end: int) -> list[ShellMark | Folder]:
    """Return the mark with this text, or nothing for an unknown letter."""
    letter, *rest = text.split(";")
    letter = "A" if letter == "P" else letter
    if letter not in tuple(ShellStep):
        return []
    step, exit_code = ShellStep(letter), None
    if step is ShellStep.END and rest and re.fullmatch(r"-?[0-9]{1,10}", rest[0]):
        exit_code = int(rest[0])
    pairs = (each.partition("=") for each in rest)
    params = {name: value for name, equals, value in pairs if equals}
    return [ShellMark(step, start, end, params, exit_code)]
