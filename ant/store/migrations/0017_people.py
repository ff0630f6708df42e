"""People as members of rooms, a client's id by its sender, and notices of prompts."""

from typing import Any

STATEMENTS = (
    """
    CREATE TABLE person_members (
        id INTEGER NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        handle TEXT NOT NULL,
        role TEXT NOT NULL,
        alias TEXT,
        joined_at TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX person_members_room ON person_members (room_id, name)",
    "DROP INDEX messages_client_id",
    """
    CREATE UNIQUE INDEX messages_client_id
    ON messages (session_id, client_id, sender_id) WHERE client_id IS NOT NULL
    """,
    """
    CREATE TABLE prompt_notices (
        message_id TEXT NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        prompt_id TEXT NOT NULL REFERENCES prompts (id) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX prompt_notices_room ON prompt_notices (room_id)",
    "CREATE INDEX prompt_notices_prompt ON prompt_notices (prompt_id)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
