"""Requests about messages, deliveries and read receipts."""

from typing import Annotated, Final, Literal

import attrs

from ant.api.constraints import (
    MAX_CONTENT,
    NO_NUL,
    Ident,
    Limit,
    Meta,
    Offset,
    OneOf,
    Range,
    Short,
    Text,
    Word,
    Words,
    named,
)
from ant.model.deliveries import DeliveryState
from ant.model.messages import MessageId, MessageType


@attrs.frozen
class ListMessages:
    """A page of messages.

    `since` and `before` take a time, epoch milliseconds, a duration or a message's id.
    """

    since: Short | None = None
    before: Short | None = None
    limit: Limit = 50


@attrs.frozen
class ListReads:
    """A page of read receipts; `after` is the `next` of the page before."""

    after: Offset = 0


FIRST_READS: Final = ListReads()


@attrs.frozen
class ListDeliveries:
    """A page of deliveries.

    `since` and `before` take a time, epoch milliseconds, a duration or a delivery's id.
    """

    since: Short | None = None
    before: Short | None = None
    limit: Limit = 50
    state: Annotated[str, OneOf(tuple(DeliveryState))] | None = None


@attrs.frozen
class AwaitDelivery:
    """Whether the response waits until the message is typed, or has a reaction.

    It waits at most `timeout` seconds, 1 to 25; a withheld message is not typed.
    """

    wait: Literal["typed", "reacted"] | None = None
    timeout: Annotated[int, Range(1, 25)] = 10


@attrs.frozen
class PostMessage:
    """A message. Posts with the same `client_id` in one room are stored once."""

    content: Annotated[str, Text(0, MAX_CONTENT, NO_NUL, "text without NUL")]
    role: Word = "user"
    format: Word = "text"
    sender_id: Short | None = None
    target: Short | None = None
    reply_to: Annotated[MessageId, Text(1, 128)] | None = None
    msg_type: Word = MessageType.MESSAGE
    meta: Meta = attrs.field(factory=dict)
    client_id: Annotated[str, Text(1, 200)] | None = None


@attrs.frozen
class NameMessage:
    """The message of the room that the request is about."""

    message_id: Annotated[MessageId, Text(1, 128)] = named("msgId")


@attrs.frozen
class MergeMeta:
    """Top-level keys that replace those of the message's meta; null is stored, too."""

    meta: Meta


@attrs.frozen
class PinMessage:
    """Whether the message is pinned."""

    pinned: bool


@attrs.frozen
class Search:
    """A search for words. `mess*` is the beginning of a word; all else is literal.

    `include` adds what a search omits otherwise: `archived`, `deleted`, or both with a
    comma between them.
    """

    q: Words = ""
    limit: Limit = 50
    sort: Literal["newest", "rank"] = "newest"
    include: Annotated[
        str,
        Text(
            0,
            20,
            r"(?:(?:archived|deleted)(?:,(?:archived|deleted))?)?",
            "archived, deleted",
        ),
    ] = ""


@attrs.frozen
class MarkRead:
    """The reader of the message, by a session's id."""

    reader_id: Ident
