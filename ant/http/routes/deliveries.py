"""The ledger: what became of messages on their way to terminals."""

from ant import deliveries
from ant.commands import ListDeliveries
from ant.delivering import Deliveries
from ant.http.endpoint import endpoint
from ant.model import MessageId, SessionId
from ant.system import System


@endpoint("GET", "/api/sessions/<session_id>/deliveries", inactive=True, token="either")
async def list_deliveries(
    system: System, session_id: SessionId, query: ListDeliveries
) -> Deliveries:
    """Deliveries to a terminal, or of what was posted in a room, oldest first."""
    page = await system.journal.study(deliveries.list_deliveries, session_id, query)
    return Deliveries(page, page.next)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages/<message_id>/deliveries",
    inactive=True,
    token="room",
)
async def list_deliveries_of_message(
    system: System, session_id: SessionId, message_id: MessageId
) -> Deliveries:
    """Deliveries of one message, and the terminals that were left out and why."""
    return Deliveries(
        await system.journal.study(deliveries.of_message, session_id, message_id)
    )
