"""Rules of the event log: what it still has, pages of it, and what a socket missed."""

from ant.api import codec
from ant.api.terminal_requests import ListEvents
from ant.core.errors import Invalid
from ant.model.events import Envelope
from ant.model.transcript import EventPage, Gap
from ant.store import Page, Unit

MISSED_BYTES = 256 << 10
"""Events that a client catches up with at once: below 2 ms on the loop."""


def missed_events(unit: Unit, seq: int, limit: int) -> tuple[Page[Envelope], int]:
    """The oldest logged events after `seq`, and the first kept `seq`.

    At most `limit`, and about `MISSED_BYTES`.
    """
    return unit.log.since(seq, limit, budget=MISSED_BYTES), unit.log.oldest() or 0


def log_bounds(unit: Unit) -> tuple[int, int]:
    """The first `seq` that is kept and the last that there was; 0 before the first."""
    return unit.log.oldest() or 0, unit.log.newest()


def list_events(unit: Unit, request: ListEvents, epoch: str) -> EventPage:
    """A page of the log after `since`, oldest first; `next` is where to go on.

    Where events before the page were pruned, `gap` says which. Raises `Invalid` when
    `since` is past the newest.
    """
    oldest, newest = log_bounds(unit)
    if request.since > newest:
        raise Invalid(f"expected at most {newest}, got {request.since} at $.since")
    envelopes = unit.log.since(
        request.since, request.limit, request.session, request.type
    )
    return EventPage(
        epoch=epoch,
        oldest=oldest,
        newest=newest,
        next=envelopes[-1].seq or newest if envelopes.more else newest,
        gap=Gap(request.since + 1, oldest) if oldest > request.since + 1 else None,
        events=tuple(map(codec.event_body, envelopes)),
    )
