"""The interface of a terminal screen: output bytes in, the visible rows out.

Rule 1: the same bytes make the same screen, in chunks of any size.
Rule 2: a screen accepts every byte. It ignores unknown sequences.
Rule 3: `ansi` is exact at the last byte fed: the next byte may follow it directly.
Rule 4: a screen keeps the visible rows only. Scrolled lines belong to the history.
"""

from collections.abc import Callable
from typing import Protocol

from ant.terminal.screen.modes import Cursor, Modes
from ant.terminal.screen.style import Rows


class ScreenEmulator(Protocol):
    """An emulator: the screen of one terminal; `open_screen` makes it."""

    cols: int
    rows: int

    def feed(self, data: bytes) -> None:
        """Apply the next output bytes, in chunks of any size."""
        ...

    def resize(self, cols: int, rows: int) -> None:
        """Change the size from the next byte on; the screen wraps long lines again."""
        ...

    def text(self) -> list[str]:
        """Return all visible rows, each without trailing blanks."""
        ...

    def styled(self) -> Rows:
        """Return the visible rows as runs of one style, without trailing plain blanks.

        The text equals that of `text`. The styles leave out concealed and underlined.
        A drawing far longer than text, which is a picture, has plain rows.
        """
        ...

    def shown(self) -> Rows:
        """Return the visible rows as `styled` does, with all attributes.

        A library that does not know an attribute leaves it out.
        """
        ...

    @property
    def cursor(self) -> Cursor:
        """The cursor. If it waits to wrap, it is in the last column."""
        ...

    @property
    def title(self) -> str:
        """The window title that the program set last, or ""."""
        ...

    @property
    def modes(self) -> Modes:
        """The terminal modes."""
        ...

    def ansi(self) -> bytes:
        """Return bytes that draw this screen on a fresh terminal of the same size.

        They restore the cells with their attributes, the cursor, the scroll region, the
        modes and the title. While the alternate screen is shown, they restore the
        primary screen, too. They end with the unfinished sequence, if there is one.
        """
        ...

    def replies(self) -> bytes:
        """Return the replies to the queries since the last call."""
        ...


ADAPTERS: list[Callable[[int, int], ScreenEmulator]] = []
"""The installed screen libraries, the better one first."""

try:
    from ant.terminal.screen.ghostty import GhosttyScreen

    ADAPTERS.append(GhosttyScreen)
except (ImportError, OSError):  # No wheel for this machine, or its C library is old.
    pass
try:
    from ant.terminal.screen.avt import AvtScreen

    ADAPTERS.append(AvtScreen)
except ImportError:  # No wheel for this machine.
    pass


def open_screen(cols: int, rows: int) -> ScreenEmulator:
    """Return a blank screen by the best installed library.

    `cols` and `rows` are from 1 to 1,000. Raises `ImportError` if there is no library.
    """
    if not ADAPTERS:
        raise ImportError("No screen library is installed; install pyghostty or pyavt.")
    return ADAPTERS[0](cols, rows)
