"""Copies a program's output from a pipe into a spool folder; tmux runs it.

It is the command of tmux's `pipe-pane`.

This is a program of its own, without the rest of ANT:
`spool_writer.py FOLDER OFFSET CAP SEGMENT`.

Rule 1: the name of a segment is the offset of its first byte. The next one begins where
it ends, or further on: then the bytes between them were dropped.
Rule 2: the writer never waits for the reader: tmux would buffer unread output without
bound. When the segments have `CAP` bytes, or the disk is full, it drops bytes.
Rule 3: a byte is in the file before the writer wakes the reader for it.
"""

import contextlib
import os
import select
import signal
import sys

READ = 65536
SUFFIX = ".spool"
"""Of the segments' file names."""

WAKEUP = "bell"
"""The FIFO in a spool folder by which the writer wakes the reader. The name stays: a
writer of an earlier ANT may still run."""


def used(folder: str) -> int:
    """The bytes of all segments in a folder."""
    names = (name for name in os.listdir(folder) if name.endswith(SUFFIX))
    return sum(_size(os.path.join(folder, name)) for name in names)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:  # The reader has just removed it.
        return 0


class SpoolWriter:
    """Appends bytes to segments; `offset` is the offset of the next byte.

    `has_dropped` is whether bytes were dropped since the last segment began.
    """

    def __init__(self, folder: str, offset: int, cap: int, segment: int) -> None:
        self.offset = offset
        self._folder, self._cap, self._segment = folder, cap, segment
        self._fd, self._left = -1, 0
        self._mark: str | None = None
        self.has_dropped = False

    def take(self, data: bytes) -> None:
        """Write as many bytes as there is room for, and drop the rest."""
        while data:
            if self._left == 0 and not self._begin():
                break
            try:
                count = os.write(self._fd, data[: self._left])
            except OSError:  # The disk is full: begin a new segment once it is not.
                self._drop_empty()
                self._left = 0
                break
            self.offset += count
            self._left -= count
            data = data[count:]
        self.offset += len(data)
        self.has_dropped = self.has_dropped or bool(data)

    def mark(self) -> None:
        """Make the next segment, empty, so that the reader sees the gap before it.

        Remove the last such segment if it is still empty.
        """
        if self._mark is not None:
            with contextlib.suppress(OSError):
                os.unlink(self._mark)
        self.has_dropped, self._mark = False, self._path()
        with contextlib.suppress(OSError):  # The disk is full.
            os.close(os.open(self._mark, os.O_WRONLY | os.O_CREAT, 0o600))

    def _drop_empty(self) -> None:
        """Remove the segment if it is empty; else each read would leave one behind."""
        if self._left == self._segment:
            with contextlib.suppress(OSError):
                os.unlink(self._path())

    def _path(self) -> str:
        return os.path.join(self._folder, f"{self.offset:020d}{SUFFIX}")

    def _begin(self) -> bool:
        """Open the next segment; whether there was room for one."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        try:
            if used(self._folder) + self._segment > self._cap:
                return False
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._fd = os.open(self._path(), flags, 0o600)
        except OSError:
            return False
        self._left, self.has_dropped = self._segment, False
        if self._mark == self._path():
            self._mark = None
        return True


def main(folder: str, offset: str, cap: str, segment: str) -> None:
    """Copy until the pipe ends, which is when the terminal ends."""
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(signum, signal.SIG_IGN)
    os.umask(0o077)
    with open(os.path.join(folder, "writer"), "w") as file:
        file.write(f"{os.getpid()}\n")
    wakeup = os.open(os.path.join(folder, WAKEUP), os.O_RDWR | os.O_NONBLOCK)
    writer = SpoolWriter(folder, int(offset), int(cap), int(segment))
    while data := os.read(0, READ):
        writer.take(data)
        if writer.has_dropped and not select.select([0], [], [], 0)[0]:
            writer.mark()
        with contextlib.suppress(BlockingIOError):  # The FIFO holds wake-ups already.
            os.write(wakeup, b"\0")


if __name__ == "__main__":
    main(*sys.argv[1:])
