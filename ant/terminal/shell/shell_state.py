"""Check a shell's marks, and follow the step that the shell has reported; sans-io.

A mark counts only if the shell printed it. Each mark has a number and the one-time code
of that number (`shell_key`), which only ANT and the shell can compute.

Rule 1: numbers go forward. A number that was printed is spent, so a mark that a program
prints again, from a transcript or a screen, is a hint only.
Rule 2: the shell may draw its prompt again. While it is at that prompt, marks with the
prompt's number are redrawings: they begin the command line anew and change no step.
Rule 3: marks that were checked before a restart are known by their offsets. A replay
checks no other mark below the last of them.
Rule 4: if the shell prints its key, no later mark counts.
"""

import re
from collections import deque
from enum import Enum, auto

import attrs

from ant.terminal.model.tty import ShellStep
from ant.terminal.shell.osc133 import Folder, ShellMark
from ant.terminal.shell.shell_key import ShellKey

AHEAD_MAX = 1 << 20
"""How far a number may be ahead of the last one: marks are missing only where output
is. So many are those of 250,000 commands."""

NEAR = 256
"""How far ahead codes are kept once they were computed, which takes 15 µs each. So a
flood of forged marks costs milliseconds at most, and the shell's next mark counts."""

TRIES = 256
"""Codes beyond that are computed so often from one mark of the shell to the next."""

REMEMBERED = 100
"""Checked marks that are kept for a restart: those of some 20 commands. Commands that
are not recorded yet are fewer: ANT records each once its bytes are stored."""

REMEMBERED_BYTES = 4096
"""As bytes they are fewer: each has an offset, a number, and two separators."""

_CODE = re.compile(r"(\d{1,15})\.(?:(-?\d{1,20})|(\d{1,10})\.(\d{1,10}))", re.ASCII)
"""A number and its code: one signed number, or its two halves."""

_LINE = re.compile(r"(\d{1,19}) (\d{1,15})", re.ASCII)
_EXPOSED = "exposed"
_NO_CODE = ShellStep.END, None


class Proof(Enum):
    """How a mark proved that the shell printed it."""

    NEW = auto()
    REDRAWN = auto()


@attrs.define
class ShellState:
    """What the shell with this `key` has reported; `step` is None if unknown.

    A command that begins without a prompt before it makes the step unknown: the shell
    has lost the hooks that report the end.
    """

    key: ShellKey | None = None
    step: ShellStep | None = None
    comments: bool = False
    """Whether the prompt begins a command and `#` begins a comment there."""
    _spent: int = 0
    """The highest number that was checked."""
    _last: ShellMark | None = None
    """The last mark that was new, without folders, and its number."""
    _number: int = 0
    _checked: deque[tuple[int, int]] = attrs.field(
        factory=lambda: deque(maxlen=REMEMBERED)
    )
    """Where the last checked marks begin, and their numbers."""
    _known: dict[int, int] = attrs.field(factory=dict)
    _codes: dict[int, int] = attrs.field(factory=dict)
    """Of the last number and of those less than `NEAR` ahead that were tried."""
    _tries: int = TRIES
    _before: bytes = b""
    """The end of the output, less than the key is long."""
    _exposed: bool = False

    def accept(self, mark: ShellMark | Folder) -> Proof | None:
        """Take the next mark. Return None if it is a hint only; it changes nothing."""
        if self.key is None or (parsed := _parse(mark)) is None:
            return None
        number, code = parsed
        proof = self._proof(mark, number)
        if proof is None or self._code(number) != code:
            return None
        if proof is Proof.NEW:
            self._codes, self._tries = {number: code}, TRIES
            self._spent = max(self._spent, number)
            self._checked.append((mark.start, number))
            if isinstance(mark, ShellMark):
                self._last, self._number = mark, number
                self._enter(mark)
        return proof

    def _proof(self, mark: ShellMark | Folder, number: int) -> Proof | None:
        """What the number would prove, with the right code."""
        if self._spent < number <= self._spent + AHEAD_MAX:
            return Proof.NEW
        if self._known.get(mark.start) == number or self._shares(mark, number):
            return Proof.NEW
        at_prompt = self.step in (ShellStep.PROMPT, ShellStep.INPUT)
        if at_prompt and number == self._number and _draws(mark):
            return Proof.REDRAWN
        return None

    def _code(self, number: int) -> int | None:
        """The code of a number; None if it is far ahead and too many were tried."""
        assert self.key is not None
        if number > self._spent + NEAR:
            self._tries -= 1
            return self.key.code(number) if self._tries >= 0 else None
        if number not in self._codes:
            self._codes[number] = self.key.code(number)
        return self._codes[number]

    def _shares(self, mark: ShellMark | Folder, number: int) -> bool:
        """Whether a mark may have the number of the mark before it.

        The shell prints such marks at once: a folder right behind an end or the start
        of a prompt, and the end of a prompt.
        """
        last = self._last
        if last is None or number != self._number:
            return False
        if isinstance(mark, Folder):
            told = last.step in (ShellStep.END, ShellStep.PROMPT)
            return told and last.end == mark.start
        return mark.step is ShellStep.INPUT and last.step is ShellStep.PROMPT

    def _enter(self, mark: ShellMark) -> None:
        prompted = self.step in (ShellStep.PROMPT, ShellStep.INPUT)
        self.step = mark.step if prompted or mark.step is not ShellStep.OUTPUT else None
        if mark.step is not ShellStep.INPUT:
            params = mark.params
            self.comments = params.get("comments") == "1" and params.get("k") != "s"

    def find_key(self, data: bytes, end: int) -> int | None:
        """Take the next output; the offset at which the key is in it, or None.

        The caller passes all output in order, and calls `expose` at that offset.
        """
        if self.key is None:
            return None
        needle = self.key.needle
        before, keep = self._before, len(needle) - 1
        self._before = (before + data[-keep:])[-keep:]
        if (at := (before + data[:keep]).find(needle)) >= 0:
            return end - len(data) - len(before) + at
        # A search for one byte is ten times faster, and a flood has few of these.
        if (at := data.find(needle[:1])) >= 0 and (at := data.find(needle, at)) >= 0:
            return end - len(data) + at
        return None

    def expose(self) -> None:
        """The shell has printed its key: no later mark counts (rule 4)."""
        self.key = self.step = None
        self._exposed = True

    def remembered(self) -> bytes:
        """What `recall` needs after a restart; at most `REMEMBERED_BYTES`."""
        lines = [f"{start} {number}" for start, number in self._checked]
        return "\n".join([*lines, *([_EXPOSED] if self._exposed else [])]).encode()

    def recall(self, data: bytes) -> None:
        """Take what an earlier server run remembered, before the first mark."""
        for line in data.decode("ascii", "replace").splitlines():
            if line == _EXPOSED:
                self.key, self._exposed = None, True
            elif found := _LINE.fullmatch(line):
                self._checked.append((int(found[1]), int(found[2])))
        self._known = dict(self._checked)
        self._spent = max(self._known.values(), default=0)


def _parse(mark: ShellMark | Folder) -> tuple[int, int] | None:
    """Return the number of a mark and its code, or None without them.

    The shells report the exit code in every mark for the end of a command. A mark
    without it is a display of the zsh variable that contains the mark.
    """
    if isinstance(mark, ShellMark) and (mark.step, mark.exit_code) == _NO_CODE:
        return None
    found = _CODE.fullmatch(mark.code or "")
    if found is None:
        return None
    if found[2] is not None:
        return int(found[1]), int(found[2]) % (1 << 64)
    return int(found[1]), int(found[3]) << 32 | int(found[4])


def _draws(mark: ShellMark | Folder) -> bool:
    """Whether the mark is part of a prompt."""
    prompts = ShellStep.PROMPT, ShellStep.INPUT
    return isinstance(mark, ShellMark) and mark.step in prompts
