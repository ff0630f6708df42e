"""Rules of the run-event log: append to a session's chain, and read pages of it.

Each rule that causes an event records it in its own transaction.
"""

from collections.abc import Sequence
from typing import Any

import attrs

from ant.api import codec
from ant.api.run_event_requests import ListRunEvents, ListTerminalEvents
from ant.core import clock
from ant.model.events import RunEventCreated
from ant.model.run_events import (
    HostEvent,
    RunEvent,
    RunEventDraft,
    RunEvents,
    TerminalEvents,
)
from ant.model.sessions import SessionId
from ant.run_events import entries, hash_chain
from ant.run_events.entries import PendingEntry
from ant.sessions.linked import terminal_of
from ant.sessions.sessions import check_exists, get_session
from ant.store import Unit, paging

TEXT_MAX = 12_000
"""Characters of an event's text, as the original's clients expect. The rest is cut."""

KEEP = 20_000
"""Run events of one session that are not minor. The oldest are removed; the chain then
begins later."""

KEEP_MINOR = 5_000
"""Minor run events of one session, as many as terminal events. Older ones are pruned,
so that a program that renames its window each second displaces no command."""

KEEP_TERMINAL = 5_000
"""Terminal events of one session, and as many starts and ends. The oldest are removed.
"""

_PRUNE_EVERY = 500


def record(unit: Unit, session_id: SessionId, draft: RunEventDraft) -> RunEvent | None:
    """Append a draft to its session's chain and emit `RunEventCreated`.

    Return None when the session has been removed: its log was removed with it.
    """
    if unit.sessions.state(session_id) is None:
        return None
    last, prev = unit.run_events.head(session_id)
    event = RunEvent(
        id=0,
        session_id=session_id,
        n=last + 1,
        ts_ms=clock.epoch_ms(unit.now),
        source=draft.source,
        trust=draft.trust,
        kind=draft.kind,
        text=draft.text[:TEXT_MAX],
        payload=draft.payload,
        raw_ref=draft.raw_ref,
        start=draft.start,
        end=draft.end,
        created_at=unit.now,
        prev=prev,
        hash="",
    )
    event = attrs.evolve(event, hash=hash_chain.seal(codec.plain(event)))
    event = attrs.evolve(event, id=unit.run_events.add(event, draft.minor))
    if event.n % _PRUNE_EVERY == 0:
        unit.run_events.prune(session_id, KEEP, KEEP_MINOR)
    unit.emit(RunEventCreated(session_id, event))
    return event


def add_terminal_event(
    unit: Unit, session_id: SessionId, kind: str, data: dict[str, Any], offset: int
) -> None:
    """Add a terminal event; `offset` is the end of the terminal's output then."""
    if unit.sessions.state(session_id) is None:
        return
    at = clock.stamp(unit.now)
    number = unit.terminal_events.add(session_id, at, kind, data, offset)
    if number % _PRUNE_EVERY == 0:
        unit.terminal_events.trim(session_id, KEEP_TERMINAL, entries.LIFECYCLE)


def record_host_event(unit: Unit, session_id: SessionId, event: HostEvent) -> None:
    """Record a host's event both as a terminal event and in the chain."""
    session = unit.sessions.get(session_id)
    if session is None or session.terminal is None:
        return
    add_terminal_event(unit, session_id, event.kind, event.data, event.offset)
    record(unit, session_id, entries.host_event(event, session.terminal.host))


def record_all(
    unit: Unit, batch: Sequence[tuple[SessionId, Sequence[PendingEntry]]]
) -> None:
    """Record the entries of several sessions, each session's in its order."""
    for session_id, pending in batch:
        for entry in pending:
            if isinstance(entry, HostEvent):
                record_host_event(unit, session_id, entry)
            else:
                record(unit, session_id, entry)


def list_run_events(
    unit: Unit, session_id: SessionId, request: ListRunEvents
) -> RunEvents:
    """Return a page of a session's run events; for a linked chat, its terminal's.

    Raises `NotFound`, and `Invalid` on a malformed time.
    """
    session = get_session(unit, session_id)
    owner = terminal_of(unit, session) or session
    since = paging.parse_bound(unit, request, "since")
    events = unit.run_events.page(
        owner.id,
        request.limit,
        since,
        paging.parse_bound(unit, request, "before"),
        request.after,
        request.source,
        request.kind,
        request.q,
        request.before_id,
        forward=_is_forward(request),
    )
    following = events[-1].id if events else request.after
    return RunEvents(
        session_id=session_id,
        terminal_id=owner.id,
        since_ms=clock.epoch_ms(clock.parse_stamp(since)) if since else None,
        limit=request.limit,
        count=len(events),
        next=following,
        events=events[::-1] if request.order == "desc" else events,
        previous=events[0].id if events.more and not _is_forward(request) else None,
    )


def _is_forward(request: ListRunEvents | ListTerminalEvents) -> bool:
    """Whether a page has the oldest events within its bounds, not the newest."""
    if request.before_id is not None:
        return False
    return request.after is not None or request.order == "asc"


def list_terminal_events(
    unit: Unit, session_id: SessionId, request: ListTerminalEvents
) -> TerminalEvents:
    """Return a page of a terminal's host events. Raises `NotFound`, `Invalid`."""
    check_exists(unit, session_id)
    since = paging.parse_bound(unit, request, "since")
    rows = unit.terminal_events.page(
        session_id,
        request.limit,
        since,
        paging.parse_bound(unit, request, "before"),
        request.kind,
        request.after,
        request.before_id,
        forward=_is_forward(request),
    )
    is_forward = _is_forward(request)
    last = rows[-1 if is_forward else 0].id if rows.more else None
    return TerminalEvents(
        session_id=session_id,
        since_ms=clock.epoch_ms(clock.parse_stamp(since)) if since else None,
        kind=request.kind,
        limit=request.limit,
        count=len(rows),
        rows=rows if request.order == "asc" else rows[::-1],
        next=last if is_forward else None,
        previous=None if is_forward else last,
    )
