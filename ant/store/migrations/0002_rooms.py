"""Messages and their full-text index, members, reads, links, tasks, file references."""

from typing import Any

STATEMENTS = (
    "CREATE INDEX events_session ON events (session_id)",
    "CREATE INDEX sessions_handle_folded ON sessions (lower(handle))",
    """
    CREATE TABLE messages (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        format TEXT NOT NULL,
        status TEXT NOT NULL,
        sender_id TEXT,
        target TEXT,
        reply_to TEXT,
        msg_type TEXT NOT NULL,
        meta TEXT NOT NULL,
        created_at TEXT NOT NULL,
        pinned INTEGER NOT NULL DEFAULT 0,
        client_id TEXT
    )
    """,
    "CREATE INDEX messages_session_id ON messages (session_id)",
    "CREATE INDEX messages_created_at ON messages (session_id, created_at)",
    "CREATE INDEX messages_reply_to ON messages (reply_to) WHERE reply_to IS NOT NULL",
    """
    CREATE UNIQUE INDEX messages_client_id ON messages (session_id, client_id)
    WHERE client_id IS NOT NULL
    """,
    """
    CREATE VIEW messages_by_age AS SELECT -ordinal AS age, content FROM messages
    """,
    # Newest first is the order of the index: backwards takes three times as long.
    """
    CREATE VIRTUAL TABLE messages_fts USING fts5 (
        content, content='messages_by_age', content_rowid='age', tokenize='trigram'
    )
    """,
    """
    CREATE TRIGGER messages_indexed AFTER INSERT ON messages BEGIN
        INSERT INTO messages_fts (rowid, content) VALUES (-new.ordinal, new.content);
    END
    """,
    """
    CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
        INSERT INTO messages_fts (messages_fts, rowid, content)
        VALUES ('delete', -old.ordinal, old.content);
        UPDATE messages SET reply_to = NULL WHERE reply_to = old.id;
    END
    """,
    """
    CREATE TABLE members (
        id INTEGER NOT NULL PRIMARY KEY,
        room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        role TEXT NOT NULL,
        cli_flag TEXT,
        alias TEXT,
        joined_at TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX members_room ON members (room_id, session_id)",
    "CREATE INDEX members_session ON members (session_id)",
    """
    CREATE TABLE posters (
        room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        sender_id TEXT NOT NULL,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        message_count INTEGER NOT NULL,
        PRIMARY KEY (room_id, sender_id)
    )
    """,
    """
    CREATE TABLE reads (
        id INTEGER NOT NULL PRIMARY KEY,
        message_id TEXT NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
        session_id TEXT NOT NULL,
        read_at TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX reads_message ON reads (message_id, session_id)",
    """
    CREATE TABLE links (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        source_room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        target_room_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        relationship TEXT NOT NULL,
        title TEXT,
        created_by TEXT,
        created_at TEXT NOT NULL,
        settings TEXT NOT NULL
    )
    """,
    """
    CREATE UNIQUE INDEX links_rooms
    ON links (source_room_id, target_room_id, relationship)
    """,
    "CREATE INDEX links_target ON links (target_room_id)",
    """
    CREATE TABLE tasks (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        created_by TEXT,
        assigned_to TEXT,
        title TEXT NOT NULL,
        description TEXT,
        status TEXT NOT NULL,
        file_refs TEXT NOT NULL,
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX tasks_session ON tasks (session_id)",
    """
    CREATE TABLE file_refs (
        ordinal INTEGER NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        flagged_by TEXT,
        file_path TEXT NOT NULL,
        note TEXT,
        created_at TEXT NOT NULL
    )
    """,
    "CREATE INDEX file_refs_session ON file_refs (session_id)",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
