"""Which process holds a socket, and which processes started it: by what /proc tells.

Rule 1: recent holders and new processes are looked at first: who has just called is
mostly one of these, and what does not hold the socket is not worth a look.
Rule 2: a process that we may not look into is named, never passed over in silence.
"""

import os
from collections.abc import Iterable

import attrs

from ant.terminal import processes
from ant.terminal.processes import Process

SCANS = 2
"""Looks at every process before a socket is held to be nobody's: it may change hands
while one goes on."""

DEPTH = 1000
"""Ancestors of one process at most; the kernel's own chains are far shorter."""


@attrs.frozen
class Found:
    """Who holds a socket. `unseen`: who may, but cannot be looked into."""

    pid: int | None
    unseen: tuple[int, ...] = ()


def holder_of(inode: int, likely: Iterable[int] = ()) -> Found:
    """The first process that is found to hold the socket of this inode.

    `likely` are looked at first. Takes about 20 µs for each process that is looked at.
    """
    target = b"socket:[%d]" % inode
    for pid in likely:
        if _holds(pid, target):
            return Found(pid)
    unseen: set[int] = set()
    for _ in range(SCANS):
        pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
        for pid in sorted(pids, reverse=True):
            held = _holds(pid, target)
            if held:
                return Found(pid)
            if held is None:
                unseen.add(pid)
    return Found(None, tuple(sorted(unseen)))


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
    for line in processes.told_of(pid, "status").splitlines():
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
