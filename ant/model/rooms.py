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
    """A member of a room, or a sender who posted in it from outside."""

    id: str
    """The id of the session; the name for a person."""
    kind: ParticipantKind
    """Whether it is a session of this server or a person."""
    name: str
    """The name of the session, or of the sender."""
    handle: str | None
    alias: str | None
    """The name in this room; null if it has none."""
    session_type: SessionType | None
    """Whether it is a terminal, an agent or a chat; null for a sender who is no
    session."""
    session_status: Status | None
    """The state of its process; null for a sender who is no session."""
    cli_flag: CliFlag | None
    role: str
    """`participant`, `external` or `left`."""
    joined_at: datetime | None
    """When it joined; null if it never did."""
    first_seen: datetime | None
    """When it first posted; null if it never did."""
    last_seen: datetime | None
    """When it last posted; null if it never did."""
    message_count: int
    """The number of its messages in this room."""


@attrs.frozen
class Participants:
    """Members of a room, and senders from outside."""

    participants: tuple[Participant, ...]
    """The members."""
    posts_from: tuple[Participant, ...] = attrs.field(metadata={"wire": "postsFrom"})
    """Those who posted without being members."""
    all: tuple[Participant, ...]
    """Both together."""
    next: str | None = None


@attrs.frozen
class Read:
    """A read receipt: the reader of a message, and the time of the first read.

    `session_id` is the id of a session, or the handle of a person in lower case.
    """

    session_id: str
    """The id of the reader."""
    reader_name: str
    """The name of the reader."""
    reader_handle: str | None
    """The handle of the reader; null if it has none."""
    read_at: datetime
    """When it first read the message."""


@attrs.frozen
class RoomLink:
    """A link between two rooms, with the names and types of both."""

    id: LinkId
    """The id of the link."""
    source_room_id: SessionId
    """The id of the source."""
    target_room_id: SessionId
    """The id of the target."""
    relationship: Relationship
    """What the source is to the target."""
    title: str | None
    """The title of the link; null if it has none."""
    created_by: str | None
    """Who linked them; null if nobody is named."""
    created_at: datetime
    settings: dict[str, Any]
    """Free data of the client."""
    source_name: str
    """The name of the source."""
    source_type: SessionType
    """The type of the source."""
    target_name: str
    """The name of the target."""
    target_type: SessionType
    """The type of the target."""


@attrs.frozen
class RoomLinks:
    """A page of the links of a room."""

    outgoing: tuple[RoomLink, ...]
    """The links in which this room is the source."""
    incoming: tuple[RoomLink, ...]
    """The links in which this room is the target."""
    next: str | None = None


@attrs.frozen
class Task:
    """A task of a room."""

    id: TaskId
    """The id of the task."""
    session_id: SessionId
    """The id of the room."""
    created_by: str | None
    """Who made it: a handle or any name; null if nobody is named."""
    assigned_to: str | None
    """Who does it; null for nobody."""
    title: str
    """What is to be done."""
    description: str | None
    """The details; null if there are none."""
    status: str
    """The status; free text, but `deleted` marks a deleted task."""
    file_refs: tuple[str, ...]
    """Paths of files that the task is about."""
    created_at: datetime
    updated_at: datetime


@attrs.frozen
class FileRef:
    """A file that was flagged in a room."""

    id: FileRefId
    """The id of the file reference."""
    session_id: SessionId
    """The id of the room."""
    flagged_by: str | None
    """Who flagged it: a handle or any name; null if nobody is named."""
    file_path: str
    """The path of the file."""
    note: str | None
    """Why it is flagged; null if no reason was given."""
    created_at: datetime


PARTICIPANT, EXTERNAL, LEFT = "participant", "external", "left"
"""Roles of a member: in the room, posting from outside, or left."""
