"""Requests about sessions."""

from typing import Annotated, ClassVar, Literal

import attrs

from ant.api.constraints import (
    Argument,
    Count,
    Handle,
    Meta,
    Name,
    OneOf,
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
    """A session to create. A terminal or agent starts at once unless `start` is false.

    `accepts_messages`: its program is an agent that no driver knows. ANT types messages
    at what looks like its composer, but never to a shell, an interpreter or a proxy.
    """

    name: Name
    type: SessionType
    ttl: Ttl = "15m"
    workspace_id: Short | None = None
    root_dir: Path | None = None
    meta: Meta = attrs.field(factory=dict)
    start: bool = True
    command: Annotated[tuple[Argument, ...], Count(1000)] | None = None
    env: Annotated[dict[Variable, Argument], Count(1000)] = attrs.field(factory=dict)
    cols: Size = 120
    rows: Size = 30
    cli_flag: CliFlag | None = None
    accepts_messages: bool = False
    host: Literal["pty", "tmux"] | None = None


@attrs.frozen
class DeleteSession:
    """`hard` deletes the session, its linked session and all their data for ever."""

    hard: bool = False


@attrs.frozen
class PatchSession:
    """Changes of a session. `meta` is merged, and a null in it removes a key."""

    name: Name = UNSET
    ttl: Ttl = UNSET
    archived: bool = UNSET
    root_dir: Path | None = UNSET
    workspace_id: Short | None = UNSET
    linked_chat_id: SessionName | None = UNSET
    auto_forward_chat: bool = UNSET
    accepts_messages: bool = UNSET
    meta: Meta = UNSET


@attrs.frozen
class SetHandle:
    """A public handle, a display name, or both; null clears it.

    ANT adds a missing `@` to the handle. A field that is left out stays.
    """

    rule: ClassVar = RequiredFields(("handle", "display_name"), null=True)
    handle: Handle | None = UNSET
    display_name: Short | None = UNSET


@attrs.frozen
class SetCliFlag:
    """The agent CLI driver. Null or an empty text clears it."""

    cli_flag: Annotated[str, OneOf((*CliFlag, ""))] | None
