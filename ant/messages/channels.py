"""Rules of local channels: programs on this machine that receive messages of rooms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from ant.api import codec
from ant.api.room_requests import NameChannel, RegisterChannel
from ant.core import clock
from ant.core.errors import CapacityReached
from ant.model.deliveries import Reason
from ant.model.handles import EVERYONE, folded, with_at
from ant.model.messages import Message, MessageType
from ant.model.rooms import LEFT
from ant.model.sessions import Session, SessionId, SessionType
from ant.rooms import participants
from ant.sessions.sessions import check_active
from ant.store import Unit

KEY: Final = "channels"

MOST: Final = 64
"""Channels that may be registered: each may receive every message."""


@attrs.frozen
class Channel:
    """A local program that listens on `port`, and its handle."""

    handle: str
    """The name of the channel: messages with this `target` go to it."""
    port: int
    """The TCP port of this host that the program listens on."""
    session_id: SessionId | None
    """The room or the terminal whose messages it receives; null for what people post in
    all rooms that are not private."""
    registered_at: datetime
    """When it was registered."""

    def is_called(self, name: str | None) -> bool:
        """Whether `name` is the channel's handle, compared folded."""
        return name is not None and folded(name) == folded(self.handle)


@attrs.frozen
class ChannelList:
    """All channels, in the order of registration."""

    channels: tuple[Channel, ...] = ()


def list_channels(unit: Unit) -> tuple[Channel, ...]:
    """Return all registered channels."""
    text = unit.settings.get(KEY)
    return codec.read_body(text.encode(), ChannelList).channels if text else ()


def find(unit: Unit, handle: str) -> Channel | None:
    """Return the channel with this handle, as it is registered now."""
    found = (each for each in list_channels(unit) if each.is_called(handle))
    return next(found, None)


def register(unit: Unit, request: RegisterChannel) -> Channel:
    """Register a channel in place of the one that had its handle.

    Raises `NotFound` and `Gone` for its session, `CapacityReached` beyond `MOST`.
    """
    if request.session_id is not None:
        check_active(unit, request.session_id)
    others = _others(unit, request.handle)
    if len(others) >= MOST:
        raise CapacityReached(f"There are {MOST} channels already; remove one first.")
    handle = with_at(request.handle)
    own = Channel(handle, request.port, request.session_id, unit.now)
    _put(unit, [*others, own])
    return own


def remove(unit: Unit, request: NameChannel) -> None:
    """Remove a channel, if it exists."""
    _put(unit, _others(unit, request.handle))


def _others(unit: Unit, handle: str) -> list[Channel]:
    return [each for each in list_channels(unit) if not each.is_called(handle)]


def _put(unit: Unit, channels: Sequence[Channel]) -> None:
    unit.settings.put(KEY, codec.dumps(ChannelList(tuple(channels))).decode())


def receivers(
    unit: Unit, messages: Sequence[Message]
) -> list[tuple[Message, list[Channel], str | None]]:
    """Return each message that a channel receives, its channels, and the sender's name.

    Rule 1: a message with a `target` goes to the channel with that handle. A program
    can only target a channel of the room. Rule 2: any other message goes to the
    channels whose session belongs to the room. Rule 3: a channel without a session gets
    what persons post in rooms that are not a terminal's linked chat. Rule 4: no channel
    gets its own message, one that is withheld as looped, or one of a type reserved for
    the server (`MessageType.is_machine`).
    """
    channels = list_channels(unit)
    if not channels:
        return []
    shown = [each for each in messages if not MessageType.is_machine(each.msg_type)]
    routed = [(message, *_receivers(unit, channels, message)) for message in shown]
    return [each for each in routed if each[1]]


def _receivers(
    unit: Unit, channels: Sequence[Channel], message: Message
) -> tuple[list[Channel], str | None]:
    sender = participants.resolve(unit, message.sender_id)
    others = [each for each in channels if not _is_own(each, message, sender)]
    name = message.sender_id
    if sender is not None:
        name = sender.handle or sender.display_name or sender.name
    if message.target and folded(message.target) != EVERYONE:
        targets = [each for each in others if each.is_called(message.target)]
        found = [each for each in targets if may_name(unit, each, message)]
    else:
        linking = unit.sessions.linking(message.session_id)
        is_public = not (linking or _by_program(channels, message, sender))
        found = [
            each
            for each in others
            if (
                is_public
                if each.session_id is None
                else is_of(unit, each, message.session_id)
            )
        ]
    if found and message.hops:
        ledger = unit.deliveries.of_message(message.id)
        looped = {folded(e.target_id) for e in ledger if e.reason is Reason.LOOP}
        found = [each for each in found if folded(each.handle) not in looped]
    return found, name


def may_name(unit: Unit, channel: Channel, message: Message) -> bool:
    """Whether a message may go to a channel that is its target.

    A person may target any channel; a terminal or a channel's program only those of the
    room.
    """
    sender = participants.resolve(unit, message.sender_id)
    if not _by_program(list_channels(unit), message, sender):
        return True
    return is_of(unit, channel, message.session_id)


def _by_program(
    channels: Sequence[Channel], message: Message, sender: Session | None
) -> bool:
    """Whether a terminal or a channel's program posted the message."""
    is_terminal = sender is not None and sender.terminal is not None
    return is_terminal or any(each.is_called(message.sender_id) for each in channels)


def _is_own(channel: Channel, message: Message, sender: Session | None) -> bool:
    if channel.is_called(message.sender_id):
        return True
    if sender is None:
        return False
    is_program = sender.type is not SessionType.CHAT
    return (is_program and channel.session_id == sender.id) or channel.is_called(
        sender.handle
    )


def is_of(unit: Unit, channel: Channel, room_id: SessionId) -> bool:
    """Whether a channel's session is the room, its terminal, or a member of it."""
    session = unit.sessions.get(channel.session_id) if channel.session_id else None
    if session is None or not session.active:
        return False
    if room_id in (session.id, session.linked_chat_id):
        return True
    member = unit.people.member(room_id, session.id)
    return member is not None and member.role != LEFT


def payload(message: Message, sender: str | None) -> dict[str, Any]:
    """Return the JSON of a message for a channel, with both names the original used."""
    return {
        "id": message.id,
        "sessionId": message.session_id,
        "session_id": message.session_id,
        "content": message.content,
        "role": message.role,
        "senderId": message.sender_id,
        "senderName": sender,
        "sender": sender,
        "target": message.target,
        "replyTo": message.reply_to,
        "msgType": message.msg_type,
        "createdAt": clock.stamp(message.created_at),
    }
