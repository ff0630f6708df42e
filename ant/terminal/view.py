"""The view of a running terminal: its screen, and what its shell reports.

The session feeds a `ScreenView` every byte of output, and takes snapshots from it.
"""

import attrs

from ant.core.errors import Conflict
from ant.terminal.agents.driver import driver_for
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.detect.classify import classify
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.host.host_terminal import SECRET_FD, HostTerminal
from ant.terminal.layout.fields import find_field
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import ShellStep, Spot, Tty
from ant.terminal.observations import BlockSeen, Observation, RestSeen, TitleSeen
from ant.terminal.screen.display import Display, Drawing, Picture, ShownScreen
from ant.terminal.screen.last_change import LastChange
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.shell.command_blocks import CommandBlocks
from ant.terminal.shell.command_line import LINE_MAX
from ant.terminal.shell.osc133 import KEY_FD_NAME, Folder, ShellMark, ShellMarks
from ant.terminal.shell.shell_state import Proof
from ant.terminal.version_banner import VersionBanner

CATCH_UP = 256 << 10
"""Bytes fed to the screen for one request to see it: this takes some milliseconds. What
is beyond them reaches the client as live bytes, after the drawing."""

Piece = tuple[bytes, int, float]
"""Bytes, the offset at which they end, and when they were read (monotonic seconds)."""

NO_LIBRARY = "No screen library is installed on this server."


class ScreenView:
    """The screen of one terminal, the marks of its shell, and its command blocks.

    Without a screen library (`display` is None) it keeps marks and blocks only.
    """

    def __init__(
        self,
        terminal: HostTerminal,
        flow: OutputFlow,
        display: Display | None,
        detector: PromptDetector,
    ) -> None:
        self.detector, self.banner = detector, VersionBanner()
        self._terminal, self._flow, self._display = terminal, flow, display
        self._marks = ShellMarks(0)
        self._title = ""
        self._blocks = CommandBlocks(self._between)
        self._fresh = self._past = b"", 0
        self._since: float | None = None
        self._comment_at: Spot | None = None
        self._last_change = LastChange()

    @property
    def end(self) -> int:
        """The offset up to which the screen shows the output."""
        return self._flow.tail.end if self._display is None else self._display.end

    def feed(self, data: bytes, end: int, at: float) -> bytes:
        """Show output that ends at offset `end`, read `at` (monotonic seconds).

        Return the replies of a terminal to the queries in it.
        """
        replies, self._fresh = b"", (data, end)
        shell, checked = self.detector.shell, False
        exposed = shell.find_key(data, end)
        for mark in self._marks.feed(data, end):
            if exposed is not None and mark.start > exposed:
                break
            proof = shell.accept(mark)
            checked |= proof is Proof.NEW
            if proof is None:
                if isinstance(mark, ShellMark):
                    self._blocks.hint(mark, at)
            elif isinstance(mark, Folder):
                self._blocks.enter(mark)
            else:
                replies += self._show(data[: len(data) - (end - mark.end)], mark.end)
                place = self._display.place if self._display is not None else None
                self._blocks.apply(mark, at, place)
                self._comment_at = self._place_of_comment()
        if exposed is not None:
            shell.expose()
            self._blocks.finish(exposed, at)
            checked = True
        self._blocks.reach(self._marks.settled)
        self._fresh = b"", 0
        if checked:
            self._terminal.remember(shell.remembered())
        return replies + self._show(data, end)

    def _place_of_comment(self) -> Spot | None:
        """The cursor's place, if the shell has begun a line that accepts a comment."""
        shell = self.detector.shell
        if self._display is None or not (
            shell.comments and shell.step is ShellStep.INPUT
        ):
            return None
        cursor = self._display.cursor
        return Spot(cursor.row, cursor.col)

    def _between(self, start: int, end: int) -> bytes | None:
        """See `Tail.between`; also finds replayed bytes, and copies none being fed."""
        if (found := _between(self._fresh, start, end)) is not None:
            return found
        if start >= (border := self._past[1]):
            return self._flow.tail.between(start, end)
        if end <= border:
            return _between(self._past, start, end)
        before = _between(self._past, start, border)
        after = self._flow.tail.between(border, end)
        return None if before is None or after is None else before + after

    def replay(self, past: list[Piece]) -> None:
        """Read the shell's marks in output from before this run's first byte.

        The screen shows these bytes already. There may be gaps between the pieces. A
        mark counts where it counted when it was first read.
        """
        self.detector.shell.recall(self._terminal.remembered())
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
        """Show up to `CATCH_UP` bytes of the buffer beyond the screen; the replies."""
        if self._display is not None:
            self._display.pass_over(self._flow.tail.base)
        data = self._flow.tail.read(self.end, CATCH_UP)
        return self.feed(data, self.end + len(data), at)

    def blocks(self) -> list[BlockSeen]:
        """The commands that have ended since the last call."""
        return [BlockSeen(block) for block in self._blocks.taken()]

    def finish(self, at: float) -> None:
        """End the running command: the terminal has ended."""
        self._blocks.finish(self._flow.tail.end, at)

    def resize(self, cols: int, rows: int) -> None:
        """Give the screen this size from the next byte on."""
        if self._display is not None:
            self._display.resize(cols, rows)

    def drawing(self) -> Drawing:
        """The screen. Raises `Conflict` where no screen library is installed."""
        return self._get_display().drawing()

    def shown(self) -> ShownScreen:
        """What the screen shows. Raises as `drawing`."""
        return self._get_display().shown()

    def text(self) -> list[str]:
        """The rows of the screen as text; none where no screen library is installed."""
        return self._display.text() if self._display is not None else []

    @property
    def folder(self) -> str | None:
        """The folder that the shell reported last; None if it reported none."""
        return self._blocks.folder

    @property
    def size(self) -> tuple[int, int] | None:
        """Columns and rows; None where no screen library is installed."""
        return self._display.size if self._display is not None else None

    def picture(self) -> Picture | None:
        """Output that redraws the screen; None where no screen library is installed."""
        return self._display.picture() if self._display is not None else None

    def tty(self) -> Tty | None:
        """The line discipline, the foreground program, and its shell's last mark.

        The mark counts only if the shell itself is in the foreground, and is still the
        program that ANT gave the key to.
        """
        tty, shell = self._terminal.tty(), self.detector.shell
        if tty is None or not (tty.leader and shell.step):
            return tty
        if not self._terminal.has_environ(KEY_FD_NAME, str(SECRET_FD)):
            return tty
        return attrs.evolve(tty, mark=shell.step, comment_at=self._comment_at)

    def shows(self, data: bytes) -> bool | None:
        """Whether this input will show as a line and, if it has an Enter, is awaited.

        None where it will show, but whether a program is reading cannot be known.
        """
        if not self._terminal.shows_input():
            return False
        if not (b"\r" in data or b"\n" in data):
            return True
        tty = self._terminal.tty()
        return tty.reading if tty is not None else None

    def look(self, at: float) -> ScreenSnapshot:
        """A snapshot, `at` this moment, for a verdict. Raises as `drawing`."""
        since = self.detector.last_output
        if since is None:  # ANT reattached, and there was no output since.
            since = self._since = at if self._since is None else self._since
        snapshot = self._get_display().look(self.tty(), at - since)
        quiet_s = self._last_change.quiet_s(snapshot, at)
        turned = self._last_change.turned(at)
        if turned is not None and self._shows_work(snapshot, turned):
            quiet_s = 0.0
        if quiet_s == snapshot.quiet_s:
            return snapshot
        return attrs.evolve(snapshot, quiet_s=quiet_s)

    def _shows_work(self, snapshot: ScreenSnapshot, turned: int) -> bool:
        """Whether a row that turns is above the input of a program without a driver.

        A driver knows by which rows its agent works.
        """
        program = snapshot.tty.foreground if snapshot.tty else ""
        if driver_for(self.detector.flag, program) is not None:
            return False
        field = find_field(snapshot)
        return turned < (field.row if field else snapshot.cursor.row)

    def judge(self, at: float) -> list[Observation]:
        """Judge the screen now; what has changed since the last time."""
        if self._display is None:
            return []
        before, snapshot = self.detector.verdict, self.look(at)
        self.banner.see(snapshot)
        seen = self.detector.judge(snapshot, at)
        return [*self._new_title(), *seen, *self._rest_after(before)]

    def _rest_after(self, before: Verdict | None) -> list[Observation]:
        verdict = self.detector.verdict
        if verdict is None or verdict.kind is not Kind.AT_REST:
            return []
        is_new = before is None or before.end < verdict.end
        return [RestSeen(verdict.end)] if is_new else []

    def _new_title(self) -> list[Observation]:
        assert self._display is not None
        before, self._title = self._title, self._display.title
        if self._title == before:
            return []
        return [TitleSeen(self._title, self._display.end)]

    def snapshot(self, at: float) -> tuple[ScreenSnapshot, Verdict]:
        """The screen and the verdict on it. Raises `Conflict` if the screen is behind.

        Also raises as `drawing`.
        """
        snapshot = self.look(at)
        if self.end < self._flow.tail.end:
            raise Conflict(
                "The program prints faster than ANT can draw its screen; try again."
            )
        return snapshot, classify(snapshot, self.detector.flag)

    def _get_display(self) -> Display:
        if self._display is None:
            raise Conflict(NO_LIBRARY)
        return self._display


def _between(held: tuple[bytes, int], start: int, end: int) -> bytes | None:
    """The bytes from one offset to another, out of bytes `held` with their end."""
    data, last = held
    first = last - len(data)
    return data[start - first : end - first] if first <= start <= end <= last else None
