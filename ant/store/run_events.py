"""Run events and terminal events: appended in order, the oldest let go."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from peewee import fn

from ant.api import codec
from ant.core import clock
from ant.model.run_events import RunEvent, Source, TerminalEvent, Trust
from ant.model.sessions import SessionId
from ant.store.tables.reachable import reachable
from ant.store.tables.run_events import RunEventRow, TerminalEventRow
from ant.store.tables.sessions import database
from ant.store.tables.statement import ALL, PAGE_BYTES, Page, Statement, lazily, page

TOMBSTONE = "tombstone"
"""The kind of an event whose content was removed for good: place and hashes stay."""

_HEAD = Statement(
    lambda session_id: (
        RunEventRow.select(RunEventRow.n, RunEventRow.hash)
        .where(RunEventRow.session_id == session_id)
        .order_by(RunEventRow.n.desc())
        .limit(1)
    )
)

_REACHED = Statement(
    lambda session_id, source, kind: (
        RunEventRow.select(RunEventRow.end)
        .where((RunEventRow.session_id == session_id) & (RunEventRow.source == source))
        .where((RunEventRow.kind == kind) & RunEventRow.end.is_null(False))
        .order_by(RunEventRow.n.desc())
        .limit(1)
    )
)


def _event(row: Any) -> RunEvent:
    at = clock.parse_stamp(row.at)
    return RunEvent(
        id=row.id,
        session_id=SessionId(row.session_id),
        n=row.n,
        ts_ms=clock.epoch_ms(at),
        source=Source(row.source),
        trust=Trust(row.trust),
        kind=row.kind,
        text=row.text,
        payload=codec.loads(row.payload),
        raw_ref=codec.loads(row.raw_ref) if row.raw_ref else None,
        start=row.start,
        end=row.end,
        created_at=at,
        prev=row.prev,
        hash=row.hash,
    )


def _told(row: Any) -> TerminalEvent:
    at = clock.epoch_ms(clock.parse_stamp(row.at))
    return TerminalEvent(row.id, at, row.kind, codec.loads(row.data), row.offset)


class RunEventStore:
    """The run events of all sessions, inside one transaction."""

    def head(self, session_id: str) -> tuple[int, str | None]:
        """Number and hash of a session's last event; 0 and None before the first."""
        row = _HEAD.one(session_id=session_id)
        return (row.n, row.hash) if row else (0, None)

    def add(self, event: RunEvent) -> int:
        """Append an event; its id, whatever it said."""
        row = RunEventRow.insert(
            session_id=event.session_id,
            n=event.n,
            at=clock.stamp(event.created_at),
            source=event.source,
            trust=event.trust,
            kind=event.kind,
            text=event.text,
            payload=codec.dumps(event.payload).decode(),
            raw_ref=codec.dumps(event.raw_ref).decode() if event.raw_ref else None,
            start=event.start,
            end=event.end,
            prev=event.prev,
            hash=event.hash,
        )
        return int(row.execute())

    def page(
        self,
        session_id: str,
        limit: int,
        since: str | None = None,
        before: str | None = None,
        after: int | None = None,
        source: str | None = None,
        kind: str | None = None,
        q: str | None = None,
        below: int | None = None,
        budget: int = PAGE_BYTES,
    ) -> Page[RunEvent]:
        """Oldest first: the oldest `limit` after `since` or `after`, or the newest.

        `after` and `below` are ids. No more than have `budget` bytes together.
        """
        query = RunEventRow.select().where(
            (RunEventRow.session_id == session_id) & (RunEventRow.kind != TOMBSTONE)
        )
        if since is not None:
            query = query.where(RunEventRow.at > since)
        if before is not None:
            query = query.where(RunEventRow.at < before)
        if after is not None:
            query = query.where(RunEventRow.id > after)
        if below is not None:
            query = query.where(RunEventRow.id < below)
        if source is not None:
            query = query.where(RunEventRow.source == source)
        if kind is not None:
            query = query.where(RunEventRow.kind == kind)
        if q:
            text = fn.LOWERED(RunEventRow.text)
            query = query.where(fn.INSTR(text, q.lower()) > 0)
        is_open = since is None and after is None
        newest = before is not None or below is not None or is_open
        order = RunEventRow.n.desc() if newest else RunEventRow.n
        rows = query.order_by(order).limit(limit + 1).namedtuples()
        return page(lazily(rows), _event, limit, budget, newest)

    def reached(self, session_id: str, source: Source, kind: str) -> int:
        """The last byte that an event of this source and kind points at; 0 if none."""
        row = _REACHED.one(session_id=session_id, source=source, kind=kind)
        return row.end if row else 0

    def extent(
        self, session_id: str
    ) -> tuple[dict[str, int], datetime | None, datetime | None]:
        """How many there are of each kind; the times of the first and of the last."""
        kind, at = RunEventRow.kind, RunEventRow.at
        rows: list[Any] = list(
            RunEventRow.select(kind, fn.COUNT(), fn.MIN(at), fn.MAX(at))
            .where((RunEventRow.session_id == session_id) & (kind != TOMBSTONE))
            .group_by(kind)
            .tuples()
        )
        if not rows:
            return {}, None, None
        first, last = min(row[2] for row in rows), max(row[3] for row in rows)
        counts = {name: count for name, count, _, _ in rows}
        return counts, clock.parse_stamp(first), clock.parse_stamp(last)

    def following(self, session_id: str, n: int, limit: int) -> tuple[RunEvent, ...]:
        """The `limit` after the one with that number, tombstones too."""
        rows = (
            RunEventRow.select()
            .where((RunEventRow.session_id == session_id) & (RunEventRow.n > n))
            .order_by(RunEventRow.n)
            .limit(limit)
        )
        return tuple(map(_event, rows.namedtuples()))

    def matching(
        self,
        holds: Callable[[str], bool],
        archived: bool,
        deleted: bool,
        limit: int,
        budget: int,
    ) -> tuple[list[RunEvent], bool]:
        """The events, newest first, whose text is like that; whether that is all.

        No more than `budget` characters are looked through, and no more answered than a
        page has.
        """
        room = PAGE_BYTES
        query = RunEventRow.select(RunEventRow).where(RunEventRow.kind != TOMBSTONE)
        query = reachable(query, RunEventRow.session_id, archived, deleted)
        found: list[RunEvent] = []
        for row in lazily(query.order_by(RunEventRow.id.desc()).namedtuples()):
            budget -= len(row.text)
            if budget < 0:
                return found, False
            if holds(row.text):
                room -= codec.json_size(row)
                if room < 0 and found:
                    return found, False
                found.append(_event(row))
                if len(found) == limit:
                    break
        return found, True

    def prune(self, session_id: str, below: int) -> None:
        """Let those go whose number is less; the chain begins later then."""
        RunEventRow.delete().where(
            (RunEventRow.session_id == session_id) & (RunEventRow.n < below)
        ).execute()

    def bury(self, before: str, most: int = ALL) -> int:
        """Remove tombstones from before a time for good, `most` at once; how many."""
        # The index of tombstones is taken only where the kind stands in the words.
        old = database.execute_sql(
            "SELECT id FROM run_events WHERE kind = 'tombstone' AND at < ? LIMIT ?",
            (before, most),
        )
        ids = [ident for (ident,) in old.fetchall()]
        return int(RunEventRow.delete().where(RunEventRow.id.in_(ids)).execute())


def bury_run_events(session_id: str, first: int, last: int) -> None:
    """Leave of these numbers of a session nothing but places, times and hashes."""
    RunEventRow.update(
        kind=TOMBSTONE, text="", payload="{}", raw_ref=None, start=None, end=None
    ).where(
        (RunEventRow.session_id == session_id) & RunEventRow.n.between(first, last)
    ).execute()


class TerminalEventStore:
    """What terminal hosts told, inside one transaction."""

    def add(
        self, session_id: str, at: str, kind: str, data: dict[str, Any], offset: int
    ) -> int:
        """Append one; its id."""
        row = TerminalEventRow.insert(
            session_id=session_id,
            at=at,
            kind=kind,
            data=codec.dumps(data).decode(),
            offset=offset,
        )
        return int(row.execute())

    def trim(self, session_id: str, keep: int) -> None:
        """Drop all but the newest `keep`."""
        mine = TerminalEventRow.session_id == session_id
        last = (
            TerminalEventRow.select(TerminalEventRow.id)
            .where(mine)
            .order_by(TerminalEventRow.id.desc())
            .offset(keep)
            .limit(1)
        )
        TerminalEventRow.delete().where(mine & (TerminalEventRow.id <= last)).execute()

    def page(
        self,
        session_id: str,
        limit: int,
        since: str | None = None,
        before: str | None = None,
        kind: str | None = None,
        after: int | None = None,
        below: int | None = None,
    ) -> Page[TerminalEvent]:
        """Oldest first: the oldest `limit` after `since` or `after`, else the newest.

        `after` and `below` are ids.
        """
        query = TerminalEventRow.select().where(
            TerminalEventRow.session_id == session_id
        )
        if since is not None:
            query = query.where(TerminalEventRow.at > since)
        if before is not None:
            query = query.where(TerminalEventRow.at < before)
        if kind is not None:
            query = query.where(TerminalEventRow.kind == kind)
        if after is not None:
            query = query.where(TerminalEventRow.id > after)
        if below is not None:
            query = query.where(TerminalEventRow.id < below)
        is_open = since is None and after is None
        newest = before is not None or below is not None or is_open
        order = TerminalEventRow.id.desc() if newest else TerminalEventRow.id
        rows = query.order_by(order).limit(limit + 1).namedtuples()
        return page(lazily(rows), _told, limit, newest=newest)
