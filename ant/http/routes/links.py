"""Routes of room links."""

import attrs

from ant.api.page_requests import ListAll
from ant.api.room_requests import CreateLink, NameLink
from ant.core.errors import Conflict
from ant.http.contract.endpoint import Done, endpoint
from ant.identity.terminal_tokens import Caller
from ant.model.access_tokens import Scope
from ant.model.rooms import LinkId, Relationship, RoomLink, RoomLinks
from ant.model.sessions import SessionId
from ant.rooms import links
from ant.runtime.system import System


@attrs.frozen
class Linked:
    """The new link."""

    id: LinkId
    """The id of the link."""
    source_room_id: SessionId = attrs.field(metadata={"wire": "sourceRoomId"})
    """The id of this room."""
    target_room_id: SessionId = attrs.field(metadata={"wire": "targetRoomId"})
    """The id of the other room."""
    relationship: Relationship
    """What this room is to the other."""
    discussion_name: str | None = attrs.field(metadata={"wire": "discussionName"})
    """The name of the room that ANT created; null if it created none."""
    members_copied: bool = attrs.field(metadata={"wire": "membersCopied"})
    """Whether the members were copied to a new room."""
    link: RoomLink


@endpoint(
    "GET",
    "/api/sessions/<session_id>/links",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_links(
    system: System, session_id: SessionId, query: ListAll, caller: Caller | None
) -> RoomLinks:
    """List the outgoing and incoming links of a room.

    A page holds at most 4 MiB of both together; to read the next page, pass its `next`
    as `after`. With a terminal's token the page leaves out links to rooms that the
    terminal is not in.
    """
    return await system.journal.read_in_thread(
        links.list_links, session_id, query, caller
    )


@endpoint(
    "POST",
    "/api/sessions/<session_id>/links",
    status=201,
    raises={Conflict: "The two rooms have a link of this relationship already."},
    scope=Scope.ADMIN,
)
async def create_link(
    system: System, session_id: SessionId, body: CreateLink
) -> Linked:
    """Link a room to another room, or to a new discussion room.

    With `targetRoomId` the target is that room. Without it ANT creates a chat named
    `title`, or `Discussion: NAME`; if the name is taken, with a number after it.
    `copyMembers` copies the members of this room to the new one. `relationship` is
    `discussion_of` (the default), `promoted_summary_for`, `spawned_from` or
    `follows_up`. Both ends must be chats. A room cannot be linked to itself. A second
    link of the same relationship between two rooms is a 409.
    """
    link = await system.journal.write(links.create_link, session_id, body)
    is_new = body.target_room_id is None
    return Linked(
        id=link.id,
        source_room_id=link.source_room_id,
        target_room_id=link.target_room_id,
        relationship=link.relationship,
        discussion_name=link.target_name if is_new else None,
        members_copied=is_new and body.copy_members,
        link=link,
    )


@endpoint("DELETE", "/api/sessions/<session_id>/links", scope=Scope.ADMIN)
async def delete_link(system: System, session_id: SessionId, query: NameLink) -> Done:
    """Remove a link; either of the linked rooms may be named in the path."""
    await system.journal.write(links.delete_link, session_id, query.link_id)
    return Done()
