"""Cursors and bounds of pages."""

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
import pytest

from ant.api.page_requests import ListAll
from ant.api.room_requests import (
    CreateFileRef,
    CreateLink,
    CreateTask,
    RemoveParticipant,
)
from ant.core import clock
from ant.core.errors import Invalid
from ant.model.sessions import Session, SessionId
from ant.rooms import links, participants, tasks
from ant.store import Store, Unit, page, paging
from ant.store.tables import statement
from ant.store.tables.rooms import TaskRow
from tests.rules import AT, create, join, post, room


@attrs.frozen
class Ask:
    """What a query says."""

    since: str | None = None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        (AT, AT),
        ("2026-05-17T14:00:00+02:00", AT),
        ("1779019200000", AT),
        ("7", "1970-01-01T00:00:00.007000Z"),
        ("row", 3),
    ],
)
def test_a_bound_is_a_time_or_an_id(
    store: Store, text: str | None, expected: str | int | None
) -> None:
    """A time in any form, the id of a row, or None; digits are milliseconds."""
    find = {"row": 3, "7": 7}.get

    def read(unit: Unit) -> str | int | None:
        return paging.parse_bound(unit, Ask(text), "since", find, "row")

    assert expected == store.read(read)


def test_a_duration_counts_from_the_transaction(store: Store) -> None:
    """From the time of the transaction backwards."""

    def read(unit: Unit) -> bool:
        at = clock.stamp(clock.parse_moment("5m", unit.now))
        return at == paging.parse_bound(unit, Ask("5m"), "since")

    assert store.read(read)


@pytest.mark.parametrize(("noun", "also"), [("", ""), ("task", ", or a task's id")])
def test_an_invalid_bound_is_refused(store: Store, noun: str, also: str) -> None:
    """The error names the accepted forms, the text and the field."""

    def read(unit: Unit) -> object:
        return paging.parse_bound(unit, Ask("soon"), "since", lambda _: None, noun)

    with pytest.raises(Invalid) as caught:
        store.read(read)
    assert (
        "expected an RFC 3339 time, epoch milliseconds or a duration such as 5m"
        f"{also}, got 'soon' at $.since" == str(caught.value)
    )


@attrs.frozen
class Listed:
    """A list that is read a page at a time: how it is read, filled and cut."""

    read: Callable[..., Any]
    rows: Callable[[Any], list[Any]]
    add: Callable[[Store, Session, int], Any]
    remove: Callable[[Unit, SessionId, str], object]


def _remove_task(_: Unit, room_id: SessionId, task_id: str) -> None:
    TaskRow.delete().where(TaskRow.id == task_id).execute()


def _remove_member(unit: Unit, room_id: SessionId, who: str) -> None:
    participants.remove_participant(unit, room_id, RemoveParticipant(session_id=who))


def _add_member(store: Store, here: Session, n: int, role: str = "participant") -> None:
    join(store, here, session_id=create(store, f"n{n}").id, role=role)


LISTS = {
    "tasks": Listed(
        tasks.list_tasks,
        list,
        lambda s, here, n: s.transact(tasks.create_task, here.id, CreateTask(f"{n}")),
        _remove_task,
    ),
    "file refs": Listed(
        tasks.list_file_refs,
        list,
        lambda s, here, n: s.transact(
            tasks.add_file_ref, here.id, CreateFileRef(f"/{n}")
        ),
        tasks.remove_file_ref,
    ),
    "links": Listed(
        links.list_links,
        lambda told: [*told.outgoing, *told.incoming],
        lambda s, here, n: s.transact(links.create_link, here.id, CreateLink()),
        links.delete_link,
    ),
    "participants": Listed(
        participants.list_participants,
        lambda told: list(told.all),
        _add_member,
        _remove_member,
    ),
    "posts from": Listed(
        participants.list_participants,
        lambda told: list(told.all),
        partial(_add_member, role="external"),
        _remove_member,
    ),
    "strangers": Listed(
        participants.list_participants,
        lambda told: list(told.all),
        lambda s, here, n: post(s, here, sender_id=f"so.me{n}"),
        lambda unit, room_id, who: unit.people.uncount_post(room_id, who),
    ),
}


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two rows."""
    for module in (statement, participants):
        monkeypatch.setattr(module, "page", partial(page, limit=2))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("whole", [False, True])
def test_a_page_continues_after_the_last_row(
    store: Store, name: str, whole: bool
) -> None:
    """Each row that stays comes once, even if the last one of a page is deleted."""
    listed, here = LISTS[name], room(store)
    for n in range(9):
        listed.add(store, here, n)
    seen: list[str] = []
    removed: set[str] = set()
    after, pages = None, 0
    while pages == 0 or after is not None:
        told = store.read(listed.read, here.id, ListAll(after))
        got = [each.id for each in listed.rows(told)]
        seen += got
        after, pages = told.next, pages + 1
        if pages < 3:
            gone = got if whole else got[-1:]
            for each in gone:
                store.transact(listed.remove, here.id, each)
            removed.update(gone)
    assert [9, 9, 5] == [len(seen), len(set(seen)), pages]
    with pytest.MonkeyPatch.context() as undone:
        for module in (statement, participants):
            undone.setattr(module, "page", page)
        left = listed.rows(store.read(listed.read, here.id))
    assert [each for each in seen if each not in removed] == [e.id for e in left]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("after", ["nonsense", "", "1.5", "-1", "9" * 16, "\u0661"])
def test_an_invalid_cursor_is_refused(store: Store, name: str, after: str) -> None:
    """It is an error, not the end of the list."""
    with pytest.raises(Invalid) as caught:
        store.read(LISTS[name].read, room(store).id, ListAll(after))
    expected = f"expected the `next` of a page, got {after!r} at $.after"
    assert expected == str(caught.value)
