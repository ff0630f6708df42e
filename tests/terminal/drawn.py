"""Looks at screens that tests draw: lines of text, or all that a terminal can do."""

from ant.terminal.model.tty import Tty
from ant.terminal.screen.emulator import open_screen
from ant.terminal.screen.snapshot import ScreenSnapshot

COOKED = Tty(echo=True, canonical=True, foreground="python3", reading=True)
"""Somebody reads a line, as `read` and `input` do."""

DEAF = Tty(echo=True, canonical=True, foreground="make", reading=False)
"""Lines would be taken, but the program does something else."""

HIDDEN = Tty(echo=False, canonical=True, foreground="sudo", reading=True)
"""A line is read that is not shown."""

RAW = Tty(echo=False, canonical=False, foreground="agent", icrnl=False)
"""A program that draws its own screen and reads keys."""

SHELL = Tty(echo=False, canonical=False, foreground="bash", leader=True, icrnl=False)
"""The session's shell, editing its command line."""


def look_at(
    *lines: str,
    cursor: tuple[int, int] | None = None,
    hidden: bool = False,
    tty: Tty | None = RAW,
    quiet_s: float = 5.0,
    cols: int = 80,
    rows: int = 24,
    modes: str = "",
) -> ScreenSnapshot:
    """These lines on a screen, drawn below `modes`; they may have styles in them.

    The cursor is left behind the last of them, or put at that row and column.
    """
    drawn = modes + "\r\n".join(lines)
    if cursor is not None:
        drawn += f"\x1b[{cursor[0] + 1};{cursor[1] + 1}H"
    if hidden:
        drawn += "\x1b[?25l"
    return look_after(drawn.encode(), tty=tty, quiet_s=quiet_s, cols=cols, rows=rows)


def look_after(
    data: bytes,
    *,
    tty: Tty | None = RAW,
    quiet_s: float = 5.0,
    cols: int = 80,
    rows: int = 24,
) -> ScreenSnapshot:
    """A screen that was fed these bytes."""
    screen = open_screen(cols, rows)
    screen.feed(data)
    return ScreenSnapshot(
        screen.styled(), screen.cursor, screen.modes, tty, quiet_s, len(data), cols
    )
