"""Bytes of a transcript, read from an offset."""

from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.store import Unit


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
