"""The database: open it, migrate it, run work in transactions, close it.

No other package uses SQLite or Peewee. Callers pass a function to the store. The store
runs it in a transaction with a `Unit`, which has the tables.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import attrs
from peewee import PeeweeException
from playhouse.pool import PooledSqliteDatabase

from ant.core import clock
from ant.core.errors import DiskFull, Stopping, StorageFailed
from ant.model.events import Envelope
from ant.model.search_terms import begins_word
from ant.store import schema_version
from ant.store.allocation import Allocation
from ant.store.event_log import sha256
from ant.store.prompts import PromptCounts
from ant.store.removals import RemovalProgress
from ant.store.rooms.messages import EncodedMessage
from ant.store.rooms.participants import (
    ListedMember,
    MemberRecord,
    PersonRecord,
    PosterRecord,
    Receipts,
)
from ant.store.sessions import Program
from ant.store.tables.sessions import database
from ant.store.tables.statement import PAGE_BYTES, Page, page
from ant.store.transcript.keyframes import Keyframe
from ant.store.transcript.line_block import LineBlock
from ant.store.transcript.lines import RenderProgress
from ant.store.transcript.verdicts import VerdictRecord
from ant.store.unit import Unit

T = TypeVar("T")

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "normal",  # A commit survives kill -9; `settings.clean` covers more.
    "journal_size_limit": 32 << 20,  # Truncates the log again after a large write.
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "temp_store": "memory",
    "wal_autocheckpoint": 4096,  # Pages, so 16 MiB: fewer checkpoints in a flood.
}
_CONNECTIONS = 16
"""One for the writer, one for the loop, eight for readers, and some to spare while
threads return theirs to the pool."""

WORK_S = 0.001
"""A long read sleeps after that much work, so that other threads run. Python switches
threads only after 5 ms, and the loop would wait that long at each of its steps."""

REST_S = 0.0002
"""How long it sleeps. A shorter sleep may end before the other threads wake."""

PROGRESS = 10_000
"""SQLite steps between two checks whether the read was withdrawn: below 1 ms."""


TRUNCATE_BUSY_MS = 200
"""How long a checkpoint that truncates the write-ahead log waits for its readers."""


class Withdrawn(Exception):
    """The caller of a long read was cancelled, so the read ends."""


@attrs.define(eq=False)
class Job:
    """A function to run in a transaction, and its outcome.

    After the run either `error` is set, or `result` is the outcome and `envelopes` are
    the events to publish. A `long` read ends soon after `withdrawn` is set: between two
    rows, or at `Unit.pause`. A write that `makes_room` may use the disk reserve.
    """

    work: Callable[..., Any]
    args: tuple[Any, ...] = ()
    long: bool = False
    withdrawn: bool = False
    result: Any = None
    error: Exception | None = None
    envelopes: Sequence[Envelope] = ()
    makes_room: bool = False

    def outcome(self) -> Any:
        """Return the result, or raise the error."""
        if self.error is not None:
            raise self.error
        return self.result


class _GroupLost(Exception):
    """SQLite rolled back the whole transaction by itself, as it does on a full disk."""


class _Checkpoint(NamedTuple):
    """The row that `PRAGMA wal_checkpoint` returns.

    `busy` is 1 when another checkpoint or a reader blocked it. `pages` is the length of
    the write-ahead log, and `copied` how many of its pages the database file has; both
    are -1 when another checkpoint blocked it, and 0 after the log was truncated.
    """

    busy: int
    pages: int
    copied: int

    @property
    def is_complete(self) -> bool:
        """Whether the database file has every page of the log."""
        return not self.busy and self.pages == self.copied


class Version(NamedTuple):
    """The state of the database as one connection sees it; equal if nothing changed.

    `others` counts commits of other connections, `own` the rows that it changed itself.
    """

    connection: sqlite3.Connection
    others: int
    own: int


class Store:
    """An open database: synchronous, for any thread, but for one writer at a time.

    On a full disk the store calls `release_reserve` before it retries a job that
    `makes_room`.
    """

    def __init__(self, db: PooledSqliteDatabase, allocation: Allocation) -> None:
        self._db, self._allocation = db, allocation
        self._wal = Path(f"{db.database}-wal")
        self.release_reserve: Callable[[], None] = _no_reserve

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open or create the database and apply its pending migrations.

        Raises `StorageFailed` when it cannot be opened, or when another program or a
        newer ANT made it; then nothing is written to it. Raises `OSError` when the
        system refuses.
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
        db.register_function(begins_word, "begins_word", 2)
        database.initialize(db)
        allocation = None
        try:
            schema_version.check(path)
            with db.connection_context():
                schema_version.migrate(db)
                page_bytes = _number(db.connection(), "PRAGMA page_size")
                allocation = Allocation(path, page_bytes)
                allocation.begin(_number(db.connection(), "PRAGMA page_count"))
        except (PeeweeException, sqlite3.Error, OSError) as exc:
            db.close_all()
            if allocation is not None:
                allocation.close()
            if isinstance(exc, OSError):
                raise
            raise StorageFailed(f"The database {path} cannot be opened: {exc}") from exc
        return cls(db, allocation)

    def close(self) -> None:
        """Close every connection. The last one checkpoints and removes the log."""
        self._db.close_all()
        self._allocation.close()

    def wal_bytes(self) -> int:
        """The size of the write-ahead log in bytes."""
        return self._wal.stat().st_size if self._wal.exists() else 0

    def checkpoint(self) -> bool:
        """Checkpoint the write-ahead log as far as its readers allow.

        Return whether the database file then has every page of the log. Other threads
        may read and write meanwhile. Raises `StorageFailed`.
        """
        with _translated():
            done = self._checkpoint("PASSIVE")
            self._allocation.restore()
        return done.is_complete

    def _checkpoint(self, mode: str, busy_ms: int | None = None) -> _Checkpoint:
        """Run a checkpoint; a mode that waits for readers waits `busy_ms` for them.

        Raises `StorageFailed`.
        """
        with _translated(), self._db.connection_context():
            connection = self._db.connection()
            try:
                if busy_ms is not None:
                    connection.execute(f"PRAGMA busy_timeout={busy_ms}")
                row = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            finally:
                if busy_ms is not None:
                    default = _PRAGMAS["busy_timeout"]
                    connection.execute(f"PRAGMA busy_timeout={default}")
        return _Checkpoint(*row)

    def transact(self, work: Callable[..., T], *args: Any) -> T:
        """Run one function in a transaction of its own and return its result.

        Its events are logged but not published. For the start, tests and tools, which
        have no bus.
        """
        job = Job(work, args)
        self.transact_group([job])
        result: T = job.outcome()
        return result

    def read(self, work: Callable[..., T], *args: Any) -> T:
        """Run one function on a snapshot of the database and return its result.

        The unit refuses to emit events, and changes are rolled back.
        """
        job = Job(work, args)
        self.read_group([job])
        result: T = job.outcome()
        return result

    def version(self) -> Version:
        """The current version of the database. For the loop's thread only.

        The thread's connection stays open. Raises `StorageFailed`.
        """
        with _translated():
            self._db.connect(reuse_if_open=True)
            connection = self._db.connection()
            others = _number(connection, "PRAGMA data_version")
            return Version(connection, others, connection.total_changes)

    def read_group(self, jobs: Sequence[Job], keep: bool = False) -> None:
        """Run reads on one snapshot of the database and set their outcomes.

        A read that raises fails alone. With `keep` the thread's connection stays open
        for its next read: for the loop's thread, which lives as long as the store.
        """
        try:
            with _translated():
                self._db.connect(reuse_if_open=True)
                connection = self._db.connection()
                connection.execute("BEGIN")
                for job in jobs:
                    _read_one(connection, job)
                connection.execute("ROLLBACK")
        except StorageFailed as exc:
            keep = False
            for job in jobs:
                _fail(job, exc)
        finally:
            if not keep:
                self._db.close()

    def transact_group(self, jobs: Sequence[Job]) -> None:
        """Run jobs in one commit, each in its own savepoint, and set their outcomes.

        A job that raises is rolled back alone. If SQLite rolls back the whole
        transaction, each job runs again in a transaction of its own, so that only the
        job at fault fails.
        """
        try:
            self._run(jobs)
        except (_GroupLost, StorageFailed) as exc:
            if len(jobs) > 1:
                for job in jobs:
                    self.transact_group([job])
                return
            kind = DiskFull if isinstance(exc, DiskFull) else StorageFailed
            _fail(jobs[0], kind(str(exc)))
        for job in jobs:
            if isinstance(job.error, DiskFull):
                self._retry_with_room(job)

    def _retry_with_room(self, job: Job) -> None:
        """Run a job again that met a full disk, if there is room to gain.

        The room comes from a complete checkpoint, after which SQLite writes the log
        from its start again, or from the reserve. No other write runs in between, so
        none can take it.
        """
        if job.makes_room:
            self.release_reserve()
        if not (self._can_restart_log() or job.makes_room):
            return
        try:
            self._run([job])
        except (_GroupLost, StorageFailed) as exc:
            _fail(job, DiskFull(str(exc)))
        if job.makes_room:
            with suppress(StorageFailed):  # The log is truncated another time.
                self._checkpoint("TRUNCATE", TRUNCATE_BUSY_MS)

    def _can_restart_log(self) -> bool:
        """Whether a checkpoint was complete and the log has pages to write anew."""
        try:
            done = self._checkpoint("PASSIVE")
        except StorageFailed:  # The caller gets the error that the job met.
            return False
        return done.is_complete and done.pages > 0

    def _run(self, jobs: Sequence[Job]) -> None:
        with _translated(), self._db.connection_context():
            connection = self._db.connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                for job in jobs:
                    self._run_one(connection, job)
                self._allocation.secure(_number(connection, "PRAGMA page_count"))
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
                raise _GroupLost("The database rolled back the transaction.")
        except Exception as exc:
            if not connection.in_transaction:
                lost = _translate(exc)
                if isinstance(lost, StorageFailed):
                    raise lost from exc
                raise _GroupLost(f"The database refused: {exc}") from exc
            connection.execute("ROLLBACK TO job")
            _fail(job, _translate(exc))
        connection.execute("RELEASE job")


@contextmanager
def _translated() -> Iterator[None]:
    """Raise errors of SQLite, Peewee and the system as `StorageFailed`."""
    try:
        yield
    except (PeeweeException, sqlite3.Error, OSError, MemoryError) as exc:
        raise _refusal(exc) from exc


def _refusal(exc: Exception) -> StorageFailed:
    """`DiskFull` or `StorageFailed` for an error. Peewee wraps an error of SQLite."""
    for each in (exc, exc.__context__):
        if getattr(each, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return DiskFull(f"The database refused: {exc}")
    return StorageFailed(f"The database refused: {exc}")


def _no_reserve() -> None:
    """Do nothing: without a server there is no reserve."""


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _read_one(connection: sqlite3.Connection, job: Job) -> None:
    unit = Unit(clock.now(), writable=False)
    if job.long:
        unit.pause = _pausing(job)
        connection.set_progress_handler(lambda: job.withdrawn, PROGRESS)
    try:
        unit.pause()
        job.result = job.work(unit, *job.args)
    except Withdrawn:
        _fail(job, Stopping("The server is stopping."))
    except Exception as exc:  # noqa: BLE001  `Job.outcome` raises it.
        _fail(job, _translate(exc))
    finally:
        if job.long:
            connection.set_progress_handler(None, 0)


def _pausing(job: Job) -> Callable[[], None]:
    """The `Unit.pause` of a long read; cheap enough to call for each row."""
    last = clock.monotonic()

    def pause() -> None:
        nonlocal last
        if job.withdrawn:
            raise Withdrawn
        if clock.monotonic() - last > WORK_S:
            clock.sleep(REST_S)
            last = clock.monotonic()

    return pause


def _translate(exc: Exception) -> Exception:
    """An error as the store raises it."""
    known = PeeweeException | sqlite3.Error | MemoryError
    return _refusal(exc) if isinstance(exc, known) else exc


def _fail(job: Job, error: Exception) -> None:
    """Set an error as the outcome of a job."""
    job.result, job.error, job.envelopes = None, error, ()


__all__ = [
    "PAGE_BYTES",
    "EncodedMessage",
    "Job",
    "Keyframe",
    "LineBlock",
    "ListedMember",
    "MemberRecord",
    "Page",
    "PersonRecord",
    "PosterRecord",
    "Program",
    "PromptCounts",
    "Receipts",
    "RemovalProgress",
    "RenderProgress",
    "Store",
    "Unit",
    "VerdictRecord",
    "Version",
    "page",
]
