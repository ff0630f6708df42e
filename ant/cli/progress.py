"""A progress bar of click on standard error, where that is a terminal."""

import os
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import click

T = TypeVar("T")

BEGIN_S: Final = 0.5
"""How long a wait lasts before a bar says so; a shorter one needs none."""

MOVE_S: Final = 0.1
"""Between two movements of a bar that has no end."""

_ERASE: Final = "\r\x1b[K\x1b[?25h"
"""Erases the line and shows the cursor, which click hides while it draws a bar."""


def is_shown() -> bool:
    """Whether standard error is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Progress:
    """Shows how much of a task is done. Without a terminal its methods do nothing."""

    def __init__(self, bar: Any) -> None:
        self._bar, self._is_drawn = bar, False

    def show(self, done: int, of: int) -> None:
        """Show that so much of the whole is done."""
        if self._bar is None:
            return
        self._bar.length, self._bar.finished = max(of, 1), False
        self._draw(max(0, min(done, of) - self._bar.pos))

    def move(self) -> None:
        """Show that something goes on, where nobody knows how much is left."""
        if self._bar is not None:
            self._bar.length = None
            self._draw(1)

    def _draw(self, steps: int) -> None:
        self._bar.make_step(steps)
        self._bar.render_progress()
        self._is_drawn = True

    def clear(self) -> None:
        """Erase the bar, so that a line can be printed; the next `show` draws it."""
        if self._is_drawn:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
            self._bar._last_line = None  # click leaves out a bar that it has drawn.
            self._is_drawn = False


@contextmanager
def hidden() -> Iterator[Progress]:
    """No bar, for the length of a block."""
    yield Progress(None)


@contextmanager
def progress(label: str) -> Iterator[Progress]:
    """A bar for the length of a block. At its end the line is empty again."""
    if not is_shown():
        yield Progress(None)
        return
    bar: Any = click.progressbar(length=1, label=label, file=sys.stderr)
    shown = Progress(bar)
    try:
        yield shown
    finally:
        shown.clear()


async def while_waiting(label: str, work: Awaitable[T]) -> T:
    """The result of some work; a bar moves meanwhile. Raises what the work raises.

    *Cancellation:* that of the work; the bar is erased.
    """
    import trio

    if not is_shown():
        return await work
    result: list[T] = []
    error: Exception | None = None

    async def move() -> None:
        await trio.sleep(BEGIN_S)
        with progress(label) as shown:
            while True:
                shown.move()
                await trio.sleep(MOVE_S)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(move)
        try:
            result.append(await work)
        except Exception as exc:  # noqa: BLE001  Raised below, outside of a group.
            error = exc
        nursery.cancel_scope.cancel()
    if error is not None:
        raise error
    return result[0]
