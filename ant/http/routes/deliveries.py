"""Routes of the delivery ledger: what became of each message at each terminal."""

from ant.api.message_requests import ListDeliveries
from ant.http.contract.endpoint import endpoint
from ant.identity.terminal_tokens import Caller
from ant.messages import deliveries
from ant.model.access_tokens import Scope
from ant.model.deliveries import Deliveries
from ant.model.messages import MessageId
from ant.model.sessions import SessionId
from ant.runtime.system import System
from ant.sessions.linked import in_room


@endpoint(
    "GET",
    "/api/sessions/<session_id>/deliveries",
    inactive=True,
    token="either",
    scope=Scope.VIEW,
)
async def list_deliveries(
    system: System,
    session_id: SessionId,
    query: ListDeliveries,
    caller: Caller | None,
) -> Deliveries:
    """List the deliveries to a terminal, or of the messages of a room, oldest first.

    Without `since` the page holds the newest `limit` deliveries; with it, the oldest
    `limit` after it. `since` and `before` take an RFC 3339 time, epoch milliseconds, a
    duration such as `5m`, or the id of a delivery. `state` selects one state. A page
    holds at most 4 MiB. `next` is the id to continue with: as `before`, or as `since`
    if the request had only `since`; null on the last page.

    With a terminal's token the page leaves out deliveries to terminals that are not in
    the room, and shows `file` only for deliveries to that terminal.
    """
    page = await system.journal.read_in_thread(
        deliveries.list_deliveries, session_id, query, caller
    )
    return Deliveries(page, page.next)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages/<message_id>/deliveries",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_deliveries_of_message(
    system: System, session_id: SessionId, message_id: MessageId, caller: Caller | None
) -> Deliveries:
    """List the deliveries of one message.

    A terminal that the message skipped has an entry, too, with the `reason`. A
    terminal's token sees the same entries as in the list of the room.
    """
    work = deliveries.of_message, session_id, message_id, caller
    return Deliveries(await system.journal.read_in_thread(in_room, *work))
