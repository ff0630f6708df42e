"""Handles: how a name becomes one, and how one is written."""

import re

from ant.store import Unit

_LENGTH = 32
_TRIES = 10


def slug(name: str) -> str:
    """The name in small letters and digits, a dash for whatever is between them."""
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return text[:_LENGTH].strip("-")


def free_slug(unit: Unit, name: str) -> str | None:
    """`slug`, or `slug-2` to `slug-10`; None when all are taken or none is left."""
    text = slug(name)
    tries = [text, *(f"{text}-{n}" for n in range(2, _TRIES + 1))]
    free = (each for each in tries if not unit.sessions.by_handle(f"@{each}"))
    return next(free, None) if text else None
