"""Handles: the form of one, and how two of them are compared."""

import re

FORM = re.compile(r"@[\w.-]{1,64}", re.ASCII)
"""The form of a session's handle. Aliases and sender names may be any text."""

EVERYONE = "@everyone"
"""The handle that addresses all members of a room, as `folded` returns it."""


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
