"""The list of sessions as an answer that can be kept for a time."""

from datetime import datetime

from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.core import clock
from ant.model.sessions import Session, SessionList
from ant.sessions.sessions import list_sessions
from ant.store import Unit


def list_until(
    unit: Unit, request: ListAll = FIRST_PAGE
) -> tuple[SessionList, datetime | None]:
    """The page of `list_sessions`, and when it changes though nothing is committed.

    A deleted session leaves the list when its ttl is over. None is never.
    """
    listed = list_sessions(unit, request)
    ends = [_end(unit, each) for each in listed.recoverable]
    return listed, min((end for end in ends if end is not None), default=None)


def _end(unit: Unit, session: Session) -> datetime | None:
    """When the ttl of an inactive session is over. None is never.

    It is now for one that only the other one of its pair keeps in the list. A ttl may
    reach beyond the last year of the calendar.
    """
    if session.archived or session.deleted_at is None or session.ttl == "forever":
        return None
    try:
        end = session.deleted_at + clock.parse_duration(session.ttl)
    except OverflowError:
        return None
    return max(end, unit.now)
