"""Delivery rows to and from the model."""

from ant import people
from ant.commands import AddParticipant
from ant.store import Store, Unit
from tests.rules import create, post, room


def test_what_is_stored_is_read(store: Store) -> None:
    """By id, by message and by terminal alike."""
    here, codex = room(store), create(store, "codex")
    ask = AddParticipant(session_id=codex.id)
    store.transact(people.add_participant, here.id, ask)
    message = post(store, here)

    def read(unit: Unit) -> None:
        (one,) = unit.deliveries.of_message(message.id)
        assert one == unit.deliveries.get(one.id) == unit.deliveries.next(codex.id)
        assert 1 == unit.deliveries.count(codex.id)
        assert 1 == unit.deliveries.ordinal(one.id)
        assert unit.deliveries.get("nobody") is None
        assert unit.deliveries.next("nobody") is None
        assert unit.deliveries.ordinal("nobody") is None
        assert [] == unit.deliveries.unsettled()

    store.read(read)

    def begin(unit: Unit) -> None:
        (one,) = unit.deliveries.of_message(message.id)
        unit.deliveries.begin(one.id)
        assert [one] == unit.deliveries.unsettled()
        assert one == unit.deliveries.change(one)
        assert [] == unit.deliveries.unsettled()

    store.transact(begin)
