"""The ledger: what became of messages on their way to terminals."""

from ant.api.message_requests import ListDeliveries
from ant.http.contract.endpoint import endpoint
from ant.identity.tokens import Caller
from ant.messages import deliveries
from ant.model.deliveries import Deliveries
from ant.model.messages import MessageId
from ant.model.sessions import SessionId
from ant.runtime.system import System


@endpoint("GET", "/api/sessions/<session_id>/deliveries", inactive=True, token="either")
async def list_deliveries(
    system: System,
    session_id: SessionId,
    query: ListDeliveries,
    caller: Caller | None,
) -> Deliveries:
    """Deliveries to a terminal, or of what was posted in a room, oldest first.

    With a terminal's token those to terminals outside of the room are left out, and
    `file` is told of its own only.
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
)
async def list_deliveries_of_message(
    system: System, session_id: SessionId, message_id: MessageId, caller: Caller | None
) -> Deliveries:
    """Deliveries of one message, and the terminals that were left out and why.

    A terminal's token is told what the list of the room tells it.
    """
    work = deliveries.of_message, session_id, message_id, caller
    return Deliveries(await system.journal.read_in_thread(*work))
