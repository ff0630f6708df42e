"""How a program in tmux ended, and when all that it put out is in its spool.

Rule 1: its end is seen by its process; how it ended only tmux knows, a moment later.
Rule 2: tmux passes bytes on in turns. What it holds when the program is dead is with
the spool's writer after its next turn; the writer has written it when it waits for
more. Where a turn passed between two looks that are alike, nothing is under way.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from ant.terminal.host import processes
from ant.terminal.host.base import Exit, Identity
from ant.terminal.tmux.pane_ids import PaneIds
from ant.terminal.tmux.spool_reader import end_of

LOOK_AGAIN_S = 0.002
"""Between two looks: tmux and the writer need less, as a rule."""

LOOK_LATER_S = 0.5
"""The same when it takes long."""

FORM = "#{pane_dead} #{pane_dead_status}:#{pane_dead_signal}"

Ask = Callable[..., Awaitable[str | None]]
"""See `place.Server.ask`."""


class ExitWatcher:
    """Of one program; nothing is kept between the asks."""

    def __init__(
        self, place: PaneIds, identity: Identity | None, folder: Path, request: Ask
    ) -> None:
        self._place, self._identity = place, identity
        self._folder, self._ask = folder, request

    async def exit(self) -> Exit:
        """Wait for the program's end; how it ended. *Cancellation:* nothing to undo.

        Where tmux is gone, it took the terminal from the program: a hang-up.
        """
        await self._until_process_ends()
        pause_s = LOOK_AGAIN_S
        while True:
            pane = f"%{self._place.pane}"
            said = await self._ask("display-message", "-p", "-t", pane, FORM)
            dead, _, how = (said or "").partition(" ")
            if not dead:  # No such pane is an empty answer, and no error.
                return Exit(signal=signal.SIGHUP)
            code, _, signum = how.partition(":")
            if dead == "1" and signum:
                return Exit(signal=int(signum))
            if dead == "1" and code:  # It may be told in two steps.
                return Exit(code=int(code))
            await trio.sleep(pause_s)
            pause_s = min(pause_s * 2, LOOK_LATER_S)

    async def _until_process_ends(self) -> None:
        if self._identity is None:
            return
        try:
            pidfd = os.pidfd_open(self._identity.pid)
        except ProcessLookupError:
            return
        try:
            if processes.identify(self._identity.pid) == self._identity:
                await trio.lowlevel.wait_readable(pidfd)
        finally:
            os.close(pidfd)

    async def wait_drained(self) -> None:
        """Wait until nothing is under way to the spool; the program is dead."""
        before: tuple[bool, int] | None = None
        while True:
            await self._ask("display-message", "-p", "turn")
            pid = writer_of(self._folder)
            waits = pid is not None and processes.is_waiting(pid)
            now = waits, end_of(self._folder)
            if waits and now == before:
                return
            before = now
            await trio.sleep(LOOK_AGAIN_S)


def writer_of(folder: Path) -> int | None:
    """The process that writes a spool; None before it has said so."""
    try:
        return int((folder / "writer").read_text())
    except (OSError, ValueError):
        return None
