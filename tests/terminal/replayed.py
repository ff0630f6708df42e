"""Recordings played again at their own pace, for who watches a terminal."""

import attrs
import trio

from ant.terminal.agents.driver import Driver, driver_for
from ant.terminal.detect.classify import classify
from ant.terminal.detect.drafts import draft_of
from ant.terminal.model.prompt import Verdict
from ant.terminal.screen.emulator import open_screen
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.recorded import Moment, Recording

PIECES = 24
"""Into how many pieces the bytes between two moments are cut."""


FINE = 16
"""Bytes of the pieces that are looked through for the text that was typed."""


@attrs.define(eq=False, slots=False)
class Replayed:
    """Hands on a terminal that puts out what was recorded from one moment to the next.

    It begins with the first piece after which the text of that moment stands where it
    was typed, and goes on while it is not `is_stuck`.
    """

    recording: Recording
    moment: Moment
    until: Moment
    is_stuck: bool = True
    end: int = 0
    began: int = 0
    _pause_s: float = 0.0

    def __attrs_post_init__(self) -> None:
        told, after = self.recording, self.until
        self.driver: Driver | None = driver_for(told.driver, after.tty.foreground)
        self._screen = open_screen(told.cols, told.rows)
        at = 0
        for offset, size in sorted(told.resizes.items()):
            if offset <= self.moment.offset:
                self._screen.feed(told.data[at:offset])
                self._screen.resize(*size)
                at = offset
        self._screen.feed(told.data[at : self.moment.offset])
        self.end, text = self.moment.offset, self.moment.typed or ""
        self._last = self._next = trio.current_time()
        # The echo of a line has few bytes, and Enter is right behind it.
        driver = self.driver
        is_short = driver is not None and (driver.lines or driver.formed)
        finest = min(self.end + (4 * FINE if is_short else FINE), after.offset)
        first = range(self.end + 1, finest) if is_short else range(0)
        self._stops = [*first, *range(finest, after.offset, FINE), after.offset]
        # A composer may wrap the text within a word.
        while self._stops and not _is_same(draft_of(self.look(), self.driver), text):
            self._feed()
        self.began = self.end
        step = max((after.offset - self.end) // PIECES, 1)
        stops = range(self.end + step, after.offset + step, step)
        self._stops = [min(stop, after.offset) for stop in stops]
        lasted_s = after.at_s - after.quiet_s - self.moment.at_s
        self._pause_s = lasted_s / max(len(self._stops), 1)

    def snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        """What is shown now, and what is held true of it."""
        look = self.look()
        return look, classify(look, self.recording.driver)

    def look(self) -> ScreenSnapshot:
        """What is shown now."""
        screen, quiet_s = self._screen, trio.current_time() - self._last
        tty = self.until.tty
        rows, cursor, modes = screen.styled(), screen.cursor, screen.modes
        return ScreenSnapshot(rows, cursor, modes, tty, quiet_s, self.end, screen.cols)

    async def wait_output(self, patience_s: float) -> bool:
        """Until the next piece is due."""
        left = self._next - trio.current_time()
        if self.is_stuck or not self._stops or left > patience_s:
            await trio.sleep(patience_s)
            return False
        await trio.sleep(max(left, 0))
        self._feed()
        return True

    def _feed(self) -> None:
        stop = self._stops.pop(0)
        self._screen.feed(self.recording.data[self.end : stop])
        self.end, self._last = stop, trio.current_time()
        self._next = self._last + self._pause_s


def _is_same(draft: str, text: str) -> bool:
    """Whether two texts differ in blanks only."""
    return "".join(draft.split()) == "".join(text.split())
