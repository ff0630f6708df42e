"""Messages of a room, and what a search of them finds."""

from datetime import datetime
from typing import Any, Final, NewType

import attrs

from ant.model.sessions import SessionId

CARD: Final = "agent_event"
"""The `msg_type` of a card."""

NOTICE: Final = "prompt_detected"
"""The `msg_type` of the text that other rooms get."""

MACHINE: Final = frozenset(
    [CARD, NOTICE, "agent_response", "prompt", "silence", "terminal_line", "title"]
)
"""Types of messages that the server makes of what it saw, or that answer for a person:
no program is to make them up, or to be told of them as if somebody spoke."""
MessageId = NewType("MessageId", str)


@attrs.frozen
class Message:
    """One row of a room's history.

    `hops`: 0 where a person wrote it, else how many programs in a row have spoken to
    each other, up to this message, since a person said something.
    """

    id: MessageId
    session_id: SessionId
    role: str
    content: str
    format: str
    status: str
    sender_id: str | None
    target: str | None
    reply_to: MessageId | None
    msg_type: str
    meta: dict[str, Any]
    created_at: datetime
    pinned: bool
    client_id: str | None
    hops: int = 0


@attrs.frozen
class Messages:
    """A page of a room's history, oldest first.

    `next` is the id to go on with where there are more rows than a page has: as
    `before`, or as `since` where only `since` was given; null where there are none.
    """

    messages: tuple[Message, ...]
    next: MessageId | None = None


@attrs.frozen
class Found:
    """A message that was searched for; the words are marked in `snippet`."""

    message: Message = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class SearchResults:
    """Newest first, or best first where that was asked for.

    Not `complete`: fewer than `limit` are answered, since an answer has 4 MiB, and a
    search looks through so much, at most. A smaller `limit` or more words help.
    """

    results: tuple[Found, ...]
    complete: bool = True
