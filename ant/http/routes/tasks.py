"""Tasks and file references."""

import attrs

from ant.api.page_requests import ListAll
from ant.api.room_requests import CreateFileRef, CreateTask, NameFileRef, PatchTask
from ant.core.errors import Conflict
from ant.http.contract.endpoint import Done, endpoint
from ant.model.rooms import FileRef, Task
from ant.model.sessions import SessionId
from ant.rooms import tasks as board
from ant.runtime.system import System


@attrs.frozen
class Tasks:
    """The tasks of a room; `next` is the `after` of the next page, null for none."""

    tasks: tuple[Task, ...]
    next: str | None = None


@attrs.frozen
class OneTask:
    """A task, created or changed."""

    task: Task


@attrs.frozen
class FileRefs:
    """The files of a room; `next` is the `after` of the next page, null for none."""

    refs: tuple[FileRef, ...]
    next: str | None = None


@attrs.frozen
class OneFileRef:
    """A file reference, created."""

    ref: FileRef


@endpoint("GET", "/api/sessions/<session_id>/tasks", inactive=True, token="room")
async def list_tasks(system: System, session_id: SessionId, query: ListAll) -> Tasks:
    """The room's tasks, deleted ones too, oldest first; at most 4 MiB in one answer."""
    page = await system.journal.read_in_thread(board.list_tasks, session_id, query)
    return Tasks(page, page.next)


@endpoint("POST", "/api/sessions/<session_id>/tasks", status=201)
async def create_task(
    system: System, session_id: SessionId, body: CreateTask
) -> OneTask:
    """Create a room task."""
    return OneTask(await system.journal.write(board.create_task, session_id, body))


@endpoint("PATCH", "/api/sessions/<session_id>/tasks/<task_id>", raises=(Conflict,))
async def patch_task(
    system: System, session_id: SessionId, task_id: str, body: PatchTask
) -> OneTask:
    """Change a task; null clears. A unique beginning of the id is enough."""
    return OneTask(
        await system.journal.write(board.patch_task, session_id, task_id, body)
    )


@endpoint("DELETE", "/api/sessions/<session_id>/tasks/<task_id>", raises=(Conflict,))
async def delete_task(system: System, session_id: SessionId, task_id: str) -> Done:
    """Mark a task deleted."""
    await system.journal.write(board.delete_task, session_id, task_id)
    return Done()


@endpoint("GET", "/api/sessions/<session_id>/file-refs", inactive=True, token="room")
async def list_file_refs(
    system: System, session_id: SessionId, query: ListAll
) -> FileRefs:
    """The files flagged in the room, oldest first; at most 4 MiB in one answer."""
    page = await system.journal.read_in_thread(board.list_file_refs, session_id, query)
    return FileRefs(page, page.next)


@endpoint("POST", "/api/sessions/<session_id>/file-refs", status=201)
async def add_file_ref(
    system: System, session_id: SessionId, body: CreateFileRef
) -> OneFileRef:
    """Flag a file."""
    return OneFileRef(await system.journal.write(board.add_file_ref, session_id, body))


@endpoint("DELETE", "/api/sessions/<session_id>/file-refs")
async def remove_file_ref(
    system: System, session_id: SessionId, query: NameFileRef
) -> Done:
    """Unflag a file."""
    await system.journal.write(board.remove_file_ref, session_id, query.ref_id)
    return Done()
