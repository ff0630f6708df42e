"""Files of the server are its owner's alone; programs get the umask that we were given.

Until `make_private` was called, nothing is changed: a library does not do that.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

OURS = 0o077

_given: list[int] = []


def make_private() -> None:
    """From now on files that we make are for their owner only."""
    before = os.umask(OURS)
    if not _given:
        _given.append(before)


def for_programs() -> int:
    """The umask that programs get, as `subprocess` takes it; -1 is the one in force."""
    return _given[0] if _given else -1


@contextmanager
def restored() -> Iterator[None]:
    """What is started inside gets the umask that we were given. Do not wait inside."""
    if not _given:
        yield
        return
    os.umask(_given[0])
    try:
        yield
    finally:
        os.umask(OURS)
