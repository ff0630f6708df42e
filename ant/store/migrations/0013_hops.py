"""How many machines in a row have spoken, and an index of what waits to be typed."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE messages ADD COLUMN hops INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE hop_counts (
        place TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        author TEXT NOT NULL,
        person INTEGER NOT NULL,
        hops INTEGER NOT NULL,
        PRIMARY KEY (place, author)
    ) WITHOUT ROWID
    """,
    "CREATE INDEX hop_counts_person ON hop_counts (person)",
    # What is withheld for good stays in the table, so what waits is looked up by its
    # reason, too.
    "CREATE INDEX deliveries_waiting ON deliveries (session_id, state, reason)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
