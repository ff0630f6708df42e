"""Reads pages of stored transcripts."""

import base64

from ant.api.terminal_requests import ReadHistory
from ant.core import clock
from ant.history import grep
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk, Gap, History, HistoryRow
from ant.recording.reader import read_bytes
from ant.sessions.sessions import get_session
from ant.store import Unit, paging
from ant.terminal.screen.strip_escapes import strip

TEXT_BYTES = 1 << 20
"""Transcript bytes of one page of text: a byte that is not UTF-8 becomes three. The
rest is on another page, at `next` or `previous`."""

RAW_BYTES = 512 << 10
"""Transcript bytes of one page of raw output: each byte is sent twice, and a control
character is escaped as six."""


def read_history(unit: Unit, session_id: SessionId, request: ReadHistory) -> History:
    """Return a page of the transcript.

    With `from` or `order=asc`, the page reads forward, oldest first. Otherwise it has
    the newest rows within the bounds, newest first; with `to`, the newest in any order.
    With `grep`, it has the lines that match. Raises `Invalid` for an invalid time or
    regular expression.
    """
    session = get_session(unit, session_id)
    oldest = session.terminal.oldest if session.terminal else 0
    end = session.terminal.end if session.terminal else 0
    gaps: list[Gap] = []
    since_ms = None
    rows: list[HistoryRow] = []
    forward = grep.is_forward(request)
    reached = previous = None
    budget = RAW_BYTES if request.raw else TEXT_BYTES
    since, before = (
        paging.parse_bound(unit, request, key) for key in ("since", "before")
    )
    if request.grep:
        following = end
        if session.terminal is not None:
            times = grep.moment(since), grep.moment(before)
            found = grep.grep(unit, session_id, session.terminal, request, *times)
            rows, reached = list(found.rows), found.reached
            if found.more and forward:
                following = rows[-1].end or end
            elif found.more:
                previous = rows[0].start
        since_ms = grep.moment(since)
    elif request.from_ is not None:
        chunks = read_bytes(unit, session_id, request.from_, request.limit, budget)
        following = chunks[-1].end if chunks else request.from_
        gaps = _gaps(request.from_, chunks)
        rows = [_row(chunk, request.raw) for chunk in chunks]
    else:
        since_ms = grep.moment(since)
        chunks = unit.transcripts.page(
            session_id, since, before, request.limit, budget, request.to, forward
        )
        gaps = _gaps(chunks[0].offset, chunks) if chunks else []
        if chunks and chunks[0].offset > oldest:
            previous = chunks[0].offset
        following = chunks[-1].end if chunks else end
        rows = [_row(chunk, request.raw) for chunk in chunks]
    if not request.grep and following < end and _is_last(unit, session_id, following):
        gaps.append(Gap(following, end))
        following = end
    if (request.order or ("asc" if forward else "desc")) == "desc":
        rows.reverse()
    return History(
        session_id=session_id,
        mode="search" if request.grep else "range",
        limit=request.limit,
        count=len(rows),
        rows=tuple(rows),
        gaps=tuple(gaps),
        oldest=oldest,
        end=end,
        next=following,
        since_ms=since_ms,
        query=request.grep or None,
        indexed_to=reached,
        previous=previous,
    )


def _gaps(start: int, chunks: list[Chunk]) -> list[Gap]:
    """Return the gaps before and between chunks, from the offset `start` on."""
    gaps: list[Gap] = []
    for chunk in chunks:
        if chunk.offset > start:
            gaps.append(Gap(start, chunk.offset))
        start = chunk.end
    return gaps


def _is_last(unit: Unit, session_id: SessionId, offset: int) -> bool:
    """Whether no byte follows: the offsets up to the end were never written."""
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
