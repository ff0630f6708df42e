"""Reads stored transcripts from an exact offset: their bytes and their sizes.

Offsets without a byte (bytes that were lost, or trimmed) are passed over: the next
chunk begins behind them.
"""

from collections.abc import Iterator

import attrs

from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.recording.size_timeline import SizeTimeline
from ant.store import Unit

PAGE_CHUNKS = 64
"""Chunks that `chunks_between` holds in memory at most."""

PAGE_BYTES = 1 << 20
"""Bytes of them, or a chunk more."""


def read_bytes(
    unit: Unit, session_id: SessionId, offset: int, limit: int, budget: int
) -> list[Chunk]:
    """Return one page of stored bytes; the first chunk is cut to begin at `offset`.

    The page has at most `limit` chunks, and ends with the chunk that reaches `budget`
    bytes.
    """
    chunks = unit.transcripts.read(session_id, offset, limit, budget)
    if chunks and chunks[0].offset < offset:
        data = chunks[0].data[offset - chunks[0].offset :]
        chunks[0] = attrs.evolve(chunks[0], offset=offset, data=data)
    return chunks


def read_on(
    unit: Unit, session_id: SessionId, offset: int, limit: int, budget: int
) -> tuple[list[Chunk], int]:
    """Return what `read_bytes` returns, and the offset at which the transcript ends."""
    chunks = read_bytes(unit, session_id, offset, limit, budget)
    return chunks, unit.transcripts.end(session_id)


def chunks_between(
    unit: Unit, session_id: SessionId, start: int, end: int
) -> Iterator[Chunk]:
    """Yield the stored bytes from `start` up to `end`, cut at both; a page in memory.

    It does not call `unit.pause`: the caller does, where the read is long.
    """
    while start < end:
        budget = min(PAGE_BYTES, end - start)
        chunks = read_bytes(unit, session_id, start, PAGE_CHUNKS, budget)
        if not chunks:
            return
        for chunk in chunks:
            if chunk.offset >= end:
                return
            if chunk.end > end:
                chunk = attrs.evolve(chunk, data=chunk.data[: end - chunk.offset])
            yield chunk
        start = chunks[-1].end


def read_sizes(
    unit: Unit,
    session_id: SessionId,
    start: int,
    end: int,
    default: tuple[int, int],
) -> SizeTimeline:
    """Return the sizes that the terminal had from `start` to `end`.

    `default` is the size where none is recorded.
    """
    last = unit.verdicts.last(session_id, start)
    sizes = unit.verdicts.sizes(session_id, start, end)
    if last is not None:
        sizes.insert(0, (last.offset, last.cols, last.rows))
    runs = unit.lines.runs(session_id, end)
    starts = [(run.offset, run.cols, run.rows) for run in runs]
    return SizeTimeline(start, sizes, starts, default)
