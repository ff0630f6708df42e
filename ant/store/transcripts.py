"""Transcript chunks: appended in order, read by offset or time, oldest dropped."""

from collections.abc import Iterator
from typing import Any

from ant import clock
from ant.model import Chunk, SessionId
from ant.store.tables import ChunkRow, TerminalRow

_BATCH = 64
"""Chunks fetched at once while scanning: 4 MiB at the largest chunk."""


def _chunk(row: Any) -> Chunk:
    return Chunk(
        id=row.id,
        session_id=SessionId(row.session_id_id),
        offset=row.offset,
        at=clock.parse_stamp(row.at),
        data=bytes(row.data),
    )


def _within(rows: Any, budget: int, offset: int = 0) -> list[Chunk]:
    """The first rows, until they have `budget` bytes together; at least one.

    Bytes before `offset` do not count: the reader has them.
    """
    chunks: list[Chunk] = []
    size = 0
    for row in rows.iterator():
        chunks.append(_chunk(row))
        size += row.offset + row.size - max(row.offset, offset)
        if size >= budget:
            break
    return chunks


class Transcripts:
    """The bytes of all sessions, inside one transaction."""

    def append(
        self, session_id: str, at: str, chunks: list[tuple[int, bytes]], reserved: int
    ) -> None:
        """Store chunks that continue the transcript, and how far offsets may go now.

        A session that is gone meanwhile is left alone: its bytes went with it.
        """
        terminal = TerminalRow.get_or_none(TerminalRow.session_id == session_id)
        if terminal is None:
            return
        rows = [
            {
                "session_id": session_id,
                "offset": offset,
                "size": len(data),
                "at": at,
                "data": data,
            }
            for offset, data in chunks
        ]
        ChunkRow.insert_many(rows).execute()
        offset, last = chunks[-1]
        TerminalRow.update(
            stored=offset + len(last),
            kept=terminal.kept + sum(len(data) for _, data in chunks),
            oldest=terminal.oldest if terminal.kept else chunks[0][0],
            reserved=max(reserved, terminal.reserved),
        ).where(TerminalRow.session_id == session_id).execute()

    def trim(self, session_id: str, keep: int) -> int:
        """Drop the oldest whole chunks till at most `keep` bytes are left; how many."""
        terminal = TerminalRow.get_or_none(TerminalRow.session_id == session_id)
        if terminal is None or terminal.kept <= keep:
            return 0
        kept, dropped, oldest = terminal.kept, 0, terminal.oldest
        rows = (
            ChunkRow.select(ChunkRow.offset, ChunkRow.size)
            .where(ChunkRow.session_id == session_id)
            .order_by(ChunkRow.offset)
        )
        for row in rows.iterator():
            if kept <= keep:
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
        rows = (
            self._of(session_id)
            .where((ChunkRow.offset + ChunkRow.size) > offset)
            .where(ChunkRow.offset >= self._start(session_id, offset))
            .order_by(ChunkRow.offset)
            .limit(limit)
        )
        return _within(rows, budget, offset)

    def page(
        self,
        session_id: str,
        since: str | None,
        before: str | None,
        limit: int,
        budget: int,
    ) -> list[Chunk]:
        """Oldest first: the oldest `limit` after `since`, else the newest `limit`.

        With `before` only what was stored before it counts. `budget` as for `read`;
        what is too much is left out at the far end of the reading direction.
        """
        query = self._of(session_id)
        if before is not None:
            query = query.where(ChunkRow.at < before)
        if since is not None:
            query = query.where(ChunkRow.at > since)
            if before is None:
                return _within(query.order_by(ChunkRow.offset).limit(limit), budget)
        newest = query.order_by(ChunkRow.offset.desc()).limit(limit)
        return _within(newest, budget)[::-1]

    def backwards(self, session_id: str) -> Iterator[Chunk]:
        """All chunks, newest first, fetched a few at a time."""
        below = None
        while True:
            query = self._of(session_id)
            if below is not None:
                query = query.where(ChunkRow.offset < below)
            batch = list(
                map(_chunk, query.order_by(ChunkRow.offset.desc()).limit(_BATCH))
            )
            yield from batch
            if len(batch) < _BATCH:
                return
            below = batch[-1].offset

    def _of(self, session_id: str) -> Any:
        return ChunkRow.select().where(ChunkRow.session_id == session_id)

    def _start(self, session_id: str, offset: int) -> int:
        """Where the chunk begins that holds `offset`, found through the index."""
        row = (
            ChunkRow.select(ChunkRow.offset)
            .where((ChunkRow.session_id == session_id) & (ChunkRow.offset <= offset))
            .order_by(ChunkRow.offset.desc())
            .first()
        )
        return row.offset if row else 0
