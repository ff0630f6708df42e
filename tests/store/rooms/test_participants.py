"""Members, posters and read receipts."""

from collections.abc import Callable
from typing import TypeVar

import attrs
import pytest

from ant.core import clock
from ant.model.rooms import Read
from ant.model.sessions import Session
from ant.sessions import sessions
from ant.store import MemberRecord, PosterRecord, Store, Unit
from ant.store.rooms.participants import ParticipantStore
from tests.rules import post, room, taken_apart

T = TypeVar("T")


@pytest.fixture
def here(store: Store) -> Session:
    """An empty room."""
    return room(store)


def on(store: Store, work: Callable[[ParticipantStore], T]) -> T:
    def run(unit: Unit) -> T:
        return work(unit.people)

    return store.transact(run)


def at(minute: int) -> str:
    return f"2026-05-17T12:{minute:02}:00.000000Z"


def test_a_membership_is_stored_or_replaced(store: Store, here: Session) -> None:
    """One for each session in a room, oldest first."""
    one, two = room(store, "one"), room(store, "two")
    first = MemberRecord(one.id, "participant", "@one", "pi", at(1))
    second = MemberRecord(two.id, "left", None, None, at(2))
    for each in (first, second):
        on(store, lambda people, each=each: people.save_member(here.id, each))  # type: ignore[misc]
    assert [first, second] == on(store, lambda people: people.members(here.id))
    changed = attrs.evolve(first, role="left", alias="@x")
    on(store, lambda people: people.save_member(here.id, changed))
    assert [changed, second] == on(store, lambda people: people.members(here.id))
    assert changed == on(store, lambda people: people.member(here.id, one.id))
    assert on(store, lambda people: people.member(one.id, here.id)) is None
    assert [] == on(store, lambda people: people.members(one.id))


def test_posts_are_counted_by_name(store: Store, here: Session) -> None:
    """With the first and the last time; without posts the sender is deleted."""
    for minute, name in ((1, "zoe"), (2, "ada"), (3, "zoe")):
        stamp = at(minute)
        on(store, lambda people, n=name, s=stamp: people.count_post(here.id, n, s))  # type: ignore[misc]
    zoe, ada = (
        PosterRecord("zoe", at(1), at(3), 2),
        PosterRecord("ada", at(2), at(2), 1),
    )
    assert [zoe, ada] == on(store, lambda people: people.posters(here.id))
    on(store, lambda people: people.uncount_post(here.id, "zoe"))
    on(store, lambda people: people.uncount_post(here.id, "ada"))
    on(store, lambda people: people.uncount_post(here.id, "nobody"))
    left = [attrs.evolve(zoe, message_count=1)]
    assert left == on(store, lambda people: people.posters(here.id))


def test_the_first_read_of_each_reader_is_kept(store: Store, here: Session) -> None:
    """By message, oldest first, with the reader's current names."""
    one, two = post(store, here), post(store, here)
    ada = room(store, "ada")
    reads = ((one.id, "x", 1), (one.id, ada.id, 2), (one.id, "x", 3), (two.id, "x", 4))
    first = [
        on(store, lambda people, m=m, r=r, n=n: people.add_read(m, r, at(n)))  # type: ignore[misc]
        for m, r, n in reads
    ]
    assert [True, True, False, True] == first
    stranger = Read("x", "x", None, clock.parse_stamp(at(1)))
    expected = [stranger, Read(ada.id, "ada", None, clock.parse_stamp(at(2)))]
    assert {one.id: expected} == on(store, lambda p: p.reads(here.id, one.id))
    everything = on(store, lambda people: people.reads(here.id))
    assert [one.id, two.id] == list(everything)
    assert {} == on(store, lambda people: people.reads(ada.id))
    assert {} == on(store, lambda people: people.reads(ada.id, one.id))


def test_removing_a_room_deletes_its_participants(store: Store, here: Session) -> None:
    """And removing a member its membership."""
    ada, other = room(store, "ada"), room(store, "other")
    message = post(store, here, sender_id="zoe")

    def fill(people: ParticipantStore) -> None:
        for each in (here, other):
            people.save_member(each.id, MemberRecord(ada.id, "left", None, None, at(1)))
        people.add_read(message.id, "x", at(1))

    on(store, fill)
    store.transact(sessions.remove_sessions, [here.id])
    taken_apart(store)
    assert [] == on(store, lambda people: people.members(here.id))
    assert [] == on(store, lambda people: people.posters(here.id))
    assert {} == on(store, lambda people: people.reads(here.id))
    assert 1 == len(on(store, lambda people: people.members(other.id)))
    store.transact(sessions.remove_sessions, [ada.id])
    taken_apart(store)
    assert [] == on(store, lambda people: people.members(other.id))
