"""Handles: derive a free one from the name of a session."""

import re

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
