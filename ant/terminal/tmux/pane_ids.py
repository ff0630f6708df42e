"""The ids by which ANT and tmux know a pane, and the pid of its program."""

from pathlib import Path

import attrs

from ant.core.errors import Invalid

SIZE_MAX = 10_000
"""The longest side of a window that tmux makes."""


@attrs.frozen
class PaneIds:
    """A pane: ANT's session id (`name`) and run, its ids in tmux, its pid and tty."""

    name: str
    run: str
    session: int
    window: int
    pane: int
    pid: int
    tty: str


def check_size(cols: int, rows: int) -> None:
    """Raise `Invalid` unless this is a size of a tmux window."""
    if not (0 < cols <= SIZE_MAX and 0 < rows <= SIZE_MAX):
        raise Invalid(f"A tmux window has 1 to {SIZE_MAX} columns and rows at $.cols")


def read_pid(file: Path) -> int | None:
    """The pid in a file of a spool folder; None while there is none."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
