"""Rules of messages: post, list, change the meta, pin, delete and search."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import attrs

from ant.api import codec
from ant.api.message_requests import (
    ListMessages,
    MergeMeta,
    PinMessage,
    PostMessage,
    Search,
)
from ant.core import clock
from ant.core.errors import Invalid
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.messages import deliveries, hops
from ant.messages.deliveries import MessageReach
from ant.messages.routing import RestState
from ant.model.deliveries import Delivery, Posted
from ant.model.events import (
    MessageCreated,
    MessageDeleted,
    MessagePinned,
    MessageUpdated,
)
from ant.model.handles import folded
from ant.model.messages import Message, MessageId
from ant.model.sessions import SessionId
from ant.model.snippets import WordMarker
from ant.rooms import participants
from ant.sessions.sessions import check_active, check_exists, merged
from ant.store import PAGE_BYTES, EncodedMessage, Page, Unit, paging

RECENT = 5000
"""Messages that a digest covers."""

RECENT_BYTES = 2 << 20
"""Bytes of these messages: a long book, and about a second of work."""

PAUSE = 4 << 10
"""Characters of found messages between two pauses: some microseconds of work."""

TICK = timedelta(microseconds=1)


def post_message(
    unit: Unit,
    room_id: SessionId,
    request: PostMessage,
    rests: Mapping[SessionId, RestState] = deliveries.NO_AGENTS,
    caller: Caller | None = None,
    max_hops: int = hops.MOST,
) -> Posted:
    """Store a message and queue it for its recipients.

    `rests` maps running agents to their state. A `caller` with a token reaches
    only sessions in the room. A message with more than `max_hops` hops reaches no
    program; 0 is no limit.

    With a `client_id` that the sender has used in the room already, return its first
    message again. Another sender's `client_id` does not count.

    `created_at` is later than that of every earlier message in the room. So a page that
    ends at a time neither misses nor repeats a message.
    """
    check_active(unit, room_id)
    broadcast = (Delivery("ws-broadcast", room_id, True),)
    if request.client_id is not None:
        earlier = _earlier(unit, room_id, request.client_id, request.sender_id)
        if earlier is not None:
            records = terminal_tokens.visible_deliveries(
                unit, caller, unit.deliveries.of_message(earlier.id)
            )
            return Posted(
                earlier, broadcast + tuple(each.summary() for each in records)
            )
    if (
        request.reply_to is not None
        and unit.messages.get(room_id, request.reply_to) is None
    ):
        raise Invalid("reply_to must reference a message in this session at $.reply_to")
    newest = unit.messages.newest_stamp(room_id)
    at = unit.now
    if newest is not None and clock.stamp(at) <= newest:
        at = clock.parse_stamp(newest) + TICK
    by_program = caller is not None and caller.is_terminal
    sender = participants.resolve(unit, request.sender_id)
    link = hops.link_of(unit, room_id, request, sender, by_program)
    message = Message(
        id=MessageId(clock.new_id()),
        session_id=room_id,
        role=request.role,
        content=request.content,
        format=request.format,
        status="complete",
        sender_id=request.sender_id,
        target=request.target,
        reply_to=request.reply_to,
        msg_type=request.msg_type,
        meta=request.meta,
        created_at=at,
        pinned=False,
        client_id=request.client_id,
        hops=link.chain.hops,
    )
    unit.messages.add(message)
    unit.sessions.touch(room_id, clock.stamp(unit.now))
    if request.sender_id:
        at_stamp = clock.stamp(at)
        participants.count_post(unit, room_id, request.sender_id, sender, at_stamp)
    unit.emit(MessageCreated(room_id, message))
    deliveries.replied(unit, message)
    reach = MessageReach(caller is not None, link.is_looped(max_hops))
    sent = deliveries.send(unit, message, rests, reach)
    hops.record(unit, room_id, link, deliveries.reached(sent))
    return Posted(message, broadcast + tuple(each.summary() for each in sent))


def _earlier(
    unit: Unit, room_id: SessionId, client_id: str, sender_id: str | None
) -> Message | None:
    """Return the sender's message with this `client_id`; None without one."""
    sender = _sender_key(unit, sender_id)
    for message in unit.messages.by_client_id(room_id, client_id):
        if _sender_key(unit, message.sender_id) == sender:
            return message
    return None


def _sender_key(unit: Unit, name: str | None) -> str | None:
    """Return the same text for each name of one sender: its id, its handle."""
    session = participants.resolve(unit, name)
    return session.id if session else folded(name) if name else None


def list_messages(
    unit: Unit, room_id: SessionId, request: ListMessages, budget: int = PAGE_BYTES
) -> Page[EncodedMessage]:
    """Return the oldest `limit` messages after `since`, else the newest, oldest first.

    With `before`, only older messages count. `order` turns the list, and says from
    which end the page is taken: `asc` the oldest messages first, `desc` the newest. The
    page has about `budget` bytes at most.
    Raises `Invalid` on a bad cursor.
    """
    check_exists(unit, room_id)

    def place(message_id: str) -> str | None:
        message = unit.messages.get(room_id, message_id)
        return clock.stamp(message.created_at) if message else None

    since, before = (
        paging.parse_bound(unit, request, key, place, "message")
        for key in ("since", "before")
    )
    is_forward = since is not None and before is None
    if request.order is not None:
        is_forward = request.order == "asc"
    page = unit.messages.page(
        room_id, since, before, request.limit, newest=not is_forward, budget=budget
    )
    following = page[-1 if is_forward else 0].id if page.more else None
    if request.order == "desc":
        is_more, page = page.more, Page(page[::-1])
        page.more = is_more
    page.next = following
    return page


def recent(unit: Unit, room_id: SessionId) -> tuple[Message, ...]:
    """Return the newest messages, up to `RECENT` and `RECENT_BYTES`, oldest first."""
    check_exists(unit, room_id)
    return unit.messages.newest(room_id, RECENT, RECENT_BYTES)


def merge_meta(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MergeMeta
) -> Message:
    """Replace top-level keys of a message's meta in one transaction.

    Concurrent changes of different keys are all kept.
    """
    check_active(unit, room_id)
    return set_meta(
        unit, participants.need_message(unit, room_id, message_id), request.meta
    )


def set_meta(unit: Unit, before: Message, meta: dict[str, Any]) -> Message:
    """Replace these keys of a message's meta, even if its room is not active."""
    message = attrs.evolve(before, meta=merged(before.meta, meta))
    unit.messages.change(message.id, meta=codec.dumps(message.meta).decode())
    _updated(unit, message)
    return message


def pin_message(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: PinMessage
) -> Message:
    """Pin or unpin a message."""
    check_active(unit, room_id)
    before = participants.need_message(unit, room_id, message_id)
    message = attrs.evolve(before, pinned=request.pinned)
    unit.messages.change(message_id, pinned=request.pinned)
    _updated(unit, message)
    unit.emit(MessagePinned(room_id, message_id, request.pinned))
    return message


def _updated(unit: Unit, message: Message) -> None:
    unit.emit(
        MessageUpdated(
            message.session_id, message.id, message.meta, message.pinned, message
        )
    )


def delete_message(unit: Unit, room_id: SessionId, message_id: MessageId) -> None:
    """Delete a message for good. Replies to it stay, without a parent."""
    check_active(unit, room_id)
    message = participants.need_message(unit, room_id, message_id)
    unit.messages.remove(message_id)
    unit.log.redact(room_id, message_id)
    if message.sender_id:
        unit.people.uncount_post(room_id, message.sender_id)
    unit.emit(MessageDeleted(room_id, message_id))


def search(unit: Unit, room_id: SessionId | None, request: Search) -> Page[bytes]:
    """Return the messages that contain every word of `q`, in one room or in all.

    Each is the JSON of a `Found`.

    `more` is true where the page's bytes end before `limit` does. Only a `*` at the end
    of a word is syntax (`ant.model.search_terms`). A search of all rooms leaves out
    archived and deleted ones, unless `include` names them.
    """
    if room_id is not None:
        check_exists(unit, room_id)
    words = request.q.split()
    if not words:
        return Page()
    include = request.include.split(",")
    messages = unit.messages.search(
        words,
        room_id,
        archived="archived" in include,
        deleted="deleted" in include,
        by_rank=request.sort == "rank",
        limit=request.limit,
    )
    marker = WordMarker.of(words, fold=True)
    made, length = [], 0
    for message in messages:
        length += len(message.content)
        if length > PAUSE:
            unit.pause()
            length = 0
        snippet = marker.mark(message.content)
        made.append(codec.extended(message.json, b"snippet", snippet))
    found = Page(made)
    found.more = messages.more and len(made) < request.limit
    return found
