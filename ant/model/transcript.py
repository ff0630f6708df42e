"""Pieces of a transcript, its gaps, and the pages it is read in."""

from datetime import datetime
from typing import Any

import attrs

from ant.model.sessions import SessionId


@attrs.frozen
class Chunk:
    """A stored run of terminal bytes; `offset` is that of its first byte."""

    id: int
    session_id: SessionId
    offset: int
    at: datetime
    data: bytes

    @property
    def end(self) -> int:
        """One past the offset of the last byte."""
        return self.offset + len(self.data)


@attrs.frozen
class Gap:
    """Offsets without a byte: lost in a crash or no longer kept. `to` is exclusive."""

    from_: int = attrs.field(metadata={"wire": "from"})
    to: int


@attrs.frozen
class HistoryRow:
    """A piece of transcript, as `text` (no escape sequences), `raw` or a `snippet`.

    A `line` that was searched for has its number, which also is its `id`, and the bytes
    from `start` to `end` that drew it; `text` is the whole line, cut where it is long.
    """

    id: int
    chunk_index: int
    ts_ms: int
    byte_offset: int
    size: int
    text: str | None = None
    raw: str | None = None
    raw_b64: str | None = None
    snippet: str | None = None
    line: int | None = None
    start: int | None = None
    end: int | None = None


@attrs.frozen
class History:
    """A page of transcript; `next` is the byte offset at which a later page goes on.

    `previous` is the byte offset before which there is more, to be asked for as `to`;
    null where there is nothing. A search has looked at all before `indexed_to`.
    """

    session_id: SessionId
    mode: str
    limit: int
    count: int
    rows: tuple[HistoryRow, ...]
    gaps: tuple[Gap, ...]
    oldest: int
    end: int
    next: int
    since_ms: int | None = None
    query: str | None = None
    indexed_to: int | None = None
    previous: int | None = None


@attrs.frozen
class EventPage:
    """A page of the event log; `events` are as on `/ws`, oldest first.

    `oldest` is the first `seq` that is kept, `newest` the last that there was, `next`
    the `since` of the next page, `gap` what was pruned before this one.
    """

    epoch: str
    oldest: int
    newest: int
    next: int
    gap: Gap | None
    events: tuple[dict[str, Any], ...]


@attrs.frozen
class InputReceipt:
    """What became of an input while the caller waited, in bytes.

    `ok`: all of it was taken, in order. `written` of it is in the terminal; `queued`
    waits for the program to read.
    """

    ok: bool
    size: int
    written: int
    queued: int
