"""Verdicts on terminals, stored in the order in which the detector made them."""

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
    """A verdict after the bytes before `offset`, and its inputs beside them.

    `rows` and `cols` are the screen size, `quiet_s` the time since the last output.
    """

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


def _record(row: Any) -> VerdictRecord:
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
    """Verdicts on terminals in one transaction; owns the table `sightings`."""

    def add(self, session_id: str, at: str, seen: Iterable[VerdictSeen]) -> None:
        """Append verdicts on one terminal, in order."""
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
        """Every verdict from offset `since` to `until`, both included, oldest first."""
        rows = SightingRow.select().where(
            (SightingRow.session_id == session_id) & (SightingRow.offset >= since)
        )
        if until is not None:
            rows = rows.where(SightingRow.offset <= until)
        return list(map(_record, rows.order_by(SightingRow.id).namedtuples()))

    def sizes(
        self, session_id: str, after: int, until: int
    ) -> list[tuple[int, int, int]]:
        """Offset, columns and rows of every verdict in a range of offsets, in order.

        The range excludes `after` and includes `until`.
        """
        rows = _SIZES.rows(session_id=session_id, after=after, until=until)
        return list(map(tuple, rows))

    def last(self, session_id: str, until: int) -> VerdictRecord | None:
        """The newest verdict at or before an offset; None when there is none."""
        row = _LAST.one(session_id=session_id, until=until)
        return _record(row) if row else None

    def trim(self, session_id: str, oldest: int) -> None:
        """Delete verdicts before an offset but the last, which has the size there."""
        last = self.last(session_id, oldest)
        if last is not None:
            SightingRow.delete().where(
                (SightingRow.session_id == session_id)
                & (SightingRow.offset < last.offset)
            ).execute()
