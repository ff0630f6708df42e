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
    """One message of a room."""

    id: MessageId
    """The id of the message."""
    session_id: SessionId
    """The id of the room."""
    role: str
    """Who speaks: `user` for a person, else any word, such as `assistant`."""
    content: str
    """The text; JSON for the card of a prompt."""
    format: str
    """The format of `content`, such as `text`, `markdown` or `json`."""
    status: str
    """Always `complete`."""
    sender_id: str | None
    """Who posted it, by the id or the name that the request gave; null for nobody."""
    target: str | None
    """The only recipient, by alias or handle; null if the message names none."""
    reply_to: MessageId | None
    """The id of the message that it answers; null for none, or if that one was
    deleted."""
    msg_type: str
    """The type of the message; `message` for what a person or a program wrote."""
    meta: dict[str, Any]
    """Free data of clients, and of ANT for the card of a prompt."""
    created_at: datetime
    """When it was posted; no two messages of a room have the same time."""
    pinned: bool
    """Whether it is pinned."""
    client_id: str | None
    """The id that the client chose for it; null if it chose none."""
    hops: int = 0
    """Posts of programs in a row, up to this one, since the last post of a person. 0
    for a person's."""


@attrs.frozen
class Messages:
    """A page of a room's messages, oldest first."""

    messages: tuple[Message, ...]
    """The messages, the oldest first."""
    next: MessageId | None = None
    """The id that continues the list: pass it as `before`, or as `since` if the request
    had only `since`. Null on the last page."""


@attrs.frozen
class Found:
    """A message that matched a search."""

    message: Message = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class SearchResults:
    """The messages that matched, newest first, or by rank if the request asked for it.

    `complete` is false when there are fewer results than `limit` because the response
    reached 4 MiB or the search reached its bound. Use a smaller `limit` or more words.
    """

    results: tuple[Found, ...]
    """The messages that matched, in the order that the request asked for."""
    complete: bool = True
