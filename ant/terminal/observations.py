"""What a terminal tells the outside; facts, in the order in which they were seen."""

from typing import Any

import attrs

from ant.terminal.blocks import Block
from ant.terminal.look import Tty
from ant.terminal.prompt import Verdict


@attrs.frozen
class OutputSeen:
    """There are bytes up to `end` (an offset) that nobody was told of yet."""

    end: int


@attrs.frozen
class ActivitySeen:
    """The program is putting out something; told at most once in ten seconds."""

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
class ControlSeen:
    """The terminal's host told something; `kind` and `data` are as it is kept."""

    kind: str
    data: dict[str, Any]


@attrs.frozen
class VerdictSeen:
    """The terminal is held to be in another state, or to ask something else.

    The rest is what the verdict was made of beside the bytes before `verdict.end`, so
    that it can be made again: line discipline, size, quiet, and the session's driver.
    """

    verdict: Verdict
    tty: Tty | None = None
    cols: int = 0
    rows: int = 0
    quiet_s: float = 0.0
    flag: str | None = None


@attrs.frozen
class BlockSeen:
    """A command that the shell ran has ended."""

    block: Block


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
