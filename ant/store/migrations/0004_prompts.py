"""What terminals ask, and what became of it."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE prompts (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        run TEXT NOT NULL,
        status TEXT NOT NULL,
        reason TEXT,
        kind TEXT NOT NULL,
        class TEXT NOT NULL,
        form TEXT NOT NULL,
        question TEXT NOT NULL,
        summary TEXT NOT NULL,
        options TEXT NOT NULL,
        selected INTEGER,
        fingerprint TEXT NOT NULL,
        rule TEXT NOT NULL,
        text TEXT NOT NULL,
        start INTEGER NOT NULL,
        "end" INTEGER NOT NULL,
        detected_at TEXT NOT NULL,
        closed_at TEXT,
        answer TEXT,
        targets TEXT NOT NULL,
        delivered_to TEXT NOT NULL,
        chat_id TEXT,
        message_id TEXT
    )
    """,
    "CREATE INDEX prompts_session ON prompts (session_id, status)",
    "CREATE INDEX prompts_message_id ON prompts (message_id)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
