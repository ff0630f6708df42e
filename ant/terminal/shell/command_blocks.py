"""What a shell ran: from its marks to commands and the bytes of their output; sans-io.

Rule 1: only marks that can be believed are heard; whoever feeds it has looked.
Rule 2: fed whole or cut anywhere, the same bytes make the same blocks.
Rule 3: a block ends where the shell says so. Where it says nothing, and is at a prompt
        when the next command begins or the terminal ends, it has ended at that prompt,
        how is not known.
Rule 4: commands that were sent together have one end: they are one block, and none
        where that end is not told, since then the shell has lost its hooks.
Rule 5: nothing is kept but the block under way; its output is hashed as it passes.

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
"""Characters of a command that are kept: as many as a mark can carry."""

LINES_MAX = 100
"""Lines of a command that is told by the screen; what is typed beyond is left out."""

_PIECE = 256 << 10
_BROKEN = re.compile(r"%.?\Z")

Read = Callable[[int, int], bytes | None]
"""The terminal's bytes from one offset to another; None where they are not there."""


@attrs.frozen
class CommandBlock:
    """A command, and its output from byte `start` to `end`.

    `command` is empty where nobody knows, `cut` where it was longer. `typed` are the
    bytes between the prompt and the command's first output. `exit_code` is None where
    the shell has not told; `sha256` is that of the output; it ended `at` (monotonic
    seconds).
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
    """A line of the command that is typed, the shell's `number` for it; `end` is None
    while it is typed."""

    number: str | None
    start: int
    place: CursorColumn | None
    end: int | None = None


@attrs.frozen
class _End:
    """Where a command may have ended, and the hash of its output then."""

    offset: int
    at: float
    sha256: str | None


class _Hash:
    """Of the output from `start` on, as far as it has come."""

    def __init__(self, read: Read, start: int) -> None:
        self._read, self._at = read, start
        self._sum: Any = hashlib.sha256()

    def reach(self, offset: int) -> None:
        """Take what is below `offset`."""
        while self._sum is not None and self._at < offset:
            data = self._read(self._at, min(offset, self._at + _PIECE))
            if not data:
                self._sum = None
                return
            self._sum.update(data)
            self._at += len(data)

    def upto(self, offset: int) -> str | None:
        """That of what is below `offset`; None where bytes were missed."""
        self.reach(offset)
        return self._sum.hexdigest() if self._sum and self._at == offset else None


@attrs.define
class _Running:
    """The command under way; `joined` by others that were sent with it.

    `perhaps` it has ended; `hinted` is an end that counts where the shell's own word
    begins at that offset.
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
        """It has ended there."""
        return _End(offset, at, self.output.upto(offset))


class CommandBlocks:
    """Tell it the marks of one shell in their order; it makes blocks."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._parts: list[_Part] = []
        self._number: str | None = None
        self._cwd: str | None = None
        self._running: _Running | None = None
        self._made: list[CommandBlock] = []

    def taken(self) -> list[CommandBlock]:
        """The blocks that were made since this was last called."""
        made, self._made = self._made, []
        return made

    def enter(self, folder: Folder) -> None:
        """The shell's folder, from here on."""
        self._cwd = folder.path

    def hear(
        self, mark: ShellMark, at: float, place: CursorColumn | None = None
    ) -> None:
        """Take a mark, seen `at` (monotonic seconds).

        `place` is where it left the cursor; it is looked at where a line begins.
        """
        match mark.step:
            case ShellStep.PROMPT:
                self._ask(mark, at)
            case ShellStep.INPUT:
                self._listen(mark, place)
            case ShellStep.OUTPUT:
                self._begin(mark, at)
            case ShellStep.END:
                self._end(mark, at)

    def hint(self, mark: ShellMark, at: float) -> None:
        """Take a mark that is not believed.

        A shell that has marks of its own puts them right before ours: then that is the
        end of what the command put out.
        """
        if self._running is not None and mark.step is ShellStep.END:
            self._running.hinted = mark.end, self._running.end(mark.start, at)

    def reach(self, offset: int) -> None:
        """Bytes below `offset` are of no mark that is yet to be told."""
        if self._running is not None and self._running.perhaps is None:
            self._running.output.reach(offset)

    def finish(self, offset: int, at: float) -> None:
        """The terminal has ended, and what ran there with it."""
        if (running := self._running) is not None:
            self._make(running, running.perhaps or running.end(offset, at), None)

    def _ask(self, mark: ShellMark, at: float) -> None:
        running, parts = self._running, self._parts
        if running is not None and running.perhaps is None:
            running.perhaps = running.end(mark.start, at)
        self._number = mark.params.get("line") if mark.params.get("k") == "s" else None
        if self._number is None:
            parts.clear()
        elif parts and parts[-1].number == self._number:
            parts.pop()  # It is drawn again.
        elif parts:
            parts[-1].end = mark.start

    def _listen(self, mark: ShellMark, place: CursorColumn | None) -> None:
        if self._parts and self._parts[-1].end is None:
            self._parts.pop()  # Of a prompt of many rows the last is drawn again.
        if len(self._parts) < LINES_MAX:
            self._parts.append(_Part(self._number, mark.end, place))

    def _begin(self, mark: ShellMark, at: float) -> None:
        if (running := self._running) is not None:
            if running.perhaps is None:
                running.joined = True
                return
            self._make(running, running.perhaps, None)
        parts, self._parts = self._parts, []
        told = mark.params.get("cmdline_url")
        if told is None:
            command = "\n".join(self._drawn(part, mark.start) for part in parts)
        else:
            command = unquote(_BROKEN.sub("", told), errors="replace")
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
        """The text of a line, where its bytes and a screen to draw it on are there."""
        end = end if part.end is None else part.end
        if part.place is None or end - part.start > LINE_MAX:
            return ""
        data = self._read(part.start, end)
        return typed_line(data, part.place) if data else ""

    def _end(self, mark: ShellMark, at: float) -> None:
        if (running := self._running) is None or mark.exit_code is None:
            return  # Our shells tell the code: without it, it is zsh's variable shown.
        end = running.end(mark.start, at)
        if running.hinted is not None and running.hinted[0] == mark.start:
            end = attrs.evolve(running.hinted[1], at=at)
        running.joined = False
        self._make(running, end, mark.exit_code)

    def _make(self, running: _Running, end: _End, exit_code: int | None) -> None:
        self._running = None
        if running.joined:
            return
        self._made.append(
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
