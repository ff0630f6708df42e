"""A consistent copy of the database while a server writes to it.

Rule 1: the copy is made in one read transaction, so it is the database at one moment.
The write-ahead log grows meanwhile, since a checkpoint cannot pass that moment.
Rule 2: a server that starts on the copy does not take it for the original. The copy
names no process, or the server would end programs of the original. It has no name for
its event log and is marked as if the machine went down, since the original goes on to
give seqs and offsets that the copy does not know.
"""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from ant.core import clock
from ant.core.errors import Conflict, DiskFull, StorageFailed
from ant.store.inspect import DatabaseState, inspect

Progress = Callable[[int, int], None]
"""Is called with the number of pages that are copied, and of all pages."""

PAGES: Final = 2048
"""Pages that are copied between two reports of the progress: 8 MiB."""

SPARE: Final = 64 << 20
"""Bytes of the disk that a copy leaves free, so that a server there goes on."""

BUSY_S: Final = 5.0
"""How long a copy waits for a lock of the server, which holds each for milliseconds."""

_OTHER_SERVER: Final = """
UPDATE terminals SET pid = NULL, start_ticks = NULL, boot_id = NULL, run = NULL;
DELETE FROM settings WHERE key = 'epoch';
INSERT OR REPLACE INTO settings (key, value) VALUES
    ('boot_id', 'backup'), ('clean', 'no');
"""


def back_up(
    source: Path, target: Path, progress: Progress, *, force: bool = False
) -> DatabaseState:
    """Copy a database into a new file, check the copy, and return its state.

    The file appears at `target` when it is complete, with mode 600. Any error, and
    `KeyboardInterrupt`, leaves no file and no part of one. Raises `Conflict` if the
    file exists, unless `force`, and `StorageFailed`.
    """
    if not source.is_file():
        raise StorageFailed(f"There is no database at {source}.")
    if not force and os.path.lexists(target):
        raise Conflict(f"{target} exists: name another file, or give --force.")
    part = target.parent / f".{target.name}.{clock.new_id()}.part"
    try:
        _check_room(source, target.parent)
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        try:
            _copy(source, part, progress)
            state = inspect(part)
            if state.faults:
                raise StorageFailed(
                    f"The copy is damaged, as is {source}: {state.faults[0]}."
                )
            _sync(part)
            _publish(part, target, force)
            _sync(target.parent)
        finally:
            for suffix in ("", "-journal", "-wal", "-shm"):
                Path(f"{part}{suffix}").unlink(missing_ok=True)
    except sqlite3.Error as exc:
        kind = DiskFull if _is_full(exc) else StorageFailed
        raise kind(f"The database {source} cannot be copied: {exc}.") from exc
    except OSError as exc:
        name = exc.filename or target
        raise StorageFailed(f"{name}: {exc.strerror or exc}.") from exc
    return state


def counts(path: Path) -> dict[str, int]:
    """The number of sessions, messages and bytes of transcripts in a database.

    Raises `StorageFailed`.
    """
    queries = {
        "sessions": "SELECT count(*) FROM sessions",
        "messages": "SELECT count(*) FROM messages",
        "transcript_bytes": "SELECT coalesce(sum(kept), 0) FROM terminals",
    }
    try:
        with closing(_open(path)) as db:
            return {
                name: int(db.execute(query).fetchone()[0])
                for name, query in queries.items()
            }
    except sqlite3.Error as exc:
        raise StorageFailed(f"The database {path} cannot be read: {exc}.") from exc


def _check_room(source: Path, folder: Path) -> None:
    """Refuse a copy that would fill the disk. Raises `DiskFull` and `OSError`."""
    needed, found = source.stat().st_size + SPARE, os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise DiskFull(
            f"The copy needs {needed >> 20} MiB and the disk of {folder} has "
            f"{free >> 20} MiB: make room there, or name a file on another disk."
        )


def _copy(source: Path, part: Path, progress: Progress) -> None:
    with closing(_open(source)) as db, closing(sqlite3.connect(part)) as copy:
        # Without this transaction each write of the server would begin the copy anew.
        db.execute("BEGIN")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()

        def report(_: int, remaining: int, total: int) -> None:
            progress(total - remaining, total)

        db.backup(copy, pages=PAGES, progress=report, sleep=0.05)
        db.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode = delete")  # One file, without a log.
        copy.executescript(f"BEGIN; {_OTHER_SERVER} COMMIT;")


def _open(path: Path) -> sqlite3.Connection:
    """A connection for reading. Raises `sqlite3.Error`.

    It may write the files beside the database: after a crash SQLite must rebuild the
    index of the write-ahead log. Where it may not write, it reads what is there.
    """
    uri = path.absolute().as_uri()
    may_write = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    has_log = Path(f"{path}-wal").exists()
    how = "mode=rw" if may_write else "mode=ro" if has_log else "immutable=1"
    db = sqlite3.connect(f"{uri}?{how}", uri=True, timeout=BUSY_S, isolation_level=None)
    db.execute("PRAGMA query_only = 1")
    return db


def _publish(part: Path, target: Path, force: bool) -> None:
    """Give the file its name; without `force` never in the place of another one."""
    if force:
        os.replace(part, target)
        return
    try:
        os.link(part, target)
    except FileExistsError as exc:
        raise Conflict(
            f"{target} exists now: name another file, or give --force."
        ) from exc
    except OSError:  # Some file systems have no hard links.
        if os.path.lexists(target):
            raise Conflict(
                f"{target} exists now: name another file, or give --force."
            ) from None
        os.rename(part, target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_full(exc: sqlite3.Error) -> bool:
    return getattr(exc, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
