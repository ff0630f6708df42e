"""What the migrations make is what the tables say."""

from typing import Any

import pytest

from ant.store import Store
from ant.store.tables import TABLES, database

SHADOWS = ("config", "data", "docsize", "idx")
"""What SQLite keeps a full-text index in."""


def columns(table: str) -> dict[str, tuple[bool, bool]]:
    """By name: whether it may be null, and whether it is the key."""
    rows = database.execute_sql(f'PRAGMA table_info("{table}")').fetchall()
    return {name: (not notnull, bool(key)) for _, name, _, notnull, _, key in rows}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_columns_are_those_of_the_tables(store: Store, table: Any) -> None:
    """The same names, the same nulls, the same key; none is missing on either side."""
    with store._db.connection_context():
        made = columns(table._meta.table_name)
    keys = {field.column_name for field in table._meta.get_primary_keys()}
    said = {
        name: (field.null, name in keys) for name, field in table._meta.columns.items()
    }
    assert said == made


def test_there_is_no_other_table(store: Store) -> None:
    """But the runner's record of what it did, and the shadows of the text index."""
    with store._db.connection_context():
        names = {name for name in database.get_tables() if "migrat" not in name}
    ours = {table._meta.table_name for table in TABLES} | {"messages_fts"}
    shadows = {f"messages_fts_{each}" for each in SHADOWS}
    assert ours | shadows == names - {"sqlite_sequence"}


def test_the_log_gives_no_seq_twice(store: Store) -> None:
    """AUTOINCREMENT: a pruned row's number is not used again."""
    with store._db.connection_context():
        query = "SELECT sql FROM sqlite_master WHERE name = 'events'"
        (sql,) = database.execute_sql(query).fetchone()
    assert "AUTOINCREMENT" in sql


def test_indexes_are_those_of_the_tables(store: Store) -> None:
    """Every index that a table asks for is there, and unique where it says so."""
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


def test_the_fields_that_hang_on_a_session_go_with_it(store: Store) -> None:
    """The cascade is in the schema, not in our care."""
    with store._db.connection_context():
        for table in ("terminals", "chunks"):
            keys = database.execute_sql(f'PRAGMA foreign_key_list("{table}")')
            assert [("sessions", "CASCADE")] == [(row[2], row[6]) for row in keys]
