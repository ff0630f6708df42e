"""The recipients of a message: a text and a roster in, recipients with reasons out.

Rule 1: system messages reach no terminal. Rule 2: a message with a `target` reaches the
target and no other session. Rule 3: in a linked chat a message reaches the linked
terminals, whatever the text mentions. Rule 4: in any other room it reaches these
terminals of participants:

    sender         text                     reached
    no terminal    known mentions           those
    no terminal    anything else            all but those in brackets
    a terminal     known mentions           those, busy or not
    a terminal     @everyone                all but those in brackets, busy or not
    a terminal     unknown mentions only    none
    a terminal     no mention               those at rest

Rule 5: no session receives its own message, under whichever of its names it posted.
Rule 6: a person that is a member reads in the room, and ANT types nothing. A mention of
people only is not for the terminals.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

import attrs

from ant.messages import mentions
from ant.model.deliveries import (
    CHANNEL,
    INJECTION,
    LINKED,
    MENTION,
    DeliveryKind,
    Reason,
)
from ant.model.handles import EVERYONE, folded
from ant.model.messages import MessageType
from ant.model.sessions import SessionId

DIRECT = "terminal_direct"
"""The source of a message whose text its poster has typed into the terminal already."""


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
    """A session that a message can name: a member of the room, or one with a handle.

    `is_participant`: it is a participant of the room, not only known there.
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
        """Its handle and alias, folded."""
        return frozenset(folded(name) for name in (self.handle, self.alias) if name)


NO_PEOPLE: Mapping[str, str] = {}
"""No person is a member of the room."""


@attrs.frozen
class RoutedPost:
    """The properties of a message that routing uses; `sender` is a session's id."""

    text: str
    sender: SessionId | None = None
    from_terminal: bool = False
    role: str = "user"
    target: str | None = None
    msg_type: str = MessageType.MESSAGE
    source: object = None


@attrs.frozen
class Recipient:
    """One terminal, and why. With a `skip` reason ANT types nothing there.

    Without a `session_id`, no session has that name.
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
    people: Mapping[str, str] = NO_PEOPLE,
    is_channel: bool = False,
) -> list[Recipient]:
    """Return all recipients of a message, those included that are skipped.

    `roster` has the sessions in the room, `linked` the terminals whose linked chat it
    is, `named` the session whose handle is the target. `people` has the handle of each
    person in the room, by its folded names. `is_channel`: a local channel has the
    target as its handle.
    """
    if MessageType.is_machine(post.msg_type):
        return []
    if post.target and folded(post.target) != EVERYONE:
        return [_targeted(post, post.target, roster, named, people, is_channel)]
    if linked:
        names = frozenset(people).union(*(each.names for each in (*linked, *roster)))
        return [
            _in_linked_chat(post, each, names)
            for each in linked
            if each.session_id != post.sender
        ]
    return list(_in_room(post, roster, people))


def _targeted(
    post: RoutedPost,
    target: str,
    roster: Sequence[RoutedMember],
    named: RoutedMember | None,
    people: Mapping[str, str],
    is_channel: bool,
) -> Recipient:
    """Return the recipient for a target.

    An alias in this room precedes a handle, and a member a session outside of the room.
    """
    here = (m for m in roster if m.alias and folded(m.alias) == folded(target))
    member = next(here, None)
    if member is None and folded(target) in people:
        inside = (m for m in roster if named and m.session_id == named.session_id)
        member = next(inside, None)
        if member is None:
            return _to_person(people[folded(target)], "target")
    member = member or named
    if member is None and is_channel:
        return to_channel(target)
    if member is None:
        return _by_target(None, target, Reason.UNKNOWN_TARGET)
    skip = None if member.has_terminal else Reason.NO_TERMINAL
    if member.session_id == post.sender:
        skip = Reason.OWN_MESSAGE
    return _by_target(member.session_id, member.session_id, skip)


def to_channel(handle: str) -> Recipient:
    """Return the recipient for a local channel, which the ledger does not track."""
    kind, reason = DeliveryKind.LINE, Reason.CHANNEL
    return Recipient(None, handle, CHANNEL, kind, "target", reason)


def _to_person(handle: str, route: str) -> Recipient:
    """Return the recipient for a person, for whom ANT types nothing."""
    kind, reason = DeliveryKind.LINE, Reason.PERSON
    return Recipient(None, handle, INJECTION, kind, route, reason)


def to_own_terminal(session_id: SessionId) -> Recipient:
    """Return the recipient for a post to a terminal's own session, which is no room."""
    kind, reason = DeliveryKind.LINE, Reason.NOT_A_ROOM
    return Recipient(session_id, session_id, INJECTION, kind, "room", reason)


def _by_target(
    session_id: SessionId | None, name: str, skip: Reason | None
) -> Recipient:
    return Recipient(session_id, name, INJECTION, DeliveryKind.LINE, "target", skip)


def _in_linked_chat(
    post: RoutedPost, member: RoutedMember, names: frozenset[str]
) -> Recipient:
    """Return the recipient for a linked terminal.

    A person's message in a terminal's own chat is typed as if by hand (`RAW`). If it
    mentions a member of the chat or all of them, it is a message for them, and not a
    line for the program.
    """
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


def _in_room(
    post: RoutedPost, roster: Sequence[RoutedMember], people: Mapping[str, str]
) -> Iterator[Recipient]:
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
    people_mentioned = sorted({people[name] for name in found.known(frozenset(people))})
    for handle in people_mentioned:
        yield _to_person(handle, MENTION)
    if people_mentioned and not (mentioned or found.everyone or post.from_terminal):
        return
    all_names = frozenset(people).union(*(member.names for member in roster))
    for member in others:
        if mentioned:
            if member.names & mentioned:
                yield _reached(member, MENTION)
        elif member.names & excluded:
            yield _reached(member, "room", Reason.EXCLUDED)
        elif not post.from_terminal or found.everyone:
            yield _reached(member, "everyone" if found.everyone else "room")
        elif found.has_unknown(all_names):
            yield _reached(member, "room", Reason.UNKNOWN_MENTION)
        elif not found.known(all_names) - _own(post, roster):
            yield _reached(member, "idle", _NOT_IDLE.get(member.rest))


def _own(post: RoutedPost, roster: Sequence[RoutedMember]) -> frozenset[str]:
    """Return the sender's own names: a mention of oneself has no effect."""
    return frozenset[str]().union(
        *(member.names for member in roster if member.session_id == post.sender)
    )


def _reached(member: RoutedMember, route: str, skip: Reason | None = None) -> Recipient:
    id_ = member.session_id
    return Recipient(id_, id_, INJECTION, DeliveryKind.LINE, route, skip)
