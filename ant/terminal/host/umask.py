"""The umask: private for the server's files, and the original one for its programs.

Until the server calls `make_private`, the umask is unchanged: a library never sets it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

PRIVATE = 0o077

_original: list[int] = []


def make_private() -> None:
    """Give files that the server makes from now on no permissions but their owner's."""
    before = os.umask(PRIVATE)
    if not _original:
        _original.append(before)


def for_programs() -> int:
    """The umask for programs, in the form of `subprocess`: -1 is the one in force."""
    return _original[0] if _original else -1


@contextmanager
def restored() -> Iterator[None]:
    """Restore the original umask inside, to start a program. Do not wait inside."""
    if not _original:
        yield
        return
    os.umask(_original[0])
    try:
        yield
    finally:
        os.umask(PRIVATE)
