"""What a caller may ask over REST: bodies and queries."""

from typing import Annotated, Any, ClassVar, Final, Literal

import attrs

from ant.delivering import DeliveryState
from ant.limits import (
    BASE64,
    MAX_CONTENT,
    MAX_INPUT,
    NO_NUL,
    Argument,
    Choice,
    Count,
    Given,
    Handle,
    Ident,
    Limit,
    Meta,
    Moment,
    Name,
    Offset,
    Path,
    Prose,
    Range,
    Short,
    Size,
    Text,
    Title,
    Ttl,
    Variable,
    Word,
    Words,
    named,
)
from ant.model import CliFlag, MessageId, Relationship, SessionType


class Unset:
    """What a field of a patch is when the caller did not name it."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final[Any] = Unset()

ChannelHandle = Annotated[
    str, Text(1, 65, r"@?[A-Za-z0-9_.-]{1,64}", "letters, digits, _, . or -")
]

MAX_INPUT_B64: Final = (MAX_INPUT + 2) // 3 * 4
"""Characters of an input of the greatest size in base64."""


def changes(patch: Any) -> dict[str, Any]:
    """The fields that a patch names, null ones too."""
    pairs = ((f.name, getattr(patch, f.name)) for f in attrs.fields(type(patch)))
    return {name: value for name, value in pairs if value is not UNSET}


@attrs.frozen
class CreateSession:
    """A terminal or agent starts at once unless `start` is false.

    `accepts_messages`: its program is an agent that no driver knows; messages are typed
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
    """`hard` removes the pair and all that hangs on it, for ever."""

    hard: bool = False


@attrs.frozen
class TypeInput:
    """Exactly these bytes; one of the two must be given."""

    rule: ClassVar = Given(("data", "data_b64"), only=True)
    data: Annotated[str, Text(0, MAX_INPUT)] | None = None
    data_b64: Annotated[str, Text(0, MAX_INPUT_B64, BASE64, "base64")] | None = None


@attrs.frozen
class StopTerminal:
    """Interrupt the program, as Ctrl-C does."""

    reason: Short | None = None
    requested_by: Annotated[str, Text(0, 100)] = "web"


@attrs.frozen
class StartTerminal:
    """Start the program of a session that has none running."""

    cols: Size | None = None
    rows: Size | None = None


@attrs.frozen
class ResizeTerminal:
    """The last size set wins."""

    cols: Size
    rows: Size


@attrs.frozen
class ReadHistory:
    """A page of transcript.

    `since` and `before` take a time, epoch milliseconds or a duration; `from` is a byte
    offset and reads forward from it, `to` is one before which the newest are read.
    """

    since: Moment | None = None
    before: Moment | None = None
    from_: Offset | None = named("from", default=None)
    to: Offset | None = None
    grep: Annotated[str, Text(0, 1000)] | None = None
    raw: bool = False
    limit: Limit = 100
    order: Literal["asc", "desc"] | None = None


@attrs.frozen
class ListEvents:
    """A page of the event log after `since`, of one session or of one type."""

    since: Offset = 0
    limit: Limit = 100
    session: Ident | None = None
    type: Word | None = None


@attrs.frozen
class PatchSession:
    """Rename, archive, relink and the like; `meta` is merged, null removes a key."""

    name: Name = UNSET
    ttl: Ttl = UNSET
    archived: bool = UNSET
    root_dir: Path | None = UNSET
    workspace_id: Short | None = UNSET
    linked_chat_id: Ident | None = UNSET
    auto_forward_chat: bool = UNSET
    accepts_messages: bool = UNSET
    meta: Meta = UNSET


@attrs.frozen
class SetHandle:
    """A public handle, `@` added where it is missing; null clears it."""

    handle: Handle | None
    display_name: Short | None = None


@attrs.frozen
class SetCliFlag:
    """The agent CLI driver; null, empty or absent clears it."""

    cli_flag: Annotated[str, Choice((*CliFlag, ""))] | None = None


@attrs.frozen
class ListMessages:
    """`since` and `before` take a time, epoch ms, a duration or a message's id."""

    since: Short | None = None
    before: Short | None = None
    limit: Limit = 50


@attrs.frozen
class ListAll:
    """All there are, a page at a time: what follows the row that is named.

    It is named as the `next` of the page before, which may be removed meanwhile.
    """

    after: Annotated[str, Text(0, 1000, NO_NUL, "text without NUL")] | None = None


FIRST_PAGE: Final = ListAll()


@attrs.frozen
class ListReads:
    """Read receipts after the one with that number, the `next` of the page before."""

    after: Offset = 0


FIRST_READS: Final = ListReads()


@attrs.frozen
class ListDeliveries:
    """`since` and `before` take a time, epoch ms, a duration or a delivery's id."""

    since: Short | None = None
    before: Short | None = None
    limit: Limit = 50
    state: Annotated[str, Choice(tuple(DeliveryState))] | None = None


@attrs.frozen
class AwaitDelivery:
    """Whether the answer waits until the message is typed, or has a reaction.

    It waits `timeout` seconds at most; what is withheld is not typed.
    """

    wait: Literal["typed", "reacted"] | None = None
    timeout: Annotated[int, Range(1, 25)] = 10


@attrs.frozen
class PostMessage:
    """A message; the same `client_id` in the same room is stored once."""

    content: Annotated[str, Text(0, MAX_CONTENT, NO_NUL, "text without NUL")]
    role: Word = "user"
    format: Word = "text"
    sender_id: Short | None = None
    target: Short | None = None
    reply_to: Annotated[MessageId, Text(1, 128)] | None = None
    msg_type: Word = "message"
    meta: Meta = attrs.field(factory=dict)
    client_id: Annotated[str, Text(1, 200)] | None = None


@attrs.frozen
class NameMessage:
    """Which message of the room."""

    message_id: Annotated[MessageId, Text(1, 128)] = named("msgId")


@attrs.frozen
class MergeMeta:
    """Top-level keys that replace those of the message's meta; null is stored."""

    meta: Meta


@attrs.frozen
class PinMessage:
    """Pin or unpin."""

    pinned: bool


@attrs.frozen
class Search:
    """Words as a person types them; nothing in them is syntax.

    `include` names what is left out otherwise: `archived`, `deleted`, or both with a
    comma between.
    """

    q: Words = ""
    limit: Limit = 50
    sort: Literal["newest", "rank"] = "newest"
    include: Annotated[
        str,
        Text(
            0,
            20,
            r"(?:(?:archived|deleted)(?:,(?:archived|deleted))?)?",
            "archived, deleted",
        ),
    ] = ""


@attrs.frozen
class AddParticipant:
    """A session, by id or by handle; coming back after leaving is the same ask."""

    rule: ClassVar = Given(("session_id", "handle"))
    session_id: Ident | None = None
    handle: Annotated[str, Text(1, 500, NO_NUL, "text without NUL")] | None = None
    role: Literal["participant", "external"] = "participant"
    alias: Short | None = None


@attrs.frozen
class RemoveParticipant:
    """A member, by id or by handle; the query wins over the body."""

    session_id: Ident | None = None
    handle: Short | None = None


@attrs.frozen
class SetTyping:
    """Somebody begins or stops typing."""

    handle: Annotated[str, Text(1, 200)]
    typing: bool


@attrs.frozen
class MarkRead:
    """Who read it: a session's id."""

    reader_id: Ident


@attrs.frozen
class RegisterChannel:
    """A program that listens on a port of this machine, and whose handle it is.

    With a `session_id` it hears that room, or the rooms of that terminal; without one
    what people say in all rooms but the private ones of terminals.
    """

    handle: ChannelHandle
    port: Annotated[int, Range(1, 65535)]
    session_id: Ident | None = None


@attrs.frozen
class NameChannel:
    """Which channel."""

    handle: ChannelHandle


@attrs.frozen
class CreateLink:
    """Link to a room that exists, or, without `targetRoomId`, to a new one."""

    target_room_id: Ident | None = named("targetRoomId", default=None)
    relationship: Relationship = Relationship.DISCUSSION_OF
    title: Name | None = None
    created_by: Short | None = named("createdBy", default=None)
    inherit_context: bool = named("inheritContext", default=True)
    copy_members: bool = named("copyMembers", default=True)
    settings: Meta = attrs.field(factory=dict)


@attrs.frozen
class NameLink:
    """Which link of the room."""

    link_id: Annotated[str, Text(1, 128)] = named("linkId")


@attrs.frozen
class CreateTask:
    """A task of a room."""

    title: Title
    description: Prose | None = None
    created_by: Short | None = None
    assigned_to: Short | None = None
    status: Word = "proposed"
    file_refs: Annotated[tuple[Path, ...], Count(1000)] = ()


@attrs.frozen
class PatchTask:
    """What is named is changed; null clears what may be empty."""

    title: Title = UNSET
    description: Prose | None = UNSET
    assigned_to: Short | None = UNSET
    status: Word = UNSET
    file_refs: Annotated[tuple[Path, ...], Count(1000)] | None = UNSET


@attrs.frozen
class CreateFileRef:
    """Flag a file in a room."""

    file_path: Path
    note: Prose | None = None
    flagged_by: Short | None = None


@attrs.frozen
class NameFileRef:
    """Which file reference of the room."""

    ref_id: Annotated[str, Text(1, 128)] = named("refId")


@attrs.frozen
class ExportSession:
    """Which forms: a list of names, or one; Markdown when none is named."""

    targets: Annotated[tuple[Short, ...], Count(10)] | None = None
    target: Short | None = None

    def named(self) -> tuple[str, ...]:
        """The names, commas taken apart."""
        given = self.targets or ((self.target,) if self.target else ("markdown",))
        return tuple(name for each in given for name in each.split(",") if name.strip())
