"""A consistent copy of the database while a server writes to it."""

import os
import sqlite3
from collections import namedtuple
from contextlib import closing
from pathlib import Path

import pytest

from ant.core.errors import Conflict, DiskFull, StorageFailed
from ant.store import Store, Unit, backup
from ant.store.backup import back_up, counts


def nothing(done: int, of: int) -> None:
    """No progress is shown."""


def put(unit: Unit, key: str, value: str) -> None:
    unit.settings.put(key, value)


def settings(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as db:
        return dict(db.execute("SELECT key, value FROM settings"))


def test_a_copy_is_the_database_at_one_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that writes between its steps neither changes nor prevents it."""
    monkeypatch.setattr(backup, "PAGES", 8)
    path, copy = tmp_path / "ant.db", tmp_path / "copy.db"
    store, steps = Store.open(path), []
    store.transact(put, "first", "1")
    store.transact(put, "second", "1")

    def write(done: int, of: int) -> None:
        steps.append((done, of))
        store.transact(put, "first", str(len(steps)))
        store.transact(put, "second", str(len(steps)))

    state = back_up(path, copy, write)
    assert len(steps) > 5
    assert steps[-1][0] == steps[-1][1] == state.size // 4096
    assert sorted(steps) == steps
    assert {"first": "1", "second": "1"}.items() <= settings(copy).items()
    assert str(len(steps)) == store.read(lambda unit: unit.settings.get("first"))
    store.close()
    assert 0o600 == copy.stat().st_mode & 0o777
    assert {"ant.db", "copy.db"} == set(os.listdir(tmp_path))


def test_a_copy_is_another_server(tmp_path: Path) -> None:
    """No name of the event log, and no boot, as after a loss of power."""
    path, copy = tmp_path / "ant.db", tmp_path / "copy.db"
    store = Store.open(path)
    for key, value in (("epoch", "e"), ("boot_id", "b"), ("clean", "yes")):
        store.transact(put, key, value)
    back_up(path, copy, nothing)
    assert {"boot_id": "backup", "clean": "no"} == settings(copy)
    assert "e" == settings(path)["epoch"]
    store.close()


def test_a_database_that_a_server_left_in_a_crash(tmp_path: Path) -> None:
    """What only its log has is in the copy."""
    store = Store.open(tmp_path / "ant.db")
    store.transact(put, "key", "value")
    crashed, copy = tmp_path / "crashed", tmp_path / "copy.db"
    crashed.mkdir()
    for name in ("ant.db", "ant.db-wal"):
        (crashed / name).write_bytes((tmp_path / name).read_bytes())
    store.close()
    back_up(crashed / "ant.db", copy, nothing)
    assert "value" == settings(copy)["key"]


def test_a_file_is_replaced_by_force_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also one that appears meanwhile; a link is a file, too."""
    path, copy = tmp_path / "ant.db", tmp_path / "copy.db"
    Store.open(path).close()
    copy.symlink_to(tmp_path / "none")
    with pytest.raises(Conflict, match="--force"):
        back_up(path, copy, nothing)
    copy.unlink()
    with pytest.raises(Conflict, match="exists now"):
        back_up(path, copy, lambda *_: copy.write_text("mine") and None)
    assert "mine" == copy.read_text()
    back_up(path, copy, nothing, force=True)
    assert "boot_id" in settings(copy)
    copy.unlink()

    def no_links(*_: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    back_up(path, copy, nothing)
    assert "boot_id" in settings(copy)
    assert {"ant.db", "copy.db"} == set(os.listdir(tmp_path))


def test_nothing_is_left_of_a_copy_that_fails(tmp_path: Path) -> None:
    """Ctrl-C, a damaged database, no database, and no folder."""
    path, copy = tmp_path / "ant.db", tmp_path / "copy.db"
    Store.open(path).close()

    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(path, copy, interrupt)
    with pytest.raises(StorageFailed, match="No such file"):
        back_up(path, tmp_path / "none" / "copy.db", nothing)
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    path.write_bytes(data)
    with pytest.raises(StorageFailed):
        back_up(path, copy, nothing)
    with pytest.raises(StorageFailed, match="no database"):
        back_up(tmp_path / "none.db", copy, nothing)
    assert ["ant.db"] == os.listdir(tmp_path)


def test_a_copy_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server on the same disk goes on."""
    path = tmp_path / "ant.db"
    Store.open(path).close()
    small = namedtuple("small", "f_bavail f_frsize")(10, 4096)
    monkeypatch.setattr(os, "statvfs", lambda _: small)
    with pytest.raises(DiskFull, match="make room"):
        back_up(path, tmp_path / "copy.db", nothing)
    assert ["ant.db"] == os.listdir(tmp_path)


def test_counts(tmp_path: Path) -> None:
    """Of what a person looks for in a copy."""
    path = tmp_path / "ant.db"
    Store.open(path).close()
    assert {"sessions": 0, "messages": 0, "transcript_bytes": 0} == counts(path)
    (tmp_path / "other").write_text("x" * 5000)
    with pytest.raises(StorageFailed, match="cannot be read"):
        counts(tmp_path / "other")
