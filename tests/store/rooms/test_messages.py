"""Messages, pages of them, and the full-text index."""

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import attrs
import pytest

from ant.api import codec
from ant.core import clock
from ant.core.errors import StorageFailed
from ant.model.messages import Message, MessageId
from ant.model.sessions import Session
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.rooms.messages import MessageStore
from ant.store.tables.sessions import database
from tests.rules import room, taken_apart

T = TypeVar("T")
AT = clock.parse_stamp("2026-05-17T12:00:00.000250Z")


@pytest.fixture
def here(store: Store) -> Session:
    """A room without a message."""
    return room(store)


def on(store: Store, work: Callable[[MessageStore], T]) -> T:
    def run(unit: Unit) -> T:
        return work(unit.messages)

    return store.transact(run)


def message(here: Session, n: int, content: str = "hello", **fields: Any) -> Message:
    """The nth message of a room, n seconds after noon."""
    blank = dict.fromkeys(each.name for each in attrs.fields(Message))
    row: dict[str, Any] = {
        **blank,
        "id": MessageId(f"{here.name}{n}"),
        "session_id": here.id,
        "role": "user",
        "content": content,
        "format": "text",
        "status": "complete",
        "msg_type": "message",
        "meta": {},
        "created_at": AT + timedelta(seconds=n),
        "pinned": False,
        "hops": 0,
    }
    return Message(**{**row, **fields})


def add(store: Store, *messages: Message) -> None:
    def work(store: MessageStore) -> None:
        for each in messages:
            store.add(each)

    on(store, work)


def search(store: Store, *words: str, here: str | None = None) -> list[str]:
    def work(store: MessageStore) -> list[str]:
        found = store.search(
            list(words), here, archived=True, deleted=True, by_rank=False, limit=100
        )
        return [each.id for each in found]

    return on(store, work)


def index(store: Store, query: str) -> int:
    """Rows of the bare index. Raises when the index and the table disagree."""
    with store._db.connection_context():
        check = "INSERT INTO messages_fts (messages_fts, rank)"
        database.execute_sql(f"{check} VALUES ('integrity-check', 1)")
        sql = "SELECT count(*) FROM messages_fts WHERE messages_fts MATCH ?"
        return int(database.execute_sql(sql, (f'"{query}"',)).fetchone()[0])


def test_a_message_is_read_as_stored(store: Store, here: Session) -> None:
    """Every field, by id and by the client's own id; only in its room."""
    full = message(
        here,
        1,
        "hé\n漢🙂",
        sender_id="@ada",
        target="@bob",
        reply_to=MessageId("room0"),
        meta={"deep": [{"er": None}]},
        pinned=True,
        client_id="c",
        hops=3,
    )
    other = room(store, "other")
    add(store, message(here, 0), full)
    assert full == on(store, lambda m: m.get(here.id, full.id))
    assert [full] == on(store, lambda m: m.by_client_id(here.id, "c"))
    assert on(store, lambda m: m.get(other.id, full.id)) is None
    assert [] == on(store, lambda m: m.by_client_id(other.id, "c"))
    assert [] == on(store, lambda m: m.by_client_id(here.id, "d"))


def test_a_page_has_the_json_of_its_messages(store: Store, here: Session) -> None:
    """The same bytes that the message itself has, in pages and in searches."""
    plain = message(here, 0)
    full = message(
        here,
        1,
        'hello "hé"\n\\\x07\x1b漢🙂\u2028',
        sender_id="@ada",
        target="@bob",
        reply_to=plain.id,
        meta={"deep": [{"er": None}], "ä": 1.5},
        pinned=True,
        client_id="c",
        hops=3,
    )
    add(store, plain, full)
    expected = [codec.dumps(plain), codec.dumps(full)]
    page = on(store, lambda m: m.page(here.id, None, None, 9))
    assert expected == [each.json for each in page]
    assert [plain.id, full.id] == [each.id for each in page]
    found = on(
        store,
        lambda m: m.search(
            ["hello"], here.id, archived=False, deleted=False, by_rank=False, limit=9
        ),
    )
    assert expected[::-1] == [each.json for each in found]
    assert [full.content, plain.content] == [each.content for each in found]


def test_the_newest_stamp_of_a_room(store: Store, here: Session) -> None:
    """None before the first message."""
    other = room(store, "other")
    assert on(store, lambda m: m.newest_stamp(here.id)) is None
    add(store, message(here, 1), message(here, 2), message(other, 9))
    expected = clock.stamp(AT + timedelta(seconds=2))
    assert expected == on(store, lambda m: m.newest_stamp(here.id))


def test_a_client_id_is_unique_in_the_table_too(store: Store, here: Session) -> None:
    """Of one sender in one room; any number of messages have none."""
    zoe = {"client_id": "c", "sender_id": "@zoe"}
    add(store, message(here, 1), message(here, 2), message(here, 3, **zoe))
    add(store, message(room(store, "other"), 4, **zoe))
    add(store, message(here, 6, client_id="c", sender_id="@ada"))
    with pytest.raises(StorageFailed):
        add(store, message(here, 5, **zoe))


def test_pages_are_bounded_by_time(store: Store, here: Session) -> None:
    """Both bounds are exclusive; oldest first."""
    add(store, *(message(here, n) for n in range(6)), message(room(store, "x"), 3))

    def page(since: int | None, before: int | None, limit: int) -> list[str]:
        stamps = [
            None if n is None else clock.stamp(AT + timedelta(seconds=n))
            for n in (since, before)
        ]
        forward = since is not None and before is None
        work = functools.partial(MessageStore.page, newest=not forward)
        rows = on(store, lambda m: work(m, here.id, stamps[0], stamps[1], limit))
        return [each.id.removeprefix("room") for each in rows]

    assert ["4", "5"] == page(None, None, 2)
    assert ["2", "3"] == page(1, None, 2)
    assert ["3", "4"] == page(None, 5, 2)
    assert ["2", "3"] == page(0, 4, 2)
    assert ["1"] == page(0, 2, 9)
    assert [] == page(5, None, 2) == page(None, 0, 2) == page(2, 3, 2)


def test_changes_affect_one_row(store: Store, here: Session) -> None:
    """They leave the content, and so the index, as it is."""
    add(store, message(here, 1), message(here, 2))
    on(store, lambda m: m.change("room1", pinned=True, meta='{"a": 1}'))
    changed = on(store, lambda m: m.get(here.id, "room1"))
    assert changed is not None
    assert (True, {"a": 1}) == (changed.pinned, changed.meta)
    assert message(here, 2) == on(store, lambda m: m.get(here.id, "room2"))
    assert 2 == index(store, "hello")


def test_the_index_follows_inserts_and_deletes(store: Store, here: Session) -> None:
    """By triggers, also when a delete of the session cascades."""
    other = room(store, "other")
    add(store, *(message(each, n) for each in (here, other) for n in range(3)))
    assert 6 == index(store, "hello")
    on(store, lambda m: m.remove("room1"))
    assert 5 == index(store, "ell")
    store.transact(sessions.remove_sessions, [here.id])
    taken_apart(store)
    assert 3 == index(store, "HELLO")
    assert ["other2", "other1", "other0"] == search(store, "hello")
    store.transact(sessions.remove_sessions, [other.id])
    taken_apart(store)
    assert 0 == index(store, "hello")


def test_a_rolled_back_insert_is_not_in_the_index(store: Store, here: Session) -> None:
    """The index is in the transaction."""

    def work(unit: Unit) -> None:
        unit.messages.add(message(here, 1))
        raise StorageFailed("no")

    with pytest.raises(StorageFailed):
        store.transact(work)
    assert 0 == index(store, "hello")


def test_deleting_a_message_clears_replies_to_it(store: Store, here: Session) -> None:
    """Other replies keep their target."""
    first, second = message(here, 1), message(here, 2)
    replies = [
        message(here, 3, reply_to=first.id),
        message(here, 4, reply_to=second.id),
    ]
    add(store, first, second, *replies)
    on(store, lambda m: m.remove(first.id))
    rows = on(store, lambda m: m.newest(here.id, 9, 9999))
    assert [None, None, second.id] == [each.reply_to for each in rows]


def test_search_finds_every_word_newest_first(store: Store, here: Session) -> None:
    """Long words by the index, short ones by a scan."""
    add(store, message(here, 1, "Hello you"), message(here, 2, "hello 漢字 %"))
    assert ["room2", "room1"] == search(store, "hello")
    assert ["room2"] == search(store, "hello", "漢字", "%")
    assert ["room1"] == search(store, "YO")
    assert [] == search(store, "hello", "xyz")
    assert [] == search(store, "hello", here=room(store, "other").id)
    assert ["room2", "room1"] == search(store, "hello", here=here.id)
