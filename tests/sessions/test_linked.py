"""The terminal of a linked chat."""

from ant.model.sessions import Session
from ant.sessions import linked
from ant.store import Store
from tests.rules import create, look, patch, room


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
