"""Who found a prompt first, and what a permission is about."""

from typing import Any

STATEMENTS = (
    "ALTER TABLE prompts ADD COLUMN detector TEXT NOT NULL DEFAULT 'screen'",
    "ALTER TABLE prompts ADD COLUMN details TEXT",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
