"""Where a page begins or ends: a time, a duration, or the id of a row."""

from collections.abc import Callable
from typing import Any, TypeVar

from ant import clock
from ant.errors import Invalid
from ant.store import Unit

T = TypeVar("T")


def _nobody(_: str) -> None:
    return None


def bound(
    unit: Unit,
    ask: Any,
    key: str,
    find: Callable[[str], T | None] = _nobody,
    noun: str = "",
) -> str | T | None:
    """The stamp that `ask` gives under `key`, or what `find` finds by an id; None for
    neither given.

    Raises `Invalid` on what is no time, duration or id of a `noun`.
    """
    text: str | None = getattr(ask, key)
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
