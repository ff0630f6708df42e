"""Sessions that are removed for good, a few rows at a time; tombstones by their age."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE sessions ADD COLUMN removed INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX sessions_removed ON sessions (ordinal) WHERE removed = 1",
    "CREATE INDEX run_events_tombstones ON run_events (at) WHERE kind = 'tombstone'",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
