"""The event log: durable events by `seq`, pruned by count."""

import hashlib
from typing import Any

from peewee import SQL, fn

from ant.api import codec
from ant.core import clock
from ant.model.events import Envelope
from ant.store.tables.sessions import EventRow, SessionRow
from ant.store.tables.statement import ALL, PAGE_BYTES, Page, Statement, lazily, page

TOMBSTONE = "tombstone"
"""The type of an event whose content was removed for good: its `seq` and time stay, and
the body is the `type` that it had and the `sha256` of the body that it had."""

_APPEND = Statement(
    lambda at, session_id, tag, body: EventRow.insert(
        at=at, session_id=session_id, type=tag, body=body
    )
)


def sha256(text: str) -> str:
    """The hash of a body, in hex; statements call it by this name."""
    return hashlib.sha256(text.encode()).hexdigest()


def _envelope(row: Any) -> Envelope:
    event = codec.load_event(row.type, row.body)
    return Envelope(clock.parse_stamp(row.at), event, row.seq)


class EventLogStore:
    """The log, inside one transaction."""

    def append(self, at: str, session_id: str | None, tag: str, body: str) -> int:
        """The new event's `seq`: larger than every one before, for ever."""
        cursor = _APPEND.run(at=at, session_id=session_id, tag=tag, body=body)
        return int(cursor.lastrowid)

    def newest(self) -> int:
        """The `seq` of the last event that was ever logged; 0 before the first."""
        row = EventRow.select(EventRow.seq).order_by(EventRow.seq.desc()).first()
        return row.seq if row else 0

    def oldest(self) -> int | None:
        """The lowest `seq` that is kept."""
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
        """The oldest `limit` events after `seq`, in order; of one session or kind.

        No more than have `budget` bytes together.
        """
        query = EventRow.select().where(
            (EventRow.seq > seq) & (EventRow.type != TOMBSTONE) & _is_there()
        )
        if session_id is not None:
            query = query.where(EventRow.session_id == session_id)
        if tag is not None:
            query = query.where(EventRow.type == tag)
        rows = query.order_by(EventRow.seq).limit(limit + 1).namedtuples()
        return page(lazily(rows), _envelope, limit, budget)

    def redact(self, session_id: str, message_id: str) -> None:
        """Leave of what a message said nothing but tombstones."""
        redact_events(
            (EventRow.session_id == session_id)
            & EventRow.type.in_(("message_created", "message_updated"))
            & EventRow.body.contains(f'"id":"{message_id}"')
        )

    def prune(self, keep: int, before: str | None = None, most: int = ALL) -> int:
        """Forget all but the newest `keep` events, and what is older than `before`.

        How many went; no more than `most`, the oldest. The last event always stays, so
        that the log knows where it is.
        """
        newest = self.newest()
        gone = EventRow.seq <= newest - max(keep, 1)
        if before is not None:
            gone |= (EventRow.at < before) & (EventRow.seq < newest)
        # Times grow with numbers, so only the first of all need be looked at.
        first = EventRow.select(EventRow.seq).order_by(EventRow.seq).limit(most)
        oldest = [row.seq for row in first.namedtuples()] if most < ALL else None
        if oldest is not None:
            gone &= EventRow.seq <= (oldest[-1] if oldest else 0)
        return int(EventRow.delete().where(gone).execute())


def _is_there() -> Any:
    """Whether an event is of a session that is not being removed, or of none."""
    gone = SessionRow.select(SessionRow.id).where(SessionRow.removed == SQL("1"))
    return EventRow.session_id.is_null() | EventRow.session_id.not_in(gone)


def redact_events(which: Any) -> None:
    """Leave of these events nothing but tombstones.

    Once only: what is a tombstone already keeps the hash of what it was.
    """
    body = fn.json_object("type", EventRow.type, "sha256", fn.sha256(EventRow.body))
    EventRow.update(type=TOMBSTONE, body=body).where(
        which & (EventRow.type != TOMBSTONE)
    ).execute()
