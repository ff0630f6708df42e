"""Rules of rooms: messages are posted, listed, merged, pinned, deleted and searched."""

import re
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
from ant.identity import tokens
from ant.identity.tokens import Caller
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
from ant.model.messages import Found, Message, MessageId
from ant.model.sessions import SessionId
from ant.rooms import participants
from ant.sessions.sessions import check_active, check_exists, merged
from ant.store import Page, Unit, paging

SNIPPET = 80
"""Characters of context on either side of the first word."""

RECENT = 5000
"""Messages that a digest covers."""

RECENT_BYTES = 2 << 20
"""Bytes of them: a long book, and about a second of work."""

TICK = timedelta(microseconds=1)


def post_message(
    unit: Unit,
    room_id: SessionId,
    request: PostMessage,
    rests: Mapping[SessionId, RestState] = deliveries.NOBODY,
    caller: Caller | None = None,
    max_hops: int = hops.MOST,
) -> Posted:
    """Store a message and queue it for whom it is meant, of whom `rests` tells.

    A `caller`, who shows a token, reaches nobody outside of the room. Nobody gets a
    message with more than `max_hops` (0 is no bound).

    With a `client_id` that the room knows it is the first row again.

    Its `created_at` is later than that of every message before it in the room, so that
    a page which ends at one time misses and repeats nothing.
    """
    check_active(unit, room_id)
    broadcast = (Delivery("ws-broadcast", room_id, True),)
    if request.client_id is not None:
        known = unit.messages.by_client_id(room_id, request.client_id)
        if known is not None:
            records = tokens.shown(unit, caller, unit.deliveries.of_message(known.id))
            return Posted(known, broadcast + tuple(each.summary() for each in records))
    if (
        request.reply_to is not None
        and unit.messages.get(room_id, request.reply_to) is None
    ):
        raise Invalid("reply_to must reference a message in this session at $.reply_to")
    newest = unit.messages.newest_stamp(room_id)
    at = unit.now
    if newest is not None and clock.stamp(at) <= newest:
        at = clock.parse_stamp(newest) + TICK
    said = hops.word(unit, room_id, request, caller is not None)
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
        hops=said.chain.hops,
    )
    unit.messages.add(message)
    unit.sessions.touch(room_id, clock.stamp(unit.now))
    if request.sender_id:
        participants.posted(unit, room_id, request.sender_id, clock.stamp(at))
    unit.emit(MessageCreated(room_id, message))
    deliveries.replied(unit, message)
    reach = MessageReach(caller is not None, said.is_looped(max_hops))
    sent = deliveries.send(unit, message, rests, reach)
    hops.note(unit, room_id, said, deliveries.reached(sent))
    return Posted(message, broadcast + tuple(each.summary() for each in sent))


def list_messages(
    unit: Unit, room_id: SessionId, request: ListMessages
) -> Page[Message]:
    """Oldest first: the oldest `limit` after `since`, else the newest `limit`.

    With `before` only what is older counts. Raises `Invalid` on a bad cursor.
    """
    check_exists(unit, room_id)

    def place(message_id: str) -> str | None:
        message = unit.messages.get(room_id, message_id)
        return clock.stamp(message.created_at) if message else None

    since, before = (
        paging.bound(unit, request, key, place, "message")
        for key in ("since", "before")
    )
    page = unit.messages.page(room_id, since, before, request.limit)
    last = -1 if since is not None and before is None else 0
    page.next = page[last].id if page.more else None
    return page


def recent(unit: Unit, room_id: SessionId) -> tuple[Message, ...]:
    """The newest messages of a room, oldest first: `RECENT`, of `RECENT_BYTES`."""
    check_exists(unit, room_id)
    return unit.messages.page(room_id, None, None, RECENT, RECENT_BYTES)


def merge_meta(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MergeMeta
) -> Message:
    """Replace top-level keys of a message's meta; atomic, so that two at once count."""
    check_active(unit, room_id)
    return set_meta(
        unit, participants.need_message(unit, room_id, message_id), request.meta
    )


def set_meta(unit: Unit, before: Message, meta: dict[str, Any]) -> Message:
    """Replace these keys of a message's meta, whatever became of its room."""
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
    """Remove a message for good; replies to it stay, and point nowhere."""
    check_active(unit, room_id)
    message = participants.need_message(unit, room_id, message_id)
    unit.messages.remove(message_id)
    unit.log.redact(room_id, message_id)
    if message.sender_id:
        unit.people.unposted(room_id, message.sender_id)
    unit.emit(MessageDeleted(room_id, message_id))


def search(unit: Unit, room_id: SessionId | None, request: Search) -> Page[Found]:
    """Messages that hold every word of `q`, in one room or in all.

    There are `more` where `limit` would allow them and a page's bytes do not.
    Nothing in `q` is syntax. Rooms that are archived or deleted are left out of a
    search over all, unless they are asked for.
    """
    if room_id is not None:
        check_exists(unit, room_id)
    words = request.q.split()
    if not words:
        return Page()
    wanted = request.include.split(",")
    messages = unit.messages.search(
        words,
        room_id,
        archived="archived" in wanted,
        deleted="deleted" in wanted,
        by_rank=request.sort == "rank",
        limit=request.limit,
    )
    first = re.compile(re.escape(words[0]), re.IGNORECASE)
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    made = []
    for message in messages:
        unit.pause()
        made.append(Found(message, _snippet(message.content, first, pattern)))
    found = Page(made)
    found.more = messages.more and len(made) < request.limit
    return found


def _snippet(text: str, first: re.Pattern[str], pattern: re.Pattern[str]) -> str:
    """What stands around the first word, every match in it marked.

    Only one word is looked for in all of a long text: hundreds at once take seconds, in
    which Python does nothing else.
    """
    if len(text) <= SNIPPET:
        return pattern.sub(_marked, text)
    match = first.search(text)
    at, after = match.span() if match else (0, 0)
    start, stop = max(0, at - SNIPPET), after + SNIPPET
    marked = pattern.sub(_marked, text[start:stop])
    return f"{'…' if start else ''}{marked}{'…' if stop < len(text) else ''}"


def _marked(match: re.Match[str]) -> str:
    return f"<mark>{match[0]}</mark>"
