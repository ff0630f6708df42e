"""Puts the id of a session in the place of its handle, before access is checked.

A client may name a session by its handle (`@codex`) in a path, in a query, in a body
and in a frame of `/ws`: wherever a field is an `api.constraints.SessionName`. Rules and
permissions then see ids only.

For a terminal's token only the handles of its own session and of its rooms count. Any
other handle stays as it is, as one that nobody has, so that the token does not learn
which handles exist.
"""

from collections.abc import Callable, Collection
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import attrs

from ant.api.constraints import SessionReference
from ant.core.errors import Invalid
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.model.sessions import SessionId
from ant.runtime.system import System
from ant.sessions import handles
from ant.store import Unit

T = TypeVar("T")


async def id_of(
    system: System, name: str, caller: Caller | None, active: bool = False
) -> SessionId:
    """The id of the session that a path names; with `active`, of an active session.

    Raises `NotFound` when the operator gives a handle that no session has.
    """
    if not name.startswith("@"):
        return SessionId(name)
    if caller is None:
        work = handles.need_by_handle, name, active
        return (await system.journal.read_in_thread(*work)).id
    ids = await _ids(system, {name}, caller, False)
    return ids.get(name, SessionId(name))


async def with_ids(
    system: System, value: T, caller: Caller | None, *, is_frame: bool = False
) -> T:
    """A body, a query or a frame with ids in the place of handles.

    Raises `NotFound` when the operator gives a handle that no session has; in a frame
    it stays, so that the command answers as for an unknown id. Raises `Invalid` when
    two keys of an object name the same session.
    """
    names: set[str] = set()
    kind: Any = type(value)
    if not takes_names(kind):
        return value

    def note(name: str) -> str:
        if name.startswith("@"):
            names.add(name)
        return name

    _replaced(kind, value, note, "$")
    if not names:
        return value
    ids = await _ids(system, names, caller, caller is None and not is_frame)
    result: T = _replaced(kind, value, lambda name: ids.get(name, name), "$")
    return result


async def _ids(
    system: System, names: Collection[str], caller: Caller | None, is_strict: bool
) -> dict[str, SessionId]:
    # In a thread: SQLite compares the handles of all sessions.
    return await system.journal.read_in_thread(_known, names, caller, is_strict)


def _known(
    unit: Unit, names: Collection[str], caller: Caller | None, is_strict: bool
) -> dict[str, SessionId]:
    """The ids of the sessions that these handles name for a caller.

    Raises `NotFound` if `is_strict`.
    """
    ids: dict[str, SessionId] = {}
    for name in names:
        if is_strict:
            ids[name] = handles.need_by_handle(unit, name).id
            continue
        session = handles.find_by_handle(unit, name)
        if session and (caller is None or _may_know(unit, caller, session.id)):
            ids[name] = session.id
    return ids


def _may_know(unit: Unit, caller: Caller, session_id: SessionId) -> bool:
    own = caller.session_id == session_id
    return own or terminal_tokens.can_access_room(unit, caller, session_id)


@cache
def takes_names(kind: Any) -> bool:
    """Whether a value of a type, such as the class of a body, may name a session."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        is_name = any(isinstance(each, SessionReference) for each in args[1:])
        return is_name or takes_names(args[0])
    if origin in (Union, UnionType, tuple, dict):
        return any(map(takes_names, args))
    return isinstance(kind, type) and attrs.has(kind) and bool(_fields(kind))


@cache
def _fields(kind: type) -> tuple[Any, ...]:
    """The fields of a class that may name a session."""
    return tuple(each for each in attrs.fields(kind) if takes_names(each.type))


def _replaced(kind: Any, value: Any, change: Callable[[str], str], path: str) -> Any:
    """The value of a type with each name of a session in it changed."""
    origin, args = get_origin(kind), get_args(kind)
    if not takes_names(kind):
        return value
    if origin is Annotated:
        if any(isinstance(each, SessionReference) for each in args[1:]):
            return change(value) if isinstance(value, str) else value
        return _replaced(args[0], value, change, path)
    if origin in (Union, UnionType):
        for each in args:
            value = _replaced(each, value, change, path)
        return value
    if origin is tuple and isinstance(value, tuple):
        return tuple(_replaced(args[0], each, change, path) for each in value)
    if origin is dict and isinstance(value, dict):
        pairs = [
            (_replaced(args[0], key, change, path), _replaced(args[1], v, change, path))
            for key, v in value.items()
        ]
        if len(dict(pairs)) < len(value):
            raise Invalid(f"expected each session once, got one by two names at {path}")
        return dict(pairs)
    if origin is None and isinstance(value, kind):
        changed = {}
        for field in _fields(kind):
            where = f"{path}.{field.metadata.get('wire', field.name)}"
            before = getattr(value, field.name)
            after = _replaced(field.type, before, change, where)
            if after != before:
                changed[field.name] = after
        return attrs.evolve(value, **changed) if changed else value
    return value
