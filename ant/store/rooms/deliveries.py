"""Deliveries of messages to terminals: the delivery ledger."""

from collections.abc import Collection
from typing import Any

from peewee import fn

from ant.api import codec
from ant.core import clock
from ant.model.deliveries import (
    ARRIVED,
    FINAL_REASONS,
    PENDING,
    SENTENCES,
    DeliveryId,
    DeliveryKind,
    DeliveryRecord,
    DeliveryState,
    Reason,
    Transition,
    is_final,
)
from ant.model.messages import MessageId
from ant.model.sessions import SessionId
from ant.store.tables.rooms import DeliveryRow
from ant.store.tables.statement import Page, Statement, lazily, page

_TEMPORARY = [each for each in Reason if each not in FINAL_REASONS]
_WITHHELD = DeliveryRow.state == DeliveryState.WITHHELD
_MAYBE_PENDING = DeliveryRow.state.in_(sorted(PENDING))


def _pending(here: Any) -> Any:
    """Condition: pending, and `here`.

    An index answers each of the three terms, so deliveries that are withheld for good
    cost nothing.
    """
    return (
        (here & (DeliveryRow.state == DeliveryState.QUEUED))
        | (here & _WITHHELD & DeliveryRow.reason.is_null())
        | (here & _WITHHELD & DeliveryRow.reason.in_(_TEMPORARY))
    )


_WATCHED = (DeliveryState.TYPED, DeliveryState.SUBMITTED)


def _record(row: Any) -> DeliveryRecord:
    """The delivery in a row, which has all columns of the table."""
    state = DeliveryState(row.state)
    reason = Reason(row.reason) if row.reason else None
    steps = codec.loads(row.transitions)
    transitions = tuple(codec.read_data(each, Transition) for each in steps)
    is_typed = state in ARRIVED or reason is Reason.TERMINAL_DIRECT
    is_wrong = reason in SENTENCES and reason is not Reason.TERMINAL_DIRECT
    return DeliveryRecord(
        id=DeliveryId(row.id),
        message_id=MessageId(row.message_id),
        session_id=SessionId(row.room_id),
        adapter=row.adapter,
        target_id=row.target,
        kind=DeliveryKind(row.kind),
        route=row.route,
        state=state,
        reason=reason,
        delivered=is_typed,
        error=SENTENCES[reason] if reason and is_wrong else None,
        offset=row.offset,
        final=is_final(state, reason),
        created_at=clock.parse_stamp(row.created_at),
        updated_at=clock.parse_stamp(row.updated_at),
        transitions=transitions,
        file=row.file,
    )


_COLUMNS = [field.name for field in DeliveryRow._meta.sorted_fields[1:]]
_ADD = Statement(lambda **row: DeliveryRow.insert(row), names=_COLUMNS)
_GET = Statement(lambda ident: DeliveryRow.select().where(DeliveryRow.id == ident))
_OF_MESSAGE = Statement(
    lambda message_id: (
        DeliveryRow.select()
        .where(DeliveryRow.message_id == message_id)
        .order_by(DeliveryRow.ordinal)
    )
)
_NEXT = Statement(
    lambda session_id: (
        DeliveryRow.select()
        .where(_pending(DeliveryRow.session_id == session_id))
        .order_by(DeliveryRow.ordinal)
        .limit(1)
    )
)
_COUNT = Statement(
    lambda session_id: DeliveryRow.select(fn.COUNT(DeliveryRow.ordinal)).where(
        _pending(DeliveryRow.session_id == session_id)
    )
)


class DeliveryStore:
    """The delivery ledger in one transaction; owns the table `deliveries`.

    A delivery is pending while it is queued, or withheld for a reason that may pass.
    """

    def add(self, record: DeliveryRecord, session_id: str | None) -> None:
        """Insert a delivery to a terminal; `session_id` is None when there is none."""
        _ADD.run(
            id=record.id,
            message_id=record.message_id,
            room_id=record.session_id,
            session_id=session_id,
            target=record.target_id,
            adapter=record.adapter,
            kind=record.kind,
            route=record.route,
            begun=False,
            created_at=clock.stamp(record.created_at),
            **_open_columns(record),
        )

    def change(self, record: DeliveryRecord, begun: bool = False) -> DeliveryRecord:
        """Store the columns of a delivery that may change; return it as stored.

        `begun` says that typing may have started and that its outcome is not known.
        """
        DeliveryRow.update(begun=begun, **_open_columns(record)).where(
            DeliveryRow.id == record.id
        ).execute()
        return self.get(record.id) or record

    def begin(self, delivery_id: str) -> None:
        """Record that typing the message may have started."""
        DeliveryRow.update(begun=True).where(DeliveryRow.id == delivery_id).execute()

    def get(self, delivery_id: str) -> DeliveryRecord | None:
        """The delivery with that id; None when there is none."""
        row = _GET.one(ident=delivery_id)
        return _record(row) if row else None

    def of_message(self, message_id: str) -> list[DeliveryRecord]:
        """Every delivery of a message, in the order of routing."""
        return list(map(_record, _OF_MESSAGE.rows(message_id=message_id)))

    def next(self, session_id: str) -> DeliveryRecord | None:
        """The oldest pending delivery to a terminal; None when there is none."""
        row = _NEXT.one(session_id=session_id)
        return _record(row) if row else None

    def count(self, session_id: str) -> int:
        """The number of pending deliveries to a terminal."""
        return int(_COUNT.value(session_id=session_id))

    def terminals(self) -> list[SessionId]:
        """Every terminal with pending deliveries, in no order."""
        query = DeliveryRow.select(DeliveryRow.session_id).distinct()
        rows: Any = query.where(_pending(_MAYBE_PENDING)).tuples()
        return [SessionId(session_id) for (session_id,) in rows if session_id]

    def unsettled(self) -> list[DeliveryRecord]:
        """Every delivery that a stopped server left while it was typed or watched.

        Oldest first. A part of the message may be in the terminal.
        """
        begun = _pending(DeliveryRow.begun == True)  # noqa: E712
        rows = DeliveryRow.select().where(begun | DeliveryRow.state.in_(_WATCHED))
        return list(map(_record, rows.order_by(DeliveryRow.ordinal).namedtuples()))

    def counts(self, states: Collection[DeliveryState]) -> dict[str, int]:
        """The number of deliveries in each of these states.

        Deliveries that are withheld for good are not counted.
        """
        query = DeliveryRow.select(DeliveryRow.state, fn.COUNT(DeliveryRow.ordinal))
        pending = _pending(_MAYBE_PENDING) | DeliveryRow.state.not_in(PENDING)
        rows: Any = query.where(DeliveryRow.state.in_(list(states)) & pending)
        return dict(rows.group_by(DeliveryRow.state).tuples())

    def ordinal(self, session_id: str, delivery_id: str) -> int | None:
        """The ordinal of a delivery of that terminal or room; None for others."""
        row = _GET.one(ident=delivery_id)
        is_here = row is not None and session_id in (row.session_id, row.room_id)
        return row.ordinal if is_here else None

    def page(
        self,
        session_id: str,
        state: DeliveryState | None,
        since: int | str | None,
        before: int | str | None,
        limit: int,
    ) -> Page[DeliveryRecord]:
        """Deliveries to a terminal or of a room, oldest first.

        At most `limit`, of about `PAGE_BYTES`. With `since` alone the oldest that
        follow it, else the newest. `since` and `before` are ordinals or stamps, and
        exclusive.
        """
        to_terminal = DeliveryRow.session_id == session_id
        query = DeliveryRow.select().where(
            to_terminal | (DeliveryRow.room_id == session_id)
        )
        if state is not None:
            query = query.where(DeliveryRow.state == state)
        if since is not None:
            query = query.where(_bound_column(since) > since)
        if before is not None:
            query = query.where(_bound_column(before) < before)
        newest = since is None or before is not None
        order = DeliveryRow.ordinal.desc() if newest else DeliveryRow.ordinal
        rows = query.order_by(order).limit(limit + 1).namedtuples()
        return page(lazily(rows), _record, limit, newest=newest)


def _bound_column(bound: int | str) -> Any:
    """The column that a bound is compared with."""
    return DeliveryRow.ordinal if isinstance(bound, int) else DeliveryRow.created_at


def _open_columns(record: DeliveryRecord) -> dict[str, Any]:
    """The columns that may change."""
    return {
        "state": record.state,
        "reason": record.reason,
        "offset": record.offset,
        "file": record.file,
        "updated_at": clock.stamp(record.updated_at),
        "transitions": codec.dumps(record.transitions).decode(),
    }
