"""Run events, which form a chain of hashes, and terminal events."""

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import attrs

from ant.model import compat
from ant.model.sessions import SessionId

TOMBSTONE: Final = "tombstone"
"""The kind of a run event whose content was deleted. Its number, time and hashes stay,
so the hash chain can still be verified."""

PRUNED: Final = "pruned"
"""The kind of a run event in the place of a range of minor ones that were too many."""


def pruned_text(count: int) -> str:
    """The text of an event in the place of so many pruned ones."""
    return f"minor events pruned: {count}"


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
    that it is about, as `{"prompt_id": …}`. ANT keeps fewer of the `minor` ones.
    """

    source: Source
    trust: Trust
    kind: str
    text: str
    payload: dict[str, Any] = attrs.field(factory=dict)
    start: int | None = None
    end: int | None = None
    raw_ref: dict[str, Any] | None = None
    minor: bool = False


@attrs.frozen
class RunEvent:
    """A run event in the chain of its session."""

    id: int
    """The id of the event in this database."""
    session_id: SessionId
    """The id of the terminal."""
    n: int
    """Its place in the chain of the session, counted from 1."""
    ts_ms: int
    """When it was recorded, in epoch milliseconds."""
    source: Source
    """Where ANT knows it from."""
    trust: Trust
    """How reliable it is."""
    kind: str
    """What happened, such as `command_block`."""
    text: str
    """What happened, in one sentence."""
    payload: dict[str, Any]
    """The details; the fields depend on `kind`."""
    raw_ref: dict[str, Any] | None
    """The rows that it is about, as `{"prompt_id": …}`; null if there are none."""
    start: int | None
    """The byte offset of the first byte that shows it; null if no bytes do."""
    end: int | None
    """The byte offset after the last byte that shows it; null if no bytes do."""
    created_at: datetime
    """When it was recorded."""
    prev: str | None
    """The `hash` of the event before; null for the first."""
    hash: str
    """The SHA-256, in hex, of all other fields except `id`."""
    ts: int = attrs.field()
    """A copy of `ts_ms`, under the name that the original has for it."""

    @ts.default
    def _copy_ts_ms(self) -> int:
        return self.ts_ms


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
    """The receipt of an interrupt. It does not show whether the program reacts."""

    ok: bool
    action: str
    """Always `interrupt`."""
    key: str
    """Always `ctrl-c`."""
    event: RunEvent | None
    """The run event of the interrupt; null if the database refused it, and ANT records
    it later."""


@attrs.frozen
class RunEvents:
    """A page of run events, oldest first, of at most 4 MiB."""

    session_id: SessionId
    """The id of the session in the request."""
    terminal_id: SessionId
    """The id of the terminal that the events are about."""
    since_ms: int | None
    limit: int
    count: int
    next: int | None
    """The `after` of the next page: the last event here, else the `after` of the
    request; null if there is neither."""
    events: tuple[RunEvent, ...]
    """The events, in the order that the request asked for."""
    previous: int | None = None
    """The `before_id` of the page before; null if there is none."""


@attrs.frozen
class TerminalEvent:
    """A stored report of the host of a terminal."""

    id: int
    """The id of the event."""
    ts_ms: int
    """When it was recorded, in epoch milliseconds."""
    kind: str
    """What happened: `start`, `exit`, `lost`, `resize`, `title`, or a notification of
    tmux."""
    data: dict[str, Any]
    """The details; the fields depend on `kind`."""
    offset: int
    """The byte offset of the terminal's output then."""


@attrs.frozen
class TerminalEvents:
    """A page of terminal events, newest first."""

    session_id: SessionId
    since_ms: int | None
    kind: str | None
    """The `kind` of the request; null if it had none."""
    limit: int
    count: int
    rows: tuple[TerminalEvent, ...]
    """The events, in the order that the request asked for."""
    next: int | None = None
    """The `after` of the next page; null if there is none."""
    previous: int | None = None
    """The `before_id` of the page before; null if there is none."""
