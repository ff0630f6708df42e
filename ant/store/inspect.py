"""A look at a database file from outside, without a change of it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import attrs

from ant.core import clock
from ant.core.errors import StorageFailed
from ant.store import schema_version

STEPS: Final = 20_000
"""SQLite steps between two looks at the clock: about a millisecond."""

FAULTS: Final = 10
"""Faults that a check names; the rest are mostly consequences."""


@attrs.frozen
class DatabaseState:
    """A database: what is wrong with it, its size with its log, and what it lacks.

    `is_complete`: the check came to its end within its time. `pending` counts the
    migrations that the next start applies.
    """

    faults: tuple[str, ...]
    is_complete: bool
    size: int
    pending: int


def inspect(path: Path, seconds: float | None = None) -> DatabaseState:
    """Look at a database for at most so many seconds; None is without a limit.

    Raises `StorageFailed` if the file cannot be read, or is not a database of this ANT
    or an older one. The database may be in use.
    """
    if not path.is_file():
        raise StorageFailed(f"There is no database at {path}.")
    try:
        schema_version.check(path)
        with closing(open_read_only(path)) as db:
            return _state(db, path, seconds)
    except sqlite3.Error as exc:
        raise StorageFailed(f"The database {path} cannot be read: {exc}.") from exc


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing. Raises `sqlite3.Error`."""
    # Without a log the file is complete. Only an immutable one gets no -shm file.
    how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)


def _state(db: sqlite3.Connection, path: Path, seconds: float | None) -> DatabaseState:
    tables = _texts(db, "SELECT name FROM sqlite_master WHERE type = 'table'")
    if schema_version.HISTORY not in tables:
        raise StorageFailed(f"The file {path} is not a database of ANT: it is empty.")
    applied = _texts(db, f"SELECT name FROM {schema_version.HISTORY}")
    known = {each.stem for each in schema_version.MIGRATIONS.glob("0*.py")}
    faults, is_complete = _check(db, seconds)
    log = Path(f"{path}-wal")
    size = path.stat().st_size + (log.stat().st_size if log.exists() else 0)
    return DatabaseState(tuple(faults), is_complete, size, len(known - applied))


def _texts(db: sqlite3.Connection, query: str) -> set[str]:
    return {text for (text,) in db.execute(query)}


def _check(db: sqlite3.Connection, seconds: float | None) -> tuple[list[str], bool]:
    """The faults that SQLite finds, and whether the check came to its end."""
    if seconds is not None:
        end = clock.monotonic() + seconds
        db.set_progress_handler(lambda: clock.monotonic() > end, STEPS)
    faults: list[str] = []
    try:
        for (text,) in db.execute(f"PRAGMA quick_check({FAULTS})"):
            faults.append(text)
    except sqlite3.OperationalError as exc:
        if exc.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return faults, False
    finally:
        db.set_progress_handler(None, 0)
    return [each for each in faults if each != "ok"], True
