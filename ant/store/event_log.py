"""The event log: durable events by `seq`, pruned by count and age."""

import hashlib
from typing import Any

from peewee import SQL, fn

from ant.api import codec
from ant.core import clock
from ant.model.events import Envelope, Event, Tombstone
from ant.model.sessions import SessionId
from ant.store.tables.sessions import EventRow, SessionRow
from ant.store.tables.statement import ALL, PAGE_BYTES, Page, Statement, lazily, page

TOMBSTONE = "tombstone"
"""The type of an event whose content was deleted. It keeps its `seq` and time. Its body
is that of a `Tombstone`; an older ANT wrote only its former `type` and `sha256`."""

_APPEND = Statement(
    lambda at, session_id, tag, body: EventRow.insert(
        at=at, session_id=session_id, type=tag, body=body
    )
)


def sha256(text: str) -> str:
    """The SHA-256 of a body in hex; also an SQL function of that name."""
    return hashlib.sha256(text.encode()).hexdigest()


def _envelope(row: Any) -> Envelope:
    event: Event
    body = codec.loads(row.body) if row.type == TOMBSTONE else {}
    if "type" in body:
        event = Tombstone(SessionId(row.session_id), body["type"], body["sha256"])
    elif row.is_removed and row.type != TOMBSTONE:  # The remover has not got to it yet.
        event = Tombstone(SessionId(row.session_id), row.type, sha256(row.body))
    else:
        event = codec.load_event(row.type, row.body)
    return Envelope(clock.parse_stamp(row.at), event, row.seq)


class EventLogStore:
    """The event log in one transaction; owns the table `events`."""

    def append(self, at: str, session_id: str | None, tag: str, body: str) -> int:
        """Append an event and return its `seq`, larger than any one before."""
        cursor = _APPEND.run(at=at, session_id=session_id, tag=tag, body=body)
        return int(cursor.lastrowid)

    def newest(self) -> int:
        """The `seq` of the last logged event; 0 before the first."""
        row = EventRow.select(EventRow.seq).order_by(EventRow.seq.desc()).first()
        return row.seq if row else 0

    def oldest(self) -> int | None:
        """The lowest `seq` in the log; None for an empty log."""
        row = EventRow.select(EventRow.seq).order_by(EventRow.seq).first()
        return row.seq if row else None

    def since(
        self,
        seq: int,
        limit: int,
        session_id: str | None = None,
        tag: str | None = None,
        budget: int = PAGE_BYTES,
    ) -> Page[Envelope]:
        """Events after `seq`, oldest first: at most `limit`, of about `budget` bytes.

        `session_id` and `tag` (the event's type) filter. Events of removed sessions
        are tombstones.
        """
        removed = _of_removed_session()
        query = EventRow.select(EventRow, removed.alias("is_removed")).where(
            EventRow.seq > seq
        )
        if session_id is not None:
            query = query.where(EventRow.session_id == session_id)
        if tag == TOMBSTONE:
            query = query.where((EventRow.type == tag) | removed)
        elif tag is not None:
            query = query.where((EventRow.type == tag) & ~removed)
        rows = query.order_by(EventRow.seq).limit(limit + 1).namedtuples()
        return page(lazily(rows), _envelope, limit, budget)

    def redact(self, session_id: str, message_id: str) -> None:
        """Replace the events that have the content of a message by tombstones."""
        redact_events(
            (EventRow.session_id == session_id)
            & EventRow.type.in_(("message_created", "message_updated"))
            & EventRow.body.contains(f'"id":"{message_id}"')
        )

    def prune(self, keep: int, before: str | None = None, most: int = ALL) -> int:
        """Delete all but the newest `keep` events, and those older than `before`.

        Return how many: at most `most`, the oldest first. The newest event always
        stays, since the next `seq` follows from it.
        """
        newest = self.newest()
        expired = EventRow.seq <= newest - max(keep, 1)
        if before is not None:
            expired |= (EventRow.at < before) & (EventRow.seq < newest)
        # Times grow with `seq`, so only the first `most` rows can match.
        first = EventRow.select(EventRow.seq).order_by(EventRow.seq).limit(most)
        oldest = [row.seq for row in first.namedtuples()] if most < ALL else None
        if oldest is not None:
            expired &= EventRow.seq <= (oldest[-1] if oldest else 0)
        return int(EventRow.delete().where(expired).execute())


def _of_removed_session() -> Any:
    """Condition: the event is of a session that is marked removed."""
    removed = SessionRow.select(SessionRow.id).where(SessionRow.removed == SQL("1"))
    return EventRow.session_id.is_null(False) & EventRow.session_id.in_(removed)


def redact_events(condition: Any) -> None:
    """Replace the events that match a condition by tombstones.

    Tombstones stay as they are, so each keeps the hash of the original body.
    """
    body = fn.json_object(
        *("sessionId", EventRow.session_id, "eventType", EventRow.type),
        *("sha256", fn.sha256(EventRow.body)),
    )
    EventRow.update(type=TOMBSTONE, body=body).where(
        condition & (EventRow.type != TOMBSTONE)
    ).execute()
