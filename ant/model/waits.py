"""The answer of a wait for a terminal, and the cursor from which the next one goes on.

A cursor is `OFFSET.NUMBER`: the byte offset up to which the output was told, and the
number of the last run event that was told, in the chain of the session.
"""

from typing import Self

import attrs

from ant.model.prompts import AgentState, PromptRecord
from ant.model.run_events import Trust
from ant.model.sessions import SessionId, Status
from ant.model.transcript import Gap


@attrs.frozen
class WaitCursor:
    """A place in the output and the run events of a session.

    `number` is None for an offset alone: then all run events at that offset or later
    come after it.
    """

    offset: int
    number: int | None

    @classmethod
    def of(cls, text: str) -> Self:
        """Read `OFFSET.NUMBER` or `OFFSET`, both decimal."""
        offset, _, number = text.partition(".")
        return cls(int(offset), int(number) if number else None)

    def __str__(self) -> str:
        return f"{self.offset}.{self.number or 0}"


@attrs.frozen
class Waited:
    """What a wait was answered with: the first fact that came, or a time-out.

    Which of the fields have a value depends on `until`.
    """

    session_id: SessionId
    until: str | None
    """The value of `until` that came true. `exit` also comes unasked, since it ends
    every wait. Null after a time-out."""
    timed_out: bool
    """Whether nothing came in time."""
    stopping: bool
    """Whether the time-out is early, because the server stops."""
    next: str
    """The `after` of the next wait, which then misses nothing."""
    run: str | None
    """The id of the run that the fact belongs to; null if the program never ran."""
    status: Status
    """The state of the process now."""
    state: AgentState | None
    """What the program does now; null if that is not known."""
    end: int
    """The byte offset after the match, the output of the command, the prompt or the
    last byte of the program. Otherwise the end of the output so far."""
    start: int | None = None
    """The byte offset of the first byte of the match, of the output of the command, or
    of the prompt; null for other facts."""
    event_id: int | None = None
    """The id of the run event that records the fact; null if none does."""
    text: str | None = None
    """The line with the match, at most 500 characters of it; null for other facts."""
    command: str | None = None
    """The command; null unless a `block` came."""
    trust: Trust | None = None
    """How reliable the command and its exit code are; null unless a `block` came."""
    exit_code: int | None = None
    """The exit code of the program or of the command; null if it is not known, if a
    signal ended the program, and for other facts."""
    exit_signal: int | None = None
    """The number of the signal that ended the program; null if none did."""
    reason: str | None = None
    """A sentence on an outcome that is lost; null otherwise."""
    prompt: PromptRecord | None = None
    """The prompt, as it is now; null unless a `prompt` came."""
    gap: Gap | None = None
    """The first range of byte offsets after the cursor that has no byte, so that no
    text was found there; null if there is none. Only a wait for `output:` looks."""
    events_missing: bool = False
    """Whether ANT has deleted run events after the cursor; a fact may be missing."""
