"""What is seen of a running terminal: its screen, kept current, and looks at it."""

import attrs

from ant.errors import Conflict
from ant.terminal.detector import Detector
from ant.terminal.display import Display, Drawing, Picture
from ant.terminal.flow import Flow
from ant.terminal.host import Terminal
from ant.terminal.judge import judge
from ant.terminal.look import Look, Tty
from ant.terminal.marks import NONCE, Mark, Marks
from ant.terminal.observations import Observation
from ant.terminal.prompt import Verdict

CATCH_UP = 256 << 10
"""Bytes fed to the screen at once for who asks to see it: some milliseconds. What is
beyond them follows the drawing as live bytes."""

NO_LIBRARY = "No screen library is installed on this server."


class Sight:
    """The eyes on one terminal; whoever feeds it gets the replies to queries."""

    def __init__(
        self,
        terminal: Terminal,
        flow: Flow,
        display: Display | None,
        detector: Detector,
    ) -> None:
        self.detector = detector
        self._terminal, self._flow, self._display = terminal, flow, display
        self._marks = Marks(flow.tail.start)

    @property
    def end(self) -> int:
        """The offset up to which bytes are on the screen."""
        return self._flow.tail.end if self._display is None else self._display.end

    def feed(self, data: bytes, end: int) -> bytes:
        """Show bytes that end at `end`; what the terminal answers to their queries."""
        for mark in self._marks.feed(data, end):
            if isinstance(mark, Mark):
                self.detector.shell.hear(mark)
        return b"" if self._display is None else self._display.feed(data, end)

    def catch_up(self) -> bytes:
        """Show what the flow has beyond the screen, `CATCH_UP` of it; the replies."""
        if self._display is not None:
            self._display.pass_over(self._flow.tail.base)
        data = self._flow.tail.read(self.end, CATCH_UP)
        return self.feed(data, self.end + len(data))

    def resize(self, cols: int, rows: int) -> None:
        """Have this size from the next byte on."""
        if self._display is not None:
            self._display.resize(cols, rows)

    def drawing(self) -> Drawing:
        """What is shown. Raises `Conflict` where no screen library is installed."""
        return self._need().drawing()

    def picture(self) -> Picture | None:
        """What draws the screen as it is; None where there is no library for it."""
        return self._display.picture() if self._display is not None else None

    def tty(self) -> Tty | None:
        """The line discipline, who is in front, and what it has said of itself."""
        tty, shell = self._terminal.tty(), self.detector.shell
        if tty is None or not (tty.leader and shell.step and shell.nonce):
            return tty
        if not self._terminal.was_given(NONCE, shell.nonce):
            return tty
        return attrs.evolve(tty, mark=shell.step)

    def look(self, at: float) -> Look:
        """All that a verdict is made of, `at` this moment. Raises as `drawing`."""
        since = self.detector.last_output
        quiet_s = at - since if since is not None else 0.0
        return self._need().look(self.tty(), quiet_s)

    def judge(self, at: float) -> list[Observation]:
        """Take the look that is due; what is new."""
        if self._display is None:
            return []
        return self.detector.judge(self.look(at), at)

    def glance(self, at: float) -> tuple[Look, Verdict]:
        """What is held true now. Raises `Conflict` where the screen is behind."""
        look = self.look(at)
        if self.end < self._flow.tail.end:
            raise Conflict("The program puts out faster than it can be looked at.")
        return look, judge(look, self.detector.flag)

    def _need(self) -> Display:
        if self._display is None:
            raise Conflict(NO_LIBRARY)
        return self._display
