"""Reads a file that a program in a terminal may have put there. It never waits."""

import os
import stat
from pathlib import Path


def beginning(path: Path, most: int) -> str | None:
    """The first `most` bytes of a regular file as text; None if it cannot be read.

    Bytes that are no UTF-8 are replaced.
    """
    try:
        # Without O_NONBLOCK, opening a named pipe would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None  # The path may have any form.
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return os.read(descriptor, most).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)
