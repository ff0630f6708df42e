"""Check a database without writing to it, and apply migrations."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

from peewee import SqliteDatabase
from playhouse.migrations import Runner

from ant.core.errors import StorageFailed

MIGRATIONS = Path(__file__).parent / "migrations"

HISTORY = "schema_migration"
"""The table in which Peewee's migration runner records applied migrations."""


def check(path: Path) -> None:
    """Refuse a database of a newer ANT or another program, and an incomplete one.

    Raises `StorageFailed` with what to do, and `sqlite3.Error` when the file cannot be
    read. A missing or empty file is accepted. The file is opened read-only.
    """
    if not path.is_file() or not path.stat().st_size:
        return
    # Without a log the file is complete. Only an immutable one gets no -shm file.
    how = "mode=ro" if Path(f"{path}-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"{path.as_uri()}?{how}", uri=True)) as db:
        query = "SELECT name FROM sqlite_master WHERE type = 'table'"
        tables = {name for (name,) in db.execute(query)}
        if not tables:
            return
        if HISTORY not in tables:
            raise StorageFailed(
                f"The database {path} was made by another program: it has no table "
                f"{HISTORY}. Give ANT another --data-dir, or move that file away."
            )
        applied = {name for (name,) in db.execute(f"SELECT name FROM {HISTORY}")}
    if unknown := sorted(applied - {path.stem for path in MIGRATIONS.glob("0*.py")}):
        raise StorageFailed(
            f"The database {path} was made by a newer ANT: it has the migration "
            f"{', '.join(unknown)}, which this ANT does not have. Start the newer ANT, "
            "or give this one another --data-dir."
        )
    if missing := sorted(_made_by(applied) - tables):
        raise StorageFailed(
            f"The database {path} is damaged: it lacks the table {', '.join(missing)}. "
            "Restore a backup, or move the file away to start with an empty database."
        )


def migrate(db: SqliteDatabase) -> None:
    """Apply pending migrations, each in a transaction of its own."""
    Runner(db, str(MIGRATIONS)).up()


def _made_by(applied: Collection[str]) -> set[str]:
    """The names of the tables that a database has after these migrations."""
    db = SqliteDatabase(":memory:")
    with db.connection_context():
        runner = Runner(db, str(MIGRATIONS))
        for migration in runner.migrations():
            if migration.name in applied:
                migration.load().up(runner.migrator, db)
        return set(db.get_tables())
