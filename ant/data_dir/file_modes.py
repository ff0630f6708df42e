"""Permissions of the data folder and the database: for their owner only."""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ant.core.errors import Conflict

OTHERS = 0o077
DATABASE = ("ant.db", "ant.db-wal", "ant.db-shm", "ant.db-journal")
_DATA_FILES = frozenset({"lock", "ant.db", "token.key", "reserve"})


def close_to_others(folder: Path) -> None:
    """Remove the permissions of others from an existing folder and its database.

    Raises `Conflict` if another user owns the folder, or if it looks like a folder with
    other uses (`/tmp`, a home directory), which must stay open.
    """
    found = os.stat(folder)
    if found.st_uid != os.geteuid():
        raise Conflict(
            f"{folder} belongs to uid {found.st_uid}, and this server runs as uid "
            f"{os.geteuid()}: change its owner, or give another --data-dir."
        )
    mode = stat.S_IMODE(found.st_mode)
    if mode & OTHERS:
        if mode & stat.S_ISVTX or _is_shared(folder):
            raise Conflict(
                f"Others may enter {folder}, and it contains other things than a "
                "database: chmod 700 it, or give another --data-dir."
            )
        os.chmod(folder, mode & ~OTHERS)
    _close_files(folder / name for name in DATABASE)


def _is_shared(folder: Path) -> bool:
    """Whether a folder has folders in it, but no file of a data folder."""
    with os.scandir(folder) as entries:
        found = {each.name: each.is_dir(follow_symlinks=False) for each in entries}
    return any(found.values()) and not _DATA_FILES & found.keys()


def _close_files(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:  # It is missing; the store reports any other error.
            continue
        try:
            found = os.fstat(descriptor)
            is_open = stat.S_ISREG(found.st_mode) and found.st_mode & OTHERS
            if is_open and found.st_uid == os.geteuid():
                os.fchmod(descriptor, stat.S_IMODE(found.st_mode) & ~OTHERS)
        finally:
            os.close(descriptor)
