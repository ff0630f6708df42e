"""What is seen of a running terminal: its screen, kept current, and looks at it."""

import attrs

from ant.core.errors import Conflict
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.detect.classify import classify
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.host.base import Terminal
from ant.terminal.model.prompt import Verdict
from ant.terminal.model.tty import ShellStep, Spot, Tty
from ant.terminal.observations import BlockSeen, Observation, TitleSeen
from ant.terminal.screen.display import Display, Drawing, Picture
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.shell.command_blocks import CommandBlocks
from ant.terminal.shell.command_line import LINE_MAX
from ant.terminal.shell.osc133 import NONCE, Folder, ShellMark, ShellMarks

CATCH_UP = 256 << 10
"""Bytes fed to the screen at once for who asks to see it: some milliseconds. What is
beyond them follows the drawing as live bytes."""

Piece = tuple[bytes, int, float]
"""Bytes, the offset at which they end, and when they were seen (monotonic seconds)."""

NO_LIBRARY = "No screen library is installed on this server."


class ScreenView:
    """The eyes on one terminal; whoever feeds it gets the replies to queries."""

    def __init__(
        self,
        terminal: Terminal,
        flow: OutputFlow,
        display: Display | None,
        detector: PromptDetector,
    ) -> None:
        self.detector = detector
        self._terminal, self._flow, self._display = terminal, flow, display
        self._marks = ShellMarks(0)
        self._title = ""
        self._blocks = CommandBlocks(self._between)
        self._fresh = self._past = b"", 0
        self._since: float | None = None
        self._comment_at: Spot | None = None

    @property
    def end(self) -> int:
        """The offset up to which bytes are on the screen."""
        return self._flow.tail.end if self._display is None else self._display.end

    def feed(self, data: bytes, end: int, at: float) -> bytes:
        """Show bytes that end at `end`, seen `at` (monotonic seconds); what the
        terminal answers to their queries."""
        replies, self._fresh = b"", (data, end)
        for mark in self._marks.feed(data, end):
            if mark.nonce is None or mark.nonce != self.detector.shell.nonce:
                if isinstance(mark, ShellMark):
                    self._blocks.hint(mark, at)
            elif isinstance(mark, Folder):
                self._blocks.enter(mark)
            else:
                self.detector.shell.apply(mark)
                replies += self._show(data[: len(data) - (end - mark.end)], mark.end)
                place = self._display.place if self._display is not None else None
                self._blocks.apply(mark, at, place)
                self._comment_at = self._place_of_comment()
        self._blocks.reach(self._marks.settled)
        self._fresh = b"", 0
        return replies + self._show(data, end)

    def _place_of_comment(self) -> Spot | None:
        """Where the cursor is, if the shell has just begun a line that takes one."""
        shell = self.detector.shell
        if self._display is None or not (
            shell.comments and shell.step is ShellStep.INPUT
        ):
            return None
        cursor = self._display.cursor
        return Spot(cursor.row, cursor.col)

    def _between(self, start: int, end: int) -> bytes | None:
        """See `Tail.between`; what is being fed need not be copied out of it."""
        if (found := _between(self._fresh, start, end)) is not None:
            return found
        if start >= (border := self._past[1]):
            return self._flow.tail.between(start, end)
        if end <= border:
            return _between(self._past, start, end)
        before = _between(self._past, start, border)
        after = self._flow.tail.between(border, end)
        return None if before is None or after is None else before + after

    def recall(self, past: list[Piece]) -> None:
        """Hear what the shell said before our first byte, from that on which follows.

        The bytes are on the screen; of a hole between two pieces nothing is known.
        """
        shown = self._display
        self._display = shown.like() if shown is not None else None
        for data, end, at in past:
            kept, last = self._past
            if last != end - len(data):
                kept = b""
            self._past = kept[-LINE_MAX:] + data, end
            self.feed(data, end, at)
        self._display = shown
        kept, last = self._past
        self._past = kept[-LINE_MAX:], last

    def _show(self, data: bytes, end: int) -> bytes:
        return b"" if self._display is None else self._display.feed(data, end)

    def catch_up(self, at: float) -> bytes:
        """Show what the flow has beyond the screen, `CATCH_UP` of it; the replies."""
        if self._display is not None:
            self._display.pass_over(self._flow.tail.base)
        data = self._flow.tail.read(self.end, CATCH_UP)
        return self.feed(data, self.end + len(data), at)

    def blocks(self) -> list[BlockSeen]:
        """The commands that have ended since this was last asked."""
        return [BlockSeen(block) for block in self._blocks.taken()]

    def finish(self, at: float) -> None:
        """The terminal has ended; a command that ran has, too."""
        self._blocks.finish(self._flow.tail.end, at)

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
        return attrs.evolve(tty, mark=shell.step, comment_at=self._comment_at)

    def shows(self, data: bytes) -> bool | None:
        """Whether that would show as a line and, with an Enter, is waited for.

        None where it shows and nobody can tell who waits.
        """
        if not self._terminal.shows_input():
            return False
        if not (b"\r" in data or b"\n" in data):
            return True
        tty = self._terminal.tty()
        return tty.reading if tty is not None else None

    def look(self, at: float) -> ScreenSnapshot:
        """All that a verdict is made of, `at` this moment. Raises as `drawing`."""
        since = self.detector.last_output
        if since is None:  # One that was taken up has put nothing out since.
            since = self._since = at if self._since is None else self._since
        return self._need().look(self.tty(), at - since)

    def judge(self, at: float) -> list[Observation]:
        """Take the look that is due; what is new."""
        if self._display is None:
            return []
        return [*self._retitled(), *self.detector.judge(self.look(at), at)]

    def _retitled(self) -> list[Observation]:
        assert self._display is not None
        before, self._title = self._title, self._display.title
        if self._title == before:
            return []
        return [TitleSeen(self._title, self._display.end)]

    def snapshot(self, at: float) -> tuple[ScreenSnapshot, Verdict]:
        """What is held true now. Raises `Conflict` where the screen is behind."""
        snapshot = self.look(at)
        if self.end < self._flow.tail.end:
            raise Conflict("The program puts out faster than it can be looked at.")
        return snapshot, classify(snapshot, self.detector.flag)

    def _need(self) -> Display:
        if self._display is None:
            raise Conflict(NO_LIBRARY)
        return self._display


def _between(held: tuple[bytes, int], start: int, end: int) -> bytes | None:
    """The same of bytes that end at an offset."""
    data, last = held
    first = last - len(data)
    return data[start - first : end - first] if first <= start <= end <= last else None
