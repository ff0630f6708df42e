"""The key that signs tokens: a file beside the database that only its owner reads."""

import os
from pathlib import Path

from ant.core import clock
from ant.core.errors import StorageFailed

NAME = "token.key"
LENGTH = 42


def read_key(folder: Path) -> bytes:
    """The key of a data folder, which is made if it is missing.

    The caller holds the lock of the folder. Raises `StorageFailed`.
    """
    try:
        return _read(folder / NAME)
    except OSError as exc:
        raise StorageFailed(f"{folder / NAME}: {exc.strerror or exc}.") from exc


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        key = os.read(descriptor, LENGTH + 1)
        if len(key) != LENGTH:  # The file is new, or a server died while writing it.
            key = (clock.new_id() + clock.new_id()).encode()
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, key, 0)
            os.fsync(descriptor)
        return key
    finally:
        os.close(descriptor)
