"""Which of several sessions a name means, as the command line and scripts write it."""

from collections.abc import Iterable
from typing import Any, Final

from ant.model.handles import folded

PREFIX: Final = 4
"""The fewest characters of the beginning of an id that name a session: fewer are often
the beginning of an ordinary word."""


def named(rows: Iterable[Any], name: str) -> list[Any]:
    """The rows of sessions with this id, or else this name or handle.

    A name goes before a handle, but after one if it begins with `@`. Case matters only
    where two names differ in nothing else.
    """
    rows, word, handle = list(rows), name.strip().casefold(), folded(name)
    by_id = [row for row in rows if row["id"] == name]
    by_name = [row for row in rows if row["name"].strip().casefold() == word]
    by_name = [row for row in by_name if row["name"] == name] or by_name
    handles = [(folded(row["handle"]), row) for row in rows if row["handle"]]
    by_handle = [row for known, row in handles if known == handle]
    is_handle = word.startswith("@")
    names = (by_handle, by_name) if is_handle else (by_name, by_handle)
    return next(filter(None, (by_id, *names)), [])


def with_prefix(rows: Iterable[Any], name: str) -> list[Any]:
    """The rows of sessions whose id begins like this; none for less than `PREFIX`."""
    if len(name) < PREFIX:
        return []
    return [row for row in rows if row["id"].startswith(name)]
