"""Sessions, their terminals and transcripts, the event log and the settings."""

from typing import Any

STATEMENTS = """
CREATE TABLE sessions (
    ordinal INTEGER NOT NULL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('terminal', 'chat', 'agent')),
    workspace_id TEXT,
    root_dir TEXT,
    archived INTEGER NOT NULL DEFAULT 0,
    ttl TEXT NOT NULL,
    deleted_at TEXT,
    last_activity TEXT,
    meta TEXT NOT NULL DEFAULT '{}',
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    handle TEXT,
    display_name TEXT,
    alias TEXT,
    cli_flag TEXT,
    linked_chat_id TEXT,
    auto_forward_chat INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX sessions_handle ON sessions (handle);
CREATE INDEX sessions_linked_chat_id ON sessions (linked_chat_id);
CREATE TABLE terminals (
    session_id TEXT NOT NULL PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    host TEXT NOT NULL,
    command TEXT,
    env TEXT NOT NULL DEFAULT '{}',
    cols INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT,
    pid INTEGER,
    start_ticks INTEGER,
    boot_id TEXT,
    run TEXT,
    exit_code INTEGER,
    exit_signal INTEGER,
    started_at TEXT,
    exited_at TEXT,
    oldest INTEGER NOT NULL DEFAULT 0,
    stored INTEGER NOT NULL DEFAULT 0,
    kept INTEGER NOT NULL DEFAULT 0,
    reserved INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE chunks (
    id INTEGER NOT NULL PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    "offset" INTEGER NOT NULL,
    size INTEGER NOT NULL,
    at TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE UNIQUE INDEX chunks_session_id_offset ON chunks (session_id, "offset");
CREATE TABLE events (
    seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    session_id TEXT,
    type TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE settings (
    key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
"""


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS.split(";"):
        if statement.strip():
            db.execute_sql(statement)
