"""Rules of local channels: who is registered, and who is told what."""

from typing import Any

import pytest

from ant.api.room_requests import NameChannel, RegisterChannel, RemoveParticipant
from ant.core.errors import CapacityReached, Gone, NotFound
from ant.messages import channels as registry
from ant.messages.channels import MOST, Channel, find, hearing, list_channels, told
from ant.model.messages import Message, MessageType
from ant.model.sessions import Session, SessionId
from ant.rooms import participants
from ant.store import Store
from tests.rules import NOBODY, create, join, look, patch, post, room


def register(store: Store, handle: str = "@c", **fields: Any) -> Channel:
    ask = RegisterChannel(**{"handle": handle, "port": 9, **fields})
    return store.transact(registry.register, ask)


def heard(store: Store, message: Message) -> list[str]:
    return [
        c.handle for _, channels, _ in store.read(hearing, [message]) for c in channels
    ]


def named(store: Store, message: Message) -> str | None:
    """How channels are told who says it."""
    ((_, _, name),) = store.read(hearing, [message])
    return name


@pytest.fixture
def here(store: Store) -> Session:
    """A room with nobody in it."""
    return room(store)


def test_a_channel_is_registered_and_removed(store: Store) -> None:
    """By its handle, with or without `@`; the last registration counts."""
    assert () == store.read(list_channels)
    register(store, "claude", port=1)
    register(store, "@other")
    new = register(store, "@Claude", port=2)
    assert ["@other", "@Claude"] == [each.handle for each in store.read(list_channels)]
    assert new == store.read(find, "claude")
    for handle in ("CLAUDE", "@nobody"):
        store.transact(registry.remove, NameChannel(handle))
    assert store.read(find, "claude") is None
    assert ["@other"] == [each.handle for each in store.read(list_channels)]


def test_there_are_so_many(store: Store) -> None:
    """One that is there already can be moved all the same."""
    for n in range(MOST):
        register(store, f"c{n}")
    with pytest.raises(CapacityReached):
        register(store, "one-more")
    assert 10 == register(store, "c0", port=10).port


def test_its_session_must_be_there(store: Store, here: Session) -> None:
    """When it is registered."""
    with pytest.raises(NotFound):
        register(store, session_id=NOBODY)
    patch(store, here.id, archived=True)
    with pytest.raises(Gone):
        register(store, session_id=here.id)
    assert () == store.read(list_channels)


def test_a_target_is_told_alone(store: Store, here: Session) -> None:
    """Whatever room it is in; `@everyone` is nobody in particular."""
    register(store, "@one")
    register(store, "@two", session_id=room(store, "elsewhere").id)
    assert ["@two"] == heard(store, post(store, here, target="TWO"))
    assert [] == heard(store, post(store, here, target="@nobody"))
    assert ["@one"] == heard(store, post(store, here, target="@Everyone"))
    assert ["@one"] == heard(store, post(store, here))


def test_without_a_session_it_hears_people(store: Store, here: Session) -> None:
    """In rooms that are no terminal's own, and no program."""
    ada = create(store, "ada")
    register(store)
    own = look(store, ada.linked_chat_id)
    assert ["@c"] == heard(store, post(store, here, sender_id="zoe"))
    assert [] == heard(store, post(store, here, sender_id="@ada"))
    assert [] == heard(store, post(store, here, sender_id=ada.id))
    assert [] == heard(store, post(store, own, sender_id="zoe"))


def test_with_a_room_it_hears_that_room(store: Store, here: Session) -> None:
    """Programs, too."""
    ada, other = create(store, "ada"), room(store, "other")
    register(store, session_id=here.id)
    assert ["@c"] == heard(store, post(store, here, sender_id=ada.id))
    assert [] == heard(store, post(store, other))


def test_with_a_terminal_it_hears_its_rooms(store: Store, here: Session) -> None:
    """Its chat and those it is in, until it leaves or is no more."""
    ada = create(store, "ada")
    own, other = look(store, ada.linked_chat_id), room(store, "other")
    register(store, session_id=ada.id)
    join(store, here, session_id=ada.id)
    for each, expected in ((own, ["@c"]), (here, ["@c"]), (other, [])):
        assert expected == heard(store, post(store, each, sender_id="zoe"))
    leave = RemoveParticipant(session_id=ada.id)
    store.transact(participants.remove_participant, here.id, leave)
    assert [] == heard(store, post(store, here, sender_id="zoe"))
    last = post(store, own, sender_id="zoe")
    assert ["@c"] == heard(store, last)
    patch(store, ada.id, archived=True)
    assert [] == heard(store, last)


@pytest.mark.parametrize("sender", ["@c", "C", "c", "@ada", "ID"])
def test_nobody_hears_himself(store: Store, here: Session, sender: str) -> None:
    """Under his own handle, or that of his terminal."""
    ada = create(store, "ada")
    join(store, here, session_id=ada.id)
    register(store, session_id=ada.id)
    register(store, "@other", session_id=here.id)
    message = post(store, here, sender_id=sender.replace("ID", ada.id))
    assert ["@other"] == heard(store, message)


def test_several_are_looked_up_together(store: Store, here: Session) -> None:
    """In their order; what nobody hears is left out."""
    said = [post(store, here, text) for text in ("a", "b", "c")]
    assert [] == store.read(hearing, said)
    register(store, session_id=here.id)
    said.insert(1, post(store, room(store, "other"), "elsewhere"))
    heard_of = store.read(hearing, said)
    assert ["a", "b", "c"] == [message.content for message, _, _ in heard_of]


def test_a_room_is_not_its_channel(store: Store, here: Session) -> None:
    """What is said in the room's own name is told to who listens there."""
    register(store, session_id=here.id)
    assert ["@c"] == heard(store, post(store, here, sender_id=here.id))


@pytest.mark.parametrize("kind", [*filter(MessageType.is_machine, MessageType)])
def test_what_the_server_says_is_told_to_nobody(
    store: Store, here: Session, kind: str
) -> None:
    """Cards and the like are for people to see."""
    register(store)
    assert [] == heard(store, post(store, here, msg_type=kind))


def test_what_is_told(store: Store, here: Session) -> None:
    """By both names that the original's clients know; who says it by a handle."""
    ada = create(store, "ada")
    first = post(store, here, "first")
    message = post(store, here, "x" * 600, sender_id=ada.id, reply_to=first.id)
    register(store, session_id=here.id)
    sender = named(store, message)
    at = told(message, sender).pop("createdAt")
    assert {
        "id": message.id,
        "sessionId": here.id,
        "session_id": here.id,
        "content": "x" * 600,
        "role": "user",
        "senderId": ada.id,
        "senderName": "@ada",
        "sender": "@ada",
        "target": None,
        "replyTo": first.id,
        "msgType": "message",
        "createdAt": at,
    } == told(message, sender)
    assert (None, "zoe") == tuple(
        named(store, post(store, here, sender_id=who)) for who in (None, "zoe")
    )
    assert SessionId(here.id) == message.session_id
