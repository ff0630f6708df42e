"""Chunks of a transcript, its gaps, and the pages of reads."""

from datetime import datetime
from typing import Any

import attrs

from ant.model.sessions import SessionId


@attrs.frozen
class Chunk:
    """A stored block of terminal output; `offset` is that of its first byte."""

    id: int
    session_id: SessionId
    offset: int
    at: datetime
    data: bytes

    @property
    def end(self) -> int:
        """The offset after the last byte."""
        return self.offset + len(self.data)


@attrs.frozen
class Gap:
    """Offsets whose bytes were lost in a crash or deleted. `to` is exclusive."""

    from_: int = attrs.field(metadata={"wire": "from"})
    to: int


@attrs.frozen
class HistoryRow:
    """A piece of transcript, as `text` (no escape sequences), `raw` or a `snippet`.

    `ts_ms` is in epoch milliseconds. A line that matched a search has its number as
    `line` and as `id`, and the offsets `start` and `end` of the bytes that drew it. Its
    `text` is truncated if it is long.
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
    """A page of transcript; `next` is the byte offset of the next page.

    `previous` is the byte offset to pass as `to` for the page before; null if there is
    none. A search covers all output before `indexed_to`.
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

    `oldest` is the first `seq` that the log has, `newest` the last. `next` is the
    `since` of the next page. `gap` are the events before this page that ANT deleted.
    """

    epoch: str
    oldest: int
    newest: int
    next: int
    gap: Gap | None
    events: tuple[dict[str, Any], ...]


@attrs.frozen
class InputReceipt:
    """The receipt of an input, in bytes.

    `ok`: ANT accepted all of it, in order. `written` bytes are in the terminal;
    `queued` bytes wait for the program to read.
    """

    ok: bool
    size: int
    written: int
    queued: int
