"""Names that are free, for sessions that are restored."""

import pytest

from ant.model.handles import FORM
from ant.sessions.free_names import free_handle, free_name, restored_names
from ant.store import Store
from tests.rules import create, look, patch, room


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("one", set(), "one"),
        ("one", {"one"}, "one (2)"),
        ("one", {"one", "one (2)", "one (4)"}, "one (3)"),
        ("x" * 200, {"x" * 200}, "x" * 196 + " (2)"),
        ("x" * 196 + "    ", {"x" * 196 + "    "}, "x" * 196 + " (2)"),
    ],
)
def test_a_name_is_counted_on(name: str, taken: set[str], free: str) -> None:
    """From 2, and no longer than a request may have it."""
    assert free == free_name(name, taken.__contains__)


def test_a_handle_is_counted_on() -> None:
    """It stays a valid handle, however many there are."""
    taken = {"@codex", *(f"@codex-{n}" for n in range(2, 50))}
    assert "@codex-50" == free_handle("@codex", taken.__contains__)
    long = "@" + "x" * 64
    free = free_handle(long, {long}.__contains__)
    assert "@" + "x" * 62 + "-2" == free
    assert FORM.fullmatch(free)


def names(store: Store, *ids: str | None) -> dict[tuple[str, str], str]:
    """What is replaced: the names now, by session and what was taken."""
    restored = [look(store, each) for each in ids]
    replaced = store.read(restored_names, restored)
    return {(each.session_id, each.taken): each.now for each in replaced}


def test_only_what_is_taken_is_replaced(store: Store) -> None:
    """The chat alone, if its name is; both, if the name of the terminal is."""
    one = create(store, "one")
    chat = one.linked_chat_id or ""
    patch(store, one.id, archived=True)
    assert {} == names(store, one.id, chat)
    room(store, "one-Chat")
    assert {(chat, "one-Chat"): "one-Chat (2)"} == names(store, one.id, chat)
    room(store, "One")
    room(store, "one (2)-chat")
    assert {(one.id, "one"): "one (3)", (chat, "one-Chat"): "one (3)-Chat"} == (
        names(store, chat, one.id)
    )


def test_a_chat_that_a_person_named_does_not_follow(store: Store) -> None:
    """It keeps its name while that is free."""
    one = create(store, "one")
    chat = one.linked_chat_id or ""
    patch(store, chat, name="Planning")
    patch(store, one.id, archived=True)
    room(store, "one")
    room(store, "one (2)-Chat")
    assert {(one.id, "one"): "one (2)"} == names(store, one.id, chat)
    room(store, "planning")
    assert "Planning (2)" == names(store, one.id, chat)[chat, "Planning"]
