"""Transactions, reads and errors of the store."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ant.api.session_requests import CreateSession
from ant.core.errors import Conflict, DiskFull, StorageFailed
from ant.journal import event_log
from ant.model.events import SessionsChanged
from ant.model.sessions import SessionId, SessionType
from ant.sessions import sessions
from ant.store import Job, Store, Unit, _Checkpoint
from ant.store.tables.sessions import database


def put(unit: Unit, key: str, value: str = "x") -> str:
    """Work that sets a key and emits an event."""
    unit.settings.put(key, value)
    unit.emit(SessionsChanged(SessionId(key)))
    return key


def fail(unit: Unit, key: str) -> None:
    """Work that sets a key, emits an event, and raises."""
    put(unit, key)
    raise Conflict("no")


def get(store: Store, key: str) -> str | None:
    def read(unit: Unit) -> str | None:
        return unit.settings.get(key)

    return store.read(read)


def logged(store: Store) -> list[int | None]:
    return [each.seq for each in store.read(event_log.missed_events, 0, 1000)[0]]


def told(jobs: list[Job]) -> list[int | None]:
    return [each.seq for job in jobs for each in job.envelopes]


def test_work_is_committed_with_its_events(store: Store) -> None:
    """It returns the result; the events are in the log and in the job."""
    job = Job(put, ("a",))
    store.transact_group([job])
    assert "a" == job.outcome()
    assert "x" == get(store, "a")
    assert logged(store) == told([job])


def test_a_group_is_one_commit(store: Store, tmp_path: Path) -> None:
    """Another connection sees all of it or nothing."""
    other = sqlite3.connect(tmp_path / "ant.db")

    def look(unit: Unit) -> int:
        query = "SELECT count(*) FROM settings WHERE key IN ('a', 'b')"
        return int(other.execute(query).fetchone()[0])

    jobs = [Job(put, ("a",)), Job(look), Job(put, ("b",))]
    store.transact_group(jobs)
    assert 0 == jobs[1].outcome()
    assert 2 == look(None)  # type: ignore[arg-type]
    other.close()


def test_a_job_that_raises_is_rolled_back_alone(store: Store) -> None:
    """Its changes and events are gone; those of the others are there, in order."""
    jobs = [Job(put, ("a",)), Job(fail, ("b",)), Job(put, ("c",))]
    store.transact_group(jobs)
    assert ["a", "c"] == [jobs[0].outcome(), jobs[2].outcome()]
    with pytest.raises(Conflict):
        jobs[1].outcome()
    assert (("x", None, "x")) == (get(store, "a"), get(store, "b"), get(store, "c"))
    assert [] == list(jobs[1].envelopes)
    assert logged(store) == told(jobs)


def test_a_job_that_sqlite_refuses_is_rolled_back_alone(store: Store) -> None:
    """A failed statement in a healthy transaction costs its own job only."""

    def twice(unit: Unit) -> None:
        put(unit, "b")
        row = (1, "t", None, "x", "{}")
        insert = "INSERT INTO events VALUES (?, ?, ?, ?, ?)"
        database.execute_sql(insert, row)
        database.execute_sql(insert, row)

    jobs = [Job(put, ("a",)), Job(twice), Job(put, ("c",))]
    store.transact_group(jobs)
    with pytest.raises(StorageFailed, match="refused"):
        jobs[1].outcome()
    assert ["a", "c"] == [jobs[0].outcome(), jobs[2].outcome()]
    assert logged(store) == told(jobs)


def test_transact_raises_what_the_work_raises(store: Store) -> None:
    """And rolls back."""
    with pytest.raises(Conflict):
        store.transact(fail, "a")
    assert get(store, "a") is None


def test_a_read_cannot_emit_or_write(store: Store) -> None:
    """It raises on `emit`, and its changes are rolled back."""

    def emit(unit: Unit) -> None:
        unit.emit(SessionsChanged())

    def write(unit: Unit) -> None:
        unit.settings.put("a", "x")

    with pytest.raises(RuntimeError):
        store.read(emit)
    store.read(write)
    assert get(store, "a") is None
    assert [] == logged(store)


def fill_disk(store: Store) -> None:
    """Let the file grow by some pages, after which SQLite reports a full disk.

    The log has a page by then, so a checkpoint makes room in it.
    """
    with store._db.connection_context():
        store._db.execute_sql("PRAGMA user_version = 1")
        pages = store._db.execute_sql("PRAGMA page_count").fetchone()[0]
        store._db.execute_sql(f"PRAGMA max_page_count = {pages + 20}")


def grow(unit: Unit, key: str, size: int) -> str:
    """Work that needs space."""
    return put(unit, key, "x" * size)


BIG = 4096 * 60


def rolls_everything_back(store: Store) -> list[bool]:
    """A list that gets, per failure, whether SQLite kept the transaction."""
    seen: list[bool] = []
    original = store._run_one

    def watch(connection: sqlite3.Connection, job: Job) -> None:
        work = job.work

        def watched(unit: Unit, *args: Any) -> Any:
            try:
                return work(unit, *args)
            except Exception:
                seen.append(connection.in_transaction)
                raise

        job.work = watched
        try:
            original(connection, job)
        finally:
            job.work = work

    store._run_one = watch  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_full_disk_fails_only_the_job_that_filled_it(
    store: Store, place: int
) -> None:
    """SQLite rolls back the group; the other jobs run again one by one."""
    fill_disk(store)
    seen = rolls_everything_back(store)
    jobs = [Job(grow, (key, 10)) for key in "abc"]
    jobs.insert(place, Job(grow, ("big", BIG)))
    store.transact_group(jobs)
    # The group, the job at fault alone, and once more after a checkpoint.
    assert [False] * 3 == seen
    for job in jobs:
        if job.args[0] == "big":
            with pytest.raises(StorageFailed, match="full"):
                job.outcome()
            assert [] == list(job.envelopes)
        else:
            assert job.args[0] == job.outcome()
            assert 1 == len(job.envelopes)
    assert get(store, "big") is None
    assert ["x" * 10] * 3 == [get(store, key) for key in "abc"]
    assert logged(store) == told(jobs)


def test_a_disk_that_is_full_for_every_job(store: Store) -> None:
    """Each fails alone and publishes nothing; with free space writes work again."""
    fill_disk(store)
    jobs = [Job(grow, (key, BIG)) for key in "abc"]
    store.transact_group(jobs)
    for job in jobs:
        with pytest.raises(StorageFailed):
            job.outcome()
    assert [] == told(jobs)
    assert [] == logged(store)
    with store._db.connection_context():
        store._db.execute_sql("PRAGMA max_page_count = 1000000")
    store.transact(grow, "a", BIG)
    assert "x" * BIG == get(store, "a")


def test_jobs_that_fit_alone_but_not_together(store: Store) -> None:
    """Some are refused, none is half done."""
    fill_disk(store)
    jobs = [Job(grow, (key, 4096 * 8)) for key in "abcd"]
    store.transact_group(jobs)
    done = [job for job in jobs if job.error is None]
    assert 0 < len(done) < 4
    for job in jobs:
        there = get(store, job.args[0]) is not None
        assert there == (job in done)
    assert logged(store) == told(jobs)


def test_only_a_job_that_makes_room_gets_the_reserve(store: Store) -> None:
    """The store releases it between the two tries of that job."""
    fill_disk(store)
    given: list[str] = []

    def give_room() -> None:
        given.append("once")
        with store._db.connection_context():
            store._db.execute_sql("PRAGMA max_page_count = 1000000")

    store.release_reserve = give_room
    with pytest.raises(DiskFull, match="full"):
        store.transact(grow, "greedy", BIG)
    assert given == []
    jobs = [Job(grow, ("room", BIG), makes_room=True), Job(grow, ("small", 10))]
    store.transact_group(jobs)
    assert given == ["once"]
    assert ["room", "small"] == [job.outcome() for job in jobs]
    assert "x" * BIG == get(store, "room")
    assert sorted(logged(store)) == sorted(told(jobs))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """The error says so, and the file is not changed."""
    path = tmp_path / "ant.db"
    path.write_text("not a database, and longer than a header " * 100)
    with pytest.raises(StorageFailed, match="cannot be opened"):
        Store.open(path)
    assert path.read_text().startswith("not a database")


def test_a_missing_folder(tmp_path: Path) -> None:
    """The same error."""
    with pytest.raises(StorageFailed, match="cannot be opened"):
        Store.open(tmp_path / "none" / "ant.db")


def test_commits_survive_a_restart(tmp_path: Path) -> None:
    """The log continues with the next `seq`."""
    store = Store.open(tmp_path / "ant.db")
    ask = CreateSession(name="one", type=SessionType.CHAT)
    session = store.transact(sessions.create_session, ask, None)
    store.close()
    store = Store.open(tmp_path / "ant.db")
    try:
        assert session == store.read(sessions.get_session, session.id)
        assert [1] == logged(store)
    finally:
        store.close()


@pytest.mark.parametrize(
    ("row", "is_complete"),
    [((0, 3, 3), True), ((0, 0, 0), True), ((0, 3, 2), False), ((1, -1, -1), False)],
)
def test_a_complete_checkpoint(row: tuple[int, int, int], is_complete: bool) -> None:
    """Every page of the log was copied, and no other checkpoint ran meanwhile."""
    assert is_complete == _Checkpoint(*row).is_complete


def test_a_checkpoint_that_waits_restores_the_busy_timeout(store: Store) -> None:
    """The pool hands the same connection to the next write."""
    store.transact(put, "a")
    assert store._checkpoint("TRUNCATE", busy_ms=1).is_complete
    with store._db.connection_context():
        assert (5000,) == store._db.execute_sql("PRAGMA busy_timeout").fetchone()
