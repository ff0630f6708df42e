"""Rules of removal: delete removed sessions for good, and enforce retention.

Every function does a bounded part of the work in its transaction, so that other writes
wait at most for that part.
"""

from datetime import timedelta

from ant.core import clock
from ant.sessions import sessions
from ant.store import RemovalProgress, Unit

SLICE_EVENTS = 500
"""Events, or tombstones, deleted in one transaction."""


def remove_slice(unit: Unit, progress: RemovalProgress) -> RemovalProgress | None:
    """Delete rows of removed sessions for some milliseconds.

    Return the progress to pass the next time; None when nothing is left.
    """
    return unit.removals.remove_slice(progress)


def prune(unit: Unit, keep: int, days: float) -> int:
    """Delete some of the oldest logged events beyond `keep` or older than `days`.

    Return how many: at most `SLICE_EVENTS`, 0 when none is left.
    """
    return unit.log.prune(keep, _before(unit, days), SLICE_EVENTS)


def prune_tombstones(unit: Unit, days: float) -> int:
    """Delete some tombstones of run events older than `days`; return how many.

    At most `SLICE_EVENTS`, 0 when none is left.
    """
    return unit.run_events.prune_tombstones(_before(unit, days), SLICE_EVENTS)


def purge(unit: Unit) -> bool:
    """Mark sessions removed that were deleted longer ago than their ttl.

    Return whether there may be more.
    """
    return bool(sessions.purge(unit))


def _before(unit: Unit, days: float) -> str:
    """The stamp of that many days ago."""
    return clock.stamp(unit.now - timedelta(days=days))
