"""Room on the disk that is kept for when there is none: a file that can be given back.

A delete has to write before it frees anything, and so has a start. Where the disk is
full, a start takes a part of the reserve, and what makes room takes the rest but for a
part of one start; it is made again when there is room.
"""

import logging
import os
from pathlib import Path

import trio

log = logging.getLogger(__name__)

NAME = "reserve"

SIZE = 10 << 20
"""Bytes kept: 8 MiB for slices of a delete in the write-ahead log, and a start."""

START = 2 << 20
"""What a start may take of it: the log's index and a few transactions are 200 KiB."""

LOOK_S = 5.0
"""Between two looks at how much is free."""


class Reserve:
    """The reserve of a data folder; `is_short` while there is no room to have it."""

    def __init__(self, folder: Path, size: int = SIZE) -> None:
        self.is_short = False
        self._path, self._size = folder / NAME, size

    @property
    def held(self) -> int:
        """Bytes that it holds now."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def begin(self) -> None:
        """Give a part of it back where a start would find no room.

        Raises `OSError` where the folder cannot be used.
        """
        held = self.held
        if held and self._free() < START:
            log.warning("The disk is full: a part of the reserve is given back.")
            os.truncate(self._path, max(held - START, 0))

    def give_back(self) -> None:
        """Give it back but for the part of a start; nothing where there is no more.

        For any thread.
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
            log.error("The reserve cannot be given back: %s.", exc.strerror)
        else:
            log.warning("The disk is full: the reserve is given back, but for a start.")

    def keep(self) -> None:
        """Make it as large as it should be, or half of what is free.

        Raises `OSError` where the system refuses.
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
        """Keep it, for ever. *Cancellation:* it stays as it is."""
        told = False
        while True:
            try:
                self.keep()
                told = False
            except OSError as exc:
                self.is_short = True
                if not told:
                    log.warning("There is no reserve on the disk: %s.", exc.strerror)
                told = True
            await trio.sleep(LOOK_S)
