"""Which process holds a socket, and which processes started it: by what /proc tells.

Rule 1: who held one lately, who is new, and who has another number of files now, are
looked at first: who has just called is mostly one of these.
Rule 2: a process that we may not look into is named, never passed over in silence.
"""

import os
from collections.abc import Iterator

import attrs

from ant.terminal.host import processes
from ant.terminal.host.processes import Process

SCANS = 2
"""Looks at every process before a socket is held to be nobody's: it may change hands
while one goes on."""

RECENT = 8
"""Processes that held a socket lately: a browser, an agent. They call again."""

NEWEST = 16
"""The newest processes: curl, `ant`, whatever was started to call."""

DEPTH = 1000
"""Ancestors of one process at most; the kernel's own chains are far shorter."""


@attrs.frozen
class SocketHolder:
    """Who holds a socket. `unseen`: who may, but cannot be looked into."""

    pid: int | None
    unseen: tuple[int, ...] = ()


class SocketHolders:
    """Finds who holds a socket; remembers who did lately, and how many files each has.

    For any thread. What it remembers says where to look first, and nothing else.
    """

    def __init__(self) -> None:
        self._recent: tuple[int, ...] = ()
        self._counts: dict[int, int] = {}

    def find(self, inode: int) -> SocketHolder:
        """The first process that is found to hold the socket of this inode.

        Mostly it takes less than 3 ms beside 600 processes: a look at one takes 15 µs,
        the count of its files 3.
        """
        target = b"socket:[%d]" % inode
        unseen: set[int] = set()
        for scan in range(SCANS):
            # At the second scan each is looked at again: it may have come to hold it.
            seen = unseen.copy() if scan else set[int]()
            for pid in self._in_order():
                if pid in seen:
                    continue
                seen.add(pid)
                held = _holds(pid, target)
                if held:
                    others = [each for each in self._recent if each != pid]
                    self._recent = (pid, *others)[:RECENT]
                    return SocketHolder(pid)
                if held is None:
                    unseen.add(pid)
        return SocketHolder(None, tuple(sorted(unseen)))

    def _in_order(self) -> Iterator[int]:
        """Every process, the likely ones first; some more than once."""
        yield from self._recent
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        last = _last_pid()  # The kernel begins anew with the lowest after the highest.
        pids.sort(key=lambda pid: (pid > last, -pid))
        yield from pids[:NEWEST]
        # Who has opened or closed something since the last time; 0 on an old kernel.
        before = self._counts
        self._counts = now = {pid: before[pid] for pid in pids if pid in before}
        for pid in pids:
            known = now.get(pid)
            now[pid] = (
                0 if known == 0 else _count(pid)
            )  # Threads of the kernel have none.
            if now[pid] != known:
                yield pid
        yield from pids


def _last_pid() -> int:
    """The pid that was given last."""
    try:
        with open("/proc/loadavg", "rb", buffering=0) as file:
            return int(file.readall().split()[-1])
    except OSError:
        return 0


def _count(pid: int) -> int:
    try:
        return os.stat(b"/proc/%d/fd" % pid).st_size
    except OSError:
        return 0


def _holds(pid: int, target: bytes) -> bool | None:
    """Whether one of its descriptors is that; None where we may not see them."""
    folder = b"/proc/%d/fd/" % pid
    try:
        for name in os.listdir(folder):
            try:
                if os.readlink(folder + name) == target:
                    return True
            except FileNotFoundError:  # It was closed meanwhile.
                continue
    except PermissionError:
        return None
    except OSError:  # It has ended.
        return False
    return False


def uids_of(pid: int) -> tuple[int, ...]:
    """Its real, effective, saved and file system uid; empty where it has ended.

    Unlike the owner of /proc/PID these hold for one that made itself undumpable.
    """
    for line in processes.read_proc(pid, "status").splitlines():
        if line.startswith(b"Uid:"):
            return tuple(map(int, line.split()[1:]))
    return ()


def lineage(pid: int) -> list[Process] | None:
    """A process and its ancestors, the nearest first, up to the first of all.

    None where it has ended, or its ancestors change faster than they can be read.
    """
    found: list[Process] = []
    while pid > 0 and len(found) < DEPTH:
        process = processes.look(pid)
        if process is None:
            # It ended, and its child has another parent by now: ask that one again.
            child = processes.look(found[-1].pid) if found else None
            if child is None or child.ppid == pid:
                return None
            pid = child.ppid
            continue
        found.append(process)
        pid = process.ppid
    return found
