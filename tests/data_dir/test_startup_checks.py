"""A server that cannot start prints one sentence, and no traceback."""

import errno
import os
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.core.errors import Conflict, StorageFailed
from ant.data_dir.startup_checks import (
    FEWEST_FILES,
    FILES,
    FOLDERS,
    check_folder,
    sentence,
)
from ant.store import Store
from tests.live.server import START_S, environment
from tests.mounts import mount
from tests.soak import soak

STRANGER = 65534
"""The uid of nobody."""


async def refused(
    folder: Path, program: tuple[str, str] = ("-m", "ant"), **options: Any
) -> str:
    """`ant serve` on that folder by a process of its own: all that it printed.

    It ends by itself with 1, and what it says is one line.
    """
    argv = [sys.executable, *program, "serve", "--port", "0", "--log-level", "error"]
    with trio.fail_after(3 * START_S):
        done = await trio.run_process(
            [*argv, "--data-dir", str(folder)],
            **{"capture_stdout": True, **options},
            capture_stderr=True,
            check=False,
            env=environment(),
        )
    output = done.stderr.decode()
    assert (done.returncode, output.count("\n")) == (1, 1), output
    assert output.startswith("ant: ")
    return output


def file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")


def folder(path: Path) -> None:
    path.mkdir(parents=True)


def foreign(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE messages (songs)")


def newer(path: Path) -> None:
    path.parent.mkdir(parents=True)
    Store.open(path).close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("INSERT INTO schema_migration VALUES (99, '0099_future', '2031')")


IN_THE_WAY: dict[str, tuple[Callable[[Path], None], str, str]] = {
    "the folder is a file": (file, "data", "a folder was expected"),
    "its parent is a file": (file, "", "a part of it is a file"),
    "lock": (folder, "data/lock", "a file was expected"),
    "token.key": (folder, "data/token.key", "a file was expected"),
    "ant.db": (folder, "data/ant.db", "a file was expected"),
    "reserve": (folder, "data/reserve", "a file was expected"),
    "spool": (file, "data/spool", "a folder was expected"),
    "inbox": (file, "data/inbox", "a folder was expected"),
    "another program's": (foreign, "data/ant.db", "another program"),
    "newer": (newer, "data/ant.db", "newer ANT"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", IN_THE_WAY)
async def test_a_wrong_file_in_the_folder_is_named(tmp_path: Path, case: str) -> None:
    """What is wrong, what was expected, and what to do."""
    make, name, why = IN_THE_WAY[case]
    make(tmp_path / "top" / name)
    output = await refused(tmp_path / "top" / "data")
    assert str(tmp_path / "top" / name) in output
    assert why in output
    assert "--data-dir" in output


@pytest.mark.slow
async def test_a_folder_that_cannot_be_made_is_named() -> None:
    """The kernel allows no folders in /proc."""
    assert re.match("ant: /proc/x .*cannot be made", await refused(Path("/proc/x")))


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder with a database in `used`, an empty one in `empty`; all read-only."""
    for name in ("used", "empty"):
        (tmp_path / name).mkdir()
    Store.open(tmp_path / "used" / "ant.db").close()
    mount("--bind", str(tmp_path), str(tmp_path))
    try:
        mount("-o", "remount,ro,bind", str(tmp_path))
        yield tmp_path
    finally:
        subprocess.run(["umount", "-l", str(tmp_path)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["used", soak("empty"), soak("to be made")])
async def test_a_read_only_file_system_is_named(read_only: Path, name: str) -> None:
    """With a database, without one, and without a folder."""
    output = await refused(read_only / name)
    assert str(read_only / name) in output
    assert "mounted read-only" in output


AS_STRANGER = f"""
import os, sys
import ant.server
from ant.cli.main import main
os.setgroups([])
os.setgid({STRANGER})
os.setuid({STRANGER})
main()
"""
"""`ant` as the user nobody, which may not have permission to read this Python."""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", soak("deep")])
async def test_a_folder_of_another_user_is_named(tmp_path: Path, name: str) -> None:
    """The folder itself, or one in which it would have to be made."""
    if os.geteuid():
        os.chmod(tmp_path, 0o500)
        uid, program = os.geteuid(), ("-m", "ant")
    else:
        for each in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            os.chmod(each, 0o755)
        uid, program = STRANGER, ("-c", AS_STRANGER)
    output = await refused(tmp_path / name, program=program)
    # A folder around it may be closed already.
    assert f"may not be used by uid {uid}" in output or "belongs to uid 0" in output
    assert str(tmp_path / name) in output


@pytest.mark.slow
async def test_a_full_standard_output_is_named(tmp_path: Path) -> None:
    """ANT could not print its address."""
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        output = await refused(tmp_path, stdout=full, capture_stdout=False)
    finally:
        os.close(full)
    assert "Standard output takes nothing (No space left on device)" in output


@pytest.mark.slow
async def test_a_closed_standard_output_is_named(tmp_path: Path) -> None:
    """The database would get its descriptor, and ANT would print into it."""
    output = await refused(tmp_path, preexec_fn=lambda: os.close(1))
    assert "Standard output is closed" in output
    assert not (tmp_path / "ant.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize("limit", [6, 12, 20, FEWEST_FILES - 1])
async def test_too_few_descriptors_are_named(tmp_path: Path, limit: int) -> None:
    """The sentence has their number, and how many a server needs."""

    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    output = await refused(tmp_path, preexec_fn=few)
    assert f"may have {limit} file descriptors" in output
    assert f"at least {FEWEST_FILES}" in output


def test_every_error_of_a_path_has_its_sentence() -> None:
    """One line that names the path, also for names that are not UTF-8."""
    for code in (errno.EACCES, errno.EROFS, errno.ENOSPC, errno.ENOENT, errno.ESTALE):
        for name in ("/x/y", b"/x/y", Path("/x/y"), "/x/\udcff", b"/x/\xff"):
            text = sentence(OSError(code, os.strerror(code), name))
            assert text is not None
            assert "/x/" in text
            assert text.encode()
    assert sentence(OSError(errno.EIO, "Input/output error")) == (
        "The system refused: Input/output error."
    )
    assert "no file descriptor left" in (sentence(OSError(errno.EMFILE, "x")) or "")


def test_a_group_has_a_sentence_unless_it_contains_a_bug() -> None:
    """Each sentence once; a group with a bug has none, so that it is raised."""
    one, two = StorageFailed("One."), Conflict("Two\nlines.")
    group = ExceptionGroup("", [one, ExceptionGroup("", [two, StorageFailed("One.")])])
    assert sentence(group) == "One. Two lines."
    assert sentence(ExceptionGroup("", [one, KeyError("a bug")])) is None
    assert sentence(KeyError("a bug")) is None


@pytest.mark.parametrize("name", [*FILES, *FOLDERS])
def test_a_special_file_is_refused(tmp_path: Path, name: str) -> None:
    """A FIFO would block the start for ever."""
    os.mkfifo(tmp_path / name)
    with pytest.raises((StorageFailed, OSError)) as error:
        check_folder(tmp_path)
    assert str(tmp_path / name) in (sentence(error.value) or "")
