"""One server per data folder: a lock that the kernel lets go of when we die."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ant.core.errors import Conflict
from ant.data_dir.permissions import close_to_others


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder while inside, closed to all but its owner.

    Raises `Conflict` when another server holds it, or it is not ours to close.
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
                "Stop it, or give this one another --data-dir."
            ) from None
        # Written over, not anew: on a full disk only what is there has room.
        os.truncate(descriptor, os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0))
        yield
    finally:
        os.close(descriptor)
