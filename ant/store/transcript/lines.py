"""Rendered lines: blocks of lines, the progress of rendering, and the trigram index.

Rule 1: a block is stored as soon as it has lines, and indexed later, once it is full.
Rule 2: a search scans blocks that are not indexed, so it misses none.
Rule 3: the text of a deleted block is never read, and is deleted a bit later.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any

import attrs
from peewee import fn

from ant.api import codec
from ant.model.sessions import SessionId
from ant.store.tables.lines import (
    DeletedLineBlockRow,
    LineBlockRow,
    LineCursorRow,
    LineIndex,
    LineRunRow,
    LineTextRow,
)
from ant.store.tables.reachable import reachable
from ant.store.tables.sessions import TerminalRow, database
from ant.store.tables.statement import Statement, lazily
from ant.store.transcript.line_block import LineBlock
from ant.terminal.render.rows import Line

BLOCK = 32 << 10
"""Characters of a full block: some milliseconds to index, or to scan."""

GRAMS_MAX = 24
"""Trigrams in one query of the index. More rarely exclude more blocks."""


class BlockState(IntEnum):
    """The state of a block: standing lines may still change, the others are final."""

    STANDING = 0
    OPEN = 1
    FULL = 2
    INDEXED = 3


@attrs.frozen
class RenderProgress:
    """The progress of rendering: `offset` is the next byte, `number` the next line.

    `at` is the time of the last rendered byte in milliseconds since 1970, `state` that
    of the renderer.
    """

    offset: int
    number: int
    at: int
    state: dict[str, Any]


_CURSOR = Statement(
    lambda session_id: LineCursorRow.select().where(
        LineCursorRow.session_id == session_id
    )
)
_BLOCK = Statement(
    lambda session_id, state: (
        LineBlockRow.select()
        .where((LineBlockRow.session_id == session_id) & (LineBlockRow.state == state))
        .limit(1)
    )
)
_TEXT = Statement(lambda id: LineTextRow.select().where(LineTextRow.id == id))
_RUNS = Statement(
    lambda session_id, until: (
        LineRunRow.select()
        .where((LineRunRow.session_id == session_id) & (LineRunRow.offset < until))
        .order_by(LineRunRow.offset)
    )
)
_CURSOR_COLUMNS = ("session_id", "offset", "number", "at", "state")
_REPLACE = Statement(
    lambda **row: LineCursorRow.insert(row).on_conflict_replace(), names=_CURSOR_COLUMNS
)
_EXTENT = ("first", "count", "start", "stop", "since", "until")
_EXTEND = Statement(
    lambda id, **row: LineBlockRow.update(row).where(LineBlockRow.id == id),
    names=("id", *_EXTENT),
)
_REWRITE = Statement(
    lambda id, text, spans: LineTextRow.update(text=text, spans=spans).where(
        LineTextRow.id == id
    )
)
_TRIM = Statement(
    lambda session_id, oldest: LineBlockRow.delete().where(
        (LineBlockRow.session_id == session_id)
        & (LineBlockRow.stop <= oldest)
        & (LineBlockRow.state > BlockState.OPEN)
    )
)
_OLDEST = Statement(
    lambda session_id: TerminalRow.select(TerminalRow.oldest).where(
        TerminalRow.session_id == session_id
    )
)
_LOWEST = Statement(lambda: LineTextRow.select(fn.MIN(LineTextRow.id)))


class LineStore:
    """Lines of all sessions in one transaction.

    Owns the tables `line_runs`, `line_cursors`, `line_blocks`, `line_texts`,
    `lines_fts` and `line_graves`.
    """

    def begin(self, session_id: str, offset: int, cols: int, rows: int) -> None:
        """Store the offset of a run's first byte, and its screen size then."""
        LineRunRow.insert(
            session_id=session_id, offset=offset, cols=cols, rows=rows
        ).on_conflict_replace().execute()

    def runs(self, session_id: str, until: int) -> list[Any]:
        """Every run that began before an offset, in order, as rows of `line_runs`."""
        return list(_RUNS.rows(session_id=session_id, until=until))

    def progress(self, session_id: str) -> RenderProgress | None:
        """How far a session is rendered; None before it began."""
        row = _CURSOR.one(session_id=session_id)
        if row is None:
            return None
        return RenderProgress(
            row.offset, row.number, row.at, codec.loads(bytes(row.state))
        )

    def lag(self, session_id: str) -> int:
        """The number of bytes that are stored and not rendered."""
        query = self._lagging().where(TerminalRow.session_id == session_id)
        row = query.namedtuples().first()
        return row.stored - max(row.offset or 0, row.oldest) if row else 0

    def lagging(self) -> list[SessionId]:
        """Every session with bytes that are not rendered, in no order."""
        rows = self._lagging().namedtuples()
        return [SessionId(row.session_id) for row in rows]

    def _lagging(self) -> Any:
        return (
            TerminalRow.select(
                TerminalRow.session_id,
                TerminalRow.stored,
                TerminalRow.oldest,
                LineCursorRow.offset,
            )
            .left_outer_join(
                LineCursorRow, on=(LineCursorRow.session_id == TerminalRow.session_id)
            )
            .where(TerminalRow.stored > fn.COALESCE(LineCursorRow.offset, 0))
        )

    def store(
        self,
        session_id: SessionId,
        progress: RenderProgress,
        lines: Sequence[Line],
        standing: Sequence[Line],
    ) -> bool:
        """Append final lines, replace the standing ones, and store the progress.

        Return whether a block became full.
        """
        state = codec.dumps(progress.state)
        _REPLACE.run(
            session_id=session_id,
            offset=progress.offset,
            number=progress.number,
            at=progress.at,
            state=state,
        )
        full = bool(lines) and self._append(session_id, progress.number, lines)
        self._put(session_id, BlockState.STANDING, progress.number, standing)
        return full

    def _append(
        self, session_id: SessionId, number: int, lines: Sequence[Line]
    ) -> bool:
        row = _BLOCK.one(session_id=session_id, state=BlockState.OPEN)
        if row is not None:
            lines = [*self._block(row).lines(), *lines]
        first, at, size, full = number - len(lines), 0, 0, False
        for stop, line in enumerate(lines, 1):
            size += len(line.text) + 1
            if size >= BLOCK:
                self._put(session_id, BlockState.OPEN, first + at, lines[at:stop])
                self._fill(session_id)
                at, size, full = stop, 0, True
        self._put(session_id, BlockState.OPEN, first + at, lines[at:])
        return full

    def _fill(self, session_id: str) -> None:
        LineBlockRow.update(state=BlockState.FULL).where(
            (LineBlockRow.session_id == session_id)
            & (LineBlockRow.state == BlockState.OPEN)
        ).execute()

    def _put(
        self,
        session_id: SessionId,
        state: BlockState,
        first: int,
        lines: Sequence[Line],
    ) -> None:
        """Replace the lines of the one block of a session in a state."""
        block_row = _BLOCK.one(session_id=session_id, state=state)
        if not lines:
            if block_row is not None:
                LineBlockRow.delete().where(LineBlockRow.id == block_row.id).execute()
            return
        block = LineBlock.of(session_id, first, lines)
        fields = {name: getattr(block, name) for name in _EXTENT}
        text = {"text": block.text, "spans": block.spans}
        if block_row is None:
            lowest = min(_LOWEST.value() or 0, 0)
            LineTextRow.insert(id=lowest - 1, **text).execute()
            LineBlockRow.insert(
                id=lowest - 1, session_id=session_id, state=state, **fields
            ).execute()
        else:
            _REWRITE.run(id=block_row.id, **text)
            _EXTEND.run(id=block_row.id, **fields)

    def blocks(
        self,
        session_id: str,
        grams: Sequence[str] = (),
        since: int | None = None,
        before: int | None = None,
        oldest: int = 0,
        forward: bool = False,
    ) -> Iterator[LineBlock]:
        """Blocks of final lines of a session: newest first, oldest first if `forward`.

        With `grams` only those that may contain all these trigrams: the index decides
        on the indexed ones. `since` and `before` are times in milliseconds, exclusive.
        Blocks that end at or before the offset `oldest` are left out. The texts are
        read one block at a time.
        """
        query = LineBlockRow.select(LineBlockRow).where(
            (LineBlockRow.session_id == session_id)
            & (LineBlockRow.state != BlockState.STANDING)
            & (LineBlockRow.stop > oldest)
        )
        if since is not None:
            query = query.where(LineBlockRow.until > since)
        if before is not None:
            query = query.where(LineBlockRow.since < before)
        if grams:
            reach = LineBlockRow.select(
                fn.MIN(LineBlockRow.id), fn.MAX(LineBlockRow.id)
            )
            within = reach.where(LineBlockRow.session_id == session_id).tuples().first()
            indexed = query.where(LineBlockRow.id.in_(_containing(grams, within)))
            fresh = query.where(LineBlockRow.state < BlockState.INDEXED)
            rows = [*indexed.namedtuples(), *fresh.namedtuples()]
        else:
            rows = list(query.namedtuples())
        rows.sort(key=lambda row: row.first, reverse=not forward)
        for row in rows:
            yield self._block(row)

    def everywhere(
        self, grams: Sequence[str], archived: bool, deleted: bool, live: bool
    ) -> Iterator[LineBlock]:
        """Blocks of all sessions, newest first, read one at a time.

        With `live` the blocks that are not indexed, standing lines included; else the
        indexed ones that may contain all `grams`. Sessions that are `archived` or
        `deleted` count on request.
        """
        query = LineBlockRow.select(LineBlockRow)
        query = reachable(query, LineBlockRow.session_id, archived, deleted)
        if live:
            query = query.where(LineBlockRow.state < BlockState.INDEXED)
            query = query.order_by(LineBlockRow.until.desc())
        elif grams:
            query = query.where(LineBlockRow.id.in_(_containing(grams)))
            query = query.order_by(LineBlockRow.id)
        else:
            query = query.where(LineBlockRow.state == BlockState.INDEXED)
            query = query.order_by(LineBlockRow.id)
        for row in lazily(query.namedtuples()):
            yield self._block(row)

    def _block(self, row: Any) -> LineBlock:
        text = _TEXT.one(id=row.id)
        return LineBlock(
            *(SessionId(row.session_id), row.first, row.count, row.start, row.stop),
            *(row.since, row.until, text.text, bytes(text.spans)),
        )

    def oldest(self, session_id: str) -> int:
        """The first offset of a terminal that is stored; 0 without a terminal."""
        return _OLDEST.value(session_id=session_id) or 0

    def index(self, count: int) -> int:
        """Index full blocks, oldest first, at most `count`; return how many."""
        query = LineBlockRow.select(LineBlockRow.id)
        full = query.where(LineBlockRow.state == BlockState.FULL)
        oldest = full.order_by(LineBlockRow.id.desc()).limit(count)
        ids = [row.id for row in oldest.namedtuples()]
        for ident in ids:
            database.execute_sql(
                "INSERT INTO lines_fts (rowid, text) "
                "SELECT id, text FROM line_texts WHERE id = ?",
                (ident,),
            )
            LineBlockRow.update(state=BlockState.INDEXED).where(
                LineBlockRow.id == ident
            ).execute()
        return len(ids)

    def trim(self, session_id: str, oldest: int) -> None:
        """Delete the full blocks of a session that end at or before an offset."""
        _TRIM.run(session_id=session_id, oldest=oldest)

    def is_tidy(self) -> bool:
        """Whether no block is to be indexed and no text to be deleted."""
        full = LineBlockRow.select().where(LineBlockRow.state == BlockState.FULL)
        return not (full.exists() or DeletedLineBlockRow.select().exists())

    def sweep(self, count: int) -> int:
        """Delete texts of deleted blocks, at most `count`; return how many."""
        deleted = list(DeletedLineBlockRow.select().limit(count).namedtuples())
        for block in deleted:
            if block.indexed:
                database.execute_sql(
                    "INSERT INTO lines_fts (lines_fts, rowid, text) "
                    "SELECT 'delete', id, text FROM line_texts WHERE id = ?",
                    (block.id,),
                )
            LineTextRow.delete().where(LineTextRow.id == block.id).execute()
            DeletedLineBlockRow.delete().where(
                DeletedLineBlockRow.id == block.id
            ).execute()
        return len(deleted)


def _containing(grams: Sequence[str], reach: tuple[int, int] | None = None) -> Any:
    """The ids of indexed blocks that contain all trigrams, as a subquery.

    With a join SQLite would query the index once for each block.
    """
    step = max(len(grams) // GRAMS_MAX, 1)
    match = " ".join('"' + gram.replace('"', '""') + '"' for gram in grams[::step])
    query = LineIndex.select(LineIndex.rowid).where(LineIndex.match(match))
    return query if reach is None else query.where(LineIndex.rowid.between(*reach))
