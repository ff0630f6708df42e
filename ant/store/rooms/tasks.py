"""Tasks and file references of rooms."""

from collections.abc import Callable
from typing import Any, TypeVar

from ant.api import codec
from ant.core import clock
from ant.model.rooms import FileRef, FileRefId, Task, TaskId
from ant.model.sessions import SessionId
from ant.store.tables.reachable import reachable
from ant.store.tables.rooms import FileRefRow, TaskRow
from ant.store.tables.statement import Page, lazily, page_by_ordinal, scan

T = TypeVar("T")

LIKE = 100
"""Tasks that one id prefix may match. A prefix that matches more is too short."""


def _task(row: Any) -> Task:
    return Task(
        id=TaskId(row.id),
        session_id=SessionId(row.session_id),
        created_by=row.created_by,
        assigned_to=row.assigned_to,
        title=row.title,
        description=row.description,
        status=row.status,
        file_refs=tuple(codec.loads(row.file_refs)),
        created_at=clock.parse_stamp(row.created_at),
        updated_at=clock.parse_stamp(row.updated_at),
    )


def _file_ref(row: Any) -> FileRef:
    return FileRef(
        id=FileRefId(row.id),
        session_id=SessionId(row.session_id),
        flagged_by=row.flagged_by,
        file_path=row.file_path,
        note=row.note,
        created_at=clock.parse_stamp(row.created_at),
    )


def _page(
    table: Any, make: Callable[[Any], T], session_id: str, after: int | None
) -> Page[T]:
    """Rows of a room with ordinals after `after`, oldest first, of about `PAGE_BYTES`.

    `next` is the ordinal of the last one.
    """
    query = table.select().where(table.session_id == session_id)
    if after is not None:
        query = query.where(table.ordinal > after)
    rows = lazily(query.order_by(table.ordinal).namedtuples())
    return page_by_ordinal(rows, make)


def _text(row: Any) -> str:
    """The text of a task that a search looks through."""
    return f"{row.title}\n{row.description or ''}"


class TaskStore:
    """Tasks and file references in one transaction; owns `tasks` and `file_refs`."""

    def tasks(self, session_id: str, after: int | None = None) -> Page[Task]:
        """Tasks of a room, deleted ones included, oldest first.

        Those with an ordinal after `after`, of about `PAGE_BYTES`.
        """
        return _page(TaskRow, _task, session_id, after)

    def matching(
        self,
        holds: Callable[[str], bool],
        archived: bool,
        deleted: bool,
        limit: int,
        budget: int,
    ) -> tuple[list[Task], bool]:
        """Tasks whose title or description matches `holds`, newest first.

        The second result says whether these are all. It stops after `limit` tasks,
        `PAGE_BYTES` of JSON, or `budget` characters of text read; the second result is
        False after the latter two.
        """
        query = TaskRow.select(TaskRow).where(TaskRow.status != "deleted")
        query = reachable(query, TaskRow.session_id, archived, deleted)
        newest = lazily(query.order_by(TaskRow.ordinal.desc()).namedtuples())
        return scan(newest, _task, _text, holds, limit, budget)

    def tasks_like(self, session_id: str, prefix: str) -> list[Task]:
        """Tasks of a room whose id begins with a prefix, oldest first, at most `LIKE`.

        A task with exactly that id is the only result.
        """
        here = (TaskRow.session_id == session_id) & TaskRow.id.startswith(prefix)
        rows = TaskRow.select().where(here).order_by(TaskRow.ordinal).limit(LIKE)
        tasks = list(map(_task, rows.namedtuples()))
        # SQLite compares the prefix without regard to case.
        tasks = [task for task in tasks if task.id.startswith(prefix)]
        return [task for task in tasks if task.id == prefix] or tasks

    def save_task(self, task: Task) -> None:
        """Insert or replace a task."""
        fields = {
            "session_id": task.session_id,
            "created_by": task.created_by,
            "assigned_to": task.assigned_to,
            "title": task.title,
            "description": task.description,
            "status": task.status,
            "file_refs": codec.dumps(task.file_refs).decode(),
            "created_at": clock.stamp(task.created_at),
            "updated_at": clock.stamp(task.updated_at),
        }
        if not TaskRow.update(fields).where(TaskRow.id == task.id).execute():
            TaskRow.insert(id=task.id, **fields).execute()

    def file_refs(self, session_id: str, after: int | None = None) -> Page[FileRef]:
        """File references of a room, oldest first.

        Those with an ordinal after `after`, of about `PAGE_BYTES`.
        """
        return _page(FileRefRow, _file_ref, session_id, after)

    def add_file_ref(self, ref: FileRef) -> None:
        """Insert a file reference."""
        FileRefRow.insert(
            id=ref.id,
            session_id=ref.session_id,
            flagged_by=ref.flagged_by,
            file_path=ref.file_path,
            note=ref.note,
            created_at=clock.stamp(ref.created_at),
        ).execute()

    def remove_file_ref(self, session_id: str, ref_id: str) -> bool:
        """Delete a file reference of a room; return whether it existed."""
        here = (FileRefRow.session_id == session_id) & (FileRefRow.id == ref_id)
        return bool(FileRefRow.delete().where(here).execute())
