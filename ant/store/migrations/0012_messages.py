"""Which terminals take messages that no driver knows, and files of those not typed."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE sessions ADD COLUMN accepts_messages INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE deliveries ADD COLUMN file TEXT",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
