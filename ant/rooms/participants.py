"""Rules of people: who is meant by a name, who is in a room, who read what."""

import re

import attrs

from ant.api import codec
from ant.api.message_requests import FIRST_READS, ListReads, MarkRead
from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.api.room_requests import AddParticipant, RemoveParticipant
from ant.core import clock
from ant.core.errors import Invalid, NotFound
from ant.identity.tokens import Caller, receipts
from ant.model.events import (
    MessageRead,
    ParticipantsChanged,
)
from ant.model.handles import normal
from ant.model.messages import Message, MessageId
from ant.model.rooms import EXTERNAL, LEFT, PARTICIPANT, Participant, Participants, Read
from ant.model.sessions import CliFlag, Session, SessionId, SessionType
from ant.rooms import participants
from ant.sessions.sessions import check_active, check_exists, get_session, need_active
from ant.store import (
    PAGE_BYTES,
    MemberRecord,
    Page,
    PosterRecord,
    Receipts,
    Unit,
    page,
    paging,
)

TOLD = PAGE_BYTES // 2
"""Bytes of participants in one answer: it tells each twice."""

ROW_BYTES = 400
"""What a participant has beside names, as JSON."""

_Place = tuple[int, int, str, str]
"""Where a participant stands: the group, a member's number, a stranger's first post and
its name."""

_INSIDE, _OUTSIDE, _STRANGER = range(3)

_PLACE = re.compile(r"([0-2])\.([0-9]{1,15})\.([0-9TZ:.-]{0,40})\.(.*)", re.DOTALL)


def resolve(unit: Unit, name: str | None) -> Session | None:
    """The session that is meant by an id or a handle, with or without its `@`."""
    if not name:
        return None
    return unit.sessions.get(name) or unit.sessions.by_handle(normal(name))


def name_of(unit: Unit, name: str | None) -> str | None:
    """The handle of who is meant, else the name as it was given."""
    session = resolve(unit, name)
    return session.handle if session and session.handle else name


def _room(unit: Unit, room_id: SessionId) -> Session:
    room = need_active(unit, room_id)
    if room.type is not SessionType.CHAT:
        raise Invalid("room must be a chat session at $")
    return room


def _who(unit: Unit, request: AddParticipant | RemoveParticipant) -> Session:
    name = request.session_id or request.handle
    if not name:
        raise Invalid("session_id or handle required at $")
    member = resolve(unit, name)
    if member is None:
        raise NotFound("member session", name)
    return member


def add_participant(
    unit: Unit, room_id: SessionId, request: AddParticipant
) -> Participant:
    """Add a member, or take one back who had left.

    Raises `Invalid` when the room is no chat or itself the member, `NotFound` when
    there is no such session, `Gone` when it is archived or deleted.
    """
    _room(unit, room_id)
    session = need_active(unit, _who(unit, request).id)
    if session.id == room_id:
        raise Invalid("a room cannot be a member of itself at $")
    before = unit.people.member(room_id, session.id)
    alias = normal(request.alias) if request.alias else None
    member = MemberRecord(
        session_id=session.id,
        role=request.role,
        alias=alias or (before.alias if before else None) or session.handle,
        cli_flag=session.cli_flag,
        joined_at=before.joined_at if before else clock.stamp(unit.now),
    )
    unit.people.save_member(room_id, member)
    unit.emit(ParticipantsChanged(room_id))
    posts, _ = _posts(unit, room_id, [member], {session.id: session})
    return _participant(member, session, posts[session.id])


def remove_participant(
    unit: Unit, room_id: SessionId, request: RemoveParticipant
) -> tuple[bool, SessionId]:
    """Mark a member as left; whether there was one, and who."""
    _room(unit, room_id)
    session = _who(unit, request)
    member = unit.people.member(room_id, session.id)
    if member is None or member.role == LEFT:
        return False, session.id
    unit.people.save_member(room_id, attrs.evolve(member, role=LEFT))
    unit.emit(ParticipantsChanged(room_id))
    return True, session.id


def posted(unit: Unit, room_id: SessionId, sender_id: str, at: str) -> None:
    """Count a post; a sender who is a session becomes a member, once.

    Whoever is a member already keeps role and alias, and whoever left stays away.
    """
    unit.people.posted(room_id, sender_id, at)
    session = resolve(unit, sender_id)
    if session is None or session.id == room_id:
        return
    if unit.people.member(room_id, session.id) is None:
        role = PARTICIPANT if session.type.has_terminal else EXTERNAL
        unit.people.save_member(
            room_id,
            MemberRecord(session.id, role, session.handle, session.cli_flag, at),
        )
        unit.emit(ParticipantsChanged(room_id))


def list_participants(
    unit: Unit, room_id: SessionId, request: ListAll = FIRST_PAGE
) -> Participants:
    """Members who are there, those who post from outside, and both.

    A page of all, after the place that is named: a role, and there the number of a
    member, or when somebody who is none first posted, and as whom. Raises `Invalid` on
    a bad cursor.
    """
    check_exists(unit, room_id)
    after = _place(request.after)
    members = unit.people.members(room_id)
    sessions = unit.sessions.several([member.session_id for member in members])
    posts, strangers = _posts(unit, room_id, members, sessions)
    both: list[tuple[_Place, Participant]] = []
    for group, role in ((_INSIDE, PARTICIPANT), (_OUTSIDE, EXTERNAL)):
        for member in members:
            if member.role == role:
                whose = member.session_id
                someone = _participant(member, sessions[whose], posts[whose])
                both.append(((group, member.ordinal, "", ""), someone))
    for poster in strangers:
        place = _STRANGER, 0, poster.first_seen, poster.sender_id
        both.append((place, _stranger(poster)))
    following = [each for each in both if after is None or each[0] > after]
    told = page(following, lambda each: each[1], budget=TOLD, weigh=_weight)
    return Participants(
        tuple(each for each in told if each.role == PARTICIPANT),
        tuple(each for each in told if each.role == EXTERNAL),
        told,
        _named(following[len(told) - 1][0]) if told.more else None,
    )


def _named(place: _Place) -> str:
    return ".".join(map(str, place))


def _place(name: str | None) -> _Place | None:
    """What `_named` gave. Raises `Invalid`."""
    if name is None:
        return None
    form = _PLACE.fullmatch(name)
    if form is None:
        raise paging.no_place(name)
    return int(form[1]), int(form[2]), form[3], form[4]


def _weight(placed: tuple[_Place, Participant]) -> int:
    _, each = placed
    return codec.json_size((each.id, each.name, each.handle, each.alias)) + ROW_BYTES


def _posts(
    unit: Unit,
    room_id: SessionId,
    members: list[MemberRecord],
    sessions: dict[str, Session],
) -> tuple[dict[str, list[PosterRecord]], list[PosterRecord]]:
    """What was posted by each member, under its id, handle or alias; and by others.

    Handles are read as `resolve` does, and go before the aliases that a room gave.
    """
    owners: dict[str, str] = {}
    for member in members:
        owners.setdefault(_folded(member.alias or ""), member.session_id)
    for member in members:
        handle = sessions[member.session_id].handle
        owners[_folded(handle or "")] = member.session_id
    posts: dict[str, list[PosterRecord]] = {member.session_id: [] for member in members}
    strangers: list[PosterRecord] = []
    for poster in unit.people.posters(room_id):
        name = poster.sender_id
        owner = name if name in posts else owners.get(_folded(name))
        (strangers if owner is None else posts[owner]).append(poster)
    return posts, strangers


def _folded(name: str) -> str:
    return normal(name).lower()


def _participant(
    member: MemberRecord, session: Session, own: list[PosterRecord]
) -> Participant:
    """A member, with what was posted under its names."""
    first = min((poster.first_seen for poster in own), default=None)
    last = max((poster.last_seen for poster in own), default=None)
    return Participant(
        id=session.id,
        name=session.display_name or session.name,
        handle=session.handle,
        alias=member.alias,
        session_type=session.type,
        session_status=session.status,
        cli_flag=CliFlag(member.cli_flag) if member.cli_flag else None,
        role=member.role,
        joined_at=clock.parse_stamp(member.joined_at),
        first_seen=clock.parse_stamp(first) if first else None,
        last_seen=clock.parse_stamp(last) if last else None,
        message_count=sum(poster.message_count for poster in own),
    )


def _stranger(poster: PosterRecord) -> Participant:
    """Somebody who is no session of ours: a name under which was posted."""
    name = poster.sender_id
    return Participant(
        id=name,
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
    """A message of that room. Raises `NotFound`, also for another room's."""
    message = unit.messages.get(room_id, message_id)
    if message is None:
        raise NotFound("message", message_id)
    return message


def mark_read(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MarkRead
) -> tuple[Read, ...]:
    """Note who read a message, the first time; all who did."""
    check_active(unit, room_id)
    need_message(unit, room_id, message_id)
    reader = get_session(unit, request.reader_id)
    return has_read(unit, room_id, message_id, reader.id)


def has_read(
    unit: Unit, room_id: SessionId, message_id: MessageId, reader_id: SessionId
) -> tuple[Read, ...]:
    """Note that somebody read a message that is there; all who did."""
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
    """Who read one message, a page of it. Raises `NotFound`."""
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
    """Receipts of every message of a room that was read, a page of them."""
    check_exists(unit, room_id)
    return unit.people.reads(room_id, after=request.after)


def all_receipts(
    unit: Unit, caller: Caller | None, room_id: SessionId, request: ListReads
) -> tuple[dict[str, tuple[Read, ...]], int | None]:
    """Those of a page of all messages of a room, by message, and its `next`."""
    page = participants.all_reads(unit, room_id, request)
    told = {key: receipts(unit, caller, room_id, reads) for key, reads in page.items()}
    return {key: reads for key, reads in told.items() if reads}, page.next
