"""Rules of chains: how many messages of programs follow one another without a person.

Rule 1: a person's message has 0 hops. It begins a new chain in its room, and in each
terminal that it is delivered to. Rule 2: a program's message has one hop more than the
furthest message of others that it may answer. Those are the messages delivered to its
terminal, from any room, and the messages of the room it posts in; for a program with a
local channel also those of the channel's rooms. The program's own messages do not
count, so ten reports in a row are not a loop. Rule 3: ANT stores a message with more
hops than the setting allows, but delivers it to no program (`withheld: loop`). ANT
compares chains by the person's message that they go back to, and only then by length.
So neither a reply to an old message nor the first message of another program makes a
chain shorter.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from ant.api.message_requests import PostMessage
from ant.messages import channels as registry
from ant.messages.channels import Channel
from ant.model.handles import folded
from ant.model.messages import MessageType
from ant.model.sessions import Chain, Session, SessionId
from ant.store import Unit

MOST: Final = 8
"""Hops that a message may have: four turns of two programs, then a person must post."""

PERSON: Final = ""
"""The author of a person's message, and of a message delivered to a terminal."""

UNNAMED: Final = "-"
"""The author of a program's message without a sender."""


@attrs.frozen
class ChainLink:
    """The author of a message, and its distance from a person's message."""

    author: str
    chain: Chain

    def is_looped(self, most: int) -> bool:
        """Whether it has more hops than `most`; 0 is no limit."""
        return 0 < most < self.chain.hops


def link_of(
    unit: Unit,
    room_id: SessionId,
    request: PostMessage,
    sender: Session | None,
    by_token: bool,
) -> ChainLink:
    """Return the author and chain of a message, before it is stored.

    `sender` is the session that the request's `sender_id` resolves to. The sender is a
    person when the request has no token, names neither a terminal nor a channel, and
    posts as `user` with a type that is not reserved for the server.
    """
    is_terminal = sender is not None and sender.type.has_terminal
    own = _channels(registry.list_channels(unit), request.sender_id, sender)
    is_machine = MessageType.is_machine(request.msg_type)
    is_plain = request.role == "user" and not is_machine
    if is_plain and not (by_token or is_terminal or own):
        return ChainLink(PERSON, Chain(unit.hops.newest() + 1))
    author = sender.id if sender is not None else folded(request.sender_id or UNNAMED)
    rooms = {room_id, *(room for each in own for room in _rooms_of(unit, each))}
    chains = [unit.hops.furthest(room, author) for room in sorted(rooms)]
    if sender is not None and is_terminal:
        chains.append(unit.hops.furthest(sender.id, author))
    last = max(chains)
    return ChainLink(author, Chain(last.person, last.hops + 1))


def _channels(
    channels: Sequence[Channel], name: str | None, sender: Session | None
) -> list[Channel]:
    """Return the channels that have this name, or the sender's handle or session."""
    return [
        each
        for each in channels
        if each.is_called(name)
        or (sender is not None and each.is_called(sender.handle))
        or (sender is not None and each.session_id == sender.id)
    ]


def _rooms_of(unit: Unit, channel: Channel) -> list[str]:
    """Return the rooms whose messages a channel receives, public ones excepted."""
    session = unit.sessions.get(channel.session_id) if channel.session_id else None
    if session is None:
        return []
    linked = [session.linked_chat_id] if session.linked_chat_id else []
    return [session.id, *linked, *unit.people.memberships(session.id)]


def record(
    unit: Unit, room_id: SessionId, link: ChainLink, reached: Sequence[SessionId]
) -> None:
    """Record the message in its room and in the terminals that it is delivered to."""
    unit.hops.note(room_id, link.author, link.chain)
    for each in reached:
        unit.hops.note(each, PERSON, link.chain)
