"""Verdicts as they were made, in the order in which they were."""

from collections.abc import Iterable
from typing import Any

import attrs

from ant.api import codec
from ant.store.tables.sessions import SightingRow
from ant.store.tables.statement import Statement
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind
from ant.terminal.model.tty import Tty


@attrs.frozen
class VerdictRecord:
    """A verdict after the byte before `offset`, and what it was made of beside them."""

    offset: int
    at: str
    cols: int
    rows: int
    tty: Tty | None
    quiet_s: float
    flag: str | None
    kind: Kind
    rule: str
    fingerprint: str | None
    question: str | None


def _sighting(row: Any) -> VerdictRecord:
    return VerdictRecord(
        row.offset,
        row.at,
        row.cols,
        row.rows,
        codec.read_data(codec.loads(row.tty), Tty) if row.tty else None,
        row.quiet_ms / 1000,
        row.flag,
        Kind(row.kind),
        row.rule,
        row.fingerprint,
        row.question,
    )


_SIZES = Statement(
    lambda session_id, after, until: (
        SightingRow.select(SightingRow.offset, SightingRow.cols, SightingRow.rows)
        .where(SightingRow.session_id == session_id)
        .where((SightingRow.offset > after) & (SightingRow.offset <= until))
        .order_by(SightingRow.offset, SightingRow.id)
    )
)
_LAST = Statement(
    lambda session_id, until: (
        SightingRow.select()
        .where((SightingRow.session_id == session_id) & (SightingRow.offset <= until))
        .order_by(SightingRow.id.desc())
        .limit(1)
    )
)


class VerdictStore:
    """Verdicts of terminals, inside one transaction."""

    def add(self, session_id: str, at: str, seen: Iterable[VerdictSeen]) -> None:
        """Append what was seen of one terminal."""
        for each in seen:
            prompt = each.verdict.prompt
            SightingRow.insert(
                session_id=session_id,
                offset=each.verdict.end,
                at=at,
                cols=each.cols,
                rows=each.rows,
                tty=codec.dumps(each.tty).decode() if each.tty else None,
                quiet_ms=int(each.quiet_s * 1000),
                flag=each.flag,
                kind=each.verdict.kind,
                rule=each.verdict.rule,
                fingerprint=prompt.fingerprint if prompt else None,
                question=prompt.question if prompt else None,
            ).execute()

    def of(
        self, session_id: str, since: int = 0, until: int | None = None
    ) -> list[VerdictRecord]:
        """Those from offset `since` to `until`, both included, oldest first."""
        rows = SightingRow.select().where(
            (SightingRow.session_id == session_id) & (SightingRow.offset >= since)
        )
        if until is not None:
            rows = rows.where(SightingRow.offset <= until)
        return list(map(_sighting, rows.order_by(SightingRow.id).namedtuples()))

    def sizes(
        self, session_id: str, after: int, until: int
    ) -> list[tuple[int, int, int]]:
        """Offset, columns and rows of all after one offset up to another, in order."""
        rows = _SIZES.rows(session_id=session_id, after=after, until=until)
        return list(map(tuple, rows))

    def last(self, session_id: str, until: int) -> VerdictRecord | None:
        """The newest at or before an offset."""
        row = _LAST.one(session_id=session_id, until=until)
        return _sighting(row) if row else None

    def trim(self, session_id: str, oldest: int) -> None:
        """Drop those before an offset, but the last: it tells the size there."""
        last = self.last(session_id, oldest)
        if last is not None:
            SightingRow.delete().where(
                (SightingRow.session_id == session_id)
                & (SightingRow.offset < last.offset)
            ).execute()
