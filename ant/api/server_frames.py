"""The frames that ANT sends over `/ws`, beside the events of `ant.model.events`.

`http.ws` renders them as plain data, since output must be fast. The JSON Schema of
`/ws` is made from these classes, and a test holds both together. A field that is
`optional` may be missing.
"""

from typing import Any, ClassVar, Final, Literal

import attrs

from ant.api.constraints import named
from ant.model.sessions import SessionId, Status
from ant.terminal.screen.modes import Modes


def _optional(name: str | None = None) -> Any:
    wire = {"wire": name} if name else {}
    return attrs.field(default=None, metadata={"optional": True, **wire})


@attrs.frozen
class CursorPlace:
    """The position of the cursor, counted from 0, and whether it is visible."""

    row: int
    """The row, counted from 0."""
    col: int
    """The column, counted from 0."""
    visible: bool
    """Whether it is visible."""


@attrs.frozen(kw_only=True)
class BuildId:
    """The first frame."""

    type: ClassVar[str] = "build_id"
    build_id: str = named("buildId")
    """Names this run of the server; it changes with every start."""


@attrs.frozen(kw_only=True)
class Hello:
    """The second frame: which event log this is."""

    type: ClassVar[str] = "hello"
    epoch: str
    """The name of the event log; another name means another log."""
    seq: int
    """The number of the last event in the log; 0 if it has none."""
    oldest: int
    """The number of the first event that the log still has."""


@attrs.frozen(kw_only=True)
class Ack:
    """The command with this `ref` succeeded. Other fields depend on the command."""

    type: ClassVar[str] = "ack"
    ref: str
    """The `ref` of the command."""
    session_id: SessionId | None = _optional("sessionId")
    """The session that the command named."""
    offset: int | None = _optional()
    """After `join_session`: the byte offset of the first output that follows."""
    end: int | None = _optional()
    """After `join_session`: the byte offset after the last byte that there is."""
    stream: int | None = _optional()
    """After `join_session` with `binary`: the number of this join in the header of its
    binary messages."""
    streams: dict[SessionId, int] | None = _optional()
    """After `resume` with `binary`: the number of each terminal that was joined."""
    size: int | None = _optional()
    """After `terminal_input`: the bytes of the input; 0 if ANT dropped it."""
    dropped: bool | None = _optional()
    """After `terminal_input`: true if it was a reply to a query of the program that
    ANT dropped, since another socket may reply."""
    cols: int | None = _optional()
    """After `terminal_resize`: the width in columns that the terminal has now."""
    rows: int | None = _optional()
    """After `terminal_resize`: the height in rows that the terminal has now."""
    applied: bool | None = _optional()
    """After `terminal_resize`: whether the terminal has the size that was sent; false
    if another socket owns the size."""
    seq: int | None = _optional()
    """After `resume`: the number of the event after which events are sent."""
    oldest: int | None = _optional()
    """After `resume`: the number of the first event that the log still has."""


@attrs.frozen(kw_only=True)
class ErrorFrame:
    """A command failed; the socket stays open.

    A `resume` reports a session that it cannot continue by an `error` with its
    `sessionId`, and continues the others.
    """

    type: ClassVar[str] = "error"
    problem: str
    """Names the error: a URN that begins with `urn:ant:problem:`."""
    title: str
    """The phrase of the status."""
    status: int
    """The HTTP status that the error has over REST."""
    detail: str
    """What is wrong, and what to do, in a sentence."""
    error: str
    """The same as `detail`."""
    message: str
    """The same as `detail`."""
    issues: tuple[str, ...] | None = _optional()
    """One sentence for each fault of a malformed frame; each ends in a JSON path."""
    session_id: SessionId | None = _optional("sessionId")
    """The session that a `resume` cannot continue."""
    ref: str | None = _optional()
    """The `ref` of the command, if it had one."""


@attrs.frozen(kw_only=True)
class SessionHealth:
    """Whether the program of a session runs."""

    type: ClassVar[str] = "session_health"
    session_id: SessionId = named("sessionId")
    alive: bool
    """Whether the program runs."""
    status: Status
    """The state of its process."""
    unavailable: bool | None = _optional()
    """True if the session is archived or deleted."""


@attrs.frozen(kw_only=True)
class TerminalSize:
    """The size of a joined terminal and its owner; after a join and at each change."""

    type: ClassVar[str] = "terminal_size"
    session_id: SessionId = named("sessionId")
    cols: int
    rows: int
    owner: Literal["self", "other", "nobody"]
    """Which socket owns the size: this one, another one, or none."""
    handle: str | None
    """The name under which the owner is present; null if it has none, or if nobody owns
    the size."""


@attrs.frozen(kw_only=True)
class ScreenFrame:
    """The current screen of a terminal; the output from `offset` on follows it."""

    type: ClassVar[str] = "screen"
    session_id: SessionId = named("sessionId")
    offset: int
    """The byte offset after the last byte that the screen has."""
    cols: int
    rows: int
    data: str
    """Escape sequences and text that draw the screen on a fresh terminal of this
    size."""
    title: str
    """The title of the window; empty if the program set none."""
    cursor: CursorPlace
    """The cursor."""
    modes: Modes
    """The modes of the terminal."""


@attrs.frozen(kw_only=True)
class ScreenSpan:
    """Text of one style."""

    text: str
    """The text. A wide character takes two columns."""
    fg: str | None = _optional()
    """The colour of the text: a number of the palette from `0` to `255`, or `#rrggbb`.
    """
    bg: str | None = _optional()
    """The colour behind the text, as in `fg`."""
    bold: bool | None = _optional()
    """True if the text is bold."""
    dim: bool | None = _optional()
    """True if the text is faint."""
    inverse: bool | None = _optional()
    """True if the two colours are exchanged."""
    italic: bool | None = _optional()
    """True if the text is italic."""
    underline: bool | None = _optional()
    """True if the text is underlined."""
    strike: bool | None = _optional()
    """True if the text is struck through."""
    hidden: bool | None = _optional()
    """True if the text is concealed: draw blanks in its place."""


@attrs.frozen(kw_only=True)
class ScreenRow:
    """One row of a screen."""

    row: int
    """The row, counted from 0."""
    spans: tuple[ScreenSpan, ...]
    """The row from left to right, without trailing blanks that show nothing."""


@attrs.frozen(kw_only=True)
class ScreenRows:
    """The rows of a terminal that changed, after a join with `screenRows`.

    It has at most ten in a second. A frame shows the screen as of `offset`, and what
    was shown between two frames is left out.
    """

    type: ClassVar[str] = "screen_rows"
    session_id: SessionId = named("sessionId")
    offset: int
    """The byte offset after the last byte that the screen has."""
    cols: int
    rows: int
    full: bool
    """Whether to forget all rows from before: this is the first frame, or the size has
    changed."""
    complete: bool
    """Whether all rows are as of `offset` now; if not, the others follow at once."""
    changed: tuple[ScreenRow, ...]
    """The rows that changed. A row that never came is blank."""
    cursor: CursorPlace
    """The cursor."""
    title: str
    """The title of the window; empty if the program set none."""
    alternate: bool
    """Whether the alternate screen is shown."""


@attrs.frozen(kw_only=True)
class TerminalOutput:
    """Output as text; `offset` and `end` count bytes.

    A character is never split between two frames.
    """

    type: ClassVar[str] = "terminal_output"
    session_id: SessionId = named("sessionId")
    data: str
    """The output; bytes that are not UTF-8 become U+FFFD."""
    offset: int
    """The byte offset of its first byte."""
    end: int
    """The byte offset after its last byte."""


@attrs.frozen(kw_only=True)
class GapFrame:
    """What is missing: bytes or events, from `from` up to but not including `to`."""

    type: ClassVar[str] = "gap"
    scope: Literal["terminal", "events"]
    """Whether bytes of a terminal are missing, or events."""
    session_id: SessionId | None = _optional("sessionId")
    """The terminal whose bytes are missing."""
    from_: int = named("from")
    """The first missing byte offset or `seq`."""
    to: int
    """The first one after that which is not missing."""


SERVER_FRAMES: Final[tuple[Any, ...]] = (
    BuildId,
    Hello,
    Ack,
    ErrorFrame,
    SessionHealth,
    ScreenFrame,
    TerminalOutput,
    GapFrame,
    TerminalSize,
    ScreenRows,
)
