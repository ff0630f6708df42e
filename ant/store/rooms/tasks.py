"""Task and file reference rows to and from the model."""

from collections.abc import Callable
from typing import Any, TypeVar

from ant.api import codec
from ant.core import clock
from ant.model.rooms import FileRef, FileRefId, Task, TaskId
from ant.model.sessions import SessionId
from ant.store.tables.reachable import reachable
from ant.store.tables.rooms import FileRefRow, TaskRow
from ant.store.tables.statement import PAGE_BYTES, Page, lazily, page

T = TypeVar("T")

LIKE = 100
"""Tasks whose ids begin alike that are looked at: then more of an id is to be named."""


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
    """The rows of a room whose ordinals follow; `next` is the last one's."""
    query = table.select().where(table.session_id == session_id)
    if after is not None:
        query = query.where(table.ordinal > after)
    last = after

    def made(row: Any) -> T:
        nonlocal last
        last = row.ordinal
        return make(row)

    rows = page(lazily(query.order_by(table.ordinal).namedtuples()), made)
    rows.next = str(last) if rows.more else None
    return rows


class TaskStore:
    """Tasks and file references, inside one transaction."""

    def tasks(self, session_id: str, after: int | None = None) -> Page[Task]:
        """A page of a room's tasks, deleted ones too, oldest first."""
        return _page(TaskRow, _task, session_id, after)

    def matching(
        self,
        holds: Callable[[str], bool],
        archived: bool,
        deleted: bool,
        limit: int,
        budget: int,
    ) -> tuple[list[Task], bool]:
        """The tasks, newest first, whose title or description is like that.

        Whether that is all: no more than `budget` characters are looked through, and no
        more answered than a page has.
        """
        room = PAGE_BYTES
        query = TaskRow.select(TaskRow).where(TaskRow.status != "deleted")
        query = reachable(query, TaskRow.session_id, archived, deleted)
        found: list[Task] = []
        for row in lazily(query.order_by(TaskRow.ordinal.desc()).namedtuples()):
            text = f"{row.title}\n{row.description or ''}"
            budget -= len(text)
            if budget < 0:
                return found, False
            if holds(text):
                room -= codec.json_size(row)
                if room < 0 and found:
                    return found, False
                found.append(_task(row))
                if len(found) == limit:
                    break
        return found, True

    def tasks_like(self, session_id: str, prefix: str) -> list[Task]:
        """The tasks of a room whose id begins like that; the exact one alone."""
        here = (TaskRow.session_id == session_id) & TaskRow.id.startswith(prefix)
        rows = TaskRow.select().where(here).order_by(TaskRow.ordinal).limit(LIKE)
        tasks = list(map(_task, rows.namedtuples()))
        # What begins alike to SQLite may differ in case.
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
        """A page of a room's file references, oldest first."""
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
        """Delete a file reference of that room; whether there was one."""
        here = (FileRefRow.session_id == session_id) & (FileRefRow.id == ref_id)
        return bool(FileRefRow.delete().where(here).execute())
