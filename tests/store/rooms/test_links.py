"""Links between rooms, from either end."""

from collections.abc import Callable
from typing import TypeVar

import attrs
import pytest

from ant.core import clock
from ant.core.errors import StorageFailed
from ant.model.rooms import LinkId, Relationship, RoomLink
from ant.model.sessions import Session, SessionType
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.rooms.links import LinkStore
from tests.rules import patch, room

T = TypeVar("T")
CHAT = SessionType.CHAT


def on(store: Store, work: Callable[[LinkStore], T]) -> T:
    def run(unit: Unit) -> T:
        return work(unit.links)

    return store.transact(run)


def outgoing(store: Store, room: Session) -> list[RoomLink]:
    page = on(store, lambda links: links.page(room.id, None))
    return [each for each in page if each.source_room_id == room.id]


def incoming(store: Store, room: Session) -> list[RoomLink]:
    page = on(store, lambda links: links.page(room.id, None))
    return [each for each in page if each.target_room_id == room.id]


def link(source: Session, target: Session, name: str) -> RoomLink:
    return RoomLink(
        id=LinkId(name),
        source_room_id=source.id,
        target_room_id=target.id,
        relationship=Relationship.SPAWNED_FROM,
        title="why",
        created_by="@ada",
        created_at=clock.parse_stamp("2026-05-17T12:00:00.000250Z"),
        settings={"deep": [{"er": None}]},
        source_name=source.name,
        source_type=CHAT,
        target_name=target.name,
        target_type=CHAT,
    )


@pytest.fixture
def rooms(store: Store) -> list[Session]:
    """Three rooms."""
    return [room(store, name) for name in "abc"]


def test_a_link_is_read_as_stored(store: Store, rooms: list[Session]) -> None:
    """Every field, by id and from either end, oldest first."""
    a, b, c = rooms
    made = [link(b, a, "x"), link(a, b, "y"), link(a, c, "z")]
    for each in made:
        on(store, lambda links, each=each: links.add(each))  # type: ignore[misc]
    assert made[0] == on(store, lambda links: links.get("x"))
    assert on(store, lambda links: links.get("w")) is None
    assert [made[1], made[2]] == outgoing(store, a)
    assert [made[0]] == incoming(store, a)
    patch(store, b.id, name="B")
    renamed = attrs.evolve(made[1], target_name="B")
    assert [renamed] == incoming(store, b)
    on(store, lambda links: links.remove("y"))
    assert [] == incoming(store, b)


def test_a_relationship_is_unique(store: Store, rooms: list[Session]) -> None:
    """From one room to another; the table enforces it, too."""
    a, b, _ = rooms
    on(store, lambda links: links.add(link(a, b, "x")))
    spawned, follows = Relationship.SPAWNED_FROM, Relationship.FOLLOWS_UP
    assert on(store, lambda links: links.exists(a.id, b.id, spawned))
    assert not on(store, lambda links: links.exists(b.id, a.id, spawned))
    assert not on(store, lambda links: links.exists(a.id, b.id, follows))
    with pytest.raises(StorageFailed):
        on(store, lambda links: links.add(link(a, b, "y")))


def test_removing_either_room_deletes_a_link(
    store: Store, rooms: list[Session]
) -> None:
    """Whichever is removed first."""
    a, b, c = rooms
    on(store, lambda links: links.add(link(a, b, "x")))
    on(store, lambda links: links.add(link(b, c, "y")))
    store.transact(sessions.remove_sessions, [a.id])
    assert ["y"] == [e.id for e in outgoing(store, b)]
    assert [] == incoming(store, b)
    store.transact(sessions.remove_sessions, [c.id])
    assert [] == outgoing(store, b)
