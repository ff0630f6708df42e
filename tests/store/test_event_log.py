"""The event log."""

import hashlib
import json

from ant.model.events import (
    Envelope,
    HandleUpdated,
    SessionExited,
    SessionsChanged,
    Tombstone,
)
from ant.model.sessions import SessionId, Status
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.event_log import redact_events
from ant.store.tables.sessions import EventRow
from tests.rules import create, taken_apart

ONE = SessionId("one")


def emit(unit: Unit, count: int) -> None:
    for _ in range(count):
        unit.emit(SessionsChanged(ONE))


def body_of(seq: int) -> str:
    """The logged body of an event. Call it inside a transaction."""
    row = EventRow.get(EventRow.seq == seq)
    assert isinstance(row.body, str)
    return row.body


def since(store: Store, seq: int, limit: int = 100) -> list[Envelope]:
    def read(unit: Unit) -> list[Envelope]:
        return unit.log.since(seq, limit)

    return store.read(read)


def ends(store: Store) -> tuple[int, int | None]:
    def read(unit: Unit) -> tuple[int, int | None]:
        return unit.log.newest(), unit.log.oldest()

    return store.read(read)


def prune(store: Store, keep: int) -> int:
    def work(unit: Unit) -> int:
        return unit.log.prune(keep)

    return store.transact(work)


def test_events_come_back_as_they_were(store: Store) -> None:
    """Class, fields, time and seq."""
    event = SessionExited(ONE, Status.LOST, None, 9, "a reason", 77)

    def work(unit: Unit) -> Envelope:
        unit.emit(event)
        return unit.envelopes[0]

    written = store.transact(work)
    (read,) = since(store, 0)
    assert (written.at, event, 1) == (read.at, read.event, read.seq)


def test_since_returns_the_oldest_events_after_a_seq(store: Store) -> None:
    """In order, and at most `limit`."""
    store.transact(emit, 5)
    assert [3, 4] == [each.seq for each in since(store, 2, 2)]
    assert () == since(store, 5)
    assert (5, 1) == ends(store)


def test_no_seq_is_used_twice(store: Store) -> None:
    """Pruning keeps the newest event, so the next `seq` is higher."""
    assert (0, None) == ends(store)
    store.transact(emit, 5)
    assert 3 == prune(store, 2)
    assert (5, 4) == ends(store)
    assert 1 == prune(store, 0)
    assert (5, 5) == ends(store)
    assert 0 == prune(store, 10)
    store.transact(emit, 1)
    assert (6, 5) == ends(store)


def test_a_redacted_event_leaves_a_tombstone(store: Store) -> None:
    """The tombstone keeps `seq` and the hash of the original body, and nothing else.

    Redacting it again changes nothing.
    """
    store.transact(emit, 2)
    other, buried = SessionId("two"), []

    def work(unit: Unit) -> None:
        unit.emit(HandleUpdated(other, "@secret", None))
        unit.emit(SessionsChanged(None, (other,)))
        buried.append(body_of(3))
        redact_events(EventRow.session_id == other)
        redact_events(EventRow.session_id == other)

    store.transact(work)
    told = since(store, 0)
    assert [1, 2, 3, 4] == [each.seq for each in told]
    digest = hashlib.sha256(buried[0].encode()).hexdigest()
    assert Tombstone(other, "handle_updated", digest) == told[2].event
    assert (4, 1) == ends(store)
    with store._db.connection_context():
        rows = EventRow.select().where(EventRow.seq == 3).dicts()
        (row,) = list(rows)
    assert ("two", "tombstone") == (row["session_id"], row["type"])
    assert "@secret" in buried[0]
    body = {"sessionId": "two", "eventType": "handle_updated", "sha256": digest}
    assert body == json.loads(row["body"])
    assert row["at"]


def test_a_tombstone_of_an_older_ant_is_read(store: Store) -> None:
    """It has the former type under another name."""
    store.transact(emit, 1)

    def bury(unit: Unit) -> None:
        body = '{"type":"task_created","sha256":"abc"}'
        EventRow.update(type="tombstone", body=body).execute()

    store.transact(bury)
    (told,) = since(store, 0)
    assert Tombstone(ONE, "task_created", "abc") == told.event


def test_events_of_a_marked_session_are_tombstones(store: Store) -> None:
    """Before the remover gets to them as after, and whatever is asked for."""
    session = create(store)
    store.transact(lambda unit: unit.emit(HandleUpdated(session.id, "@secret", None)))
    store.transact(sessions.remove_sessions, [session.id])

    def tombstones(tag: str | None = None) -> list[Envelope]:
        found = store.read(lambda unit: unit.log.since(0, 99, tag=tag))
        return [each for each in found if isinstance(each.event, Tombstone)]

    marked = tombstones()
    assert "handle_updated" in [each.event.event_type for each in marked]
    seqs = [each.seq for each in marked]
    assert seqs == [each.seq for each in tombstones("tombstone")]
    assert [] == tombstones("handle_updated")
    taken_apart(store)
    assert [e.event for e in marked] == [e.event for e in tombstones()]
