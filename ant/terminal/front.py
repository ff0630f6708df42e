"""Who is in front of a terminal, and whether it waits for what is typed.

A process that sits in `read` of its terminal waits for a person; one that sleeps or
computes does not, whatever its last line looks like. Linux tells which (`wchan`).
"""

import os
import termios
from pathlib import Path

from ant.terminal import processes
from ant.terminal.driver import drivers
from ant.terminal.look import Tty

_IFLAG, _LFLAG = 0, 3
_READING = {"wait_woken", "n_tty_read"}
"""Where the kernel waits for a terminal's input: newer ones, older ones."""

_LENDERS = frozenset(
    ["sh", "bash", "dash", "zsh", "fish", "git", "sudo", "env", "man", "npm"]
)
"""They lend the terminal to a child of their own group while they wait for it."""

_INTERPRETERS = frozenset(["node", "bun", "deno", "python"])
"""Agents are scripts of theirs, under their own name as the first argument."""

_DEPTH = 8


def look_at(fd: int, leader: int, group: int) -> Tty:
    """The line discipline of a PTY, either end of it, and the process in front.

    `leader` is the pid of the session's first process, `group` the foreground group.
    Raises `OSError` or `termios.error` when the terminal is gone; what cannot be known
    of the process is left out.
    """
    flags = termios.tcgetattr(fd)
    modes = flags[_LFLAG]
    pid, name = in_front(group)
    return Tty(
        echo=bool(modes & termios.ECHO),
        canonical=bool(modes & termios.ICANON),
        foreground=program_of(pid, name),
        leader=pid == leader,
        reading=is_reading(pid),
        icrnl=bool(flags[_IFLAG] & termios.ICRNL),
    )


def program_of(pid: int, name: str) -> str:
    """That name of a process; of an interpreter that runs an agent, the agent's."""
    if name.rstrip("0123456789.") not in _INTERPRETERS:
        return name
    words = _file(pid, "cmdline").split("\0")[1:]
    script = next((word for word in words if word and word[0] != "-"), "")
    stem = Path(script).name.rsplit(".", 1)[0]
    known = (each.programs for each in drivers().values())
    return stem if any(stem in programs for programs in known) else name


def in_front(group: int) -> tuple[int, str]:
    """Which process of a foreground group uses the terminal, and its name."""
    pid, name = group, _name(group)
    if group and not name:  # Its first process has ended: `head text | less`.
        pids = (int(each.name) for each in Path("/proc").glob("[0-9]*"))
        pid = max((each for each in pids if _group(each) == group), default=group)
        name = _name(pid)
    for _ in range(_DEPTH):
        if name not in _LENDERS:
            break
        own = [child for child in _children(pid) if _group(child) == group]
        if not own:
            break
        pid, name = own[-1], _name(own[-1])
    return pid, name


def is_reading(pid: int) -> bool | None:
    """Whether a process waits in `read` of a terminal; None where it may do so.

    One that polls may wait for anything, so that says nothing.
    """
    where = _file(pid, "wchan")
    if where in _READING:
        return True
    if "poll" in where or "select" in where:
        return None
    is_running = _file(pid, "stat").rpartition(")")[2].split()[:1] == ["R"]
    return False if is_running or where not in ("", "0") else None


def _children(pid: int) -> list[int]:
    return list(map(int, _file(pid, f"task/{pid}/children").split()))


def _name(pid: int) -> str:
    return _file(pid, "comm").rstrip("\n")


def _file(pid: int, name: str) -> str:
    return processes.told_of(pid, name).decode("utf-8", "replace")


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except OSError:
        return 0
