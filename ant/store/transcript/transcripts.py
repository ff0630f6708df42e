"""Transcripts: chunks of bytes, appended in order, read by offset or time, trimmed."""

from typing import Any

from ant.core import clock
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.store.tables.sessions import ChunkRow, TerminalRow
from ant.store.tables.statement import Statement, lazily

TRIM_BYTES = 4 << 20
TRIM_ROWS = 256
"""What one `trim` deletes at most. That is more than one append adds, so that a lowered
bound is reached, and little enough that other writes run in between."""


def _chunk(row: Any) -> Chunk:
    return Chunk(
        id=row.id,
        session_id=SessionId(row.session_id),
        offset=row.offset,
        at=clock.parse_stamp(row.at),
        data=bytes(row.data),
    )


def _has_bytes(chunk: tuple[int, bytes]) -> bool:
    return bool(chunk[1])


def _within(rows: Any, budget: int, offset: int = 0) -> list[Chunk]:
    """The first rows, until they have `budget` bytes together; at least one.

    Bytes before `offset` do not count, since the caller has them.
    """
    chunks: list[Chunk] = []
    size = 0
    for row in rows:
        chunks.append(_chunk(row))
        size += row.offset + row.size - max(row.offset, offset)
        if size >= budget:
            break
    return chunks


_EXTENT = Statement(
    lambda session_id: TerminalRow.select(
        TerminalRow.stored, TerminalRow.kept, TerminalRow.oldest, TerminalRow.reserved
    ).where(TerminalRow.session_id == session_id)
)
_START = Statement(
    lambda session_id, offset: (
        ChunkRow.select(ChunkRow.offset)
        .where((ChunkRow.session_id == session_id) & (ChunkRow.offset <= offset))
        .order_by(ChunkRow.offset.desc())
        .limit(1)
    )
)
"""The first offset of the chunk that contains an offset, by the index."""

_READ = Statement(
    lambda session_id, start, offset, limit: (
        ChunkRow.select()
        .where(ChunkRow.session_id == session_id)
        .where(ChunkRow.offset >= start)
        .where((ChunkRow.offset + ChunkRow.size) > offset)
        .order_by(ChunkRow.offset)
        .limit(limit)
    )
)
_APPEND = Statement(
    lambda session_id, offset, size, at, data: ChunkRow.insert(
        session_id=session_id, offset=offset, size=size, at=at, data=data
    )
)
_EXTEND = Statement(
    lambda session_id, stored, kept, oldest, reserved: TerminalRow.update(
        stored=stored, kept=kept, oldest=oldest, reserved=reserved
    ).where(TerminalRow.session_id == session_id)
)


class TranscriptStore:
    """Terminal output of all sessions in one transaction; owns the table `chunks`.

    It also maintains `oldest`, `stored`, `kept` and `reserved` of the terminals.
    """

    def append(
        self, session_id: str, at: str, chunks: list[tuple[int, bytes]], reserved: int
    ) -> None:
        """Store chunks that continue the transcript, and the reserved offset.

        A chunk without bytes only moves the end: the bytes before its offset are
        stored, or lost for good. Does nothing when the terminal has been removed
        meanwhile.
        """
        terminal = _EXTENT.one(session_id=session_id)
        if terminal is None:
            return
        for offset, data in filter(_has_bytes, chunks):
            _APPEND.run(
                session_id=session_id, offset=offset, size=len(data), at=at, data=data
            )
        offset, last = chunks[-1]
        _EXTEND.run(
            session_id=session_id,
            stored=offset + len(last),
            kept=terminal.kept + sum(len(data) for _, data in chunks),
            oldest=terminal.oldest if terminal.kept else chunks[0][0],
            reserved=max(reserved, terminal.reserved),
        )

    def end(self, session_id: str) -> int:
        """One past the last offset, be it stored or in a gap; 0 without a terminal."""
        terminal = _EXTENT.one(session_id=session_id)
        return terminal.stored if terminal else 0

    def trim(self, session_id: str, keep: int) -> int:
        """Delete the oldest chunks until at most `keep` bytes are left.

        Return how many bytes it deleted. It stops after `TRIM_ROWS` chunks or
        `TRIM_BYTES` bytes; the next call deletes the rest.
        """
        terminal = _EXTENT.one(session_id=session_id)
        if terminal is None or terminal.kept <= keep:
            return 0
        kept, dropped, oldest = terminal.kept, 0, terminal.oldest
        rows = (
            ChunkRow.select(ChunkRow.offset, ChunkRow.size)
            .where(ChunkRow.session_id == session_id)
            .order_by(ChunkRow.offset)
        )
        for count, row in enumerate(lazily(rows)):
            if kept <= keep or dropped >= TRIM_BYTES or count >= TRIM_ROWS:
                oldest = row.offset
                break
            kept -= row.size
            dropped += row.size
        else:
            oldest = terminal.stored
        ChunkRow.delete().where(
            (ChunkRow.session_id == session_id) & (ChunkRow.offset < oldest)
        ).execute()
        TerminalRow.update(kept=kept, oldest=oldest).where(
            TerminalRow.session_id == session_id
        ).execute()
        return dropped

    def read(
        self, session_id: str, offset: int, limit: int, budget: int
    ) -> list[Chunk]:
        """Chunks in order, from the one that contains `offset` or follows it.

        At most `limit`. The last one reaches `budget` bytes from `offset` on.
        """
        start = _START.value(session_id=session_id, offset=offset) or 0
        rows = _READ.rows(
            session_id=session_id, start=start, offset=offset, limit=limit
        )
        return _within(rows, budget, offset)

    def page(
        self,
        session_id: str,
        since: str | None,
        before: str | None,
        limit: int,
        budget: int,
        to: int | None = None,
        forward: bool = False,
    ) -> list[Chunk]:
        """Chunks of a session, oldest first, at most `limit`.

        They lie between the stamps `since` and `before`, and their first offset is
        below `to`. With `forward` they are the oldest of these, else the newest.
        Counted from that end, the chunk that reaches `budget` bytes is the last one.
        """
        query = self._select(session_id)
        if before is not None:
            query = query.where(ChunkRow.at < before)
        if to is not None:
            query = query.where(ChunkRow.offset < to)
        if since is not None:
            query = query.where(ChunkRow.at > since)
        if forward:
            oldest = query.order_by(ChunkRow.offset).limit(limit)
            return _within(lazily(oldest.namedtuples()), budget)
        newest = query.order_by(ChunkRow.offset.desc()).limit(limit)
        return _within(lazily(newest.namedtuples()), budget)[::-1]

    def _select(self, session_id: str) -> Any:
        return ChunkRow.select().where(ChunkRow.session_id == session_id)
