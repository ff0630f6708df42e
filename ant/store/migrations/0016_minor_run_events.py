"""Which run events are minor: ANT keeps fewer of these.

`minor` is 0 for all others, 1 for a minor one, and 2 for a row in the place of minor
ones that were pruned. Older rows count as 0 and are deleted by their age as before.
"""

from typing import Any

STATEMENTS = (
    "ALTER TABLE run_events ADD COLUMN minor INTEGER NOT NULL DEFAULT 0",
    "CREATE INDEX run_events_minor ON run_events (session_id, minor, n) "
    "WHERE minor > 0",
)


def up(migrator: Any, db: Any) -> None:
    for statement in STATEMENTS:
        db.execute_sql(statement)
