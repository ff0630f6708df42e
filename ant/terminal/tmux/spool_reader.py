"""What a program put out while somebody else kept it: segments read by offset.

The writer is `spooler`, in another process that outlives us. Nothing is kept open, so a
spool needs no closing; a segment goes when it was read to its end and is stored.
"""

import os
from collections import deque
from itertools import pairwise
from pathlib import Path

from ant.terminal.tmux.spool_writer import SUFFIX

RESTART_SKIP = 4 << 20
"""Offsets left out where the writer was ended by force: what it had in hand is gone."""


class SpoolReader:
    """A reader at `offset`, with what comes before that behind it."""

    def __init__(self, folder: Path, offset: int) -> None:
        self.folder, self.offset = folder, offset
        starts = [start for start in segments(folder) if start <= offset]
        self._start: int | None = starts[-1] if starts else None
        self._passed: deque[tuple[int, int]] = deque(pairwise(starts))

    @property
    def keeps(self) -> bool:
        """Whether segments that were passed are there still: they were not stored."""
        return bool(self._passed)

    def take(self, limit: int, stored: int = 0) -> bytes:
        """The next bytes, at most `limit`; empty at a hole and where none are yet.

        What was passed and lies before `stored` is removed.
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
            # The writer has ended this segment: what it has now is all.
            if data := self._read(limit):
                self.offset += len(data)
                return data
            if following > self.offset:
                return b""
            self._enter(following)

    def hole(self) -> int:
        """How many bytes before the next one were dropped; 0 where none were."""
        following = self._next()
        # Looked at after the next one was seen: it grows no more.
        if following is None or _end(self.folder, self._start) > self.offset:
            return 0
        return max(following - self.offset, 0)

    def pass_over(self, count: int) -> None:
        """Go on behind so much of a hole, which may have grown since `hole` told."""
        self.offset += count
        if (following := self._next()) == self.offset:
            self._enter(following)

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
    """Where the segments of a folder begin, in order; none where there is no folder."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    stems = (name.removesuffix(SUFFIX) for name in names if name.endswith(SUFFIX))
    return sorted(int(stem) for stem in stems if stem.isdecimal())


def end_of(folder: Path) -> int:
    """One past the last byte that is there; 0 without a segment."""
    starts = segments(folder)
    return _end(folder, starts[-1] if starts else None)


def resume_at(folder: Path, stored: int) -> int:
    """The first offset that is not `stored` and is there, or will be the next one."""
    starts = segments(folder)
    before = [start for start in starts if start <= stored]
    if before and stored <= _end(folder, before[-1]):
        return stored
    return next((start for start in starts if start > stored), stored)


def begin(folder: Path, offset: int) -> None:
    """Make a segment, empty, so that where the next byte belongs is known for ever."""
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
