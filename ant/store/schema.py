"""Whether a database is one that this ANT may open, looked at without writing to it."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from peewee import SqliteDatabase
from playhouse.migrations import Runner

from ant.core.errors import StorageFailed

MIGRATIONS = Path(__file__).parent / "migrations"

HISTORY = "schema_migration"
"""The table in which Peewee's runner notes what it applied."""


def check(path: Path) -> None:
    """Refuse a database that is newer than this ANT, somebody else's, or incomplete.

    Raises `StorageFailed` with what to do, and `sqlite3.Error` where it cannot be read.
    The file is opened for reading only.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    # Without a log it is whole by itself; only as such is no file made beside it.
    how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"{path.as_uri()}?{how}", uri=True)) as db:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        found = {name for (name,) in db.execute(query)}
        if not found:
            return
        if HISTORY not in found:
            raise StorageFailed(
                f"The database {path} was made by another program: it has no table "
                f"{HISTORY}. Give ANT another --data-dir, or move that file away."
            )
        applied = {name for (name,) in db.execute(f"SELECT name FROM {HISTORY}")}
    if unknown := sorted(applied - {path.stem for path in MIGRATIONS.glob("0*.py")}):
        raise StorageFailed(
            f"The database {path} was made by a newer ANT: it has had the migration "
            f"{', '.join(unknown)}, which this one does not know. Start the newer ANT, "
            "or give this one another --data-dir."
        )
    if missing := sorted(_made_by(applied) - found):
        raise StorageFailed(
            f"The database {path} is damaged: it lacks the table {', '.join(missing)}. "
            "Restore a backup of it, or move it away to begin with an empty one."
        )


def migrate(db: SqliteDatabase) -> None:
    """Apply what is pending, each migration in a transaction of its own."""
    Runner(db, str(MIGRATIONS)).up()


def _made_by(applied: Collection[str]) -> set[str]:
    """The tables that a database has after these migrations."""
    db = SqliteDatabase(":memory:")
    with db.connection_context():
        runner = Runner(db, str(MIGRATIONS))
        for migration in runner.migrations():
            if migration.name in applied:
                migration.load().up(runner.migrator, db)
        return set(db.get_tables())
