"""Room on the disk for pages of a database that only its write-ahead log holds yet.

SQLite makes the database file longer at a checkpoint. Where the disk has no room for
that, no checkpoint ends, and a log that is full stays full. So the store allocates room
before it commits: beyond the end of the file, whose size SQLite sees unchanged.
"""

import ctypes
import errno
import os
from pathlib import Path

from ant.core.errors import DiskFull

AHEAD = 256 << 10
"""Room is allocated up to the next multiple of so many bytes, so the file is in few
pieces. It is a small part of the reserve, which pays for it on a full disk."""

_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE of linux/falloc.h."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_CANNOT = frozenset(
    {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV, errno.EPERM}
)
"""File systems without it, other systems, and filters of system calls."""

_libc = ctypes.CDLL(None, use_errno=True)
# Where there are both, the first is the one that takes 64 bits on every machine.
_fallocate = getattr(_libc, "fallocate64", None) or getattr(_libc, "fallocate", None)
if _fallocate is not None:
    _fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


class Allocation:
    """A database file whose every page has its room on the disk before it is committed.

    One thread may `secure` while another one calls `restore`. Where the file system
    cannot allocate, nothing is, and nothing is refused. All methods raise `OSError`
    where the system refuses for another reason than a full disk.

    Closing any descriptor of a file drops all locks that the process has on it, and
    SQLite's, too. So this one is opened after SQLite's first and closed after its last.
    """

    def __init__(self, path: Path, page_bytes: int) -> None:
        self._path, self._page_bytes = path, page_bytes
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._able = _fallocate is not None
        self._wanted = self._excused = 0

    def close(self) -> None:
        """Only after SQLite closed the file; what is beyond the end stays allocated."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def begin(self, pages: int) -> None:
        """Allocate what the database has already, which an older ANT did not.

        Where there is no room for that, writes up to this size are not refused for it:
        a server must start on a full disk.
        """
        size = pages * self._page_bytes
        disk, file = os.fstatvfs(self._fd), os.fstat(self._fd)
        missing = size - file.st_blocks * 512
        # What fails may leave a part of it allocated, and a start needs that room.
        if missing > disk.f_bavail * disk.f_frsize or not self._allocate(0, size):
            self._excused = size

    def secure(self, pages: int) -> None:
        """Allocate what a database of so many pages needs, before they are committed.

        Raises `DiskFull` when there is no room.
        """
        size, end = pages * self._page_bytes, os.fstat(self._fd).st_size
        if size <= end:
            return
        self._wanted = size
        # A checkpoint cuts what is beyond the end, so it is asked for each time.
        if self._allocate(end, -(-size // AHEAD) * AHEAD) or self._allocate(end, size):
            return
        if size > self._excused:
            raise DiskFull("The disk is full: the database file cannot become longer.")

    def restore(self) -> None:
        """Allocate again what was secured, after a checkpoint beside the writer.

        It may have cut what a transaction had secured and commits just now. Where the
        disk became full in that moment, the next `secure` fails.
        """
        end = os.fstat(self._fd).st_size
        if self._wanted > end:
            self._allocate(end, self._wanted)

    def _allocate(self, start: int, end: int) -> bool:
        """Whether there was room."""
        while self._able and _fallocate is not None and end > start:
            if _fallocate(self._fd, _KEEP_SIZE, start, end - start) == 0:
                break
            number = ctypes.get_errno()
            if number in _FULL:
                return False
            if number in _CANNOT:
                self._able = False
            elif number != errno.EINTR:
                raise OSError(number, os.strerror(number), str(self._path))
        return True
