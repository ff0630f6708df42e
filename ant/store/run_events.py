"""Run events and terminal events: appended in order, the oldest deleted."""

from collections.abc import Callable, Collection, Generator, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

from peewee import SQL, fn

from ant.api import codec
from ant.core import clock
from ant.model.run_events import (
    PRUNED,
    TOMBSTONE,
    RunEvent,
    Source,
    TerminalEvent,
    Trust,
    pruned_text,
)
from ant.model.sessions import SessionId
from ant.store.tables.reachable import reachable
from ant.store.tables.run_events import RunEventRow, TerminalEventRow
from ant.store.tables.sessions import database
from ant.store.tables.statement import (
    ALL,
    PAGE_BYTES,
    Page,
    Statement,
    lazily,
    page,
    scan,
)

_HEAD = Statement(
    lambda session_id: (
        RunEventRow.select(RunEventRow.n, RunEventRow.hash)
        .where(RunEventRow.session_id == session_id)
        .order_by(RunEventRow.n.desc())
        .limit(1)
    )
)

_LAST_END = Statement(
    lambda session_id, source, kind: (
        RunEventRow.select(RunEventRow.end)
        .where((RunEventRow.session_id == session_id) & (RunEventRow.source == source))
        .where((RunEventRow.kind == kind) & RunEventRow.end.is_null(False))
        .order_by(RunEventRow.n.desc())
        .limit(1)
    )
)


def _run_event(row: Any) -> RunEvent:
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


def _terminal_event(row: Any) -> TerminalEvent:
    at = clock.epoch_ms(clock.parse_stamp(row.at))
    return TerminalEvent(row.id, at, row.kind, codec.loads(row.data), row.offset)


class RunEventStore:
    """Run events of all sessions in one transaction; owns the table `run_events`."""

    def head(self, session_id: str) -> tuple[int, str | None]:
        """Number and hash of a session's newest event; 0 and None before the first."""
        row = _HEAD.one(session_id=session_id)
        return (row.n, row.hash) if row else (0, None)

    def add(self, event: RunEvent, minor: bool = False) -> int:
        """Append an event and return its new id; the `id` of `event` is ignored."""
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
            minor=int(minor),
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
        forward: bool = False,
    ) -> Page[RunEvent]:
        """Events of a session, oldest first: at most `limit`, of about `budget` bytes.

        With `forward` the oldest within the bounds, else the newest. `since` and
        `before` are stamps, `after` and `below` ids; all four are exclusive. `source`,
        `kind` and `q` (a part of the text in any case) filter.
        """
        query = RunEventRow.select().where(RunEventRow.session_id == session_id)
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
        order = RunEventRow.n if forward else RunEventRow.n.desc()
        rows = query.order_by(order).limit(limit + 1).namedtuples()
        return page(lazily(rows), _run_event, limit, budget, newest=not forward)

    def last_end(self, session_id: str, source: Source, kind: str) -> int:
        """The newest `end` offset of events of a source and kind; 0 without one."""
        row = _LAST_END.one(session_id=session_id, source=source, kind=kind)
        return row.end if row else 0

    def extent(
        self, session_id: str
    ) -> tuple[dict[str, int], datetime | None, datetime | None]:
        """Counts by kind, and the times of the first and the last event.

        `pruned` counts the events that were pruned. The times are None when there are
        no events.
        """
        kind, at = RunEventRow.kind, RunEventRow.at
        events = SQL(
            "CASE minor WHEN 2 THEN JSON_EXTRACT(payload, '$.count') ELSE 1 END"
        )
        rows: list[Any] = list(
            RunEventRow.select(kind, fn.SUM(events), fn.MIN(at), fn.MAX(at))
            .where(RunEventRow.session_id == session_id)
            .group_by(kind)
            .tuples()
        )
        if not rows:
            return {}, None, None
        first, last = min(row[2] for row in rows), max(row[3] for row in rows)
        counts = {name: count for name, count, _, _ in rows}
        return counts, clock.parse_stamp(first), clock.parse_stamp(last)

    def following(self, session_id: str, n: int, limit: int) -> tuple[RunEvent, ...]:
        """Events after number `n`, oldest first: at most `limit`, with tombstones."""
        rows = (
            RunEventRow.select()
            .where((RunEventRow.session_id == session_id) & (RunEventRow.n > n))
            .order_by(RunEventRow.n)
            .limit(limit)
        )
        return tuple(map(_run_event, rows.namedtuples()))

    def begins_after(self, session_id: str, n: int) -> bool:
        """Whether events right after number `n` were deleted: the chain begins later.

        A row in the place of pruned minor events counts from the first of these.
        """
        row = (
            RunEventRow.select(RunEventRow.n, RunEventRow.minor, RunEventRow.payload)
            .where(RunEventRow.session_id == session_id)
            .order_by(RunEventRow.n)
            .first()
        )
        if row is None:
            return False
        first = codec.loads(row.payload)["first"] if row.minor == 2 else row.n
        return bool(first > n + 1)

    def of_kinds(
        self, session_id: str, after: int, kinds: Sequence[str]
    ) -> Generator[RunEvent, None, None]:
        """Events after number `after` that are of these kinds and not minor, in order.

        The rows are read as the caller asks for them. The caller closes the generator.
        """
        rows = (
            RunEventRow.select()
            .where((RunEventRow.session_id == session_id) & (RunEventRow.n > after))
            .where((RunEventRow.minor == 0) & RunEventRow.kind.in_(list(kinds)))
            .order_by(RunEventRow.n)
        )
        with closing(lazily(rows.namedtuples())) as found:
            yield from map(_run_event, found)

    def run_before(self, session_id: str, n: int) -> str | None:
        """The run whose start is the last one before number `n`; None without one."""
        run = fn.JSON_EXTRACT(RunEventRow.payload, "$.run")
        found: str | None = (
            RunEventRow.select(run)
            .where((RunEventRow.session_id == session_id) & (RunEventRow.n < n))
            .where((RunEventRow.minor == 0) & (RunEventRow.kind == "system"))
            .where(RunEventRow.source != Source.HOOK)
            .where(run.is_null(False))
            .order_by(RunEventRow.n.desc())
            .limit(1)
            .scalar()
        )
        return found

    def matching(
        self,
        holds: Callable[[str], bool],
        archived: bool,
        deleted: bool,
        limit: int,
        budget: int,
    ) -> tuple[list[RunEvent], bool]:
        """Events whose text matches `holds`, newest first; whether these are all.

        Events of `archived` and `deleted` sessions on request. It stops after `limit`
        events, `PAGE_BYTES` of JSON, or `budget` characters of text read; the second
        result is False after the latter two.
        """
        query = RunEventRow.select(RunEventRow).where(RunEventRow.kind != TOMBSTONE)
        query = reachable(query, RunEventRow.session_id, archived, deleted)
        newest = lazily(query.order_by(RunEventRow.id.desc()).namedtuples())
        return scan(newest, _run_event, lambda row: row.text, holds, limit, budget)

    def prune(self, session_id: str, keep: int, keep_minor: int) -> None:
        """Delete the oldest events beyond `keep`, and minor ones beyond `keep_minor`.

        Without the oldest events the chain begins later. Minor ones between others
        leave one row in the place of each range, which keeps the chain linked.
        """
        # SQLite uses the partial index of minor events only with these literals.
        minor = "session_id = ? AND minor > 0"
        query = f"SELECT n FROM run_events WHERE {minor} AND minor = 1 "
        last = database.execute_sql(
            f"{query} ORDER BY n DESC LIMIT 1 OFFSET ?", (session_id, keep_minor)
        ).fetchone()
        if last is not None:
            self._prune_minor(session_id, last[0])
        counts = database.execute_sql(
            "SELECT (SELECT COUNT(*) FROM run_events WHERE session_id = ?) - "
            f"(SELECT COUNT(*) FROM run_events WHERE {minor})",
            (session_id, session_id),
        )
        excess = counts.fetchone()[0] - keep
        if excess > 0:
            database.execute_sql(
                "DELETE FROM run_events WHERE session_id = ? AND n < (SELECT n FROM "
                "run_events WHERE session_id = ? AND minor = 0 ORDER BY n "
                "LIMIT 1 OFFSET ?)",
                (session_id, session_id, excess),
            )

    def _prune_minor(self, session_id: str, last: int) -> None:
        """Prune the minor events up to number `last`."""
        rows = database.execute_sql(
            "SELECT n, prev FROM run_events WHERE session_id = ? AND minor > 0 "
            "AND minor = 1 AND n <= ? ORDER BY n",
            (session_id, last),
        )
        ranges: list[list[Any]] = []
        for n, prev in rows.fetchall():
            if ranges and ranges[-1][1] == n - 1:
                ranges[-1][1] = n
            else:
                ranges.append([n, n, prev])
        for first, end, prev in ranges:
            self._prune_range(session_id, first, end, prev)

    def _prune_range(
        self, session_id: str, first: int, end: int, prev: str | None
    ) -> None:
        """Replace a range of events, and a pruned one right before it, by one row."""
        before = (
            RunEventRow.select(RunEventRow.payload, RunEventRow.prev)
            .where((RunEventRow.session_id == session_id) & (RunEventRow.minor == 2))
            .where(RunEventRow.n == first - 1)
            .first()
        )
        if before is not None:
            first, prev = codec.loads(before.payload)["first"], before.prev
        of_session = RunEventRow.session_id == session_id
        RunEventRow.delete().where(
            of_session & (RunEventRow.n >= first) & (RunEventRow.n < end)
        ).execute()
        count = end - first + 1
        RunEventRow.update(
            kind=PRUNED,
            source=Source.STATUS,
            trust=Trust.HIGH,
            text=pruned_text(count),
            payload=codec.dumps({"first": first, "count": count}).decode(),
            raw_ref=None,
            start=None,
            end=None,
            prev=prev,
            minor=2,
        ).where(of_session & (RunEventRow.n == end)).execute()

    def prune_tombstones(self, before: str, most: int = ALL) -> int:
        """Delete tombstones from before a stamp, at most `most`; return how many."""
        # SQLite uses the partial index of tombstones only with the kind as a literal.
        old = database.execute_sql(
            "SELECT id FROM run_events WHERE kind = 'tombstone' AND at < ? LIMIT ?",
            (before, most),
        )
        ids = [ident for (ident,) in old.fetchall()]
        return int(RunEventRow.delete().where(RunEventRow.id.in_(ids)).execute())


def redact_run_events(session_id: str, first: int, last: int) -> None:
    """Make tombstones of a session's run events from number `first` to `last`.

    One in the place of pruned events keeps their range.
    """
    payload = SQL("CASE minor WHEN 2 THEN payload ELSE '{}' END")
    RunEventRow.update(
        kind=TOMBSTONE, text="", payload=payload, raw_ref=None, start=None, end=None
    ).where(
        (RunEventRow.session_id == session_id) & RunEventRow.n.between(first, last)
    ).execute()


class TerminalEventStore:
    """Events of terminal hosts in one transaction; owns the table `terminal_events`."""

    def add(
        self, session_id: str, at: str, kind: str, data: dict[str, Any], offset: int
    ) -> int:
        """Append an event and return its id."""
        row = TerminalEventRow.insert(
            session_id=session_id,
            at=at,
            kind=kind,
            data=codec.dumps(data).decode(),
            offset=offset,
        )
        return int(row.execute())

    def trim(self, session_id: str, keep: int, apart: Collection[str]) -> None:
        """Delete all but the newest `keep` events of a session.

        Kinds `apart` are counted by themselves, so others cannot displace them.
        """
        is_apart = TerminalEventRow.kind.in_(list(apart))
        for kinds in (is_apart, ~is_apart):
            these = (TerminalEventRow.session_id == session_id) & kinds
            last = (
                TerminalEventRow.select(TerminalEventRow.id)
                .where(these)
                .order_by(TerminalEventRow.id.desc())
                .offset(keep)
                .limit(1)
            )
            TerminalEventRow.delete().where(
                these & (TerminalEventRow.id <= last)
            ).execute()

    def page(
        self,
        session_id: str,
        limit: int,
        since: str | None = None,
        before: str | None = None,
        kind: str | None = None,
        after: int | None = None,
        below: int | None = None,
        forward: bool = False,
    ) -> Page[TerminalEvent]:
        """Events of a session, oldest first: at most `limit`, of about `PAGE_BYTES`.

        With `forward` the oldest within the bounds, else the newest. `since` and
        `before` are stamps, `after` and `below` ids; all four are exclusive.
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
        order = TerminalEventRow.id if forward else TerminalEventRow.id.desc()
        rows = query.order_by(order).limit(limit + 1).namedtuples()
        return page(lazily(rows), _terminal_event, limit, newest=not forward)
