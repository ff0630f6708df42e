"""Disk space for database pages that so far only the write-ahead log has.

SQLite extends the database file at a checkpoint. Without disk space for that no
checkpoint completes, and a full log stays full. So the store allocates the space before
it commits. It allocates beyond the end of the file and keeps the size that SQLite sees.
"""

import ctypes
import errno
import os
from pathlib import Path

from ant.core.errors import DiskFull

AHEAD = 256 << 10
"""Allocations end at a multiple of that many bytes, so that the file has few extents.
It is a small part of the reserve, which provides it on a full disk."""

_KEEP_SIZE = 1
"""FALLOC_FL_KEEP_SIZE of linux/falloc.h."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})

_CANNOT = frozenset(
    {errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.ENODEV, errno.EPERM}
)
"""Errors of file systems without `fallocate`, other systems, and seccomp filters."""

_libc = ctypes.CDLL(None, use_errno=True)
# Where both exist, the first takes 64-bit offsets on every machine.
_fallocate = getattr(_libc, "fallocate64", None) or getattr(_libc, "fallocate", None)
if _fallocate is not None:
    _fallocate.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64)


class Allocation:
    """The disk space of a database file, allocated before each commit.

    One thread may call `secure` while another calls `restore`. On a file system that
    cannot allocate, the methods do nothing and refuse nothing. All methods raise
    `OSError` when the system refuses for another reason than a full disk.

    Closing any descriptor of a file drops all locks that the process has on it, those
    of SQLite included. So open an `Allocation` after SQLite's first connection, and
    close it after SQLite's last.
    """

    def __init__(self, path: Path, page_bytes: int) -> None:
        self._path, self._page_bytes = path, page_bytes
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self._able = _fallocate is not None
        self._wanted = self._excused = 0

    def close(self) -> None:
        """Close the descriptor. Space beyond the end of the file stays allocated."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def begin(self, pages: int) -> None:
        """Allocate the current size, which an ANT without this class did not allocate.

        If the disk has no space for that, `secure` does not refuse writes up to this
        size, since a server must start on a full disk.
        """
        size = pages * self._page_bytes
        disk, file = os.fstatvfs(self._fd), os.fstat(self._fd)
        missing = size - file.st_blocks * 512
        # An allocation that fails may keep a part of the space, which the start needs.
        if missing > disk.f_bavail * disk.f_frsize or not self._allocate(0, size):
            self._excused = size

    def secure(self, pages: int) -> None:
        """Allocate the space of a database of that many pages, before the commit.

        Raises `DiskFull` when the disk has no space.
        """
        size, end = pages * self._page_bytes, os.fstat(self._fd).st_size
        if size <= end:
            return
        self._wanted = size
        # A checkpoint frees the space beyond the end, so allocate for each commit.
        if self._allocate(end, -(-size // AHEAD) * AHEAD) or self._allocate(end, size):
            return
        if size > self._excused:
            raise DiskFull("The disk is full: the database file cannot become longer.")

    def restore(self) -> None:
        """Allocate the secured space again, after a checkpoint on another thread.

        The checkpoint may have freed the space of a transaction that commits just now.
        If the disk became full in that moment, the next `secure` fails.
        """
        end = os.fstat(self._fd).st_size
        if self._wanted > end:
            self._allocate(end, self._wanted)

    def _allocate(self, start: int, end: int) -> bool:
        """Allocate from `start` to `end`; return False when the disk is full."""
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
