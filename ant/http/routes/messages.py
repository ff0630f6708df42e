"""Routes of a room's messages and their search."""

from typing import Any

import attrs

from ant.api import codec
from ant.api.message_requests import (
    AwaitDelivery,
    ListMessages,
    MergeMeta,
    NameMessage,
    PinMessage,
    PostMessage,
    Search,
)
from ant.core.errors import (
    AlreadyAnswered,
    CapacityReached,
    Conflict,
    NotAnOption,
    NotRunning,
    PromptChanged,
)
from ant.history import search
from ant.http.contract.endpoint import Done, endpoint
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.journal.writer import SMALL, Lane
from ant.messages import messages
from ant.model.access_tokens import Scope
from ant.model.deliveries import Posted, is_routed
from ant.model.messages import MessageId, Messages, MessageType, SearchResults
from ant.model.sessions import SessionId
from ant.prompts import prompts
from ant.runtime.prompt_answers import Handled, answer_card
from ant.runtime.system import System
from ant.sessions.linked import in_room, in_room_to_post
from ant.store import PAGE_BYTES, Unit

SHORT = 100
"""Messages that the loop reads itself, unless they have many bytes."""


@attrs.frozen
class Merged:
    """The whole `meta` of a message after the merge."""

    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    meta: dict[str, Any]
    """The whole `meta` of the message."""


@attrs.frozen
class Pinned:
    """Whether the message is pinned now."""

    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    pinned: bool
    """Whether the message is pinned."""


def _list(
    unit: Unit, session_id: SessionId, query: ListMessages, budget: int = PAGE_BYTES
) -> tuple[bytes, bool]:
    """The JSON of a page, and whether `budget` cut it."""
    page = messages.list_messages(unit, session_id, query, budget)
    rows = codec.verbatim_list(each.json for each in page)
    content = codec.render({"messages": rows, "next": page.next})
    return content, page.more and len(page) < query.limit


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_messages(
    system: System, session_id: SessionId, query: ListMessages
) -> Messages | bytes:
    """List the messages of a room, oldest first; for a terminal, of its linked chat.

    Without `since` the page holds the newest `limit` messages; with it, the oldest
    `limit` after it. `before` selects older messages only. Both take an RFC 3339 time,
    epoch milliseconds, a duration such as `5m`, or the id of a message.

    `order=asc` reads forward: the page holds the oldest `limit` messages between
    `since` and `before`, oldest first. `order=desc` reads backward: it holds the newest
    `limit` of them, newest first.

    A page holds at most 4 MiB. `next` is the id to continue with: as `since` if the
    request had `order=asc`, or only `since` and no `order`; otherwise as `before`. It
    is null on the last page. No two messages of a room have the same `created_at`, so
    that a client may also continue by time, even after a message was deleted.
    """
    work = in_room, _list, session_id, query
    content: bytes
    if query.limit <= SHORT:
        content, is_cut = await system.journal.read(*work, SMALL)
        if not is_cut:
            return content
    content, _ = await system.journal.read_in_thread(*work)
    return content


@endpoint(
    "POST",
    "/api/sessions/<session_id>/messages",
    status=201,
    also={200: Handled},
    raises={
        Conflict: "An `agent_response` in a room that is no linked chat.",
        AlreadyAnswered: "An `agent_response` to a prompt that is no longer open.",
        PromptChanged: "An `agent_response` to a prompt that the screen shows no more.",
        NotRunning: "An `agent_response` to a program that has ended.",
        NotAnOption: "An `agent_response` that names no option of the prompt.",
        CapacityReached: "An `agent_response` while 16 answers wait for the database.",
    },
    token="room",
    speaker="sender_id",
    scope=Scope.POST,
)
async def post_message(
    system: System,
    session_id: SessionId,
    query: AwaitDelivery,
    body: PostMessage,
    caller: Caller | None,
) -> Posted | Handled:
    """Post a message to a room and deliver it to the terminals it is for.

    A terminal in the path stands for its linked chat: the message is posted there, and
    its `session_id` says so. What a person posts there is typed into the terminal as by
    hand. A terminal without a linked chat is a 409.

    Every client that joined the room receives the message. `deliveries` lists each
    recipient with the state of its delivery. The answer comes at once, with deliveries
    that are still `queued`. With `wait=typed` or `wait=reacted` it comes when every
    delivery has got that far or has ended, or after `timeout` seconds: 1 to 25, and 10
    by default.

    A `client_id` makes the request idempotent: the room stores it once, and later
    requests of the same sender with the same `client_id` return the first message. The
    same `client_id` of another sender is another message.

    A mention of a name that is not in the room reaches nobody. `deliveries` says so:
    `skipped` with `not_a_member` or `unknown_target`, for at most 8 names. A person
    that is a member is `skipped` with `person`, since ANT types nothing there.

    With a terminal's token the sender is that terminal, the role is never `user`, and
    `target` and mentions reach members of the room only. If programs have answered each
    other too often without a person, ANT stores the message but withholds it from all
    recipients with the reason `loop`, until a person posts. A program that posts too
    often gets a 429.

    A `msg_type` of `agent_response` is not stored. Its `content` is JSON that answers a
    prompt of the terminal whose linked chat this is, or a prompt that was announced in
    this room. The answer to the request is a 200 with the outcome.
    """
    if body.msg_type.casefold() == MessageType.AGENT_RESPONSE:
        return await answer_card(system, session_id, body)
    rests = system.services.prompt_service.rests()
    posted: Posted
    work = (
        in_room_to_post,
        messages.post_message,
        session_id,
        body,
        rests,
        caller,
        system.config.max_hops,
    )
    if caller is None or not caller.is_terminal:
        posted = await system.journal.write(*work)
    else:
        with system.quotas.posting(session_id) as post:
            posted = await system.journal.write(*work)
            post.is_routed = any(is_routed(each) for each in posted.deliveries)
    if query.wait is None:
        return posted
    arrived = await system.services.dispatcher.arrival(
        posted.message.session_id, posted.message.id, query.wait, query.timeout
    )
    arrived = await system.journal.read_in_thread(
        terminal_tokens.visible_deliveries, caller, arrived
    )
    others = (each for each in posted.deliveries if each.id is None)
    return Posted(posted.message, (*others, *(each.summary() for each in arrived)))


@endpoint("PATCH", "/api/sessions/<session_id>/messages", scope=Scope.POST)
async def merge_meta(
    system: System, session_id: SessionId, query: NameMessage, body: MergeMeta
) -> Merged:
    """Merge keys into the `meta` of a message.

    The top-level keys of the body replace those of the message, atomically; null is
    stored as a value. If the message announces a prompt, in the linked chat or in
    another room, the `status` `discarded`, `dismissed`, `settled` or `responded` also
    discards the prompt: it is no longer pending.
    """
    message, discarded = await system.journal.write(
        in_room, prompts.merge_meta, session_id, query.message_id, body
    )
    if discarded is not None:
        system.services.prompt_service.discarded(discarded)
    return Merged(message.id, message.meta)


@endpoint("DELETE", "/api/sessions/<session_id>/messages", scope=Scope.POST)
async def delete_message(
    system: System, session_id: SessionId, query: NameMessage
) -> Done:
    """Delete a message for good; replies to it stay."""
    work = messages.delete_message, session_id, query.message_id
    await system.journal.write(in_room, *work)
    return Done()


@endpoint(
    "PATCH", "/api/sessions/<session_id>/messages/<message_id>/pin", scope=Scope.POST
)
async def pin_message(
    system: System, session_id: SessionId, message_id: MessageId, body: PinMessage
) -> Pinned:
    """Pin or unpin a message."""
    message = await system.journal.write(
        in_room, messages.pin_message, session_id, message_id, body
    )
    return Pinned(message.id, message.pinned)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages/search",
    inactive=True,
    raises={CapacityReached: "16 searches of this kind wait already."},
    token="room",
    scope=Scope.VIEW,
)
async def search_room(
    system: System, session_id: SessionId, query: Search
) -> SearchResults | bytes:
    """Search the messages of one room for every word of `q`, newest first.

    Words are literal text, but `mess*` is the beginning of a word: three characters or
    more, and a `*`. A `q` that begins with `re:` is an RE2 regular expression.
    `sort=rank` orders by relevance. Each result has a `snippet` with the matches
    marked. `complete` is false if there are fewer results than `limit` because an
    answer holds at most 4 MiB and a search reads a bounded amount of text; use a
    smaller `limit` or more words then.
    """
    lane = Lane.SEARCH if search.is_indexed(query) else Lane.SCAN
    return await system.journal.read_in_thread(
        in_room, search.search_room, session_id, query, lane=lane
    )
