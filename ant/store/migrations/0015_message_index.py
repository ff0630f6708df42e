"""The indexes of 0002 as they are today, also where 0002 made them in an older form.

0002 was changed after it had been applied: at first it made a text index that counts
upwards, in which today's search finds nothing, and left out two plain indexes. Such a
database gets them now; others stay as they are.
"""

from typing import Any

STATEMENTS = (
    "DROP TRIGGER messages_indexed",
    "DROP TRIGGER messages_removed",
    "DROP TABLE messages_fts",
    """
    CREATE VIEW messages_by_age AS SELECT -ordinal AS age, content FROM messages
    """,
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
    "INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')",
)


LEFT_OUT = (
    "CREATE INDEX IF NOT EXISTS events_session ON events (session_id)",
    "CREATE INDEX IF NOT EXISTS sessions_handle_folded ON sessions (lower(handle))",
)


def up(migrator: Any, db: Any) -> None:
    for statement in LEFT_OUT:
        db.execute_sql(statement)
    query = "SELECT sql FROM sqlite_master WHERE name = 'messages_fts'"
    if "messages_by_age" not in db.execute_sql(query).fetchone()[0]:
        for statement in STATEMENTS:
            db.execute_sql(statement)
