"""Participants, read receipts, links, tasks and file references of a room."""

from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

import attrs

from ant.model.sessions import CliFlag, SessionId, SessionType, Status

LinkId = NewType("LinkId", str)
TaskId = NewType("TaskId", str)
FileRefId = NewType("FileRefId", str)


class Relationship(StrEnum):
    """The relationship of two rooms; the source is the older room."""

    DISCUSSION_OF = "discussion_of"
    PROMOTED_SUMMARY_FOR = "promoted_summary_for"
    SPAWNED_FROM = "spawned_from"
    FOLLOWS_UP = "follows_up"


class ParticipantKind(StrEnum):
    """Whether a session of this server has the participant's name."""

    SESSION = "session"
    PERSON = "person"
    """A name that no session has: a member by a handle, or the sender of a post."""


@attrs.frozen
class Participant:
    """A member of a room, or a sender who posted in it from outside.

    `id` is the id of a session, or the name of a person.
    """

    id: str
    kind: ParticipantKind
    name: str
    handle: str | None
    alias: str | None
    session_type: SessionType | None
    session_status: Status | None
    cli_flag: CliFlag | None
    role: str
    joined_at: datetime | None
    first_seen: datetime | None
    last_seen: datetime | None
    message_count: int


@attrs.frozen
class Participants:
    """Members of a room, senders from outside, and both together in `all`.

    `next` is the `after` of the next page; null on the last page.
    """

    participants: tuple[Participant, ...]
    posts_from: tuple[Participant, ...] = attrs.field(metadata={"wire": "postsFrom"})
    all: tuple[Participant, ...]
    next: str | None = None


@attrs.frozen
class Read:
    """A read receipt: the reader of a message, and the time of the first read.

    `session_id` is the id of a session, or the handle of a person in lower case.
    """

    session_id: str
    reader_name: str
    reader_handle: str | None
    read_at: datetime


@attrs.frozen
class RoomLink:
    """A link between two rooms, with the names and types of both."""

    id: LinkId
    source_room_id: SessionId
    target_room_id: SessionId
    relationship: Relationship
    title: str | None
    created_by: str | None
    created_at: datetime
    settings: dict[str, Any]
    source_name: str
    source_type: SessionType
    target_name: str
    target_type: SessionType


@attrs.frozen
class RoomLinks:
    """Links in which a room is the source, and links in which it is the target.

    `next` is the `after` of the next page; null on the last page.
    """

    outgoing: tuple[RoomLink, ...]
    incoming: tuple[RoomLink, ...]
    next: str | None = None


@attrs.frozen
class Task:
    """A task of a room. `status` is free text; `deleted` marks a soft delete."""

    id: TaskId
    session_id: SessionId
    created_by: str | None
    assigned_to: str | None
    title: str
    description: str | None
    status: str
    file_refs: tuple[str, ...]
    created_at: datetime
    updated_at: datetime


@attrs.frozen
class FileRef:
    """A file that was flagged in a room."""

    id: FileRefId
    session_id: SessionId
    flagged_by: str | None
    file_path: str
    note: str | None
    created_at: datetime


PARTICIPANT, EXTERNAL, LEFT = "participant", "external", "left"
"""Roles of a member: in the room, posting from outside, or left."""
