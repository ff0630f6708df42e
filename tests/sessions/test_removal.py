"""Removal and retention: in slices, and completely."""

from datetime import timedelta

from ant.core import clock
from ant.model.events import SessionsChanged
from ant.sessions import removal, sessions
from ant.store import Store, Unit
from ant.store.tables.sessions import EventRow, database
from tests.rules import create, room, taken_apart


def emit(unit: Unit, count: int) -> None:
    for _ in range(count):
        unit.emit(SessionsChanged(None))


def test_the_log_is_pruned_in_slices(store: Store) -> None:
    """The oldest first, until `keep` are left."""
    store.transact(emit, 3 * removal.SLICE_EVENTS)
    pruned = [store.transact(removal.prune, 100, 30.0) for _ in range(4)]
    assert [*[removal.SLICE_EVENTS] * 2, removal.SLICE_EVENTS - 100, 0] == pruned
    first, last = store.read(lambda unit: (unit.log.oldest(), unit.log.newest()))
    assert (last - 99, 3 * removal.SLICE_EVENTS) == (first, last)


def test_old_events_are_pruned_from_a_short_log(store: Store) -> None:
    """Except the last one, which keeps the `seq`."""
    store.transact(emit, removal.SLICE_EVENTS + 7)
    past = clock.stamp(clock.now() - timedelta(days=40))
    store.transact(lambda _: EventRow.update(at=past).execute())
    pruned = [store.transact(removal.prune, 100_000, 30.0) for _ in range(3)]
    assert [removal.SLICE_EVENTS, 6, 0] == pruned


def test_old_tombstones_are_found_by_their_index(store: Store) -> None:
    """Not by a scan of all events."""
    session = create(store)
    row = (
        "INSERT INTO run_events (session_id, n, at, source, trust, kind, text, "
        "payload, hash) VALUES (?, ?, '2020', 's', 't', ?, '', '{}', 'h')"
    )

    def fill(_: Unit) -> None:
        for n in range(removal.SLICE_EVENTS + 3):
            kind = "tombstone" if n else "command_block"
            database.execute_sql(row, (session.id, n, kind))

    store.transact(fill)
    buried = [store.transact(removal.prune_tombstones, 30.0) for _ in range(3)]
    assert [removal.SLICE_EVENTS, 2, 0] == buried
    plan = store.read(
        lambda _: database.execute_sql(
            "EXPLAIN QUERY PLAN SELECT id FROM run_events "
            "WHERE kind = 'tombstone' AND at < 'x' LIMIT 9"
        ).fetchall()
    )
    assert "run_events_tombstones" in str(plan)


def test_a_purge_marks_sessions_in_slices(store: Store) -> None:
    """`PURGED` in one transaction."""
    for number in range(sessions.PURGED + 2):
        here = room(store, f"room {number}", ttl="1s")
        store.transact(sessions.delete_session, here.id, False)

    def age(_: Unit) -> None:
        database.execute_sql("UPDATE sessions SET deleted_at = '2020-01-01T00:00:00Z'")

    store.transact(age)
    assert [True, True, False] == [store.transact(removal.purge) for _ in range(3)]
    assert () == store.read(sessions.list_sessions).recoverable
    taken_apart(store)
    count = "SELECT COUNT(*) FROM sessions"
    assert (0,) == store.read(lambda _: database.execute_sql(count).fetchone())
