"""The list of sessions as an answer that can be kept for a time."""

from datetime import datetime

from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.model.sessions import SessionList
from ant.sessions.sessions import list_sessions
from ant.store import Unit


def list_until(
    unit: Unit, request: ListAll = FIRST_PAGE
) -> tuple[SessionList, datetime | None]:
    """The page of `list_sessions`, and when it changes though nothing is committed.

    A deleted session leaves the list when its ttl is over. None is never. It is now if
    the list has one that only the other one of its pair keeps there.
    """
    listed = list_sessions(unit, request)
    ends = (each.recovery_end for each in listed.recoverable)
    return listed, min((max(end, unit.now) for end in ends if end), default=None)
