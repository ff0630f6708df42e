"""Handles: their form, how two are compared, and which session a name means."""

import re
from collections.abc import Iterable
from typing import Any, Final

FORM = re.compile(r"@[\w.-]{1,64}", re.ASCII)
"""The form of a session's handle. Aliases and sender names may be any text."""

EVERYONE = "@everyone"
"""The handle that addresses all members of a room, as `folded` returns it."""

PREFIX: Final = 4
"""The fewest characters of the beginning of an id that name a session: fewer are often
the beginning of an ordinary word."""


def with_at(name: str) -> str:
    """Return a handle as it is stored and shown: with its `@`, in the case it has."""
    name = name.strip()
    return name if name.startswith("@") else f"@{name}"


def folded(name: str) -> str:
    """Return a handle or alias in the form in which ANT compares two of them.

    Case does not matter (Unicode case folding, so `ẞ` equals `ss`), nor do blanks at
    either end, nor whether the `@` is there. Nothing else is folded: a full-width `Ａ`
    differs from `A`, and `é` differs from `e` with a combining accent.
    """
    return with_at(name).casefold()


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
