"""Routes of participants, presence, typing and read receipts."""

import attrs

from ant.api.message_requests import ListReads, MarkRead
from ant.api.page_requests import ListAll
from ant.api.room_requests import AddParticipant, RemoveParticipant, SetTyping
from ant.core import clock
from ant.http.contract.endpoint import Done, endpoint
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.messages import deliveries
from ant.model.access_tokens import Scope
from ant.model.events import Envelope, Typing
from ant.model.messages import MessageId
from ant.model.rooms import Participant, Participants, Read
from ant.model.sessions import SessionId
from ant.rooms import participants
from ant.rooms.participants import all_receipts
from ant.rooms.presence import Present
from ant.runtime.system import System
from ant.sessions import sessions
from ant.sessions.linked import room_of


@attrs.frozen
class Removed:
    """The removal of a member."""

    removed: bool
    """Whether it was a member until now."""
    id: str
    """The id of the session, or the handle of the person."""
    ok: bool = True


@attrs.frozen
class PresenceNow:
    """The clients that have joined a session now, by handle."""

    presence: dict[str, Present]
    """Each client, by the handle that it joined with."""


@attrs.frozen
class ReadsOfOne:
    """A page of the read receipts of one message."""

    reads: tuple[Read, ...]
    """The read receipts, the oldest first."""
    next: int | None = None


@attrs.frozen
class MarkedRead:
    """All read receipts of the message, or the first page of them."""

    reads: tuple[Read, ...]
    """The read receipts, the oldest first."""
    next: int | None = None
    ok: bool = True


@attrs.frozen
class ReadsOfAll:
    """A page of the read receipts of a room."""

    reads: dict[str, tuple[Read, ...]]
    """The read receipts of each message, by its id."""
    next: int | None = None


@endpoint(
    "GET",
    "/api/sessions/<session_id>/participants",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_participants(
    system: System, session_id: SessionId, query: ListAll
) -> Participants:
    """List the participants of a room.

    `participants` are the members, `postsFrom` those who posted without being members,
    and `all` both together. A page holds at most 4 MiB; to read the next page, pass its
    `next` as `after`.
    """
    return await system.journal.read_in_thread(
        participants.list_participants, session_id, query
    )


@endpoint(
    "POST", "/api/sessions/<session_id>/participants", status=201, scope=Scope.ADMIN
)
async def add_participant(
    system: System, session_id: SessionId, body: AddParticipant
) -> Participant:
    """Add a session or a person to a room, or add it again after it left.

    The body names the session by id or by handle. The room must be a chat, and the
    session must be active. A handle with its `@` that no session has adds a person:
    somebody who reads and posts in the room, and for whom ANT types nothing. Adding a
    member again changes its role and, if the body has one, its alias.
    """
    return await system.journal.write(participants.add_participant, session_id, body)


@endpoint("DELETE", "/api/sessions/<session_id>/participants", scope=Scope.ADMIN)
async def remove_participant(
    system: System,
    session_id: SessionId,
    query: RemoveParticipant,
    body: RemoveParticipant,
) -> Removed:
    """Mark a member of a room as left.

    The query names the session by id or handle, or the person by handle; if it does
    not, the body does. `removed` is false if the name was not that of a member.
    """
    request = query if query.session_id or query.handle else body
    removed, member_id = await system.journal.write(
        participants.remove_participant, session_id, request
    )
    return Removed(removed, member_id)


@endpoint(
    "GET", "/api/presence/<session_id>", inactive=True, token="room", scope=Scope.VIEW
)
async def get_presence(system: System, session_id: SessionId) -> PresenceNow:
    """List the clients that have joined a session over `/ws` with a handle.

    `lastSeen` is the time of the last `presence_ping`, or of the join, in epoch
    milliseconds. `status` is `active` up to 60 seconds after it, `idle` up to 5
    minutes, and then `offline`.
    """
    await system.journal.read(sessions.get_session, session_id)
    return PresenceNow(system.presence.of(session_id))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/typing",
    token="room",
    speaker="handle",
    scope=Scope.POST,
)
async def set_typing(system: System, session_id: SessionId, body: SetTyping) -> Done:
    """Publish to the room that a participant types, or stopped typing.

    The event is not stored.
    """
    await system.journal.read(sessions.need_active, session_id)
    typing = Typing(session_id, body.handle, body.typing)
    system.journal.publish(Envelope(clock.now(), typing))
    return Done()


@endpoint(
    "GET",
    "/api/sessions/<session_id>/reads",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def all_reads(
    system: System, session_id: SessionId, query: ListReads, caller: Caller | None
) -> ReadsOfAll:
    """List the read receipts of all messages of a room, by message id.

    Messages without a receipt are left out. A page holds at most 4 MiB; to read the
    next page, pass its `next` as `after`. The next page may continue with the same
    message. With a terminal's token the page leaves out readers who are not in the
    room.
    """
    session_id = await system.journal.read(room_of, session_id)
    work = all_receipts, caller, session_id, query
    return ReadsOfAll(*await system.journal.read_in_thread(*work))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/messages/<message_id>/read",
    token="room",
    speaker="reader_id",
    scope=Scope.POST,
)
async def mark_read(
    system: System,
    session_id: SessionId,
    message_id: MessageId,
    body: MarkRead,
    caller: Caller | None,
) -> MarkedRead:
    """Mark a message as read by a session or a person.

    `reader_id` is the id or the handle of a session, or a person's handle with its `@`.
    Only the first time is recorded. The answer lists all receipts of the message. With
    a terminal's token the reader is that terminal, and its delivery of the message
    becomes `acked`.
    """
    session_id = await system.journal.read(room_of, session_id)
    is_terminal = caller is not None and caller.is_terminal
    rule = deliveries.mark_read if is_terminal else participants.mark_read
    reads = await system.journal.write(rule, session_id, message_id, body)
    shown = await system.journal.read_in_thread(
        terminal_tokens.visible_receipts, caller, session_id, reads
    )
    return MarkedRead(shown)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages/<message_id>/read",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_reads(
    system: System,
    session_id: SessionId,
    message_id: MessageId,
    query: ListReads,
    caller: Caller | None,
) -> ReadsOfOne:
    """List the read receipts of one message.

    A page holds at most 4 MiB; to read the next page, pass its `next` as `after`. With
    a terminal's token the page leaves out readers who are not in the room.
    """
    session_id = await system.journal.read(room_of, session_id)
    page = await system.journal.read_in_thread(
        participants.list_reads, session_id, message_id, query
    )
    shown = await system.journal.read_in_thread(
        terminal_tokens.visible_receipts, caller, session_id, page
    )
    return ReadsOfOne(shown, page.next)
