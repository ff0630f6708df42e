"""Routes of run events and terminal events."""

from ant.api.run_event_requests import ListRunEvents, ListTerminalEvents
from ant.http.contract.endpoint import endpoint
from ant.model.access_tokens import Scope
from ant.model.run_events import RunEvents, TerminalEvents
from ant.model.sessions import SessionId
from ant.run_events import log
from ant.runtime.system import System


@endpoint(
    "GET", "/api/sessions/<session_id>/run-events", inactive=True, scope=Scope.VIEW
)
async def list_run_events(
    system: System, session_id: SessionId, query: ListRunEvents
) -> RunEvents:
    """List the run events of a session, oldest first.

    For the linked chat of a terminal these are the events of the terminal. The page
    holds the newest `limit` events within the bounds. With `after` or `order=asc` it
    reads forward and holds the oldest. `since` and `before` take an RFC 3339 time,
    epoch milliseconds or a duration such as `5m`; `after` and `before_id` take the id
    of an event. `source` and `kind` match exactly; `q` matches a part of the text in
    any case. With `order=desc` the newest event comes first.

    To read on, pass `next` as `after`; to read back, pass `previous` as `before_id`. A
    page holds at most 4 MiB. Each event carries its hash and the hash of the event
    before it. `ts_ms` is in epoch milliseconds, and `ts` is a copy of it. ANT keeps the
    newest 20,000 events of a session, and 5,000 minor ones.
    """
    return await system.journal.read_in_thread(log.list_run_events, session_id, query)


@endpoint(
    "GET", "/api/sessions/<session_id>/terminal/events", inactive=True, scope=Scope.VIEW
)
async def list_terminal_events(
    system: System, session_id: SessionId, query: ListTerminalEvents
) -> TerminalEvents:
    """List the events of a terminal's host, newest first.

    They are the start, the resizes, the titles and the end of the terminal; a terminal
    in tmux also has the notifications of tmux. `since`, `before`, `after`, `before_id`
    and `limit` work as for run events, and `kind` matches exactly. `next` and
    `previous` are null where there are no more rows. ANT keeps the newest 5,000 events
    of a session, and as many starts and ends.
    """
    return await system.journal.read_in_thread(
        log.list_terminal_events, session_id, query
    )
