"""Rules of local channels: registration, and which messages a channel receives."""

from typing import Any

import pytest

from ant.api.room_requests import NameChannel, RegisterChannel, RemoveParticipant
from ant.core.errors import CapacityReached, Gone, NotFound
from ant.messages import channels as registry
from ant.messages.channels import MOST, Channel, find, list_channels, payload, receivers
from ant.model.messages import Message, MessageType
from ant.model.sessions import Session, SessionId
from ant.rooms import participants
from ant.store import Store
from tests.rules import NOBODY, create, join, look, patch, post, room


def register(store: Store, handle: str = "@c", **fields: Any) -> Channel:
    ask = RegisterChannel(**{"handle": handle, "port": 9, **fields})
    return store.transact(registry.register, ask)


def receivers_of(store: Store, message: Message) -> list[str]:
    return [
        c.handle
        for _, channels, _ in store.read(receivers, [message])
        for c in channels
    ]


def named(store: Store, message: Message) -> str | None:
    """The sender's name in the payload."""
    ((_, _, name),) = store.read(receivers, [message])
    return name


@pytest.fixture
def here(store: Store) -> Session:
    """A room without participants."""
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


def test_the_number_of_channels_is_limited(store: Store) -> None:
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


def test_a_target_is_the_only_receiver(store: Store, here: Session) -> None:
    """In any room. `@everyone` is no target."""
    register(store, "@one")
    register(store, "@two", session_id=room(store, "elsewhere").id)
    assert ["@two"] == receivers_of(store, post(store, here, target="TWO"))
    assert [] == receivers_of(store, post(store, here, target="@nobody"))
    for everyone in ("@Everyone", "everyone", " EVERYONE "):
        assert ["@one"] == receivers_of(store, post(store, here, target=everyone))
    assert ["@one"] == receivers_of(store, post(store, here))


def test_without_a_session_a_channel_gets_what_persons_post(
    store: Store, here: Session
) -> None:
    """In rooms that are no terminal's linked chat; nothing that programs post."""
    ada = create(store, "ada")
    register(store)
    own = look(store, ada.linked_chat_id)
    assert ["@c"] == receivers_of(store, post(store, here, sender_id="zoe"))
    assert [] == receivers_of(store, post(store, here, sender_id="@ada"))
    assert [] == receivers_of(store, post(store, here, sender_id=ada.id))
    assert [] == receivers_of(store, post(store, own, sender_id="zoe"))


def test_with_a_room_as_session_it_gets_that_room(store: Store, here: Session) -> None:
    """With what programs post."""
    ada, other = create(store, "ada"), room(store, "other")
    register(store, session_id=here.id)
    assert ["@c"] == receivers_of(store, post(store, here, sender_id=ada.id))
    assert [] == receivers_of(store, post(store, other))


def test_with_a_terminal_as_session_it_gets_its_rooms(
    store: Store, here: Session
) -> None:
    """Its linked chat and the rooms it is in, until it leaves or is archived."""
    ada = create(store, "ada")
    own, other = look(store, ada.linked_chat_id), room(store, "other")
    register(store, session_id=ada.id)
    join(store, here, session_id=ada.id)
    for each, expected in ((own, ["@c"]), (here, ["@c"]), (other, [])):
        assert expected == receivers_of(store, post(store, each, sender_id="zoe"))
    leave = RemoveParticipant(session_id=ada.id)
    store.transact(participants.remove_participant, here.id, leave)
    assert [] == receivers_of(store, post(store, here, sender_id="zoe"))
    last = post(store, own, sender_id="zoe")
    assert ["@c"] == receivers_of(store, last)
    patch(store, ada.id, archived=True)
    assert [] == receivers_of(store, last)


@pytest.mark.parametrize("sender", ["@c", "C", "c", "@ada", "ID"])
def test_no_channel_gets_its_own_message(
    store: Store, here: Session, sender: str
) -> None:
    """Posted under its own handle, or under that of its terminal."""
    ada = create(store, "ada")
    join(store, here, session_id=ada.id)
    register(store, session_id=ada.id)
    register(store, "@other", session_id=here.id)
    message = post(store, here, sender_id=sender.replace("ID", ada.id))
    assert ["@other"] == receivers_of(store, message)


def test_several_are_looked_up_together(store: Store, here: Session) -> None:
    """In order; messages without a receiver are left out."""
    posted = [post(store, here, text) for text in ("a", "b", "c")]
    assert [] == store.read(receivers, posted)
    register(store, session_id=here.id)
    posted.insert(1, post(store, room(store, "other"), "elsewhere"))
    routed = store.read(receivers, posted)
    assert ["a", "b", "c"] == [message.content for message, _, _ in routed]


def test_a_room_is_not_its_channel(store: Store, here: Session) -> None:
    """A message posted under the room's own id goes to the room's channels."""
    register(store, session_id=here.id)
    assert ["@c"] == receivers_of(store, post(store, here, sender_id=here.id))


@pytest.mark.parametrize("kind", [*filter(MessageType.is_machine, MessageType)])
def test_no_channel_gets_messages_of_the_server(
    store: Store, here: Session, kind: str
) -> None:
    """Cards and the like are for people."""
    register(store)
    assert [] == receivers_of(store, post(store, here, msg_type=kind))


def test_the_payload(store: Store, here: Session) -> None:
    """It has both names the original's clients know; the sender is named by handle."""
    ada = create(store, "ada")
    first = post(store, here, "first")
    message = post(store, here, "x" * 600, sender_id=ada.id, reply_to=first.id)
    register(store, session_id=here.id)
    sender = named(store, message)
    at = payload(message, sender).pop("createdAt")
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
    } == payload(message, sender)
    assert (None, "zoe") == tuple(
        named(store, post(store, here, sender_id=who)) for who in (None, "zoe")
    )
    assert SessionId(here.id) == message.session_id
