"""Who is meant by a message: a text and a roster in, recipients with reasons out.

Rule 1: system messages reach no terminal. Rule 2: a `target` is reached, and nobody
else. Rule 3: in a linked chat its terminals are reached, whomever the text mentions.
Rule 4: elsewhere the participants' terminals are:

    sender         text                     reached
    no terminal    known mentions           those
    no terminal    anything else            all but who stands in brackets
    a terminal     known mentions           those, busy or not
    a terminal     @everyone                all but who stands in brackets, busy or not
    a terminal     unknown mentions only    nobody
    a terminal     no mention               those at rest

Rule 5: nobody is sent what he said himself, by whatever name he said it.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

import attrs

from ant.messages import mentions
from ant.model.deliveries import CHANNEL, INJECTION, LINKED, DeliveryKind, Reason
from ant.model.handles import EVERYONE, folded
from ant.model.messages import MessageType
from ant.model.sessions import SessionId

DIRECT = "terminal_direct"
"""The source of what its poster typed into the terminal already."""


class RestState(StrEnum):
    """Whether an agent could take a message now."""

    IDLE = "idle"
    BUSY = "busy"
    WAITING = "waiting"
    STOPPED = "stopped"


_NOT_IDLE = {
    RestState.BUSY: Reason.BUSY,
    RestState.WAITING: Reason.WAITING,
    RestState.STOPPED: Reason.NOT_RUNNING,
}


@attrs.frozen
class RoutedMember:
    """Somebody who can be named in a room, or outside of it by a handle.

    `is_participant`: he is in the room, and not only known there.
    """

    session_id: SessionId
    handle: str | None = None
    alias: str | None = None
    has_terminal: bool = True
    is_participant: bool = True
    rest: RestState = RestState.IDLE
    forwards: bool = True

    @property
    def names(self) -> frozenset[str]:
        """What he is called, folded."""
        return frozenset(folded(name) for name in (self.handle, self.alias) if name)


@attrs.frozen
class RoutedPost:
    """What routing knows of a message; `sender` is who posted it, by identity."""

    text: str
    sender: SessionId | None = None
    from_terminal: bool = False
    role: str = "user"
    target: str | None = None
    msg_type: str = MessageType.MESSAGE
    source: object = None


@attrs.frozen
class Recipient:
    """One terminal, and why; where `skip` says why not, nothing is typed there.

    Without a `session_id` it is a name that nobody has.
    """

    session_id: SessionId | None
    target_id: str
    adapter: str
    kind: DeliveryKind
    route: str
    skip: Reason | None = None


def route(
    post: RoutedPost,
    roster: Sequence[RoutedMember],
    linked: Sequence[RoutedMember] = (),
    named: RoutedMember | None = None,
    *,
    is_channel: bool = False,
) -> list[Recipient]:
    """Everybody a message is for, or would be but for what `skip` says.

    `roster` are the room's members, `linked` the terminals whose linked chat it is,
    `named` the session that has the target as its handle, `is_channel` whether a local
    channel has it.
    """
    if MessageType.is_machine(post.msg_type):
        return []
    if post.target and folded(post.target) != EVERYONE:
        return [_targeted(post, post.target, roster, named, is_channel)]
    if linked:
        names = frozenset[str]().union(*(each.names for each in (*linked, *roster)))
        return [
            _chatted(post, each, names)
            for each in linked
            if each.session_id != post.sender
        ]
    return list(_in_room(post, roster))


def _targeted(
    post: RoutedPost,
    target: str,
    roster: Sequence[RoutedMember],
    named: RoutedMember | None,
    is_channel: bool,
) -> Recipient:
    """An alias of this room goes before a handle."""
    here = (m for m in roster if m.alias and folded(m.alias) == folded(target))
    member = next(here, named)
    if member is None and is_channel:
        return told(target)
    if member is None:
        return _named(None, target, Reason.UNKNOWN_TARGET)
    skip = None if member.has_terminal else Reason.NO_TERMINAL
    if member.session_id == post.sender:
        skip = Reason.OWN_MESSAGE
    return _named(member.session_id, member.session_id, skip)


def told(handle: str) -> Recipient:
    """A local channel, which is told beside the ledger."""
    kind, why = DeliveryKind.LINE, Reason.CHANNEL
    return Recipient(None, handle, CHANNEL, kind, "target", why)


def _named(who: SessionId | None, name: str, skip: Reason | None) -> Recipient:
    return Recipient(who, name, INJECTION, DeliveryKind.LINE, "target", skip)


def _chatted(
    post: RoutedPost, member: RoutedMember, names: frozenset[str]
) -> Recipient:
    """What a person writes in a terminal's own chat is typed as a person would, but for
    what mentions somebody of it: that is a message, and no line for the program."""
    by_person = post.role == "user" and not post.from_terminal
    found = mentions.find(post.text)
    by_person = by_person and not (found.everyone or found.known(names))
    return Recipient(
        member.session_id,
        member.session_id,
        LINKED,
        DeliveryKind.RAW if by_person and member.forwards else DeliveryKind.LINE,
        "linked_chat",
        Reason.TERMINAL_DIRECT if post.source == DIRECT else None,
    )


def _in_room(post: RoutedPost, roster: Sequence[RoutedMember]) -> Iterator[Recipient]:
    found = mentions.find(post.text)
    others = [
        member
        for member in roster
        if member.has_terminal
        and member.is_participant
        and member.session_id != post.sender
    ]
    names = frozenset[str]().union(*(member.names for member in others))
    mentioned, excluded = found.known(names), found.excluded(names)
    everybody = frozenset[str]().union(*(member.names for member in roster))
    for member in others:
        if mentioned:
            if member.names & mentioned:
                yield _reached(member, "mention")
        elif member.names & excluded:
            yield _reached(member, "room", Reason.EXCLUDED)
        elif not post.from_terminal or found.everyone:
            yield _reached(member, "everyone" if found.everyone else "room")
        elif found.has_unknown(everybody):
            yield _reached(member, "room", Reason.UNKNOWN_MENTION)
        elif not found.known(everybody) - _own(post, roster):
            yield _reached(member, "idle", _NOT_IDLE.get(member.rest))


def _own(post: RoutedPost, roster: Sequence[RoutedMember]) -> frozenset[str]:
    """The sender's own names: to be mentioned by himself means nothing."""
    return frozenset[str]().union(
        *(member.names for member in roster if member.session_id == post.sender)
    )


def _reached(member: RoutedMember, route: str, skip: Reason | None = None) -> Recipient:
    who = member.session_id
    return Recipient(who, who, INJECTION, DeliveryKind.LINE, route, skip)
