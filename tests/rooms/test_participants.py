"""Rules of people: who is meant, who is in a room, who read what."""

from typing import Any

import attrs
import pytest

from ant.api.message_requests import MarkRead, PostMessage
from ant.api.page_requests import ListAll
from ant.api.room_requests import AddParticipant, RemoveParticipant
from ant.api.session_requests import SetHandle
from ant.core.errors import Gone, Invalid, NotFound
from ant.messages import messages as rooms
from ant.model.events import (
    DeliveryUpdated,
    MessageCreated,
    MessageRead,
    ParticipantsChanged,
    RunEventCreated,
    SessionsChanged,
)
from ant.model.rooms import Participant, Participants
from ant.model.sessions import Session, SessionId
from ant.rooms import participants as rooms_participants
from ant.sessions import sessions
from ant.store import Store, Unit
from tests.rules import (
    NOBODY,
    create,
    events_of,
    join,
    patch,
    post,
    room,
    taken_apart,
)


@pytest.fixture
def here(store: Store) -> Session:
    """A room without participants."""
    return room(store)


@pytest.fixture
def ada(store: Store) -> Session:
    """A terminal, `@ada`, in no room."""
    return create(store, "ada")


def leave(store: Store, here: Session, **fields: Any) -> tuple[bool, SessionId]:
    ask = RemoveParticipant(**fields)
    return store.transact(rooms_participants.remove_participant, here.id, ask)


def listed(store: Store, here: Session) -> Participants:
    found = store.read(rooms_participants.list_participants, here.id)
    assert (*found.participants, *found.posts_from) == found.all
    return found


def counts(participants: tuple[Participant, ...]) -> dict[str, int]:
    return {each.id: each.message_count for each in participants}


@pytest.mark.parametrize("name", ["@ada", "ada", "ADA", "@Ada", " ada "])
def test_a_handle_is_a_name(store: Store, ada: Session, name: str) -> None:
    """With or without its `@`, in any case."""
    found = store.read(rooms_participants.resolve, name)
    assert found is not None
    assert ada.id == found.id
    assert "@ada" == store.read(rooms_participants.name_of, name)


def test_an_id_is_a_name(store: Store, ada: Session) -> None:
    """An unknown name resolves to no session, and is returned unchanged."""
    assert "@ada" == store.read(rooms_participants.name_of, ada.id)
    assert store.read(rooms_participants.resolve, "bob") is None
    assert store.read(rooms_participants.resolve, "") is None
    assert store.read(rooms_participants.resolve, None) is None
    assert "bob" == store.read(rooms_participants.name_of, "bob")


def test_a_handle_belongs_to_an_active_session(store: Store, ada: Session) -> None:
    """Not to a deleted session, which its id still finds."""
    store.transact(sessions.delete_session, ada.id, False)
    assert store.read(rooms_participants.resolve, "@ada") is None
    assert store.read(rooms_participants.resolve, ada.id) is not None


@pytest.mark.parametrize("key", ["session_id", "handle"])
def test_an_added_member_is_emitted(
    store: Store, here: Session, ada: Session, key: str
) -> None:
    """By id or by handle; its alias is then its handle."""
    ask = AddParticipant(**{key: ada.id if key == "session_id" else "Ada"})
    emitted = events_of(store, rooms_participants.add_participant, here.id, ask)
    assert [ParticipantsChanged(here.id), SessionsChanged(ada.id)] == emitted
    (member,) = listed(store, here).participants
    assert (ada.id, "@ada", "@ada", "participant", 0, None) == (
        member.id,
        member.handle,
        member.alias,
        member.role,
        member.message_count,
        member.first_seen,
    )
    assert (ada.type, ada.status) == (member.session_type, member.session_status)


def test_coming_back_keeps_alias_and_first_time(
    store: Store, here: Session, ada: Session
) -> None:
    """Leaving hides a member; a second request shows it again unchanged."""
    join(store, here, session_id=ada.id, alias="boss")
    (before,) = listed(store, here).participants
    assert "@boss" == before.alias
    assert (True, ada.id) == leave(store, here, handle="@ada")
    assert () == listed(store, here).all
    assert (False, ada.id) == leave(store, here, session_id=ada.id)
    join(store, here, handle="ada")
    assert (before,) == listed(store, here).participants


def test_a_member_leaves_once(store: Store, here: Session, ada: Session) -> None:
    """Only a change is emitted."""
    ask = RemoveParticipant(session_id=ada.id)
    assert [] == events_of(store, rooms_participants.remove_participant, here.id, ask)
    join(store, here, session_id=ada.id)
    emitted = events_of(store, rooms_participants.remove_participant, here.id, ask)
    assert [ParticipantsChanged(here.id), SessionsChanged(ada.id)] == emitted
    assert [] == events_of(store, rooms_participants.remove_participant, here.id, ask)


def test_what_cannot_be_a_member(store: Store, here: Session, ada: Session) -> None:
    """No session, an unknown one, the room itself, a removed one; only in a chat."""
    rule = rooms_participants.add_participant
    with pytest.raises(Invalid, match="required"):
        store.transact(rule, here.id, AddParticipant())
    with pytest.raises(NotFound, match=r"no session 'bob'. .* or a person as @zoe"):
        store.transact(rule, here.id, AddParticipant(handle="bob"))
    with pytest.raises(NotFound):
        store.transact(rule, here.id, AddParticipant(handle="@everyone"))
    with pytest.raises(Invalid, match="itself"):
        store.transact(rule, here.id, AddParticipant(session_id=here.id))
    with pytest.raises(Invalid, match="chat"):
        store.transact(rule, ada.id, AddParticipant(session_id=here.id))
    with pytest.raises(NotFound):
        store.transact(rule, NOBODY, AddParticipant(session_id=ada.id))
    store.transact(sessions.delete_session, ada.id, False)
    with pytest.raises(Gone):
        store.transact(rule, here.id, AddParticipant(session_id=ada.id))
    patch(store, here.id, archived=True)
    with pytest.raises(Gone):
        store.transact(rule, here.id, AddParticipant(session_id=ada.id))


def test_a_poster_becomes_a_member_once(
    store: Store, here: Session, ada: Session
) -> None:
    """A terminal a participant, others external; emitted before its first message."""
    chat = room(store, "outside")
    for sender, role in ((ada.id, "participant"), (chat.id, "external")):
        ask = PostMessage("hi", sender_id=sender)
        first = events_of(store, rooms.post_message, here.id, ask)
        again = events_of(store, rooms.post_message, here.id, ask)
        queued = [RunEventCreated, DeliveryUpdated, DeliveryUpdated]
        emitted = [MessageCreated, *queued * (sender == chat.id)]
        joined = [ParticipantsChanged, *[SessionsChanged] * (sender == ada.id)]
        assert [*joined, *emitted] == [type(each) for each in first]
        assert emitted == [type(each) for each in again]
        (found,) = [each for each in listed(store, here).all if each.id == sender]
        assert (role, 2) == (found.role, found.message_count)
        assert found.first_seen is not None
        assert found.last_seen is not None
        assert found.first_seen < found.last_seen


def test_posting_changes_no_membership(
    store: Store, here: Session, ada: Session
) -> None:
    """Alias and role stay, and a member that left stays away."""
    join(store, here, session_id=ada.id, alias="boss", role="external")
    post(store, here, sender_id="@ada")
    (member,) = listed(store, here).posts_from
    assert ("@boss", "external") == (member.alias, member.role)
    leave(store, here, session_id=ada.id)
    post(store, here, sender_id="@ada")
    assert () == listed(store, here).all


def test_a_room_is_no_member_of_itself(store: Store, here: Session) -> None:
    """A post under the room's own id is a post from outside."""
    post(store, here, sender_id=here.id)
    assert () == listed(store, here).participants
    assert {here.id: 1} == counts(listed(store, here).posts_from)


def test_a_members_names_are_counted_together(
    store: Store, here: Session, ada: Session
) -> None:
    """Id, handle in any case, alias: one member and no stranger."""
    join(store, here, session_id=ada.id, alias="@boss")
    for name in (ada.id, "@ada", "ADA", "Ada", "@boss", "Boss"):
        post(store, here, sender_id=name)
    assert {ada.id: 6} == counts(listed(store, here).all)
    again = AddParticipant(session_id=ada.id)
    member = store.transact(rooms_participants.add_participant, here.id, again)
    assert 6 == member.message_count
    assert (member,) == listed(store, here).participants


def test_a_handle_precedes_an_alias(store: Store, here: Session, ada: Session) -> None:
    """A post is counted once, for the session that has the handle."""
    bob = create(store, "bob")
    join(store, here, session_id=ada.id, alias="bob")
    join(store, here, session_id=bob.id)
    post(store, here, sender_id="@bob")
    assert {ada.id: 0, bob.id: 1} == counts(listed(store, here).participants)


def test_strangers_are_listed_by_sender_name(store: Store, here: Session) -> None:
    """From outside, by name, without a session."""
    post(store, here, sender_id="@zoe")
    post(store, here, sender_id="web client")
    post(store, here)
    zoe, web = listed(store, here).posts_from
    assert ("@zoe", "@zoe", None, "external", 1) == (
        zoe.name,
        zoe.handle,
        zoe.session_type,
        zoe.role,
        zoe.message_count,
    )
    assert ("web client", None) == (web.name, web.handle)


def test_a_deleted_message_is_no_longer_counted(store: Store, here: Session) -> None:
    """After the last message is deleted, its sender is not listed."""
    messages = [post(store, here, sender_id="zoe") for _ in range(2)]
    for left, message in zip((1, 0), messages, strict=True):
        store.transact(rooms.delete_message, here.id, message.id)
        assert left == sum(counts(listed(store, here).all).values())
    assert () == listed(store, here).all


def test_a_removed_member_is_a_stranger(
    store: Store, here: Session, ada: Session
) -> None:
    """After a hard delete only the name it posted under remains."""
    post(store, here, sender_id=ada.id)
    join(store, here, session_id=ada.id)
    store.transact(sessions.remove_sessions, [ada.id])
    assert () == listed(store, here).participants
    assert {ada.id: 1} == counts(listed(store, here).posts_from)


def test_a_member_is_shown_with_its_current_handle(
    store: Store, here: Session, ada: Session
) -> None:
    """The alias stays that of the time it joined."""
    join(store, here, session_id=ada.id)
    store.transact(sessions.set_handle, ada.id, SetHandle("eve", "Eve"))
    post(store, here, sender_id="eve")
    (member,) = listed(store, here).participants
    assert ("@eve", "@ada", "Eve", 1) == (
        member.handle,
        member.alias,
        member.name,
        member.message_count,
    )


def test_members_of_an_archived_room_can_be_read(
    store: Store, here: Session, ada: Session
) -> None:
    """Archived members are still members."""
    join(store, here, session_id=ada.id)
    patch(store, ada.id, archived=True)
    patch(store, here.id, archived=True)
    assert {ada.id: 0} == counts(listed(store, here).participants)
    with pytest.raises(NotFound):
        store.read(rooms_participants.list_participants, NOBODY)


def test_a_person_is_a_member(store: Store, here: Session, ada: Session) -> None:
    """By a handle that no session has; with alias, role and posts as a session."""
    join(store, here, session_id=ada.id)
    ask = AddParticipant(handle="@James", alias="jim")
    rule = rooms_participants.add_participant
    emitted = events_of(store, rule, here.id, ask)
    assert [ParticipantsChanged(here.id)] == emitted
    store.transact(rule, here.id, AddParticipant(session_id="@zoe", role="external"))
    for name in ("@james", "James", "@jim", "@zoe", "@ada"):
        post(store, here, sender_id=name)
    session, james = listed(store, here).participants
    (zoe,) = listed(store, here).posts_from
    assert ("session", "person", "person") == (session.kind, james.kind, zoe.kind)
    assert ("@James", "@James", "@jim", "participant", 3, None) == (
        james.id,
        james.handle,
        james.alias,
        james.role,
        james.message_count,
        james.session_type,
    )
    assert ("@zoe", "external", 1) == (zoe.id, zoe.role, zoe.message_count)
    assert james.joined_at is not None


def test_a_person_leaves_and_comes_back(store: Store, here: Session) -> None:
    """In any spelling, and keeps alias and first time; only a change is emitted."""
    join(store, here, handle="@James", alias="jim")
    (before,) = listed(store, here).participants
    assert (True, "@James") == leave(store, here, handle="james")
    assert () == listed(store, here).all
    assert (False, "@James") == leave(store, here, session_id="@JAMES")
    ask = RemoveParticipant(handle="@james")
    assert [] == events_of(store, rooms_participants.remove_participant, here.id, ask)
    join(store, here, handle="@james")
    assert (before,) == listed(store, here).participants
    with pytest.raises(NotFound):
        leave(store, here, handle="@nobody")


def test_people_of_a_removed_room_are_gone(store: Store, here: Session) -> None:
    """With their receipts."""
    message = post(store, here)
    join(store, here, handle="@james")
    ask = MarkRead("@james")
    store.transact(rooms_participants.mark_read, here.id, message.id, ask)
    store.transact(sessions.remove_sessions, [here.id])
    taken_apart(store)

    def left(unit: Unit) -> tuple[int, int]:
        return len(unit.people.people(here.id)), len(unit.people.reads(here.id))

    assert (0, 0) == store.read(left)


def test_a_session_precedes_a_person(store: Store, here: Session) -> None:
    """A handle is a person's until a session takes it; both can leave."""
    join(store, here, handle="@bob")
    bob = create(store, "bob")
    join(store, here, handle="@bob")
    post(store, here, sender_id="@bob")
    assert {bob.id: 1, "@bob": 0} == counts(listed(store, here).participants)
    assert (True, bob.id) == leave(store, here, handle="@bob")
    assert (True, "@bob") == leave(store, here, handle="@bob")
    assert (False, bob.id) == leave(store, here, handle="@bob")


def test_people_are_listed_in_pages(
    store: Store, here: Session, ada: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row once: sessions before people, members before those from outside."""
    bob = create(store, "bob")
    join(store, here, session_id=bob.id, role="external")
    for name in ("@zoe", "@james"):
        join(store, here, handle=name)
    join(store, here, handle="@eve", role="external")
    join(store, here, session_id=ada.id)
    post(store, here, sender_id="a stranger")
    monkeypatch.setattr(rooms_participants, "LISTED_BYTES", 1)
    seen, after = [], None
    while True:
        ask = ListAll(after)
        page = store.read(rooms_participants.list_participants, here.id, ask)
        seen += [each.id for each in page.all]
        if (after := page.next) is None:
            break
    assert [ada.id, "@zoe", "@james", bob.id, "@eve", "a stranger"] == seen


def test_a_person_reads(store: Store, here: Session, ada: Session) -> None:
    """Once in any spelling; the handle of a session is that session."""
    message = post(store, here)
    rule = rooms_participants.mark_read
    (event,) = events_of(store, rule, here.id, message.id, MarkRead("@James"))
    assert [] == events_of(store, rule, here.id, message.id, MarkRead("@james"))
    assert isinstance(event, MessageRead)
    assert "@james" == event.reader_id
    both = store.transact(rule, here.id, message.id, MarkRead("@Ada"))
    assert [("@james", "@james", "@james"), (ada.id, "ada", "@ada")] == [
        (each.session_id, each.reader_name, each.reader_handle) for each in both
    ]
    for name in ("james", "@", "@everyone", "@a/b"):
        with pytest.raises(NotFound):
            store.transact(rule, here.id, message.id, MarkRead(name))


def test_the_first_read_counts(store: Store, here: Session, ada: Session) -> None:
    """It is emitted with all receipts, once."""
    message = post(store, here)
    ask = MarkRead(ada.id)
    (event,) = events_of(store, rooms_participants.mark_read, here.id, message.id, ask)
    assert [] == events_of(
        store, rooms_participants.mark_read, here.id, message.id, ask
    )
    (read,) = store.read(rooms_participants.list_reads, here.id, message.id)
    assert MessageRead(here.id, message.id, ada.id, (read,)) == event
    assert (ada.id, "ada", "@ada") == (
        read.session_id,
        read.reader_name,
        read.reader_handle,
    )
    mine = MarkRead(here.id)
    both = store.transact(rooms_participants.mark_read, here.id, message.id, mine)
    assert ["@ada", None] == [each.reader_handle for each in both]
    assert {message.id: list(both)} == store.read(rooms_participants.all_reads, here.id)


def test_reads_stay_when_the_reader_goes(
    store: Store, here: Session, ada: Session
) -> None:
    """Of a member that left, and of a removed session, of which only the id remains."""
    message = post(store, here)
    join(store, here, session_id=ada.id)
    (before,) = store.transact(
        rooms_participants.mark_read, here.id, message.id, MarkRead(ada.id)
    )
    leave(store, here, session_id=ada.id)
    assert (before,) == store.read(rooms_participants.list_reads, here.id, message.id)
    store.transact(sessions.remove_sessions, [ada.id])
    nameless = attrs.evolve(before, reader_name=ada.id, reader_handle=None)
    assert (nameless,) == store.read(rooms_participants.list_reads, here.id, message.id)


def test_a_message_of_another_room_is_not_read(
    store: Store, here: Session, ada: Session
) -> None:
    """Nor a deleted one, nor by a session that does not exist."""
    other = room(store, "other")
    message = post(store, other)
    for room_id in (here.id, NOBODY):
        with pytest.raises(NotFound):
            store.transact(
                rooms_participants.mark_read, room_id, message.id, MarkRead(ada.id)
            )
        with pytest.raises(NotFound):
            store.read(rooms_participants.list_reads, room_id, message.id)
    with pytest.raises(NotFound, match=r"no session 'nobody'. .* or a person as @zoe"):
        store.transact(
            rooms_participants.mark_read, other.id, message.id, MarkRead(NOBODY)
        )
    store.transact(rooms_participants.mark_read, other.id, message.id, MarkRead(ada.id))
    store.transact(rooms.delete_message, other.id, message.id)
    assert {} == store.read(rooms_participants.all_reads, other.id)
    with pytest.raises(NotFound):
        store.transact(
            rooms_participants.mark_read, other.id, message.id, MarkRead(ada.id)
        )


def test_reads_of_an_archived_room(store: Store, here: Session, ada: Session) -> None:
    """They can be read, but not added."""
    message = post(store, here)
    store.transact(rooms_participants.mark_read, here.id, message.id, MarkRead(ada.id))
    patch(store, here.id, archived=True)
    assert 1 == len(store.read(rooms_participants.list_reads, here.id, message.id))
    assert [message.id] == list(store.read(rooms_participants.all_reads, here.id))
    with pytest.raises(Gone):
        store.transact(
            rooms_participants.mark_read, here.id, message.id, MarkRead(ada.id)
        )
    with pytest.raises(NotFound):
        store.read(rooms_participants.all_reads, NOBODY)
