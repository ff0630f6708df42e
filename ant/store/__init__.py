"""The one door to the database: open, migrate, run work in a transaction, close."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
from peewee import PeeweeException
from playhouse.migrations import Runner
from playhouse.pool import PooledSqliteDatabase

from ant import clock
from ant.errors import AntError, StorageFailed
from ant.events import Envelope
from ant.store.keyframes import Keyframe
from ant.store.lineblocks import LineBlock
from ant.store.lines import Place
from ant.store.log import sha256
from ant.store.people import Listed, Member, Poster
from ant.store.sessions import Program
from ant.store.sightings import Sighting
from ant.store.tables import database
from ant.store.unit import Unit

T = TypeVar("T")

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "normal",  # A commit survives kill -9; `settings.clean` covers more.
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "temp_store": "memory",
    "wal_autocheckpoint": 4096,  # Pages, so 16 MiB: a flood folds in less often.
}
_CONNECTIONS = 8
"""One writer, four readers, and some for the moment in which they change hands."""


@attrs.define(eq=False)
class Job:
    """A piece of work for one transaction, and afterwards what became of it.

    Exactly one of `result` and `error` holds once it ran; `envelopes` are to be
    published when there is no error. `busy_s` is what a read cost.
    """

    work: Callable[..., Any]
    args: tuple[Any, ...] = ()
    result: Any = None
    error: Exception | None = None
    busy_s: float = 0.0
    envelopes: Sequence[Envelope] = ()

    def outcome(self) -> Any:
        """The result, or the error raised."""
        if self.error is not None:
            raise self.error
        return self.result


class _GroupLost(Exception):
    """SQLite rolled the whole transaction back under us, as a full disk does."""


class Store:
    """An open database: synchronous, for any thread, but one writer at a time."""

    def __init__(self, db: PooledSqliteDatabase) -> None:
        self._db = db

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open or make the database and bring it up to date.

        Raises `StorageFailed` when it cannot be opened or is no database of ours.
        """
        db = PooledSqliteDatabase(
            str(path),
            pragmas=_PRAGMAS,
            lock_type="IMMEDIATE",
            check_same_thread=False,
            max_connections=_CONNECTIONS,
        )
        db.register_function(sha256, "sha256", 1)
        db.register_function(str.lower, "lowered", 1)  # SQLite knows ASCII only.
        database.initialize(db)
        try:
            with db.connection_context():
                Runner(db, str(Path(__file__).parent / "migrations")).up()
        except (PeeweeException, sqlite3.Error) as exc:
            db.close_all()
            raise StorageFailed(f"The database {path} cannot be opened: {exc}") from exc
        return cls(db)

    def close(self) -> None:
        """Close every connection; the last one folds the write-ahead log back in."""
        self._db.close_all()

    def transact(self, work: Callable[..., T], *args: Any) -> T:
        """Run one piece of work in a transaction of its own; its events are dropped.

        For boot, tests and tools: there the server has no bus yet.
        """
        job = Job(work, args)
        self.transact_group([job])
        result: T = job.outcome()
        return result

    def read(self, work: Callable[..., T], *args: Any) -> T:
        """Run work on a unit that refuses to emit, on one snapshot of the database."""
        job = Job(work, args)
        self.read_group([job])
        result: T = job.outcome()
        return result

    def read_group(self, jobs: Sequence[Job], keep: bool = False) -> None:
        """Run reads on one snapshot and fill them in; one that raises fails alone.

        With `keep` this thread's connection stays open for its next read: for the one
        thread that reads all the time and lives as long as the store.
        """
        try:
            with _translated():
                self._db.connect(reuse_if_open=True)
                connection = self._db.connection()
                connection.execute("BEGIN")
                for job in jobs:
                    _read_one(job)
                connection.execute("ROLLBACK")
        except StorageFailed as exc:
            keep = False
            for job in jobs:
                _fail(job, exc)
        finally:
            if not keep:
                self._db.close()

    def transact_group(self, jobs: Sequence[Job]) -> None:
        """Run jobs in one commit, each in a savepoint of its own, and fill them in.

        A job that raises is undone alone. Where SQLite gave up the whole transaction,
        every job is done again by itself, so that the innocent are not lost.
        """
        try:
            self._run(jobs)
        except (_GroupLost, StorageFailed) as exc:
            if len(jobs) == 1:
                _fail(jobs[0], StorageFailed(str(exc)))
                return
            for job in jobs:
                self.transact_group([job])

    def _run(self, jobs: Sequence[Job]) -> None:
        with _translated(), self._db.connection_context():
            connection = self._db.connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                for job in jobs:
                    self._run_one(connection, job)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _run_one(self, connection: sqlite3.Connection, job: Job) -> None:
        unit = Unit(clock.now())
        connection.execute("SAVEPOINT job")
        try:
            job.result, job.error = job.work(unit, *job.args), None
            job.envelopes = unit.envelopes
            if not connection.in_transaction:
                raise _GroupLost("The database gave up the transaction.")
        except Exception as exc:
            if not connection.in_transaction:
                raise _GroupLost(f"The database refused: {exc}") from exc
            connection.execute("ROLLBACK TO job")
            _fail(job, _domain(exc))
        connection.execute("RELEASE job")


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of driver and system become ours where they leave the store."""
    try:
        yield
    except (PeeweeException, sqlite3.Error, OSError, MemoryError) as exc:
        raise StorageFailed(f"The database refused: {exc}") from exc


def _read_one(job: Job) -> None:
    start = clock.busy()
    try:
        job.result = job.work(Unit(clock.now(), writable=False), *job.args)
    except Exception as exc:  # noqa: BLE001  Kept for the caller, who raises it.
        _fail(job, _domain(exc))
    job.busy_s = clock.busy() - start


def _domain(exc: Exception) -> Exception:
    if isinstance(exc, PeeweeException | sqlite3.Error | MemoryError):
        return StorageFailed(f"The database refused: {exc}")
    return exc


def _fail(job: Job, error: Exception) -> None:
    job.result, job.error, job.envelopes = None, error, ()


__all__ = [
    "AntError",
    "Job",
    "Keyframe",
    "LineBlock",
    "Listed",
    "Member",
    "Place",
    "Poster",
    "Program",
    "Sighting",
    "Store",
    "Unit",
]
