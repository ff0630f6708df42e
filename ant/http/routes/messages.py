"""Room messages and their search."""

from typing import Any

import attrs

from ant.api.message_requests import (
    AwaitDelivery,
    ListMessages,
    MergeMeta,
    NameMessage,
    PinMessage,
    PostMessage,
    Search,
)
from ant.core.errors import CapacityReached, Conflict, NotAnOption
from ant.history import search
from ant.http.contract.endpoint import Done, endpoint
from ant.identity import tokens
from ant.identity.tokens import Caller
from ant.journal.writer import Lane
from ant.messages import messages
from ant.model.deliveries import Posted, is_routed
from ant.model.messages import MessageId, Messages, MessageType, SearchResults
from ant.model.sessions import SessionId
from ant.prompts import prompts
from ant.runtime.prompt_answers import Handled, answer_card
from ant.runtime.system import System


@attrs.frozen
class Merged:
    """A message's whole meta after a merge."""

    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    meta: dict[str, Any]


@attrs.frozen
class Pinned:
    """Whether a message is pinned now."""

    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    pinned: bool


@endpoint("GET", "/api/sessions/<session_id>/messages", inactive=True, token="room")
async def list_messages(
    system: System, session_id: SessionId, query: ListMessages
) -> Messages:
    """A page of the room's history, oldest first: at most 4 MiB, and `next` goes on."""
    page = await system.journal.read_in_thread(
        messages.list_messages, session_id, query
    )
    return Messages(page, page.next)


@endpoint(
    "POST",
    "/api/sessions/<session_id>/messages",
    status=201,
    also={200: Handled},
    raises=(Conflict, NotAnOption, CapacityReached),
    token="room",
    speaker="sender_id",
)
async def post_message(
    system: System,
    session_id: SessionId,
    query: AwaitDelivery,
    body: PostMessage,
    caller: Caller | None,
) -> Posted | Handled:
    """Post a message; everybody who joined the room sees it, whom it is for gets it.

    `deliveries` say for each terminal how far it has come: `queued` at once, or with
    `wait`, which is `typed` or `reacted`, once all are that far or have ended, or after
    `timeout` seconds. The same `client_id` in the same room is stored once and answers
    with the first row.

    A `msg_type` of `agent_response` is no message: its `content` is JSON that answers a
    prompt of the terminal whose room this is, and nothing is stored. With a terminal's
    token the sender is that terminal, its role is never `user`, and `target` names
    members of the room. What programs answer each other too often is `withheld` for the
    reason `loop`, until a person says something; what they post too often is a 429.
    """
    if body.msg_type == MessageType.AGENT_RESPONSE:
        return await answer_card(system, session_id, body)
    rests = system.services.prompt_service.rests()
    work = (
        messages.post_message,
        session_id,
        body,
        rests,
        caller,
        system.config.max_hops,
    )
    if caller is None:
        posted = await system.journal.write(*work)
    else:
        with system.quotas.posting(session_id) as post:
            posted = await system.journal.write(*work)
            post.is_routed = any(is_routed(each) for each in posted.deliveries)
    if query.wait is None:
        return posted
    arrived = await system.services.dispatcher.arrival(
        session_id, posted.message.id, query.wait, query.timeout
    )
    arrived = await system.journal.read(tokens.shown, caller, arrived)
    others = (each for each in posted.deliveries if each.id is None)
    return Posted(posted.message, (*others, *(each.summary() for each in arrived)))


@endpoint("PATCH", "/api/sessions/<session_id>/messages")
async def merge_meta(
    system: System, session_id: SessionId, query: NameMessage, body: MergeMeta
) -> Merged:
    """Replace top-level keys of a message's meta; atomic.

    A prompt's card that gets the `status` discarded, dismissed, settled or responded
    takes its prompt along, which is then no longer pending.
    """
    message, discarded = await system.journal.write(
        prompts.merge_meta, session_id, query.message_id, body
    )
    if discarded is not None:
        system.services.prompt_service.discarded(discarded)
    return Merged(message.id, message.meta)


@endpoint("DELETE", "/api/sessions/<session_id>/messages")
async def delete_message(
    system: System, session_id: SessionId, query: NameMessage
) -> Done:
    """Delete a message of this room."""
    await system.journal.write(messages.delete_message, session_id, query.message_id)
    return Done()


@endpoint("PATCH", "/api/sessions/<session_id>/messages/<message_id>/pin")
async def pin_message(
    system: System, session_id: SessionId, message_id: MessageId, body: PinMessage
) -> Pinned:
    """Pin or unpin a message."""
    message = await system.journal.write(
        messages.pin_message, session_id, message_id, body
    )
    return Pinned(message.id, message.pinned)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages/search",
    inactive=True,
    raises=(CapacityReached,),
    token="room",
)
async def search_room(
    system: System, session_id: SessionId, query: Search
) -> SearchResults:
    """Messages of one room that hold every word of `q`, newest first.

    A `q` that begins with `re:` is a regular expression of RE2.
    """
    lane = Lane.SEARCH if search.is_indexed(query) else Lane.SCAN
    found = await system.journal.read_in_thread(
        search.search_room, session_id, query, lane=lane
    )
    return SearchResults(found, not found.more)
