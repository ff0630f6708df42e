"""The state of a terminal's line discipline, its foreground process and its shell."""

from enum import StrEnum

import attrs


class ShellStep(StrEnum):
    """The step that a shell mark reports, by its letter in OSC 133."""

    PROMPT = "A"
    """The shell begins its prompt. The mark `P`, which moves no cursor, is the same."""
    INPUT = "B"
    """The prompt is complete. The command that the operator types follows."""
    OUTPUT = "C"
    """A command begins to run."""
    END = "D"
    """The command has ended."""


@attrs.frozen
class Spot:
    """A place on the screen, counted from 0."""

    row: int
    """The row, counted from 0."""
    col: int
    """The column, counted from 0."""


@attrs.frozen
class Tty:
    """The line discipline and the foreground process of a terminal.

    `echo`, `canonical` and `icrnl` are termios flags. `canonical`: the program reads
    whole lines. `icrnl`: it reads Enter as a newline; a program that edits its own line
    switches this off. `foreground` is the name of the foreground process, empty if
    unknown. `leader`: it is the session's first process. `reading`: it waits for input;
    None if unknown. `interprets`: it is a shell, an interpreter or a proxy, or it is
    not known to be something else.

    `mark` is the step that the foreground process has reported last, if it is the
    session's own shell and proved it. `comment_at` is where its command line begins, if
    it has reported that `#` begins a comment there.
    """

    echo: bool
    """Whether the terminal shows what is typed (the termios flag ECHO)."""
    canonical: bool
    """Whether the program reads whole lines (ICANON)."""
    foreground: str = ""
    """The name of the foreground process; empty if it is unknown."""
    leader: bool = False
    """Whether the foreground process is the first of the session."""
    reading: bool | None = None
    """Whether the foreground process waits for input; null if that is unknown."""
    icrnl: bool = True
    """Whether the program reads Enter as a newline (ICRNL)."""
    mark: ShellStep | None = None
    """The step that the shell reported last; null without one."""
    comment_at: Spot | None = None
    """Where its command line begins, if `#` begins a comment there; null otherwise."""
    interprets: bool = True
    """Whether it is a shell, an interpreter or a proxy, or may be one."""

    @property
    def hides_input(self) -> bool:
        """Whether the program takes whole lines without echo, such as passwords."""
        return self.canonical and not self.echo

    @property
    def ignores_input(self) -> bool:
        """Whether the program takes whole lines and is not reading one now."""
        return self.canonical and self.reading is False
