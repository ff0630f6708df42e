"""Requests about messages, deliveries and read receipts."""

from typing import Annotated, Final, Literal

import attrs

from ant.api.constraints import (
    MAX_CONTENT,
    NO_NUL,
    Label,
    Limit,
    Meta,
    NameOrId,
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
    """A page of messages."""

    since: Short | None = None
    """Only messages after this: the id of a message, an RFC 3339 time, epoch
    milliseconds, or a duration before now such as `5m`. The page then has the oldest of
    them."""
    before: Short | None = None
    """Only messages before this: the id of a message, an RFC 3339 time, epoch
    milliseconds, or a duration before now such as `5m`."""
    limit: Limit = 50
    order: Literal["asc", "desc"] | None = None


@attrs.frozen
class ListReads:
    """A page of read receipts."""

    after: Offset = 0
    """The `next` of the page before; 0 is the first page."""


FIRST_READS: Final = ListReads()


@attrs.frozen
class ListDeliveries:
    """A page of deliveries."""

    since: Short | None = None
    """Only deliveries after this: the id of a delivery, an RFC 3339 time, epoch
    milliseconds, or a duration before now such as `5m`. The page then has the oldest of
    them."""
    before: Short | None = None
    """Only deliveries before this: the id of a delivery, an RFC 3339 time, epoch
    milliseconds, or a duration before now such as `5m`."""
    limit: Limit = 50
    state: Annotated[str, OneOf(tuple(DeliveryState))] | None = None
    """Only deliveries in this state."""


@attrs.frozen
class AwaitDelivery:
    """Whether the response waits until the message is typed, or has a reaction.

    It waits at most `timeout` seconds, 1 to 25; a withheld message is not typed.
    """

    wait: Literal["typed", "reacted"] | None = None
    """When to answer: once every delivery is `typed`, or once the programs `reacted`.
    Without it the answer comes at once."""
    timeout: Annotated[int, Range(1, 25)] = 10
    """The most seconds to wait."""


@attrs.frozen
class PostMessage:
    """A message. A room stores a sender's posts with the same `client_id` once."""

    content: Annotated[str, Text(0, MAX_CONTENT, NO_NUL, "text without NUL")]
    """The text. For a `msg_type` of `agent_response` it is JSON, as in the schema
    `/api/schemas/agent-response`."""
    role: Word = "user"
    """Who speaks: `user` for a person, else any word, such as `assistant`."""
    format: Word = "text"
    """The format of `content` for those who show it, such as `text` or `markdown`."""
    sender_id: Label | None = None
    """Who posts: the id or the handle of a session, or any name."""
    target: Label | None = None
    """The alias or the handle of the only recipient, or `@everyone`. Null: mentions in
    the text decide."""
    reply_to: Annotated[MessageId, Text(1, 128)] | None = None
    """The id of the message of this room that it answers."""
    msg_type: Word = MessageType.MESSAGE
    """The type of the message. ANT acts on `agent_response`; programs receive only
    `message` and types that ANT does not know."""
    meta: Meta = attrs.field(factory=dict)
    """Free data of the client, at most 64 levels and 256 Ki characters."""
    client_id: Annotated[str, Text(1, 200)] | None = None
    """An id that the client chose: the room stores one message with it."""


@attrs.frozen
class NameMessage:
    """The message of the room that the request is about."""

    message_id: Annotated[MessageId, Text(1, 128)] = named("msgId")
    """The id of the message in this room."""


@attrs.frozen
class MergeMeta:
    """Top-level keys that replace those of the message's meta; null is stored, too."""

    meta: Meta
    """The keys to set; null is stored as a value."""


@attrs.frozen
class PinMessage:
    """Whether the message is pinned."""

    pinned: bool
    """True pins the message, false unpins it."""


@attrs.frozen
class Search:
    """A search for words, which have no query syntax."""

    q: Words = ""
    """Words that must all occur, or after `re:` a regular expression of RE2."""
    limit: Limit = 50
    """The most results."""
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
    """The reader of the message: a session by its id or handle, or a person's handle.

    A person's handle begins with `@`.
    """

    reader_id: NameOrId
    """The id or the handle of the session or person that read the message."""
