"""What happened: one frozen class per broadcast, and the envelope it travels in.

`durable` events are written to the log in the transaction that caused them and carry
its `seq`; the others are for whoever looks now. `to_all` events reach every socket, the
others those that joined the session.
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
    SessionInputResolved,
    SessionNeedsInput,
)
from ant.model.rooms import FileRef, FileRefId, LinkId, Read, Relationship, Task, TaskId
from ant.model.run_events import RunEvent
from ant.model.sessions import CliFlag, SessionId, Status

_SESSION: Final = {"wire": "sessionId"}


@attrs.frozen
class SessionsChanged:
    """The session list is no longer what it was; read it again."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId | None = attrs.field(default=None, metadata=_SESSION)
    removed_ids: tuple[SessionId, ...] = attrs.field(
        default=(), metadata={"wire": "removedIds"}
    )


@attrs.frozen
class SessionExited:
    """The program of a terminal ended; `end` is one past its last byte."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    status: Status
    exit_code: int | None
    exit_signal: int | None
    reason: str | None
    end: int


@attrs.frozen
class TerminalResized:
    """The terminal has a new size; the last size set wins."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    cols: int
    rows: int


@attrs.frozen
class SessionActivity:
    """A terminal had output; at most once in ten seconds for each."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    last_activity: datetime
    activity_source: str = ACTIVITY_SOURCE


@attrs.frozen
class MessageCreated:
    """A message was posted; the frame carries its whole row."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message: Message = attrs.field(metadata={"flat": True})


@attrs.frozen
class MessageUpdated:
    """A message's meta or pin changed; `meta` is the whole of it."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    meta: dict[str, Any]
    pinned: bool
    message: Message


@attrs.frozen
class MessagePinned:
    """A message was pinned or unpinned, for the original's clients."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    pinned: bool


@attrs.frozen
class MessageDeleted:
    """A message is gone."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})


@attrs.frozen
class MessageRead:
    """Somebody read a message; `reads` are all who did."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "messageId"})
    reader_id: str = attrs.field(metadata={"wire": "readerId"})
    reads: tuple[Read, ...]


@attrs.frozen
class DeliveryUpdated:
    """A message has come further on its way to a terminal; room and terminal hear."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    message_id: MessageId = attrs.field(metadata={"wire": "msgId"})
    delivery_id: DeliveryId = attrs.field(metadata={"wire": "deliveryId"})
    delivery: DeliveryRecord


@attrs.frozen
class ParticipantsChanged:
    """Somebody joined or left the room as a member."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)


@attrs.frozen
class HandleUpdated:
    """A session has another handle or display name."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    handle: str | None
    display_name: str | None


@attrs.frozen
class CliFlagUpdated:
    """A session has another agent CLI driver."""

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
    """A file was flagged."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    ref: FileRef


@attrs.frozen
class FileRefDeleted:
    """A file is no longer flagged."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    ref_id: FileRefId = attrs.field(metadata={"wire": "refId"})


@attrs.frozen
class RoomLinkCreated:
    """Two rooms were linked; each of them is told. `roomId` is the source."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    room_id: SessionId = attrs.field(metadata={"wire": "roomId"})
    link_id: LinkId = attrs.field(metadata={"wire": "linkId"})
    target_room_id: SessionId = attrs.field(metadata={"wire": "targetRoomId"})
    relationship: Relationship
    title: str | None


@attrs.frozen
class RoomLinkDeleted:
    """Two rooms are no longer linked; each of them is told.

    `targetRoomId` is null in what was logged before it was kept.
    """

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    room_id: SessionId = attrs.field(metadata={"wire": "roomId"})
    link_id: LinkId = attrs.field(metadata={"wire": "linkId"})
    target_room_id: SessionId | None = attrs.field(
        default=None, metadata={"wire": "targetRoomId"}
    )


@attrs.frozen
class RunEventCreated:
    """Something happened in a session, and has its place in the chain."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    event: RunEvent


@attrs.frozen
class Typing:
    """Somebody is typing, or stopped."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = False
    session_id: SessionId = attrs.field(metadata=_SESSION)
    handle: str
    typing: bool


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
    | Typing
    | PromptDetected
    | SessionNeedsInput
    | SessionInputResolved
    | PromptBridgeResolved
    | AgentStatusUpdated
)


@attrs.define(eq=False)
class Envelope:
    """An event on its way. `seq` is its place in the log, None when it is not there.

    `frame` is its rendering, made by the first socket that needs it and kept.
    """

    at: datetime
    event: Event
    seq: int | None = None
    frame: bytes | None = None
