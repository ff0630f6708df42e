"""Deliveries in the database."""

import attrs

from ant.api.room_requests import AddParticipant
from ant.model.deliveries import PENDING, DeliveryId, DeliveryState, Reason
from ant.rooms import participants
from ant.store import Store, Unit
from ant.store.tables.sessions import database
from tests.rules import create, post, room


def test_a_delivery_is_read_as_stored(store: Store) -> None:
    """By id, by message and by terminal."""
    here, codex = room(store), create(store, "codex")
    ask = AddParticipant(session_id=codex.id)
    store.transact(participants.add_participant, here.id, ask)
    message = post(store, here)

    def read(unit: Unit) -> None:
        (one,) = unit.deliveries.of_message(message.id)
        assert one == unit.deliveries.get(one.id) == unit.deliveries.next(codex.id)
        assert 1 == unit.deliveries.count(codex.id)
        assert 1 == unit.deliveries.ordinal(one.session_id, one.id)
        assert unit.deliveries.get("nobody") is None
        assert unit.deliveries.next("nobody") is None
        assert unit.deliveries.ordinal(one.session_id, "nobody") is None
        assert [] == unit.deliveries.unsettled()

    store.read(read)

    def begin(unit: Unit) -> None:
        (one,) = unit.deliveries.of_message(message.id)
        unit.deliveries.begin(one.id)
        assert [one] == unit.deliveries.unsettled()
        assert one == unit.deliveries.change(one)
        assert [] == unit.deliveries.unsettled()

    store.transact(begin)


def test_final_deliveries_do_not_slow_down_pending_ones(store: Store) -> None:
    """SQLite finds the pending ones in the same number of steps."""
    here, codex = room(store), create(store, "codex")
    ask = AddParticipant(session_id=codex.id)
    store.transact(participants.add_participant, here.id, ask)
    first = post(store, here)

    def steps() -> int:
        count = 0

        def tick() -> int:
            nonlocal count
            count += 1
            return 0

        def read(unit: Unit) -> None:
            connection = database.connection()
            connection.set_progress_handler(tick, 1)
            try:
                found = unit.deliveries.next(codex.id)
                assert 1 == unit.deliveries.count(codex.id)
            finally:
                connection.set_progress_handler(None, 0)
            assert found is not None
            assert first.id == found.message_id

        store.read(read)
        return count

    def withhold(unit: Unit) -> None:
        (one,) = unit.deliveries.of_message(first.id)
        for n in range(2000):
            looped = attrs.evolve(
                one,
                id=DeliveryId(f"looped {n}"),
                state=DeliveryState.WITHHELD,
                reason=Reason.LOOP,
            )
            unit.deliveries.add(looped, codex.id)

    before = steps()
    store.transact(withhold)
    assert steps() < 2 * before  # To go by them all would be thousands.

    def read(unit: Unit) -> None:
        assert [codex.id] == unit.deliveries.terminals()
        assert [] == unit.deliveries.unsettled()
        assert {DeliveryState.QUEUED: 1} == unit.deliveries.counts(PENDING)

    store.read(read)
