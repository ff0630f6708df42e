"""Rules of the board: tasks and flagged files."""

from typing import Any

import attrs
import pytest

from ant.api.room_requests import CreateFileRef, CreateTask, PatchTask
from ant.core.errors import Conflict, Gone, NotFound
from ant.model.events import (
    FileRefCreated,
    FileRefDeleted,
    TaskCreated,
    TaskDeleted,
    TaskUpdated,
)
from ant.model.rooms import Task, TaskId
from ant.model.sessions import Session
from ant.rooms import tasks as board
from ant.sessions import sessions
from ant.store import Store, Unit
from tests.rules import NOBODY, create, events_of, patch, room


@pytest.fixture
def here(store: Store) -> Session:
    """A room with nothing on its board."""
    return room(store)


def add(store: Store, here: Session, title: str = "one", **fields: Any) -> Task:
    ask = CreateTask(title, **fields)
    return store.transact(board.create_task, here.id, ask)


def change(store: Store, here: Session, task_id: str, **fields: Any) -> Task:
    return store.transact(board.patch_task, here.id, task_id, PatchTask(**fields))


def tasks(store: Store, here: Session) -> list[Task]:
    return list(store.read(board.list_tasks, here.id))


def test_a_created_task_is_emitted_and_listed(store: Store, here: Session) -> None:
    """The same row in response, event and list."""
    fields: dict[str, Any] = {
        "description": "all\nof it",
        "assigned_to": "@ada",
        "status": "to-be-assigned",
        "file_refs": ("a.py", "b.py"),
    }
    (event,) = events_of(store, board.create_task, here.id, CreateTask("t", **fields))
    assert isinstance(event, TaskCreated)
    (listed,) = tasks(store, here)
    assert event.task == listed
    assert fields == {name: getattr(listed, name) for name in fields}


def test_the_author_is_shown_by_handle(store: Store, here: Session) -> None:
    """By id or by handle in any case; an unknown name is stored unchanged."""
    ada = create(store, "ada")
    names = [ada.id, "@ADA", "Ada", "somebody", None]
    made = [add(store, here, created_by=name).created_by for name in names]
    assert ["@ada", "@ada", "@ada", "somebody", None] == made


def test_only_named_fields_change(store: Store, here: Session) -> None:
    """Null clears an optional field, and `updated_at` moves."""
    task = add(store, here, description="d", assigned_to="@ada", file_refs=("a",))
    same = attrs.evolve(task, status="review")
    changed = change(store, here, task.id, status="review")
    assert task.updated_at < changed.updated_at
    assert attrs.evolve(same, updated_at=changed.updated_at) == changed
    cleared = change(
        store, here, task.id, description=None, assigned_to=None, file_refs=None
    )
    assert (None, None, ()) == (
        cleared.description,
        cleared.assigned_to,
        cleared.file_refs,
    )
    assert [cleared] == tasks(store, here)


def test_an_empty_patch_emits_nothing(store: Store, here: Session) -> None:
    """The task is returned unchanged, and no event is emitted."""
    task = add(store, here)
    assert [] == events_of(store, board.patch_task, here.id, task.id, PatchTask())
    (event,) = events_of(store, board.patch_task, here.id, task.id, PatchTask("two"))
    assert isinstance(event, TaskUpdated)
    assert [event.task] == tasks(store, here)


def known(store: Store, here: Session, *ids: str) -> None:
    """Tasks with these ids."""

    def work(unit: Unit) -> None:
        task = board.create_task(unit, here.id, CreateTask("x"))  # With a random id.
        for each in ids:
            unit.board.save_task(attrs.evolve(task, id=TaskId(each)))

    store.transact(work)


def test_the_beginning_of_an_id_is_enough(store: Store, here: Session) -> None:
    """If it fits only one task; a whole id is never ambiguous."""
    known(store, here, "00000abc", "00000abd", "00000ab", "00000x_y")
    assert "00000abc" == change(store, here, "00000abc", title="y").id
    assert "00000ab" == change(store, here, "00000ab", title="y").id
    assert "00000x_y" == change(store, here, "00000x", title="y").id
    with pytest.raises(Conflict, match=r"0abc.*0abd|0abd.*0abc"):
        change(store, here, "00000a", title="y")
    for nothing in ("00000x%", "00000X_Y", "00001"):
        with pytest.raises(NotFound):
            change(store, here, nothing, title="y")


def test_a_task_of_another_room_is_not_found(store: Store, here: Session) -> None:
    """Neither to change nor to delete."""
    other = room(store, "other")
    task = add(store, other)
    with pytest.raises(NotFound):
        change(store, here, task.id, title="x")
    with pytest.raises(NotFound):
        store.transact(board.delete_task, here.id, task.id)
    assert [task] == tasks(store, other)


def test_a_deleted_task_stays_in_the_list(store: Store, here: Session) -> None:
    """With its status, and it can be restored."""
    task = add(store, here)
    emitted = events_of(store, board.delete_task, here.id, task.id)
    assert [TaskDeleted(here.id, task.id)] == emitted
    assert [board.DELETED] == [each.status for each in tasks(store, here)]
    assert "review" == change(store, here, task.id, status="review").status


def test_the_board_is_in_order_of_creation(store: Store, here: Session) -> None:
    """Changes do not move a task."""
    made = [add(store, here, str(n)) for n in range(4)]
    change(store, here, made[0].id, status="review")
    assert [each.id for each in made] == [each.id for each in tasks(store, here)]


def test_files_are_flagged_and_unflagged(store: Store, here: Session) -> None:
    """Emitted, listed in order, and removed only in their own room."""
    ada, other = create(store, "ada"), room(store, "other")
    ask = CreateFileRef("/no/such/file", note="look", flagged_by=ada.id)
    (event,) = events_of(store, board.add_file_ref, here.id, ask)
    assert isinstance(event, FileRefCreated)
    assert ("@ada", "/no/such/file", "look") == (
        event.ref.flagged_by,
        event.ref.file_path,
        event.ref.note,
    )
    second = store.transact(board.add_file_ref, here.id, CreateFileRef("b"))
    assert (event.ref, second) == store.read(board.list_file_refs, here.id)
    with pytest.raises(NotFound):
        store.transact(board.remove_file_ref, other.id, event.ref.id)
    emitted = events_of(store, board.remove_file_ref, here.id, event.ref.id)
    assert [FileRefDeleted(here.id, event.ref.id)] == emitted
    assert (second,) == store.read(board.list_file_refs, here.id)
    with pytest.raises(NotFound):
        store.transact(board.remove_file_ref, here.id, event.ref.id)


ACTS = {
    "create_task": (CreateTask("x"),),
    "patch_task": ("x", PatchTask("x")),
    "delete_task": ("x",),
    "add_file_ref": (CreateFileRef("x"),),
    "remove_file_ref": ("x",),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_inactive_board_is_only_read(store: Store, here: Session, name: str) -> None:
    """An archived or deleted room takes no change; a missing room is not found."""
    rule = getattr(board, name)
    with pytest.raises(NotFound):
        store.transact(rule, NOBODY, *ACTS[name])
    patch(store, here.id, archived=True)
    with pytest.raises(Gone, match="archived"):
        store.transact(rule, here.id, *ACTS[name])
    store.transact(sessions.restore_session, here.id)
    store.transact(sessions.delete_session, here.id, False)
    with pytest.raises(Gone, match="deleted"):
        store.transact(rule, here.id, *ACTS[name])
    assert () == store.read(board.list_tasks, here.id)
    assert () == store.read(board.list_file_refs, here.id)
    for read in (board.list_tasks, board.list_file_refs):
        with pytest.raises(NotFound):
            store.read(read, NOBODY)
