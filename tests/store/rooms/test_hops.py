"""Chains by place and author."""

import pytest

from ant.core import clock
from ant.model.sessions import Chain
from ant.store import Store, Unit
from ant.store.tables.rooms import HopRow
from tests.rules import room, taken_apart


def test_the_furthest_chain_of_other_authors(store: Store) -> None:
    """A later message of a person is further than a longer chain."""
    here, other = room(store), room(store, "other")

    def work(unit: Unit) -> None:
        hops = unit.hops
        assert Chain() == hops.furthest(here.id, "")
        hops.note(here.id, "a", Chain(1, 5))
        hops.note(here.id, "b", Chain(1, 3))
        assert Chain(1, 3) == hops.furthest(here.id, "a")
        assert Chain(1, 5) == hops.furthest(here.id, "b")
        assert Chain(1, 5) == hops.furthest(here.id, "")
        assert Chain() == hops.furthest(other.id, "")
        hops.note(here.id, "b", Chain(2, 1))
        assert Chain(2, 1) == hops.furthest(here.id, "a")
        assert 2 == hops.newest()

    store.transact(work)


@pytest.mark.parametrize("less", [Chain(1, 9), Chain(2, 3), Chain(2, 4), Chain(0, 0)])
def test_a_chain_gets_no_shorter(store: Store, less: Chain) -> None:
    """A chain that is not further changes nothing."""
    here = room(store)

    def work(unit: Unit) -> None:
        unit.hops.note(here.id, "a", Chain(2, 4))
        unit.hops.note(here.id, "a", less)
        assert Chain(2, 4) == unit.hops.furthest(here.id, "")

    store.transact(work)


def test_a_removed_room_takes_its_chains(store: Store) -> None:
    """All rows are deleted."""
    here = room(store)

    def work(unit: Unit) -> None:
        unit.hops.note(here.id, "a", Chain(1, 1))
        unit.removals.mark(here.id, clock.stamp(unit.now))

    store.transact(work)
    taken_apart(store)
    assert 0 == store.transact(lambda _: HopRow.select().count())
