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
    """Offsets whose bytes were lost in a crash or deleted."""

    from_: int = attrs.field(metadata={"wire": "from"})
    """The first byte offset, or `seq` of an event, that is missing."""
    to: int
    """The first one after it that is not missing."""


@attrs.frozen
class HistoryRow:
    """A piece of transcript, or a line that matched a search."""

    id: int
    """The id of the piece; the number of the line in a search."""
    chunk_index: int
    """The same as `id`, by the name of the original ANT."""
    ts_ms: int
    """When it was printed, in epoch milliseconds."""
    byte_offset: int
    """The byte offset of its first byte."""
    size: int
    """The number of its bytes."""
    text: str | None = None
    """The text without escape sequences; null with `raw`."""
    raw: str | None = None
    """The output as text, with its escape sequences; null without `raw`."""
    raw_b64: str | None = None
    """The bytes in base64; null without `raw`."""
    snippet: str | None = None
    """The line around the match, with the match as `<mark>…</mark>`; null outside of a
    search."""
    line: int | None = None
    """The number of the line; null outside of a search."""
    start: int | None = None
    """The byte offset of the first byte that drew the line; null outside of a
    search."""
    end: int | None = None
    """The byte offset after the last byte that drew the line; null outside of a
    search."""


@attrs.frozen
class History:
    """A page of transcript."""

    session_id: SessionId
    mode: str
    """`search` with `grep`, else `range`."""
    limit: int
    count: int
    rows: tuple[HistoryRow, ...]
    """The pieces or lines, in the order that the request asked for."""
    gaps: tuple[Gap, ...]
    """The offsets on this page that have no byte."""
    oldest: int
    """The byte offset of the first byte that is stored."""
    end: int
    """The byte offset after the last byte that is stored."""
    next: int
    """The byte offset of the next page: pass it as `from`."""
    since_ms: int | None = None
    query: str | None = None
    """The `grep` of the request; null if it had none."""
    indexed_to: int | None = None
    """The search covered all bytes before this offset; null outside of a search."""
    previous: int | None = None
    """The byte offset for the page before: pass it as `to`. Null if there is none."""


@attrs.frozen
class EventPage:
    """A page of the event log."""

    epoch: str
    """The name of the event log; another name means another log."""
    oldest: int
    """The first `seq` that the log has."""
    newest: int
    """The last `seq` that the log has."""
    next: int
    """The `since` of the next page."""
    gap: Gap | None
    """The events before this page that ANT has deleted; null if there are none."""
    events: tuple[dict[str, Any], ...]
    """The events as on `/ws`, the oldest first; `/api/schemas/ws` has their schemas."""


@attrs.frozen
class InputReceipt:
    """The receipt of an input, in bytes."""

    ok: bool
    """Whether ANT accepted all of it, in its order."""
    size: int
    """The bytes of the input."""
    written: int
    """The bytes that are in the terminal."""
    queued: int
    """The bytes that wait for the program to read."""
