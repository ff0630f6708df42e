"""Messages of a room, their types, and the results of a search of them."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NewType

import attrs

from ant.model.sessions import SessionId

MessageId = NewType("MessageId", str)


class MessageType(StrEnum):
    """The values of `msg_type` that ANT itself knows. A caller may use others."""

    MESSAGE = "message"
    """What a person or a program wrote; any unknown type counts as such."""
    AGENT_EVENT = "agent_event"
    """The card of a prompt, in the chat that is linked to its terminal."""
    PROMPT_DETECTED = "prompt_detected"
    """The notice of a prompt, in any other room."""
    AGENT_RESPONSE = "agent_response"
    """The answer to a prompt; ANT acts on it and stores no message."""
    PROMPT = "prompt"
    SILENCE = "silence"
    TERMINAL_LINE = "terminal_line"
    TITLE = "title"

    @staticmethod
    def is_machine(msg_type: str) -> bool:
        """Whether messages of a type state what ANT saw, or answer for a person.

        A program may not post one, and ANT delivers none to a terminal or a channel.
        The case of the letters does not matter.
        """
        return msg_type.casefold() in _MACHINE


_MACHINE: Final = frozenset(MessageType) - {MessageType.MESSAGE}


@attrs.frozen
class Message:
    """One message of a room.

    `hops` is 0 for a message that a person wrote. Otherwise it counts the posts of
    programs in a row, up to this message, since the last post of a person.
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
    """A page of a room's messages, oldest first unless the request had `order=desc`.

    `next` is the id that continues the list when the page is full: pass it as `since`
    if the request had `order=asc`, or only `since` and no `order`; otherwise as
    `before`. It is null on the last page.
    """

    messages: tuple[Message, ...]
    next: MessageId | None = None


@attrs.frozen
class Found:
    """A message that matched a search; `snippet` marks the words."""

    message: Message = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class SearchResults:
    """The messages that matched, newest first, or by rank if the request asked for it.

    `complete` is false when there are fewer results than `limit` because the response
    reached 4 MiB or the search reached its bound. Use a smaller `limit` or more words.
    """

    results: tuple[Found, ...]
    complete: bool = True
