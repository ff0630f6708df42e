"""What a terminal shows now: every byte in, a picture of the visible rows out.

Rule 1: fed whole or cut anywhere, the same bytes make the same screen.
Rule 2: no byte is refused and none can break it; what is unknown is passed over.
Rule 3: `ansi` is exact at the last byte fed: the byte after that may follow it.
Rule 4: a screen keeps what is visible and no more; scrolled lines are history's.
"""

from collections.abc import Callable
from typing import Protocol

from ant.terminal.screen.modes import Cursor, Modes
from ant.terminal.screen.style import Rows


class Screen(Protocol):
    """One terminal's screen; made by `open_screen`, freed when nobody holds it."""

    cols: int
    rows: int

    def feed(self, data: bytes) -> None:
        """Take the next bytes the program put out, in pieces of any size."""
        ...

    def resize(self, cols: int, rows: int) -> None:
        """Have this size from the next byte on; long lines are wrapped anew."""
        ...

    def text(self) -> list[str]:
        """The visible rows, all of them, each without the blanks at its end."""
        ...

    def styled(self) -> Rows:
        """The visible rows in runs of one style, without plain blanks at their end.

        Read as `text` otherwise; what is concealed or underlined is not told, and of a
        drawing that is far too long to be anything but a picture no style at all.
        """
        ...

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is; waiting to wrap counts as on the last column."""
        ...

    @property
    def title(self) -> str:
        """The window title the program set last, or nothing."""
        ...

    @property
    def modes(self) -> Modes:
        """What is switched on."""
        ...

    def ansi(self) -> bytes:
        """Bytes that make a fresh terminal of this size show what this one shows.

        Contents with attributes, cursor, scroll region, modes and title; while the
        alternate screen is shown the primary under it; and the unfinished sequence.
        """
        ...

    def replies(self) -> bytes:
        """What a terminal answers to the queries fed since this was last called."""
        ...


ADAPTERS: list[Callable[[int, int], Screen]] = []
"""What is installed, the better one first."""

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


def open_screen(cols: int, rows: int) -> Screen:
    """A blank screen, by the better library there is; 1 to 1,000 each way."""
    if not ADAPTERS:
        raise ImportError("Neither pyghostty nor pyavt is installed.")
    return ADAPTERS[0](cols, rows)
