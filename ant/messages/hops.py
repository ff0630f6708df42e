"""Rules of chains: how many programs in a row have spoken since a person did.

Rule 1: a person's word has 0 hops and begins a new chain in its room, and in each
terminal that it is brought to. Rule 2: what a program says has one hop more than the
furthest word of others that it may answer: those that were brought to its terminal,
from whatever room, and those of the room it speaks in; who has a local channel hears
the channel's rooms, too. What it said itself does not count, so who reports ten times
is no loop. Rule 3: a word with more hops than the setting is stored and brought to no
program (`withheld: loop`). The last person's word that a chain goes back to counts
before its length, so neither an old message that is replied to nor another program's
first word makes a chain shorter.
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
from ant.rooms import participants
from ant.store import Unit

MOST: Final = 8
"""Hops that a word may have: four turns of two programs, then a person is asked for."""

PERSON: Final = ""
"""The author of what a person says, and of what is brought to a terminal."""

UNNAMED: Final = "-"
"""The author of what a program says that gives no name."""


@attrs.frozen
class SpokenMessage:
    """Something that is being said: by which author, and how far from a person."""

    author: str
    chain: Chain

    def is_looped(self, most: int) -> bool:
        """Whether it has more hops than that; 0 is no bound."""
        return 0 < most < self.chain.hops


def word(
    unit: Unit, room_id: SessionId, request: PostMessage, by_token: bool
) -> SpokenMessage:
    """What a post is, before it is stored.

    A person is who shows no token, gives no terminal's and no channel's name, and
    posts as `user` what the server does not say itself.
    """
    sender = participants.resolve(unit, request.sender_id)
    is_terminal = sender is not None and sender.type.has_terminal
    own = _channels(registry.list_channels(unit), request.sender_id, sender)
    is_machine = MessageType.is_machine(request.msg_type)
    is_plain = request.role == "user" and not is_machine
    if is_plain and not (by_token or is_terminal or own):
        return SpokenMessage(PERSON, Chain(unit.hops.newest() + 1))
    author = sender.id if sender is not None else folded(request.sender_id or UNNAMED)
    places = {room_id, *(place for each in own for place in _heard_by(unit, each))}
    chains = [unit.hops.furthest(place, author) for place in sorted(places)]
    if sender is not None and is_terminal:
        chains.append(unit.hops.furthest(sender.id, author))
    last = max(chains)
    return SpokenMessage(author, Chain(last.person, last.hops + 1))


def _channels(
    channels: Sequence[Channel], name: str | None, sender: Session | None
) -> list[Channel]:
    """The channels that speak under that name, or for that session."""
    return [
        each
        for each in channels
        if each.is_called(name)
        or (sender is not None and each.is_called(sender.handle))
        or (sender is not None and each.session_id == sender.id)
    ]


def _heard_by(unit: Unit, channel: Channel) -> list[str]:
    """The rooms that a channel is told of, beside that of a person's word."""
    session = unit.sessions.get(channel.session_id) if channel.session_id else None
    if session is None:
        return []
    linked = [session.linked_chat_id] if session.linked_chat_id else []
    return [session.id, *linked, *unit.people.memberships(session.id)]


def note(
    unit: Unit, room_id: SessionId, said: SpokenMessage, reached: Sequence[SessionId]
) -> None:
    """It was said in that room, and is brought to those terminals."""
    unit.hops.note(room_id, said.author, said.chain)
    for each in reached:
        unit.hops.note(each, PERSON, said.chain)
