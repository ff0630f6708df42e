"""Where in tmux a program is, and who may be asked about it."""

from typing import Protocol

import attrs
import trio

from ant.core.errors import Invalid
from ant.terminal.tmux.control_client import ControlClient

SIZE_MAX = 10_000
"""The longest side of a window that tmux makes."""


@attrs.frozen
class PaneIds:
    """A session of ours (`name` is its id), its ids in tmux, its process, its run."""

    name: str
    run: str
    session: int
    window: int
    pane: int
    pid: int
    tty: str


class Server(Protocol):
    """The tmux that a pane is in, as it is reached without the pane's client.

    Hold `calm` to end a session: nobody is greeted meanwhile.
    """

    attach_lock: trio.Lock

    async def client(self, session: int) -> ControlClient | None:
        """A new control client of that session; None when there is no such session."""
        ...

    async def ask(self, *words: str) -> str | None:
        """What a command says; None when it is refused, or nobody is there."""
        ...


def check_size(cols: int, rows: int) -> None:
    """Raise `Invalid` for what is no size of a window."""
    if not (0 < cols <= SIZE_MAX and 0 < rows <= SIZE_MAX):
        raise Invalid(f"A side of a tmux window is 1 to {SIZE_MAX} at $.cols")
