"""The frames that a client may send over `/ws`."""

from typing import Annotated, ClassVar, Final

import attrs

from ant.api.constraints import (
    MAX_INPUT,
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
    cols: Size | None = None
    rows: Size | None = None
    cwd: Path | None = None
    from_: Offset | None = named("from", default=None)
    screen: bool = False
    handle: Annotated[str, Text(1, 64)] | None = None
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class Resume:
    """Resume after event `seq`, in these sessions, from these byte offsets.

    With `screen` the server sends a `gap` and a snapshot of the screen for a session
    that is far behind, instead of all its output.
    """

    type: ClassVar[str] = "resume"
    seq: Offset
    sessions: Annotated[dict[SessionName, Offset], Count(1000)] = attrs.field(
        factory=dict
    )
    screen: bool = False
    epoch: Annotated[str, Text(1, 64)] | None = None
    handle: Annotated[str, Text(1, 64)] | None = None
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
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class SendResize:
    """Resize a terminal."""

    type: ClassVar[str] = "terminal_resize"
    session_id: SessionName = named("sessionId")
    cols: Size
    rows: Size
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
