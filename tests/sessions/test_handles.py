"""Handles from names, and sessions by their handles."""

import pytest

from ant.core.errors import NotFound
from ant.sessions import handles
from ant.store import Store
from tests.rules import create, patch, room


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("codex", "codex"),
        ("Codex CLI (2)", "codex-cli-2"),
        ("--a--", "a"),
        ("日本", ""),
        ("x" * 31 + " y", "x" * 31),
    ],
)
def test_a_name_becomes_a_slug(name: str, slug: str) -> None:
    """Lower-case letters and digits, at most 32, no dash at either end."""
    assert slug == handles.slug(name)


def found(store: Store, handle: str) -> str | None:
    """The id of the session with that handle."""
    session = store.read(handles.find_by_handle, handle)
    return session.id if session else None


def test_a_session_is_found_by_its_handle(store: Store) -> None:
    """In any case; the active one before all others, else the only one that had it."""
    first = create(store, "codex")
    assert first.id == found(store, "@codex") == found(store, " CODEX")
    assert found(store, "@nil") is None
    patch(store, first.id, archived=True)
    assert first.id == found(store, "@codex")
    second = create(store, "codex")
    assert second.id == found(store, "@codex")


def test_a_handle_of_several_inactive_sessions_is_none(store: Store) -> None:
    """Nothing is guessed; the error names them."""
    ids = []
    for _ in range(2):
        ids.append(create(store, "codex").id)
        patch(store, ids[-1], archived=True)
    assert found(store, "@codex") is None
    with pytest.raises(NotFound, match="use an id") as caught:
        store.read(handles.need_by_handle, "@codex")
    assert all(each in str(caught.value) for each in ids)
    with pytest.raises(NotFound, match=r"no session with the handle '@nil'\.$"):
        store.read(handles.need_by_handle, "@nil")
    assert room(store).handle is None
