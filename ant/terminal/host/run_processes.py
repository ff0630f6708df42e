"""Finds the processes of a run that have left its terminal session.

`setsid`, a daemon's double fork and a nested terminal give a process another session
id. Two things still show where it belongs: its parent, and the variables
`ANT_SESSION_ID` and `ANT_RUN`, which ANT gives to each program.

Rule 1: a child of a process of the run belongs to the run.
Rule 2: an orphan belongs to the run if it has both variables of the run, one of the
processes that adopt the run's orphans is its parent, and it is not older than the run.
So a copied environment alone proves nothing.
Rule 3: a process without `ANT_SESSION_ID` that still has `ANT_RUN`, or that is in
another cgroup than the run, was made to stay. It does not belong to the run.
Rule 4: an orphan with an emptied environment shows nothing, so it is left alone.
"""

import os
from collections import defaultdict
from collections.abc import Collection, Iterable

import attrs

from ant.terminal.host import processes
from ant.terminal.host.base import Identity
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


def strays(
    live: Iterable[Process],
    members: Collection[Process],
    tag: RunTag,
    known: Collection[Process] = (),
) -> list[Process]:
    """The processes of a run outside of its terminal session, among the `live` ones.

    `members` are those inside. `known` are some that were found before: they belong to
    the run even if their parent has ended meanwhile.
    """
    children = defaultdict[int, list[Process]](list)
    earlier = {(each.pid, each.start_ticks) for each in known}
    found: dict[int, Process] = {}
    starters: list[int] = []
    for process in live:
        children[process.ppid].append(process)
        if (process.pid, process.start_ticks) in earlier:
            found[process.pid] = process
        if tag.starter and _is(process, tag.starter):
            starters.append(process.pid)
    for adopter in tag.adopters:
        for process in children[adopter]:
            if _is_tagged(process, tag):
                found[process.pid] = process
    inside = {process.pid for process in members}
    for pid in inside:
        found.pop(pid, None)
    pending = [*inside, *found, *starters]
    while pending:
        for child in children[pending.pop()]:
            if child.pid not in inside | found.keys() and not _stays(child, tag):
                found[child.pid] = child
                pending.append(child.pid)
    return list(found.values())


def _is(process: Process, identity: Identity) -> bool:
    """Whether it is that process, and not a later one with its pid."""
    return (process.pid, process.start_ticks) == (identity.pid, identity.start_ticks)


def _is_tagged(process: Process, tag: RunTag) -> bool:
    """Whether an orphan belongs to the run."""
    if process.start_ticks < tag.start_ticks:
        return False
    env = processes.environ_of(process.pid)
    ids = env.get(SESSION_VARIABLE), env.get(RUN_VARIABLE)
    return ids == (tag.session_id, tag.run) and not _is_elsewhere(process, tag)


def _stays(process: Process, tag: RunTag) -> bool:
    """Whether a child of the run was made to outlive it."""
    env = processes.environ_of(process.pid)
    is_released = SESSION_VARIABLE not in env and env.get(RUN_VARIABLE) == tag.run
    return is_released or _is_elsewhere(process, tag)


def _is_elsewhere(process: Process, tag: RunTag) -> bool:
    cgroup = cgroup_of(process.pid)
    return bool(tag.cgroup and cgroup) and cgroup != tag.cgroup
