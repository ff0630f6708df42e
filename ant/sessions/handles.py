"""Handles: find a session by one, and derive a free one from the name of a session."""

import re

from ant.core.errors import NotFound
from ant.model.handles import folded
from ant.model.sessions import Session
from ant.store import Unit

_LENGTH = 32
_TRIES = 10


def slug(name: str) -> str:
    """The name in lower case, with a dash for all but ASCII letters and digits.

    At most `_LENGTH` characters; empty when nothing is left.
    """
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return text[:_LENGTH].strip("-")


def free_slug(unit: Unit, name: str) -> str | None:
    """The first free one of `slug(name)` and it with `-2` to `-10`.

    None when all are taken, or when the slug is empty.
    """
    text = slug(name)
    candidates = [text, *(f"{text}-{n}" for n in range(2, _TRIES + 1))]
    free = (each for each in candidates if not unit.sessions.by_handle(f"@{each}"))
    return next(free, None) if text else None


def find_by_handle(unit: Unit, handle: str, active: bool = False) -> Session | None:
    """The session with this handle: the active one, or else the only inactive one.

    None when there is none, or when several inactive sessions had it. Where it must be
    `active`, an inactive one does not count.
    """
    session = unit.sessions.by_handle(folded(handle))
    if session is not None or active:
        return session
    inactive = unit.sessions.inactive_by_handle(folded(handle))
    return inactive[0] if len(inactive) == 1 else None


def need_by_handle(unit: Unit, handle: str, active: bool = False) -> Session:
    """Like `find_by_handle`. Raises `NotFound`, which names inactive sessions."""
    session = find_by_handle(unit, handle, active)
    if session is not None:
        return session
    hint = ""
    if inactive := unit.sessions.inactive_by_handle(folded(handle)):
        ids = ", ".join(each.id for each in inactive)
        hint = f"Archived or deleted sessions had it; use an id: {ids}."
    raise NotFound("session with the handle", handle, hint)
