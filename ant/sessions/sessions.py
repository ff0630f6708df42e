"""Rules of sessions: create, list, patch, delete, restore and remove them.

Creating a terminal also creates its private chat and links it. Such an automatic pair
is also deleted, archived, restored and removed together.
"""

import re
from functools import partial
from itertools import islice
from typing import Any

import attrs

from ant.api import codec
from ant.api.constraints import META
from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.api.patch import changes
from ant.api.session_requests import CreateSession, PatchSession, SetCliFlag, SetHandle
from ant.core import clock
from ant.core.errors import Conflict, Gone, Invalid, NotFound, NotRunning
from ant.model.events import CliFlagUpdated, HandleUpdated, SessionsChanged
from ant.model.handles import FORM, with_at
from ant.model.sessions import (
    CliFlag,
    NameField,
    ReplacedName,
    Session,
    SessionId,
    SessionList,
    SessionType,
    Status,
    TerminalInfo,
    flag_of,
)
from ant.sessions import handles
from ant.sessions.free_names import CHAT, restored_names
from ant.store import PAGE_BYTES, Page, Unit, paging

PURGED = 20
"""Deleted sessions past their ttl that one transaction removes."""

_ACTIVE, _RECOVERABLE = "active", "recoverable"
"""The two lists of `list_sessions`, in order."""

_PATCHED = (
    *("ttl", "root_dir", "workspace_id", "auto_forward_chat", "accepts_messages"),
    "hooks",
)
"""Columns that a patch sets to the given values."""


def _driver(request: CreateSession, program: str | None) -> CliFlag | None:
    """The CLI driver of a new session: as requested, or by an agent's program."""
    if request.cli_flag is not None or request.type is not SessionType.AGENT:
        return request.cli_flag
    return flag_of(program)


def create_session(unit: Unit, request: CreateSession, program: str | None) -> Session:
    """Create a session; for a terminal also its linked private chat.

    Both get handles if these are free. `program` is the name of the program that it
    will run, for the driver of an agent. Raises `Conflict` when an active session has
    the name, or the name of the chat.
    """
    name = request.name.strip()
    driver = _driver(request, program)
    chat_name = f"{name}{CHAT}" if request.type.has_terminal else None
    for each in filter(None, (name, chat_name)):
        if unit.sessions.name_taken(each):
            raise Conflict(f'"{each}" already exists')
    session = Session(
        id=SessionId(clock.new_id()),
        name=name,
        type=request.type,
        workspace_id=request.workspace_id,
        root_dir=request.root_dir,
        status=Status.NONE,
        archived=False,
        ttl=request.ttl,
        deleted_at=None,
        last_activity=None,
        meta=request.meta | ({"agent_driver": driver} if driver else {}),
        created_at=unit.now,
        updated_at=unit.now,
        handle=None,
        display_name=None,
        alias=None,
        cli_flag=driver,
        linked_chat_id=None,
        auto_forward_chat=True,
        accepts_messages=request.accepts_messages,
        hooks=request.hooks,
        terminal=None,
    )
    if chat_name is not None:
        session = _with_terminal(unit, session, request, chat_name)
    else:
        unit.sessions.add(session, {})
    unit.emit(SessionsChanged(session.id))
    return session


def _with_terminal(
    unit: Unit, session: Session, request: CreateSession, chat_name: str
) -> Session:
    slug = handles.free_slug(unit, session.name)
    chat_slug = handles.free_slug(unit, chat_name)
    chat = attrs.evolve(
        session,
        id=SessionId(clock.new_id()),
        name=chat_name,
        type=SessionType.CHAT,
        meta={"auto_linked_terminal_id": session.id, "auto_named": True},
        handle=f"@{chat_slug}" if chat_slug else None,
        display_name=chat_slug,
        alias=chat_slug,
        cli_flag=None,
        accepts_messages=False,
    )
    session = attrs.evolve(
        session,
        handle=f"@{slug}" if slug else None,
        display_name=slug,
        alias=slug,
        linked_chat_id=chat.id,
        terminal=TerminalInfo(
            host=request.host or "pty",
            command=request.command,
            cols=request.cols,
            rows=request.rows,
            pid=None,
            exit_code=None,
            exit_signal=None,
            status_reason=None,
            started_at=None,
            exited_at=None,
            oldest=0,
            end=0,
        ),
    )
    unit.sessions.add(chat, {})
    unit.sessions.add(session, request.env)
    return session


def list_sessions(unit: Unit, request: ListAll = FIRST_PAGE) -> SessionList:
    """A page of active sessions, and then of those that can be restored.

    A deleted session whose ttl is over is left out, even before it is removed. Last
    changed first, about `PAGE_BYTES`. Raises `Invalid` on an `after` that is no cursor.
    """
    kind, place = _place(request.after)
    active: Page[Session] = Page()
    if kind != _RECOVERABLE:
        active = unit.sessions.active(place, PAGE_BYTES // 2)
        place = None
        if active.more:
            return SessionList(active, (), _cursor(unit, _ACTIVE, active[-1].id))
    inactive = unit.sessions.inactive(
        place, PAGE_BYTES // 2, partial(is_recoverable, unit)
    )
    following = _cursor(unit, _RECOVERABLE, inactive[-1].id) if inactive.more else None
    return SessionList(active, inactive, following)


def _cursor(unit: Unit, kind: str, session_id: SessionId) -> str:
    """The cursor of a page that ends with that session of that list."""
    at, ordinal = unit.sessions.place(session_id)
    return f"{kind}.{ordinal}.{at}"


def _place(cursor: str | None) -> tuple[str, tuple[str, int] | None]:
    """The list, and the place in it, of a cursor. Raises `Invalid`."""
    if cursor is None:
        return _ACTIVE, None
    kind, ordinal, at = (*cursor.split(".", 2), "", "")[:3]
    if kind not in (_ACTIVE, _RECOVERABLE) or not re.fullmatch("[0-9]{1,15}", ordinal):
        raise paging.invalid_cursor(cursor)
    return kind, (at, int(ordinal))


def get_session(unit: Unit, session_id: SessionId) -> Session:
    """The session, active or not. Raises `NotFound`."""
    session = unit.sessions.get(session_id)
    if session is None:
        raise NotFound("session", session_id)
    return session


def check_exists(unit: Unit, session_id: SessionId) -> tuple[bool, bool]:
    """Whether a session is archived, and whether deleted. Raises `NotFound`."""
    state = unit.sessions.state(session_id)
    if state is None:
        raise NotFound("session", session_id)
    return state


def check_active(unit: Unit, session_id: SessionId) -> None:
    """Raise `NotFound`, or `Gone` when the session is archived or deleted."""
    _refuse(session_id, *check_exists(unit, session_id))


def refuse_inactive(session: Session) -> None:
    """Raise `Gone` when a session that was read already is archived or deleted."""
    _refuse(session.id, session.archived, session.deleted_at is not None)


def _refuse(session_id: SessionId, archived: bool, deleted: bool) -> None:
    if archived or deleted:
        state = "deleted" if deleted else "archived"
        raise Gone(f"Session {session_id!r} is {state}; restore it first.")


def need_active(unit: Unit, session_id: SessionId) -> Session:
    """The session, which is active. Raises as `check_active` does."""
    check_active(unit, session_id)
    return get_session(unit, session_id)


def get_terminal(unit: Unit, session_id: SessionId) -> Session:
    """The session, active or not, which has a terminal.

    Raises `NotFound`, and `NotRunning` for a chat.
    """
    session = get_session(unit, session_id)
    if session.terminal is None:
        raise NotRunning(f"Session {session_id!r} is a chat and has no terminal.")
    return session


def need_terminal(unit: Unit, session_id: SessionId) -> Session:
    """The session, which is active and has a terminal.

    Raises as `check_active` does, and `NotRunning` for a chat.
    """
    check_active(unit, session_id)
    return get_terminal(unit, session_id)


def pair_of(unit: Unit, session: Session) -> list[Session]:
    """The session, and the other one of an automatic pair of terminal and chat."""
    other_id = session.linked_chat_id or session.meta.get("auto_linked_terminal_id")
    other = unit.sessions.get(other_id) if isinstance(other_id, str) else None
    if other is None:
        return [session]
    chat = other if session.linked_chat_id else session
    terminal = session if session.linked_chat_id else other
    automatic = (
        terminal.linked_chat_id == chat.id
        and chat.meta.get("auto_linked_terminal_id") == terminal.id
    )
    return [session, other] if automatic else [session]


def to_delete(unit: Unit, session_id: SessionId) -> list[SessionId]:
    """The ids of the sessions that a delete concerns: this one and its automatic pair.

    Raises `NotFound`.
    """
    return [each.id for each in pair_of(unit, get_session(unit, session_id))]


def delete_session(unit: Unit, session_id: SessionId, hard: bool) -> list[SessionId]:
    """Mark a session and its automatic pair deleted; return their ids.

    An archived session is then deleted and no longer archived, so that its `ttl`
    counts. Of one that is deleted already nothing changes, unless the delete is `hard`.
    Raises `NotFound`.
    """
    ids = to_delete(unit, session_id)
    at = clock.stamp(unit.now)
    marked = [each for each in ids if get_session(unit, each).deleted_at is None]
    for each in marked:
        unit.sessions.change(each, deleted_at=at, archived=False, updated_at=at)
    if marked or hard:
        unit.emit(SessionsChanged(session_id, tuple(ids if hard else marked)))
    return ids


def remove_sessions(unit: Unit, ids: list[SessionId]) -> None:
    """Remove sessions for good, with everything they own. Their terminals have ended.

    From now on no query returns them; `removal` deletes their rows in slices. Each of
    their events, logged or in the hash chain, becomes a tombstone without content.
    """
    for session_id in ids:
        unit.removals.mark(session_id, clock.stamp(unit.now))
    unit.emit(SessionsChanged(None, tuple(ids)))


def restore_session(
    unit: Unit, session_id: SessionId
) -> tuple[Session, list[ReplacedName]]:
    """Restore an archived or deleted session and its automatic pair.

    Return the session, and the names and handles that other sessions took meanwhile,
    with the free ones in their place. An active session stays as it is. Raises
    `NotFound`, and `Gone` when both were deleted longer ago than their ttl.
    """
    pair = pair_of(unit, get_session(unit, session_id))
    inactive = [each for each in pair if not each.active]
    if not inactive:
        return pair[0], []
    if not is_recoverable(unit, pair[0]):
        raise Gone("Recovery window has expired")
    replaced = restored_names(unit, inactive)
    for each in inactive:
        new = {str(e.field): e.now for e in replaced if e.session_id == each.id}
        at = clock.stamp(unit.now)
        unit.sessions.change(
            each.id, archived=False, deleted_at=None, updated_at=at, **new
        )
        if NameField.HANDLE in new:
            handle = new[NameField.HANDLE]
            unit.emit(HandleUpdated(each.id, handle, each.display_name))
    unit.emit(SessionsChanged(session_id))
    return get_session(unit, session_id), replaced


def is_recoverable(unit: Unit, session: Session) -> bool:
    """Whether an inactive session, or the other one of its pair, can be restored.

    An archived one always can; a deleted one within its ttl.
    """
    if not _expired(unit, session):
        return True
    return not all(_expired(unit, each) for each in pair_of(unit, session))


def _expired(unit: Unit, session: Session) -> bool:
    """Whether a deleted session is past its recovery window, which is its ttl."""
    end = session.recovery_end
    return end is not None and end < unit.now


def purge(unit: Unit) -> list[SessionId]:
    """Remove sessions that were deleted longer ago than their ttl; return their ids.

    Archived sessions stay. For a pair the longer ttl counts. At most `PURGED` at once.
    """
    deleted = unit.sessions.deleted()
    expired = (each.id for each in deleted if not is_recoverable(unit, each))
    ids = list(islice(expired, PURGED))
    if ids:
        remove_sessions(unit, ids)
    return ids


def patch_session(
    unit: Unit, session_id: SessionId, request: PatchSession
) -> tuple[Session, list[ReplacedName], list[SessionId]]:
    """Change the fields in the request.

    Return the session, names that were taken as `restore_session` does, and the ids of
    archived sessions, whose programs end. To archive an inactive session changes
    nothing. Raises `NotFound`, `Gone` for any other change of an inactive session that
    the request does not unarchive, `Conflict` for a name that is taken, and `Invalid`
    for a `linked_chat_id` that is no active chat.
    """
    patch = changes(request)
    session, replaced = get_session(unit, session_id), list[ReplacedName]()
    if not session.active and patch == {"archived": True}:
        return session, [], [e.id for e in pair_of(unit, session) if not e.active]
    if patch.get("archived") is False:
        session, replaced = restore_session(unit, session_id)
    refuse_inactive(session)
    fields: dict[str, Any] = {key: patch[key] for key in _PATCHED if key in patch}
    meta = session.meta
    if "name" in patch:
        fields["name"] = _rename(unit, session, patch["name"].strip())
        replaced = [e for e in replaced if e.field is not NameField.NAME]
        if meta.get("auto_named"):
            meta = meta | {"auto_named": False}
    archived: list[SessionId] = []
    if "linked_chat_id" in patch:
        fields["linked_chat_id"] = patch["linked_chat_id"]
        archived += _relink(unit, session, patch["linked_chat_id"])
    fields = {k: v for k, v in fields.items() if v != getattr(session, k)}
    meta = merged(meta, patch.get("meta", {}))
    kept = {key: value for key, value in meta.items() if value is not None}
    if kept != session.meta:
        fields["meta"] = codec.dumps(kept).decode()
    if fields:
        unit.sessions.change(session_id, updated_at=clock.stamp(unit.now), **fields)
    if patch.get("archived"):
        archived += _archive(unit, pair_of(unit, get_session(unit, session_id)))
    if fields or archived:
        unit.emit(SessionsChanged(session_id, tuple(archived)))
    return get_session(unit, session_id), replaced, archived


def merged(meta: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The meta with these keys replaced. Raises `Invalid` when it is too large."""
    both = meta | changes
    try:
        META.check(both)
    except ValueError as exc:
        raise Invalid(f"{exc} at $.meta") from exc
    return both


def _rename(unit: Unit, session: Session, name: str) -> str:
    """Rename a session, and its chat if that is named after it; return the new name.

    A chat that a person renamed keeps its name. Raises `Conflict` for a taken name.
    """
    if name == session.name:
        return name
    names = {session.id: name}
    for each in pair_of(unit, session):
        if each.id != session.id and each.meta.get("auto_named"):
            names[each.id] = f"{name}{CHAT}"
    for session_id, new in names.items():
        unit.sessions.change(session_id, name=new, updated_at=clock.stamp(unit.now))
    for session_id, new in names.items():
        if unit.sessions.name_taken(new, but=[session_id]):
            raise Conflict(f'"{new}" already exists')
    return name


def _relink(unit: Unit, session: Session, chat_id: SessionId | None) -> list[SessionId]:
    """Check the chat to link, and archive the automatic chat that it replaces.

    Return the ids of archived sessions. Raises `Invalid`.
    """
    if session.terminal is None:
        raise Invalid("only a terminal or agent has a linked chat at $.linked_chat_id")
    if chat_id is not None:
        chat = unit.sessions.get(chat_id)
        if chat is None or not chat.active or chat.type is not SessionType.CHAT:
            raise Invalid(f"there is no active chat {chat_id!r} at $.linked_chat_id")
    chats = [each for each in pair_of(unit, session) if each.id != session.id]
    return _archive(unit, [each for each in chats if each.id != chat_id])


def _archive(unit: Unit, sessions: list[Session]) -> list[SessionId]:
    """Archive the active ones of these sessions, and return their ids."""
    ids = [session.id for session in sessions if session.active]
    for each in ids:
        unit.sessions.change(each, archived=True, updated_at=clock.stamp(unit.now))
    return ids


def set_handle(unit: Unit, session_id: SessionId, request: SetHandle) -> Session:
    """Set the handle of a session, its display name, or both; null clears them.

    Raises `NotFound`, `Gone`, `Invalid`, and `Conflict` when an active session has it.
    """
    session, patch = need_active(unit, session_id), changes(request)
    if "handle" in patch:
        handle = with_at(patch["handle"]) if patch["handle"] else None
        _check_handle(unit, session_id, handle)
        patch["handle"] = handle
    if all(value == getattr(session, key) for key, value in patch.items()):
        return session
    unit.sessions.change(session_id, updated_at=clock.stamp(unit.now), **patch)
    session = get_session(unit, session_id)
    unit.emit(HandleUpdated(session_id, session.handle, session.display_name))
    unit.emit(SessionsChanged(session_id))
    return session


def _check_handle(unit: Unit, session_id: SessionId, handle: str | None) -> None:
    if handle is None:
        return
    if not FORM.fullmatch(handle):
        raise Invalid("expected letters, digits, _, . or - at $.handle")
    other = unit.sessions.by_handle(handle)
    if other is not None and other.id != session_id:
        raise Conflict(f"{handle} is already taken")


def set_cli_flag(unit: Unit, session_id: SessionId, request: SetCliFlag) -> Session:
    """Set the agent CLI driver as `cli_flag` and `meta.agent_driver`, or clear both.

    Raises `NotFound`, `Gone`, and `Invalid` for a driver that ANT does not have.
    """
    session = need_active(unit, session_id)
    slug = (request.cli_flag or "").strip()
    if slug and slug not in CliFlag.accepted():
        raise Invalid(f'Invalid cli_flag: "{slug}" at $.cli_flag')
    flag = CliFlag(slug) if slug else None
    meta = {key: v for key, v in session.meta.items() if key != "agent_driver"}
    if flag is not None:
        meta["agent_driver"] = flag
    if (flag, meta) == (session.cli_flag, session.meta):
        return session
    unit.sessions.change(
        session_id,
        cli_flag=flag,
        meta=codec.dumps(meta).decode(),
        updated_at=clock.stamp(unit.now),
    )
    unit.emit(CliFlagUpdated(session_id, flag))
    unit.emit(SessionsChanged(session_id))
    return get_session(unit, session_id)
