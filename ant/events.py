"""What happened: one frozen class per broadcast, and the envelope it travels in.

`durable` events are written to the log in the transaction that caused them and carry
its `seq`; the others are for whoever looks now. `to_all` events reach every socket, the
others those that joined the session.
"""

from datetime import datetime
from typing import ClassVar, Final

import attrs

from ant.model import SessionId, Status

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
    activity_source: str = "terminal_line"


Event = SessionsChanged | SessionExited | TerminalResized | SessionActivity


@attrs.define(eq=False)
class Envelope:
    """An event on its way. `seq` is its place in the log, None when it is not there.

    `frame` is its rendering, made by the first socket that needs it and kept.
    """

    at: datetime
    event: Event
    seq: int | None = None
    frame: str | None = None
