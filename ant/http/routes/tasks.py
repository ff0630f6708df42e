"""Routes of a room's board: tasks and file references."""

import attrs

from ant.api.page_requests import ListAll
from ant.api.room_requests import CreateFileRef, CreateTask, NameFileRef, PatchTask
from ant.core.errors import Conflict
from ant.http.contract.endpoint import Done, endpoint
from ant.model.access_tokens import Scope
from ant.model.rooms import FileRef, Task
from ant.model.sessions import SessionId
from ant.rooms import tasks as board
from ant.runtime.system import System


@attrs.frozen
class Tasks:
    """A page of a room's tasks."""

    tasks: tuple[Task, ...]
    """The tasks, the oldest first."""
    next: str | None = None


@attrs.frozen
class OneTask:
    """A task as it is after the request."""

    task: Task


@attrs.frozen
class FileRefs:
    """A page of the files that are flagged in a room."""

    refs: tuple[FileRef, ...]
    """The file references, the oldest first."""
    next: str | None = None


@attrs.frozen
class OneFileRef:
    """The new file reference."""

    ref: FileRef


@endpoint(
    "GET",
    "/api/sessions/<session_id>/tasks",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_tasks(system: System, session_id: SessionId, query: ListAll) -> Tasks:
    """List the tasks of a room, oldest first.

    The list includes tasks whose `status` is `deleted`. A page holds at most 4 MiB; to
    read the next page, pass its `next` as `after`.
    """
    page = await system.journal.read_in_thread(board.list_tasks, session_id, query)
    return Tasks(page, page.next)


@endpoint("POST", "/api/sessions/<session_id>/tasks", status=201, scope=Scope.POST)
async def create_task(
    system: System, session_id: SessionId, body: CreateTask
) -> OneTask:
    """Create a task in a room.

    `created_by` may be the id or the handle of a session; the task then shows the
    handle of that session, if it has one. `status` is free text.
    """
    return OneTask(await system.journal.write(board.create_task, session_id, body))


@endpoint(
    "PATCH",
    "/api/sessions/<session_id>/tasks/<task_id>",
    raises={Conflict: "Several tasks begin with this id; the answer lists them."},
    scope=Scope.POST,
)
async def patch_task(
    system: System, session_id: SessionId, task_id: str, body: PatchTask
) -> OneTask:
    """Change the fields of a task that the body names.

    Null clears `description`, `assigned_to` and `file_refs`. A prefix of the task id is
    enough if no other task of the room begins with it; an ambiguous prefix is a 409
    that lists the matching ids. A body without fields changes nothing.
    """
    return OneTask(
        await system.journal.write(board.patch_task, session_id, task_id, body)
    )


@endpoint(
    "DELETE",
    "/api/sessions/<session_id>/tasks/<task_id>",
    raises={Conflict: "Several tasks begin with this id; the answer lists them."},
    scope=Scope.POST,
)
async def delete_task(system: System, session_id: SessionId, task_id: str) -> Done:
    """Mark a task as deleted.

    The task stays in the list with the status `deleted`. A unique prefix of the task id
    is enough.
    """
    await system.journal.write(board.delete_task, session_id, task_id)
    return Done()


@endpoint(
    "GET",
    "/api/sessions/<session_id>/file-refs",
    inactive=True,
    token="room",
    scope=Scope.VIEW,
)
async def list_file_refs(
    system: System, session_id: SessionId, query: ListAll
) -> FileRefs:
    """List the files that are flagged in a room, oldest first.

    A page holds at most 4 MiB; to read the next page, pass its `next` as `after`.
    """
    page = await system.journal.read_in_thread(board.list_file_refs, session_id, query)
    return FileRefs(page, page.next)


@endpoint("POST", "/api/sessions/<session_id>/file-refs", status=201, scope=Scope.POST)
async def add_file_ref(
    system: System, session_id: SessionId, body: CreateFileRef
) -> OneFileRef:
    """Flag a file in a room.

    The file need not exist on the server's host: ANT stores the path and opens nothing.
    `flagged_by` may be the id or the handle of a session; the reference then shows the
    handle of that session, if it has one.
    """
    return OneFileRef(await system.journal.write(board.add_file_ref, session_id, body))


@endpoint("DELETE", "/api/sessions/<session_id>/file-refs", scope=Scope.POST)
async def remove_file_ref(
    system: System, session_id: SessionId, query: NameFileRef
) -> Done:
    """Remove a file reference from a room; the file itself is not touched."""
    await system.journal.write(board.remove_file_ref, session_id, query.ref_id)
    return Done()
