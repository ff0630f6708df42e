"""The event log, read in pages."""

from ant.api.session_requests import CreateSession
from ant.journal import event_log
from ant.model.sessions import SessionType
from ant.sessions import sessions
from ant.store import Store


def test_events_are_read_after_a_seq(store: Store) -> None:
    """Oldest first, and at most `limit`."""
    for name in ("a", "b", "c"):
        ask = CreateSession(name=name, type=SessionType.CHAT)
        store.transact(sessions.create_session, ask, None)
    seqs = [e.seq for e in store.read(event_log.missed_events, 0, 10)[0]]
    assert [1, 2, 3] == seqs
    assert [2] == [e.seq for e in store.read(event_log.missed_events, 1, 1)[0]]
