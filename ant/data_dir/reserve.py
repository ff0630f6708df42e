"""A reserve of disk space: a file that ANT truncates when the disk is full.

A delete has to write before it frees space, and a start has to write, too. On a full
disk a start releases a part of the reserve. A delete releases the rest, except for the
part of one start. ANT fills the reserve again when the disk has space.
"""

import logging
import os
from pathlib import Path

import trio

log = logging.getLogger(__name__)

NAME = "reserve"

SIZE = 10 << 20
"""Bytes reserved: 8 MiB for batches of a delete in the write-ahead log, and a start."""

START = 2 << 20
"""Bytes that a start may release. The index of the write-ahead log and a few
transactions take 200 KiB."""

LOOK_S = 5.0
"""Seconds between two checks of the free space."""


class Reserve:
    """The reserve of a data folder; `is_short` while the disk has no room for it."""

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        self.is_short = False
        self._path, self._size = folder / NAME, size

    @property
    def held(self) -> int:
        """Bytes that the reserve holds now."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def begin(self) -> None:
        """Release a part of the reserve if the disk has no room for a start.

        Raises `OSError` if the folder cannot be used.
        """
        held = self.held
        if held and self._free() < START:
            log.warning("The disk is full: ANT releases a part of its reserve.")
            os.truncate(self._path, max(held - START, 0))

    def release(self) -> None:
        """Release the reserve except for the part of a start, if it holds more.

        Any thread may call it.
        """
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                if os.fstat(fd).st_size <= START:
                    return
                os.ftruncate(fd, START)
            finally:
                os.close(fd)
        except FileNotFoundError:
            return
        except OSError as exc:
            log.error("The reserve cannot be released: %s.", exc.strerror)
        else:
            log.warning("The disk is full: ANT releases its reserve.")

    def keep(self) -> None:
        """Fill the reserve to its size, or to half of the free space.

        Raises `OSError` if the system refuses.
        """
        held = self.held
        room = held + self._free()
        self.is_short = room < self._size
        wanted = min(self._size, room // 2)
        if wanted > held:
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(self._path, flags, 0o600)
            try:
                os.posix_fallocate(fd, 0, wanted)
            finally:
                os.close(fd)

    def _free(self) -> int:
        found = os.statvfs(self._path.parent)
        return found.f_bavail * found.f_frsize

    async def run(self) -> None:
        """Keep the reserve filled. *Cancellation:* it stays as it is."""
        is_logged = False
        while True:
            try:
                self.keep()
                is_logged = False
            except OSError as exc:
                self.is_short = True
                if not is_logged:
                    log.warning("The reserve cannot be filled: %s.", exc.strerror)
                is_logged = True
            await trio.sleep(LOOK_S)
