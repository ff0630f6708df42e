"""Rules of the board: a room's tasks, and the files that are flagged in it.

This is the smallest complete feature, and a pattern for others: the rules are here, the
rows in `store.rooms.tasks`, the routes in `http.routes.tasks`.
"""

import attrs

from ant.api.page_requests import FIRST_PAGE, ListAll
from ant.api.patch import changes
from ant.api.room_requests import CreateFileRef, CreateTask, PatchTask
from ant.core import clock
from ant.core.errors import Conflict, NotFound
from ant.model.events import (
    FileRefCreated,
    FileRefDeleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
)
from ant.model.rooms import FileRef, FileRefId, Task, TaskId
from ant.model.sessions import SessionId
from ant.rooms.participants import name_of
from ant.sessions.sessions import check_active, check_exists
from ant.store import Page, Unit, paging

DELETED = "deleted"
"""The status of a task that was removed from the board."""


def list_tasks(
    unit: Unit, session_id: SessionId, request: ListAll = FIRST_PAGE
) -> Page[Task]:
    """Return a page of the room's tasks, deleted ones included, oldest first.

    Raises `Invalid` on a bad cursor.
    """
    check_exists(unit, session_id)
    return unit.board.tasks(session_id, paging.parse_cursor(request.after))


def create_task(unit: Unit, session_id: SessionId, request: CreateTask) -> Task:
    """Create a task. Its author is stored as a handle where the session has one."""
    check_active(unit, session_id)
    task = Task(
        id=TaskId(clock.new_id()),
        session_id=session_id,
        created_by=name_of(unit, request.created_by),
        assigned_to=request.assigned_to,
        title=request.title,
        description=request.description,
        status=request.status,
        file_refs=request.file_refs,
        created_at=unit.now,
        updated_at=unit.now,
    )
    unit.board.save_task(task)
    unit.emit(TaskCreated(session_id, task))
    return task


def find_task(unit: Unit, session_id: SessionId, task_id: str) -> Task:
    """Return the task with this id, or the only task whose id starts with it.

    Raises `NotFound`, or `Conflict` when several ids start with it.
    """
    check_active(unit, session_id)
    tasks = unit.board.tasks_like(session_id, task_id)
    if not tasks:
        raise NotFound("task", task_id)
    if len(tasks) > 1:
        ids = ", ".join(task.id for task in tasks)
        raise Conflict(f"ambiguous task id prefix {task_id!r}: it fits {ids}")
    return tasks[0]


def patch_task(
    unit: Unit, session_id: SessionId, task_id: str, request: PatchTask
) -> Task:
    """Change the fields that the request names; null clears a field."""
    task = find_task(unit, session_id, task_id)
    changed = changes(request)
    if not changed:
        return task
    if "file_refs" in changed:
        changed["file_refs"] = changed["file_refs"] or ()
    task = attrs.evolve(task, updated_at=unit.now, **changed)
    unit.board.save_task(task)
    unit.emit(TaskUpdated(session_id, task))
    return task


def delete_task(unit: Unit, session_id: SessionId, task_id: str) -> None:
    """Mark a task as deleted. It stays in the list."""
    task = find_task(unit, session_id, task_id)
    unit.board.save_task(attrs.evolve(task, status=DELETED, updated_at=unit.now))
    unit.emit(TaskDeleted(session_id, task.id))


def list_file_refs(
    unit: Unit, session_id: SessionId, request: ListAll = FIRST_PAGE
) -> Page[FileRef]:
    """Return a page of the files flagged in the room, oldest first.

    Raises `Invalid` on a bad cursor.
    """
    check_exists(unit, session_id)
    return unit.board.file_refs(session_id, paging.parse_cursor(request.after))


def add_file_ref(unit: Unit, session_id: SessionId, request: CreateFileRef) -> FileRef:
    """Flag a file. It may be on another host, so ANT does not open it."""
    check_active(unit, session_id)
    ref = FileRef(
        id=FileRefId(clock.new_id()),
        session_id=session_id,
        flagged_by=name_of(unit, request.flagged_by),
        file_path=request.file_path,
        note=request.note,
        created_at=unit.now,
    )
    unit.board.add_file_ref(ref)
    unit.emit(FileRefCreated(session_id, ref))
    return ref


def remove_file_ref(unit: Unit, session_id: SessionId, ref_id: str) -> None:
    """Remove a flag. Raises `NotFound`, also for a reference of another room."""
    check_active(unit, session_id)
    if not unit.board.remove_file_ref(session_id, ref_id):
        raise NotFound("file reference", ref_id)
    unit.emit(FileRefDeleted(session_id, FileRefId(ref_id)))
