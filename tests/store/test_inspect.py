"""A look at a database file from outside."""

import sqlite3
from pathlib import Path

import pytest

from ant.core.errors import StorageFailed
from ant.store import Store, inspect
from ant.store.inspect import open_read_only


def test_a_database_in_use_and_at_rest(tmp_path: Path) -> None:
    """The look changes no file."""
    path = tmp_path / "ant.db"
    store = Store.open(path)
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    state = inspect.inspect(path)
    assert ((), True, 0) == (state.faults, state.is_complete, state.pending)
    assert before == {each: each.read_bytes() for each in tmp_path.iterdir()}
    store.close()
    assert path.stat().st_size == inspect.inspect(path).size
    assert [path] == list(tmp_path.iterdir())


def test_migrations_to_come_are_counted(tmp_path: Path) -> None:
    """An older ANT made it."""
    path = tmp_path / "ant.db"
    Store.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM schema_migration WHERE name LIKE '0018%'")
    assert 1 == inspect.inspect(path).pending


def test_a_check_has_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends in between, and says so."""
    path = tmp_path / "ant.db"
    Store.open(path).close()
    monkeypatch.setattr(inspect, "STEPS", 10)
    assert not inspect.inspect(path, -1).is_complete
    assert inspect.inspect(path, 60).is_complete


@pytest.mark.parametrize("content", [None, b"", b"x" * 5000])
def test_what_is_no_database(tmp_path: Path, content: bytes | None) -> None:
    """Missing, empty, and other bytes."""
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StorageFailed, match=str(path)):
        inspect.inspect(path)


def test_nothing_can_be_written(tmp_path: Path) -> None:
    """Through such a connection."""
    path = tmp_path / "ant.db"
    Store.open(path).close()
    db = open_read_only(path)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM settings")
    db.close()
