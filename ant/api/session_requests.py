"""Requests about sessions."""

from typing import Annotated, ClassVar, Literal

import attrs

from ant.api.constraints import (
    AgentFlag,
    Argument,
    Count,
    Handle,
    Label,
    Meta,
    Name,
    Path,
    RequiredFields,
    SessionName,
    Short,
    Size,
    Ttl,
    Variable,
)
from ant.api.patch import UNSET
from ant.model.sessions import CliFlag, SessionType


@attrs.frozen
class CreateSession:
    """A session to create."""

    name: Name
    """The name, which no other active session has."""
    type: SessionType
    """What to create. A terminal and an agent run a program; a chat does not."""
    ttl: Ttl = "15m"
    """How long it can be restored after it is deleted: `forever`, or a duration such as
    `15m`."""
    workspace_id: Short | None = None
    """Free text of the client, to group sessions by."""
    root_dir: Path | None = None
    """The folder in which the program starts: an absolute path, or one from `~`. Null:
    the home of the server's user."""
    meta: Meta = attrs.field(factory=dict)
    """Free data of the client, at most 64 levels and 256 Ki characters."""
    start: bool = True
    """Whether the program starts at once."""
    command: Annotated[tuple[Argument, ...], Count(1000)] | None = None
    """The program and its arguments. Null: the login shell."""
    env: Annotated[dict[Variable, Argument], Count(1000)] = attrs.field(factory=dict)
    """Variables to add to the environment of the program."""
    cols: Size = 120
    """The width of the terminal in columns."""
    rows: Size = 30
    """The height of the terminal in rows."""
    cli_flag: Annotated[CliFlag, AgentFlag()] | None = None
    """The agent CLI driver to use. Null: it follows from the program of an agent."""
    accepts_messages: bool = False
    """True if the program is an agent that no driver knows: ANT then types messages at
    what looks like its composer, but never to a shell, an interpreter or a proxy."""
    hooks: bool = True
    """Whether ANT gives an agent whose driver says how hook settings, by an argument at
    each start. The agent then reports to ANT and takes answers from it."""
    host: Literal["pty", "tmux"] | None = None
    """What runs the program. A program in tmux outlives the server. Null: the setting
    of the server."""


@attrs.frozen
class DeleteSession:
    """How to delete a session: so that it can be restored, or for ever."""

    hard: bool = False
    """Whether to delete the session, its linked session and all their data for ever."""


@attrs.frozen
class PatchSession:
    """Changes of a session. Fields that are left out stay."""

    name: Name = UNSET
    """The new name, which no other active session has."""
    ttl: Ttl = UNSET
    """How long it can be restored after it is deleted: `forever`, or a duration such as
    `15m`."""
    archived: bool = UNSET
    """True archives the session and ends its program, false brings it back."""
    root_dir: Path | None = UNSET
    """The folder in which the program starts next; null for the default."""
    workspace_id: Short | None = UNSET
    """Free text of the client; null clears it."""
    linked_chat_id: SessionName | None = UNSET
    """The id of the chat to link; null links none."""
    auto_forward_chat: bool = UNSET
    """Whether a person's message in the linked chat is typed as it is, as if by hand.
    If not, it is one line that names the sender."""
    accepts_messages: bool = UNSET
    """Whether ANT types messages at a composer that no driver knows."""
    hooks: bool = UNSET
    """Whether ANT gives an agent hook settings by an argument, from its next start."""
    meta: Meta = UNSET
    """Keys to set; a key that is null is removed."""


@attrs.frozen
class SetHandle:
    """A public handle, a display name, or both.

    ANT adds a missing `@` to the handle. A field that is left out stays.
    """

    rule: ClassVar = RequiredFields(("handle", "display_name"), null=True)
    handle: Handle | None = UNSET
    """The handle, with or without `@`; null clears it."""
    display_name: Label | None = UNSET
    """The name to show in place of the session's name. Null clears it."""


@attrs.frozen
class SetCliFlag:
    """The agent CLI driver of a session."""

    cli_flag: Annotated[str, AgentFlag(or_empty=True)] | None
    """The name of the driver. Null or an empty text clears it."""
