"""Transcript chunks: appended in order, read by offset or time, oldest dropped."""

from collections.abc import Iterator
from typing import Any

from ant.core import clock
from ant.model.sessions import SessionId
from ant.model.transcript import Chunk
from ant.store.tables.sessions import ChunkRow, TerminalRow
from ant.store.tables.statement import Statement, lazily

_BATCH = 64
"""Chunks fetched at once while scanning: 4 MiB at the largest chunk."""


TRIM_BYTES = 4 << 20
TRIM_ROWS = 256
"""What is dropped at once at most: more than is ever appended at once, so that a bound
which was lowered is reached, and others write meanwhile."""


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

    Bytes before `offset` do not count: the reader has them.
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
"""Where the chunk begins that holds an offset, found through the index."""

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
    """The bytes of all sessions, inside one transaction."""

    def append(
        self, session_id: str, at: str, chunks: list[tuple[int, bytes]], reserved: int
    ) -> None:
        """Store chunks that continue the transcript, and how far offsets may go now.

        One without bytes says that there are none before it that are not stored. A
        session that is gone meanwhile is left alone: its bytes went with it.
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
        """One past the last offset, whether it has a byte or was left out."""
        terminal = _EXTENT.one(session_id=session_id)
        return terminal.stored if terminal else 0

    def trim(self, session_id: str, keep: int) -> int:
        """Drop the oldest whole chunks till at most `keep` bytes are left; how many.

        No more than `TRIM_ROWS`, and `TRIM_BYTES`, at once: the rest the next time.
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
        """Chunks from the one that holds `offset`, or follows it, on.

        At most `limit`, and no more once they have `budget` bytes together.
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
    ) -> list[Chunk]:
        """Oldest first: the oldest `limit` after `since`, else the newest `limit`.

        With `before` only what was stored before it counts, with `to` only chunks that
        begin before that offset; both are the newest then. `budget` as for `read`;
        what is too much is left out at the far end of the reading direction.
        """
        query = self._of(session_id)
        if before is not None:
            query = query.where(ChunkRow.at < before)
        if to is not None:
            query = query.where(ChunkRow.offset < to)
        if since is not None:
            query = query.where(ChunkRow.at > since)
            if before is None and to is None:
                oldest = query.order_by(ChunkRow.offset).limit(limit)
                return _within(lazily(oldest.namedtuples()), budget)
        newest = query.order_by(ChunkRow.offset.desc()).limit(limit)
        return _within(lazily(newest.namedtuples()), budget)[::-1]

    def backwards(self, session_id: str) -> Iterator[Chunk]:
        """All chunks, newest first, fetched a few at a time."""
        below = None
        while True:
            query = self._of(session_id)
            if below is not None:
                query = query.where(ChunkRow.offset < below)
            newest = query.order_by(ChunkRow.offset.desc()).limit(_BATCH)
            batch = list(map(_chunk, newest.namedtuples()))
            yield from batch
            if len(batch) < _BATCH:
                return
            below = batch[-1].offset

    def _of(self, session_id: str) -> Any:
        return ChunkRow.select().where(ChunkRow.session_id == session_id)
