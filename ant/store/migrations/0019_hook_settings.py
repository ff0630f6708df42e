"""Whether a session's agent is given hook settings, and by which arguments it was."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE sessions ADD COLUMN hooks INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE terminals ADD COLUMN added_arguments TEXT",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
