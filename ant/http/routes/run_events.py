"""Run events and terminal events, to read afterwards."""

from ant.api.run_event_requests import ListRunEvents, ListTerminalEvents
from ant.http.contract.endpoint import endpoint
from ant.model.run_events import RunEvents, TerminalEvents
from ant.model.sessions import SessionId
from ant.run_events import log
from ant.runtime.system import System


@endpoint("GET", "/api/sessions/<session_id>/run-events", inactive=True)
async def list_run_events(
    system: System, session_id: SessionId, query: ListRunEvents
) -> RunEvents:
    """What happened in a session, or in the terminal of that linked chat.

    Oldest first: the newest `limit`, or the oldest after `since` or `after`. `source`
    and `kind` are exact, `q` is a part of the text. Each has the hash of the one
    before.
    """
    return await system.journal.read_in_thread(log.list_run_events, session_id, query)


@endpoint("GET", "/api/sessions/<session_id>/terminal/events", inactive=True)
async def list_terminal_events(
    system: System, session_id: SessionId, query: ListTerminalEvents
) -> TerminalEvents:
    """What the host of a terminal told: its start, sizes, title and end, newest first.

    A terminal in tmux has tmux's notifications, too.
    """
    return await system.journal.read_in_thread(
        log.list_terminal_events, session_id, query
    )
