"""Rules of room links."""

from typing import Any

import pytest

from ant.api.room_requests import CreateLink, RemoveParticipant
from ant.core.errors import Conflict, Gone, Invalid, NotFound
from ant.model.events import RoomLinkCreated, RoomLinkDeleted, SessionsChanged
from ant.model.rooms import Relationship, RoomLink, RoomLinks
from ant.model.sessions import Session, SessionId
from ant.rooms import links, participants
from ant.sessions import sessions
from ant.store import Store
from tests.rules import NOBODY, create, events_of, join, look, patch, room


@pytest.fixture
def old(store: Store) -> Session:
    """The older room."""
    return room(store, "old", workspace_id="w", root_dir="/tmp", meta={"a": 1})


@pytest.fixture
def new(store: Store) -> Session:
    """The newer room."""
    return room(store, "new")


def link(
    store: Store, source: Session, target: Session | None = None, **ask: Any
) -> RoomLink:
    to = None if target is None else target.id
    return store.transact(links.create_link, source.id, CreateLink(to, **ask))


def of(store: Store, here: Session) -> RoomLinks:
    return store.read(links.list_links, here.id)


def test_both_ends_see_a_link(store: Store, old: Session, new: Session) -> None:
    """The older room is the source; names and types of the ends come with it."""
    made = link(store, old, new, title="why", created_by="@ada", settings={"b": 2})
    assert RoomLinks((made,), ()) == of(store, old)
    assert RoomLinks((), (made,)) == of(store, new)
    assert (old.id, "old", old.type, new.id, "new", new.type) == (
        made.source_room_id,
        made.source_name,
        made.source_type,
        made.target_room_id,
        made.target_name,
        made.target_type,
    )
    assert ("why", "@ada") == (made.title, made.created_by)
    assert {"inherit_parent_context": True, "b": 2} == made.settings
    patch(store, new.id, name="newer")
    assert ["newer"] == [each.target_name for each in of(store, old).outgoing]


def test_a_link_is_emitted_to_both_rooms(
    store: Store, old: Session, new: Session
) -> None:
    """Once each, of the creation and of the deletion."""
    ask = CreateLink(new.id, title="why", relationship=Relationship.FOLLOWS_UP)
    emitted = events_of(store, links.create_link, old.id, ask)
    (made,) = of(store, old).outgoing
    assert [
        RoomLinkCreated(each.id, old.id, made.id, new.id, made.relationship, "why")
        for each in (old, new)
    ] == emitted
    emitted = events_of(store, links.delete_link, old.id, made.id)
    assert [
        RoomLinkDeleted(each.id, old.id, made.id, new.id) for each in (old, new)
    ] == emitted
    assert RoomLinks((), ()) == of(store, old) == of(store, new)


def test_either_room_may_delete_a_link(
    store: Store, old: Session, new: Session
) -> None:
    """A third room may not, and a link cannot be deleted twice."""
    made, third = link(store, old, new), room(store, "third")
    with pytest.raises(NotFound):
        store.transact(links.delete_link, third.id, made.id)
    store.transact(links.delete_link, new.id, made.id)
    with pytest.raises(NotFound):
        store.transact(links.delete_link, new.id, made.id)


def test_each_relationship_once(store: Store, old: Session, new: Session) -> None:
    """Four of them, in either direction."""
    for relationship in Relationship:
        link(store, old, new, relationship=relationship)
        with pytest.raises(Conflict, match="exists"):
            link(store, old, new, relationship=relationship)
        link(store, new, old, relationship=relationship)
    assert list(Relationship) == [e.relationship for e in of(store, old).outgoing]
    assert list(Relationship) == [e.relationship for e in of(store, old).incoming]


def test_what_cannot_be_linked(store: Store, old: Session, new: Session) -> None:
    """A terminal at either end, a room with itself, a missing or an inactive room."""
    terminal = create(store, "one")
    for source, target in ((terminal, old), (old, terminal)):
        with pytest.raises(Invalid, match="chat"):
            link(store, source, target)
    with pytest.raises(Invalid, match="itself"):
        link(store, old, old)
    with pytest.raises(NotFound):
        store.transact(links.create_link, old.id, CreateLink(NOBODY))
    with pytest.raises(NotFound):
        store.transact(links.create_link, NOBODY, CreateLink(old.id))
    made = link(store, old, new)
    patch(store, new.id, archived=True)
    for source, target in ((old, new), (new, old)):
        with pytest.raises(Gone):
            link(store, source, target, relationship=Relationship.FOLLOWS_UP)
    with pytest.raises(Gone):
        store.transact(links.delete_link, new.id, made.id)
    assert (made,) == of(store, new).incoming
    with pytest.raises(NotFound):
        store.read(links.list_links, NOBODY)


def test_a_link_without_a_target_makes_a_room(store: Store, old: Session) -> None:
    """A chat without ttl, linked to the older one, whose id is in its meta."""
    emitted = events_of(store, links.create_link, old.id, CreateLink(title=" Plan "))
    (made,) = of(store, old).outgoing
    made_room = look(store, made.target_room_id)
    kinds = [SessionsChanged, RoomLinkCreated, RoomLinkCreated]
    assert kinds == [type(each) for each in emitted]
    assert ("Plan", "forever", {"parent_room": old.id}, "w", "/tmp") == (
        made_room.name,
        made_room.ttl,
        made_room.meta,
        made_room.workspace_id,
        made_room.root_dir,
    )
    assert (None, None) == (made_room.handle, made_room.terminal)
    assert "Plan" == made.target_name


def test_a_discussion_has_a_name_of_its_own(store: Store, old: Session) -> None:
    """Numbered where the name is taken."""
    found = [link(store, old).target_name for _ in range(3)]
    name = "Discussion: old"
    assert [name, f"{name} (2)", f"{name} (3)"] == found
    assert "OLD (2)" == link(store, old, title="OLD").target_name


def test_the_discussion_of_a_linked_chat_has_no_terminal(store: Store) -> None:
    """It is not named after a terminal, nor archived with it."""
    terminal = create(store, "one")
    chat = look(store, terminal.linked_chat_id)
    made = look(store, link(store, chat).target_room_id)
    patch(store, terminal.id, archived=True)
    assert look(store, made.id).active
    assert made.handle is None


@pytest.mark.parametrize("copied", [True, False])
def test_participants_are_copied(store: Store, old: Session, copied: bool) -> None:
    """With their aliases, if asked for; external ones and those that left are not.

    So are people.
    """
    stays, external, left = (create(store, name) for name in ("a", "b", "c"))
    join(store, old, session_id=stays.id, alias="boss")
    join(store, old, session_id=external.id, role="external")
    join(store, old, session_id=left.id)
    store.transact(
        participants.remove_participant, old.id, RemoveParticipant(session_id=left.id)
    )
    join(store, old, handle="@zoe", alias="z")
    join(store, old, handle="@eve", role="external")
    made = link(store, old, copy_members=copied)
    members = store.read(participants.list_participants, made.target_room_id).all
    expected = [(stays.id, "@boss"), ("@zoe", "@z")] if copied else []
    assert expected == [(each.id, each.alias) for each in members]


def test_a_removed_room_has_no_link(store: Store, old: Session, new: Session) -> None:
    """The other end has none either."""
    link(store, old, new)
    link(store, new, old)
    store.transact(sessions.remove_sessions, [SessionId(new.id)])
    assert RoomLinks((), ()) == of(store, old)
