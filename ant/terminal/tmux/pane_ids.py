"""The ids by which ANT and tmux know a pane, and the processes of its program."""

import os
from pathlib import Path

import attrs

from ant.core.errors import Invalid
from ant.terminal.host import processes
from ant.terminal.host.host_terminal import Identity
from ant.terminal.host.run_processes import RunTag, cgroup_of

SIZE_MAX = 10_000
"""The longest side of a window that tmux makes."""


@attrs.frozen
class PaneIds:
    """A pane: ANT's session id (`name`) and run, its ids in tmux, its pid and tty."""

    name: str
    run: str
    session: int
    window: int
    pane: int
    pid: int
    tty: str


def tag_of_pane(pane_ids: PaneIds, identity: Identity | None) -> RunTag | None:
    """The tag of the program in a pane; None if the program has ended.

    The parent of the program is its `starter`, whose parent is tmux. The starter adopts
    all orphans while it lives, and then the process that has adopted tmux does.
    """
    program = processes.look(pane_ids.pid)
    if identity is None or program is None:
        return None
    adopters, starter = {os.getpid()}, None
    # After a restart the pid may belong to another program, whose parent is no starter.
    # The last word of a starter's command line is the folder of the session's spool.
    words = processes.read_proc(program.ppid, "cmdline").rstrip(b"\0").split(b"\0")
    if os.path.basename(os.fsdecode(words[-1])) == pane_ids.name:
        starter = processes.identify(program.ppid)
        tmux = processes.look(program.ppid)
        tmux = processes.look(tmux.ppid) if tmux is not None else None
        if tmux is not None:
            adopters.add(tmux.ppid)
    return RunTag(
        pane_ids.name,
        pane_ids.run,
        identity.start_ticks,
        frozenset(adopters),
        cgroup_of(pane_ids.pid),
        starter,
    )


def check_size(cols: int, rows: int) -> None:
    """Raise `Invalid` unless this is a size of a tmux window."""
    if not (0 < cols <= SIZE_MAX and 0 < rows <= SIZE_MAX):
        raise Invalid(f"A tmux window has 1 to {SIZE_MAX} columns and rows at $.cols")


def read_pid(file: Path) -> int | None:
    """The pid in a file of a spool folder; None while there is none."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
