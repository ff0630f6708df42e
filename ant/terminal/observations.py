"""What a session reports to its `RunObserver`: facts, in the order they were seen."""

import attrs

from ant.terminal.detect.verdict import ActivitySeen, VerdictSeen
from ant.terminal.host.host_terminal import ControlSeen
from ant.terminal.shell.command_blocks import CommandBlock


@attrs.frozen
class OutputSeen:
    """The buffer has new bytes, up to the offset `end`."""

    end: int


@attrs.frozen
class Resized:
    """The terminal has a new size."""

    cols: int
    rows: int


@attrs.frozen
class TitleSeen:
    """The program has set another window title, somewhere before the offset `end`."""

    title: str
    end: int


@attrs.frozen
class InputSeen:
    """Input was typed. `source` names the way it came; `by` is who typed it, if known.

    `shown`: typed input was shown as a line before and after, and, if the input has an
    Enter, a program was reading a line. None where input was shown, but whether a
    program was reading cannot be known.
    """

    data: bytes
    source: str
    shown: bool | None
    by: str | None = None


@attrs.frozen
class BlockSeen:
    """A command that the shell ran has ended."""

    block: CommandBlock


@attrs.frozen
class RestSeen:
    """The program is still at rest, or again, after more output, up to `end`.

    A verdict that equals the one before is no `VerdictSeen`.
    """

    end: int


Observation = (
    OutputSeen
    | ActivitySeen
    | Resized
    | TitleSeen
    | InputSeen
    | ControlSeen
    | VerdictSeen
    | BlockSeen
    | RestSeen
)
