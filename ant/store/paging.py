"""Where a page begins or ends: a time, a duration, or the id of a row."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ant.core import clock
from ant.core.errors import Invalid
from ant.store import Unit

T = TypeVar("T")


def parse_cursor(name: str | None) -> int | None:
    """The place in a list that a page named as its `next`; None for the beginning.

    It is a number that the row had, so that the row may be removed between two pages.
    Raises `Invalid` on what no page can have named.
    """
    if name is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", name):
        raise invalid_cursor(name)
    return int(name)


def invalid_cursor(name: str) -> Invalid:
    """What to raise where no page can have ended with that name."""
    return Invalid(f"expected the `next` of a page, got {name!r} at $.after")


def _nobody(_: str) -> None:
    return None


def parse_bound(
    unit: Unit,
    request: Any,
    key: str,
    find: Callable[[str], T | None] = _nobody,
    noun: str = "",
) -> str | T | None:
    """The stamp that `ask` gives under `key`, or what `find` finds by an id; None for
    neither given.

    Raises `Invalid` on what is no time, duration or id of a `noun`.
    """
    text: str | None = getattr(request, key)
    if text is None:
        return None
    try:
        return clock.stamp(clock.parse_moment(text, unit.now))
    except ValueError as exc:
        found = find(text)
        if found is None:
            also = f", or a {noun}'s id" if noun else ""
            raise Invalid(f"{exc}{also}, got {text!r} at $.{key}") from exc
        return found
