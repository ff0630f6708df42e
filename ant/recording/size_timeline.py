"""The sizes that a terminal had while it printed a transcript. No I/O.

Rule 1: a change at an offset applies before the byte at that offset.
Rule 2: a run starts on a blank screen, in the size it was started with. Sizes recorded
at or before its first byte belong to the run before.
"""

from collections import deque
from collections.abc import Iterable, Iterator

import attrs

Recorded = tuple[int, int, int]
"""Offset, columns and rows."""


@attrs.frozen
class SizeChange:
    """The size of a terminal from `offset` on.

    `starts_run`: the first byte of a run has this offset, and its screen is blank.
    """

    offset: int
    cols: int
    rows: int
    starts_run: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self.cols, self.rows


class SizeTimeline:
    """The size changes of one terminal from the offset `start` on, in order.

    `sizes` are the recorded sizes in the order in which they were recorded, `runs` the
    offsets and sizes of the runs in order. A size that is not positive is ignored.

    `size` is the size at `start`: that of the last entry at or before it, else of the
    first entry after it, else `default`. A size recorded before `start` counts as a
    change at `start`: a player that already passed it may not have known it.
    """

    def __init__(
        self,
        start: int,
        sizes: Iterable[Recorded],
        runs: Iterable[Recorded],
        default: tuple[int, int],
    ) -> None:
        changes = [SizeChange(*run, starts_run=True) for run in runs]
        changes += [SizeChange(*size) for size in sizes if min(size[1:]) > 0]
        # The sort is stable: sizes at one offset stay in the order of their recording.
        changes.sort(key=_place)
        self._changes = deque(changes)
        before = self._take((start, True))
        self.size = default
        if before:
            last = before[-1]
            self.size = last.size
            if not last.starts_run or last.offset == start:
                self._changes.appendleft(attrs.evolve(last, offset=start))
        elif self._changes:
            self.size = self._changes[0].size

    def take(self, offset: int) -> list[SizeChange]:
        """Remove and return the changes that apply before the byte at `offset`.

        Changes before the last run start among them are left out.
        """
        return self._take((offset, True))

    def take_seen(self, end: int) -> list[SizeChange]:
        """Remove and return the changes that apply after the byte before `end`.

        As `take`, but a run that starts at `end` has not started yet.
        """
        return self._take((end, False))

    def _take(self, place: tuple[int, bool]) -> list[SizeChange]:
        taken: list[SizeChange] = []
        while self._changes and _place(self._changes[0]) <= place:
            change = self._changes.popleft()
            if change.starts_run:
                taken.clear()
            taken.append(change)
        return taken

    def steps(self, offset: int, data: bytes) -> Iterator[SizeChange | bytes]:
        """Yield `data`, whose first byte has `offset`, cut at the changes within it.

        Each change is yielded, and removed, before the bytes that it applies to.
        """
        at, end = offset, offset + len(data)
        while at < end:
            yield from self.take(at)
            stop = min(self._changes[0].offset, end) if self._changes else end
            yield data[at - offset : stop - offset]
            at = stop

    def resizes(self) -> list[SizeChange]:
        """Remove and return all changes to a size other than the one before."""
        found, size = [], self.size
        while self._changes:
            change = self._changes.popleft()
            if change.size != size:
                found.append(change)
                size = change.size
        return found


def _place(change: SizeChange) -> tuple[int, bool]:
    return change.offset, change.starts_run
