"""Run events, which form a chain of hashes, and terminal events."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ant.model import compat
from ant.model.sessions import SessionId


class Source(StrEnum):
    """The source of a run event, by its name in the original ANT."""

    TERMINAL = "terminal"
    """The bytes of the terminal, or an operation on the terminal."""
    STATUS = "status"
    """The detected state of its program."""
    TMUX = "tmux"
    """The tmux that hosts the terminal."""
    HOOK = "hook"
    """A hook of the program itself."""
    JSON = "json"
    """A request to this server."""
    RPC = compat.RPC
    ACP = compat.ACP


class Trust(StrEnum):
    """How reliable a run event is.

    `high`: ANT did or checked it itself, or a shell proved that it reported it.
    `medium`: ANT inferred it, or a hook of the program reported it. `raw`: ANT passes
    it on unchecked.
    """

    HIGH = "high"
    MEDIUM = "medium"
    RAW = "raw"


@attrs.frozen
class RunEventDraft:
    """A run event before it has its place in the chain.

    `start` and `end` are offsets of the bytes that show it. `raw_ref` names the rows
    that it is about, as `{"prompt_id": …}`.
    """

    source: Source
    trust: Trust
    kind: str
    text: str
    payload: dict[str, Any] = attrs.field(factory=dict)
    start: int | None = None
    end: int | None = None
    raw_ref: dict[str, Any] | None = None


@attrs.frozen
class RunEvent:
    """A run event in the chain: the `n`th of its session, from 1.

    `hash` covers all other fields except `id`. `prev` is the hash of the event before,
    null for the first.
    """

    id: int
    session_id: SessionId
    n: int
    ts_ms: int
    source: Source
    trust: Trust
    kind: str
    text: str
    payload: dict[str, Any]
    raw_ref: dict[str, Any] | None
    start: int | None
    end: int | None
    created_at: datetime
    prev: str | None
    hash: str


@attrs.frozen
class HostEvent:
    """A report of the host of a terminal, at the byte `offset` of its output.

    Its `kind` is `start`, `exit`, `lost`, `resize`, `title`, or a notification of tmux.
    """

    kind: str
    data: dict[str, Any]
    offset: int


@attrs.frozen
class StopReceipt:
    """The receipt of an interrupt. It does not show whether the program reacts.

    `event` is null if the database refused it; ANT records it later then.
    """

    ok: bool
    action: str
    key: str
    event: RunEvent | None


@attrs.frozen
class RunEvents:
    """A page of run events, oldest first, of at most 4 MiB.

    `next` is the `after` of the next page, `previous` the `before_id` of the page
    before; each is null if there is none. `session_id` is that of the request, and
    `terminal_id` the terminal of the events.
    """

    session_id: SessionId
    terminal_id: SessionId
    since_ms: int | None
    limit: int
    count: int
    next: int | None
    events: tuple[RunEvent, ...]
    previous: int | None = None


@attrs.frozen
class TerminalEvent:
    """A stored report of the host of a terminal, at the byte `offset` of its output."""

    id: int
    ts_ms: int
    kind: str
    data: dict[str, Any]
    offset: int


@attrs.frozen
class TerminalEvents:
    """A page of terminal events, newest first.

    `next` is the `after` of the next page, `previous` the `before_id` of the page
    before; each is null if there is none.
    """

    session_id: SessionId
    since_ms: int | None
    kind: str | None
    limit: int
    count: int
    rows: tuple[TerminalEvent, ...]
    next: int | None = None
    previous: int | None = None
