"""The places of waits: all of them, and those of one token."""

import pytest

from ant.core.counters import Limit, counted
from ant.core.errors import CapacityReached
from ant.runtime.wait_slots import OWN_WAITS, WAITS, WaitSlots


def test_the_places_of_a_token() -> None:
    """So many; a place that is given up is free again, and others have theirs."""
    slots = WaitSlots()
    for _ in range(OWN_WAITS):
        slots.take("one")
    with pytest.raises(CapacityReached, match="of this token"):
        slots.take("one")
    slots.take("two")
    slots.take(None)
    slots.free("one")
    slots.take("one")
    assert OWN_WAITS + 2 == slots.count


def test_the_places_of_all() -> None:
    """The next one is refused and counted."""
    slots, before = WaitSlots(), counted(Limit.WAITS)
    for _ in range(WAITS):
        slots.take(None)
    with pytest.raises(CapacityReached, match="try again later"):
        slots.take(None)
    assert before + 1 == counted(Limit.WAITS)
