"""The terminal of a linked chat."""

import pytest

from ant.core.errors import Conflict, Gone, NotFound, NotRunning
from ant.model.sessions import Session
from ant.sessions import linked
from ant.store import Store
from tests.rules import NOBODY, create, look, patch, room


def owner(store: Store, session: Session) -> Session | None:
    return store.read(linked.terminal_of, look(store, session.id))


def test_a_linked_chat_has_its_terminal(store: Store) -> None:
    """A terminal has itself; a room has none."""
    one = create(store)
    chat = look(store, one.linked_chat_id)
    assert one.id == owner(store, one).id == owner(store, chat).id  # type: ignore[union-attr]
    assert owner(store, room(store)) is None


def test_of_two_terminals_it_is_the_one_the_chat_was_created_for(store: Store) -> None:
    """Of two others it is neither."""
    one, two, three = (create(store, name) for name in ("one", "two", "three"))
    chat = look(store, one.linked_chat_id)
    patch(store, two.id, linked_chat_id=chat.id)
    assert one.id == owner(store, chat).id  # type: ignore[union-attr]
    here = room(store)
    patch(store, two.id, linked_chat_id=here.id)
    assert two.id == owner(store, here).id  # type: ignore[union-attr]
    patch(store, three.id, linked_chat_id=here.id)
    assert owner(store, here) is None


def test_a_terminal_with_another_chat_is_not_the_terminal(store: Store) -> None:
    """Whatever the meta of the chat says."""
    one = create(store)
    chat = look(store, one.linked_chat_id)
    patch(store, one.id, linked_chat_id=room(store).id)
    patch(store, chat.id, archived=False)
    assert owner(store, chat) is None


def test_an_archived_chat_has_its_archived_terminal(store: Store) -> None:
    """To read its status; to act on it is `Gone`."""
    one = create(store)
    chat = look(store, one.linked_chat_id)
    patch(store, one.id, archived=True)
    for each in (one.id, chat.id):
        assert one.id == store.read(linked.get_terminal_of, each).id
        with pytest.raises(Gone, match="restore it first"):
            store.read(linked.need_terminal_of, each)
    with pytest.raises(NotRunning, match="has no terminal of its own"):
        store.read(linked.get_terminal_of, room(store).id)


def test_the_room_of_a_terminal_is_its_linked_chat(store: Store) -> None:
    """That of a chat is itself, and that of nobody is none."""
    one, here = create(store), room(store)
    for find in (linked.room_of, linked.need_room):
        assert one.linked_chat_id == store.read(find, one.id)
        assert here.id == store.read(find, here.id)
    assert NOBODY == store.read(linked.room_of, NOBODY)
    with pytest.raises(NotFound):
        store.read(linked.need_room, NOBODY)
    patch(store, one.id, linked_chat_id=None)
    assert one.id == store.read(linked.room_of, one.id)
    with pytest.raises(Conflict, match="has no linked chat"):
        store.read(linked.need_room, one.id)
    patch(store, one.id, archived=True)
    with pytest.raises(Gone):
        store.read(linked.need_room, one.id)
