"""Disk space for the database file: every committed page can be checkpointed."""

import fcntl
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ant.core.errors import Conflict, DiskFull
from ant.store import Job, Store, Unit
from ant.store.allocation import AHEAD, Allocation
from tests.mounts import fill, mount, small_disk

DISK = 24 << 20

PAGE = 4096

SHARED = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""Examples share a disk and a database: each begins with what others left."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB. Needs the right to mount."""
    with small_disk(tmp_path, DISK):
        yield tmp_path


@pytest.fixture
def full(small: Path) -> Iterator[Store]:
    """A database on it. Tests fill the disk."""
    store = Store.open(small / "ant.db")
    yield store
    store.close()


def put(unit: Unit, key: str, size: int) -> None:
    """Work that extends the database."""
    unit.settings.put(key, "x" * size)


def spoil(unit: Unit, key: str, size: int) -> None:
    """Work that extends the database and is rolled back."""
    put(unit, key, size)
    raise Conflict("no")


def length(store: Store, key: str) -> int:
    found = store.read(lambda unit: unit.settings.get(key))
    return len(found or "")


def checkpoint(path: Path) -> tuple[int, int, int]:
    """A checkpoint of another process: whether it was blocked, and the pages left."""
    with closing(sqlite3.connect(path)) as db:
        row = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return (row[0], row[1], row[2])


def is_beyond(path: Path) -> bool:
    """Whether the log has pages beyond the end of the file."""
    with closing(sqlite3.connect(path)) as db:
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    return bool(pages * size > path.stat().st_size)


def test_a_checkpoint_completes_on_a_full_disk(full: Store, small: Path) -> None:
    """A reader blocked it, and when the reader ends the disk has no free byte."""
    path = small / "ant.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT COUNT(*) FROM settings").fetchone()
        for number in range(30):
            full.transact(put, f"key {number}", 100_000)
        assert is_beyond(path)
        fill(small)
        reader.execute("ROLLBACK")
    assert checkpoint(path) == (0, 0, 0)
    assert {length(full, f"key {number}") for number in range(30)} == {100_000}


KEYS = st.sampled_from("abcdef")
SIZES = st.integers(0, 300_000)
STEPS = st.one_of(
    st.tuples(st.sampled_from(["put", "spoil", "clear"]), KEYS, SIZES),
    st.tuples(st.sampled_from(["hold", "release", "fold", "fill"])),
)


@pytest.mark.slow
@SHARED
@given(st.lists(STEPS, max_size=20))
@example([("hold",), ("put", "a", 300_000), ("fill",)])
@example([("hold",), ("fill",), ("put", "b", 9), ("clear", "c", 300_000)])
@example([("put", "d", 9), ("hold",), ("put", "d", 300_000), ("fold",), ("fill",)])
@example([("hold",), ("spoil", "e", 300_000), ("put", "f", 300_000), ("fill",)])
def test_every_commit_can_be_checkpointed(
    full: Store, small: Path, steps: list[tuple[str, str, int] | tuple[str]]
) -> None:
    """Whichever readers there were, and whenever the disk became full."""
    path = small / "ant.db"
    known = {key: length(full, key) for key in "abcdef"}
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        for name, *args in steps:
            if name == "hold" and not reader.in_transaction:
                reader.execute("BEGIN")
                reader.execute("SELECT COUNT(*) FROM settings").fetchone()
            elif name == "release" and reader.in_transaction:
                reader.execute("ROLLBACK")
            elif name == "fold":
                full.checkpoint()
            elif name == "fill":
                fill(small)
            elif args:
                work = spoil if name == "spoil" else put
                job = Job(work, tuple(args), makes_room=name == "clear")
                full.transact_group([job])
                if job.error is None:
                    known[str(args[0])] = int(args[1])
                else:
                    assert isinstance(job.error, DiskFull | Conflict)
        fill(small)
    assert checkpoint(path) == (0, 0, 0)
    assert known == {key: length(full, key) for key in "abcdef"}
    (small / "ballast").unlink()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_write_that_cannot_extend_the_file_is_refused_alone(
    full: Store, small: Path
) -> None:
    """Even if the log has space for it. Writes that need no more pages succeed."""
    path = small / "ant.db"
    full.transact(put, "a", 2_000_000)
    full.checkpoint()  # The log keeps its length, and is written anew.
    full.transact(put, "b", 10)
    fill(small)
    with pytest.raises(DiskFull, match="full"):
        full.transact(put, "b", 1_000_000)
    full.transact(put, "c", 20)
    assert [length(full, key) for key in "abc"] == [2_000_000, 10, 20]
    assert checkpoint(path) == (0, 0, 0)
    (small / "ballast").unlink()
    full.transact(put, "b", 1_000_000)
    assert length(full, "b") == 1_000_000


def test_a_checkpoint_keeps_the_space_of_a_running_transaction(
    full: Store, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It truncates the file after the allocation and before the commit."""
    path = small / "ant.db"
    full.transact(put, "a", 2_000_000)
    full.checkpoint()
    full.transact(put, "b", 10)
    secure = full._allocation.secure
    folded: list[bool] = []

    def secured(pages: int) -> None:
        secure(pages)
        beside = threading.Thread(target=lambda: folded.append(full.checkpoint()))
        beside.start()
        beside.join()
        fill(small)

    with monkeypatch.context() as patched:
        patched.setattr(full._allocation, "secure", secured)
        full.transact(put, "b", 200_000)
    assert folded == [True]
    assert is_beyond(path)
    assert checkpoint(path) == (0, 0, 0)
    assert length(full, "b") == 200_000


DYING = """
import os, signal, sqlite3, sys
from pathlib import Path
from ant.store import Store
store = Store.open(Path(sys.argv[1]))
reader = sqlite3.connect(sys.argv[1], isolation_level=None)
reader.execute("BEGIN")
reader.execute("SELECT COUNT(*) FROM settings").fetchone()
store._allocation._able = False
for number in range(10):
    store.transact(lambda unit: unit.settings.put(f"key {number}", "x" * 100_000))
os.kill(os.getpid(), signal.SIGKILL)
"""
"""What an ANT that allocates nothing leaves when it is killed."""


@pytest.mark.slow
@pytest.mark.parametrize("is_full", [False, True])
def test_a_start_allocates_what_an_older_ant_did_not(
    small: Path, is_full: bool
) -> None:
    """If there is space. Without space, writes that add no pages still succeed."""
    path = small / "ant.db"
    subprocess.run([sys.executable, "-c", DYING, str(path)], check=False)
    assert path.with_name("ant.db-wal").stat().st_size > 1_000_000
    if is_full:
        fill(small)
        with (small / "ballast").open("r+b") as ballast:
            ballast.truncate(os.fstat(ballast.fileno()).st_size - 300_000)
    store = Store.open(path)
    try:
        if is_full:
            store.transact(put, "key 1", 20)
        fill(small)
        if is_full:
            with pytest.raises(sqlite3.OperationalError, match="full"):
                checkpoint(path)
            (small / "ballast").unlink()
            store.transact(put, "key 1", 10)
            fill(small)
        assert checkpoint(path) == (0, 0, 0)
        assert length(store, "key 9") == 100_000
    finally:
        store.close()


def test_the_size_at_the_start_is_never_refused(small: Path) -> None:
    """Even if the start found no space for it. One page more is refused."""
    path = small / "file"
    path.write_bytes(b"x" * 4096)
    fill(small)
    one = Allocation(path, PAGE)
    try:
        one.begin(300)
        one.secure(300)
        with pytest.raises(DiskFull):
            one.secure(301)
        (small / "ballast").unlink()
        one.secure(600)
        fill(small)
        with path.open("r+b") as file:
            assert file.write(b"y" * 600 * PAGE) == 600 * PAGE
    finally:
        one.close()


def test_allocation_is_ahead_and_keeps_the_file_size(small: Path) -> None:
    """Or exactly what is needed, if the disk has no more."""
    path = small / "file"
    path.write_bytes(b"x" * 2 * PAGE)
    one = Allocation(path, PAGE)
    try:
        one.secure(2)
        assert path.stat().st_blocks * 512 == 2 * PAGE
        one.secure(3)
        assert path.stat().st_blocks * 512 == AHEAD
        fill(small)
        with (small / "ballast").open("r+b") as ballast:
            ballast.truncate(os.fstat(ballast.fileno()).st_size - AHEAD // 2)
        one.secure(AHEAD // PAGE + 1)
        assert path.stat().st_blocks * 512 == AHEAD + PAGE
        assert path.stat().st_size == 2 * PAGE
        with pytest.raises(DiskFull):
            one.secure(2 * AHEAD // PAGE)
    finally:
        one.close()


def test_a_file_system_that_cannot_allocate_refuses_nothing(tmp_path: Path) -> None:
    """The store works as without allocation."""
    mount("-t", "ramfs", "ramfs", str(tmp_path))
    try:
        with closing(Store.open(tmp_path / "ant.db")) as store:
            store.transact(put, "a", 100_000)
            assert not store._allocation._able
            assert store.checkpoint()
            assert length(store, "a") == 100_000
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


LOCKING = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, 0x40000002)
"""
"""Takes the range that SQLite locks (its file format, pending and shared bytes)."""


@pytest.mark.slow
def test_sqlite_keeps_its_locks_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Closing the descriptor of the allocation must not drop them earlier."""
    path = tmp_path / "ant.db"

    def is_free() -> bool:
        argv = [sys.executable, "-c", LOCKING, str(path)]
        done = subprocess.run(argv, capture_output=True, check=False)
        assert done.returncode == 0 or b"BlockingIOError" in done.stderr
        return done.returncode == 0

    store = Store.open(path)
    close, opened = store._allocation.close, []

    def closed() -> None:
        for each in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):  # The one of the list itself.
                if os.readlink(f"/proc/self/fd/{each}") == str(path):
                    opened.append(int(each))
        close()

    monkeypatch.setattr(store._allocation, "close", closed)
    assert not is_free()
    store.transact(put, "a", 1_000_000)
    store.checkpoint()
    assert not is_free()
    (fd,) = [store._allocation._fd]
    assert fcntl.fcntl(fd, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    store.close()
    assert opened == [fd], "SQLite had closed its own before"
    assert is_free()
