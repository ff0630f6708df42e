"""Parse the cursors and bounds of pages that requests name."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ant.core import clock
from ant.core.errors import Invalid
from ant.store import Unit

T = TypeVar("T")


def parse_cursor(name: str | None) -> int | None:
    """The number in a cursor, which a page returned as its `next`; None without one.

    The number is that of the last row of the page. It stays valid when that row is
    deleted. Raises `Invalid` for a text that is no cursor.
    """
    if name is None:
        return None
    if not re.fullmatch("[0-9]{1,15}", name):
        raise invalid_cursor(name)
    return int(name)


def invalid_cursor(name: str) -> Invalid:
    """The error for a text that is no cursor."""
    return Invalid(f"expected the `next` of a page, got {name!r} at $.after")


def _find_none(_: str) -> None:
    """Find no row: the bound has no ids."""


def parse_bound(
    unit: Unit,
    request: Any,
    key: str,
    find: Callable[[str], T | None] = _find_none,
    noun: str = "",
) -> str | T | None:
    """Parse the bound `key` of a request: a time, a duration, or the id of a row.

    Return a stamp for a time or a duration, the result of `find` for an id, and None
    when the request has no such bound. Raises `Invalid` for a text that is no time and
    no duration, and for which `find` returns None; `noun` names the row in the error.
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
