"""Finds the processes of a run that have left its terminal session.

`setsid`, a daemon's double fork and a nested terminal give a process another session
id. Two things still show where it belongs: its parent, and the variables
`ANT_SESSION_ID` and `ANT_RUN`, which ANT gives to each program.

Rule 1: a child of a process of the run belongs to the run.
Rule 2: an orphan belongs to the run if it has both variables of the run and is not
older, and if one of the processes that adopt the run's orphans is its parent. A copied
environment alone proves nothing.
Rule 3: a process without `ANT_SESSION_ID` that still has `ANT_RUN`, or that is in
another cgroup than the run, was made to stay. It does not belong to the run.
Rule 4: an orphan with an emptied environment shows nothing, so it is left alone.
"""

import os
from collections import defaultdict
from collections.abc import Iterable

import attrs

from ant.terminal.host import processes
from ant.terminal.host.host_terminal import Identity
from ant.terminal.host.processes import Process

SESSION_VARIABLE = "ANT_SESSION_ID"
RUN_VARIABLE = "ANT_RUN"


@attrs.frozen
class RunTag:
    """How to recognise the processes of a run.

    `adopters` are the pids of processes that adopt its orphans, and others. Every child
    of `starter` belongs to the run. Empty `cgroup`: it is unknown.
    """

    session_id: str
    run: str
    start_ticks: int
    adopters: frozenset[int]
    cgroup: bytes = b""
    starter: Identity | None = None


def tag_of_child(env: dict[str, str], identity: Identity | None) -> RunTag | None:
    """The tag of a program that this process started with these variables.

    None without the variables. It finds orphans only if this process is a subreaper.
    """
    session_id, run = env.get(SESSION_VARIABLE), env.get(RUN_VARIABLE)
    if identity is None or not session_id or not run:
        return None
    me = os.getpid()
    return RunTag(session_id, run, identity.start_ticks, frozenset({me}), cgroup_of(me))


def tag_of_lost(session_id: str, run: str, identity: Identity | None) -> RunTag | None:
    """The tag of a run whose server was killed; None after another boot, or unknown.

    Init has adopted its orphans, or an ancestor of both servers that has no terminal,
    such as a systemd of the user. A shell adopts none.
    """
    if not run or (identity and identity.boot_id != processes.boot_id()):
        return None
    adopters, process = {1}, processes.look(os.getpid())
    while process is not None and process.ppid > 1:
        process = processes.look(process.ppid)
        if process is not None and not process.tty_nr:
            adopters.add(process.pid)
    start_ticks = identity.start_ticks if identity else 0
    cgroup = cgroup_of(os.getpid())
    return RunTag(session_id, run, start_ticks, frozenset(adopters), cgroup)


def cgroup_of(pid: int) -> bytes:
    """The cgroups of a process as /proc shows them; empty if it has ended."""
    return processes.read_proc(pid, "cgroup")


class ProcessTable:
    """The live processes of one scan of /proc, by session id and by parent.

    It reads what else it is asked of a process once, and only then: a stop ends a
    hundred runs on the same table.
    """

    def __init__(self, snapshot: Iterable[Process]) -> None:
        self._by_sid = defaultdict[int, list[Process]](list)
        self._children = defaultdict[int, list[Process]](list)
        self._by_pid: dict[int, Process] = {}
        self._ids: dict[int, tuple[str | None, str | None]] = {}
        for process in snapshot:
            if process.live:
                self._by_sid[process.sid].append(process)
                self._children[process.ppid].append(process)
                self._by_pid[process.pid] = process

    def members(self, sid: int | None) -> list[Process]:
        """The processes of a terminal session."""
        return self._by_sid.get(sid, []) if sid is not None else []

    def strays(
        self, sid: int | None, tag: RunTag, known: Iterable[Process] = ()
    ) -> list[Process]:
        """The processes of a run outside of its terminal session.

        `known` are some that were found before: they belong to the run even if their
        parent has ended meanwhile.
        """
        found = {each.pid: each for each in known if self._has(each)}
        for adopter in tag.adopters:
            for process in self._children.get(adopter, ()):
                if process.sid != sid and self._is_tagged(process, tag):
                    found[process.pid] = process
        pending = [*found, *(each.pid for each in self.members(sid))]
        if tag.starter is not None and self._has(tag.starter):
            pending.append(tag.starter.pid)
        while pending:
            for child in self._children.get(pending.pop(), ()):
                is_new = child.sid != sid and child.pid not in found
                if is_new and not self._stays(child, tag):
                    found[child.pid] = child
                    pending.append(child.pid)
        return list(found.values())

    def _has(self, one: Process | Identity) -> bool:
        """Whether that process is there, and not a later one with its pid."""
        process = self._by_pid.get(one.pid)
        return process is not None and process.start_ticks == one.start_ticks

    def _ids_of(self, pid: int) -> tuple[str | None, str | None]:
        """The session and the run in the environment of a process."""
        if pid not in self._ids:
            env = processes.environ_of(pid)
            self._ids[pid] = env.get(SESSION_VARIABLE), env.get(RUN_VARIABLE)
        return self._ids[pid]

    def _is_tagged(self, process: Process, tag: RunTag) -> bool:
        """Whether an orphan belongs to the run."""
        is_older = process.start_ticks < tag.start_ticks
        if is_older or self._ids_of(process.pid) != (tag.session_id, tag.run):
            return False
        return not _is_elsewhere(process, tag)

    def _stays(self, process: Process, tag: RunTag) -> bool:
        """Whether a child of the run was made to outlive it."""
        is_released = self._ids_of(process.pid) == (None, tag.run)
        return is_released or _is_elsewhere(process, tag)


def _is_elsewhere(process: Process, tag: RunTag) -> bool:
    cgroup = cgroup_of(process.pid)
    return bool(tag.cgroup and cgroup) and cgroup != tag.cgroup
