"""The migrations create what the table classes declare."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from peewee import SqliteDatabase
from playhouse.migrations import Runner

import ant.store
from ant.api.message_requests import Search
from ant.journal import event_log
from ant.messages import messages
from ant.model.events import SessionsChanged
from ant.recording import reader
from ant.sessions import sessions
from ant.store import Store
from ant.store.tables.sessions import Table, database
from tests.rules import decoded_found, look, post

TABLES = tuple(Table.__subclasses__())
"""All that there are."""

MIGRATIONS = Path(ant.store.__file__).parent / "migrations"

INDEXES = ("messages_fts", "lines_fts")

SHADOWS = ("config", "data", "docsize", "idx")
"""What SQLite keeps a full-text index in."""


def columns(table: str) -> dict[str, tuple[bool, bool]]:
    """By name: whether it may be null, and whether it is the primary key."""
    rows = database.execute_sql(f'PRAGMA table_info("{table}")').fetchall()
    return {name: (not notnull, bool(key)) for _, name, _, notnull, _, key in rows}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_columns_match_the_table_classes(store: Store, table: Any) -> None:
    """Same names, nulls and primary keys; none is missing on either side."""
    with store._db.connection_context():
        made = columns(table._meta.table_name)
    keys = {field.column_name for field in table._meta.get_primary_keys()}
    said = {
        name: (field.null, name in keys) for name, field in table._meta.columns.items()
    }
    assert said == made


def test_there_is_no_other_table(store: Store) -> None:
    """Except the migration runner's and the shadow tables of the full-text indexes."""
    with store._db.connection_context():
        names = {name for name in database.get_tables() if "migrat" not in name}
    ours = {table._meta.table_name for table in TABLES} | set(INDEXES)
    shadows = {f"{index}_{each}" for index in INDEXES for each in SHADOWS}
    assert ours | shadows == names - {"sqlite_sequence"}


def test_the_log_uses_no_seq_twice(store: Store) -> None:
    """AUTOINCREMENT: the number of a pruned row is not used again."""
    with store._db.connection_context():
        query = "SELECT sql FROM sqlite_master WHERE name = 'events'"
        (sql,) = database.execute_sql(query).fetchone()
    assert "AUTOINCREMENT" in sql


def test_indexes_match_the_table_classes(store: Store) -> None:
    """Every declared index exists, and is unique if declared so."""
    for table in TABLES:
        with store._db.connection_context():
            made = {
                (tuple(index.columns), index.unique)
                for index in database.get_indexes(table._meta.table_name)
            }
        said = {
            (tuple(table._meta.fields[f].column_name for f in fields), unique)
            for fields, unique in table._meta.indexes
        } | {
            ((field.column_name,), field.unique)
            for field in table._meta.sorted_fields
            if (field.index or field.unique) and not field.primary_key
        }
        assert said <= made, table.__name__


CASCADES = {
    "terminals": {"sessions"},
    "chunks": {"sessions"},
    "keyframes": {"sessions"},
    "sightings": {"sessions"},
    "messages": {"sessions"},
    "members": {"sessions"},
    "person_members": {"sessions"},
    "posters": {"sessions"},
    "reads": {"messages"},
    "links": {"sessions"},
    "tasks": {"sessions"},
    "file_refs": {"sessions"},
    "prompts": {"sessions"},
    "prompt_notices": {"prompts", "sessions"},
    "deliveries": {"sessions", "messages"},
    "hop_counts": {"sessions"},
    "terminal_events": {"sessions"},
    "access_tokens": {"sessions"},
    "line_runs": {"sessions"},
    "line_cursors": {"sessions"},
    "line_blocks": {"sessions"},
}
"""What goes with what."""


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_deletes_cascade_as_declared(store: Store, table: Any) -> None:
    """The schema cascades; the code does not have to."""
    name = table._meta.table_name
    with store._db.connection_context():
        keys = database.execute_sql(f'PRAGMA foreign_key_list("{name}")').fetchall()
    assert {(to, "CASCADE") for to in CASCADES.get(name, ())} == {
        (row[2], row[6]) for row in keys
    }
    said = {field.column_name for field in table._meta.refs}
    assert said == {row[3] for row in keys}


def first_version(path: Path) -> None:
    """A database of the first release, with some rows."""
    folder = path.parent / "first"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_initial.py", folder)
    db = SqliteDatabase(str(path))
    Runner(db, str(folder)).up()
    for statement in OLD_ROWS.split(";"):
        db.execute_sql(statement)
    db.close()


OLD_ROWS = """
INSERT INTO sessions (id, name, type, ttl, meta, created_at, updated_at, linked_chat_id)
VALUES
    ('t', 'one', 'terminal', '15m', '{"a": 1}', :at, :at, 'c'),
    ('c', 'one-Chat', 'chat', '15m', '{}', :at, :at, NULL);
INSERT INTO terminals (session_id, host, cols, rows, status, stored, kept, reserved)
VALUES ('t', 'pty', 80, 24, 'running', 3, 3, 9);
INSERT INTO chunks (session_id, "offset", size, at, data)
VALUES ('t', 0, 3, :at, x'616263');
INSERT INTO events (at, session_id, type, body)
VALUES (:at, 't', 'sessions_changed', '{"sessionId": "t", "removedIds": []}');
INSERT INTO settings VALUES ('epoch', 'e')
""".replace(":at", "'2026-05-17T12:00:00.000250Z'")


def schema(path: Path) -> list[tuple[str, ...]]:
    """Every table, index and trigger, as SQLite has them."""
    with closing(sqlite3.connect(path)) as db:
        query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
        return [row for row in db.execute(query) if "migrat" not in row[2]]


def test_a_database_of_the_first_version_opens(tmp_path: Path) -> None:
    """Its rows are there, and new features work with it."""
    path = tmp_path / "ant.db"
    first_version(path)
    with closing(sqlite3.connect(path)) as db:
        assert [] == db.execute("PRAGMA table_info(messages)").fetchall()
    store = Store.open(path)
    terminal, chat = look(store, "t"), look(store, "c")
    assert ("one", {"a": 1}, "c", True) == (
        terminal.name,
        terminal.meta,
        terminal.linked_chat_id,
        chat.active,
    )
    chunks = store.read(reader.read_bytes, terminal.id, 0, 9, 9)
    assert [b"abc"] == [each.data for each in chunks]
    (event,) = store.read(event_log.missed_events, 0, 9)[0]
    assert (1, SessionsChanged(terminal.id)) == (event.seq, event.event)
    message = post(store, chat, "hello", sender_id="t")
    (found,) = decoded_found(store.read(messages.search, None, Search(q="hello")))
    assert message == found.message
    store.transact(sessions.remove_sessions, [terminal.id, chat.id])
    assert () == store.read(messages.search, None, Search(q="hello"))
    store.close()


def test_an_upgraded_database_is_like_a_new_one(tmp_path: Path) -> None:
    """Same tables, indexes and triggers; opening it again changes nothing."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    first_version(old)
    for path in (old, new, old):
        Store.open(path).close()
    assert schema(new) == schema(old)
    with closing(sqlite3.connect(old)) as db:
        assert [("ok",)] == db.execute("PRAGMA integrity_check").fetchall()
        assert [] == db.execute("PRAGMA foreign_key_check").fetchall()


HASHES = Path(__file__).parent / "migrations.sha256"
"""A line for each migration, as `sha256sum` writes them."""


def test_an_applied_migration_never_changes() -> None:
    """Databases that had it would not get the change: a new one is due instead.

    Who adds a migration adds its line: `sha256sum 00NN_name.py`.
    """
    lines = (line.split() for line in HASHES.read_text().splitlines())
    known = {name: digest for digest, name in lines}
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in MIGRATIONS.glob("0*.py")
    }
    assert known.keys() - found.keys() == set(), "a migration was removed"
    changed = [name for name in sorted(known) if known[name] != found[name]]
    assert changed == [], "a migration was changed: write a new one that changes it"
    assert found.keys() - known.keys() == set(), f"add their lines to {HASHES.name}"


def test_two_migrations_do_not_share_a_number() -> None:
    """Their order would depend on their names. Numbers may be left out."""
    numbers = sorted(path.name[:4] for path in MIGRATIONS.glob("0*.py"))
    assert numbers == sorted(set(numbers))


FIRST_FORMS = {
    "no indexes": (
        ('    "CREATE INDEX events_session ON events (session_id)",\n', ""),
        (
            '    "CREATE INDEX sessions_handle_folded ON sessions (lower(handle))",\n',
            "",
        ),
    ),
    "upwards": (
        (
            "\n    CREATE VIEW messages_by_age AS "
            "SELECT -ordinal AS age, content FROM messages\n    ",
            "SELECT 1",
        ),
        (
            "content='messages_by_age', content_rowid='age'",
            "content='messages', content_rowid='ordinal'",
        ),
        ("VALUES (-new.ordinal", "VALUES (new.ordinal"),
        ("'delete', -old.ordinal", "'delete', old.ordinal"),
    ),
}
"""What 0002 said in its older forms, beside what it says today."""


def older_form(path: Path, forms: tuple[str, ...]) -> None:
    """A database made before migration 0002 was changed, with messages."""
    folder = path.parent / "older"
    folder.mkdir()
    shutil.copy(MIGRATIONS / "0001_initial.py", folder)
    text = (MIGRATIONS / "0002_rooms.py").read_text()
    for form in forms:
        for now, then in FIRST_FORMS[form]:
            assert text.count(now) == 1
            text = text.replace(now, then)
    (folder / "0002_rooms.py").write_text(text)
    db = SqliteDatabase(str(path))
    Runner(db, str(folder)).up()
    for statement in OLD_ROWS.split(";"):
        db.execute_sql(statement)
    for number, content in enumerate(("a needle in it", "hay", "one more needle")):
        db.execute_sql(OLD_MESSAGE, (f"m{number}", content))
    db.close()


OLD_MESSAGE = """
INSERT INTO messages (id, session_id, role, content, format, status, msg_type, meta,
    created_at)
VALUES (?, 'c', 'user', ?, 'text', 'complete', 'message', '{}',
    '2026-05-17T12:00:00.000250Z')
"""


def found_by(store: Store, phrase: str) -> list[str]:
    """The ids of the messages that a search finds, newest first."""
    found = decoded_found(store.read(messages.search, None, Search(q=phrase)))
    return [each.message.id for each in found]


@pytest.mark.parametrize(
    "forms", [("upwards", "no indexes"), ("upwards",), ("no indexes",), ()]
)
def test_messages_of_an_older_index_are_found(
    tmp_path: Path, forms: tuple[str, ...]
) -> None:
    """Old and new ones, no deleted ones; the schema is that of a new database."""
    path, new = tmp_path / "ant.db", tmp_path / "new.db"
    older_form(path, forms)
    store = Store.open(path)
    assert found_by(store, "needle") == ["m2", "m0"]
    later = post(store, look(store, "c"), "a needle of today", sender_id="t")
    assert found_by(store, "needle") == [later.id, "m2", "m0"]
    store.transact(messages.delete_message, "c", "m2")
    assert found_by(store, "needle") == [later.id, "m0"]
    store.close()
    Store.open(new).close()
    assert schema(path) == schema(new)
    with closing(sqlite3.connect(path)) as db:
        ask = "INSERT INTO messages_fts (messages_fts) VALUES ('integrity-check')"
        db.execute(ask)


def applied(path: Path, names: Iterable[str]) -> None:
    """A new database with these migrations and no other."""
    folder = path.parent / path.stem
    folder.mkdir()
    for name in names:
        shutil.copy(MIGRATIONS / name, folder)
    db = SqliteDatabase(str(path))
    db.register_function(str.lower, "lowered", 1)
    Runner(db, str(folder)).up()
    db.close()


def test_every_intermediate_schema_upgrades_to_the_current_one(tmp_path: Path) -> None:
    """After the first migration, after the second, and so on; also in another order."""
    names = sorted(path.name for path in MIGRATIONS.glob("0*.py"))
    new = tmp_path / "new.db"
    Store.open(new).close()
    # A number that was left out may be filled after later ones were applied.
    steps = [names[: count + 1] for count in range(len(names))]
    for number, step in enumerate([*steps, [*names[:-2], names[-1]]]):
        path = tmp_path / f"{number}.db"
        applied(path, step)
        Store.open(path).close()
        assert schema(path) == schema(new), step
