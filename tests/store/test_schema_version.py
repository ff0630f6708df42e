"""Databases that ANT refuses before it writes to them."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from ant.core.errors import StorageFailed
from ant.store import Store, schema_version


def change(*statements: str) -> Callable[[Path], None]:
    """A current database, closed, that these statements changed."""

    def make(path: Path) -> None:
        Store.open(path).close()
        with closing(sqlite3.connect(path)) as db, db:
            for statement in statements:
                db.execute(statement)

    return make


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE songs (title)")


NEWER = "INSERT INTO schema_migration (name, applied) VALUES ('0099_future', '2031')"

REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "newer": (change(NEWER), r"newer ANT.*0099_future.*Start the newer ANT"),
    "foreign": (foreign, r"another program.*--data-dir"),
    "lacking": (change("DROP TABLE messages"), r"lacks the table messages\. Restore"),
    "forgotten": (change("DROP TABLE schema_migration"), r"another program"),
    "text": (lambda path: path.write_text("text " * 999) and None, r"not a database"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_database_is_not_changed(tmp_path: Path, case: str) -> None:
    """The error is one line, names the file and what to do; no byte changes."""
    make, sentence = REFUSED[case]
    path = tmp_path / "ant.db"
    make(path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(StorageFailed, match=sentence) as told:
        Store.open(path)
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    assert before == {each.name: each.read_bytes() for each in tmp_path.iterdir()}


def test_the_write_ahead_log_of_a_killed_server_is_checked(tmp_path: Path) -> None:
    """Only the log has the row; the check does not checkpoint it."""
    path = tmp_path / "ant.db"
    Store.open(path).close()
    killed = f"""
import os, sqlite3
db = sqlite3.connect({str(path)!r})
db.execute({NEWER!r})
db.commit()
os.kill(os.getpid(), 9)
"""
    assert -9 == subprocess.run([sys.executable, "-c", killed], check=False).returncode
    log = (tmp_path / "ant.db-wal").read_bytes()
    assert b"0099_future" in log
    assert b"0099_future" not in path.read_bytes()
    with pytest.raises(StorageFailed, match="0099_future"):
        Store.open(path)
    assert log == (tmp_path / "ant.db-wal").read_bytes()


@pytest.mark.parametrize("left", [None, b""])
def test_a_missing_or_empty_file_is_a_new_database(
    tmp_path: Path, left: bytes | None
) -> None:
    """For example one that `touch` made."""
    path = tmp_path / "ant.db"
    if left is not None:
        path.write_bytes(left)
    schema_version.check(path)
    Store.open(path).close()
    schema_version.check(path)
