"""Permanent removal: every row is deleted, in small slices."""

import pytest

from ant.core.errors import Conflict
from ant.model.events import Tombstone
from ant.model.sessions import Session
from ant.store import RemovalProgress, Store, Unit
from ant.store import removals as removing
from ant.store.tables.sessions import database
from tests.large import KEEPING, fill, rows_of
from tests.rules import AT, create, room, taken_apart


def mark(unit: Unit, session: Session) -> None:
    unit.removals.mark(session.id, AT)


def everything(store: Store, session: Session) -> int:
    return store.read(lambda _: sum(rows_of(session.id).values()))


def check_tombstones(store: Store, session: Session) -> None:
    """Its events are tombstones."""
    bodies = "SELECT COUNT(*) FROM {} WHERE session_id = ? AND {} != 'tombstone'"
    for table, column in (("events", "type"), ("run_events", "kind")):
        sql = bodies.format(table, column)
        assert (0,) == store.read(
            lambda _, sql=sql: database.execute_sql(sql, (session.id,)).fetchone()
        )


def test_every_table_is_emptied_and_others_keep_their_rows(store: Store) -> None:
    """Whichever column names the session, so a new table cannot be forgotten."""
    one, two = create(store, "one"), create(store, "two")
    for terminal in (one, two):
        fill(store, terminal, scale=1)
    kept = store.read(lambda _: rows_of(two.id))
    assert all(kept.values()), kept
    before = everything(store, one)
    store.transact(mark, one)
    assert everything(store, one) > before / 2, "rows go later"
    taken_apart(store)
    left = store.read(lambda _: rows_of(one.id))
    assert {} == {key: count for key, count in left.items() if count and not key[1]}
    assert kept == store.read(lambda _: rows_of(two.id))
    check_tombstones(store, one)


def test_a_slice_is_small(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """One batch when the time is up; each slice deletes something."""
    monkeypatch.setattr(removing, "SLICE_S", -1.0)
    session = create(store)
    fill(store, session, scale=1)
    store.transact(mark, session)
    slices, left = 0, everything(store, session)
    progress: RemovalProgress | None = RemovalProgress()

    def take(unit: Unit) -> RemovalProgress | None:
        return unit.removals.remove_slice(progress) if progress else None

    while (progress := store.transact(take)) is not None:
        slices += 1
        now = everything(store, session)
        assert left - now <= 2 * removing.BATCH_ROWS + KEEPING
        left = now
    assert slices > left / removing.BATCH_ROWS
    assert slices > 10


def test_nothing_is_pending_for_a_marked_session(store: Store) -> None:
    """No byte is stored, nothing is rendered, its handle is free."""
    session, other = create(store), room(store)
    fill(store, session, scale=1)
    store.transact(mark, session)

    def look(unit: Unit) -> None:
        unit.transcripts.append(session.id, AT, [(1 << 40, b"late")], 1 << 41)
        assert 0 == unit.transcripts.end(session.id)
        assert [] == unit.lines.lagging()
        assert unit.sessions.by_handle(session.handle or "") is None
        assert unit.sessions.get(session.id) is None
        assert unit.sessions.state(session.id) is None
        assert not unit.sessions.name_taken(session.name)
        assert [] == unit.deliveries.terminals()
        assert [] == unit.prompts.all_pending()
        events = [each.event for each in unit.log.since(0, 9999)]
        mine = [each for each in events if each.session_id == session.id]
        assert {Tombstone} == set(map(type, mine))

    store.transact(look)
    assert store.read(lambda unit: unit.sessions.get(other.id)) is not None


def test_a_slice_that_is_rolled_back_is_done_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed commit does not keep the content of an event."""
    monkeypatch.setattr(removing, "SLICE_S", -1.0)
    session = create(store)
    fill(store, session, scale=1)
    store.transact(mark, session)
    progress: RemovalProgress | None = RemovalProgress()

    def fail(unit: Unit, at: RemovalProgress) -> None:
        unit.removals.remove_slice(at)
        raise Conflict("The disk is full.")

    def take(unit: Unit, at: RemovalProgress) -> RemovalProgress | None:
        return unit.removals.remove_slice(at)

    while progress is not None:
        with pytest.raises(Conflict):
            store.transact(fail, progress)
        progress = store.transact(take, progress)
    check_tombstones(store, session)


def test_a_session_that_cannot_be_removed_is_skipped(store: Store) -> None:
    """The next one is removed."""
    one, two = create(store, "one"), create(store, "two")
    for session in (one, two):
        store.transact(mark, session)
    first = store.read(lambda unit: unit.removals.next())
    assert one.id == first
    passed = {one.id}
    assert two.id == store.read(lambda unit: unit.removals.next(passed))
    progress: RemovalProgress | None = RemovalProgress(passed)

    def remove(unit: Unit) -> RemovalProgress | None:
        return unit.removals.remove_slice(progress) if progress else None

    while (progress := store.transact(remove)) is not None:
        pass  # A slow machine needs more than one slice.
    assert one.id == store.read(lambda unit: unit.removals.next())
    assert store.read(lambda unit: unit.removals.next(passed)) is None
