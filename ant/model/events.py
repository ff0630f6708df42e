"""Events that the server publishes, one frozen class each, and their envelope.

The transaction that causes a `durable` event writes it to the event log, which gives it
its `seq`. Other events reach only the sockets that are connected. `to_all` events reach
every socket, the others only sockets that joined the session.
"""

from datetime import datetime
from typing import Any, ClassVar, Final

import attrs

from ant.model.compat import ACTIVITY_SOURCE
from ant.model.deliveries import DeliveryId, DeliveryRecord
from ant.model.messages import Message, MessageId
from ant.model.prompt_events import (
    AgentStatusUpdated,
    PromptBridgeResolved,
    PromptDetected,
    PromptUpdated,
    SessionInputResolved,
    SessionNeedsInput,
)
from ant.model.rooms import FileRef, FileRefId, LinkId, Read, Relationship, Task, TaskId
from ant.model.run_events import RunEvent
from ant.model.sessions import CliFlag, SessionId, Status

_SESSION: Final = {"wire": "sessionId"}


@attrs.frozen
class SessionsChanged:
    """The session list changed, or a terminal came into a room or left one; read it
    again."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId | None = attrs.field(default=None, metadata=_SESSION)
    """The id of the session that changed; null if several did."""
    removed_ids: tuple[SessionId, ...] = attrs.field(
        default=(), metadata={"wire": "removedIds"}
    )
    """The ids of the sessions that left the list: archived, deleted, or removed for
    good."""


@attrs.frozen
class SessionExited:
    """The program of a terminal ended; `end` is the offset after its last byte."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    status: Status
    """`exited`, or `lost` if the outcome is not known."""
    exit_code: int | None
    """The exit code; null if a signal ended the program, or the outcome is not
    known."""
    exit_signal: int | None
    """The number of the signal that ended the program; null if none did."""
    reason: str | None
    """A sentence on a start that failed or an outcome that is lost; null otherwise."""
    end: int
    """The byte offset after the program's last byte."""


@attrs.frozen
class TerminalResized:
    """A terminal has a new size; the frame `terminal_size` says who owns it."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    cols: int
    rows: int


@attrs.frozen
class SessionActivity:
    """A terminal had output; at most one event in ten seconds for each terminal."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    last_activity: datetime
    """When the terminal last had output."""
    activity_source: str = ACTIVITY_SOURCE
    """Always `terminal_line`."""


@attrs.frozen
class MessageCreated:
    """A message was posted; the frame contains its whole row."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message: Message = attrs.field(metadata={"flat": True})


@attrs.frozen
class MessageUpdated:
    """The meta or the pin of a message changed; `meta` is all of its meta."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    meta: dict[str, Any]
    """All of the meta of the message."""
    pinned: bool
    """Whether the message is pinned."""
    message: Message
    """The whole message, as it is now."""


@attrs.frozen
class MessagePinned:
    """A message was pinned or unpinned; for clients of the original ANT."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    pinned: bool
    """Whether the message is pinned."""


@attrs.frozen
class MessageDeleted:
    """A message was deleted."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})


@attrs.frozen
class MessageRead:
    """A message was read; `reads` are all its read receipts."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "messageId"})
    """The id of the message."""
    reader_id: str = attrs.field(metadata={"wire": "readerId"})
    """The id of the session that read it."""
    reads: tuple[Read, ...]
    """All read receipts of the message."""


@attrs.frozen
class DeliveryUpdated:
    """A delivery changed its state; sent to its room and to its terminal."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    """The id of the room of the message, or of the terminal."""
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    delivery_id: DeliveryId = attrs.field(metadata={"wire": "deliveryId"})
    """The id of the delivery."""
    delivery: DeliveryRecord
    """The delivery as it is now."""


@attrs.frozen
class ParticipantsChanged:
    """A member joined or left the room."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)


@attrs.frozen
class HandleUpdated:
    """The handle or the display name of a session changed."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    handle: str | None
    display_name: str | None


@attrs.frozen
class CliFlagUpdated:
    """The agent CLI driver of a session changed."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    cli_flag: CliFlag | None


@attrs.frozen
class TaskCreated:
    """A task was created."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    task: Task


@attrs.frozen
class TaskUpdated:
    """A task changed."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    task: Task


@attrs.frozen
class TaskDeleted:
    """A task was marked deleted."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    task_id: TaskId = attrs.field(metadata={"wire": "taskId"})


@attrs.frozen
class FileRefCreated:
    """A file was flagged in a room."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    ref: FileRef


@attrs.frozen
class FileRefDeleted:
    """A file is no longer flagged in a room."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    ref_id: FileRefId = attrs.field(metadata={"wire": "refId"})


@attrs.frozen
class RoomLinkCreated:
    """Two rooms were linked; sent to both. `roomId` is the source."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    """The id of one of the two rooms; both get the event."""
    room_id: SessionId = attrs.field(metadata={"wire": "roomId"})
    link_id: LinkId = attrs.field(metadata={"wire": "linkId"})
    target_room_id: SessionId = attrs.field(metadata={"wire": "targetRoomId"})
    relationship: Relationship
    """What the source is to the target."""
    title: str | None
    """The title of the link; null if it has none."""


@attrs.frozen
class RoomLinkDeleted:
    """Two rooms are no longer linked; sent to both.

    `targetRoomId` is null in events that an older ANT logged.
    """

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    """The id of one of the two rooms; both get the event."""
    room_id: SessionId = attrs.field(metadata={"wire": "roomId"})
    link_id: LinkId = attrs.field(metadata={"wire": "linkId"})
    target_room_id: SessionId | None = attrs.field(
        default=None, metadata={"wire": "targetRoomId"}
    )
    """The id of the room that was the target; null in events that an older ANT
    logged."""


@attrs.frozen
class RunEventCreated:
    """A run event was appended to the chain of a session."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    event: RunEvent
    """The run event, with its place in the chain."""


@attrs.frozen
class Tombstone:
    """The content of an event was deleted, with its message or its session.

    The event keeps its `seq` and its time. A socket gets it where it would have got
    that event; a `resume` that names a deleted session gets those of the session, too.
    """

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    event_type: str = attrs.field(metadata={"wire": "eventType"})
    """The former type of the event."""
    sha256: str
    """The SHA-256, in hex, of the former body of the event in the log."""


@attrs.frozen
class Typing:
    """A participant began or stopped typing."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    handle: str
    """Who types, as the room shows it."""
    typing: bool
    """True when typing begins, false when it stops."""


@attrs.frozen
class AccessTokensChanged:
    """An access token was made or revoked, or a browser signed in or out."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId | None = attrs.field(default=None, metadata=_SESSION)
    """Always null: the list of tokens is that of the server."""


Event = (
    SessionsChanged
    | SessionExited
    | TerminalResized
    | SessionActivity
    | MessageCreated
    | MessageUpdated
    | MessagePinned
    | MessageDeleted
    | MessageRead
    | DeliveryUpdated
    | ParticipantsChanged
    | HandleUpdated
    | CliFlagUpdated
    | TaskCreated
    | TaskUpdated
    | TaskDeleted
    | FileRefCreated
    | FileRefDeleted
    | RoomLinkCreated
    | RoomLinkDeleted
    | RunEventCreated
    | Tombstone
    | Typing
    | AccessTokensChanged
    | PromptDetected
    | PromptUpdated
    | SessionNeedsInput
    | SessionInputResolved
    | PromptBridgeResolved
    | AgentStatusUpdated
)


@attrs.define(eq=False)
class Envelope:
    """An event with its time. `seq` is its number in the event log, None if not logged.

    `frame` is its JSON, which the first socket that sends it renders and caches here.
    """

    at: datetime
    event: Event
    seq: int | None = None
    frame: bytes | None = None
