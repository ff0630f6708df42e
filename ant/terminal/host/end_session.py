"""Ends the processes of a terminal session, and of its run outside of that session."""

import os
import signal
from collections.abc import Collection

import trio

from ant.terminal.host import processes
from ant.terminal.host.processes import Process, signal_all
from ant.terminal.host.run_processes import ProcessTable, RunTag

KILL_BOUND_S = 2.0
"""How long to wait after KILL: no process can refuse it, the kernel may delay it."""

LOOK_AGAIN_S = 0.02
"""Between two polls when no descriptor is free to wait on."""


class _Scans:
    """Shared scans of /proc: one serves all callers that came before it began.

    A scan takes milliseconds. A stop ends a hundred terminals side by side, and each of
    them needs several.
    """

    def __init__(self) -> None:
        self._requested = self._covered = 0
        self._table = ProcessTable([])

    async def members(
        self,
        sid: int | None,
        tag: RunTag | None = None,
        known: Collection[Process] = (),
    ) -> list[Process]:
        """The live processes of a terminal session, and with a `tag` those of its run.

        From a scan that began after this call. *Cancellation:* ignored; this waits for
        no more than one turn of the loop.
        """
        self._requested += 1
        turn = self._requested
        await trio.lowlevel.cancel_shielded_checkpoint()  # Other callers join here.
        if self._covered < turn:
            self._covered = self._requested
            self._table = ProcessTable(processes.snapshot())
        found = self._table.members(sid)
        return found + self._table.strays(sid, tag, known) if tag else found


_scans = _Scans()


async def end_session(
    sid: int | None, grace_s: float, tag: RunTag | None = None
) -> None:
    """End a terminal session: HUP and CONT, `grace_s` to exit, then KILL until empty.

    With a `tag` also what has left the session: that gets TERM, too, since a daemon
    may take HUP as a request to read its configuration. `sid` None: only that.

    Takes at most `grace_s` and `KILL_BOUND_S`. A process that ANT may not signal is
    waited for during the grace only. The caller makes sure that `sid` is not reused
    meanwhile: its leader is an unreaped child of ANT, or `find_lost` has just found it.
    *Cancellation:* cuts the grace short, never the KILL.
    """
    known: list[Process] = []

    async def members() -> list[Process]:
        found = await _scans.members(sid, tag, known)
        known[:] = [each for each in found if each.sid != sid]
        return found

    empty = False
    try:
        found = await members()
        signal_all(found, signal.SIGHUP)
        signal_all(known, signal.SIGTERM)
        signal_all(found, signal.SIGCONT)  # A stopped job takes its HUP only now.
        with trio.move_on_after(grace_s):
            await trio.lowlevel.checkpoint()  # A scan of /proc takes a while.
            while left := await members():
                await _wait_gone(left)
            empty = True
    finally:
        if not empty:
            deadline = trio.current_time() + KILL_BOUND_S
            with trio.CancelScope(deadline=deadline, shield=True):
                await trio.lowlevel.checkpoint()
                while signal_all(left := await members(), signal.SIGKILL):
                    await _wait_gone(left)


async def _wait_gone(found: list[Process]) -> None:
    """Wait until each of these has exited, with one descriptor at a time."""
    for process in found:
        try:
            pidfd = os.pidfd_open(process.pid)
            try:
                if processes.is_still(process):
                    await trio.lowlevel.wait_readable(pidfd)
            finally:
                os.close(pidfd)
        except ProcessLookupError:
            continue
        except OSError:  # No descriptor is free.
            await trio.sleep(LOOK_AGAIN_S)
