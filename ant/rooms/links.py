"""Rules of room links: typed relations between chats. The older room is the source."""

import attrs

from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.api.room_requests import CreateLink
from ant.core import clock
from ant.core.errors import Conflict, Invalid, NotFound
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.model.events import RoomLinkCreated, RoomLinkDeleted, SessionsChanged
from ant.model.rooms import PARTICIPANT, LinkId, RoomLink, RoomLinks
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.sessions.sessions import check_active, check_exists, need_active
from ant.store import Unit, paging


def list_links(
    unit: Unit,
    room_id: SessionId,
    request: ListAll = FIRST_PAGE,
    caller: Caller | None = None,
) -> RoomLinks:
    """Return a page of a room's links, outgoing and incoming.

    A page counts both together. A token's caller gets the links to rooms that its token
    opens. Raises `Invalid` on a bad cursor.
    """
    check_exists(unit, room_id)
    page = unit.links.page(room_id, paging.parse_cursor(request.after))
    outgoing = [each for each in page if each.source_room_id == room_id]
    incoming = [each for each in page if each.source_room_id != room_id]
    if caller is not None:
        outgoing = [
            e
            for e in outgoing
            if terminal_tokens.can_access_room(unit, caller, e.target_room_id)
        ]
        incoming = [
            e
            for e in incoming
            if terminal_tokens.can_access_room(unit, caller, e.source_room_id)
        ]
    return RoomLinks(tuple(outgoing), tuple(incoming), page.next)


def create_link(unit: Unit, room_id: SessionId, request: CreateLink) -> RoomLink:
    """Link a room to an existing room, or to a new discussion that this creates.

    Raises `Invalid` when an end is not a chat or both ends are the same room,
    `NotFound` when the target does not exist, `Conflict` when the link exists.
    """
    source = need_active(unit, room_id)
    _need_chat(source, "$")
    if request.target_room_id is None:
        target = _discussion(unit, source, request)
    else:
        target = need_active(unit, request.target_room_id)
        _need_chat(target, "$.targetRoomId")
    if source.id == target.id:
        raise Invalid("a room cannot be linked to itself at $.targetRoomId")
    if unit.links.exists(source.id, target.id, request.relationship):
        raise Conflict("Room link already exists")
    link = RoomLink(
        id=LinkId(clock.new_id()),
        source_room_id=source.id,
        target_room_id=target.id,
        relationship=request.relationship,
        title=request.title,
        created_by=request.created_by,
        created_at=unit.now,
        settings={"inherit_parent_context": request.inherit_context} | request.settings,
        source_name=source.name,
        source_type=source.type,
        target_name=target.name,
        target_type=target.type,
    )
    unit.links.add(link)
    for room in (source.id, target.id):
        unit.emit(
            RoomLinkCreated(
                room, source.id, link.id, target.id, link.relationship, link.title
            )
        )
    return link


def _need_chat(session: Session, path: str) -> None:
    if session.type is not SessionType.CHAT:
        raise Invalid(f"only chat sessions can be linked at {path}")


def _discussion(unit: Unit, source: Session, request: CreateLink) -> Session:
    """Create a chat for the discussion, and copy the source's participants if asked."""
    title = (request.title or f"Discussion: {source.name}").strip()
    name, count = title, 1
    while unit.sessions.name_taken(name):
        count += 1
        name = f"{title} ({count})"
    room = attrs.evolve(
        source,
        id=SessionId(clock.new_id()),
        name=name,
        ttl="forever",
        status=Status.NONE,
        meta={"parent_room": source.id},
        created_at=unit.now,
        updated_at=unit.now,
        last_activity=None,
        handle=None,
        display_name=None,
        alias=None,
        cli_flag=None,
        linked_chat_id=None,
        terminal=None,
    )
    unit.sessions.add(room, {})
    if request.copy_members:
        for member in unit.people.members(source.id):
            if member.role == PARTICIPANT:
                unit.people.save_member(room.id, member)
        for person in unit.people.people(source.id):
            if person.role == PARTICIPANT:
                unit.people.save_person(room.id, person)
    unit.emit(SessionsChanged(room.id))
    return room


def delete_link(unit: Unit, room_id: SessionId, link_id: str) -> None:
    """Remove a link, on behalf of either of its ends. Raises `NotFound`."""
    check_active(unit, room_id)
    link = unit.links.get(link_id)
    if link is None or room_id not in (link.source_room_id, link.target_room_id):
        raise NotFound("room link", link_id)
    unit.links.remove(link_id)
    source_id, target_id = link.source_room_id, link.target_room_id
    for room in (source_id, target_id):
        unit.emit(RoomLinkDeleted(room, source_id, link.id, target_id))
