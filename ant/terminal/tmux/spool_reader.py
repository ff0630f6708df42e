"""Reads a spool: the segments of a program's output, by offset.

The writer is `spool_writer`, in another process that outlives the server. The reader
keeps no file open, so it needs no closing. It removes a segment that it has read to the
end and that is stored.
"""

import os
from collections import deque
from itertools import pairwise
from pathlib import Path

from ant.terminal.tmux.spool_writer import SUFFIX

KEPT = "kept"
"""The file with what the server keeps beside the output, for its next run."""

KEPT_BYTES = 4096
"""Its size from the first write on. A full disk cannot prevent another write."""

RESTART_SKIP = 4 << 20
"""Offsets left out after the writer was killed, for the bytes it had not written."""


class SpoolReader:
    """Reads the spool in a folder, from `offset` on."""

    def __init__(self, folder: Path, offset: int) -> None:
        self.folder, self.offset = folder, offset
        starts = [start for start in segments(folder) if start <= offset]
        self._start: int | None = starts[-1] if starts else None
        self._passed: deque[tuple[int, int]] = deque(pairwise(starts))

    @property
    def keeps(self) -> bool:
        """Whether there are segments that were read but are not stored yet."""
        return bool(self._passed)

    def take(self, limit: int, stored: int = 0) -> bytes:
        """The next bytes, at most `limit`; empty at a gap and where there are none yet.

        Remove the segments that were read and lie below the offset `stored`.
        """
        while self._passed and self._passed[0][1] <= stored:
            _path(self.folder, self._passed.popleft()[0]).unlink(missing_ok=True)
        while True:
            if data := self._read(limit):
                self.offset += len(data)
                return data
            following = self._next()
            if following is None:
                return b""
            # There is a next segment, so the writer adds no more to this one.
            if data := self._read(limit):
                self.offset += len(data)
                return data
            if following > self.offset:
                return b""
            self._enter(following)

    def hole(self) -> int:
        """The size of the gap at `offset`: bytes that the writer dropped; 0 if none."""
        following = self._next()
        # Read the size after the next segment was seen: this one then grows no more.
        if following is None or _end(self.folder, self._start) > self.offset:
            return 0
        return max(following - self.offset, 0)

    def pass_over(self, count: int) -> None:
        """Skip `count` bytes of a gap, which may have grown since `hole` was called."""
        self.offset += count
        if (following := self._next()) == self.offset:
            self._enter(following)

    def keep(self, data: bytes) -> None:
        """Keep at most `KEPT_BYTES`, in place of what was kept. Raises `OSError`.

        One write replaces it, so a kill of the server leaves it whole.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        fd = os.open(self.folder / KEPT, flags, 0o600)
        try:
            os.write(fd, data.ljust(KEPT_BYTES, b"\n"))
        finally:
            os.close(fd)

    def kept(self) -> bytes:
        """What was kept last; empty if nothing was."""
        try:
            return (self.folder / KEPT).read_bytes().rstrip(b"\n")
        except FileNotFoundError:
            return b""

    def _enter(self, start: int) -> None:
        if self._start is not None:
            self._passed.append((self._start, start))
        self._start = start

    def _next(self) -> int | None:
        before = -1 if self._start is None else self._start
        return next((each for each in segments(self.folder) if each > before), None)

    def _read(self, limit: int) -> bytes:
        if self._start is None:
            return b""
        try:
            fd = os.open(_path(self.folder, self._start), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        try:
            return os.pread(fd, limit, self.offset - self._start)
        finally:
            os.close(fd)


def segments(folder: Path) -> list[int]:
    """The offsets at which a folder's segments begin, in order; [] without a folder."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    stems = (name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def end_of(folder: Path) -> int:
    """The offset after the last byte in the spool; 0 without a segment."""
    starts = segments(folder)
    return _end(folder, starts[-1] if starts else None)


def resume_at(folder: Path, stored: int) -> int:
    """The offset at which to read on: the first one from `stored` on in the spool.

    If there is none yet, that of the next byte.
    """
    starts = segments(folder)
    before = [start for start in starts if start <= stored]
    if before and stored <= _end(folder, before[-1]):
        return stored
    return next((start for start in starts if start > stored), stored)


def begin(folder: Path, offset: int) -> None:
    """Make an empty segment: it records the offset of the next byte."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
    os.close(os.open(_path(folder, offset), flags, 0o600))


def _end(folder: Path, start: int | None) -> int:
    if start is None:
        return 0
    try:
        return start + _path(folder, start).stat().st_size
    except FileNotFoundError:
        return start


def _path(folder: Path, start: int) -> Path:
    return folder / f"{start:020d}{SUFFIX}"
