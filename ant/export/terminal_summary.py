"""Summarises the stored rows of a terminal: its commands, prompts and states.

ANT writes no text of its own: each line is quoted, with its event or prompt and the
bytes that show it. Failures have their own list, as readers look for them first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import attrs

from ant.model.prompts import PromptId, PromptRecord
from ant.model.run_events import RunEvent, Source
from ant.model.sessions import SessionId, TerminalInfo
from ant.run_events.commands import COMMAND_BLOCK, CommandRecord, commands_of
from ant.sessions.sessions import get_session
from ant.store import PromptCounts, Unit

COMMANDS = 20
"""Commands of a recap, and failures: the newest, as many as fit on a screen."""

PROMPTS = 20
"""Prompts of a recap; the newest."""

COVERED = 5000
"""Run events of each kind that are read: the newest."""

COVERED_BYTES = 4 << 20
"""Bytes of them at most."""

LONGEST = 400
"""Characters of a command or a question; the event has all of it."""


@attrs.frozen
class RanCommand:
    """A command and its run event."""

    event_id: int
    """The id of its run event."""
    command: str
    """The command line."""
    exit_code: int | None
    """Its exit code; null if the shell did not report one."""
    duration_ms: int | None
    """How long it ran, in milliseconds; null if that is not known."""
    cwd: str | None
    """The folder in which it ran; null if that is not known."""
    ended_at: datetime
    """When it ended."""
    start: int | None
    """The byte offset of the first byte of its output; null if that is not known."""
    end: int | None
    """The byte offset after the last byte of its output; null if that is not known."""


@attrs.frozen
class AskedPrompt:
    """A prompt, and the answer to it."""

    prompt_id: PromptId
    """The id of the prompt."""
    class_: str = attrs.field(metadata={"wire": "class"})
    """What it asked for."""
    question: str
    """The question, as the screen had it."""
    status: str
    """The state of the prompt."""
    answer: str | None
    """What was chosen; null without an answer."""
    by: str | None
    """Who answered; null without an answer, or if nobody is named."""
    detected_at: datetime
    """When ANT detected it."""
    start: int
    """The byte offset of the first byte that drew it."""
    end: int
    """The byte offset after the last byte that drew it."""


@attrs.frozen
class Share:
    """A name, and its count."""

    name: str
    """The name."""
    count: int
    """How often it occurred."""


@attrs.frozen
class Recap:
    """A terminal in figures and quotes; lists are oldest first."""

    command_count: int
    """The number of commands."""
    failed: int
    """Commands with another exit code than 0."""
    unknown: int
    """Commands without an exit code."""
    busy_ms: int
    """The duration of all commands, in milliseconds."""
    failures: tuple[RanCommand, ...]
    """The newest commands that failed, the oldest first."""
    commands: tuple[RanCommand, ...]
    """The newest commands, the oldest first."""
    prompt_count: int
    """The number of prompts."""
    answered: int
    """Prompts that were answered through ANT."""
    pending: int
    """Prompts that wait for an answer."""
    prompts: tuple[AskedPrompt, ...]
    """The newest prompts, the oldest first."""
    statuses: tuple[Share, ...]
    """How often the agent was in each state."""
    events: tuple[Share, ...]
    """How many run events there are of each kind."""
    first_event: datetime | None
    """When the first run event was recorded; null if there are none."""
    last_event: datetime | None
    """When the last run event was recorded; null if there are none."""
    oldest: int
    """The byte offset of the first byte that is kept."""
    end: int
    """The byte offset after the last byte."""
    covered: int
    """The number of commands that were read: the newest, if there are more."""


@attrs.frozen
class SummarySource:
    """The rows that a recap summarises; events and prompts are oldest first."""

    terminal: TerminalInfo
    blocks: Sequence[RunEvent]
    statuses: Sequence[RunEvent]
    kinds: Mapping[str, int]
    first: datetime | None
    last: datetime | None
    prompts: Sequence[PromptRecord]
    prompt_counts: PromptCounts = PromptCounts(0, 0, 0)


def gather(unit: Unit, session_id: SessionId) -> SummarySource | None:
    """Return the rows of a terminal; None for a chat. Raises `NotFound`."""
    session = get_session(unit, session_id)
    if session.terminal is None:
        return None
    kinds, first, last = unit.run_events.extent(session_id)
    return SummarySource(
        terminal=session.terminal,
        blocks=unit.run_events.page(
            session_id, COVERED, kind=COMMAND_BLOCK, budget=COVERED_BYTES
        ),
        statuses=unit.run_events.page(
            session_id, COVERED, kind="status", budget=COVERED_BYTES
        ),
        kinds=kinds,
        first=first,
        last=last,
        prompts=unit.prompts.of_session(session_id, PROMPTS),
        prompt_counts=unit.prompts.counts(session_id),
    )


def recap(record: SummarySource) -> Recap:
    """Return the recap of these rows. Pure."""
    commands = commands_of(record.blocks)
    failures = [each for each in commands if each.failed]
    prompts, counts = record.prompts, record.prompt_counts
    return Recap(
        command_count=record.kinds.get(COMMAND_BLOCK, 0),
        failed=len(failures),
        unknown=sum(each.exit_code is None for each in commands),
        busy_ms=sum(each.duration_ms or 0 for each in commands),
        failures=_ran(failures),
        commands=_ran(commands),
        prompt_count=counts.all,
        answered=counts.answered,
        pending=counts.pending,
        prompts=tuple(map(_asked, prompts)),
        statuses=_shares(Counter(_states(record.statuses))),
        events=_shares(record.kinds),
        first_event=record.first,
        last_event=record.last,
        oldest=record.terminal.oldest,
        end=record.terminal.end,
        covered=len(commands),
    )


def _ran(commands: Sequence[CommandRecord]) -> tuple[RanCommand, ...]:
    return tuple(
        RanCommand(
            event_id=each.event_id,
            command=each.command[:LONGEST],
            exit_code=each.exit_code,
            duration_ms=each.duration_ms,
            cwd=each.cwd,
            ended_at=each.ended_at,
            start=each.start,
            end=each.end,
        )
        for each in commands[-COMMANDS:]
    )


def _asked(record: PromptRecord) -> AskedPrompt:
    answer = record.answer
    return AskedPrompt(
        prompt_id=record.id,
        class_=str(record.class_),
        question=(record.question or record.summary)[:LONGEST],
        status=str(record.status),
        answer=answer.chosen if answer else None,
        by=answer.by if answer else None,
        detected_at=record.detected_at,
        start=record.start,
        end=record.end,
    )


def _states(events: Iterable[RunEvent]) -> Iterable[str]:
    """Yield the states that ANT recorded; fields of hooks may have any value."""
    for event in events:
        state = event.payload.get("state")
        if event.source is Source.STATUS and isinstance(state, str):
            yield state


def _shares(counts: Mapping[str, int]) -> tuple[Share, ...]:
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return tuple(Share(*each) for each in ordered)
