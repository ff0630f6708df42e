"""The lock of a data folder, for one server; the kernel releases it at its end."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ant.core.errors import Conflict
from ant.data_dir.file_modes import close_to_others


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which is made and closed to all but its owner.

    Raises `Conflict` if another server holds the lock, and as `close_to_others` does.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    close_to_others(folder)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            raise Conflict(
                f"Another server (pid {holder or 'unknown'}) uses {folder}. "
                "Stop that server, or give this one another --data-dir."
            ) from None
        # Overwrite before truncating: a full disk has no room for a new block.
        os.truncate(descriptor, os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0))
        yield
    finally:
        os.close(descriptor)
