"""What shells say of themselves in their output: prompts, commands, folders; sans-io.

Rule 1: fed whole or cut anywhere, the same bytes make the same marks.
Rule 2: bytes may be fed twice, and are taken once; a mark knows its exact bytes.
Rule 3: of an unfinished sequence `HELD_MAX` bytes are kept; a longer one is none.
Rule 4: a mark is believed only with the nonce that the shell alone was given: anybody
can put out the rest of it.
"""

import re
from collections.abc import Iterable
from urllib.parse import unquote

import attrs

from ant.terminal.model.tty import ShellStep

NONCE = "ANT_SHELL_NONCE"
"""The variable by which a shell is given its nonce; it takes it out at once."""

HELD_MAX = 4096
"""Bytes of the longest sequence: a path is at most as many, and more are garbage."""

_ENDS = (b"\x07", b"\x1b\\")
_PREFIXES = (b"\x1b]133;", b"\x1b]7;", b"\x1b]1337;CurrentDir=")
_SEQUENCE = re.compile(
    rb"\x1b\](133;|7;|1337;CurrentDir=)([^\x07\x18\x1a\x1b]*)(\x07|\x1b\\|\x1b?\Z)?"
)
"""The last group is empty or ESC where the bytes end, and missing where it broke."""


@attrs.frozen
class ShellMark:
    """A step in bytes `start` to `end`, and what was said with it.

    `exit_code` is that of the command which has ended, where it is told.
    """

    step: ShellStep
    start: int
    end: int
    params: dict[str, str] = attrs.field(factory=dict)
    exit_code: int | None = None

    @property
    def nonce(self) -> str | None:
        """The nonce it carries, right or wrong."""
        return self.params.get("ant")


@attrs.frozen
class Folder:
    """The shell's folder, told in bytes `start` to `end`; `host` may be empty."""

    path: str
    start: int
    end: int
    host: str = ""
    nonce: str | None = None


class ShellMarks:
    """Feed it what a terminal puts out, from offset `end` on."""

    def __init__(self, end: int) -> None:
        self.end = end
        self._held = b""

    @property
    def settled(self) -> int:
        """The offset up to which no byte may yet turn out to be of a mark."""
        return self.end - len(self._held)

    def feed(self, data: bytes, end: int) -> list[ShellMark | Folder]:
        """Take bytes that end at `end`; what they complete, in order."""
        fresh = data[max(self.end - (end - len(data)), 0) :]
        if not fresh:
            return []
        if end - len(fresh) > self.end:
            self._held = b""  # A hole: what had begun before it is not there.
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


@attrs.define
class ShellState:
    """What the shell that was given `nonce` said last; hints of others change nothing.

    A command that begins where no prompt was is not believed, nor what was before: the
    shell has lost the half of its hooks that would tell the end.
    """

    nonce: str | None = None
    step: ShellStep | None = None
    comments: bool = False
    """Whether its prompt is the first of a command, where `#` begins a comment."""

    def hear(self, mark: ShellMark) -> None:
        """Take the next mark."""
        if self.nonce is None or mark.nonce != self.nonce:
            return
        asked = self.step in (ShellStep.PROMPT, ShellStep.INPUT)
        self.step = mark.step if asked or mark.step is not ShellStep.OUTPUT else None
        if mark.step is not ShellStep.INPUT:
            told = mark.params
            self.comments = told.get("comments") == "1" and told.get("k") != "s"


def _sequences(data: bytes) -> Iterable[re.Match[bytes]]:
    """Those of ours; a flood has none, and one byte is found faster than two."""
    if b"\x1b" in data and b"]" in data and (at := data.find(b"\x1b]")) >= 0:
        return _SEQUENCE.finditer(data, at)
    return ()


def _read(sequence: re.Match[bytes], offset: int) -> list[ShellMark | Folder]:
    start, end = offset + sequence.start(), offset + sequence.end()
    kind, text = sequence[1], sequence[2].decode("utf-8", "replace")
    if kind == b"133;":
        return _mark(text, start, end)
    if kind != b"7;":
        return [Folder(text, start, end)]
    url, _, nonce = text.partition("#ant=")
    host, slash, path = url.removeprefix("file://").partition("/")
    if not (slash and url.startswith("file://")):
        return []
    return [Folder(unquote(slash + path), start, end, host, nonce or None)]


def _mark(text: str, start: int, end: int) -> list[ShellMark | Folder]:
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
