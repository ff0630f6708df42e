"""Access tokens of programs and browsers, by the hash of their secret."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE access_tokens (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL,
        digest BLOB NOT NULL,
        parent_id TEXT,
        kind TEXT NOT NULL,
        label TEXT NOT NULL,
        scopes TEXT NOT NULL,
        session_id TEXT REFERENCES sessions (id) ON DELETE CASCADE,
        created_at TEXT NOT NULL,
        expires_at TEXT,
        last_used_at TEXT,
        last_address TEXT
    )
    """,
    "CREATE UNIQUE INDEX access_tokens_id ON access_tokens (id)",
    "CREATE UNIQUE INDEX access_tokens_digest ON access_tokens (digest)",
    "CREATE INDEX access_tokens_session ON access_tokens (session_id)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
