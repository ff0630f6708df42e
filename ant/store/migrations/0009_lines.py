"""Terminal text as lines, and the index that finds them."""

from typing import Any

STATEMENTS = (
    # Where each run's bytes begin, and the size that its screen had then.
    """
    CREATE TABLE line_runs (
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        "offset" INTEGER NOT NULL,
        cols INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        PRIMARY KEY (session_id, "offset")
    ) WITHOUT ROWID
    """,
    """
    CREATE TABLE line_cursors (
        session_id TEXT NOT NULL PRIMARY KEY
            REFERENCES sessions (id) ON DELETE CASCADE,
        "offset" INTEGER NOT NULL,
        number INTEGER NOT NULL,
        at INTEGER NOT NULL,
        state BLOB NOT NULL
    )
    """,
    # Ids go down, so that the order of the index is newest first.
    """
    CREATE TABLE line_blocks (
        id INTEGER NOT NULL PRIMARY KEY,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        state INTEGER NOT NULL,
        first INTEGER NOT NULL,
        count INTEGER NOT NULL,
        start INTEGER NOT NULL,
        stop INTEGER NOT NULL,
        since INTEGER NOT NULL,
        until INTEGER NOT NULL
    )
    """,
    "CREATE INDEX line_blocks_place ON line_blocks (session_id, first)",
    "CREATE INDEX line_blocks_stop ON line_blocks (session_id, stop)",
    "CREATE INDEX line_blocks_live ON line_blocks (state) WHERE state < 3",
    """
    CREATE TABLE line_texts (
        id INTEGER NOT NULL PRIMARY KEY,
        spans BLOB NOT NULL,
        text TEXT NOT NULL
    )
    """,
    # Which texts hold three letters in a row, and no more: places would double it.
    """
    CREATE VIRTUAL TABLE lines_fts USING fts5 (
        text, content='line_texts', content_rowid='id', tokenize='trigram', detail=none
    )
    """,
    # To take a text out of the index is as much work as to put it in; a session may
    # have thousands, so it is done later, a few at a time (`LineStore.sweep`).
    """
    CREATE TABLE line_graves (
        id INTEGER NOT NULL PRIMARY KEY,
        indexed INTEGER NOT NULL
    )
    """,
    """
    CREATE TRIGGER line_blocks_removed AFTER DELETE ON line_blocks BEGIN
        INSERT INTO line_graves (id, indexed) VALUES (old.id, old.state = 3);
    END
    """,
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
