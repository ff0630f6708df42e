"""What a terminal tells the outside; facts, in the order in which they were seen."""

import attrs

from ant.terminal.detect.verdict import ActivitySeen, VerdictSeen
from ant.terminal.host.base import ControlSeen
from ant.terminal.shell.command_blocks import CommandBlock


@attrs.frozen
class OutputSeen:
    """There are bytes up to `end` (an offset) that nobody was told of yet."""

    end: int


@attrs.frozen
class Resized:
    """The terminal has a new size."""

    cols: int
    rows: int


@attrs.frozen
class TitleSeen:
    """The program has set another window title, by the byte before `end`."""

    title: str
    end: int


@attrs.frozen
class InputSeen:
    """Somebody typed this, by a way that `source` names; `by` is who, if they said it.

    `shown`: what is typed showed as a line, before and after, and somebody waited for
    the line if it has an Enter; None where it showed and that cannot be known.
    """

    data: bytes
    source: str
    shown: bool | None
    by: str | None = None


@attrs.frozen
class BlockSeen:
    """A command that the shell ran has ended."""

    block: CommandBlock


Observation = (
    OutputSeen
    | ActivitySeen
    | Resized
    | TitleSeen
    | InputSeen
    | ControlSeen
    | VerdictSeen
    | BlockSeen
)
