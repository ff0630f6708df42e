"""What the detector tells: a verdict, or that there is activity."""

import attrs

from ant.terminal.model.prompt import Verdict
from ant.terminal.model.tty import Tty


@attrs.frozen
class ActivitySeen:
    """The program is putting out something; told at most once in ten seconds."""

    end: int


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
