"""Delivery rows to and from the model: the ledger."""

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

_TRIED = [each for each in Reason if each not in FINAL_REASONS]
_WITHHELD = DeliveryRow.state == DeliveryState.WITHHELD
_UNTYPED = DeliveryRow.state.in_(sorted(PENDING))


def _waits(here: Any) -> Any:
    """Pending, and `here`: three terms that an index answers each by itself.

    So it costs nothing that many are withheld for good.
    """
    return (
        (here & (DeliveryRow.state == DeliveryState.QUEUED))
        | (here & _WITHHELD & DeliveryRow.reason.is_null())
        | (here & _WITHHELD & DeliveryRow.reason.in_(_TRIED))
    )


_WATCHED = (DeliveryState.TYPED, DeliveryState.SUBMITTED)


def _record(row: Any) -> DeliveryRecord:
    """A delivery of a row that has the table's columns."""
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
        .where(_waits(DeliveryRow.session_id == session_id))
        .order_by(DeliveryRow.ordinal)
        .limit(1)
    )
)
_COUNT = Statement(
    lambda session_id: DeliveryRow.select(fn.COUNT(DeliveryRow.ordinal)).where(
        _waits(DeliveryRow.session_id == session_id)
    )
)


class DeliveryStore:
    """The ledger, inside one transaction."""

    def add(self, record: DeliveryRecord, session_id: str | None) -> None:
        """Insert a delivery to that terminal; None where its target is nobody."""
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
            **_changing(record),
        )

    def change(self, record: DeliveryRecord, begun: bool = False) -> DeliveryRecord:
        """Store what may change of a delivery; as it is read from now on."""
        DeliveryRow.update(begun=begun, **_changing(record)).where(
            DeliveryRow.id == record.id
        ).execute()
        return self.get(record.id) or record

    def begin(self, delivery_id: str) -> None:
        """From now on something of it may be in the terminal."""
        DeliveryRow.update(begun=True).where(DeliveryRow.id == delivery_id).execute()

    def get(self, delivery_id: str) -> DeliveryRecord | None:
        """The delivery with that id."""
        row = _GET.one(ident=delivery_id)
        return _record(row) if row else None

    def of_message(self, message_id: str) -> list[DeliveryRecord]:
        """The deliveries of a message, in the order of its routing."""
        return list(map(_record, _OF_MESSAGE.rows(message_id=message_id)))

    def next(self, session_id: str) -> DeliveryRecord | None:
        """The oldest one that waits for that terminal."""
        row = _NEXT.one(session_id=session_id)
        return _record(row) if row else None

    def count(self, session_id: str) -> int:
        """How many wait for that terminal."""
        return int(_COUNT.value(session_id=session_id))

    def terminals(self) -> list[SessionId]:
        """The terminals for which something waits."""
        query = DeliveryRow.select(DeliveryRow.session_id).distinct()
        rows: Any = query.where(_waits(_UNTYPED)).tuples()
        return [SessionId(session_id) for (session_id,) in rows if session_id]

    def unsettled(self) -> list[DeliveryRecord]:
        """Those of which something may be in a terminal, and nobody watches."""
        begun = _waits(DeliveryRow.begun == True)  # noqa: E712
        rows = DeliveryRow.select().where(begun | DeliveryRow.state.in_(_WATCHED))
        return list(map(_record, rows.order_by(DeliveryRow.ordinal).namedtuples()))

    def counts(self, states: Collection[DeliveryState]) -> dict[str, int]:
        """How many there are in each of these states; final ones are not withheld."""
        query = DeliveryRow.select(DeliveryRow.state, fn.COUNT(DeliveryRow.ordinal))
        pending = _waits(_UNTYPED) | DeliveryRow.state.not_in(PENDING)
        rows: Any = query.where(DeliveryRow.state.in_(list(states)) & pending)
        return dict(rows.group_by(DeliveryRow.state).tuples())

    def ordinal(self, session_id: str, delivery_id: str) -> int | None:
        """The place in the order of all of a delivery to that terminal or room."""
        row = _GET.one(ident=delivery_id)
        is_ours = row is not None and session_id in (row.session_id, row.room_id)
        return row.ordinal if is_ours else None

    def page(
        self,
        session_id: str,
        state: DeliveryState | None,
        since: int | str | None,
        before: int | str | None,
        limit: int,
    ) -> Page[DeliveryRecord]:
        """Oldest first, to that terminal or of that room.

        `since` and `before` are exclusive, an ordinal or a stamp; with `since` alone it
        is the oldest `limit`, else the newest.
        """
        mine = DeliveryRow.session_id == session_id
        query = DeliveryRow.select().where(mine | (DeliveryRow.room_id == session_id))
        if state is not None:
            query = query.where(DeliveryRow.state == state)
        if since is not None:
            query = query.where(_place(since) > since)
        if before is not None:
            query = query.where(_place(before) < before)
        newest = since is None or before is not None
        order = DeliveryRow.ordinal.desc() if newest else DeliveryRow.ordinal
        rows = query.order_by(order).limit(limit + 1).namedtuples()
        return page(lazily(rows), _record, limit, newest=newest)


def _place(bound: int | str) -> Any:
    return DeliveryRow.ordinal if isinstance(bound, int) else DeliveryRow.created_at


def _changing(record: DeliveryRecord) -> dict[str, Any]:
    return {
        "state": record.state,
        "reason": record.reason,
        "offset": record.offset,
        "file": record.file,
        "updated_at": clock.stamp(record.updated_at),
        "transitions": codec.dumps(record.transitions).decode(),
    }
