"""Rendered lines: blocks in order, how far they reach, and the index that finds them.

Rule 1: a block is stored once it has lines; it is indexed later, when it is full.
Rule 2: what is not indexed is looked through, so nothing is missed meanwhile.
Rule 3: the text of a block that is gone is never read, and is taken out a bit later.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import Any

import attrs
from peewee import fn

from ant.api import codec
from ant.model.sessions import SessionId
from ant.store.tables.lines import (
    LineBlockRow,
    LineCursorRow,
    LineGraveRow,
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
"""Characters of a full block: some milliseconds to index, or to look through."""

GRAMS_MAX = 24
"""Pieces of three letters that the index is asked for: more are rarely better."""


class RendererState(IntEnum):
    """What becomes of a block."""

    STANDING = 0
    OPEN = 1
    FULL = 2
    INDEXED = 3


@attrs.frozen
class RenderProgress:
    """How far a transcript is rendered: `offset` comes next, and line `number`.

    `at` is the time of the last byte in milliseconds, `state` the renderer's.
    """

    offset: int
    number: int
    at: int
    state: dict[str, Any]


_PLACE = Statement(
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
_PLACES = ("session_id", "offset", "number", "at", "state")
_REPLACE = Statement(
    lambda **row: LineCursorRow.insert(row).on_conflict_replace(), names=_PLACES
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
        & (LineBlockRow.state > RendererState.OPEN)
    )
)
_OLDEST = Statement(
    lambda session_id: TerminalRow.select(TerminalRow.oldest).where(
        TerminalRow.session_id == session_id
    )
)
_LOWEST = Statement(lambda: LineTextRow.select(fn.MIN(LineTextRow.id)))


class LineStore:
    """Lines of all sessions, inside one transaction."""

    def begin(self, session_id: str, offset: int, cols: int, rows: int) -> None:
        """A run's first byte will have this offset, and its screen this size."""
        LineRunRow.insert(
            session_id=session_id, offset=offset, cols=cols, rows=rows
        ).on_conflict_replace().execute()

    def runs(self, session_id: str, until: int) -> list[Any]:
        """Runs that began before an offset, in order."""
        return list(_RUNS.rows(session_id=session_id, until=until))

    def progress(self, session_id: str) -> RenderProgress | None:
        """Where rendering has come to; None before it began."""
        row = _PLACE.one(session_id=session_id)
        if row is None:
            return None
        return RenderProgress(
            row.offset, row.number, row.at, codec.loads(bytes(row.state))
        )

    def lag(self, session_id: str) -> int:
        """Bytes that are stored and not rendered."""
        query = self._lagging().where(TerminalRow.session_id == session_id)
        row = query.namedtuples().first()
        return row.stored - max(row.offset or 0, row.oldest) if row else 0

    def lagging(self) -> list[SessionId]:
        """Sessions that have bytes which are not rendered."""
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
        place: RenderProgress,
        lines: Sequence[Line],
        standing: Sequence[Line],
    ) -> bool:
        """Append lines, and say anew what stands; whether a block is full now."""
        state = codec.dumps(place.state)
        _REPLACE.run(
            session_id=session_id,
            offset=place.offset,
            number=place.number,
            at=place.at,
            state=state,
        )
        full = bool(lines) and self._append(session_id, place.number, lines)
        self._put(session_id, RendererState.STANDING, place.number, standing)
        return full

    def _append(
        self, session_id: SessionId, number: int, lines: Sequence[Line]
    ) -> bool:
        row = _BLOCK.one(session_id=session_id, state=RendererState.OPEN)
        if row is not None:
            lines = [*self._block(row).lines(), *lines]
        first, at, size, full = number - len(lines), 0, 0, False
        for stop, line in enumerate(lines, 1):
            size += len(line.text) + 1
            if size >= BLOCK:
                self._put(session_id, RendererState.OPEN, first + at, lines[at:stop])
                self._fill(session_id)
                at, size, full = stop, 0, True
        self._put(session_id, RendererState.OPEN, first + at, lines[at:])
        return full

    def _fill(self, session_id: str) -> None:
        LineBlockRow.update(state=RendererState.FULL).where(
            (LineBlockRow.session_id == session_id)
            & (LineBlockRow.state == RendererState.OPEN)
        ).execute()

    def _put(
        self,
        session_id: SessionId,
        state: RendererState,
        first: int,
        lines: Sequence[Line],
    ) -> None:
        """Let these be the lines of the one block of a session in that state."""
        known = _BLOCK.one(session_id=session_id, state=state)
        if not lines:
            if known is not None:
                LineBlockRow.delete().where(LineBlockRow.id == known.id).execute()
            return
        block = LineBlock.of(session_id, first, lines)
        fields = {name: getattr(block, name) for name in _EXTENT}
        text = {"text": block.text, "spans": block.spans}
        if known is None:
            lowest = min(_LOWEST.value() or 0, 0)
            LineTextRow.insert(id=lowest - 1, **text).execute()
            LineBlockRow.insert(
                id=lowest - 1, session_id=session_id, state=state, **fields
            ).execute()
        else:
            _REWRITE.run(id=known.id, **text)
            _EXTEND.run(id=known.id, **fields)

    def blocks(
        self,
        session_id: str,
        grams: Sequence[str] = (),
        since: int | None = None,
        before: int | None = None,
        oldest: int = 0,
        forward: bool = False,
    ) -> Iterator[LineBlock]:
        """The blocks of final lines that may hold these, newest or oldest first.

        `since` and `before` are times in milliseconds, `oldest` the first byte kept.
        """
        query = LineBlockRow.select(LineBlockRow).where(
            (LineBlockRow.session_id == session_id)
            & (LineBlockRow.state != RendererState.STANDING)
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
            held = query.where(LineBlockRow.id.in_(_holding(grams, within)))
            fresh = query.where(LineBlockRow.state < RendererState.INDEXED)
            rows = [*held.namedtuples(), *fresh.namedtuples()]
        else:
            rows = list(query.namedtuples())
        rows.sort(key=lambda row: row.first, reverse=not forward)
        for row in rows:
            yield self._block(row)

    def everywhere(
        self, grams: Sequence[str], archived: bool, deleted: bool, live: bool
    ) -> Iterator[LineBlock]:
        """Blocks of all sessions that are to be looked into, newest first.

        `live` are those that are not indexed, what stands on screens too; else those
        that are.
        """
        query = LineBlockRow.select(LineBlockRow)
        query = reachable(query, LineBlockRow.session_id, archived, deleted)
        if live:
            query = query.where(LineBlockRow.state < RendererState.INDEXED)
            query = query.order_by(LineBlockRow.until.desc())
        elif grams:
            query = query.where(LineBlockRow.id.in_(_holding(grams)))
            query = query.order_by(LineBlockRow.id)
        else:
            query = query.where(LineBlockRow.state == RendererState.INDEXED)
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
        """The first byte of a terminal that is kept."""
        return _OLDEST.value(session_id=session_id) or 0

    def index(self, count: int) -> int:
        """Put full blocks into the index, so many at most; how many it were."""
        query = LineBlockRow.select(LineBlockRow.id)
        full = query.where(LineBlockRow.state == RendererState.FULL)
        oldest = full.order_by(LineBlockRow.id.desc()).limit(count)
        ids = [row.id for row in oldest.namedtuples()]
        for ident in ids:
            database.execute_sql(
                "INSERT INTO lines_fts (rowid, text) "
                "SELECT id, text FROM line_texts WHERE id = ?",
                (ident,),
            )
            LineBlockRow.update(state=RendererState.INDEXED).where(
                LineBlockRow.id == ident
            ).execute()
        return len(ids)

    def trim(self, session_id: str, oldest: int) -> None:
        """Let lines go whose bytes are gone; those of a block go together."""
        _TRIM.run(session_id=session_id, oldest=oldest)

    def is_tidy(self) -> bool:
        """Whether nothing is to be put into the index, nor to be taken out."""
        full = LineBlockRow.select().where(LineBlockRow.state == RendererState.FULL)
        return not (full.exists() or LineGraveRow.select().exists())

    def sweep(self, count: int) -> int:
        """Take out texts of blocks that are gone, so many at most; how many it were."""
        graves = list(LineGraveRow.select().limit(count).namedtuples())
        for grave in graves:
            if grave.indexed:
                database.execute_sql(
                    "INSERT INTO lines_fts (lines_fts, rowid, text) "
                    "SELECT 'delete', id, text FROM line_texts WHERE id = ?",
                    (grave.id,),
                )
            LineTextRow.delete().where(LineTextRow.id == grave.id).execute()
            LineGraveRow.delete().where(LineGraveRow.id == grave.id).execute()
        return len(graves)


def _holding(grams: Sequence[str], reach: tuple[int, int] | None = None) -> Any:
    """The ids of blocks in whose text the index knows all of the pieces.

    A subquery, not a join: the index is to be asked once and not for each block.
    """
    step = max(len(grams) // GRAMS_MAX, 1)
    match = " ".join('"' + gram.replace('"', '""') + '"' for gram in grams[::step])
    query = LineIndex.select(LineIndex.rowid).where(LineIndex.match(match))
    return query if reach is None else query.where(LineIndex.rowid.between(*reach))
