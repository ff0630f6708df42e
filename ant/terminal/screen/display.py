"""A session's screen, and how far in the transcript it has come.

Rule 1: a drawing says the offset it is exact at; the byte there may follow it.
Rule 2: that offset is never inside a character: text can be sent from there on.
Rule 3: bytes may be fed twice, and are taken once.
"""

from contextlib import suppress

import attrs

from ant.terminal.buffer.tail import decode
from ant.terminal.model.tty import Tty
from ant.terminal.screen.base import Screen, open_screen
from ant.terminal.screen.modes import Cursor, Modes
from ant.terminal.screen.snapshot import ScreenSnapshot


@attrs.frozen
class CursorColumn:
    """A column, from 0, of a screen that is `cols` wide."""

    col: int
    cols: int


@attrs.frozen
class Picture:
    """What draws a screen on a fresh terminal of this size; nothing, for a blank one.

    `offset` is one past the last byte that is in it.
    """

    offset: int
    cols: int
    rows: int
    ansi: bytes


@attrs.frozen
class Drawing(Picture):
    """A picture, and what is on it."""

    lines: tuple[str, ...]
    cursor: Cursor
    title: str
    modes: Modes


class Display:
    """A screen that counts; it is fed by whoever needs it current."""

    def __init__(self, screen: Screen, offset: int) -> None:
        self.end = offset
        self._screen, self._held = screen, b""

    @classmethod
    def blank(cls, cols: int, rows: int, offset: int) -> "Display":
        """Of a program that is about to put out the byte at `offset`.

        Raises `ImportError` where no screen library is installed.
        """
        return cls(open_screen(cols, rows), offset)

    def like(self) -> "Display":
        """A blank one of the same size, that has taken nothing yet."""
        return Display.blank(self._screen.cols, self._screen.rows, 0)

    @classmethod
    def of(cls, picture: Picture) -> "Display":
        """As it was when the picture was taken. Raises as `blank` does."""
        display = cls.blank(picture.cols, picture.rows, picture.offset)
        display._screen.feed(picture.ansi)
        return display

    def feed(self, data: bytes, end: int) -> bytes:
        """Take bytes that end at `end`; what the terminal answers to their queries.

        What was taken before is passed over; a hole before them is nothing.
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
        """The window title, as it is now."""
        return self._screen.title

    def pass_over(self, offset: int) -> None:
        """There are no bytes before `offset` but those that were taken."""
        if offset > self.end:
            self.end, self._held = offset, b""

    def resize(self, cols: int, rows: int) -> None:
        """Have this size from the next byte on."""
        self._screen.resize(cols, rows)

    def picture(self) -> Picture:
        """What would draw it."""
        screen, offset = self._screen, self.end - len(self._held)
        return Picture(offset, screen.cols, screen.rows, screen.ansi())

    @property
    def place(self) -> CursorColumn:
        """Where on its row the cursor is."""
        return CursorColumn(self._screen.cursor.col, self._screen.cols)

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is."""
        return self._screen.cursor

    def look(self, tty: Tty | None, quiet_s: float) -> ScreenSnapshot:
        """What a verdict is made of."""
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

    def drawing(self) -> Drawing:
        """All that can be told of it."""
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
    """Use a screen once, where there is a library: the first of a process takes long.

    A tenth of a second, which is better spent before anybody waits.
    """
    with suppress(ImportError):
        Display.of(Picture(0, 2, 1, b"\x1b[?1049h\x1b[c")).drawing()
