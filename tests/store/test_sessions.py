"""Sessions and terminals in the database."""

from typing import Any

import attrs

from ant.core import clock
from ant.model.sessions import (
    CliFlag,
    Session,
    SessionId,
    SessionType,
    Status,
    TerminalInfo,
)
from ant.store import Store, Unit

AT = clock.parse_stamp("2026-05-17T12:00:00.000250Z")
TERMINAL = TerminalInfo(
    host="pty",
    command=("sh", "-c", "echo h\u00e9"),
    cols=99,
    rows=33,
    pid=None,
    exit_code=None,
    exit_signal=None,
    status_reason=None,
    started_at=None,
    exited_at=None,
    oldest=0,
    end=0,
)
SESSION = Session(
    id=SessionId("one"),
    name="One",
    type=SessionType.AGENT,
    workspace_id="w",
    root_dir="/tmp",
    status=Status.NONE,
    archived=False,
    ttl="forever",
    deleted_at=None,
    last_activity=AT,
    meta={"deep": {"er": [1, None, "\u6f22"]}},
    created_at=AT,
    updated_at=AT,
    handle="@one",
    display_name="one",
    alias="one",
    cli_flag=CliFlag.CODEX_CLI,
    linked_chat_id=SessionId("chat"),
    auto_forward_chat=False,
    accepts_messages=True,
    hooks=False,
    terminal=TERMINAL,
)


def add(unit: Unit, session: Session, **env: str) -> None:
    unit.sessions.add(session, env)


def get(store: Store, session_id: str = "one") -> Session | None:
    def read(unit: Unit) -> Session | None:
        return unit.sessions.get(session_id)

    return store.read(read)


def test_a_session_is_read_as_stored(store: Store) -> None:
    """Every field, of a terminal and of a chat."""
    store.transact(add, SESSION)
    assert SESSION == get(store)
    chat = attrs.evolve(
        SESSION, id=SessionId("two"), type=SessionType.CHAT, terminal=None
    )
    store.transact(add, chat)
    assert chat == get(store, "two")
    assert get(store, "three") is None


def test_a_program_has_its_environment(store: Store) -> None:
    """Which no session on the wire has."""

    def work(unit: Unit) -> Any:
        unit.sessions.add(SESSION, {"SECRET": "hunter2"})
        return unit.sessions.program("one"), unit.sessions.program("two")

    program, none = store.transact(work)
    assert {"SECRET": "hunter2"} == program.env
    assert (TERMINAL.command, 99, 33) == (program.command, program.cols, program.rows)
    assert none is None
    assert "hunter2" not in repr(get(store))


def test_changes_affect_one_row(store: Store) -> None:
    """The model reads them back."""
    store.transact(add, SESSION)
    other = attrs.evolve(SESSION, id=SessionId("two"))
    store.transact(add, other)

    def work(unit: Unit) -> list[str]:
        unit.sessions.change("one", archived=True, deleted_at=clock.stamp(AT))
        unit.sessions.change_terminal("one", status=Status.RUNNING, pid=7)
        return [each.session.id for each in unit.sessions.unfinished()]

    assert ["one"] == store.transact(work)
    changed = get(store)
    assert changed is not None
    assert changed.terminal is not None
    assert (True, AT, Status.RUNNING, 7) == (
        changed.archived,
        changed.deleted_at,
        changed.status,
        changed.terminal.pid,
    )
    assert other == get(store, "two")


def test_names_are_compared_without_case(store: Store) -> None:
    """Case-folded, and without surrounding blanks."""
    store.transact(add, attrs.evolve(SESSION, name="Stra\u00dfe"))

    def taken(unit: Unit, name: str) -> bool:
        return unit.sessions.name_taken(name)

    assert store.read(taken, " STRASSE ")
    assert not store.read(taken, "strass")
