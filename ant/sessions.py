"""Rules of sessions: create with the linked chat, delete as a pair, a run's life."""

import re

import attrs

from ant import clock
from ant.commands import CreateSession
from ant.errors import Conflict, Gone, NotFound, NotRunning
from ant.events import Envelope, SessionExited, SessionsChanged
from ant.model import (
    PROGRAMS,
    CliFlag,
    Session,
    SessionId,
    SessionList,
    SessionType,
    Status,
    TerminalInfo,
)
from ant.store import Program, Unit
from ant.terminal.host import Exit, Identity
from ant.terminal.transcript import CAPACITY

POWER_LOSS_SKIP = 1 << 40
"""Offsets left out after the machine went down: its last commits may be gone, so what
was given away is unknown. 8,192 such losses fit into a JSON-safe integer."""

_HANDLE_LENGTH = 32
_HANDLE_TRIES = 10


def _slug(name: str) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return text[:_HANDLE_LENGTH].strip("-")


def _free_handle(unit: Unit, name: str) -> str | None:
    """`slug`, or `slug-2` to `slug-10`; None when all are taken or none is left."""
    slug = _slug(name)
    tries = [slug, *(f"{slug}-{n}" for n in range(2, _HANDLE_TRIES + 1))]
    free = (text for text in tries if not unit.sessions.handle_taken(f"@{text}"))
    return next(free, None) if slug else None


def _driver(ask: CreateSession, program: str | None) -> CliFlag | None:
    if ask.cli_flag is not None or ask.type is not SessionType.AGENT:
        return ask.cli_flag
    return PROGRAMS.get(program) if program else None


def create_session(unit: Unit, ask: CreateSession, program: str | None) -> Session:
    """A new session; with a terminal also its private chat, linked, both with handles.

    `program` is the name of what it will run, for the driver of an agent. Raises
    `Conflict` when an active session has the name, or the chat's.
    """
    name = ask.name.strip()
    chat_name = f"{name}-Chat" if ask.type.has_terminal else None
    for taken in filter(None, (name, chat_name)):
        if unit.sessions.name_taken(taken):
            raise Conflict(f'"{taken}" already exists')
    session = Session(
        id=SessionId(clock.new_id()),
        name=name,
        type=ask.type,
        workspace_id=ask.workspace_id,
        root_dir=ask.root_dir,
        status=Status.NONE,
        archived=False,
        ttl=ask.ttl,
        deleted_at=None,
        last_activity=None,
        meta=ask.meta,
        created_at=unit.now,
        updated_at=unit.now,
        handle=None,
        display_name=None,
        alias=None,
        cli_flag=_driver(ask, program),
        linked_chat_id=None,
        auto_forward_chat=True,
        terminal=None,
    )
    if chat_name is not None:
        session = _with_terminal(unit, session, ask, chat_name)
    else:
        unit.sessions.add(session, {})
    unit.emit(SessionsChanged(session.id))
    return session


def _with_terminal(
    unit: Unit, session: Session, ask: CreateSession, chat_name: str
) -> Session:
    slug = _free_handle(unit, session.name)
    chat_slug = _free_handle(unit, chat_name)
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
    )
    session = attrs.evolve(
        session,
        handle=f"@{slug}" if slug else None,
        display_name=slug,
        alias=slug,
        linked_chat_id=chat.id,
        terminal=TerminalInfo(
            host=ask.host or "pty",
            command=ask.command,
            cols=ask.cols,
            rows=ask.rows,
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
    unit.sessions.add(session, ask.env)
    return session


def list_sessions(unit: Unit) -> SessionList:
    """Active sessions and those that can be brought back."""
    return SessionList(unit.sessions.active(), unit.sessions.recoverable())


def get_session(unit: Unit, session_id: SessionId) -> Session:
    """The row, active or not. Raises `NotFound`."""
    session = unit.sessions.get(session_id)
    if session is None:
        raise NotFound("session", session_id)
    return session


def look(unit: Unit, session_id: SessionId) -> tuple[Session, int]:
    """The row, and the first offset that was never given away. Raises `NotFound`."""
    program = unit.sessions.program(session_id)
    return get_session(unit, session_id), program.reserved if program else 0


def events_since(unit: Unit, seq: int, limit: int) -> list[Envelope]:
    """The oldest `limit` logged events after `seq`."""
    return unit.log.since(seq, limit)


def need_active(unit: Unit, session_id: SessionId) -> Session:
    """The row of an active session. Raises `NotFound`, or `Gone` when it is not."""
    session = get_session(unit, session_id)
    if not session.active:
        state = "deleted" if session.deleted_at else "archived"
        raise Gone(f"Session {session_id!r} is {state}; restore it first.")
    return session


def need_terminal(unit: Unit, session_id: SessionId) -> Session:
    """The row of an active session that has a terminal; a chat is a `NotRunning`."""
    session = need_active(unit, session_id)
    if session.terminal is None:
        raise NotRunning(f"Session {session_id!r} is a chat and has no terminal.")
    return session


def _pair(unit: Unit, session: Session) -> list[Session]:
    """The session and the other half of an automatic terminal and chat pair."""
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


def to_delete(unit: Unit, session_id: SessionId, hard: bool) -> list[SessionId]:
    """A session and its automatic pair, which go together; the ids of both.

    Raises `NotFound`, and `Gone` when it is inactive already, unless it is to go for
    good.
    """
    check = get_session if hard else need_active
    return [session.id for session in _pair(unit, check(unit, session_id))]


def delete_session(unit: Unit, session_id: SessionId, hard: bool) -> list[SessionId]:
    """Mark a session and its automatic pair deleted; as `to_delete` otherwise."""
    ids = to_delete(unit, session_id, hard)
    for session in (get_session(unit, each) for each in ids):
        if session.deleted_at is None:
            unit.sessions.change(
                session.id,
                deleted_at=clock.stamp(unit.now),
                updated_at=clock.stamp(unit.now),
            )
    unit.emit(SessionsChanged(session_id, tuple(ids)))
    return ids


def remove_sessions(unit: Unit, ids: list[SessionId]) -> None:
    """Remove rows and all that hangs on them; their terminals have ended before."""
    for session_id in ids:
        unit.sessions.remove(session_id)
    unit.emit(SessionsChanged(None, tuple(ids)))


def begin_run(
    unit: Unit, session_id: SessionId, run: str, cols: int | None, rows: int | None
) -> Program:
    """Note that a terminal is about to start, and which offset its first byte has.

    That is `reserved` of the answer: nothing was ever given an offset from there on.
    `run` marks the environment of the child, in case we die before we know its pid.
    """
    need_terminal(unit, session_id)
    program = unit.sessions.program(session_id)
    if program is None:
        raise NotFound("terminal of session", session_id)
    unit.sessions.change_terminal(
        session_id,
        status=Status.STARTING,
        status_reason=None,
        run=run,
        pid=None,
        start_ticks=None,
        boot_id=None,
        exit_code=None,
        exit_signal=None,
        started_at=clock.stamp(unit.now),
        exited_at=None,
        cols=cols or program.cols,
        rows=rows or program.rows,
        reserved=program.reserved + CAPACITY,
    )
    return attrs.evolve(program, cols=cols or program.cols, rows=rows or program.rows)


def record_run(unit: Unit, session_id: SessionId, identity: Identity | None) -> None:
    """The terminal runs, and this is its process."""
    unit.sessions.change_terminal(
        session_id,
        status=Status.RUNNING,
        pid=identity.pid if identity else None,
        start_ticks=identity.start_ticks if identity else None,
        boot_id=identity.boot_id if identity else None,
    )
    unit.emit(SessionsChanged(session_id))


def abandon_run(
    unit: Unit, session_id: SessionId, run: str, reason: str | None
) -> None:
    """That run was begun, perhaps, and the terminal was never opened."""
    program = unit.sessions.program(session_id)
    if program is not None and program.run == run:
        unit.sessions.change_terminal(
            session_id,
            status=Status.NONE,
            status_reason=reason,
            run=None,
            reserved=program.reserved - CAPACITY,
        )
        unit.emit(SessionsChanged(session_id))


def finish_run(
    unit: Unit,
    session_id: SessionId,
    exit_: Exit,
    end: int,
    complete: bool,
    reason: str | None,
) -> None:
    """The program ended; `end` is one past its last byte.

    When the transcript is `complete` up to there, numbering goes on right there; else
    it skips the reserve.
    """
    program = unit.sessions.program(session_id)
    if program is None:
        return
    at = clock.stamp(unit.now)
    unit.sessions.change_terminal(
        session_id,
        status=Status.EXITED,
        status_reason=reason,
        exit_code=exit_.code,
        exit_signal=exit_.signal,
        exited_at=at,
        **({"reserved": end} if complete else {}),
    )
    unit.sessions.change(session_id, updated_at=at)
    unit.emit(
        SessionExited(session_id, Status.EXITED, exit_.code, exit_.signal, reason, end)
    )
    unit.emit(SessionsChanged(session_id))


def resize(unit: Unit, session_id: SessionId, cols: int, rows: int) -> Session:
    """Remember a terminal's size, for its row and its next start."""
    need_terminal(unit, session_id)
    unit.sessions.change_terminal(session_id, cols=cols, rows=rows)
    return get_session(unit, session_id)


def recover(unit: Unit, boot_id: str) -> list[SessionId]:
    """After a start: call no process running that we do not hold; which were lost.

    After an unclean end of the whole machine every numbering skips ahead.
    """
    clean = unit.settings.get("clean") == "yes"
    if unit.settings.get("boot_id") not in (None, boot_id) and not clean:
        unit.sessions.skip_offsets(POWER_LOSS_SKIP)
    unit.settings.put("boot_id", boot_id)
    unit.settings.put("clean", "no")
    lost = unit.sessions.unfinished()
    for program in lost:
        session_id = program.session.id
        reason = "the server ended before it"
        unit.sessions.change_terminal(
            session_id,
            status=Status.LOST,
            status_reason=reason,
            exited_at=clock.stamp(unit.now),
        )
        unit.emit(
            SessionExited(session_id, Status.LOST, None, None, reason, program.stored)
        )
        unit.emit(SessionsChanged(session_id))
    return [program.session.id for program in lost]


def leave_cleanly(unit: Unit) -> None:
    """The last word of a server run: everything before it is in the database."""
    unit.settings.put("clean", "yes")
