"""Sessions and their terminals: stored, listed, found and changed."""

from collections.abc import Callable, Collection, Iterator
from functools import cache
from typing import Any

import attrs
from peewee import JOIN, fn

from ant.api import codec
from ant.core import clock
from ant.model.sessions import (
    CliFlag,
    Session,
    SessionId,
    SessionType,
    Status,
    TerminalInfo,
)
from ant.store.tables.reachable import NOT_REMOVED
from ant.store.tables.sessions import SessionRow, TerminalRow
from ant.store.tables.statement import ALL, Page, Statement, lazily, page

ROW_BYTES = 800
"""Bytes of a session as JSON without its names and `meta`."""

SAME_HANDLE = 20
"""Inactive sessions that one lookup by handle returns; an error names a few of them."""


@attrs.frozen
class Program:
    """What a terminal runs, and the extent of its transcript. Never on the wire.

    `env` may hold secrets. `stored` and `reserved` are offsets, see `TerminalRow`.
    """

    session: Session
    host: str
    command: tuple[str, ...] | None
    env: dict[str, str]
    cols: int
    rows: int
    status: Status
    pid: int | None
    start_ticks: int | None
    boot_id: str | None
    run: str | None
    stored: int
    reserved: int


def _parse_time(text: str | None) -> Any:
    return clock.parse_stamp(text) if text is not None else None


def _terminal(row: Any) -> TerminalInfo:
    return TerminalInfo(
        host=row.host,
        command=tuple(codec.loads(row.command)) if row.command else None,
        cols=row.cols,
        rows=row.rows,
        pid=row.pid,
        exit_code=row.exit_code,
        exit_signal=row.exit_signal,
        status_reason=row.status_reason,
        started_at=_parse_time(row.started_at),
        exited_at=_parse_time(row.exited_at),
        oldest=row.oldest,
        end=row.stored,
        added_arguments=tuple(codec.loads(row.added_arguments or "[]")),
    )


def _session(row: Any) -> Session:
    """The session in a row, which has the columns of both tables."""
    has_terminal = row.host is not None
    return Session(
        id=SessionId(row.id),
        name=row.name,
        type=SessionType(row.type),
        workspace_id=row.workspace_id,
        root_dir=row.root_dir,
        status=Status(row.status) if has_terminal else Status.NONE,
        archived=bool(row.archived),
        ttl=row.ttl,
        deleted_at=_parse_time(row.deleted_at),
        last_activity=_parse_time(row.last_activity),
        meta=codec.loads(row.meta),
        created_at=clock.parse_stamp(row.created_at),
        updated_at=clock.parse_stamp(row.updated_at),
        handle=row.handle,
        display_name=row.display_name,
        alias=row.alias_,
        cli_flag=CliFlag(row.cli_flag) if row.cli_flag else None,
        linked_chat_id=row.linked_chat_id,
        auto_forward_chat=bool(row.auto_forward_chat),
        accepts_messages=bool(row.accepts_messages),
        hooks=bool(row.hooks),
        terminal=_terminal(row) if has_terminal else None,
    )


def _program(row: Any) -> Program:
    """What the terminal in a row runs."""
    return Program(
        session=_session(row),
        host=row.host,
        command=tuple(codec.loads(row.command)) if row.command else None,
        env=codec.loads(row.env),
        cols=row.cols,
        rows=row.rows,
        status=Status(row.status),
        pid=row.pid,
        start_ticks=row.start_ticks,
        boot_id=row.boot_id,
        run=row.run,
        stored=row.stored,
        reserved=row.reserved,
    )


def _select() -> Any:
    """Sessions that are not removed, each with its terminal if it has one."""
    query = SessionRow.select(SessionRow, TerminalRow).join(
        TerminalRow,
        JOIN.LEFT_OUTER,
        on=(TerminalRow.session_id == SessionRow.id),
    )
    return query.where(NOT_REMOVED)


_ACTIVE = (SessionRow.archived == False) & SessionRow.deleted_at.is_null()  # noqa: E712


_GET = Statement(lambda session_id: _select().where(SessionRow.id == session_id))
_STATE = Statement(
    lambda session_id: SessionRow.select(
        SessionRow.archived, SessionRow.deleted_at
    ).where((SessionRow.id == session_id) & NOT_REMOVED)
)
_BY_HANDLE = Statement(
    lambda handle: _select().where(_ACTIVE & (fn.LOWER(SessionRow.handle) == handle))
)
_INACTIVE_BY_HANDLE = Statement(
    lambda handle: (
        _select()
        .where(~_ACTIVE & (fn.LOWER(SessionRow.handle) == handle))
        .order_by(SessionRow.ordinal)
        .limit(SAME_HANDLE)
    )
)
_ROOM = Statement(
    lambda session_id: SessionRow.select(
        SessionRow.type, SessionRow.linked_chat_id
    ).where((SessionRow.id == session_id) & NOT_REMOVED)
)
_TERMINAL = Statement(
    lambda session_id: TerminalRow.select(TerminalRow.status).where(
        TerminalRow.session_id == session_id
    )
)
_LINKING = Statement(
    lambda chat_id: (
        _select()
        .where(_ACTIVE & (SessionRow.linked_chat_id == chat_id))
        .order_by(SessionRow.ordinal)
    )
)
_TOUCH = Statement(
    lambda session_id, at: SessionRow.update(updated_at=at).where(
        SessionRow.id == session_id
    )
)
_RECORD_OUTPUT = Statement(
    lambda session_id, at: SessionRow.update(last_activity=at).where(
        SessionRow.id == session_id
    )
)


def _one(row: Any) -> Session | None:
    return _session(row) if row else None


_INACTIVE_SINCE = fn.COALESCE(SessionRow.deleted_at, SessionRow.updated_at)
"""The time at which a session was deleted, or else last changed."""


@cache
def _list(active: bool, is_next: bool) -> Statement:
    """A list, last changed first; with `is_next` the rows after a place."""
    condition = _ACTIVE if active else ~_ACTIVE
    at = SessionRow.updated_at if active else _INACTIVE_SINCE

    def build(stamp: Any, ordinal: Any) -> Any:
        query = _select().where(condition)
        if is_next:
            is_tied = (at == stamp) & (SessionRow.ordinal < ordinal)
            query = query.where((at < stamp) | is_tied)
        return query.order_by(at.desc(), SessionRow.ordinal.desc())

    return Statement(build)


def _listed(
    active: bool,
    after: tuple[str, int] | None,
    budget: int,
    keep: Callable[[Any], bool] | None = None,
) -> Page[Session]:
    stamp, ordinal = after or ("", 0)
    statement = _list(active, after is not None)
    rows = statement.rows(stamp=stamp, ordinal=ordinal)
    kept = rows if keep is None else filter(keep, rows)
    return page(kept, _session, budget=budget, weigh=_weight)


def _weight(row: Any) -> int:
    """About the bytes of a session as JSON."""
    texts = row.name, row.root_dir, row.meta, row.handle, row.display_name, row.alias_
    return codec.json_size((*texts, row.command)) + ROW_BYTES


class SessionStore:
    """Sessions in one transaction; owns the tables `sessions` and `terminals`.

    Queries leave out sessions that are removed for good.
    """

    def get(self, session_id: str) -> Session | None:
        """The session with that id, active or not; None when there is none."""
        return _one(_GET.one(session_id=session_id))

    def state(self, session_id: str) -> tuple[bool, bool] | None:
        """Whether a session is archived, and whether deleted; None for none."""
        row = _STATE.one(session_id=session_id)
        return (bool(row.archived), row.deleted_at is not None) if row else None

    def active(
        self, after: tuple[str, int] | None = None, budget: int = ALL
    ) -> Page[Session]:
        """Active sessions, last changed first.

        Those after a `place`, of about `budget` bytes.
        """
        return _listed(True, after, budget)

    def inactive(
        self,
        after: tuple[str, int] | None = None,
        budget: int = ALL,
        is_kept: Callable[[Session], bool] | None = None,
    ) -> Page[Session]:
        """Archived and deleted sessions, last deleted (or else changed) first.

        Those after a `place`, of about `budget` bytes. `is_kept` selects among the
        deleted ones.
        """

        def keep(row: Any) -> bool:
            is_deleted = row.deleted_at is not None
            return not is_deleted or is_kept is None or is_kept(_session(row))

        return _listed(False, after, budget, keep)

    def place(self, session_id: str) -> tuple[str, int]:
        """The position of a session in `active` or `inactive`, for the next page.

        A stamp, and an ordinal that breaks ties.
        """
        at = _INACTIVE_SINCE if self._is_inactive(session_id) else SessionRow.updated_at
        query = SessionRow.select(at.alias("at"), SessionRow.ordinal)
        row: Any = query.where(SessionRow.id == session_id).tuples().get()
        return row[0], row[1]

    def _is_inactive(self, session_id: str) -> bool:
        return any(self.state(session_id) or ())

    @staticmethod
    def folded(name: str) -> str:
        """A name in the form in which two of them are compared."""
        return name.strip().casefold()

    def name_taken(self, name: str, but: Collection[str] = ()) -> bool:
        """Whether an active session that is not in `but` has that name in any case."""
        return self.folded(name) in self.active_names(but)

    def active_names(self, but: Collection[str] = ()) -> set[str]:
        """The names of active sessions that are not in `but`, `folded`.

        It reads all of them: for writes that need a free name, not for each request.
        """
        query = SessionRow.select(SessionRow.id, SessionRow.name).where(_ACTIVE)
        rows: Any = query.tuples()
        return {self.folded(name) for id_, name in rows if id_ not in but}

    def active_handles(self, but: Collection[str] = ()) -> set[str]:
        """The handles of active sessions that are not in `but`, in lower case."""
        query = SessionRow.select(SessionRow.id, SessionRow.handle).where(
            _ACTIVE & SessionRow.handle.is_null(False)
        )
        rows: Any = query.tuples()
        return {handle.lower() for id_, handle in rows if id_ not in but}

    def by_handle(self, handle: str) -> Session | None:
        """The active session with that handle in any case; None when there is none."""
        return _one(_BY_HANDLE.one(handle=handle.lower()))

    def inactive_by_handle(self, handle: str) -> list[Session]:
        """The archived and deleted sessions with that handle in any case, oldest first.

        At most `SAME_HANDLE`.
        """
        rows = _INACTIVE_BY_HANDLE.rows(handle=handle.lower())
        return [session for row in rows if (session := _one(row)) is not None]

    def linked_chat(self, session_id: str) -> tuple[SessionType, SessionId | None]:
        """The type of a session, and the id of its linked chat.

        A session that does not exist counts as a chat.
        """
        row = _ROOM.one(session_id=session_id)
        if row is None:
            return SessionType.CHAT, None
        return SessionType(row.type), row.linked_chat_id

    def has_terminal(self, session_id: str) -> bool:
        """Whether a session has a terminal, and is not a chat."""
        return _TERMINAL.value(session_id=session_id) is not None

    def linking(self, chat_id: str) -> list[Session]:
        """Every active terminal whose linked chat is that one, oldest first."""
        return list(map(_session, _LINKING.rows(chat_id=chat_id)))

    def several(self, ids: Collection[str]) -> dict[str, Session]:
        """The sessions with these ids that exist, active or not, by id in no order."""
        rows = _select().where(SessionRow.id.in_(list(ids))).namedtuples()
        return {row.id: _session(row) for row in rows}

    def deleted(self) -> Iterator[Session]:
        """Every deleted session that is not archived, first deleted first."""
        where = SessionRow.deleted_at.is_null(False) & (SessionRow.archived == False)  # noqa: E712
        query = _select().where(where).order_by(SessionRow.deleted_at)
        return map(_session, lazily(query.namedtuples()))

    def add(self, session: Session, env: dict[str, str]) -> None:
        """Insert a session, and its terminal if it has one, with that environment."""
        fields = attrs.asdict(session, recurse=False)
        for other in ("terminal", "status"):
            del fields[other]
        fields["alias_"] = fields.pop("alias")
        fields["meta"] = codec.dumps(session.meta).decode()
        for key in ("created_at", "updated_at", "deleted_at", "last_activity"):
            fields[key] = clock.stamp(fields[key]) if fields[key] else None
        SessionRow.insert(fields).execute()
        if session.terminal is not None:
            TerminalRow.insert(
                session_id=session.id,
                host=session.terminal.host,
                command=codec.dumps(session.terminal.command).decode()
                if session.terminal.command
                else None,
                env=codec.dumps(env).decode(),
                cols=session.terminal.cols,
                rows=session.terminal.rows,
                status=session.status,
            ).execute()

    def change(self, session_id: str, **fields: Any) -> None:
        """Set columns of a session row; times are stamps, `meta` is JSON text."""
        SessionRow.update(fields).where(SessionRow.id == session_id).execute()

    def touch(self, session_id: str, at: str) -> None:
        """Set the time of the last change of a session."""
        _TOUCH.run(session_id=session_id, at=at)

    def record_output(self, session_id: str, at: str) -> None:
        """Set the time of the last output of a session's terminal."""
        _RECORD_OUTPUT.run(session_id=session_id, at=at)

    def change_terminal(self, session_id: str, **fields: Any) -> None:
        """Set columns of a terminal row; times are stamps."""
        TerminalRow.update(fields).where(TerminalRow.session_id == session_id).execute()

    def skip_offsets(self, count: int) -> None:
        """Reserve `count` more offsets for every terminal; unused ones become a gap."""
        TerminalRow.update(reserved=TerminalRow.reserved + count).execute()

    def program(self, session_id: str) -> Program | None:
        """What the terminal of a session runs; None when there is no terminal."""
        row = _GET.one(session_id=session_id)
        return _program(row) if row and row.host is not None else None

    def unfinished(self) -> list[Program]:
        """Every terminal with the status starting or running, in no order."""
        query = _select().where(
            TerminalRow.status.in_((Status.STARTING, Status.RUNNING))
        )
        return list(map(_program, query.namedtuples()))
