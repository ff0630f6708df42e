"""Rules of the event log: its bounds, pages of it, and events that a socket missed."""

from ant.api import codec
from ant.api.terminal_requests import ListEvents
from ant.core.errors import Invalid
from ant.model.events import Envelope
from ant.model.transcript import EventPage, Gap
from ant.store import Page, Unit

MISSED_BYTES = 256 << 10
"""Bytes of missed events that one read returns: below 2 ms of work."""


def missed_events(unit: Unit, seq: int, limit: int) -> tuple[Page[Envelope], int]:
    """The logged events after `seq`, oldest first, and the lowest `seq` in the log.

    At most `limit` events, of about `MISSED_BYTES`; 0 for an empty log.
    """
    return unit.log.since(seq, limit, budget=MISSED_BYTES), unit.log.oldest() or 0


def log_bounds(unit: Unit) -> tuple[int, int]:
    """The lowest `seq` in the log and the last one ever logged; 0 for none."""
    return unit.log.oldest() or 0, unit.log.newest()


def list_events(unit: Unit, request: ListEvents, epoch: str) -> EventPage:
    """A page of the log after `since`, oldest first; `next` is the next `since`.

    `gap` is the range of pruned events after `since`, if there are any. Raises
    `Invalid` when `since` is past the newest event.
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
