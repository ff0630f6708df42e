"""The frames that a client may send over `/ws`."""

from typing import Annotated, ClassVar, Final

import attrs

from ant.api.constraints import (
    MAX_INPUT,
    NAMES,
    SHOWN,
    Count,
    Offset,
    Path,
    Ref,
    SessionName,
    Size,
    Text,
    named,
)


@attrs.frozen(kw_only=True)
class JoinSession:
    """Stream a session: its events and, for a terminal, its output.

    With `screen` the server first sends a snapshot of the screen, and then the output
    after it.
    """

    type: ClassVar[str] = "join_session"
    session_id: SessionName = named("sessionId")
    spawn_pty: bool = named("spawnPty", default=False)
    """Whether to start the program if none runs, and to begin with the last screens of
    output."""
    cols: Size | None = None
    """The width in columns to set, as `terminal_resize` does; only with `spawnPty`."""
    rows: Size | None = None
    """The height in rows to set, as `terminal_resize` does; only with `spawnPty`."""
    cwd: Path | None = None
    """The folder in which a program that `spawnPty` starts begins. Null: that of the
    session."""
    from_: Offset | None = named("from", default=None)
    """The byte offset of the first output to send. Null: where this socket is, else the
    end."""
    screen: bool = False
    """Whether a `screen` frame comes first, with the output that follows it."""
    binary: bool = False
    """Whether output comes as binary messages with the bytes as they are. The `ack` has
    the number that they begin with."""
    screen_rows: bool = named("screenRows", default=False)
    """Whether `screen_rows` frames come in place of the output; not with `from`,
    `screen` or `binary`."""
    handle: Annotated[str, Text(1, 64, SHOWN, NAMES)] | None = None
    """The name under which this client is present in the session. Null: it is not
    shown."""
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class Resume:
    """Resume after event `seq`, in these sessions, from these byte offsets.

    With `screen` the server sends a `gap` and a snapshot of the screen for a session
    that is far behind, instead of all its output.
    """

    type: ClassVar[str] = "resume"
    seq: Offset
    """The `seq` of the last event that the client received."""
    sessions: Annotated[dict[SessionName, Offset], Count(1000)] = attrs.field(
        factory=dict
    )
    """The sessions to join, each with the byte offset of the first output that the
    client lacks."""
    screen: bool = False
    """Whether a session that is more than 64 KiB behind gets a `gap` and a `screen`
    frame in place of its output."""
    binary: bool = False
    """Whether output comes as binary messages with the bytes as they are. The `ack` has
    their numbers in `streams`."""
    epoch: Annotated[str, Text(1, 64)] | None = None
    """The `epoch` of the event log that `seq` belongs to; another one is a 409. Null:
    do not check."""
    handle: Annotated[str, Text(1, 64, SHOWN, NAMES)] | None = None
    """The name under which this client is present in the sessions. Null: it is not
    shown."""
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class LeaveSession:
    """Stop streaming a session."""

    type: ClassVar[str] = "leave_session"
    session_id: SessionName = named("sessionId")
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class SendInput:
    """Type raw input into a terminal."""

    type: ClassVar[str] = "terminal_input"
    session_id: SessionName = named("sessionId")
    data: Annotated[str, Text(0, MAX_INPUT)]
    """The input, typed exactly as it is, as UTF-8. Enter is `\\r`."""
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class SendResize:
    """Resize a terminal, unless another socket owns its size."""

    type: ClassVar[str] = "terminal_resize"
    session_id: SessionName = named("sessionId")
    cols: Size
    rows: Size
    take: bool = False
    """Whether to take the size from its owner. When this socket leaves, the size and
    the owner are again those from before."""
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class CheckHealth:
    """Request whether a terminal runs."""

    type: ClassVar[str] = "check_health"
    session_id: SessionName = named("sessionId")
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class PresencePing:
    """Report that the person at this socket is still present."""

    type: ClassVar[str] = "presence_ping"
    ref: Ref | None = None


Frame = (
    JoinSession
    | Resume
    | LeaveSession
    | SendInput
    | SendResize
    | CheckHealth
    | PresencePing
)
FRAMES: Final[tuple[type[Frame], ...]] = (
    JoinSession,
    Resume,
    LeaveSession,
    SendInput,
    SendResize,
    CheckHealth,
    PresencePing,
)
