"""Rules of what can be read afterwards: transcripts and the event log."""

import base64

from ant import clock, cursors, grep, wire
from ant.commands import ListEvents, ReadHistory
from ant.errors import Invalid
from ant.events import Envelope
from ant.model import Chunk, EventPage, Gap, History, HistoryRow, SessionId
from ant.sessions import need_active
from ant.store import Page, Unit
from ant.terminal.plain import strip

TEXT_BYTES = 1 << 20
"""Transcript bytes of one answer of text: bytes that are no UTF-8 become three each.
The rest is a page further, at `next` or `previous`."""

RAW_BYTES = 512 << 10
"""The same of raw bytes: each is told twice, and a control character as six."""

MISSED_BYTES = 256 << 10
"""Events that a client catches up with at once: below 2 ms on the loop."""


def read_history(unit: Unit, session_id: SessionId, ask: ReadHistory) -> History:
    """A page of the transcript.

    With `from`, forward from that byte, oldest first; else by time, newest first; with
    `grep`, the lines that hold the words. `order` turns any of them. Raises `Invalid`
    on a time that is none.
    """
    session = need_active(unit, session_id)
    oldest = session.terminal.oldest if session.terminal else 0
    end = session.terminal.end if session.terminal else 0
    gaps: list[Gap] = []
    since_ms = None
    rows: list[HistoryRow] = []
    reached = previous = None
    budget = RAW_BYTES if ask.raw else TEXT_BYTES
    since, before = (cursors.bound(unit, ask, key) for key in ("since", "before"))
    if ask.grep:
        forward, following = ask.from_ is not None, end
        if session.terminal is not None:
            times = grep.moment(since), grep.moment(before)
            found = grep.grep(unit, session_id, session.terminal, ask, *times)
            rows, reached = list(found.rows), found.reached
            if found.more and forward:
                following = rows[-1].end or end
            elif found.more:
                previous = rows[0].start
        since_ms = grep.moment(since)
    elif ask.from_ is not None:
        chunks = read_bytes(unit, session_id, ask.from_, ask.limit, budget)
        following = chunks[-1].end if chunks else ask.from_
        gaps = _gaps(ask.from_, chunks)
        rows, forward = [_row(chunk, ask.raw) for chunk in chunks], True
    else:
        since_ms = grep.moment(since)
        chunks = unit.transcripts.page(
            session_id, since, before, ask.limit, budget, ask.to
        )
        gaps = _gaps(chunks[0].offset, chunks) if chunks else []
        if chunks and chunks[0].offset > oldest:
            previous = chunks[0].offset
        following = chunks[-1].end if chunks else end
        rows, forward = [_row(chunk, ask.raw) for chunk in chunks], False
    if not ask.grep and following < end and _is_last(unit, session_id, following):
        gaps.append(Gap(following, end))
        following = end
    if (ask.order or ("asc" if forward else "desc")) == "desc":
        rows.reverse()
    return History(
        session_id=session_id,
        mode="search" if ask.grep else "range",
        limit=ask.limit,
        count=len(rows),
        rows=tuple(rows),
        gaps=tuple(gaps),
        oldest=oldest,
        end=end,
        next=following,
        since_ms=since_ms,
        query=ask.grep or None,
        indexed_to=reached,
        previous=previous,
    )


def missed_events(unit: Unit, seq: int, limit: int) -> tuple[Page[Envelope], int]:
    """The oldest logged events after `seq`, and the first kept `seq`.

    At most `limit`, and about `MISSED_BYTES`.
    """
    return unit.log.since(seq, limit, budget=MISSED_BYTES), unit.log.oldest() or 0


def log_bounds(unit: Unit) -> tuple[int, int]:
    """The first `seq` that is kept and the last that there was; 0 before the first."""
    return unit.log.oldest() or 0, unit.log.newest()


def list_events(unit: Unit, ask: ListEvents, epoch: str) -> EventPage:
    """A page of the log after `since`, oldest first; `next` is where to go on.

    Where events before the page were pruned, `gap` says which. Raises `Invalid` when
    `since` is past the newest.
    """
    oldest, newest = log_bounds(unit)
    if ask.since > newest:
        raise Invalid(f"expected at most {newest}, got {ask.since} at $.since")
    envelopes = unit.log.since(ask.since, ask.limit, ask.session, ask.type)
    return EventPage(
        epoch=epoch,
        oldest=oldest,
        newest=newest,
        next=envelopes[-1].seq or newest if envelopes.more else newest,
        gap=Gap(ask.since + 1, oldest) if oldest > ask.since + 1 else None,
        events=tuple(map(wire.event_body, envelopes)),
    )


def read_bytes(
    unit: Unit, session_id: SessionId, offset: int, limit: int, budget: int
) -> list[Chunk]:
    """Stored bytes from exactly `offset` on: at most `limit` chunks, about `budget`."""
    chunks = unit.transcripts.read(session_id, offset, limit, budget)
    if chunks and chunks[0].offset < offset:
        first = chunks[0]
        data = first.data[offset - first.offset :]
        chunks[0] = Chunk(first.id, session_id, offset, first.at, data)
    return chunks


def read_on(
    unit: Unit, session_id: SessionId, offset: int, limit: int, budget: int
) -> tuple[list[Chunk], int]:
    """The same, and the offset at which the transcript ends."""
    chunks = read_bytes(unit, session_id, offset, limit, budget)
    return chunks, unit.transcripts.end(session_id)


def _gaps(start: int, chunks: list[Chunk]) -> list[Gap]:
    """The holes before and between chunks that should follow one another."""
    gaps: list[Gap] = []
    for chunk in chunks:
        if chunk.offset > start:
            gaps.append(Gap(start, chunk.offset))
        start = chunk.end
    return gaps


def _is_last(unit: Unit, session_id: SessionId, offset: int) -> bool:
    """Whether no byte follows: offsets up to the end were left out then."""
    return not unit.transcripts.read(session_id, offset, 1, 1)


def _row(chunk: Chunk, raw: bool) -> HistoryRow:
    return HistoryRow(
        id=chunk.id,
        chunk_index=chunk.id,
        ts_ms=clock.epoch_ms(chunk.at),
        byte_offset=chunk.offset,
        size=len(chunk.data),
        text=None if raw else strip(chunk.data),
        raw=chunk.data.decode("utf-8", "replace") if raw else None,
        raw_b64=base64.b64encode(chunk.data).decode() if raw else None,
    )
