"""Rules of participants: resolving names, who is in a room, and read receipts."""

import re
from collections.abc import Sequence
from datetime import datetime

import attrs

from ant.api import codec
from ant.api.message_requests import FIRST_READS, ListReads, MarkRead
from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.api.room_requests import AddParticipant, RemoveParticipant
from ant.core import clock
from ant.core.errors import Invalid, NotFound
from ant.identity.terminal_tokens import Caller, visible_receipts
from ant.model.events import (
    MessageRead,
    ParticipantsChanged,
    SessionsChanged,
)
from ant.model.handles import EVERYONE, FORM, folded, with_at
from ant.model.messages import Message, MessageId
from ant.model.rooms import (
    EXTERNAL,
    LEFT,
    PARTICIPANT,
    Participant,
    ParticipantKind,
    Participants,
    Read,
)
from ant.model.sessions import CliFlag, Session, SessionId, SessionType
from ant.sessions.sessions import check_active, check_exists, need_active
from ant.store import (
    PAGE_BYTES,
    MemberRecord,
    Page,
    PersonRecord,
    PosterRecord,
    Receipts,
    Unit,
    page,
    paging,
)

LISTED_BYTES = PAGE_BYTES // 2
"""Bytes of participants in one answer, which contains each participant twice."""

ROW_BYTES = 400
"""Bytes of a participant's JSON without its names."""

_Place = tuple[int, int, str, str]
"""The position of a participant in the list: its group, the ordinal of a member, then
the first post and the name of a stranger."""

_INSIDE, _PEOPLE_INSIDE, _OUTSIDE, _PEOPLE_OUTSIDE, _STRANGER = range(5)

_PLACE = re.compile(r"([0-4])\.([0-9]{1,15})\.([0-9TZ:.-]{0,40})\.(.*)", re.DOTALL)


def resolve(unit: Unit, name: str | None) -> Session | None:
    """Return the session with this id or, folded, this handle; None without one."""
    if not name:
        return None
    return unit.sessions.get(name) or unit.sessions.by_handle(folded(name))


def name_of(unit: Unit, name: str | None) -> str | None:
    """Return the handle of the session that `name` names, else `name` itself."""
    session = resolve(unit, name)
    return session.handle if session and session.handle else name


def _room(unit: Unit, room_id: SessionId) -> Session:
    room = need_active(unit, room_id)
    if room.type is not SessionType.CHAT:
        raise Invalid("room must be a chat session at $")
    return room


def _name_in(request: AddParticipant | RemoveParticipant) -> str:
    name = request.session_id or request.handle
    if not name:
        raise Invalid("session_id or handle required at $")
    return name


def _person_in(name: str) -> str | None:
    """Return the handle of the person that `name` names; None if it names no person.

    A person's handle begins with `@`, so that a mistyped id adds nobody.
    """
    handle = name.strip()
    is_handle = FORM.fullmatch(handle) and folded(handle) != EVERYONE
    return handle if is_handle else None


def _unknown(name: str) -> NotFound:
    return NotFound(
        "session", name, "Name a session by its id or handle, or a person as @zoe."
    )


def add_participant(
    unit: Unit, room_id: SessionId, request: AddParticipant
) -> Participant:
    """Add a session or a person to a room, or readmit one that left.

    A handle that no active session has is a person's. Raises `Invalid` when the room is
    not a chat or is itself the member, `NotFound` when the name is that of no session
    and of no person, `Gone` when the session is archived or deleted.
    """
    _room(unit, room_id)
    name = _name_in(request)
    named = resolve(unit, name)
    if named is None:
        return _add_person(unit, room_id, name, request)
    session = need_active(unit, named.id)
    if session.id == room_id:
        raise Invalid("a room cannot be a member of itself at $")
    before = unit.people.member(room_id, session.id)
    alias = with_at(request.alias) if request.alias else None
    member = MemberRecord(
        session_id=session.id,
        role=request.role,
        alias=alias or (before.alias if before else None) or session.handle,
        cli_flag=session.cli_flag,
        joined_at=before.joined_at if before else clock.stamp(unit.now),
    )
    unit.people.save_member(room_id, member)
    unit.emit(ParticipantsChanged(room_id))
    if session.type.has_terminal and (before is None or before.role == LEFT):
        # The rooms of a terminal are part of `/api/status`, which every socket follows.
        unit.emit(SessionsChanged(session.id))
    posts, _ = _posts(unit, room_id, [member], {session.id: session})
    return _participant(member, session, posts[session.id])


def _add_person(
    unit: Unit, room_id: SessionId, name: str, request: AddParticipant
) -> Participant:
    handle = _person_in(name)
    if handle is None:
        raise _unknown(name)
    before = unit.people.person(room_id, handle)
    alias = with_at(request.alias) if request.alias else None
    person = PersonRecord(
        handle=before.handle if before else handle,
        role=request.role,
        alias=alias or (before.alias if before else None) or handle,
        joined_at=before.joined_at if before else clock.stamp(unit.now),
    )
    unit.people.save_person(room_id, person)
    unit.emit(ParticipantsChanged(room_id))
    posts, _ = _posts(unit, room_id, [], {}, [person])
    return _person(person, posts[person.handle])


def remove_participant(
    unit: Unit, room_id: SessionId, request: RemoveParticipant
) -> tuple[bool, str]:
    """Mark a member as left.

    Return whether it was a member, and the session's id or the person's handle. Raises
    `NotFound` for a name of no session and of no person that ever was a member.
    """
    _room(unit, room_id)
    name = _name_in(request)
    session, person = resolve(unit, name), unit.people.person(room_id, name)
    member = unit.people.member(room_id, session.id) if session else None
    if member is not None and member.role != LEFT:
        left: str = member.session_id
        unit.people.save_member(room_id, attrs.evolve(member, role=LEFT))
    elif person is not None and person.role != LEFT:
        left = person.handle
        unit.people.save_person(room_id, attrs.evolve(person, role=LEFT))
    elif session is not None:
        return False, session.id
    elif person is not None:
        return False, person.handle
    else:
        raise _unknown(name)
    unit.emit(ParticipantsChanged(room_id))
    if session is not None and left == session.id and session.type.has_terminal:
        unit.emit(SessionsChanged(session.id))
    return True, left


def count_post(
    unit: Unit, room_id: SessionId, sender_id: str, session: Session | None, at: str
) -> None:
    """Count a post. A sender that is a session becomes a member with its first post.

    `session` is the session that `sender_id` resolves to. A sender that is a member
    keeps its role and alias; one that left stays away.
    """
    unit.people.count_post(room_id, sender_id, at)
    if session is None or session.id == room_id:
        return
    if unit.people.member(room_id, session.id) is None:
        role = PARTICIPANT if session.type.has_terminal else EXTERNAL
        unit.people.save_member(
            room_id,
            MemberRecord(session.id, role, session.handle, session.cli_flag, at),
        )
        unit.emit(ParticipantsChanged(room_id))
        if role == PARTICIPANT and session.linked_chat_id != room_id:
            unit.emit(SessionsChanged(session.id))


def list_participants(
    unit: Unit, room_id: SessionId, request: ListAll = FIRST_PAGE
) -> Participants:
    """Return a page of members, of senders from outside, and of both together.

    The page starts after the position that the cursor names: a group, and in it the
    ordinal of a member, or the time and name of a stranger's first post. Raises
    `Invalid` on a bad cursor.
    """
    check_exists(unit, room_id)
    after = _place(request.after)
    members, people = unit.people.members(room_id), unit.people.people(room_id)
    sessions = unit.sessions.several([member.session_id for member in members])
    posts, strangers = _posts(unit, room_id, members, sessions, people)
    listed: list[tuple[_Place, Participant]] = []
    for group, role in ((_INSIDE, PARTICIPANT), (_OUTSIDE, EXTERNAL)):
        for member in members:
            if member.role == role:
                key = member.session_id
                row = _participant(member, sessions[key], posts[key])
                listed.append(((group, member.ordinal, "", ""), row))
        for person in people:
            if person.role == role:
                row = _person(person, posts[person.handle])
                listed.append(((group + 1, person.ordinal, "", ""), row))
    for poster in strangers:
        place = _STRANGER, 0, poster.first_seen, poster.sender_id
        listed.append((place, _stranger(poster)))
    following = [each for each in listed if after is None or each[0] > after]
    shown = page(following, lambda each: each[1], budget=LISTED_BYTES, weigh=_weight)
    return Participants(
        tuple(each for each in shown if each.role == PARTICIPANT),
        tuple(each for each in shown if each.role == EXTERNAL),
        shown,
        _cursor(following[len(shown) - 1][0]) if shown.more else None,
    )


def _cursor(place: _Place) -> str:
    return ".".join(map(str, place))


def _place(name: str | None) -> _Place | None:
    """Parse a cursor that `_cursor` made. Raises `Invalid`."""
    if name is None:
        return None
    form = _PLACE.fullmatch(name)
    if form is None:
        raise paging.invalid_cursor(name)
    return int(form[1]), int(form[2]), form[3], form[4]


def _weight(placed: tuple[_Place, Participant]) -> int:
    _, each = placed
    return codec.json_size((each.id, each.name, each.handle, each.alias)) + ROW_BYTES


def _posts(
    unit: Unit,
    room_id: SessionId,
    members: list[MemberRecord],
    sessions: dict[str, Session],
    people: Sequence[PersonRecord] = (),
) -> tuple[dict[str, list[PosterRecord]], list[PosterRecord]]:
    """Return the posts of each member, by id or handle, and those of strangers.

    A post belongs to a member when its sender is the member's id, handle or alias.
    Names are folded as in `resolve`. A handle has precedence over an alias, and a
    session over a person.
    """
    owners: dict[str, str] = {}
    for member in members:
        owners.setdefault(folded(member.alias or ""), member.session_id)
    for person in people:
        owners.setdefault(folded(person.alias or ""), person.handle)
    owners |= {folded(person.handle): person.handle for person in people}
    for member in members:
        handle = sessions[member.session_id].handle
        owners[folded(handle or "")] = member.session_id
    ids = {member.session_id for member in members}
    keys = (*ids, *(person.handle for person in people))
    posts: dict[str, list[PosterRecord]] = {key: [] for key in keys}
    strangers: list[PosterRecord] = []
    for poster in unit.people.posters(room_id):
        name = poster.sender_id
        owner = name if name in ids else owners.get(folded(name))
        (strangers if owner is None else posts[owner]).append(poster)
    return posts, strangers


def _participant(
    member: MemberRecord, session: Session, own: list[PosterRecord]
) -> Participant:
    """Build a member's row, with the posts made under its names."""
    first, last = _seen(own)
    return Participant(
        id=session.id,
        kind=ParticipantKind.SESSION,
        name=session.display_name or session.name,
        handle=session.handle,
        alias=member.alias,
        session_type=session.type,
        session_status=session.status,
        cli_flag=CliFlag(member.cli_flag) if member.cli_flag else None,
        role=member.role,
        joined_at=clock.parse_stamp(member.joined_at),
        first_seen=first,
        last_seen=last,
        message_count=sum(poster.message_count for poster in own),
    )


def _seen(own: list[PosterRecord]) -> tuple[datetime | None, datetime | None]:
    """Return the times of the first and of the last post; None without any."""
    if not own:
        return None, None
    first = min(poster.first_seen for poster in own)
    last = max(poster.last_seen for poster in own)
    return clock.parse_stamp(first), clock.parse_stamp(last)


def _person(person: PersonRecord, own: list[PosterRecord]) -> Participant:
    """Build the row of a person that is a member."""
    first, last = _seen(own)
    return Participant(
        id=person.handle,
        kind=ParticipantKind.PERSON,
        name=person.handle,
        handle=person.handle,
        alias=person.alias,
        session_type=None,
        session_status=None,
        cli_flag=None,
        role=person.role,
        joined_at=clock.parse_stamp(person.joined_at),
        first_seen=first,
        last_seen=last,
        message_count=sum(poster.message_count for poster in own),
    )


def _stranger(poster: PosterRecord) -> Participant:
    """Build the row of a sender that is no session of this server."""
    name = poster.sender_id
    return Participant(
        id=name,
        kind=ParticipantKind.PERSON,
        name=name,
        handle=name if name.startswith("@") else None,
        alias=None,
        session_type=None,
        session_status=None,
        cli_flag=None,
        role=EXTERNAL,
        joined_at=None,
        first_seen=clock.parse_stamp(poster.first_seen),
        last_seen=clock.parse_stamp(poster.last_seen),
        message_count=poster.message_count,
    )


def need_message(unit: Unit, room_id: SessionId, message_id: MessageId) -> Message:
    """Return a message of the room. Raises `NotFound`, also for another room's."""
    message = unit.messages.get(room_id, message_id)
    if message is None:
        raise NotFound("message", message_id)
    return message


def mark_read(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MarkRead
) -> tuple[Read, ...]:
    """Record that a session or a person read a message, once.

    Return the message's receipts. Raises `NotFound` for a message that does not exist,
    and for a reader that is neither a session nor a person's handle.
    """
    check_active(unit, room_id)
    need_message(unit, room_id, message_id)
    session = resolve(unit, request.reader_id)
    if session is not None:
        return add_receipt(unit, room_id, message_id, session.id)
    person = _person_in(request.reader_id)
    if person is None:
        raise _unknown(request.reader_id)
    return add_receipt(unit, room_id, message_id, folded(person))


def add_receipt(
    unit: Unit, room_id: SessionId, message_id: MessageId, reader_id: str
) -> tuple[Read, ...]:
    """Add the receipt of an existing message, once. Return all its receipts."""
    first = unit.people.add_read(message_id, reader_id, clock.stamp(unit.now))
    reads = _reads_of(unit, room_id, message_id)
    if first:
        unit.emit(MessageRead(room_id, message_id, reader_id, reads))
    return reads


def list_reads(
    unit: Unit,
    room_id: SessionId,
    message_id: MessageId,
    request: ListReads = FIRST_READS,
) -> Page[Read]:
    """Return a page of the receipts of one message. Raises `NotFound`."""
    check_exists(unit, room_id)
    need_message(unit, room_id, message_id)
    return _reads_of(unit, room_id, message_id, request.after)


def _reads_of(
    unit: Unit, room_id: SessionId, message_id: MessageId, after: int = 0
) -> Page[Read]:
    reads = unit.people.reads(room_id, message_id, after)
    page = Page(reads.get(message_id, ()))
    page.next = reads.next
    return page


def all_reads(
    unit: Unit, room_id: SessionId, request: ListReads = FIRST_READS
) -> Receipts:
    """Return a page of the receipts of all messages of a room."""
    check_exists(unit, room_id)
    return unit.people.reads(room_id, after=request.after)


def all_receipts(
    unit: Unit, caller: Caller | None, room_id: SessionId, request: ListReads
) -> tuple[dict[str, tuple[Read, ...]], int | None]:
    """Return a page of the room's receipts that the caller may see, and its `next`.

    The receipts are grouped by message id. A message without any is left out.
    """
    page = all_reads(unit, room_id, request)
    seen = {
        key: visible_receipts(unit, caller, room_id, reads)
        for key, reads in page.items()
    }
    return {key: reads for key, reads in seen.items() if reads}, page.next
