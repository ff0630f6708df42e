"""What a caller may ask, over any door: bodies, queries and `/ws` frames.

Limits live on the type, so that a violation is named by its path in the body.
"""

import re
from typing import Annotated, Any, ClassVar, Final, Literal

import attrs

from ant.model import CliFlag, SessionId, SessionType

MAX_INPUT: Final = 1 << 20
"""Bytes of one input: a paste is far below it, a file belongs in a file."""

MAX_OFFSET: Final = 1 << 53
"""The largest integer that every JSON reader keeps exact."""


@attrs.frozen
class Range:
    """An integer from `low` to `high`, both included."""

    low: int
    high: int

    def check(self, value: int) -> None:
        if not self.low <= value <= self.high:
            raise ValueError(f"expected {self.low} to {self.high}, got {value}")


@attrs.frozen
class Text:
    """A string of `low` to `high` characters that matches `pattern`, where given."""

    low: int = 0
    high: int = 4096
    pattern: str | None = None
    means: str = ""

    def check(self, value: str) -> None:
        if not self.low <= len(value) <= self.high:
            raise ValueError(
                f"expected {self.low} to {self.high} characters, got {len(value)}"
            )
        if self.pattern is not None and not re.search(self.pattern, value):
            raise ValueError(f"expected {self.means}")


@attrs.frozen
class Count:
    """A list or object of at most `high` items."""

    high: int

    def check(self, value: Any) -> None:
        if len(value) > self.high:
            raise ValueError(f"expected at most {self.high} items, got {len(value)}")


_NO_NUL: Final = r"\A[^\x00]*\Z"
Name = Annotated[
    str,
    Text(1, 200, r"\A(?=.*\S)[^\x00-\x1f\x7f]*\Z", "text without control characters"),
]
Short = Annotated[str, Text(0, 500)]
Path = Annotated[str, Text(1, 4096, _NO_NUL, "a path without NUL")]
Argument = Annotated[str, Text(0, 131072, _NO_NUL, "text without NUL")]
Variable = Annotated[
    str, Text(1, 256, r"\A[^=\x00]+\Z", "a variable name without = or NUL")
]
Ident = Annotated[SessionId, Text(1, 128, r"\A[\w-]+\Z", "an id")]
Size = Annotated[int, Range(1, 1000)]
Offset = Annotated[int, Range(0, MAX_OFFSET)]
Limit = Annotated[int, Range(1, 1000)]
Ref = Annotated[str, Text(0, 200)]
Ttl = Annotated[
    str, Text(1, 20, r"\A(forever|\d{1,6}[smhd])\Z", "forever or a duration as 15m")
]


def named(name: str, **kwargs: Any) -> Any:
    """A field whose name on the wire is not its name here."""
    return attrs.field(metadata={"wire": name}, **kwargs)


@attrs.frozen
class CreateSession:
    """A terminal or agent starts at once unless `start` is false."""

    name: Name
    type: SessionType
    ttl: Ttl = "15m"
    workspace_id: Short | None = None
    root_dir: Path | None = None
    meta: dict[str, Any] = attrs.field(factory=dict)
    start: bool = True
    command: Annotated[tuple[Argument, ...], Count(1000)] | None = None
    env: Annotated[dict[Variable, Argument], Count(1000)] = attrs.field(factory=dict)
    cols: Size = 120
    rows: Size = 30
    cli_flag: CliFlag | None = None
    host: Literal["pty"] | None = None


@attrs.frozen
class DeleteSession:
    """`hard` removes the pair and all that hangs on it, for ever."""

    hard: bool = False


@attrs.frozen
class TypeInput:
    """Exactly these bytes; one of the two must be given."""

    data: Annotated[str, Text(0, MAX_INPUT)] | None = None
    data_b64: Annotated[str, Text(0, 2 * MAX_INPUT)] | None = None


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
    offset and reads forward from it.
    """

    since: Annotated[str, Text(1, 64)] | None = None
    before: Annotated[str, Text(1, 64)] | None = None
    from_: Offset | None = named("from", default=None)
    grep: Annotated[str, Text(0, 1000)] | None = None
    raw: bool = False
    limit: Limit = 100
    order: Literal["asc", "desc"] | None = None


@attrs.frozen(kw_only=True)
class JoinSession:
    """Stream a session: its events and, for a terminal, its bytes."""

    type: ClassVar[str] = "join_session"
    session_id: Ident = named("sessionId")
    spawn_pty: bool = named("spawnPty", default=False)
    cols: Size | None = None
    rows: Size | None = None
    cwd: Path | None = None
    from_: Offset | None = named("from", default=None)
    handle: Annotated[str, Text(1, 64)] | None = None
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class LeaveSession:
    """Stop streaming a session."""

    type: ClassVar[str] = "leave_session"
    session_id: Ident = named("sessionId")
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class SendInput:
    """Type into a terminal, raw."""

    type: ClassVar[str] = "terminal_input"
    session_id: Ident = named("sessionId")
    data: Annotated[str, Text(0, MAX_INPUT)]
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class SendResize:
    """Resize a terminal."""

    type: ClassVar[str] = "terminal_resize"
    session_id: Ident = named("sessionId")
    cols: Size
    rows: Size
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class CheckHealth:
    """Ask whether a terminal lives."""

    type: ClassVar[str] = "check_health"
    session_id: Ident = named("sessionId")
    ref: Ref | None = None


@attrs.frozen(kw_only=True)
class PresencePing:
    """The person at this socket is still there."""

    type: ClassVar[str] = "presence_ping"
    ref: Ref | None = None


Frame = JoinSession | LeaveSession | SendInput | SendResize | CheckHealth | PresencePing
FRAMES: Final[tuple[type[Frame], ...]] = (
    JoinSession,
    LeaveSession,
    SendInput,
    SendResize,
    CheckHealth,
    PresencePing,
)
