"""A progress bar of click on standard error, where that is a terminal."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import click

_ERASE: Final = "\r\x1b[K\x1b[?25h"
"""Erases the line and shows the cursor, which click hides while it draws a bar."""


def is_shown() -> bool:
    """Whether standard error is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Progress:
    """Shows how much of a task is done. Without a terminal its methods do nothing."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def show(self, done: int, of: int) -> None:
        """Show that so much of the whole is done."""
        if self._bar is None:
            return
        self._bar.length, self._bar.finished = max(of, 1), False
        self._bar.make_step(max(0, min(done, of) - self._bar.pos))
        self._bar.render_progress()

    def clear(self) -> None:
        """Erase the bar, so that a line can be printed; the next `show` draws it."""
        if self._bar is not None:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
            self._bar._last_line = None  # click leaves out a bar that it has drawn.


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A bar for the length of a block. At its end the line is empty again."""
    if not is_shown():
        yield Progress(None)
        return
    bar: Any = click.progressbar(length=1, label=label, file=sys.stderr)
    shown = Progress(bar)
    try:
        bar.render_progress()
        yield shown
    finally:
        shown.clear()
