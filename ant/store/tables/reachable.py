"""Conditions that leave out rows of removed, archived and deleted sessions."""

from typing import Any

from peewee import SQL

from ant.store.tables.sessions import SessionRow

NOT_REMOVED = SessionRow.removed == SQL("0")
"""The session is not marked for permanent removal.

A literal: with a parameter SQLite plans the statement again at each execution, to see
whether the partial index on `removed` applies. That takes ten times as long.
"""


def reachable(query: Any, session_id: Any, archived: bool, deleted: bool) -> Any:
    """Restrict a query to rows of sessions that a search covers.

    `session_id` is the column of the session's id. Sessions that are `archived` or
    `deleted` count on request, removed ones never.
    """
    query = query.join(SessionRow, on=(SessionRow.id == session_id)).where(NOT_REMOVED)
    if not archived:
        query = query.where(SessionRow.archived == False)  # noqa: E712
    if not deleted:
        query = query.where(SessionRow.deleted_at.is_null())
    return query
