"""Requests about a room: participants, links, tasks, files, channels."""

from typing import Annotated, ClassVar, Literal

import attrs

from ant.api.constraints import (
    NAMES,
    SHOWN,
    Count,
    Label,
    Meta,
    Name,
    NameOrId,
    Path,
    Prose,
    Range,
    RequiredFields,
    SessionName,
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
    """The id of the session to add."""
    handle: Annotated[str, Text(1, 500, SHOWN, NAMES)] | None = None
    """Its handle, with or without `@`, in place of the id."""
    role: Literal["participant", "external"] = "participant"
    """`participant` is a member; `external` posts from outside, and receives only
    messages whose `target` it is."""
    alias: Label | None = None
    """A name in this room. Null keeps the one of before, else its handle."""


@attrs.frozen
class RemoveParticipant:
    """A member to remove, by id or by handle; the query goes before the body."""

    session_id: NameOrId | None = None
    """The id of the member."""
    handle: Short | None = None
    """Its handle, with or without `@`, in place of the id."""


@attrs.frozen
class SetTyping:
    """A participant begins or stops typing."""

    handle: Annotated[str, Text(1, 200, SHOWN, NAMES)]
    """Who types, as the room shows it."""
    typing: bool
    """True when typing begins, false when it stops."""


@attrs.frozen
class RegisterChannel:
    """A program that listens on a port of this machine, and its handle.

    The ports below 1024 are those of system services, and are refused.

    With a `session_id` it receives the messages of that room, or of the rooms of that
    terminal. Without one it receives the messages of people in all rooms, except for
    the private rooms of terminals.
    """

    handle: ChannelHandle
    """The name of the channel: messages with this `target` go to it."""
    port: Annotated[int, Range(1024, 65535)]
    """The TCP port of this host that the program listens on."""
    session_id: SessionName | None = None
    """The room or the terminal whose messages it receives. Null: what people post in
    all rooms that are not private."""


@attrs.frozen
class NameChannel:
    """The channel that the request is about."""

    handle: ChannelHandle
    """The handle of the channel, with or without `@`."""


@attrs.frozen
class CreateLink:
    """A link to an existing room, or to a new one without `targetRoomId`."""

    target_room_id: SessionName | None = named("targetRoomId", default=None)
    """The id of the room to link to. Null: ANT creates a new chat."""
    relationship: Relationship = Relationship.DISCUSSION_OF
    """What this room is to the other."""
    title: Name | None = None
    """The title of the link, and the name of a new chat. Null: ANT names a new chat
    `Discussion: NAME`."""
    created_by: Label | None = named("createdBy", default=None)
    """Who links them; any text."""
    inherit_context: bool = named("inheritContext", default=True)
    """Kept in the `settings` of the link as `inherit_parent_context`; ANT does not read
    it."""
    copy_members: bool = named("copyMembers", default=True)
    """Whether a new chat gets the members of this room."""
    settings: Meta = attrs.field(factory=dict)
    """Free data of the client, at most 64 levels and 256 Ki characters."""


@attrs.frozen
class NameLink:
    """The link of the room that the request is about."""

    link_id: Annotated[str, Text(1, 128)] = named("linkId")


@attrs.frozen
class CreateTask:
    """A task to create in a room."""

    title: Title
    """What is to be done."""
    description: Prose | None = None
    """The details."""
    created_by: Label | None = None
    """Who made it: the id or the handle of a session, or any name."""
    assigned_to: Label | None = None
    """Who does it: a handle or any name. Null: nobody yet."""
    status: Word = "proposed"
    """The status; free text, but `deleted` marks a deleted task."""
    file_refs: Annotated[tuple[Path, ...], Count(1000)] = ()
    """Paths of files that the task is about."""


@attrs.frozen
class PatchTask:
    """Changes of a task. Fields that are left out stay; null clears a field."""

    title: Title = UNSET
    """What is to be done."""
    description: Prose | None = UNSET
    """The details; null clears them."""
    assigned_to: Label | None = UNSET
    """Who does it: a handle or any name; null for nobody."""
    status: Word = UNSET
    """The status; free text, but `deleted` marks a deleted task."""
    file_refs: Annotated[tuple[Path, ...], Count(1000)] | None = UNSET
    """Paths of files that the task is about; null for none."""


@attrs.frozen
class CreateFileRef:
    """A file to flag in a room."""

    file_path: Path
    """The path of the file. ANT stores it and opens nothing."""
    note: Prose | None = None
    """Why it is flagged."""
    flagged_by: Label | None = None
    """Who flags it: the id or the handle of a session, or any name."""


@attrs.frozen
class NameFileRef:
    """The file reference of the room that the request is about."""

    ref_id: Annotated[str, Text(1, 128)] = named("refId")
