"""Requests about a room: participants, links, tasks, files, channels."""

from typing import Annotated, ClassVar, Literal

import attrs

from ant.api.constraints import (
    NO_NUL,
    Count,
    Ident,
    Meta,
    Name,
    NameOrId,
    Path,
    Prose,
    Range,
    RequiredFields,
    Short,
    Text,
    Title,
    Word,
    named,
)
from ant.api.patch import UNSET
from ant.model.rooms import Relationship

ChannelHandle = Annotated[
    str, Text(1, 65, r"@?[A-Za-z0-9_.-]{1,64}", "letters, digits, _, . or -")
]


@attrs.frozen
class AddParticipant:
    """A session to add, by id or handle, or a person by a handle with its `@`.

    It may have been a member before. A handle that no session has is a person's.
    """

    rule: ClassVar = RequiredFields(("session_id", "handle"))
    session_id: NameOrId | None = None
    handle: Annotated[str, Text(1, 500, NO_NUL, "text without NUL")] | None = None
    role: Literal["participant", "external"] = "participant"
    alias: Short | None = None


@attrs.frozen
class RemoveParticipant:
    """A member to remove, by id or by handle; the query goes before the body."""

    session_id: NameOrId | None = None
    handle: Short | None = None


@attrs.frozen
class SetTyping:
    """A participant begins or stops typing."""

    handle: Annotated[str, Text(1, 200)]
    typing: bool


@attrs.frozen
class RegisterChannel:
    """A program that listens on a port of this machine, and its handle.

    With a `session_id` it receives the messages of that room, or of the rooms of that
    terminal. Without one it receives the messages of people in all rooms, except for
    the private rooms of terminals.
    """

    handle: ChannelHandle
    port: Annotated[int, Range(1, 65535)]
    session_id: Ident | None = None


@attrs.frozen
class NameChannel:
    """The channel that the request is about."""

    handle: ChannelHandle


@attrs.frozen
class CreateLink:
    """A link to an existing room, or to a new one without `targetRoomId`."""

    target_room_id: Ident | None = named("targetRoomId", default=None)
    relationship: Relationship = Relationship.DISCUSSION_OF
    title: Name | None = None
    created_by: Short | None = named("createdBy", default=None)
    inherit_context: bool = named("inheritContext", default=True)
    copy_members: bool = named("copyMembers", default=True)
    settings: Meta = attrs.field(factory=dict)


@attrs.frozen
class NameLink:
    """The link of the room that the request is about."""

    link_id: Annotated[str, Text(1, 128)] = named("linkId")


@attrs.frozen
class CreateTask:
    """A task to create in a room."""

    title: Title
    description: Prose | None = None
    created_by: Short | None = None
    assigned_to: Short | None = None
    status: Word = "proposed"
    file_refs: Annotated[tuple[Path, ...], Count(1000)] = ()


@attrs.frozen
class PatchTask:
    """Changes of a task. Fields that are left out stay; null clears a field."""

    title: Title = UNSET
    description: Prose | None = UNSET
    assigned_to: Short | None = UNSET
    status: Word = UNSET
    file_refs: Annotated[tuple[Path, ...], Count(1000)] | None = UNSET


@attrs.frozen
class CreateFileRef:
    """A file to flag in a room."""

    file_path: Path
    note: Prose | None = None
    flagged_by: Short | None = None


@attrs.frozen
class NameFileRef:
    """The file reference of the room that the request is about."""

    ref_id: Annotated[str, Text(1, 128)] = named("refId")
