"""Rules of removal: sessions that go for good, and what is too old to be kept.

Each is done in slices, so that nothing that is stored makes others wait.
"""

from datetime import timedelta

from ant.core import clock
from ant.sessions import sessions
from ant.store import Progress, Unit

SLICE_EVENTS = 500
"""Events that are let go in one transaction."""


def remove_slice(unit: Unit, progress: Progress) -> Progress | None:
    """Take rows of marked sessions away, for some milliseconds; None for none left."""
    return unit.removals.take(progress)


def prune(unit: Unit, keep: int, days: float) -> int:
    """Let the oldest events of the log go, some of those that are too many or too old.

    How many it were; 0 when none is left.
    """
    return unit.log.prune(keep, _before(unit, days), SLICE_EVENTS)


def prune_tombstones(unit: Unit, days: float) -> int:
    """Let tombstones in the chains go at the age at which they go in the log."""
    return unit.run_events.prune_tombstones(_before(unit, days), SLICE_EVENTS)


def purge(unit: Unit) -> bool:
    """Mark what was deleted longer ago than its ttl; whether there may be more."""
    return bool(sessions.purge(unit))


def _before(unit: Unit, days: float) -> str:
    return clock.stamp(unit.now - timedelta(days=days))
