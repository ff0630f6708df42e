"""Pictures of screens: where a redraw begins, instead of at the first byte."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE keyframes (
        session_id TEXT NOT NULL PRIMARY KEY
            REFERENCES sessions (id) ON DELETE CASCADE,
        "offset" INTEGER NOT NULL,
        cols INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        ansi BLOB NOT NULL
    )
    """,
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
