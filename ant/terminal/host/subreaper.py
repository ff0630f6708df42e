"""What a program of ours leaves behind stays our descendant, and is reaped by us.

The kernel gives orphans to the nearest ancestor that is a child subreaper, so that a
process which left its session and its environment is still known to be from a terminal.

Rule 1: the exit of a child that somebody waits for is never taken: who starts a child
says so (`starting`, `claim`) until he has waited for it (`release`).
Rule 2: while a child is being started nobody knows its pid, so nobody is reaped.
"""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from ant.terminal.host import processes

PACE_S = 0.05
"""Between two looks for the ended: one may have to read all of /proc."""

_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36  # prctl(2)


class AwaitedChildren:
    """The children that somebody waits for. One for the process: so is the kernel's."""

    def __init__(self) -> None:
        self._claimed: set[int] = set()
        self._starting = 0
        self._quiet = trio.lowlevel.ParkingLot()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """While inside, a child may be there whose pid nobody knows yet."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1
            if not self._starting:
                self._quiet.unpark_all()

    def claim(self, pid: int) -> None:
        """Somebody waits for this child."""
        self._claimed.add(pid)

    def release(self, pid: int) -> None:
        """It was waited for, or nobody will."""
        self._claimed.discard(pid)

    async def reap_orphans(self) -> None:
        """Reap, for ever, the children that are nobody's, when they have ended."""
        with trio.open_signal_receiver(signal.SIGCHLD) as arrived:
            while True:
                while self._starting:
                    await self._quiet.park()
                self.reap()
                await trio.sleep(PACE_S)
                await arrived.__anext__()

    def reap(self) -> int:
        """Reap those that have ended now and are nobody's; how many these were."""
        count = 0
        while (pid := _ended()) is not None:
            if pid in self._claimed:
                # The kernel goes on telling of this one; others may be behind it.
                ours = (each for each in processes.snapshot() if each.ppid == _me())
                orphans = [each.pid for each in ours if each.pid not in self._claimed]
                return count + sum(map(_reaped, orphans))
            count += _reaped(pid)
        return count


children = AwaitedChildren()


def become_subreaper() -> None:
    """From now on what our descendants leave behind is our child. Raises `OSError`."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Let no other process of our user read our memory and files. Raises `OSError`.

    Root may all the same. Programs that we start are not touched.
    """
    _prctl(_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), *(ctypes.c_ulong(0),) * 3) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _me() -> int:
    return os.getpid()


def _ended() -> int | None:
    """A child that has ended and was not waited for."""
    how = os.WEXITED | os.WNOHANG | os.WNOWAIT
    try:
        found = os.waitid(os.P_ALL, 0, how)
    except ChildProcessError:
        return None
    return None if found is None else found.si_pid


def _reaped(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG) is not None
    except ChildProcessError:
        return False
