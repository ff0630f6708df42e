"""The events of the prompt detector: activity, and a new verdict."""

import attrs

from ant.terminal.model.prompt import Verdict
from ant.terminal.model.tty import Tty


@attrs.frozen
class ActivitySeen:
    """The program has put out bytes up to offset `end`; at most one in ten seconds."""

    end: int


@attrs.frozen
class VerdictSeen:
    """The state of the terminal, or its prompt, has changed.

    The other fields and the bytes before `verdict.end` are the inputs of the verdict,
    so that a replay can compute it again: the line discipline, the size of the screen,
    the seconds without output, and the session's `cli_flag`.
    """

    verdict: Verdict
    tty: Tty | None = None
    cols: int = 0
    rows: int = 0
    quiet_s: float = 0.0
    flag: str | None = None
