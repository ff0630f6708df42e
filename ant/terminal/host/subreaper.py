"""Makes ANT a child subreaper, and reaps the orphans that its programs leave behind.

The kernel gives orphans to the nearest ancestor that is a child subreaper. So a process
that left its session and its environment is still a descendant of ANT, and ANT knows
that it is from a terminal.

Rule 1: the reaper never takes the exit of a child that other code waits for. Code that
starts a child claims it (`starting`, `claim`) until it has waited for it (`release`).
Rule 2: while a child is being started its pid is not known yet, so nothing is reaped.
"""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from ant.terminal.host import processes

PACE_S = 0.05
"""Between two rounds of reaping: one may have to read all of /proc."""

_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36  # prctl(2)


class AwaitedChildren:
    """The children that other code waits for. One per process, as the kernel's list."""

    def __init__(self) -> None:
        self._claimed: set[int] = set()
        self._starting = 0
        self._quiet = trio.lowlevel.ParkingLot()

    @contextmanager
    def starting(self) -> Iterator[None]:
        """While inside, there may be a child whose pid is not known yet."""
        self._starting += 1
        try:
            yield
        finally:
            self._starting -= 1
            if not self._starting:
                self._quiet.unpark_all()

    def claim(self, pid: int) -> None:
        """Leave this child's exit to the caller."""
        self._claimed.add(pid)

    def release(self, pid: int) -> None:
        """Give up the claim: the caller has waited for the child, or will not."""
        self._claimed.discard(pid)

    async def reap_orphans(self) -> None:
        """Reap unclaimed children as they end, for ever."""
        with trio.open_signal_receiver(signal.SIGCHLD) as arrived:
            while True:
                while self._starting:
                    await self._quiet.park()
                self.reap()
                await trio.sleep(PACE_S)
                await arrived.__anext__()

    def reap(self) -> int:
        """Reap the unclaimed children that have ended by now; how many these were."""
        count = 0
        while (pid := _ended()) is not None:
            if pid in self._claimed:
                # The kernel will name this one again and again, ahead of the others.
                me, running = os.getpid(), processes.snapshot()
                own = [each.pid for each in running if each.ppid == me]
                return count + sum(
                    _reaped(each) for each in own if each not in self._claimed
                )
            count += _reaped(pid)
        return count


children = AwaitedChildren()


def become_subreaper() -> None:
    """Become the parent of orphaned descendants from now on. Raises `OSError`."""
    _prctl(_SET_CHILD_SUBREAPER, 1)


def hide_memory() -> None:
    """Keep other processes of this user from reading ANT's memory. Raises `OSError`.

    They cannot list its descriptors either. Root can do both all the same. Programs
    that ANT starts are not affected.
    """
    _prctl(_SET_DUMPABLE, 0)


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), *(ctypes.c_ulong(0),) * 3) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _ended() -> int | None:
    """The pid of a child that has ended and was not waited for; None if none has."""
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
