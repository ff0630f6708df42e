"""Command blocks: a shell's commands and their output, from its marks; sans-io.

Rule 1: the caller passes only marks that the shell printed, except to `hint`.
Rule 2: the same bytes make the same blocks, in chunks of any size.
Rule 3: a block ends at the shell's mark for the end of the command. If that mark is
        missing, and the shell is at a prompt when the next command begins or the
        terminal ends, the block ends at that prompt. Its exit code is unknown.
Rule 4: commands that the operator submits together have one end, so they are one block.
        If that end is missing, they are no block: the shell has lost its hooks.
Rule 5: memory holds the current block only. Its output is hashed as it passes.

    state      P (prompt)      B (input)     C (command)         D (end)
    idle       a new line      a part of it  running             -
    running    perhaps over    -             sent together       a block
    perhaps    -               -             a block; running    a block, as if no P
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import attrs

from ant.terminal.model.tty import ShellStep
from ant.terminal.screen.display import CursorColumn
from ant.terminal.shell.command_line import LINE_MAX, typed_line
from ant.terminal.shell.osc133 import Folder, ShellMark

COMMAND_MAX = 4000
"""The most characters of a command that are kept: as many as a mark can carry."""

LINES_MAX = 100
"""The most lines of a command that is read from the screen; later ones are left out."""

_PIECE = 256 << 10
_BROKEN = re.compile(r"%.?\Z")

Read = Callable[[int, int], bytes | None]
"""Returns the terminal's bytes from one offset to another; None if they are gone."""


@attrs.frozen
class CommandBlock:
    """A command and its output, the bytes from offset `start` to `end`.

    `command` is empty if it is unknown. `cut`: the command was longer. `cwd` is the
    shell's folder, None if unknown. `typed` is the range of bytes between the prompt
    and the command's first output. `exit_code` is None if the shell did not report it.
    `sha256` is the hash of the output, None if bytes of it are gone. The command ended
    `at` (monotonic seconds).
    """

    command: str
    cut: bool
    cwd: str | None
    exit_code: int | None
    duration_s: float
    start: int
    end: int
    typed: tuple[int, int] | None
    sha256: str | None
    at: float


@attrs.define
class _Part:
    """One line of the command that the operator types.

    `number` is the shell's number for it. `end` is None until the line is complete.
    """

    number: str | None
    start: int
    place: CursorColumn | None
    end: int | None = None


@attrs.frozen
class _End:
    """A possible end of a command, and the hash of its output up to there."""

    offset: int
    at: float
    sha256: str | None


class _Hash:
    """The hash of the output from offset `start` on, updated as bytes arrive."""

    def __init__(self, read: Read, start: int) -> None:
        self._read, self._at = read, start
        self._sum: Any = hashlib.sha256()

    def reach(self, offset: int) -> None:
        """Add the bytes below `offset`."""
        while self._sum is not None and self._at < offset:
            data = self._read(self._at, min(offset, self._at + _PIECE))
            if not data:
                self._sum = None
                return
            self._sum.update(data)
            self._at += len(data)

    def upto(self, offset: int) -> str | None:
        """Return the hash of the bytes below `offset`; None if some were missing."""
        self.reach(offset)
        return self._sum.hexdigest() if self._sum and self._at == offset else None


@attrs.define
class _Running:
    """The running command.

    `joined`: the operator submitted more commands with it. `perhaps` is the end at the
    next prompt, until the shell reports the end or the next command. `hinted` is the
    end by a hint, with that mark's end offset: it counts if the shell's own mark begins
    there.
    """

    command: str
    cut: bool
    cwd: str | None
    at: float
    start: int
    typed: tuple[int, int] | None
    output: _Hash
    joined: bool = False
    perhaps: _End | None = None
    hinted: tuple[int, _End] | None = None

    def end(self, offset: int, at: float) -> _End:
        """Return the end of the command at `offset`."""
        return _End(offset, at, self.output.upto(offset))


class CommandBlocks:
    """Makes command blocks from the marks of one shell, fed in their order.

    `read` returns output bytes by offset.
    """

    def __init__(self, read: Read) -> None:
        self._read = read
        self._parts: list[_Part] = []
        self._number: str | None = None
        self._cwd: str | None = None
        self._running: _Running | None = None
        self._blocks: list[CommandBlock] = []

    def taken(self) -> list[CommandBlock]:
        """Return the blocks that ended since the last call, and forget them."""
        blocks, self._blocks = self._blocks, []
        return blocks

    def enter(self, folder: Folder) -> None:
        """Take the shell's folder; it applies to the commands that begin later."""
        self._cwd = folder.path

    @property
    def folder(self) -> str | None:
        """The folder that the shell reported last; None if it reported none."""
        return self._cwd

    def apply(
        self, mark: ShellMark, at: float, place: CursorColumn | None = None
    ) -> None:
        """Take a mark that the shell printed, read `at` (monotonic seconds).

        `place` is the cursor's column after the mark. It is used where a line begins.
        """
        match mark.step:
            case ShellStep.PROMPT:
                self._prompt(mark, at)
            case ShellStep.INPUT:
                self._input(mark, place)
            case ShellStep.OUTPUT:
                self._begin(mark, at)
            case ShellStep.END:
                self._end(mark, at)

    def hint(self, mark: ShellMark, at: float) -> None:
        """Take a mark that anything may have printed (`shell_state`).

        A shell with marks of its own prints its mark for the end of a command right
        before ANT's. Then the output ends before the shell's mark.
        """
        if self._running is not None and mark.step is ShellStep.END:
            self._running.hinted = mark.end, self._running.end(mark.start, at)

    def reach(self, offset: int) -> None:
        """Take output: no later mark begins below `offset`."""
        if self._running is not None and self._running.perhaps is None:
            self._running.output.reach(offset)

    def finish(self, offset: int, at: float) -> None:
        """End the running command, if any: the terminal has ended at `offset`."""
        if (running := self._running) is not None:
            self._make(running, running.perhaps or running.end(offset, at), None)

    def _prompt(self, mark: ShellMark, at: float) -> None:
        """Take a prompt: the command has perhaps ended, or a new line begins."""
        running, parts = self._running, self._parts
        if running is not None and running.perhaps is None:
            running.perhaps = running.end(mark.start, at)
        self._number = mark.params.get("line") if mark.params.get("k") == "s" else None
        if self._number is None:
            parts.clear()
        elif parts and parts[-1].number == self._number:
            parts.pop()  # The shell draws the prompt of this line again.
        elif parts:
            parts[-1].end = mark.start

    def _input(self, mark: ShellMark, place: CursorColumn | None) -> None:
        """Take the end of a prompt: a line of the command begins."""
        if self._parts and self._parts[-1].end is None:
            self._parts.pop()  # A shell may redraw only the last row of its prompt.
        if len(self._parts) < LINES_MAX:
            self._parts.append(_Part(self._number, mark.end, place))

    def _begin(self, mark: ShellMark, at: float) -> None:
        """Take the start of a command; end the one before it by rule 3."""
        if (running := self._running) is not None:
            if running.perhaps is None:
                running.joined = True
                return
            self._make(running, running.perhaps, None)
        parts, self._parts = self._parts, []
        url = mark.params.get("cmdline_url")
        if url is None:
            command = "\n".join(self._drawn(part, mark.start) for part in parts)
        else:
            command = unquote(_BROKEN.sub("", url), errors="replace")
        command = command.strip("\n").replace("\0", "\ufffd")
        self._running = _Running(
            command=command[:COMMAND_MAX],
            cut="cut" in mark.params or len(command) > COMMAND_MAX,
            cwd=self._cwd,
            at=at,
            start=mark.end,
            typed=(parts[0].start, mark.start) if parts else None,
            output=_Hash(self._read, mark.end),
        )

    def _drawn(self, part: _Part, end: int) -> str:
        """Return the text of a line, drawn on a screen; "" if its bytes are gone."""
        end = end if part.end is None else part.end
        if part.place is None or end - part.start > LINE_MAX:
            return ""
        data = self._read(part.start, end)
        return typed_line(data, part.place) if data else ""

    def _end(self, mark: ShellMark, at: float) -> None:
        """Take the end of a command."""
        if (running := self._running) is None:
            return
        end = running.end(mark.start, at)
        if running.hinted is not None and running.hinted[0] == mark.start:
            end = attrs.evolve(running.hinted[1], at=at)
        running.joined = False
        self._make(running, end, mark.exit_code)

    def _make(self, running: _Running, end: _End, exit_code: int | None) -> None:
        """Add the block of a command that has ended, unless it is joined."""
        self._running = None
        if running.joined:
            return
        self._blocks.append(
            CommandBlock(
                command=running.command,
                cut=running.cut,
                cwd=running.cwd,
                exit_code=exit_code,
                duration_s=max(end.at - running.at, 0.0),
                start=running.start,
                end=end.offset,
                typed=running.typed,
                sha256=end.sha256,
                at=end.at,
            )
        )
