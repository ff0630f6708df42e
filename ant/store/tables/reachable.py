"""Which rows may be looked into: those of sessions that are not being removed."""

from typing import Any

from ant.store.tables.sessions import SessionRow

NOT_REMOVED = SessionRow.removed == False  # noqa: E712
"""Of a session that is not being removed for good."""


def reachable(query: Any, session_id: Any, archived: bool, deleted: bool) -> Any:
    """Only rows of sessions to be looked into; `session_id` is the column that says."""
    query = query.join(SessionRow, on=(SessionRow.id == session_id)).where(NOT_REMOVED)
    if not archived:
        query = query.where(SessionRow.archived == False)  # noqa: E712
    if not deleted:
        query = query.where(SessionRow.deleted_at.is_null())
    return query
