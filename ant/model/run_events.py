"""The nouns of what happened: run events, in a chain of hashes, and terminal events."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from ant.model import compat
from ant.model.sessions import SessionId


class Source(StrEnum):
    """Who says that something happened, in the original's words."""

    TERMINAL = "terminal"
    """The terminal's bytes, or what was done to the terminal."""
    STATUS = "status"
    """What is held true of its program."""
    TMUX = "tmux"
    """The tmux that hosts it."""
    HOOK = "hook"
    """The program itself, by a hook."""
    JSON = "json"
    """Somebody who asked this server for something."""
    RPC = compat.RPC
    ACP = compat.ACP


class Trust(StrEnum):
    """How sure it is: `high` was told by who did it, `medium` was read off, `raw` is
    passed on as it came."""

    HIGH = "high"
    MEDIUM = "medium"
    RAW = "raw"


@attrs.frozen
class RunEventDraft:
    """Something that happened, before it has a place among others.

    `start` and `end` are offsets of the terminal's bytes that show it; `raw_ref` names
    rows that it is about, as `{"prompt_id": …}`.
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
    """A fact in its place: the `n`th of its session, from 1.

    `hash` is that of everything else here but `id`, `prev` the hash of the one before;
    null before the first.
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
    """Something that the host of a terminal told, when its bytes had come to `offset`.

    Its own life (`start`, `exit`, `lost`, `resize`, `title`), or what tmux notifies.
    """

    kind: str
    data: dict[str, Any]
    offset: int


@attrs.frozen
class StopReceipt:
    """An interrupt was sent; whether the program minds it, its output will tell.

    `event` is null where the database refused it; it is recorded later then.
    """

    ok: bool
    action: str
    key: str
    event: RunEvent | None


@attrs.frozen
class RunEvents:
    """A page of run events, oldest first; `next` is the `after` to go on with.

    `previous` is the `before_id` to go back with; null where nothing is before. A page
    has 4 MiB at most. `session_id` is as asked, `terminal_id` whose events these are.
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
    """What the host of a terminal told; `offset` is how far its bytes were then."""

    id: int
    ts_ms: int
    kind: str
    data: dict[str, Any]
    offset: int


@attrs.frozen
class TerminalEvents:
    """A page of terminal events, newest first.

    `next` is the `after` to go on with, `previous` the `before_id` to go back with;
    null where there are no more.
    """

    session_id: SessionId
    since_ms: int | None
    kind: str | None
    limit: int
    count: int
    rows: tuple[TerminalEvent, ...]
    next: int | None = None
    previous: int | None = None
