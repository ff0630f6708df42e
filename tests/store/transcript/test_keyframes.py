"""The newest keyframe of each terminal."""

from ant.api.session_requests import CreateSession
from ant.model.sessions import SessionType
from ant.sessions import sessions
from ant.store import Keyframe, Store, Unit


def put(unit: Unit, keyframe: Keyframe) -> None:
    unit.keyframes.put(keyframe)


def get(unit: Unit, session_id: str) -> Keyframe | None:
    return unit.keyframes.get(session_id)


def test_put_replaces_the_keyframe(store: Store) -> None:
    """One for each session, deleted with it, and none for a removed session."""
    ask = CreateSession(name="one", type=SessionType.TERMINAL)
    session = store.transact(sessions.create_session, ask, None)
    assert store.read(get, session.id) is None
    for offset in (5, 9):
        store.transact(put, Keyframe(session.id, offset, 80, 24, b"\x1b[1m\xff"))
    last = Keyframe(session.id, 9, 80, 24, b"\x1b[1m\xff")
    assert last == store.read(get, session.id)
    store.transact(sessions.remove_sessions, [session.id])
    assert store.read(get, session.id) is None
    store.transact(put, last)
    assert store.read(get, session.id) is None
