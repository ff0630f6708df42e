"""What happened: run events in a chain of hashes, and what terminal hosts told."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE run_events (
        id INTEGER NOT NULL PRIMARY KEY,
        session_id TEXT NOT NULL,
        n INTEGER NOT NULL,
        at TEXT NOT NULL,
        source TEXT NOT NULL,
        trust TEXT NOT NULL,
        kind TEXT NOT NULL,
        text TEXT NOT NULL,
        payload TEXT NOT NULL,
        raw_ref TEXT,
        start INTEGER,
        "end" INTEGER,
        prev TEXT,
        hash TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX run_events_place ON run_events (session_id, n)",
    """
    CREATE TABLE terminal_events (
        id INTEGER NOT NULL PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        "offset" INTEGER NOT NULL,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        data TEXT NOT NULL
    )
    """,
    "CREATE INDEX terminal_events_session ON terminal_events (session_id)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
