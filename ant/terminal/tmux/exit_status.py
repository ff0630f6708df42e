"""Finds out how a program in tmux ended, and when its output is wholly in the spool.

Rule 1: the program's process shows its end. Only tmux knows the exit status, a moment
later.
Rule 2: tmux passes bytes on in turns of its event loop. After the turn that follows the
program's end, the spool's writer has all bytes; once the writer waits for input, it has
written them. So if tmux has had a turn between two polls with the same result, no byte
is on its way.
"""

import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import trio

from ant.terminal.host import processes
from ant.terminal.host.host_terminal import ExitStatus, Identity
from ant.terminal.tmux.pane_ids import PaneIds, read_pid
from ant.terminal.tmux.spool_reader import end_of

LOOK_AGAIN_S = 0.002
"""Between two polls: tmux and the writer usually need less."""

LOOK_LATER_S = 0.5
"""The longest pause between two polls."""

FORM = "#{pane_dead} #{pane_dead_status}:#{pane_dead_signal}"

RunCommand = Callable[..., Awaitable[str | None]]
"""As `TmuxCommands.run`."""


class ExitWatcher:
    """Waits for the end of one program, and for the rest of its output."""

    def __init__(
        self,
        pane_ids: PaneIds,
        identity: Identity | None,
        folder: Path,
        run: RunCommand,
    ) -> None:
        self._pane_ids, self._identity = pane_ids, identity
        self._folder, self._run = folder, run

    async def exit(self) -> ExitStatus:
        """Wait for the program's end; how it ended. *Cancellation:* nothing to undo.

        Where tmux is gone, the program has lost its terminal: the exit is a hang-up.
        """
        await self._until_process_ends()
        pause_s = LOOK_AGAIN_S
        while True:
            pane = f"%{self._pane_ids.pane}"
            output = await self._run("display-message", "-p", "-t", pane, FORM)
            dead, _, how = (output or "").partition(" ")
            if not dead:  # tmux answers nothing, and no error, for a missing pane.
                return ExitStatus(signal=signal.SIGHUP)
            code, _, signum = how.partition(":")
            if dead == "1" and signum:
                return ExitStatus(signal=int(signum))
            if dead == "1" and code:  # tmux may set the status after `pane_dead`.
                return ExitStatus(code=int(code))
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
        """Wait until no byte is on its way to the spool; the program has ended."""
        before: tuple[bool, int] | None = None
        while True:
            await self._run("display-message", "-p", "turn")
            pid = writer_of(self._folder)
            waits = pid is not None and processes.is_waiting(pid)
            now = waits, end_of(self._folder)
            if waits and now == before:
                return
            before = now
            await trio.sleep(LOOK_AGAIN_S)


def writer_of(folder: Path) -> int | None:
    """The pid of the spool's writer; None before it has written that down."""
    return read_pid(folder / "writer")
