"""Free names and handles for sessions that are restored.

While a session was archived or deleted, another one may have taken its name or its
handle. It then comes back under the next one that is free.
"""

from collections.abc import Callable, Sequence
from itertools import chain, count

from ant.model.sessions import NameField, ReplacedName, Session
from ant.store import Unit

NAME_MAX = 200
"""Characters of a name, as in requests, so that a client may send it back."""

HANDLE_MAX = 64
"""Characters of a handle after its `@`, as in `model.handles.FORM`."""

CHAT = "-Chat"
"""The end of the name of a chat that is named after its terminal."""


def free_name(name: str, is_taken: Callable[[str], bool]) -> str:
    """The first of `name`, `name (2)`, `name (3)` and so on that is not taken."""
    ends = (f" ({number})" for number in count(2))
    numbered = (name[: NAME_MAX - len(end)].rstrip() + end for end in ends)
    return next(each for each in chain((name,), numbered) if not is_taken(each))


def free_handle(handle: str, is_taken: Callable[[str], bool]) -> str:
    """The first of `handle`, `handle-2`, `handle-3` and so on that is not taken."""
    ends = (f"-{number}" for number in count(2))
    numbered = (handle[: 1 + HANDLE_MAX - len(end)] + end for end in ends)
    return next(each for each in chain((handle,), numbered) if not is_taken(each))


def restored_names(unit: Unit, restored: Sequence[Session]) -> list[ReplacedName]:
    """The names and handles of inactive sessions of a pair that are taken, replaced.

    A terminal that gets another name takes along the name of a chat that is named after
    it.
    """
    names, handles = unit.sessions.active_names(), unit.sessions.active_handles()
    has_chat = any(each.meta.get("auto_named") for each in restored)

    def is_taken(name: str) -> bool:
        return unit.sessions.folded(name) in names

    def is_pair_taken(name: str) -> bool:
        return is_taken(name) or (has_chat and is_taken(name + CHAT))

    def is_held(handle: str) -> bool:
        return handle.lower() in handles

    replaced: list[ReplacedName] = []
    followed: str | None = None
    for session in sorted(restored, key=lambda each: each.terminal is None):
        name = session.name
        if followed is not None and session.meta.get("auto_named"):
            name = followed + CHAT
        elif session.terminal is None or not is_taken(name):
            name = free_name(name, is_taken)
        else:
            name = followed = free_name(name, is_pair_taken)
        pairs = [(NameField.NAME, session.name, name)]
        names.add(unit.sessions.folded(name))
        if session.handle:
            handle = free_handle(session.handle, is_held)
            pairs.append((NameField.HANDLE, session.handle, handle))
            handles.add(handle.lower())
        replaced += [
            ReplacedName(session.id, field, taken, now)
            for field, taken, now in pairs
            if now != taken
        ]
    return replaced
