"""The line discipline of a terminal, a place on its screen, and a step of its shell."""

from enum import StrEnum

import attrs


class ShellStep(StrEnum):
    """Where a shell is, by the letters of OSC 133."""

    PROMPT = "A"
    """It begins its prompt; `P`, which moves no cursor, says the same."""
    INPUT = "B"
    """Its prompt stands there: what follows is the command that is typed."""
    OUTPUT = "C"
    """A command begins to run."""
    END = "D"
    """It has ended."""


@attrs.frozen
class Spot:
    """A place on the screen, counted from 0."""

    row: int
    col: int


@attrs.frozen
class Tty:
    """The line discipline, and who is in front.

    `canonical`: the program is given whole lines. `foreground` is the name of the
    process in front, empty where unknown; `leader`: it is the session's first.
    `reading`: it waits for what is typed; None where that cannot be told. `icrnl`:
    Enter is given as a newline, which who edits a line itself switches off. `mark` is
    what the process in front has said last, where it is a shell that can be believed;
    `comment_at` is where its command line begins, if it has said that `#` begins a
    comment there. `interprets`: the process in front is a shell, an interpreter or a
    proxy, or nobody knows that it is none.
    """

    echo: bool
    canonical: bool
    foreground: str = ""
    leader: bool = False
    reading: bool | None = None
    icrnl: bool = True
    mark: ShellStep | None = None
    comment_at: Spot | None = None
    interprets: bool = True

    @property
    def is_deaf(self) -> bool:
        """Whether lines are wanted and nobody waits for one."""
        return self.canonical and self.reading is False
