"""Plays a stored transcript on a screen, in the sizes that the terminal had."""

import attrs

from ant.model.sessions import SessionId
from ant.recording.reader import chunks_between, read_sizes
from ant.recording.size_timeline import SizeChange
from ant.store import Unit
from ant.terminal.model.tty import Tty
from ant.terminal.screen.display import Display
from ant.terminal.screen.snapshot import ScreenSnapshot


class TranscriptPlayer:
    """A screen that is played forward through a transcript, up to `end` at most.

    It starts with `display`, which is exact at the offset `display.end`; without one,
    with a blank screen at `start`, in the size of then or else of `default`.
    Constructing it raises `ImportError` where no screen library is installed.
    """

    def __init__(
        self,
        unit: Unit,
        session_id: SessionId,
        start: int,
        end: int,
        default: tuple[int, int],
        display: Display | None = None,
    ) -> None:
        self._unit, self._session_id = unit, session_id
        self._at = display.end if display else start
        self._timeline = read_sizes(unit, session_id, self._at, end, default)
        if display is None:
            self._size: tuple[int, int] | None = self._timeline.size
            display = Display.blank(*self._size, start)
        else:
            self._size = None
            self._timeline.take(display.end)  # The display has its size already.
        self._display = display

    def play(self, end: int) -> Display:
        """Play on to `end`, which is not before the last one; return the screen.

        A run that starts on the way replaces the screen by a blank one.
        """
        for chunk in chunks_between(self._unit, self._session_id, self._at, end):
            at = chunk.offset
            for step in self._timeline.steps(chunk.offset, chunk.data):
                if isinstance(step, SizeChange):
                    self._apply(step)
                else:
                    at += len(step)
                    self._display.feed(step, at)
        for change in self._timeline.take_seen(end):
            self._apply(change)
        self._at = max(self._at, end)
        return self._display

    def look(self, end: int, tty: Tty | None, quiet_s: float) -> ScreenSnapshot:
        """Play on to `end`, and return what a verdict there is made of."""
        return attrs.evolve(self.play(end).look(tty, quiet_s), end=end)

    def _apply(self, change: SizeChange) -> None:
        if change.starts_run:
            self._display = Display.blank(*change.size, change.offset)
        elif change.size != self._size:
            self._display.resize(*change.size)
        self._size = change.size
