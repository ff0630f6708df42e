"""Tasks and file references."""

from collections.abc import Callable
from typing import TypeVar

import attrs
import pytest

from ant.core import clock
from ant.model.rooms import FileRef, FileRefId, Task, TaskId
from ant.model.sessions import Session
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.rooms.tasks import TaskStore
from tests.rules import room, taken_apart

T = TypeVar("T")
AT = clock.parse_stamp("2026-05-17T12:00:00.000250Z")
LATER = clock.parse_stamp("2026-05-17T13:00:00Z")


@pytest.fixture
def here(store: Store) -> Session:
    """A room without tasks and files."""
    return room(store)


def on(store: Store, work: Callable[[TaskStore], T]) -> T:
    def run(unit: Unit) -> T:
        return work(unit.board)

    return store.transact(run)


def task(here: Session, name: str) -> Task:
    return Task(TaskId(name), here.id, "@a", "@b", "t", "d", "new", ("x", "漢"), AT, AT)


def test_a_task_is_read_as_stored(store: Store, here: Session) -> None:
    """Every field; saving it again changes that row and keeps its position."""
    one, two = task(here, "one"), task(here, "two")
    on(store, lambda board: board.save_task(one))
    on(store, lambda board: board.save_task(two))
    assert (one, two) == on(store, lambda board: board.tasks(here.id))
    changed = attrs.evolve(
        one, assigned_to=None, description=None, file_refs=(), updated_at=LATER
    )
    on(store, lambda board: board.save_task(changed))
    assert (changed, two) == on(store, lambda board: board.tasks(here.id))
    assert () == on(store, lambda board: board.tasks("nobody"))


def test_tasks_are_found_by_an_id_prefix(store: Store, here: Session) -> None:
    """An exact match alone; no character is a wildcard."""
    other = room(store, "other")
    for each, name in ((here, "ab"), (here, "abc"), (here, "abd"), (other, "abx")):
        row = task(each, name)
        on(store, lambda board, row=row: board.save_task(row))  # type: ignore[misc]

    def like(prefix: str) -> list[str]:
        return [e.id for e in on(store, lambda b: b.tasks_like(here.id, prefix))]

    assert ["ab", "abc", "abd"] == like("a")
    assert ["ab"] == like("ab")
    assert ["abc"] == like("abc")
    assert [] == like("b") == like("%") == like("_b") == like("AB")


def test_a_file_reference_is_read_as_stored(store: Store, here: Session) -> None:
    """Oldest first; only its own room can delete it."""
    one = FileRef(FileRefId("1"), here.id, "@a", "/a b", "why", AT)
    two = FileRef(FileRefId("2"), here.id, None, "漢", None, LATER)
    on(store, lambda board: board.add_file_ref(two))
    on(store, lambda board: board.add_file_ref(one))
    assert (two, one) == on(store, lambda board: board.file_refs(here.id))
    other = room(store, "other")
    assert not on(store, lambda board: board.remove_file_ref(other.id, "1"))
    assert on(store, lambda board: board.remove_file_ref(here.id, "1"))
    assert not on(store, lambda board: board.remove_file_ref(here.id, "1"))
    assert (two,) == on(store, lambda board: board.file_refs(here.id))


def test_removing_a_room_deletes_tasks_and_files(store: Store, here: Session) -> None:
    """Those of other rooms stay."""
    other = room(store, "other")
    for each in (here, other):
        row = task(each, each.name)
        ref = FileRef(FileRefId(each.name), each.id, None, "x", None, AT)
        on(store, lambda board, row=row: board.save_task(row))  # type: ignore[misc]
        on(store, lambda board, ref=ref: board.add_file_ref(ref))  # type: ignore[misc]
    store.transact(sessions.remove_sessions, [here.id])
    taken_apart(store)
    assert () == on(store, lambda board: board.tasks(here.id))
    assert () == on(store, lambda board: board.file_refs(here.id))
    assert 1 == len(on(store, lambda board: board.tasks(other.id)))
    assert 1 == len(on(store, lambda board: board.file_refs(other.id)))
