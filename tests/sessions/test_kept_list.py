"""How long a list of sessions holds while nothing is committed."""

from datetime import timedelta

import pytest

from ant.model.sessions import Session, SessionId
from ant.sessions import sessions
from ant.sessions.kept_list import list_until
from ant.store import Store, Unit
from tests.rules import create, patch, room


def remaining(store: Store) -> timedelta | None:
    """The time for which the list holds."""

    def work(unit: Unit) -> timedelta | None:
        listed, until = list_until(unit)
        assert sessions.list_sessions(unit) == listed
        return until - unit.now if until else None

    return store.read(work)


def delete(store: Store, session: Session) -> None:
    store.transact(sessions.delete_session, session.id, False)


def test_a_list_holds_until_the_first_ttl_is_over(store: Store) -> None:
    """That of a deleted session; of others it holds until the next commit."""
    room(store, "active", ttl="1m")
    patch(store, room(store, "archived", ttl="1m").id, archived=True)
    delete(store, room(store, "kept", ttl="forever"))
    assert remaining(store) is None
    for name, ttl, minutes in (("long", "2h", 120), ("short", "5m", 5)):
        delete(store, room(store, name, ttl=ttl))
        left = remaining(store)
        assert left is not None
        assert timedelta(minutes=minutes - 1) < left <= timedelta(minutes=minutes)


@pytest.mark.parametrize("ttl", ["forever", "2h"])
def test_what_the_other_of_its_pair_keeps_is_not_kept(store: Store, ttl: str) -> None:
    """Its own ttl is over, so the list may change at any time."""
    session = create(store, "one", ttl="0s")
    patch(store, SessionId(session.linked_chat_id or ""), ttl=ttl)
    delete(store, session)
    assert 2 == len(store.read(sessions.list_sessions).recoverable)
    assert timedelta() == remaining(store)


def test_a_ttl_beyond_the_calendar_is_for_ever(store: Store) -> None:
    """So long ago there was no year; the list, the purge and a restore go on."""
    session = room(store, "long", ttl="999999d")
    delete(store, session)
    left = remaining(store)
    assert left is not None
    assert left > timedelta(days=999_000)
    assert [] == store.transact(sessions.purge)
    store.transact(sessions.restore_session, session.id)
    assert 1 == len(store.read(sessions.list_sessions).sessions)
