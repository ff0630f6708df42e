"""A session's screen together with its offset in the transcript.

Rule 1: a drawing has the offset at which it is exact: the byte there may follow it.
Rule 2: that offset is never inside a character, so a client can get text from there on.
Rule 3: a caller may feed the same bytes twice; the second time has no effect.
"""

from contextlib import suppress

import attrs

from ant.terminal.buffer.tail import decode
from ant.terminal.model.tty import Tty
from ant.terminal.screen.emulator import ScreenEmulator, open_screen
from ant.terminal.screen.modes import Cursor, Modes
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.screen.style import Rows


@attrs.frozen
class CursorColumn:
    """The column of a cursor, counted from 0, on a screen of `cols` columns."""

    col: int
    cols: int


@attrs.frozen
class Picture:
    """Bytes that draw a screen on a fresh terminal of this size.

    `ansi` is empty for a blank screen. `offset` is one past the last output byte that
    the picture contains.
    """

    offset: int
    cols: int
    rows: int
    ansi: bytes


@attrs.frozen
class Drawing(Picture):
    """A picture with its content as data."""

    lines: tuple[str, ...]
    cursor: Cursor
    title: str
    modes: Modes


@attrs.frozen
class ShownScreen:
    """What a screen shows after the output up to `offset`, for a viewer."""

    offset: int
    cols: int
    rows: Rows
    cursor: Cursor
    title: str
    alternate: bool


CANCEL = b"\x18"
"""CAN: ends an unfinished escape sequence, and draws nothing."""


class Display:
    """A screen with the offset of its next byte, `end`."""

    def __init__(self, screen: ScreenEmulator, offset: int) -> None:
        self.end = offset
        self._screen, self._held = screen, b""

    @classmethod
    def blank(cls, cols: int, rows: int, offset: int) -> "Display":
        """Return a blank display whose next byte is at `offset`.

        Raises `ImportError` if no screen library is installed.
        """
        return cls(open_screen(cols, rows), offset)

    def like(self) -> "Display":
        """Return a blank display of the same size at offset 0."""
        return Display.blank(self._screen.cols, self._screen.rows, 0)

    @classmethod
    def of(cls, picture: Picture) -> "Display":
        """Return the display that the picture shows. Raises like `blank`."""
        display = cls.blank(picture.cols, picture.rows, picture.offset)
        display._screen.feed(picture.ansi)
        return display

    def feed(self, data: bytes, end: int) -> bytes:
        """Take bytes that end at offset `end`; return the replies to their queries.

        Bytes before `self.end` are skipped (rule 3). A gap before `data` is ignored.
        """
        fresh = data[max(self.end - (end - len(data)), 0) :]
        if not fresh:
            return b""
        self.end = end
        if self._held:
            fresh, self._held = self._held + fresh, b""
        last = fresh[-3:]
        if last[-1] > 0x7F and (whole := decode(last)[1]) < len(last):
            fresh, self._held = fresh[: whole - len(last)], last[whole:]
        self._screen.feed(fresh)
        return self._screen.replies()

    @property
    def title(self) -> str:
        """The current window title."""
        return self._screen.title

    def pass_over(self, offset: int) -> None:
        """Skip to `offset`: the bytes up to there are lost.

        A sequence that had begun is cancelled: else it would swallow what follows.
        """
        if offset > self.end:
            self.end, self._held = offset, b""
            self._screen.feed(CANCEL)

    def resize(self, cols: int, rows: int) -> None:
        """Change the size from the next byte on."""
        self._screen.resize(cols, rows)

    def picture(self) -> Picture:
        """Return the bytes that draw the screen, without its content as data."""
        screen, offset = self._screen, self.end - len(self._held)
        return Picture(offset, screen.cols, screen.rows, screen.ansi())

    @property
    def place(self) -> CursorColumn:
        """The cursor's column, with the width of the screen."""
        return CursorColumn(self._screen.cursor.col, self._screen.cols)

    @property
    def cursor(self) -> Cursor:
        """The cursor."""
        return self._screen.cursor

    def look(self, tty: Tty | None, quiet_s: float) -> ScreenSnapshot:
        """Return the snapshot from which ANT computes a verdict."""
        screen = self._screen
        return ScreenSnapshot(
            screen.styled(),
            screen.cursor,
            screen.modes,
            tty,
            quiet_s,
            self.end,
            screen.cols,
        )

    def text(self) -> list[str]:
        """Return the rows as text, without trailing blanks."""
        return self._screen.text()

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows."""
        return self._screen.cols, self._screen.rows

    def shown(self) -> ShownScreen:
        """Return what the screen shows, with all attributes of the text."""
        screen = self._screen
        return ShownScreen(
            self.end - len(self._held),
            screen.cols,
            screen.shown(),
            screen.cursor,
            screen.title,
            screen.modes.alternate,
        )

    def drawing(self) -> Drawing:
        """Return the picture with its content as data."""
        screen, shown = self._screen, self.picture()
        return Drawing(
            offset=shown.offset,
            cols=shown.cols,
            rows=shown.rows,
            ansi=shown.ansi,
            lines=tuple(screen.text()),
            cursor=screen.cursor,
            title=screen.title,
            modes=screen.modes,
        )


def warm_up() -> None:
    """Use a screen once, if a library is installed.

    The first screen of a process takes a tenth of a second. The server spends it before
    a client waits.
    """
    with suppress(ImportError):
        Display.of(Picture(0, 2, 1, b"\x1b[?1049h\x1b[c")).drawing()
