"""Participants, presence, typing and read receipts."""

import attrs

from ant.api.message_requests import ListReads, MarkRead
from ant.api.page_requests import ListAll
from ant.api.room_requests import AddParticipant, RemoveParticipant, SetTyping
from ant.core import clock
from ant.http.contract.endpoint import Done, endpoint
from ant.identity import tokens
from ant.identity.tokens import Caller
from ant.messages import deliveries
from ant.model.events import Envelope, Typing
from ant.model.messages import MessageId
from ant.model.rooms import Participant, Participants, Read
from ant.model.sessions import SessionId
from ant.rooms import participants
from ant.rooms.participants import all_receipts
from ant.rooms.presence import Present
from ant.runtime.system import System
from ant.sessions import sessions


@attrs.frozen
class Removed:
    """Whether a member was there to be removed, and who it is."""

    removed: bool
    id: SessionId
    ok: bool = True


@attrs.frozen
class PresenceNow:
    """Who is in a session right now, by handle."""

    presence: dict[str, Present]


@attrs.frozen
class ReadsOfOne:
    """Who read a message; `next` is the `after` of the next page, null for none."""

    reads: tuple[Read, ...]
    next: int | None = None


@attrs.frozen
class ReadsOfAll:
    """Who read what, by message id; `next` is the `after` of the next page."""

    reads: dict[str, tuple[Read, ...]]
    next: int | None = None


@endpoint("GET", "/api/sessions/<session_id>/participants", inactive=True, token="room")
async def list_participants(
    system: System, session_id: SessionId, query: ListAll
) -> Participants:
    """Members, those who post from outside, and both together; at most 4 MiB."""
    return await system.journal.read_in_thread(
        participants.list_participants, session_id, query
    )


@endpoint("POST", "/api/sessions/<session_id>/participants", status=201)
async def add_participant(
    system: System, session_id: SessionId, body: AddParticipant
) -> Participant:
    """Add a session, by id or handle, to a chat room; or take it back."""
    return await system.journal.write(participants.add_participant, session_id, body)


@endpoint("DELETE", "/api/sessions/<session_id>/participants")
async def remove_participant(
    system: System,
    session_id: SessionId,
    query: RemoveParticipant,
    body: RemoveParticipant,
) -> Removed:
    """Mark a participant as left; named in the query or, failing that, the body."""
    named = query if query.session_id or query.handle else body
    removed, who = await system.journal.write(
        participants.remove_participant, session_id, named
    )
    return Removed(removed, who)


@endpoint("GET", "/api/presence/<session_id>", inactive=True, token="room")
async def get_presence(system: System, session_id: SessionId) -> PresenceNow:
    """Who is joined over `/ws` with a handle, and when they were last heard of."""
    await system.journal.read(sessions.get_session, session_id)
    return PresenceNow(system.presence.of(session_id))


@endpoint("POST", "/api/sessions/<session_id>/typing", token="room", speaker="handle")
async def set_typing(system: System, session_id: SessionId, body: SetTyping) -> Done:
    """Tell the room that somebody types, or stopped; not stored."""
    await system.journal.read(sessions.need_active, session_id)
    typing = Typing(session_id, body.handle, body.typing)
    system.journal.publish(Envelope(clock.now(), typing))
    return Done()


@endpoint("GET", "/api/sessions/<session_id>/reads", inactive=True, token="room")
async def all_reads(
    system: System, session_id: SessionId, query: ListReads, caller: Caller | None
) -> ReadsOfAll:
    """Read receipts of every message in the room that was read, by message id.

    An answer has 4 MiB at most; `next` goes on, perhaps with the same message. With a
    terminal's token those of readers outside of the room are left out.
    """
    work = all_receipts, caller, session_id, query
    return ReadsOfAll(*await system.journal.read_in_thread(*work))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/messages/<message_id>/read",
    token="room",
    speaker="reader_id",
)
async def mark_read(
    system: System,
    session_id: SessionId,
    message_id: MessageId,
    body: MarkRead,
    caller: Caller | None,
) -> ReadsOfOne:
    """Mark one message read by a session; the first time counts.

    With a terminal's token it is that terminal, to which the message has come then: its
    delivery is `acked`.
    """
    rule = participants.mark_read if caller is None else deliveries.mark_read
    reads = await system.journal.write(rule, session_id, message_id, body)
    shown = await system.journal.read_in_thread(
        tokens.visible_receipts, caller, session_id, reads
    )
    return ReadsOfOne(shown)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/messages/<message_id>/read",
    inactive=True,
    token="room",
)
async def list_reads(
    system: System,
    session_id: SessionId,
    message_id: MessageId,
    query: ListReads,
    caller: Caller | None,
) -> ReadsOfOne:
    """Who read one message; at most 4 MiB in one answer.

    With a terminal's token readers outside of the room are left out.
    """
    found = await system.journal.read_in_thread(
        participants.list_reads, session_id, message_id, query
    )
    shown = await system.journal.read_in_thread(
        tokens.visible_receipts, caller, session_id, found
    )
    return ReadsOfOne(shown, found.next)
