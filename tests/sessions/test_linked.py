"""Which terminal a linked chat belongs to."""

from ant.model.sessions import Session
from ant.sessions import linked
from ant.store import Store
from tests.rules import create, look, patch, room


def owner(store: Store, session: Session) -> Session | None:
    return store.read(linked.terminal_of, look(store, session.id))


def test_a_chat_is_that_of_its_terminal(store: Store) -> None:
    """And a terminal that of itself; a room is nobody's."""
    one = create(store)
    chat = look(store, one.linked_chat_id)
    assert one.id == owner(store, one).id == owner(store, chat).id  # type: ignore[union-attr]
    assert owner(store, room(store)) is None


def test_of_two_it_is_the_one_it_was_made_for(store: Store) -> None:
    """And of two strangers neither."""
    one, two, three = (create(store, name) for name in ("one", "two", "three"))
    chat = look(store, one.linked_chat_id)
    patch(store, two.id, linked_chat_id=chat.id)
    assert one.id == owner(store, chat).id  # type: ignore[union-attr]
    here = room(store)
    patch(store, two.id, linked_chat_id=here.id)
    assert two.id == owner(store, here).id  # type: ignore[union-attr]
    patch(store, three.id, linked_chat_id=here.id)
    assert owner(store, here) is None


def test_a_terminal_that_moved_on_owns_its_chat_no_more(store: Store) -> None:
    """Whatever the chat says it was made for."""
    one = create(store)
    chat = look(store, one.linked_chat_id)
    patch(store, one.id, linked_chat_id=room(store).id)
    patch(store, chat.id, archived=False)
    assert owner(store, chat) is None
