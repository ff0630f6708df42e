"""Who a message is meant for, and what became of it there."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE deliveries (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
        target TEXT NOT NULL,
        adapter TEXT NOT NULL,
        kind TEXT NOT NULL,
        route TEXT NOT NULL,
        state TEXT NOT NULL,
        reason TEXT,
        "offset" INTEGER,
        begun INTEGER NOT NULL DEFAULT 0,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        transitions TEXT NOT NULL
    )
    """,
    "CREATE INDEX deliveries_message_id ON deliveries (message_id)",
    "CREATE INDEX deliveries_room_id ON deliveries (room_id)",
    "CREATE INDEX deliveries_session ON deliveries (session_id, state)",
    "CREATE INDEX deliveries_state ON deliveries (state)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
