"""Facts of a terminal that a wait may be for: ends, commands and prompts.

They are run events, so they have an order, survive the server and are told once.
"""

from collections.abc import Collection
from contextlib import closing

import attrs

from ant.core.errors import Invalid
from ant.model.run_events import RunEvent, Source, Trust
from ant.model.sessions import SessionId, Status
from ant.model.waits import WaitCursor
from ant.run_events.commands import COMMAND_BLOCK
from ant.store import Unit

EXIT, BLOCK, PROMPT = "exit", "block", "prompt"

_SYSTEM = "system"
_KINDS = (_SYSTEM, COMMAND_BLOCK, "question", "permission", "error")
"""The kinds of run events that may be facts."""

_OF_PROMPTS = (Source.TERMINAL, Source.HOOK)


@attrs.frozen
class Fact:
    """A fact: `exit`, `block` or `prompt`. `end` is the byte offset at which it is.

    `status` is how the program ended.
    """

    kind: str
    number: int
    event_id: int
    start: int | None
    end: int
    command: str | None = None
    trust: Trust | None = None
    exit_code: int | None = None
    exit_signal: int | None = None
    status: Status | None = None
    reason: str | None = None
    prompt_id: str | None = None


@attrs.frozen
class FactsPage:
    """The first fact after a cursor, if any, and what was seen on the way.

    `first` is the number of the cursor; for a cursor that is an offset alone, of the
    last run event before that offset. `number` is that of the last event that was read.
    `run` is the run that the fact belongs to, or the present one. `missing`: events
    after the cursor were deleted.
    """

    fact: Fact | None
    first: int
    number: int
    run: str | None
    missing: bool


def host_kind(event: RunEvent) -> str | None:
    """The kind of a report of the terminal's host; None for other events.

    A hook may use the same words, but not the same source.
    """
    if event.kind != _SYSTEM or event.source not in (Source.TERMINAL, Source.TMUX):
        return None
    name = "tmux_kind" if event.source is Source.TMUX else "kind"
    kind = event.payload.get(name)
    return kind if isinstance(kind, str) else None


def run_of(event: RunEvent) -> str | None:
    """The run that begins with this event; None if none does."""
    run = event.payload.get("run") if host_kind(event) == "start" else None
    return run if isinstance(run, str) else None


def fact_of(event: RunEvent, wanted: Collection[str]) -> Fact | None:
    """The fact that a run event records, if it is wanted; the end of a run always is.

    A notification of tmux that is called `exit` has no exit code, and is none.
    """
    payload, kind = event.payload, host_kind(event)
    place = event.n, event.id, event.start, event.end or 0
    if kind == "exit" and "code" in payload:
        code, signal = payload["code"], payload.get("signal")
        more = {"exit_code": code, "exit_signal": signal, "status": Status.EXITED}
        return Fact(EXIT, *place, reason=payload.get("reason"), **more)
    if kind == "lost" and "reason" in payload:
        return Fact(EXIT, *place, status=Status.LOST, reason=payload["reason"])
    if BLOCK in wanted and event.kind == COMMAND_BLOCK:
        code = payload.get("exit_code")
        code = code if type(code) is int else None
        return Fact(
            BLOCK, *place, command=event.text, trust=event.trust, exit_code=code
        )
    is_prompt = payload.get("prompt_bridge") is True and event.kind in _KINDS
    # The report of a hook itself has no `prompt_bridge` there.
    if PROMPT in wanted and is_prompt and event.source in _OF_PROMPTS:
        return Fact(PROMPT, *place, prompt_id=payload["prompt_id"])
    return None


def first_fact(
    unit: Unit, session_id: SessionId, cursor: WaitCursor, wanted: Collection[str]
) -> FactsPage:
    """Return the first wanted fact after a cursor; see `fact_of`.

    Raises `Invalid` for a cursor beyond the newest run event.
    """
    newest, _ = unit.run_events.head(session_id)
    after = cursor.number or 0
    if after > newest:
        raise Invalid(
            f"expected a `next` of this session, got event {after} after the newest "
            f"one, {newest}, at $.after"
        )
    missing = unit.run_events.begins_after(session_id, after)
    first, run, found = cursor.number, None, None
    with closing(unit.run_events.of_kinds(session_id, after, _KINDS)) as events:
        for event in events:
            unit.pause()
            run = run_of(event) or run
            if first is None and (event.end or 0) < cursor.offset:
                continue
            first = event.n - 1 if first is None else first
            if (found := fact_of(event, wanted)) is not None:
                break
    first = newest if first is None else first
    if found is None:
        return FactsPage(None, first, newest, _present_run(unit, session_id), missing)
    if run is None:
        run = unit.run_events.run_before(session_id, found.number)
    return FactsPage(found, first, found.number, run, missing)


def _present_run(unit: Unit, session_id: SessionId) -> str | None:
    program = unit.sessions.program(session_id)
    return program.run if program is not None else None
