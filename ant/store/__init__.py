"""The one door to the database: open, migrate, run work in a transaction, close."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import attrs
from peewee import PeeweeException
from playhouse.pool import PooledSqliteDatabase

from ant.core import clock
from ant.core.errors import AntError, DiskFull, Stopping, StorageFailed
from ant.model.events import Envelope
from ant.store import schema
from ant.store.allocation import Allocation
from ant.store.event_log import sha256
from ant.store.prompts import PromptCounts
from ant.store.removals import Progress
from ant.store.rooms.participants import (
    ListedMember,
    MemberRecord,
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
    "journal_size_limit": 32 << 20,  # What a large write made longer is cut again.
    "foreign_keys": 1,
    "busy_timeout": 5000,
    "temp_store": "memory",
    "wal_autocheckpoint": 4096,  # Pages, so 16 MiB: a flood folds in less often.
}
_CONNECTIONS = 16
"""One writer, the loop, eight readers, and some for when they change hands."""

WORK_S = 0.001
"""A long read works so long before it lets other threads run. Python itself lets a
thread go on for 5 ms while others wait, and the loop waits at each of its turns."""

REST_S = 0.0002
"""How long it lets them, at least: a shorter sleep may end before they wake."""

PROGRESS = 10_000
"""Steps of SQLite between two looks whether anybody still waits: below 1 ms."""


class Withdrawn(Exception):
    """Nobody waits for this read any more, so it ends."""


CUT_MS = 200
"""What those who read the write-ahead log are given to end, before it is cut."""


@attrs.define(eq=False)
class Job:
    """A piece of work for one transaction, and afterwards what became of it.

    Exactly one of `result` and `error` holds once it ran; `envelopes` are to be
    published when there is no error. `busy_s` is what a read cost. A read that is
    `withdrawn` while it runs ends soon, if it is `long`: between two rows, or pieces.
    What `makes_room` may take the reserve of the disk.
    """

    work: Callable[..., Any]
    args: tuple[Any, ...] = ()
    long: bool = False
    withdrawn: bool = False
    result: Any = None
    error: Exception | None = None
    busy_s: float = 0.0
    envelopes: Sequence[Envelope] = ()
    makes_room: bool = False

    def outcome(self) -> Any:
        """The result, or the error raised."""
        if self.error is not None:
            raise self.error
        return self.result


class _GroupLost(Exception):
    """SQLite rolled the whole transaction back under us, as a full disk does."""


class Store:
    """An open database: synchronous, for any thread, but one writer at a time.

    `give_room` is called where the disk is full and what makes room has to be written.
    """

    def __init__(self, db: PooledSqliteDatabase, allocation: Allocation) -> None:
        self._db, self._allocation = db, allocation
        self._wal = Path(f"{db.database}-wal")
        self.give_room: Callable[[], None] = _nothing

    @classmethod
    def open(cls, path: Path) -> "Store":
        """Open or make the database and bring it up to date.

        Raises `StorageFailed` when it cannot be opened, is no database of ours, or one
        that a newer ANT made; then nothing is written to it. Raises `OSError` where the
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
        database.initialize(db)
        allocation = None
        try:
            schema.check(path)
            with db.connection_context():
                schema.migrate(db)
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
        """Close every connection; the last one folds the write-ahead log back in."""
        self._db.close_all()
        self._allocation.close()

    def wal_bytes(self) -> int:
        """The size of the write-ahead log."""
        return self._wal.stat().st_size if self._wal.exists() else 0

    def fold(self) -> bool:
        """Fold the write-ahead log in as far as readers let it; whether all of it was.

        Others read and write meanwhile. Raises `StorageFailed`.
        """
        try:
            with _translated():
                self._db.connect(reuse_if_open=True)
                pragma = "PRAGMA wal_checkpoint(PASSIVE)"
                _, length, folded = self._db.connection().execute(pragma).fetchone()
                self._allocation.restore()
        finally:
            self._db.close()
        return bool(length == folded)

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
        """Run jobs in one commit, each in a savepoint of its own, and fill them in.

        A job that raises is undone alone. Where SQLite gave up the whole transaction,
        every job is done again by itself, so that the innocent are not lost.
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
                self._find_room(job)

    def _find_room(self, job: Job) -> None:
        """Do it again, where there is room to be had: in the log, or the reserve.

        No other write comes in between, which could take that room.
        """
        if job.makes_room:
            self.give_room()
        if not (self._checkpoint("PASSIVE") or job.makes_room):
            return
        try:
            self._run([job])
        except (_GroupLost, StorageFailed) as exc:
            _fail(job, DiskFull(str(exc)))
        if job.makes_room:
            self._checkpoint("TRUNCATE")

    def _checkpoint(self, how: str) -> bool:
        """Fold the write-ahead log in, so that it begins anew; whether all of it was.

        To cut it, too, it waits a moment for those who read it.
        """
        try:
            with _translated(), self._db.connection_context():
                connection = self._db.connection()
                connection.execute(f"PRAGMA busy_timeout={CUT_MS}")
                query = f"PRAGMA wal_checkpoint({how})"
                busy, pages, folded = connection.execute(query).fetchone()
                connection.execute(f"PRAGMA busy_timeout={_PRAGMAS['busy_timeout']}")
        except StorageFailed:  # What refused the job is what is told.
            return False
        return bool(not busy and pages == folded > 0)

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
                raise _GroupLost("The database gave up the transaction.")
        except Exception as exc:
            if not connection.in_transaction:
                lost = _domain(exc)
                if isinstance(lost, StorageFailed):
                    raise lost from exc
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
        raise _refusal(exc) from exc


def _refusal(exc: Exception) -> StorageFailed:
    """What SQLite said, by name. Peewee's errors come of one of SQLite's."""
    for each in (exc, exc.__context__):
        if getattr(each, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return DiskFull(f"The database refused: {exc}")
    return StorageFailed(f"The database refused: {exc}")


def _nothing() -> None:
    pass


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])


def _read_one(connection: sqlite3.Connection, job: Job) -> None:
    start = clock.cpu_time()
    unit = Unit(clock.now(), writable=False)
    if job.long:
        unit.pause = _pausing(job)
        connection.set_progress_handler(lambda: job.withdrawn, PROGRESS)
    try:
        unit.pause()
        job.result = job.work(unit, *job.args)
    except Withdrawn:
        _fail(job, Stopping("The server is stopping."))
    except Exception as exc:  # noqa: BLE001  Kept for the caller, who raises it.
        _fail(job, _domain(exc))
    finally:
        if job.long:
            connection.set_progress_handler(None, 0)
    job.busy_s = clock.cpu_time() - start


def _pausing(job: Job) -> Callable[[], None]:
    """See `Unit.pause`; cheap enough for each row."""
    last = clock.monotonic()

    def pause() -> None:
        nonlocal last
        if job.withdrawn:
            raise Withdrawn
        if clock.monotonic() - last > WORK_S:
            clock.sleep(REST_S)
            last = clock.monotonic()

    return pause


def _domain(exc: Exception) -> Exception:
    known = PeeweeException | sqlite3.Error | MemoryError
    return _refusal(exc) if isinstance(exc, known) else exc


def _fail(job: Job, error: Exception) -> None:
    job.result, job.error, job.envelopes = None, error, ()


__all__ = [
    "PAGE_BYTES",
    "AntError",
    "Job",
    "Keyframe",
    "LineBlock",
    "ListedMember",
    "MemberRecord",
    "Page",
    "PosterRecord",
    "Program",
    "Progress",
    "PromptCounts",
    "Receipts",
    "RenderProgress",
    "Store",
    "Unit",
    "VerdictRecord",
    "Withdrawn",
    "page",
]
