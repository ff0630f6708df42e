"""Verdicts on terminals, so that they can be made again from the transcript."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE sightings (
        id INTEGER NOT NULL PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        "offset" INTEGER NOT NULL,
        at TEXT NOT NULL,
        cols INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        tty TEXT,
        quiet_ms INTEGER NOT NULL,
        flag TEXT,
        kind TEXT NOT NULL,
        rule TEXT NOT NULL,
        fingerprint TEXT,
        question TEXT
    )
    """,
    'CREATE INDEX sightings_place ON sightings (session_id, "offset")',
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
